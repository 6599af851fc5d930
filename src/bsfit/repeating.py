"""Results made again from what they say about themselves, beside what was saved."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import from_description
from bsfit.results import (
    Binned,
    Bins,
    Comparison,
    DarkMatter,
    DataTable,
    ErrorBudget,
    Evidence,
    FitResult,
    Points,
    Posterior,
    PredictionTable,
    Profile,
    Scan,
    ScenarioTable,
    load,
    provenance,
)
from bsfit.results.differences import Difference, differences
from bsfit.results.record import Record

TOLERANCE = 1e-10
"""Relative difference up to which numbers made on another machine, or with other versions, agree."""

LISTED = 8
"""So many differences are printed."""


@dataclass(frozen=True)
class Rerun:
    """A result made again: `result`, and where its numbers differ from those `saved`, the largest difference first.

    `changes` are what else is not as it was (versions, device, files of data and inputs): what, then and now.
    """

    saved: Record
    result: Record
    differences: tuple[Difference, ...]
    changes: tuple[tuple[str, str, str], ...]
    tolerance: float = TOLERANCE

    @property
    def bitwise(self) -> bool:
        """Whether every number is the same to the last bit."""
        return not self.differences

    @property
    def agrees(self) -> bool:
        """Whether no number differs by more than the tolerance, relative to its size."""
        return self.bitwise or self.differences[0].relative <= self.tolerance

    @property
    def verdict(self) -> str:
        """In one line."""
        kind = type(self.saved).__name__
        if self.bitwise:
            return f"{kind}: every number is the same to the last bit"
        worst, count = self.differences[0], len(self.differences)
        what = f"{count} number{'s' * (count > 1)} by up to {worst.relative:.2g}, at {worst.place}"
        return f"{kind}: agrees within {self.tolerance:g}; {what}" if self.agrees else f"{kind}: DIFFERS: {what}"

    def __str__(self) -> str:
        rows = [f"  {d.place}: {d.saved} then, {d.now} now" for d in self.differences[:LISTED]]
        more = len(self.differences) - LISTED
        rows += [f"  and {more} more places"] if more > 0 else []
        changed = [f"changed: {what}: {then} then, {now} now" for what, then, now in self.changes]
        same = [] if self.changes else ["versions, device, files of data and inputs are those of then"]
        return "\n".join([self.verdict, *rows, *changed, *same])


def rerun(result: str | os.PathLike[str] | Record, *, tolerance: float = TOLERANCE, progress: bool = True) -> Rerun:
    """Make a result again from the settings that it carries, and compare every number.

    `result` is a record, its file, or the folder of a run that holds one. `tolerance` is the largest relative
    difference of numbers that agree. Raises `BsfitInputError` for a result that cannot be made again, by what it lacks:
    models, data, priors, functions of a user's own, and results saved before they carried their settings.
    """
    saved, place = (result, None) if isinstance(result, Record) else _loaded(Path(result))
    kind = type(saved)
    if kind not in _AGAIN:
        of = "the points of another result" if kind is DarkMatter else "a function of one's own"
        raise BsfitInputError(f"a {kind.__name__} is of {of}", place, hint="call it again in Python")
    meta = saved.meta  # pyright: ignore[reportAttributeAccessIssue]
    about, settings = dict(meta.get("likelihood", {})), dict(meta.get("settings", {}))
    try:
        now = _AGAIN[kind](saved, about, settings, progress)
    except KeyError as problem:
        hint = "results of this version carry it; the run file beside the result, run.resolved.yaml, may say it: -f"
        what = f"a {kind.__name__} that does not say its {problem.args[0]!r} cannot be made again"
        raise BsfitInputError(what, place, hint=hint) from None
    except BsfitInputError as problem:
        what = f"cannot be made again: {problem.what}"
        raise BsfitInputError(what, place, None, None, problem.field, problem.expected, problem.hint) from None
    found = tuple(differences(saved, now))
    return Rerun(saved, now, found, tuple(_changes(meta, now.meta)), tolerance)


def _loaded(path: Path) -> tuple[Record, str]:
    """A result, and its file. Raises `BsfitInputError` for a folder with none, or several."""
    if not path.is_dir():
        return load(path), str(path)
    files = sorted(file for file in path.iterdir() if file.suffix in (".json", ".npz"))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        raise BsfitInputError(f"{found} in this folder", str(path), expected="one result, or the name of its file")
    return load(files[0]), str(files[0])


# ------------------------------------------------------------------------------------------- one maker for each kind


def _likelihood(about: Mapping[str, Any]) -> Any:
    from bsfit.likelihood.written import again

    return again(about)


def _same_box(like: Any, described: Mapping[str, str]) -> None:
    """Refuse what was asked of other free parameters than those of the likelihood."""
    from bsfit.inference.space import space_of
    from bsfit.inference.target import of

    now = space_of(of(like)).describe()
    if now != dict(described):
        raise BsfitInputError("its free parameters are not those of the likelihood, but were given beside it")


def _given(settings: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: settings[key] for key in keys if key in settings}


def _fit(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.inference.fit import fit

    if settings.get("own_optimizer"):
        raise BsfitInputError(f"the optimizer {settings.get('optimizer')!r} is a user's own")
    like = _likelihood(about)
    _same_box(like, settings["free"])
    # A fit by scoring has one start, and no profile, whatever was asked for.
    return fit(like, **_given(settings, "starts", "seed", "profile_errors", "reference"))


def _profile(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.inference.profile import profile

    like = _likelihood(about)
    _same_box(like, settings["free"])
    names = saved.names[0] if len(saved.names) == 1 else saved.names
    return profile(like, names, **_given(settings, "points", "starts", "seed", "span"))


def _sample(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.runs.sample import sample

    if settings.get("follow"):
        raise BsfitInputError(f"what {', '.join(settings['follow'])} follows is a function")
    like = _likelihood(about)
    _same_box(like, saved.priors)
    chosen = _given(settings, "seed", "chains", "warmup", "draws", "target_accept", "dense_mass", "starts")
    return sample(like, progress=progress, **chosen)


def _evidence(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.inference.evidence import evidence

    like = _likelihood(about)
    _same_box(like, saved.priors)
    return evidence(like, progress=progress, **_given(settings, "seed", "live"))


def _comparison(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.inference.compare import compare

    # A candidate that was a saved fit is fitted again as it was: it has settings of its own.
    made = {
        name: _fit(None, known, known["fit"], progress) if "fit" in known else _likelihood(known)
        for name, known in settings["candidates"].items()
    }
    return compare(made, progress=progress, **_given(settings, "evidences", "seed", "live", "starts", "toys"))


def _scan(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.runs.scan import scan

    like, where = _likelihood(about), {}
    _same_box(like, settings["free"])
    if "grid" in settings:
        where = {"grid": {name: tuple(settings["grid"][name]) for name in settings["order"]}}
    elif "design" in settings:
        where = _given(settings, "design", "n")
    elif isinstance(saved, Points) and saved.keep == "all":
        where = {"points": dict(saved.columns)}
    else:
        raise BsfitInputError("its points were given, and not all of them were kept")
    chosen = _given(settings, "keep", "profile", "fixed", "chunk", "starts", "seed")
    return scan(like, **where, progress=progress, **chosen)


def _scenarios(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.scenarios import fit_scenarios

    asked, names = about["asked"], settings["scenarios"]
    return fit_scenarios(
        list(asked["data"]),
        [name if isinstance(name, str) else tuple(name) for name in names],
        from_description(about),
        bounds=settings["bounds"],
        **_given(asked, "theory", "nuisances"),
        **_given(settings, "starts", "seed"),
    )


def _table(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from dataclasses import replace

    from bsfit.reporting.data_table import table

    now = table(_likelihood(about), settings["point"], settings["sort"])
    return replace(now, best=saved.best)


def _point(about: Mapping) -> tuple[Any, ...]:
    return about["model"], dict(about["params"]), from_description(about)


def _predictions(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.predictions.predict import predict

    names = [row["observable"] for row in saved.predictions]
    more = {key: settings[key] for key in ("errors", "nuisances")}
    found = predict(names, *_point(about), **more)
    units = [row["unit"] for row in saved.predictions]
    rows = [{"observable": n, "value": v, "unit": u} for (n, v), u in zip(found.items(), units, strict=True)]
    rows = [row | {"error": found.errors[row["observable"]]} for row in rows] if more["errors"] else rows
    between = {"correlation": found.correlation} if more["errors"] else {}
    meta = provenance(about, started=_now(), method="predict", **more)
    return PredictionTable(tuple(rows), found.notes, meta, **between)


def _budget(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.reporting.error_budget import error_budget

    return error_budget(list(saved.observables), *_point(about), nuisances=settings["nuisances"])


def _bins(saved: Any, about: Mapping, settings: Mapping, progress: bool) -> Record:
    from bsfit.reporting.bins import bins

    if "posterior" in settings:
        raise BsfitInputError("its bands are of the draws of a posterior, which it does not hold")
    model, params, inputs = _point(about)
    return bins(saved.name, params, model, inputs, settings["data"])


def _now() -> float:
    import time

    return time.time()


_AGAIN: dict[type, Callable[[Any, Mapping[str, Any], Mapping[str, Any], bool], Any]] = {
    FitResult: _fit,
    ScenarioTable: _scenarios,
    Profile: _profile,
    Scan: _scan,
    Points: _scan,
    Binned: _scan,
    Posterior: _sample,
    Evidence: _evidence,
    Comparison: _comparison,
    DataTable: _table,
    PredictionTable: _predictions,
    ErrorBudget: _budget,
    Bins: _bins,
}


# --------------------------------------------------------------------------------------------------- what changed


def _changes(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Versions, machine, and files of data and inputs that differ: what, then, now."""
    pairs = {key: (str(then.get(key, "unknown")), str(now.get(key, "unknown"))) for key in ("device", "platform")}
    pairs["XLA_FLAGS"] = str(then.get("xla_flags", "")), str(now.get("xla_flags", ""))
    names = dict.fromkeys((*then.get("versions", {}), *now.get("versions", {})))
    pairs |= {name: tuple(str(of.get("versions", {}).get(name, "none")) for of in (then, now)) for name in names}
    for key in ("data_files", "input_files"):
        a, b = (_hashes(of.get("likelihood", {}).get(key, {})) for of in (then, now))
        pairs |= {name: (a.get(name, "not used"), b.get(name, "not used")) for name in dict.fromkeys((*a, *b))}
    return [(what, a, b) for what, (a, b) in pairs.items() if a != b]


def _hashes(files: Mapping[str, str]) -> dict[str, str]:
    """First digits of hashes by file; files of bsfit by their place in it, wherever it is installed."""
    return {name.rpartition("/bsfit/data/")[2] if "/bsfit/data/" in name else name: f"sha256 {digest[:12]}"
            for name, digest in files.items()}  # fmt: skip
