"""What verbs print and save: text or one JSON document on stdout, progress on stderr, files only where -o says."""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from bsfit import __version__
from bsfit.cli.runfile import LIMITS, Normal, Settings
from bsfit.cli.terminal import say, tell
from bsfit.errors import BsfitInputError
from bsfit.runs.folder import CHUNKS, SUMS, lock_of, reserved, sweep

RESOLVED = "run.resolved.yaml"


def prepare(options: argparse.Namespace) -> None:
    """Make the folder of -o, and keep others out of it until the program ends, before anything is computed.

    Raises `BsfitInputError` if another run writes there, or nothing can be written.
    """
    if options.output is not None:
        name = lock_of(getattr(options, "shard", None))
        options.closing.enter_context(reserved(Path(options.output), name))


def prepare_empty(options: argparse.Namespace) -> None:
    """The same for a folder of one run. Raises `BsfitInputError` if it holds another, which only --force overwrites.

    A run that was divided into chunks is there for --resume.
    """
    given = [name for name in ("resume", "force", "merge", "shard") if getattr(options, name, None)]
    if options.output is None:
        if given:
            raise BsfitInputError("nothing is saved without -o", field=f"--{given[0]}", expected="-o DIR")
        return
    prepare(options)
    folder = Path(options.output)
    if "shard" not in given:  # which has only chunks, and brothers
        sweep(folder)
    if "force" in given:
        for name in (RESOLVED, SUMS):
            (folder / name).unlink(missing_ok=True)
    elif not given and any((folder / CHUNKS).glob("chunk-*")) and not (folder / RESOLVED).exists():
        hint = "--resume goes on with it, --force starts anew"
        raise BsfitInputError(f"{options.output} holds a run that was not finished", field="-o", hint=hint)
    elif (folder / RESOLVED).exists() and not (given and (folder / CHUNKS).is_dir()):
        hint = "name another folder, or remove it"
        raise BsfitInputError(f"{options.output} holds the results of another run", field="-o", hint=hint)


def progress(options: argparse.Namespace, text: str) -> None:
    """One line about what is going on."""
    if not options.quiet:
        tell(text)


def finish(options: argparse.Namespace, settings: Settings, record: Any, intro: Sequence[str] = ()) -> int:
    """Save and print a record of `bsfit.results`, and return the exit status; a doubt is said on the last line."""
    about = record.meta.get("settings", {})
    resolved = settings.with_values(**{key: about[key] for key in LIMITS if isinstance(about.get(key), int)})
    lost = save(options, resolved, record)
    content = {"kind": type(record).__name__, **{f.name: getattr(record, f.name) for f in fields(record)}}
    document = {"settings": resolved.values, "result": content, **({"notes": list(intro)} if intro else {})}
    return report(options, [*intro, str(record)], document, doubt_of(record), lost)


def save(options: argparse.Namespace, settings: Settings, record: Any) -> str | None:
    """Save a record and its settings where -o says; why that failed, if it did: what was computed is printed still."""
    if options.output is None:
        return None
    if "metadata" in settings:
        record = replace(record, meta={**record.meta, "metadata": settings.get("metadata")})
    try:
        record.save(Path(options.output) / options.verb)
        save_settings(options, settings)
        if hasattr(options, "verify"):
            from bsfit.runs import checksums

            checksums.write(Path(options.output), (f"{options.verb}{record.suffix}", RESOLVED))
    except OSError as problem:
        return f"{problem.filename or options.output}: {problem.strerror or problem}"
    except BsfitInputError as problem:
        return str(problem)
    return None


def report(
    options: argparse.Namespace,
    text: Sequence[str],
    content: Mapping[str, Any],
    doubt: str | None,
    lost: str | None = None,
) -> int:
    """Print lines of text, or the content as JSON, and return the exit status that a doubt, or a loss, implies."""
    said = {"doubt": ("not to be trusted", doubt), "lost": ("not saved", lost)}
    said = {key: (head, why) for key, (head, why) in said.items() if why}
    last = [f"{head}: {why}" for head, why in said.values()]
    if options.json:
        document = {"bsfit": __version__, "verb": options.verb, "trusted": doubt is None, **content}
        # ASCII alone: an escape sequence for a terminal must not survive, and no encoding can fail.
        say(json.dumps(jsonable(document | {key: why for key, (_, why) in said.items()}), indent=1))
        for line in last:
            tell(line)
    else:
        say("\n".join([*text, *last]))
    return 1 if last else 0


def table(options: argparse.Namespace, rows: Sequence[Mapping[str, Any]], text: Sequence[str] = ()) -> int:
    """Print rows with the same keys as a table, or as a JSON list under `rows`, with lines of text below."""
    return report(options, [grid(rows), *text], {"rows": rows}, None)


def grid(rows: Sequence[Mapping[str, Any]], indent: int = 0) -> str:
    """Rows with the same keys as an aligned text, which will be indented by some columns."""
    from bsfit.results.tables import WIDTH, aligned

    header = list(rows[0])
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    room = WIDTH.get()
    token = WIDTH.set(room and room - indent)
    try:
        return aligned(header, cells)
    finally:
        WIDTH.reset(token)


def folded(text: str, head: str) -> str:
    """Text behind its head; in a terminal folded to it, below itself."""
    import textwrap

    from bsfit.results.tables import WIDTH

    room = WIDTH.get()
    if room is None or len(head) + len(text) <= room or room < len(head) + 8:
        return head + text
    return textwrap.fill(text, room, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)


def doubt_of(record: Any) -> str | None:
    """Why a record is not to be trusted; None if it is."""
    if hasattr(record, "verdict"):
        return None if record.converged else f"the chains did not pass: {'; '.join(record.reasons)}"
    if hasattr(record, "rows"):
        lost = [row["name"] for row in record.rows if row["status"] == "not converged"]
        return f"no convergence of {', '.join(lost)}" if lost else None
    return None if record.status != "not converged" else "the minimisation did not converge"


def save_settings(options: argparse.Namespace, settings: Settings) -> None:
    """Write the settings, defaults filled in, as a run file that repeats the run."""
    import yaml

    from bsfit.results import write_atomically

    values = {key: _yaml(value) for key, value in settings.values.items() if value not in ({}, ())}
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
    head = f"# bsfit {options.verb}, bsfit {__version__}\n"
    write_atomically(Path(options.output) / RESOLVED, (head + text).encode())


def _yaml(value: Any) -> Any:
    if isinstance(value, Normal):
        return value.written()
    if isinstance(value, Mapping):
        return {key: _yaml(item) for key, item in value.items() if item != math.inf}
    return [_yaml(item) for item in value if item is not None] if isinstance(value, tuple | list) else value


def jsonable(value: Any) -> Any:
    """Plain JSON data; what is not finite becomes the text "inf", "-inf" or "nan"."""
    if isinstance(value, Normal):
        return value.written()
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
