"""What the site has beside the pages of this folder, made when it is built; a hook of mkdocs, named in mkdocs.yml.

README, CHANGELOG and CONTRIBUTING as they stand; tables of observables, data, limits and inputs from the catalogue, so
that no list is kept beside it; formulas and the reference of the API from docstrings; the examples; the notebooks; the
help of the command line; the papers. Formulas in docstrings become MathML, and keys of papers links, when a page is
rendered.
"""

import ast
import contextlib
import html
import io
import os
import re
import tomllib
from argparse import Namespace
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from nbconvert import MarkdownExporter

import bsfit
from bsfit import catalogue, cli
from bsfit.cli import listing
from bsfit.loading import selection
from bsfit.loading.references import bibliography

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "bsfit"
WHOLE = ("README", "CHANGELOG", "CONTRIBUTING")
"""Documents of the folder above."""

ROOMS = {
    "observables": "Decays and mixing",
    "hadronic": "Hadronic physics",
    "standard_model": "The Standard Model's part",
    "models": "Models",
    "matching": "Matching",
    "dark_sector": "Dark sectors",
    "dark_matter": "Dark matter",
}
"""Rooms of the source with formulas, and the titles of their pages."""

WIDE = ("---", "hide: [toc]", "---")
"""Before a page whose tables need the place."""

EVERYTHING = Namespace(model=None, inputs="default")
"""What `bsfit list` lists without options."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The public address stands in pyproject.toml alone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if address := project["tool"]["hatch"]["metadata"]["hooks"]["custom"]["address"]:
        config.repo_url, config.repo_name = address, "bsfit"
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for path, lines in pages():
        files.append(File.generated(config, path, content="\n".join(lines) + "\n"))
    for path, content in notebooks():
        files.append(File.generated(config, path, content=content))
    return files


def pages() -> Iterator[tuple[str, Iterable[str]]]:
    """Paths of the pages that are made, and their lines."""
    for name in WHOLE:
        path = "index.md" if name == "README" else f"{name}.md"
        yield path, [(ROOT / f"{name}.md").read_text(encoding="utf-8")]
    yield "examples.md", examples()
    yield "observables.md", observables()
    yield "measurements.md", measurements()
    yield "limits.md", table_of("Limits", listing.limits(EVERYTHING))
    yield "inputs.md", table_of("Inputs", listing.inputs(EVERYTHING))
    yield "papers.md", papers()
    yield "command-line.md", command_line()
    yield "api.md", api()
    yield "theory/index.md", theory()
    for room, title in ROOMS.items():
        yield f"theory/{room}.md", formulas(room, title)


# ------------------------------------------------------------------------------------------------- tables and lists


def table(rows: list[dict[str, str]]) -> Iterator[str]:
    """Rows as a table of Markdown; columns are the keys of the first."""
    yield f"| {' | '.join(rows[0])} |"
    yield "|---" * len(rows[0]) + "|"
    for row in rows:
        yield f"| {' | '.join(cell(value) for value in row.values())} |"


def cell(value: object) -> str:
    """What a cell holds; a bar would end it."""
    return "" if value is None else str(value).replace("|", "&#124;").replace("\n", " ")


def code(text: object) -> str:
    """As code, where the backtick of Markdown cannot stand beside a bar."""
    return f"<code>{html.escape(str(text)).replace('|', '&#124;').replace('*', '&#42;')}</code>"


def table_of(title: str, rows: list[dict]) -> Iterator[str]:
    """A page with a table of `bsfit list`."""
    first = next(iter(rows[0]))
    yield from (*WIDE, f"# {title}", "", f"As `bsfit list {title.lower()}` prints them.", "")
    yield from table([row | {first: code(row[first])} for row in rows])


def cited(keys: Iterable[str]) -> str:
    """Keys of papers, which become links when the page is rendered."""
    return ", ".join(f"[{key}]" for key in keys)


def observables() -> Iterator[str]:
    """Every quantity by process, with the paper of its formula."""
    yield from ("# Observables and their sources", "")
    yield "What can be predicted, in the names of flavio with the q² bin behind: `<P5p>(B0->K*mumu)[4,6]`. The source"
    yield "is the paper of the formula. `bsfit show NAME` prints the same, with the data of an observable."
    short = {full: name for name, full in catalogue.SHORT_NAMES.items()}
    found: dict[str, dict[tuple, list]] = {}
    for stem in (stem for stem in catalogue.stems() if stem not in catalogue.SHORT_NAMES):
        item = catalogue.observable(f"{stem}[1,2]" if catalogue.takes_bin(stem) else stem)
        found.setdefault(item.quantity.process.name, {}).setdefault(item.quantity.key, []).append((stem, item))
    for process, quantities in found.items():
        module = str(catalogue.PROCESSES[process].module)
        room = module.split(".")[1]
        path = SOURCE.joinpath(*module.split(".")[1:]).with_suffix(".py")
        about = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n\n")[0]
        yield from ("", f"## {process}", "", about, "", f"Formulas: [`{module}`](theory/{room}.md#{module})", "")
        rows = []
        for items in quantities.values():
            quantity = items[0][1].quantity
            rows.append({"": f":math:`{quantity.tex}`",
                         "names": "<br>".join(code(short.get(name, name)) for name, _ in items), "unit": quantity.unit,
                         "group": ", ".join(dict.fromkeys(item.group for _, item in items)),
                         "source": cited(quantity.sources)})  # fmt: skip
        yield from table(rows)


def measurements() -> Iterator[str]:
    """All measurements, and the numbers of each as printed."""
    yield from (
        *WIDE,
        "# Measurements",
        "",
        "As `bsfit list data` prints them. [What is in each set](data.md), and why.",
        "",
    )
    known = selection.available()
    rows = []
    for row in listing.data(EVERYTHING):
        paper = known[row["measurement"]]
        link = f"[{paper.arxiv}](https://arxiv.org/abs/{paper.arxiv})" if paper.arxiv else cited([paper.inspire or ""])
        name = row.pop("measurement")
        rows.append({"measurement": f"[{name}](#{name})"} | row | {"paper": link})
    yield from table(rows)
    yield from ("", "## Values", "")
    for name, paper in known.items():
        yield from (f"### `{name}` {{: #{name} }}", "", html.escape(paper.note or ""), "")
        rows = [{"observable": code(datum.observable), "value": datum.text, "unit": datum.unit, "where": datum.where,
                 "checked against": datum.checked, "via": datum.via} for datum in paper.data]  # fmt: skip
        yield from (*(table(rows) if rows else ()), "")


def papers() -> Iterator[str]:
    """The bibliography."""
    yield from ("# Papers", "", "`bsfit cite RESULT` prints BibTeX of those that a result used.", "")
    for key, entry in sorted(bibliography().items()):
        fields = dict(re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", entry, re.MULTILINE))
        title = re.sub(r"\$([^$]*)\$", r":math:`\1`", fields.get("title", "").replace("{", "{").strip("{}"))
        number = fields.get("eprint")
        link = f", [{number}](https://arxiv.org/abs/{number})" if number else ""
        journal = f", {fields['journal']}" if "journal" in fields else ""
        yield f'<a id="{key}"></a>`{key}`: {fields.get("author", "")}, *{title}*{journal}{link}'
        yield ""


# ----------------------------------------------------------------------------------------------------- from the code


def examples() -> Iterator[str]:
    """The scripts in reading order."""
    yield from ("# Examples", "", "The scripts of `examples/`, in reading order; CI runs them.")
    for path in sorted((ROOT / "examples").glob("[0-9]*.py")):
        yield from ("", f"## {path.stem[3:].replace('_', ' ').capitalize()}", "")
        yield from (f'```python title="examples/{path.name}"', path.read_text(encoding="utf-8").rstrip(), "```")


def notebooks() -> Iterator[tuple[str, str | bytes]]:
    """Notebooks as pages, with the outputs that they hold, and their pictures: nothing is run."""
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        body, more = MarkdownExporter().from_filename(str(path), resources={"output_files_dir": path.stem})
        yield f"notebooks/{path.stem}.md", f"{body}\n[This notebook]({path.name})\n"
        for name, picture in more["outputs"].items():
            yield f"notebooks/{name}", picture


def command_line() -> Iterator[str]:
    """The help of every verb."""
    os.environ["COLUMNS"] = "100"
    yield from ("# Command line", "", "What `--help` prints.")
    for verb in ("", *cli.VERBS):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            cli.main([verb, "--help"] if verb else ["--help"])
        yield from ("", f"## bsfit {verb}".rstrip(), "", "```text", printed.getvalue().rstrip(), "```")


def api() -> Iterator[str]:
    """What `import bsfit` has, then the records that it returns."""
    yield from ("# Python", "", "Everything that `import bsfit` has, and the records that it hands out.")
    for name in bsfit.__all__:
        if name in bsfit._PUBLIC:
            yield from ("", f"::: {bsfit._PUBLIC[name]}.{name}", "    options: {show_root_full_path: false}")
    yield from ("", "## Records", "")
    for path in sorted((SOURCE / "results").glob("*.py")):
        for name in re.findall(r"^class ([A-Z]\w+)\(Record\)", path.read_text(encoding="utf-8"), re.MULTILINE):
            yield from (
                "",
                f"::: bsfit.results.{path.stem}.{name}",
                "    options: {heading_level: 3, show_root_full_path: false}",
            )


def theory() -> Iterator[str]:
    """Where which formula stands."""
    yield from ("# Formulas", "")
    yield "Each function says in its docstring which equation of which paper it is, what it leaves out, and where bsfit"
    yield "differs and why; these pages are made of the docstrings. Couplings become Wilson coefficients"
    yield "([models](models.md), [matching](matching.md)), these moments of amplitudes ([hadronic](hadronic.md),"
    yield "[the Standard Model's part](standard_model.md)) and [observables](observables.md); what models hand over"
    yield "about dark matter ([dark sectors](dark_sector.md)) becomes [what probes see](dark_matter.md)."
    yield from ("", "## Models", "")
    rows = []
    for name, model in catalogue.MODELS.items():
        module = str(model.module).partition(":")[0]
        rows.append({"model": f"[`{name}`](models.md#{module})", "what": html.escape(model.summary),
                     "fields": html.escape(model.fields), "sources": cited(model.sources)})  # fmt: skip
    yield from table(rows)


def formulas(room: str, title: str) -> Iterator[str]:
    """Docstrings of a room, file by file."""
    yield from (f"# {title}", "")
    for path in sorted((SOURCE / room).rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        if path.stem != "__init__":
            yield from (f"::: {module}", "")


# ------------------------------------------------------------------------------------------- what is done to a page


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Links of documents of two folders in one, and lists that begin right behind a line of text."""
    if not page.file.src_uri.startswith("notebooks/"):
        markdown = re.sub(r"\]\(\.\./(\w+\.md)", r"](\1", markdown)
    if page.file.src_uri in ("index.md", *(f"{name}.md" for name in WHOLE)):
        markdown = re.sub(r"^!\[.*https://.*\n", "", markdown, flags=re.MULTILINE)  # nothing is fetched by readers
        markdown = re.sub(r"\]\(docs/", "](", markdown)
        markdown = markdown.replace("](examples)", "](examples.md)")
    return outside_code(r"^(?=[^\s|>#-])(.+)\n(?=- )", r"\1\n\n", markdown)


def outside_code(pattern: str, replacement: str, markdown: str) -> str:
    """Substitute line by line, but not in fenced blocks."""
    parts = re.split(r"(^```.*?^```$)", markdown, flags=re.MULTILINE | re.DOTALL)
    return "".join(
        part if i % 2 else re.sub(pattern, replacement, part, flags=re.MULTILINE) for i, part in enumerate(parts)
    )


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Formulas as MathML, keys of papers as links."""
    for role, display in (("math", "inline"), ("display", "block")):
        found = re.compile(rf":{role}:\s*<code>(.*?)</code>", re.DOTALL)
        content = found.sub(lambda tex, display=display: mathml(tex[1], display), content)
    home = get_relative_url("papers.html", page.url)

    def paper(found: re.Match[str]) -> str:
        key = found[1]
        return f'<a href="{home}#{key}">[{key}]</a>' if key in bibliography() else found[0]

    return re.sub(r"\[([\w.:+/-]+:[\w.:+/-]+)\]_?", paper, content)


@cache
def mathml(tex: str, display: str) -> str:
    """A formula; the TeX comes out of HTML."""
    return convert(" ".join(html.unescape(tex).split()), display=display)
