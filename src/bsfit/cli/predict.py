"""Predict observables at one parameter point.

OBSERVABLE is a name with its q2 bin in GeV^2, such as R_K[1.1,6], R_K*[1.1,6], <dBR/dq2>(B+->Kmumu)[1.1,6] or DeltaM_s,
or an output of the model, such as C9_bsmumu. 'bsfit list observables' prints all names. Quote names with * or < >.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bsfit import catalogue
from bsfit.cli import options as shared
from bsfit.cli import output, question
from bsfit.cli.runfile import Settings
from bsfit.errors import BsfitInputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit predict`."""
    parser.add_argument("observables", nargs="*", metavar="OBSERVABLE", help="what to predict")
    shared.add(parser, "model", "set", "coefficients", "inputs", "input", "nuisances")
    parser.add_argument("--errors", action="store_true", help="theory errors too, and their correlations")
    parser.add_argument("--budget", action="store_true", help="where the errors come from: by group and by input")
    shared.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print observables with their units, and notes on what needs care."""
    settings = shared.settings(options)
    names = settings.get("observables")
    if not names:
        raise BsfitInputError("no observable to predict", expected="OBSERVABLE, such as 'R_K[1.1,6]'")
    if "nuisances" in settings and not (options.errors or options.budget):
        raise BsfitInputError("without --errors none are asked for", field="--nuisances", hint="add --errors")
    settings = settings.with_values(model=settings.get("model", "eft"), inputs=settings.get("inputs", "default"))
    settings, said = question.with_coefficients(settings)
    inputs = question.ready(options, settings)
    asked = (names, settings.get("model"), settings.get("set", {}), inputs)
    return (_budget if options.budget else _table)(options, settings, said, *asked)


def _table(
    options: argparse.Namespace, settings: Settings, said: Sequence[str], names: Sequence[str], *asked: Any
) -> int:
    started = time.time()
    from bsfit import predict
    from bsfit.loading.inputs import described
    from bsfit.results import PredictionTable, provenance

    more = {"errors": True, "nuisances": question.nuisances(settings)} if options.errors else {}
    with settings.blame("observables"):
        found = predict(names, *asked, **more)
    rows = [
        {"observable": name, "value": value, "unit": unit(settings.get("model"), name)} for name, value in found.items()
    ]
    rows = [row | {"error": found.errors[row["observable"]]} for row in rows] if options.errors else rows
    about = {"model": settings.get("model"), "params": settings.get("set", {}), "inputs": settings.get("inputs")}
    about |= described(asked[-1])
    wanted = {"errors": options.errors, "nuisances": more.get("nuisances")}
    notes, meta = (*said, *found.notes), provenance(about, started=started, method="predict", **wanted)
    between = {"correlation": found.correlation} if options.errors else {}
    record = PredictionTable(tuple(rows), notes, meta, **between)
    lost = output.save(options, settings, record)
    content = {"settings": settings.values, "predictions": rows, "notes": list(notes), **between}
    return output.report(options, [str(record)], content, _doubt(found), lost)


def _budget(
    options: argparse.Namespace, settings: Settings, said: Sequence[str], names: Sequence[str], *asked: Any
) -> int:
    from bsfit import error_budget

    with settings.blame("observables"):
        record = error_budget(names, *asked, nuisances=question.nuisances(settings))
    record = replace(record, notes=(*said, *record.notes))
    lost = output.save(options, settings, record)
    content = {key: getattr(record, key) for key in ("observables", "values", "errors", "groups", "inputs", "notes")}
    doubt = _doubt(dict(zip(record.observables, record.values, strict=True)))
    return output.report(options, [str(record)], {"settings": settings.values, **content}, doubt, lost)


def unit(model: str, name: str) -> str:
    """Unit of an observable, a coefficient or another output of the model."""
    known = {**catalogue.MODELS[model].quantities, **{p.name: p.unit for p in catalogue.MODELS["eft"].parameters}}
    found = known.get(name) or known.get(name.removesuffix("_im"))
    return found or catalogue.observable(name).quantity.unit


def _doubt(found: dict[str, Any]) -> str | None:
    lost = [name for name, value in found.items() if not math.isfinite(value)]
    return f"{', '.join(lost)} not finite" if lost else None
