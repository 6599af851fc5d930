"""One observable against q2: bands of the Standard Model and a posterior, a point of a model, and what was measured."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bsfit import catalogue
from bsfit.catalogue import Observable
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading import selection
from bsfit.loading.inputs import Inputs, as_inputs, described
from bsfit.loading.measurements import Publication
from bsfit.predictions.bound_model import ModelLike
from bsfit.predictions.predict import predict
from bsfit.reporting.asked import about_of, asked_of
from bsfit.reporting.predictive import at_draws
from bsfit.results import Posterior
from bsfit.results.bins import LEVELS, Bins
from bsfit.results.provenance import provenance

BELOW, ABOVE = (0.1, 8.0), 15.0
"""GeV^2: below and above the narrow charmonium resonances, where the expansions hold."""

WIDTH = 0.5
"""Of the bins of the band, in GeV^2."""

DRAWS = 300
"""Of a posterior: the ends of 68 and 95 % are known to 0.09 and 0.15 standard deviations of independent ones."""


def bins(
    observable: str,
    params: Mapping[str, float] | None = None,
    model: ModelLike = "eft",
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    data: selection.Data | None = None,
    *,
    posterior: Posterior | None = None,
    draws: int = DRAWS,
    seed: int = 1,
) -> Bins:
    """An observable in narrow bins of q2: the Standard Model and, with `params`, a point of a model; and data.

    `observable` is a name without its bin, such as ``<P5p>(B0->K*mumu)`` or ``R_K``, or a quantity alone, ``P5p``:
    of the first decay that has it. `data` is as for `log_likelihood`, by default everything that nothing newer
    replaces. In place of a point, a saved `posterior` gives quantiles of the predictions at some of its `draws`, chosen
    at random by `seed`: with the parameters and the uncertain inputs that float in it, the model, what was fixed, and
    the inputs that it carries. Raises `BsfitInputError` for an unknown name, an observable that takes no bin, a
    posterior of a model of a user's own, and for a point beside a posterior.
    """
    started = time.time()
    inputs = as_inputs(inputs) if posterior is None else _inputs_of(posterior, draws, params, model, inputs)
    stem = stem_of(observable)
    item = catalogue.observable(f"{stem}[1,2]")
    edges = _edges(item, inputs)
    names = [f"{stem}[{low:g},{high:g}]" for low, high in edges]
    standard = predict(names, inputs=inputs, errors=True)
    point = predict(names, model, params, inputs, errors=True) if params else None
    values, errors = (np.array([of[name] for name in names]) for of in (standard, standard.errors))
    at = [np.array([of[name] for name in names]) for of in (point, point.errors)] if point else [np.zeros(0)] * 2
    measured = data_of(stem, data)
    about = {
        "model": model if isinstance(model, str) else "own",
        "params": dict(params or {}),
        "inputs": inputs.set_name,
        "papers": _papers_of(measured),
        **described(inputs),
    }
    asked: dict[str, Any] = {"data": None if data is None else selection.described(data)}
    more, said = {}, ()
    if posterior is not None:
        drawn, said = at_draws(posterior, names, draws, seed)
        more = {
            "posterior": np.quantile(drawn, LEVELS, axis=0),
            "doubts": () if posterior.converged else (posterior.verdict_line(),),
        }
        about = _joined(about_of(posterior), about["papers"], names[0])
        asked |= {"posterior": posterior.digest(), "draws": draws, "seed": seed}
    return Bins(
        name=item.name.split("[")[0],
        tex=catalogue.tex_of_observable(item).split("[")[0],
        unit=item.quantity.unit,
        bins=np.array(edges),
        standard_model=values,
        errors=errors,
        point=at[0],
        point_errors=at[1],
        data=tuple(measured),
        notes=tuple(dict.fromkeys((*standard.notes, *(point.notes if point else ()), *said))),
        **more,
        meta=provenance(about, started=started, method="bins", **asked),
    )


def _inputs_of(posterior: Any, draws: Any, params: Any, model: Any, inputs: Any) -> Inputs:
    """Inputs that a posterior carries. Raises `BsfitInputError` for another record, and for what is given beside it."""
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise BsfitInputError(f"found {draws!r}", field="draws", expected="a positive whole number")
    if not isinstance(posterior, Posterior):
        raise BsfitInputError(f"got a {type(posterior).__name__}", field="posterior", expected="a Posterior")
    usual = {"params": not params, "model": model == "eft", "inputs": isinstance(inputs, str) and inputs == "default"}
    if given := [name for name, is_usual in usual.items() if not is_usual]:
        what = f"{', '.join(given)} beside a posterior, which has its own"
        raise BsfitInputError(what, field="bins", hint="draw a point in a figure of its own")
    return asked_of(posterior, "posterior").inputs


def _papers_of(measured: Sequence[Mapping[str, Any]]) -> list[str]:
    names = {datum["measurement"] for datum in measured}
    return [paper for name, m in selection.available().items() if name in names for paper in m.papers]


def _joined(about: Mapping[str, Any], papers: Sequence[str], observable: str) -> dict[str, Any]:
    """What a posterior says about its likelihood, with papers of more data, and one observable more."""
    both = [*dict.fromkeys((*about.get("papers", ()), *papers))]
    return {**about, "papers": both, "observables": [*dict.fromkeys((*about.get("observables", ()), observable))]}


def stem_of(name: str) -> str:
    """The name without its bin of what a user asks for."""
    known = catalogue.stems()
    try:
        return catalogue.observable(f"{name}[1,2]").name.split("[")[0]
    except BsfitInputError as problem:
        of_decays = [stem for stem in known if stem.startswith(f"<{name}>(") and "ee)" not in stem]
        if not of_decays:
            quantities = dict.fromkeys(stem[1:].split(">")[0] for stem in known if stem.startswith("<"))
            hint = did_you_mean(name, [*quantities, *known]) or problem.hint
            raise BsfitInputError(f"no observable {name!r} takes a q2 bin", field="bins", hint=hint) from None
        return next((stem for stem in of_decays if "(B0->K*" in stem), of_decays[0])


def _edges(item: Observable, inputs: Inputs) -> list[tuple[float, float]]:
    """Bins of `WIDTH` where the expansions hold, up to the end point."""
    process = item.quantity.process
    heavy, light = inputs.numbers(process.masses[process.decays.index(item.decay)]).tolist()
    leptons = inputs.numbers([f"m_{lepton}" for lepton in item.leptons]).tolist()
    low = max(BELOW[0], 4.0 * max(leptons) ** 2)
    ranges = ((low, BELOW[1]), (max(ABOVE, low), (heavy - light) ** 2 - 0.05))
    found = []
    for start, end in ranges:
        if end > start:
            cuts = np.linspace(start, end, max(round((end - start) / WIDTH), 1) + 1)
            found += list(zip(np.round(cuts[:-1], 4).tolist(), np.round(cuts[1:], 4).tolist(), strict=True))
    return found


def data_of(stem: str, data: selection.Data | None = None) -> list[dict[str, Any]]:
    """Measured values of an observable, in the form of `Bins`."""
    chosen = _all_of(stem) if data is None else selection.select(data)
    return [
        {
            "measurement": m.name,
            "experiment": m.experiment,
            "low": datum.bin[0],
            "high": datum.bin[1],
            "measured": datum.central,
            "plus": datum.sigma_plus,
            "minus": datum.sigma_minus,
        }
        for m in chosen
        for datum in m.data
        if datum.bin is not None and datum.stem == stem
    ]


def _all_of(stem: str) -> list[Publication]:
    """Measurements of an observable that nothing newer replaces, and that repeat no other one of it."""
    every = [m for m in selection.available().values() if any(datum.stem == stem for datum in m.data)]
    names = {m.name for m in every}
    gone = {name for m in every for name in (*m.supersedes, *m.combines)}
    return [m for m in every if m.name not in gone and not m.unused_reason and not names & {*m.alternative_to}]
