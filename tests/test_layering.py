"""Who may import whom inside bsfit: the table of docs/house.md, kept true."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "bsfit"

_NUMBERS = {
    "at_work",
    "constants",
    "errors",
    "numerics",
    "linear_algebra",
    "scalars",
    "own_code",
    "compiling",
    "written_out",
}
_RECORDS = _NUMBERS | {"catalogue", "loading", "theory", "validity"}
_FORMULAS = _RECORDS | {"standard_model"}
_SIBLINGS = {"models", "observables", "dark_matter"}

ALLOWED = {
    "at_work": set(),
    "constants": set(),
    "errors": set(),
    "cache_folder": set(),
    "numerics": {"constants"},
    "linear_algebra": set(),
    "scalars": {"errors"},
    "own_code": {"errors"},
    "compiling": {"at_work", "errors"},
    "written_out": {"scalars"},
    "results": {"errors"},
    "catalogue": {"errors"},
    "theory": _NUMBERS | {"catalogue"},
    "loading": _NUMBERS | {"catalogue"},
    "validity": _RECORDS - {"validity"},
    "standard_model": _RECORDS,
    "hadronic": _FORMULAS,
    "matching": _FORMULAS,
    "dark_sector": _FORMULAS | {"matching"},
    "models": _FORMULAS | {"matching", "dark_sector"},
    "observables": _FORMULAS | {"hadronic", "matching"},
    "dark_matter": _FORMULAS | {"matching", "dark_sector"},
    "predictions": _FORMULAS | {"hadronic", "dark_matter", "cache_folder"},
    "likelihood": _FORMULAS | {"dark_matter", "predictions"},
    "inference": {"at_work", "numerics", "compiling", "results", "errors", "scalars"},
    "runs": {"at_work", "numerics", "compiling", "results", "errors", "scalars", "inference"},
    "exchange": _FORMULAS | {"predictions", "likelihood", "inference", "results"},
    "scenarios": _RECORDS | {"predictions", "likelihood", "inference", "results"},
    "reporting": _RECORDS | {"predictions", "likelihood", "results"},
    "repeating": _RECORDS
    | {"predictions", "likelihood", "inference", "runs", "scenarios", "reporting", "results"},  # each kind's own maker
    "plot": {"catalogue", "results", "errors"},
    "pages": {"catalogue", "errors", "plot", "reporting", "results"},
    "cli": None,  # anything, imported inside the verb
    "__init__": None,  # the public names, imported when they are used
}
"""What a room may import besides its own files."""


_MODULE = re.compile(r"bsfit(\.[a-z_]+)+(:[a-z_]+)?")
"""A module named in a string, to be imported later."""

NAMED = {"catalogue": {"models", "observables", "dark_matter"}}
"""Rooms whose strings may name modules of others: the tables of what there is."""


def rooms_named(path: Path) -> set[str]:
    strings = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
    named = {text.split(".")[1] for text in strings if isinstance(text, str) and _MODULE.fullmatch(text)}
    return named & set(ALLOWED)  # bsfit.lock is a file


def rooms_imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "bsfit":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names} - {"__version__"}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("bsfit.")}
        elif isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{path}: relative import")
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_follow_the_house(path):
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert room in ALLOWED, f"{room} has no row in the table"
    allowed = ALLOWED[room]
    if allowed is None:
        return
    own = set() if room in _SIBLINGS else {room}
    extra = (rooms_imported(path) | (rooms_named(path) - NAMED.get(room, set()))) - allowed - own
    assert not extra, f"{room} imports {sorted(extra)}"


def modules_imported(path: Path) -> set[str]:
    """Modules of bsfit that a file needs when it is imported; what stands in functions comes later."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bsfit":
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                inside = SOURCE.parent.joinpath(*name.split("."))
                if inside.with_suffix(".py").exists():
                    found.add(name)
                elif (inside / "__init__.py").exists() and name != "bsfit":
                    found.add(f"{name}.__init__")
    return found


def test_no_module_stands_in_a_circle():
    """Packages count as their __init__; that of one's own package is no import."""
    names = {path: ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in SOURCE.rglob("*.py")}
    graph = {name: modules_imported(path) - {f"{name.rpartition('.')[0]}.__init__"} for path, name in names.items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join((*above[above.index(name) :], name))
        if name not in done:
            for other in graph.get(name, ()):
                visit(other, (*above, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_file_has_outgrown_its_room(path):
    assert len(path.read_text().splitlines()) <= 400


_PUBLIC = {"_replace", "_asdict", "_fields", "_actions"}
"""What named tuples offer to everyone under a name with an underscore, and argparse's only list of its options."""


def _private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in _PUBLIC


def private_names(path: Path) -> list[str]:
    """Private names that a file takes from bsfit: imported, read from anything but itself, or patched as text."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bsfit":
            found += [alias.name for alias in node.names if _private(alias.name)]
        elif isinstance(node, ast.Attribute) and _private(node.attr):
            found += [node.attr] if ast.unparse(node.value) not in ("self", "cls") else []
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")).endswith("attr"):
            found += [x.value for x in node.args if isinstance(x, ast.Constant) and _private(str(x.value))]
    return found


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("*.py")), ids=lambda p: p.name)
def test_tests_use_public_names(path):
    assert private_names(path) == []
