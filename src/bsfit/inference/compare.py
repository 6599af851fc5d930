"""Which scenario, or model, do the same data prefer: chi2, AIC, BIC, and evidences with what they owe to the priors."""

import math
import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference import toys as pseudo
from bsfit.inference.evidence import evidence
from bsfit.inference.fit import fit
from bsfit.inference.significance import p_value
from bsfit.inference.space import space_of
from bsfit.inference.target import PseudoData, Target
from bsfit.results import Comparison, FitResult, provenance

STANDARD_MODEL = "SM"
SAME = ("data_files", "data", "theory", "input_set", "input_changes", "choices", "nuisances")
"""What candidates have in common, of what is known of their likelihoods."""
WORDS = {"data_files": "data", **dict.fromkeys(("input_set", "input_changes", "choices"), "inputs")}
"""What these are called in messages."""

ASKED = ("asked", "input_set", "input_changes", "choices")
"""What a likelihood says of itself from which it can be asked for again."""

STARTS = 3
"""Minima on the data from which a fit of a pseudo-experiment starts, and the Standard Model."""

Row = dict[str, Any]


def compare(
    candidates: Mapping[str, Any],
    *,
    evidences: bool = True,
    seed: int = 1,
    live: int = 500,
    starts: int = 32,
    toys: int = 0,
    progress: bool = True,
) -> Comparison:
    """Compare likelihoods, or saved fits, by name: ``{"C9mu": like, "C10mu": other}``, all on the same data.

    Likelihoods are fitted and, with `evidences`, integrated over their priors (`bsfit.evidence`), once more over priors
    twice as wide: a Bayes factor that depends on that is the prior's choice. Saved fits have no evidence. The Standard
    Model is a row of its own where it is a point of the first likelihood; Bayes factors and likelihood ratios are then
    to it, else to the first candidate. With `toys`, so many pseudo-experiments are drawn from that reference at its
    best fit, and all candidates are fitted to each: the share in which the likelihood ratio is as large as it was
    found, :math:`(k+1)/(n+1)`, is a p-value that needs no theorem, and holds for models that are not nested.
    Raises `BsfitInputError` for candidates on different data, which it names, and for pseudo-experiments of likelihoods
    whose data cannot be drawn.
    """
    started = time.time()
    if not candidates:
        raise BsfitInputError("nothing to compare", field="compare", expected='{"name": likelihood, ...}')
    if toys < 0:
        raise BsfitInputError(f"got {toys}", field="toys", expected="0 or more")
    known = {name: each if isinstance(each, FitResult) else target.of(each) for name, each in candidates.items()}
    _check_same(known)
    drawn = _drawn(known) if toys else {}
    n_data = next((like.n_data for like in known.values() if not isinstance(like, FitResult)), None)
    rows, messages, fits = [], [], {}
    for name, each in known.items():
        fits[name] = found = each if isinstance(each, FitResult) else fit(each, starts=starts, seed=seed)
        k = len(found.names) - len(found.nuisances)
        n_data = found.ndf + k if n_data is None and found.ndf is not None else n_data
        row = _row(name, k, found.chi2, found.log_likelihood, n_data) | {"status": found.status}
        if evidences and not isinstance(each, FitResult):
            row |= _evidences(each, row["status"], seed, live, progress)
        if row["log_evidence"] is not None and row["log_evidence_doubled"] is None:
            messages.append(f"{name}: its priors are not doubled, they are neither bounds nor normal")
        rows.append(row)
    rows = [*_standard_model(next(iter(known.values())), n_data), *rows]
    first = rows[0]
    for row in rows[1:] if first["name"] == STANDARD_MODEL and first["chi2"] is not None else ():
        if row["chi2"] is not None and row["parameters"]:
            delta = first["chi2"] - row["chi2"]
            row |= {"delta_chi2": delta, "p_value": p_value(delta, row["parameters"])}
    if toys:
        messages += _by_toys(rows, known, drawn, fits, toys, seed)
    about = next(iter(map(_about, known.values())))
    shared = {key: about[key] for key in ("model", *SAME, "papers") if key in about}
    if len(models := {_about(each).get("model") for each in known.values()}) > 1:
        shared["model"] = f"{len(models)} models"
    settings = {"seed": seed, "live": live, "starts": starts, "evidences": evidences, "toys": toys}
    settings |= {"candidates": {name: _asked(each) for name, each in known.items()}}
    meta = provenance(shared, started=started, method="compare", **settings)
    return Comparison(tuple(rows), first["name"], n_data, tuple(messages), meta)


def _about(each: Target | FitResult) -> dict[str, Any]:
    return each.meta.get("likelihood", {}) if isinstance(each, FitResult) else target.about(each)


def _asked(each: Target | FitResult) -> dict[str, Any]:
    """What a candidate was asked for as; of a saved fit with its settings."""
    about = _about(each)
    fit = {"fit": each.meta.get("settings", {})} if isinstance(each, FitResult) else {}
    return {key: about[key] for key in ASKED if key in about} | fit


def _check_same(known: Mapping[str, Target | FitResult]) -> None:
    """Raise `BsfitInputError` if candidates are not on the same data, with the same errors."""
    (first, other), *rest = known.items()
    for name, each in rest:
        for key in SAME:
            here, there = (_plain(key, _about(x).get(key)) for x in (other, each))
            if here != there:
                words = WORDS.get(key, key)
                pairs = ((first, other), (name, each))
                names = " and ".join(f"{label} ({_about(x).get('data', 'unknown')})" for label, x in pairs)
                raise BsfitInputError(f"{names} differ in {words}", field="compare", expected="the same data")


def _plain(key: str, value: Any) -> Any:
    """Lists and tuples alike; of files of data what is in them, for they lie elsewhere on another machine."""
    if key == "data_files" and isinstance(value, Mapping):
        return sorted(value.values())
    if key == "data" and isinstance(value, str):
        return re.sub(r"[^\s,]*[/\\]", "", value)
    return tuple(_plain("", each) for each in value) if isinstance(value, list | tuple) else value


def _row(name: str, k: int, chi2: float | None, log_likelihood: float, n_data: int | None) -> Row:
    bic = -2.0 * log_likelihood + k * math.log(n_data) if n_data else math.nan
    numbers = {"chi2": chi2, "log_likelihood": log_likelihood, "aic": -2.0 * log_likelihood + 2.0 * k, "bic": bic}
    evidences = ("log_evidence", "error", "log_evidence_doubled", "error_doubled")
    unknown = dict.fromkeys((*evidences, "delta_chi2", "p_value", "ratio", "p_toys"))
    return {"name": name, "parameters": k, **numbers, **unknown, "priors": {}}


def _standard_model(like: Target | FitResult, n_data: int | None) -> list[Row]:
    """The row of the reference point, which has no parameter: its evidence is its likelihood."""
    if isinstance(like, FitResult) or like.reference is None or like.constrained:
        return []
    value = float(like(dict(like.reference)))
    known = {"log_evidence": value, "error": 0.0, "log_evidence_doubled": value, "error_doubled": 0.0}
    return [_row(STANDARD_MODEL, 0, like.reference_chi2, value, n_data) | known | {"status": "converged"}]


def _evidences(like: Target, status: str, seed: int, live: int, progress: bool) -> Row:
    """Evidences under the priors as they are, and twice as wide."""
    found = evidence(like, seed=seed, live=live, progress=progress)
    row: Row = {"log_evidence": found.log_evidence, "error": found.error, "priors": found.priors}
    wider = doubled(like.free or {})
    if wider is not None:
        twice = evidence(like, free=wider, seed=seed, live=live, progress=progress)
        row |= {"log_evidence_doubled": twice.log_evidence, "error_doubled": twice.error}
        found = found if not found.converged else twice
    return row if found.converged else row | {"status": "not converged"}


def _drawn(known: Mapping[str, Target | FitResult]) -> dict[str, PseudoData]:
    """What draws the data of each candidate. Raises `BsfitInputError` for those that cannot be fitted again."""
    drawn = {}
    for name, each in known.items():
        if isinstance(each, FitResult):
            expected = "likelihoods, or scenarios and models by name"
            raise BsfitInputError(f"{name} is a saved fit, which is not fitted again", field="toys", expected=expected)
        drawn[name] = pseudo.pseudo_data(each)
    return drawn


def _by_toys(
    rows: list[Row],
    known: Mapping[str, Any],
    drawn: Mapping[str, PseudoData],
    fits: Mapping[str, FitResult],
    count: int,
    seed: int,
) -> list[str]:
    """Fill in the likelihood ratios to the first row, and their p-values; return what is to be said of them."""
    first, messages = rows[0], []
    source = next(iter(known)) if first["name"] == STANDARD_MODEL else first["name"]
    fixed = first["name"] == STANDARD_MODEL
    at = dict(known[source].reference) if fixed else fits[source].values
    data = pseudo.draw(drawn[source], at, count, seed)
    reference = pseudo.at_point(drawn[source], at, data) if fixed else _refitted(known, drawn, fits, source, data, seed)
    for row in rows[1:]:
        least = _refitted(known, drawn, fits, row["name"], data, seed)
        fine = np.isfinite(least) & np.isfinite(reference)
        row["ratio"] = 2.0 * (row["log_likelihood"] - first["log_likelihood"])
        larger = int(np.sum(reference[fine] - least[fine] >= row["ratio"]))
        row["p_toys"] = (larger + 1) / (int(np.sum(fine)) + 1)
        if not fine.all():
            messages.append(f"{row['name']}: {int(np.sum(~fine))} of {count} pseudo-experiments did not converge")
    return messages


def _refitted(known: Mapping[str, Any], drawn: Mapping, fits: Mapping, name: str, data: Any, seed: int) -> np.ndarray:
    """Lowest -2 log-likelihood of a candidate on each pseudo-experiment, from the minima that it has on the data."""
    space = space_of(known[name])
    minima = [each["values"] for each in fits[name].minima]
    points = [space.inside(point) for point in (*minima, known[name].reference)]
    starts = np.concatenate([point for point in points if point is not None])[:STARTS]
    return pseudo.least(drawn[name], space, data, starts, seed)[0]


def doubled(free: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same priors twice as wide about their middle, in the logarithm for ``log:``; None if there are others."""
    wider: dict[str, Any] = {}
    for name, prior in free.items():
        if hasattr(prior, "log_prob"):
            if type(prior).__name__ != "Normal":
                return None
            wider[name] = type(prior)(prior.loc, 2.0 * prior.scale)
            continue
        low, high = (math.log(end) if name.startswith("log:") else float(end) for end in prior)
        ends = low - 0.5 * (high - low), high + 0.5 * (high - low)
        wider[name] = tuple(map(math.exp, ends)) if name.startswith("log:") else ends
    return wider
