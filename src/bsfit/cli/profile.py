"""Profile likelihood: everything else re-minimised at each point of a grid in NAME, or in NAME and NAME2.

A NAME that is not among the free parameters is freed, with its default bounds where it has some.
"""

import argparse

from bsfit.cli import options as shared
from bsfit.cli import output, question
from bsfit.errors import BsfitInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit profile`."""
    parser.add_argument("profile", nargs="*", metavar="NAME", help="one parameter, or two for contours")
    shared.add(parser, *shared.ANALYSIS, "points")
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print the intervals of a profile."""
    settings = shared.settings(options)
    names = tuple(name.removeprefix("log:") for name in settings.get("profile", ()))
    if len(names) not in (1, 2) or len(set(names)) != len(names):
        raise BsfitInputError(f"found {' '.join(names) or 'no parameter'}", field="NAME", expected="one or two names")
    from bsfit.results.size import check_size

    with settings.blame("points"):
        check_size([settings.get("points", 2)] * len(names), "points")
    settings, said = question.with_defaults(settings, settings.get("profile"))
    like = question.log_likelihood(options, settings)
    output.progress(options, f"profiling {' and '.join(names)} on {like.data}")
    import bsfit

    which = names[0] if len(names) == 1 else names
    result = bsfit.profile(like, which, **question.given(settings, "points", "starts", "seed"))
    return output.finish(options, settings, result, said)
