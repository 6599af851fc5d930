"""What verbs print and save: text or one JSON document on stdout, progress on stderr, files only where -o says."""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from bsfit import __version__
from bsfit.cli.runfile import LIMITS, Settings
from bsfit.errors import BsfitInputError

RESOLVED = "run.resolved.yaml"


def prepare(options: argparse.Namespace) -> None:
    """Make the folder of -o before anything is computed.

    Raises `BsfitInputError` if it holds another run, which is never overwritten.
    """
    if options.output is None:
        return
    folder = Path(options.output)
    if (folder / RESOLVED).exists():
        raise BsfitInputError(
            f"{folder} holds the results of another run", field="-o", hint="name another folder, or remove that one"
        )
    folder.mkdir(parents=True, exist_ok=True)


def progress(options: argparse.Namespace, text: str) -> None:
    """One line about what is going on."""
    if not options.quiet:
        print(f"bsfit: {text}", file=sys.stderr, flush=True)


def finish(options: argparse.Namespace, settings: Settings, record: Any, intro: Sequence[str] = ()) -> int:
    """Print and save a record of `bsfit.results`, and return the exit status; a doubt is said on the last line."""
    doubt = doubt_of(record)
    about = record.meta.get("settings", {})
    resolved = settings.with_values(**{key: about[key] for key in LIMITS if isinstance(about.get(key), int)})
    if options.output is not None:
        record.save(Path(options.output) / options.verb)
        save_settings(options, resolved)
    content = {"kind": type(record).__name__, **{f.name: getattr(record, f.name) for f in fields(record)}}
    return report(options, [*intro, str(record)], {"settings": resolved.values, "result": content}, doubt)


def report(options: argparse.Namespace, text: Sequence[str], content: Mapping[str, Any], doubt: str | None) -> int:
    """Print lines of text, or the content as JSON, and return the exit status that a doubt implies."""
    last = f"not to be trusted: {doubt}" if doubt else None
    if options.json:
        document = {"bsfit": __version__, "verb": options.verb, "trusted": doubt is None, **content}
        print(json.dumps(jsonable(document | ({"doubt": doubt} if doubt else {})), indent=1, ensure_ascii=False))
        if last:
            print(f"bsfit: {last}", file=sys.stderr)
    else:
        print("\n".join([*text, last] if last else text))
    return 1 if doubt else 0


def table(options: argparse.Namespace, rows: Sequence[Mapping[str, Any]], text: Sequence[str] = ()) -> int:
    """Print rows with the same keys as a table, or as a JSON list under `rows`, with lines of text below."""
    return report(options, [grid(rows), *text], {"rows": rows}, None)


def grid(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys as an aligned text."""
    from bsfit.results.tables import aligned

    header = list(rows[0])
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    return aligned(header, cells)


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
    if isinstance(value, Mapping):
        return {key: _yaml(item) for key, item in value.items() if item != math.inf}
    return [_yaml(item) for item in value if item is not None] if isinstance(value, tuple | list) else value


def jsonable(value: Any) -> Any:
    """Plain JSON data; what is not finite becomes the text "inf", "-inf" or "nan"."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if hasattr(value, "tolist"):
        return jsonable(value.tolist())
    if isinstance(value, tuple | list):
        return [jsonable(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def save_json(options: argparse.Namespace, content: Mapping[str, Any]) -> None:
    """Write the content as ``VERB.json``, for answers that are no record of `bsfit.results`."""
    from bsfit.results import write_atomically

    document = json.dumps(jsonable({"bsfit": __version__, "verb": options.verb, **content}), indent=1)
    write_atomically(Path(options.output) / f"{options.verb}.json", document.encode() + b"\n")
