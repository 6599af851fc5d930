"""Posterior of the free parameters by the No-U-Turn sampler.

The priors are the bounds, flat in the named parameter, and are printed. Exit status 1 if the chains did not converge.

With -o, the search for modes and every block of draws are kept in DIR/chunks with the state of the chains: a run that
is interrupted or killed goes on with --resume, to the same draws.
"""

import argparse

from bsfit.cli import options as shared
from bsfit.cli import output, question, stored

DEFAULTS = {"chains": 4, "warmup": 1000, "draws": 1000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit sample`."""
    shared.add(parser, *shared.ANALYSIS, "chains", "warmup", "draws")
    shared.add_run(parser)
    stored.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Print the summary of the posterior, and save the draws."""
    if options.verify:
        return stored.verified(options)
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
    with stored.store(options) as folder:
        going_on = {"store": folder, "resume": options.resume, "force": options.force} if folder else {}
        result = bsfit.sample(like, progress=not options.quiet, **more, **going_on)
    return output.finish(options, settings, result, said)
