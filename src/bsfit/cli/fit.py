"""Best fit with errors, pull to the Standard Model and goodness of fit.

Without arguments: the table of one-parameter scenarios of the Wilson coefficients on the data set lfu. With --free, or
one --scenario: a fit of these parameters. With --scenario all: many more scenarios, and pairs of them. With --model
another model: a fit of couplings, at a benchmark that is printed and that --set and --free change.
"""

import argparse

from bsfit import catalogue
from bsfit.cli import options as shared
from bsfit.cli import output, question
from bsfit.cli.runfile import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit fit`."""
    shared.add(parser, *shared.ANALYSIS)
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Fit, or make the table of scenarios."""
    settings = shared.settings(options)
    alone = len(settings.get("scenario", ())) == 1 and settings.get("scenario") != ("all",)
    single = settings.get("model", "eft") != "eft" or "free" in settings or alone
    return _fit(options, settings) if single else _scenarios(options, settings)


def _fit(options: argparse.Namespace, settings: Settings) -> int:
    settings, said = question.with_defaults(settings)
    like = question.log_likelihood(options, settings)
    output.progress(options, f"fitting {', '.join(like.free)} to {like.data}")
    import bsfit

    result = bsfit.fit(like, **question.given(settings, "starts", "seed"))
    return output.finish(options, settings, result, said)


def _scenarios(options: argparse.Namespace, settings: Settings) -> int:
    for key in ("set", "coefficients"):
        if settings.get(key):
            what = "the table of scenarios has no other parameters"
            raise settings.error(what, key, hint="choose one scenario")
    settings = settings.with_values(
        model="eft",
        data=settings.get("data", ("lfu",)),
        scenario=settings.get("scenario", catalogue.STANDARD_SCENARIOS),
        inputs=settings.get("inputs", "default"),
        theory=settings.get("theory", "fixed"),
    )
    inputs = question.ready(options, settings)
    named = catalogue.ALL_SCENARIOS if "all" in settings.get("scenario") else settings.get("scenario")
    output.progress(options, f"fitting {len(named)} scenarios to {', '.join(settings.get('data'))}")
    import bsfit

    with question.placed(settings):
        result = bsfit.fit_scenarios(
            settings.get("data"),
            named,
            inputs,
            theory=settings.get("theory"),
            nuisances=question.nuisances(settings),
            **question.given(settings, "starts", "seed"),
        )
    return output.finish(options, settings, result)
