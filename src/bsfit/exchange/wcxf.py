"""Files in WCxf, the exchange format of Wilson coefficients [Aebischer:2017ugx]_: five keys, as JSON or YAML.

``eft``, ``basis``, ``scale`` in GeV, ``values`` {name: number or {Re, Im}}, and ``metadata`` if there is any. Values
are of new physics alone. JSON is read by the YAML reader, so that both are refused by the same rules, with lines.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bsfit import __version__
from bsfit.catalogue import COEFFICIENTS
from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError
from bsfit.exchange.points import Point, sectors
from bsfit.loading.inputs import Inputs, as_inputs
from bsfit.loading.yaml_reader import Where, check_keys, expect, parse_yaml, shown
from bsfit.predictions.bound_model import ModelLike, bind_model
from bsfit.results import FitResult, write_atomically
from bsfit.standard_model.running import MU_B
from bsfit.theory import Theory

KEYS = ("eft", "basis", "scale", "values")
OF_EOS = "a file of EOS, whose coefficients are totals"
OTHERS = {
    "sectors": "the definition of a basis or of a theory",
    "groups": OF_EOS,
    "$schema": "a file of another format",
}
"""Keys of files that are no points, and what these are."""


def parsed(raw: bytes, name: str) -> Point:
    """The point that a file describes. Raises `BsfitInputError` for everything that is wrong in it."""
    # No text of JSON holds a tab, which YAML allows in few places.
    document, where = parse_yaml(raw.replace(b"\t", b" ") if raw.lstrip()[:1] == b"{" else raw, name)
    _refuse_others(document, where)
    check_keys(where, (), document, KEYS, ("metadata",))
    eft, basis = (expect(where, (key,), document[key], "text") for key in ("eft", "basis"))
    scale = float(expect(where, ("scale",), document["scale"], "a number"))
    if not 0.0 < scale < 1e19:
        raise where.error(("scale",), f"found {scale:g}", "a scale in GeV")
    given = expect(where, ("values",), document["values"], "a mapping")
    values = {key: _number(where, ("values", key), value) for key, value in given.items()}

    def error(key: str, what: str, expected: str | None = None, hint: str | None = None) -> BsfitInputError:
        path = ("values", key) if key in given else (key,)
        return where.error(path, what, expected, hint, key=key in given)

    source = {"file": name, "sha256": where.sha256, "format": "WCxf", "eft": eft, "basis": basis, "scale": scale}
    return Point(eft, basis, scale, values, error, source)


def _refuse_others(document: Any, where: Where) -> None:
    """Raise `BsfitInputError` for files of which it can be said what they are."""
    found = document if isinstance(document, dict) else {}
    what = next((what for key, what in OTHERS.items() if key in found), None)
    if any("::" in key for key in found):
        what = OF_EOS
    if what is not None:
        raise where.error((), f"this is {what}", f"coefficients in WCxf: the keys {', '.join(KEYS)}")


def _number(where: Where, path: tuple[str, str], value: Any) -> complex:
    if not isinstance(value, dict):
        return complex(expect(where, path, value, "a number"))
    check_keys(where, path, value, (), ("Re", "Im"))
    if not value:
        raise where.error(path, f"found {shown(value)} without an entry", "a number, or {Re: number, Im: number}")
    re, im = (float(expect(where, (*path, part), value.get(part, 0.0), "a number")) for part in ("Re", "Im"))
    return complex(re, im)


def export_wcxf(
    what: FitResult | Mapping[str, float],
    path: str | os.PathLike[str],
    *,
    model: ModelLike = "eft",
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
) -> Path:
    """Write the Wilson coefficients of one point at 4.8 GeV as WCxf, JSON or YAML by the ending of `path`.

    `what` are the parameters of `model`, or a fit: its best values beside what it held fixed, of its own model where
    that has a name. Returns the path. Raises `BsfitInputError` as `predict` does, and for a light mediator, whose
    exchange no coefficients describe.
    """
    file = Path(path) if Path(path).suffix else Path(path).with_suffix(".json")
    if file.suffix not in (".json", ".yaml", ".yml"):
        raise BsfitInputError(f"found the ending {file.suffix!r}", field="path", expected=".json, .yaml or .yml")
    params = what
    if isinstance(what, FitResult):
        model, params = _of_fit(what, model)
    theory = _theory(params, model, as_inputs(inputs))
    values = dict(zip(COEFFICIENTS, np.asarray(theory.wilson.values).tolist(), strict=True))
    written = {name: _written(value) for name, value in values.items() if value}
    if unnamed := [name for name in written if name not in sectors()]:
        raise BsfitInputError(f"{', '.join(unnamed)} is not in the basis flavio of WCxf", field="params")
    document = {"eft": "WET", "basis": "flavio", "scale": MU_B, "values": written}
    document["metadata"] = {"generator": f"bsfit {__version__}"}
    as_text = json.dumps(document, indent=1) if file.suffix == ".json" else yaml.safe_dump(document, sort_keys=False)
    write_atomically(file, as_text.encode())
    return file


def _of_fit(result: FitResult, model: ModelLike) -> tuple[ModelLike, dict[str, float]]:
    """The model of a fit, and its parameters without those of nuisances."""
    about = result.meta.get("likelihood", {})
    best = {name: value for name, value in result.values.items() if name not in result.nuisances}
    return about.get("model", model) if isinstance(model, str) else model, {**about.get("fixed", {}), **best}


def _theory(params: Mapping[str, float], model: ModelLike, inputs: Inputs) -> Theory:
    bound = bind_model(model, params, ())
    theory = compile_quickly(lambda inputs: bound({}, inputs))(inputs)
    if theory.mediator is not None:
        hint = f"its mass is {float(theory.mediator.mass):.4g} GeV"
        raise BsfitInputError("the mediator is light: its exchange is no coefficient", field="params", hint=hint)
    return theory


def _written(value: complex) -> float | dict[str, float]:
    if not (math.isfinite(value.real) and math.isfinite(value.imag)):
        raise BsfitInputError(f"a coefficient is {value}", field="params", expected="finite coefficients")
    return value.real if value.imag == 0.0 else {"Re": value.real, "Im": value.imag}
