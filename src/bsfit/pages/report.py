"""The report: results on one page, with their figures, tables, doubts, provenance and papers."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bsfit import __version__
from bsfit.errors import BsfitInputError
from bsfit.pages import html
from bsfit.pages.figures import figure
from bsfit.reporting.citations import Citations, cite
from bsfit.reporting.dark_matter import dark_matter_of, has_dark_matter
from bsfit.results import Bins, DarkMatter, FitResult, Posterior, tables, write_atomically
from bsfit.results.record import Record

LISTED = 5
"""So many doubts of a result are told."""


def report(
    results: Any,
    path: str | os.PathLike[str],
    *,
    title: str = "bsfit report",
    papers: bool = True,
    dark_matter: bool = True,
) -> Path:
    """Write results, one or a list, to one page of HTML, which needs no network. Returns its path.

    Results are records of `bsfit.results`: fits, tables of data, profiles, scans, posteriors, bins, predictions. Where
    `papers` are wanted, those of formulas and inputs are traced as `bsfit.cite` does it. Behind each result of a model
    with dark matter stands the direct-detection plane, if `dark_matter` is wanted, of `bsfit.dark_matter_of`. Raises
    `BsfitInputError` for what is no record.
    """
    records = list(results) if isinstance(results, list | tuple) else [results]
    for record in records:
        if not isinstance(record, Record):
            expected = "results as fit, profile, scan, sample, table, bins return them"
            raise BsfitInputError(f"a {type(record).__name__} is no result", field="report", expected=expected)
    if not records:
        raise BsfitInputError("no result to report", field="report")
    records, without = _with_planes(records) if dark_matter else (records, [])
    heads = [_head(record) for record in records]
    contents = "".join(f'<li><a href="#r{i}">{html.text(head)}</a></li>' for i, head in enumerate(heads))
    sections = [f'<section id="r{i}">{_section(heads[i], record)}</section>' for i, record in enumerate(records)]
    parts = [
        html.element("h1", html.text(title)),
        html.paragraph(f"bsfit {__version__}"),
        f"<nav><ol>{contents}</ol></nav>",
        *sections,
        *(html.paragraph(words, "note") for words in without),
        *([_papers(cite(*records))] if papers else []),
    ]
    path = Path(path)
    write_atomically(path, html.page(title, "".join(parts)).encode())
    return path


def _with_planes(records: list[Any]) -> tuple[list[Any], list[str]]:
    """Results with dark matter behind those that have some, and why others have none though their model does."""
    every, without = [], []
    for record in records:
        every.append(record)
        if has_dark_matter(record):
            try:
                every.append(dark_matter_of(record))
            except BsfitInputError as problem:
                without.append(f"{_head(record)}: no direct-detection plane: {problem}")
    return every, without


def _head(record: Record) -> str:
    """What a result is of."""
    if isinstance(record, Bins):
        return f"{record.name} against q2"
    first = str(record).partition("\n")[0]
    known = {"DataTable": "Data beside predictions", "PredictionTable": "Predictions", "ErrorBudget": "Error budget"}
    return known.get(type(record).__name__, first)


def _section(head: str, record: Any) -> str:
    """One result: doubts first, then its table, what is said of it, its figure, further tables, provenance."""
    cells = record.cells() if hasattr(record, "cells") else None
    printed = str(record).replace(tables.aligned(*cells), "") if cells else str(record)
    lines = [line for line in printed.splitlines() if line.strip() and line != head]
    notes = [line.removeprefix("note: ") for line in lines if line.startswith("note: ")]
    said = "\n".join(line for line in lines if not line.startswith(("note: ", "not to be trusted: ")))
    drawn = figure(record)
    return "".join(
        (
            html.element("h2", html.text(head)),
            *(html.paragraph(f"Not to be trusted: {doubt}", "doubt") for doubt in _first(_doubts(record))),
            html.table(*cells) if cells else "",
            html.preformatted(said) if cells or not drawn else html.folded("As printed", html.preformatted(said)),
            *(html.paragraph(note, "note") for note in notes),
            html.picture(drawn, f"Figure: {head}") if drawn else "",
            *(html.element("h3", html.text(name)) + html.table(*more) for name, more in _more(record)),
            html.folded("How it came about", html.facts(_provenance(record.meta))),
        )
    )


def _doubts(record: Any) -> Sequence[str]:
    if isinstance(record, Posterior):
        return record.reasons
    if isinstance(record, DarkMatter | Bins):
        return record.doubts
    return () if getattr(record, "converged", True) else ("it did not converge",)


def _first(doubts: Sequence[str]) -> list[str]:
    """The first doubts, and how many more there are: each parameter of a bad chain has some."""
    left = len(doubts) - LISTED
    return [*doubts[:LISTED], f"and for {left} more reasons, as the result prints them"] if left > 1 else list(doubts)


def _more(record: Any) -> list[tuple[str, tuple[Sequence[object], Sequence[Sequence[object]]]]]:
    """Further tables of a result, by what they are called."""
    found = []
    if isinstance(record, FitResult | Posterior) and len(record.names) > 1:
        shown = [name for name in record.names if name not in record.nuisances]
        at = [record.names.index(name) for name in shown]
        found.append(("Correlations", _matrix(shown, record.correlation[np.ix_(at, at)])))
    if isinstance(record, FitResult) and record.pulls:
        found.append(("Pulls", (["observable", "pull"], [[name, f"{pull:+.2f}"] for name, pull in record.pulls])))
    if isinstance(record, FitResult) and record.delta_chi2_by_group:
        rows = [[group, f"{gain:.2f}"] for group, gain in record.delta_chi2_by_group.items()]
        found.append(("Gain over the Standard Model", (["group", "Delta chi2"], rows)))
    if isinstance(record, Bins) and record.data:
        keys = ("low", "high", "measured", "plus", "minus")
        rows = [[d["measurement"], f"{d['low']:g}", f"{d['high']:g}", *_rounded(d)] for d in record.data]
        found.append(("Data", (["measurement", *keys], rows)))
    return found


def _rounded(datum: Mapping[str, Any]) -> list[str]:
    """A measured value and its errors, to two digits of the smaller one."""
    errors = datum["plus"], datum["minus"]
    return [tables.number(x, *errors) for x in (datum["measured"], *errors)]


def _matrix(names: Sequence[str], matrix: np.ndarray) -> tuple[Sequence[object], Sequence[Sequence[object]]]:
    rows = [[name, *map(tables.correlation, matrix[i])] for i, name in enumerate(names)]
    return ["", *names], [[*row[: i + 1], "1", *row[i + 2 :]] for i, row in enumerate(rows)]


def _provenance(meta: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Everything that is known of how a result came about, by dotted names."""
    found: list[tuple[str, str]] = []
    for key, value in meta.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping) and value:
            found += _provenance(value, f"{name}.")
        elif value not in ("", (), {}, None):
            found.append((name, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)))
    return found


def _papers(found: Citations) -> str:
    rows = [[key, "; ".join(used)] for key, used in found.papers.items()]
    lost = [f"{key}: not in the bibliography" for key in found.missing]
    return "".join(
        (
            '<section id="papers">',
            html.element("h2", "Papers"),
            html.table(["paper", "used for"], rows),
            *(html.paragraph(line, "note") for line in (*lost, *found.notes)),
            html.folded("BibTeX", html.preformatted(found)),
            "</section>",
        )
    )
