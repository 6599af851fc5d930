"""Measured values beside their predictions: of the Standard Model, and at a point such as a best fit."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError, one_of
from bsfit.likelihood.build import log_likelihood
from bsfit.likelihood.curves import log_likelihood_curve
from bsfit.likelihood.joint import LogLikelihood
from bsfit.likelihood.terms import OfPredictions, PublishedCurves
from bsfit.likelihood.theory_errors import ErrorsOfBlocks
from bsfit.loading import selection
from bsfit.loading.inputs import Inputs
from bsfit.loading.measurements import Datum
from bsfit.results.data_table import ORDERS, DataTable
from bsfit.results.fit_result import FitResult
from bsfit.results.provenance import provenance
from bsfit.theory import Theory

FLOATING = "theory errors are not shown: the nuisances float, and the pulls are those of their values at the point"
LEFT_OUT = "data on dark matter are not in this table"


class _Column(NamedTuple):
    """Predictions [n], their theory errors [n] and pulls [n] at one point."""

    values: Float[np.ndarray, " n"]
    errors: Float[np.ndarray, " n"]
    pulls: Float[np.ndarray, " n"]


def table(
    data: LogLikelihood | selection.Data = "lfu",
    best: FitResult | Mapping[str, float] | None = None,
    sort: str = "data",
) -> DataTable:
    """Every measured value with its prediction in the Standard Model and at a point, errors and pulls.

    `data` is a log-likelihood, or what `log_likelihood` takes as data: the Standard Model alone then. `best` is a fit
    of this likelihood, or its free parameters by name; where none is free, but others are fixed, the point is theirs.
    `sort` is ``data`` (as the measurements are listed),
    ``observable``, or ``pull``: the largest first, of the point if there is one. Raises `BsfitInputError` for an
    unknown order, and for parameters that are not those of the likelihood.
    """
    one_of(sort, ORDERS, "sort", "order")
    started = time.time()
    like = data if isinstance(data, LogLikelihood) else log_likelihood(data=data, free={})
    listed, names = like.about.listed, like.about.free
    if not listed:
        raise BsfitInputError("no measured value of a flavour observable is among the data", field="data")
    if best is not None and not isinstance(data, LogLikelihood):
        raise BsfitInputError("a point needs the log-likelihood that it is a point of", field="best")
    if best is None and like.about.fixed and not like.about.free:
        best = {}
    point = best.values if isinstance(best, FitResult) else best
    columns = {}
    if like.about.comparable:
        columns["standard_model"] = _column(like, Theory.standard_model(), like.prediction.inputs)
    if point is not None:
        columns["best"] = _column(like, *like.theory_at(point))
    rows = [_row(name, datum, i, columns) for i, (name, datum) in enumerate(listed)]
    notes = [FLOATING] if like.about.sampled else []
    notes += [LEFT_OUT] if len(like.observables) > len(listed) else []
    about = {"data": like.data, "model": like.model, "point": dict(point or {}), "free": list(names)}
    asked = {"point": None if point is None else about["point"], "sort": sort}
    meta = provenance(about, started=started, method="table", **asked) | {"likelihood": like.meta}
    called = "best fit" if isinstance(best, FitResult) else "point"
    return DataTable(tuple(rows), tuple(notes), called, meta).sorted_by(sort)


def _column(like: LogLikelihood, theory: Theory, inputs: Inputs) -> _Column:
    central = np.array([datum.central for _, datum in like.about.listed])

    def numbers(theory: Theory, inputs: Inputs) -> tuple[Array, Array, list[Array]]:
        values, errors = like.prediction.of_theory(theory, inputs), like.errors(like.prediction, theory)
        pulls = [jnp.zeros(0)]
        for term in (term for term in like.terms if isinstance(term, OfPredictions)):
            mine = slice(term.rows.start, term.rows.stop)
            pulls.append(_pulls(term, values[mine], errors, central[mine]))
        return values, jnp.sqrt(jnp.sum(errors.shifts**2, axis=1)), jnp.concatenate(pulls)

    return _Column(*map(np.asarray, compile_quickly(numbers)(theory, inputs)))


def _pulls(
    term: OfPredictions, values: Float[Array, " k"], errors: ErrorsOfBlocks, measured: Float[np.ndarray, " k"]
) -> Float[Array, " k"]:
    """Of a published curve the root of -2 log L."""
    if not isinstance(term, PublishedCurves):
        return term.pulls(values, errors)
    depths = [-2.0 * log_likelihood_curve(curve, value) for curve, value in zip(term.curves, values, strict=True)]
    return jnp.sign(measured - values) * jnp.sqrt(jnp.maximum(jnp.stack(depths), 0.0))


def _row(name: str, datum: Datum, i: int, columns: Mapping[str, _Column]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "observable": datum.observable,
        "measurement": name,
        "group": datum.group,
        "unit": datum.unit,
        "tex": catalogue.tex_of_observable(catalogue.observable(datum.observable)) if datum.function is None else "",
        "measured": datum.central,
        "plus": datum.sigma_plus,
        "minus": datum.sigma_minus,
    }
    for key, column in columns.items():
        parts = zip(("", "_error", "_pull"), column, strict=True)
        row |= {f"{key}{part}": float(numbers[i]) for part, numbers in parts}
    return row
