"""From settings to a log-likelihood: defaults filled in and said, every complaint placed where its cause was typed."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bsfit import catalogue
from bsfit.cli import output
from bsfit.cli.compilation_cache import switch_on
from bsfit.cli.runfile import KEYS, Normal, Settings
from bsfit.errors import BsfitInputError

if TYPE_CHECKING:
    from bsfit.likelihood.joint import LogLikelihood
    from bsfit.loading.inputs import Inputs


def with_defaults(settings: Settings, names: Sequence[str] = ()) -> tuple[Settings, list[str]]:
    """Settings with every default of an analysis filled in, and lines that say which ones a model brought along.

    `names` are parameters that the verb needs free whatever the settings say.
    Raises `BsfitInputError` if nothing is free, or a free parameter has no bounds.
    """
    settings, of_file = with_coefficients(settings, names)
    name = settings.get("model", "eft")
    model = catalogue.MODELS[name]
    given = settings.get("set", {})
    free, own = _free(settings, model, names)
    bounded = {key: bounds or _bounds(settings, name, key) for key, bounds in free.items()}
    plain = {key.removeprefix("log:") for key in bounded}
    filled = {key: value for key, value in model.benchmark.items() if key not in given and key not in plain}
    said = list(of_file)
    if filled and bounded:
        listed = ", ".join(f"{key} = {value:.4g}" for key, value in filled.items())
        said.append(f"defaults of {name}, changed by --set: {listed}")
    if own:
        said.append("free by default, changed by --free: " + ", ".join(f"{k} in [{a:g}, {b:g}]" for k, (a, b) in own))
    resolved = settings.with_values(
        model=name,
        data=settings.get("data", (model.data,)),
        set={**filled, **given},
        free=bounded,
        inputs=settings.get("inputs", "default"),
        theory=settings.get("theory", "fixed"),
    )
    resolved.values.pop("scenario", None)
    return resolved, said


def with_coefficients(settings: Settings, names: Sequence[str] = ()) -> tuple[Settings, tuple[str, ...]]:
    """Settings with the coefficients of a file among the fixed parameters, and lines about them.

    What is set by name, or free, or needed free as the `names` are, wins over the file.
    """
    if "coefficients" not in settings:
        return settings, ()
    if (model := settings.get("model", "eft")) != "eft":
        raise settings.error(f"Wilson coefficients are parameters of 'eft', not of {model!r}", "coefficients")
    from bsfit import read_coefficients

    found = read_coefficients(settings.get("coefficients"), inputs(settings))
    given, free = settings.get("set", {}), {name.removeprefix("log:") for name in (*settings.get("free", ()), *names)}
    held = {name: value for name, value in found.params.items() if name not in free}
    other = [name for name in found.params if name in free or name in given]
    said = (f"not as in the file: {', '.join(other)}",) if other else ()
    values = {key: value for key, value in settings.values.items() if key != "coefficients"}
    place = settings.places.get(("coefficients",))
    places = {("set", name): place for name in held if name not in given and place is not None}
    resolved = Settings({**values, "set": {**held, **given}}, {**settings.places, **places})
    return resolved, (found.title, *found.notes, *said)


def _free(settings: Settings, model: catalogue.Model, names: Sequence[str]) -> tuple[dict[str, Any], list]:
    """Free parameters as asked for, else those of the model; and which of them are the model's choice."""
    asked = {**dict.fromkeys(settings.get("scenario", ())), **settings.get("free", {})}
    own = {} if asked else {k: v for k, v in _own(settings, model).items() if k not in settings.get("set", {})}
    chosen = {**own, **asked}
    plain = [key.removeprefix("log:") for key in chosen]
    chosen.update(dict.fromkeys(name for name in names if name.removeprefix("log:") not in plain))
    if not chosen:
        raise BsfitInputError("nothing is free", field="--free", expected="--free NAME=LO,HI or --scenario NAME")
    return chosen, list(own.items())


def _own(settings: Settings, model: catalogue.Model) -> dict[str, tuple[float, float]]:
    """What a model frees by itself: beside a measured relic density also the coupling that the density can fix."""
    if model.relic is None or not _measures_relic_density(settings.get("data", (model.data,))):
        return dict(model.free)
    return dict([model.relic]) | dict(model.free)


def _measures_relic_density(data: Sequence[str]) -> bool:
    from bsfit.loading import selection

    try:
        chosen = selection.select(data, or_none=True)
    except BsfitInputError:  # `check_data` tells what is wrong with them
        return False
    return any(datum.stem == "Omega_h2" for measurement in chosen for datum in measurement.data)


def _bounds(settings: Settings, model: str, name: str) -> tuple[float, float]:
    bounds = catalogue.default_bounds(model, name.removeprefix("log:"))
    if bounds is None or (name.startswith("log:") and bounds[0] <= 0.0):
        raise settings.error(f"{name!r} needs bounds", "free", name, expected=f"{name}=LO,HI")
    return bounds


def inputs(settings: Settings) -> "Inputs":
    """The input set with its replaced values."""
    from bsfit.loading.inputs import load_inputs

    name, changes = settings.get("inputs", "default"), settings.get("input", {})
    with settings.blame("inputs"):
        load_inputs(name)
    for key, value in changes.items():
        with settings.blame("input", key):
            load_inputs(name, {key: value})
    return load_inputs(name, changes)


def check_values(settings: Settings) -> None:
    """Raise `BsfitInputError` for a parameter value, or a bound, outside the domain of its parameter."""
    from bsfit.predictions.bound_model import check_domain

    model = settings.get("model", "eft")
    for name, value in settings.get("set", {}).items():
        with settings.blame("set", name):
            check_domain(model, name, value)
    for name, box in settings.get("free", {}).items():
        with settings.blame("free", name):
            for end in (box.mean,) if isinstance(box, Normal) else box:
                check_domain(model, name.removeprefix("log:"), end, edge=True)


def check_data(settings: Settings) -> None:
    """Raise `BsfitInputError` for data that do not exist, cannot be used, or overlap."""
    from bsfit.loading import selection

    with settings.blame("data"):
        selection.select(settings.get("data"))


def ready(options: argparse.Namespace, settings: Settings) -> "Inputs":
    """Check, before anything is compiled, all that can be checked; make the folder of -o; return the inputs."""
    if "data" in settings:
        check_data(settings)
    output.prepare_empty(options)
    check_values(settings)
    chosen = inputs(settings)
    switch_on(options)
    return chosen


def log_likelihood(options: argparse.Namespace, settings: Settings) -> "LogLikelihood":
    """The log-likelihood that settings with all defaults describe."""
    chosen = ready(options, settings)
    output.progress(options, f"compiling the predictions for {', '.join(settings.get('data'))}")
    return built(settings, chosen)


def built(settings: Settings, chosen: "Inputs") -> "LogLikelihood":
    """The same where everything is ready."""
    import bsfit

    with placed(settings):
        return bsfit.log_likelihood(
            settings.get("model"),
            settings.get("data"),
            priors(settings),
            settings.get("set"),
            chosen,
            settings.get("theory"),
            nuisances(settings),
            **given(settings, "relic"),
        )


def priors(settings: Settings) -> dict[str, Any]:
    """Bounds of the free parameters, and distributions, as the Python API takes them."""
    free = settings.get("free")
    if not any(isinstance(box, Normal) for box in free.values()):
        return free
    from numpyro import distributions

    normal = {name: distributions.Normal(b.mean, b.sd) for name, b in free.items() if isinstance(b, Normal)}
    return {name: normal.get(name, box) for name, box in free.items()}


def given(settings: Settings, *keys: str) -> dict[str, Any]:
    """Arguments that were given; the Python API knows the defaults of the others."""
    return {key: settings.get(key) for key in keys if key in settings}


def nuisances(settings: Settings) -> str | tuple[str, ...] | None:
    """The globs of nuisances as the Python API takes them."""
    globs = settings.get("nuisances")
    return "all" if globs == ("all",) else globs


@contextmanager
def placed(settings: Settings) -> Iterator[None]:
    """Input errors about a field that is a key of the settings get the place where that key was given."""
    try:
        yield
    except BsfitInputError as problem:
        if problem.file is not None or problem.field not in KEYS:
            raise
        raise settings.error(problem.what, problem.field, expected=problem.expected, hint=problem.hint) from None
