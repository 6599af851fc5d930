"""Everything that is wrong with settings, found without computing anything and without JAX."""

import math
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from bsfit import catalogue
from bsfit.catalogue import domains
from bsfit.catalogue.input_groups import selected
from bsfit.cli.runfile import Normal, Problems, Settings, name_problems
from bsfit.errors import BsfitInputError, did_you_mean, one_of
from bsfit.loading import selection
from bsfit.loading.yaml_reader import names_file

if TYPE_CHECKING:
    from bsfit.loading.input_files import Contents

CHOICES = {
    "theory": ("fixed", "propagated", "sampled"),
    "relic": ("equal", "upper"),
    "design": ("sobol", "random"),
    "keep": ("all", "best", "histogram"),
}
"""Words that a key may have; `keep` has ``delta=X`` too."""

MOST = 100
"""So many problems are told."""

ANALYSES = ("fit", "profile", "scan", "sample", "table")
"""Verbs that work on a log-likelihood."""


def problems_of(settings: Settings, verb: str | None = None) -> Problems:
    """All that is wrong with settings of a verb, or of any: names, ranges, data, inputs, files, what does not fit."""
    found = chain(
        name_problems(settings),
        *(check(settings) for check in (_words, _files, _inputs, _data)),
        *(check(settings, model) for model in _models(settings) for check in (_values, _observables, _unseen)),
        *(_missing(settings, model, verb) for model in _models(settings)),
        _of_verb(settings, verb),
    )
    # The nearest names of thousands would take seconds, and nobody would read them.
    return Problems(islice(found, MOST))


def _models(settings: Settings) -> list[catalogue.Model]:
    """The model, if there is one of its name."""
    return [row for name, row in catalogue.MODELS.items() if name == settings.get("model", "eft")]


def _words(settings: Settings) -> Iterator[BsfitInputError]:
    for key, allowed in CHOICES.items():
        word = settings.get(key)
        if key == "keep" and str(word).startswith("delta="):
            yield from settings.complaints(_width, word, key)
        elif word is not None:
            yield from settings.complaints(
                partial(one_of, allowed=allowed, field=key, what=f"choice of {key}"), word, key
            )


def _width(word: str) -> None:
    try:
        fine = float(word.partition("=")[2]) > 0.0
    except ValueError:
        fine = False
    if not fine:
        raise BsfitInputError(f"found {word!r}", expected="delta=X with X > 0")


def _files(settings: Settings) -> Iterator[BsfitInputError]:
    for key, what in (("points_file", "points"), ("coefficients", "coefficients")):
        name = settings.get(key)
        if name is not None and not Path(name).is_file():
            yield settings.error(f"there is no file {name!r}", key, expected=f"a file of {what}")


def _inputs(settings: Settings) -> Iterator[BsfitInputError]:
    """Input set, values that replace its own, and globs of its uncertain ones."""
    if not any(key in settings for key in ("inputs", "input", "nuisances")):
        return
    sets = []
    name = settings.get("inputs", "default")
    yield from settings.complaints(lambda which: sets.append(_input_set(which)), name, "inputs")
    for contents in sets:
        for key, value in settings.get("input", {}).items():
            yield from settings.complaints(partial(_check_input, contents, key), value, "input", key)
        uncertain = [entry for prior in contents.priors for entry in prior.names]
        for glob in settings.get("nuisances", ()):
            yield from settings.complaints(partial(selected, uncertain=uncertain), (glob,), "nuisances")


def _input_set(name: str) -> "Contents":
    from bsfit.loading import input_files

    return input_files.read(Path(name)) if names_file(name) else input_files.shipped(name)


def _check_input(contents: "Contents", name: str, value: float) -> None:
    if name not in contents.values:
        hint = did_you_mean(name, contents.values) or "'bsfit list inputs' prints all names"
        raise BsfitInputError(f"unknown input {name!r}", hint=hint)
    if math.isfinite(value) and (fault := domains.fault_of_input(name, value)):
        raise BsfitInputError(f"input {name!r} = {value:g} is outside its domain", expected=fault)


def _data(settings: Settings) -> Iterator[BsfitInputError]:
    """Each name by itself, then whether they go together."""
    names, fine = settings.get("data", ()), True
    for name in names:
        if not name.startswith("-"):
            for problem in settings.complaints(selection.select, name, "data"):
                fine = False
                yield problem
    if fine and len(names) > 1:
        yield from settings.complaints(selection.select, names, "data")


def _values(settings: Settings, model: catalogue.Model) -> Iterator[BsfitInputError]:
    """Values and bounds outside of the domain of their parameter, and free parameters that need bounds."""
    for key in ("set", "free"):
        for name, entry in settings.get(key, {}).items():
            plain = name.removeprefix("log:")
            try:
                parameter = catalogue.known_parameter(model, plain)
            except BsfitInputError:
                continue  # told among the names
            if entry is None and not _bounds(model, name):
                yield settings.error(f"{name!r} needs bounds", key, name, expected=f"{name}=LO,HI")
            ends = (entry,) if key == "set" else (entry.mean,) if isinstance(entry, Normal) else entry or ()
            for value in ends:
                if expected := parameter.fault(value, edge=key == "free"):
                    what = f"parameter {plain!r} = {value:g} is outside its domain"
                    yield settings.error(what, key, name, expected=expected)
                    break


def _bounds(model: catalogue.Model, name: str) -> bool:
    """Whether a parameter has bounds of its own that a prior may be flat in."""
    bounds = catalogue.default_bounds(model, name.removeprefix("log:"))
    return bounds is not None and not (name.startswith("log:") and bounds[0] <= 0.0)


def _observables(settings: Settings, model: catalogue.Model) -> Iterator[BsfitInputError]:
    outputs = {*model.quantities, *catalogue.COEFFICIENTS}
    for name in settings.get("observables", ()):
        if not {name, name.removesuffix("_im")} & outputs:
            yield from settings.complaints(partial(_check_observable, model), name, "observables")


def _check_observable(model: catalogue.Model, name: str) -> None:
    if name in model.refused:
        raise BsfitInputError(f"model {model.name!r} does not predict {name!r}: {model.refused[name]}")
    catalogue.observable(name)


def _unseen(settings: Settings, model: catalogue.Model) -> Iterator[BsfitInputError]:
    """Free coefficients that no chosen datum depends on."""
    free = [*settings.get("free", ()), *settings.get("scenario", ())]
    if not model.effective or not free or settings.get("scenario") == ("all",):
        return
    try:
        chosen = selection.select(settings.get("data", ("lfu",)))
        names = [datum.observable for measurement in chosen for datum in measurement.data]
        seen = {c for name in names for c in catalogue.coefficients_that_move(catalogue.observable(name))}
    except BsfitInputError:
        return  # told among the data
    for name in free:
        plain = name.removeprefix("log:")
        terms = catalogue.scenario(plain) or {plain: 1.0}
        if seen.isdisjoint({t.removesuffix("_im") for t in terms} | set(terms)):
            key = "free" if name in settings.get("free", ()) else "scenario"
            yield settings.error(f"no chosen datum depends on {name!r}", key, name,
                                 hint="'bsfit show' tells what an observable depends on")  # fmt: skip


def _missing(settings: Settings, model: catalogue.Model, verb: str | None) -> Iterator[BsfitInputError]:
    """Parameters without a default that have no value."""
    if verb is None:
        return
    benchmark = model.benchmark if verb in ANALYSES else {}
    free = {name.removeprefix("log:") for key in ("free", "scan", "profile") for name in settings.get(key, ())}
    free |= {*model.free} if verb in ANALYSES and not settings.get("free") else set()
    given = {*settings.get("set", ()), *benchmark, *free}
    if missing := [p.name for p in model.parameters if p.default is None and p.name not in given]:
        what = f"model {model.name!r} needs a value for {', '.join(missing)}"
        yield settings.error(what, "model", expected=f"--set {missing[0]}=VALUE, or the same in the run file")


def _of_verb(settings: Settings, verb: str | None) -> Iterator[BsfitInputError]:
    """What one verb needs, and what does not go together in it."""
    if verb == "predict" and not settings.get("observables"):
        yield BsfitInputError("no observable to predict", expected="OBSERVABLE, such as 'R_K[1.1,6]'")
    if verb == "profile":
        names = [name.removeprefix("log:") for name in settings.get("profile", ())]
        if len(names) not in (1, 2) or len(set(names)) != len(names):
            yield BsfitInputError(
                f"found {' '.join(names) or 'no parameter'}", field="NAME", expected="one or two names"
            )
    if verb == "scan":
        # What was given and could not be read is told already.
        given = [key for key in ("scan", "points_file", "design") if key in settings or (key,) in settings.places]
        if len(given) != 1 or ("n" in settings) != (given == ["design"]):
            what = "no axis to scan" if not given else "what to scan is not clear"
            yield BsfitInputError(what, field="NAME=LO,HI,N", expected="axes, --points-file, or --design with --n")
    if verb == "scan" and "scenario" in settings:
        yield settings.error("a scan has no scenarios", "scenario", hint="name the axis: C9mu=-3,3,61")
