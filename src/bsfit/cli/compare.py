"""Scenarios, models and saved fits on the same data: chi2, AIC, BIC, Bayes factors, likelihood ratios by toys.

Each --scenario NAME and --model NAME is fitted and integrated over its prior, its bounds, once more with bounds twice
as wide. Models have the parameters free that they have by default, the others as in their benchmark: other choices are
saved fits. RESULTFILE is a fit saved by 'bsfit fit -o'; it has no evidence, and no toys. Evidences need
'pip install bsfit[nested]'; without them: --no-evidence. Everything is relative to the Standard Model where a scenario
has it, else to the first model.
"""

import argparse
from collections.abc import Iterable
from typing import Any

from bsfit import catalogue
from bsfit.cli import options as shared
from bsfit.cli import output, question, runfile
from bsfit.cli.runfile import Settings
from bsfit.errors import BsfitInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit compare`."""
    parser.add_argument("files", nargs="*", metavar="RESULTFILE", help="fits saved by 'bsfit fit -o'")
    left_out = ("model", "set", "coefficients", "free")
    shared.add(parser, *(key for key in shared.ANALYSIS if key not in left_out), "live", "toys")
    parser.add_argument(
        "--model", dest="models", action="append", metavar="NAME", help="a model of the catalogue (default none)"
    )
    shared.add_run(parser)
    parser.add_argument("--no-evidence", action="store_true", help="without evidences")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    settings = shared.settings(options)
    settings = settings.with_values(
        data=settings.get("data", ("lfu",)),
        inputs=settings.get("inputs", "default"),
        theory=settings.get("theory", "fixed"),
    )
    chosen = catalogue.STANDARD_SCENARIOS if settings.get("scenario") == ("all",) else settings.get("scenario", ())
    models = _models(options.models or (), settings)
    saved = _saved(options.files, (*chosen, *models))
    if not chosen and not models and not saved:
        expected = "--scenario NAME, --model NAME, or RESULTFILE"
        raise BsfitInputError("nothing to compare", field="--scenario", expected=expected)
    inputs = question.ready(options, settings)
    candidates = {name: _likelihood(settings, name, inputs) for name in chosen}
    for name, (of_model, said) in models.items():
        for line in said:
            output.progress(options, f"{name}: {line}")
        candidates[name] = question.built(of_model, inputs)
    candidates |= saved
    output.progress(options, f"comparing {', '.join(candidates)} on {', '.join(settings.get('data'))}")
    import bsfit

    more = question.given(settings, "seed", "starts", "live", "toys")
    result = bsfit.compare(candidates, evidences=not options.no_evidence, progress=not options.quiet, **more)
    return output.finish(options, settings, result)


def _models(names: Iterable[str], settings: Settings) -> dict[str, tuple[Settings, list[str]]]:
    """Settings of each model with its defaults, and what is said of them. Raises `BsfitInputError` for other names."""
    of_eft = {key: value for key, value in settings.values.items() if key not in ("scenario", "model", "free", "set")}
    found = {}
    for name in names:
        mine = Settings({**of_eft, "model": name}, {("model",): _typed_model})
        runfile.check_names(mine)
        found[name] = question.with_defaults(mine)
    return found


def _typed_model(what: str, expected: str | None = None, hint: str | None = None) -> BsfitInputError:
    return BsfitInputError(what, field="--model", expected=expected, hint=hint)


def _saved(files: list[str], taken: Iterable[str]) -> dict[str, Any]:
    """Saved fits by their free parameters, and their file where that name is taken.

    Raises `BsfitInputError` for other kinds of results.
    """
    from bsfit.results import FitResult

    found: dict[str, Any] = {}
    for path in files:
        record = FitResult.load(path)
        name = ", ".join(each for each in record.names if each not in record.nuisances)
        model = record.meta.get("likelihood", {}).get("model", "")
        name = name if model in ("", "eft") else f"{model}: {name}"
        found[f"{name} ({path})" if name in {*found, *taken} else name] = record
    return found


def _likelihood(settings: Settings, scenario: str, inputs: Any) -> Any:
    import bsfit

    bounds = catalogue.default_bounds("eft", scenario)
    if bounds is None:
        raise settings.error(f"{scenario!r} needs bounds", "scenario", hint="bsfit.compare takes any likelihood")
    with question.placed(settings):
        return bsfit.log_likelihood(
            "eft",
            settings.get("data"),
            {scenario: bounds},
            None,
            inputs,
            settings.get("theory"),
            question.nuisances(settings),
            **question.given(settings, "relic"),
        )
