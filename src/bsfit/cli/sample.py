"""Posterior of the free parameters by the No-U-Turn sampler.

The priors are the bounds, flat in the named parameter, and are printed. Exit status 1 if the chains did not converge.
"""

import argparse

from bsfit.cli import options as shared
from bsfit.cli import output, question

DEFAULTS = {"chains": 4, "warmup": 1000, "draws": 1000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit sample`."""
    shared.add(parser, *shared.ANALYSIS, "chains", "warmup", "draws")
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print the summary of the posterior, and save the draws."""
    settings = shared.settings(options)
    chains, warmup, draws = (settings.get(key, default) for key, default in DEFAULTS.items())
    from bsfit.results.size import check_size

    with settings.blame("draws"):
        check_size((chains, warmup + draws), "draws")
    settings, said = question.with_defaults(settings)
    like = question.log_likelihood(options, settings)
    output.progress(options, f"sampling {', '.join(like.free)} given {like.data}")
    import bsfit

    more = question.given(settings, "chains", "warmup", "draws", "starts", "seed")
    result = bsfit.sample(like, progress=not options.quiet, **more)
    return output.finish(options, settings, result, said)
