"""Posterior of the free parameters by the No-U-Turn sampler.

The priors are the bounds, flat in the named parameter, and are printed. Exit status 1 if the chains did not converge.
"""

import argparse

from bsfit.cli import options as shared
from bsfit.cli import output, question


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit sample`."""
    shared.add(parser, *(key for key in shared.ANALYSIS if key != "starts"), "chains", "warmup", "draws")
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print the summary of the posterior, and save the draws."""
    settings, said = question.with_defaults(shared.settings(options))
    like = question.log_likelihood(options, settings)
    output.progress(options, f"sampling {', '.join(like.free)} given {like.data}")
    import bsfit

    more = {key: settings.get(key) for key in ("chains", "warmup", "draws") if key in settings}
    result = bsfit.sample(like, seed=settings.get("seed"), **more)
    return output.finish(options, settings, result, said)
