"""Every measured value beside its prediction: of the Standard Model, and of a best fit if one is asked for.

Without --scenario, --free and --model: the Standard Model, and the point of --set or --coefficients. With them a fit
comes first, as 'bsfit fit' does it. Pulls are measured minus predicted values over both errors; correlations do not
enter.
"""

import argparse

from bsfit.cli import options as shared
from bsfit.cli import output, question
from bsfit.errors import one_of

ORDERS, FORMATS = ("data", "observable", "pull"), ("text", "csv", "latex")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit table`."""
    shared.add(parser, *shared.ANALYSIS)
    parser.add_argument("--sort", default="data", metavar="ORDER", help=f"{', '.join(ORDERS)} (default data)")
    parser.add_argument("--format", default="text", metavar="FORMAT", help=f"{', '.join(FORMATS)} (default text)")
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    one_of(options.sort, ORDERS, "--sort", "order")
    one_of(options.format, FORMATS, "--format", "format")
    settings, best = shared.settings(options), None
    alone = settings.get("model", "eft") == "eft" and not ("free" in settings or "scenario" in settings)
    if alone:
        settings, said = question.with_coefficients(settings)
        settings = settings.with_values(
            model="eft",
            data=settings.get("data", ("lfu",)),
            set=settings.get("set", {}),
            free={},
            inputs=settings.get("inputs", "default"),
            theory=settings.get("theory", "fixed"),
        )
    else:
        settings, said = question.with_defaults(settings)
    like = question.log_likelihood(options, settings)
    import bsfit

    if not alone:
        output.progress(options, f"fitting {', '.join(like.free)} to {like.data}")
        best = bsfit.fit(like, **question.given(settings, "starts", "seed"))
    record = bsfit.table(like, best, options.sort)
    doubt = output.doubt_of(best) if best is not None else None
    lost = output.save(options, settings, record)
    text = {"csv": record.to_csv, "latex": record.to_latex}.get(options.format, record.__str__)()
    intro = [*said, *([str(best), ""] if best is not None else [])] if options.format == "text" else []
    content = {"settings": settings.values, "rows": record.rows, "notes": record.notes}
    return output.report(options, [*intro, text], content, doubt, lost)
