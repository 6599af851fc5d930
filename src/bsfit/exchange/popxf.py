"""Predictions as polynomials of Wilson coefficients in POPxf, the exchange format that jelli reads.

Moments of decays are quadratic in the coefficients, observables are sums, quotients and roots of them: the file holds
the polynomials and, for each observable, the expression that it is. Nothing is expanded, so that it is exact at the
inputs chosen. Theory errors are those of the Standard Model, their correlations stand in a second file. Format 1.0 as
in jelli 0.1: keys of polynomials name two coefficients and their parts, of which ``''`` stands for 1.
"""

import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float

from bsfit import __version__
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.exchange.symbols import Forms, written
from bsfit.loading.inputs import Inputs
from bsfit.predictions import uncertain_inputs
from bsfit.predictions.plan import Combination, ProcessPlan
from bsfit.predictions.prediction import ObservableLike, Prediction, prediction
from bsfit.results.archive import write_atomically
from bsfit.theory import INDEX, Theory

SCHEMA, SCHEMA_OF_CORRELATIONS = (f"https://json.schemastore.org/{name}-1.0.json" for name in ("popxf", "popxf-h5"))
SCALE = 4.8
"""Where the coefficients are given, in GeV."""

CONSTANT = "('', '', 'RR')"

SECTORS = {"bsbs": "sbsb", "bsnu": "sbnunu", "bs": "sb"}
"""Sectors of flavio's basis by the beginning of what follows the first underscore of a coefficient."""

Key = tuple[str, str, str]
Polynomial = dict[Key, float]


class Written(NamedTuple):
    """Polynomials by name, and for each observable the words of its expression {word: polynomial} and itself."""

    polynomials: dict[str, Polynomial]
    expressions: list[dict[str, Any]]


def export_popxf(
    observables: Sequence[ObservableLike],
    path: str | os.PathLike[str],
    *,
    free: Sequence[str],
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
    errors: bool = False,
    nuisances: uncertain_inputs.Globs = None,
) -> tuple[Path, ...]:
    """Write observables as polynomials of the coefficients `free`, flavio's names with ``_im`` for imaginary parts.

    With `errors` the theory errors of the Standard Model too, of the inputs that `nuisances` selects as in
    `log_likelihood`, and their correlations beside, in ``.hdf5`` (which needs h5py). Returns the paths written. Raises
    `BsfitInputError` for observables that are no such expression, and coefficients without a sector in flavio's basis.
    """
    names = _coefficients(free)
    predicted = prediction(observables, "eft", inputs, free=tuple(free))
    _refuse_others(predicted)
    found = _written(predicted)
    file = Path(path).with_suffix(".json")
    central = np.asarray(predicted.at_once(predicted.model({name: 0.0 for name in free}, predicted.inputs)))
    data: dict[str, Any] = {"observable_central": {CONSTANT: central.tolist()}, **_table(found.polynomials)}
    files = [file]
    if errors:
        deviation, correlation = _errors(predicted, nuisances)
        data["observable_uncertainties"] = {CONSTANT: deviation.tolist()}
        files.append(_write_correlations(file.with_suffix(".hdf5"), predicted.names, correlation))
    metadata = {
        "observable_names": list(predicted.names),
        "parameters": names,
        "basis": {"wcxf": {"eft": "WET", "basis": "flavio", "sectors": sorted({*map(_sector, names)})}},
        "scale": SCALE,
        "polynomial_names": list(found.polynomials),
        "polynomial_degree": 2,
        "observable_expressions": found.expressions,
        "misc": {"tool": f"bsfit {__version__}", "inputs": predicted.inputs.set_name or "default"},
    }
    write_atomically(file, json.dumps({"$schema": SCHEMA, "metadata": metadata, "data": data}, indent=1).encode())
    return tuple(files)


def _coefficients(free: Sequence[str]) -> list[str]:
    """Names of the complex coefficients, in order."""
    names = sorted({name.removesuffix("_im") for name in free})
    for name in names:
        if name not in INDEX:
            raise BsfitInputError(f"unknown coefficient {name!r}", field="free", hint=did_you_mean(name, INDEX))
        _sector(name)
    if not names:
        raise BsfitInputError("no coefficient", field="free", expected="names of coefficients, as C9_bsmumu")
    return names


def _sector(name: str) -> str:
    flavours = name.split("_")[-1]
    pair = flavours.removeprefix("bsnu").removeprefix("bs").replace("nu", "").replace("mu", "m").replace("tau", "t")
    same = len(pair) != 2 or pair[0] == pair[1] or flavours == "bsbs"
    for beginning, sector in SECTORS.items():
        if same and flavours.startswith(beginning):
            return sector
    raise BsfitInputError(f"{name!r} is in no sector that is exported", "free", expected=", ".join(SECTORS.values()))


def _refuse_others(predicted: Prediction) -> None:
    for position, _ in predicted.own:
        expected = "observables of decays and mixing"
        raise BsfitInputError(f"{predicted.names[position]!r} has no moments", "observables", expected=expected)


def _written(predicted: Prediction) -> Written:
    """All observables; the coordinates of a response are parts of coefficients, of which each parameter moves one."""
    free = predicted.model.free or ()
    points = [dict.fromkeys(free, 0.0) | {name: 1.0} for name in free]
    through = predicted.through_response(points)
    names: dict[tuple, str] = {}
    expressions: dict[int, dict[str, Any]] = {}
    for plan in through.plans:
        response = through.responses[plan.name]
        keys = _keys(response.coordinates)
        for part in plan.combinations:
            monomials = np.asarray(response.polynomials[part.key])
            for i, position in enumerate(part.positions):
                observable = predicted.names[position]
                tensors = monomials[:, i]
                forms = Forms()
                assemble = partial(_assembled, plan, part, i, tensors.shape[1:], predicted.inputs)
                scale = float(predicted.scale[position])
                found = written(assemble, tensors[0].size, forms, observable) * scale
                expression = {"terms": {}, "expression": found.text}
                for word, form in forms.known.values():
                    values = tensors.reshape(len(keys), -1) @ form[1:]
                    values[0] += form[0]
                    polynomial = tuple(zip(keys, values.tolist(), strict=True))
                    expression["terms"][word] = names.setdefault(polynomial, f"{observable} {word}")
                expressions[position] = expression
    polynomials = {name: dict(polynomial) for polynomial, name in names.items()}
    return Written(polynomials, [expressions[i] for i in range(len(predicted.names))])


def _assembled(
    plan: ProcessPlan, part: Combination, i: int, shape: tuple[int, ...], inputs: Inputs, x: Float[Array, " k"]
) -> Float[Array, ""]:
    """The i-th observable of its kind from its functionals in a row."""
    return plan.module.assemble(part.key, x.reshape(shape), plan.row_arrays(part.rows[i]), inputs)


def _keys(coordinates: Sequence[tuple[str, bool]]) -> list[Key]:
    """Keys of the monomials in the order of `response.monomials`."""
    parts = [(name, "I" if imaginary else "R") for name, imaginary in coordinates]
    products = [tuple(sorted((parts[i], parts[j]))) for i in range(len(parts)) for j in range(i + 1)]
    one = ("", "R")
    return [(a[0], b[0], a[1] + b[1]) for a, b in ((one, one), *((one, part) for part in parts), *products)]


def _table(polynomials: Mapping[str, Polynomial]) -> dict[str, Any]:
    """A row for each monomial that has a coefficient in any polynomial, a column for each of these."""
    keys = sorted({key for polynomial in polynomials.values() for key, value in polynomial.items() if value})
    keys = sorted({("", "", "RR"), *keys})
    return {"polynomial_central": {str(key): [p.get(key, 0.0) for p in polynomials.values()] for key in keys}}


def _errors(
    predicted: Prediction, nuisances: uncertain_inputs.Globs
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n n"]]:
    """Standard deviations of the theory errors at the Standard Model, and their correlations."""
    found = uncertain_inputs.uncertainty(predicted, Theory.standard_model(), nuisances)
    deviation, shifts = found.errors, found.shifts
    unit = shifts / np.where(deviation > 0.0, deviation, 1.0)[:, None]
    correlation = unit @ unit.T
    np.fill_diagonal(correlation, 1.0)
    return deviation, correlation


def _write_correlations(path: Path, names: Sequence[str], correlation: Float[np.ndarray, "n n"]) -> Path:
    """Correlations [n, n, 1, 1], of the constant parts of the errors, under the digest of the names that jelli asks."""
    try:
        import h5py
    except ImportError:
        hint = "pip install h5py, or bsfit[io]"
        raise BsfitInputError("h5py is not installed", field="errors", hint=hint) from None
    escaped = "|".join(name.replace("\\", "\\\\").replace("|", "\\|") for name in sorted(names))
    digest = hashlib.md5(f"{escaped}||{escaped}".encode(), usedforsecurity=False).hexdigest()
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.attrs["$schema"] = SCHEMA_OF_CORRELATIONS
        group = file.create_group(digest)
        group.create_dataset("data", data=correlation[:, :, None, None])
        for axis in ("row_names", "col_names"):
            group.create_dataset(axis, data=[name.encode() for name in names])
    write_atomically(path, content.getvalue())
    return path
