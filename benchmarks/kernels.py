"""`kernels.c` for a likelihood of bsfit: its numbers as a header, compiled by gcc, called through ctypes.

For likelihoods of ratios with theory errors of two nuisances: `lfu` in coefficients, and `seed-2017` in the couplings
of the Z' portal.
"""

import ctypes
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from bsfit.likelihood.densities import JOIN
from bsfit.matching.currents import lambda_v
from bsfit.standard_model.ckm import v_tb_v_ts

SOURCE = Path(__file__).with_name("kernels.c")
FLAGS = ("-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC", "-Wno-unknown-pragmas")


class Kernel:
    """Value, and value with gradient, at columns of the parameters in the order of the kernel."""

    def __init__(self, like, portal: bool) -> None:
        names = [name.removeprefix("log:") for name in like.free]
        self.names = sorted(names) if portal else names
        folder = Path(tempfile.mkdtemp())
        (folder / "numbers.h").write_text(numbers(like, portal))
        library = folder / "kernels.so"
        subprocess.run(["gcc", *FLAGS, f"-I{folder}", str(SOURCE), "-o", str(library), "-lm"], check=True)
        self.library = ctypes.CDLL(str(library))

    def columns(self, points):
        """Points as the kernel takes them [p, n]."""
        return np.stack([np.asarray(points[name], dtype=float) for name in self.names])

    def value(self, columns):
        """Log-likelihoods [n]."""
        out = np.empty(columns.shape[1])
        self.library.value(ctypes.c_long(len(out)), *map(_pointer, (columns, out)))
        return out

    def value_and_gradient(self, columns):
        """Log-likelihoods [n], and slopes [p, n]."""
        out, slopes = np.empty(columns.shape[1]), np.empty_like(columns)
        self.library.value_and_gradient(ctypes.c_long(len(out)), *map(_pointer, (columns, out, slopes)))
        return out, slopes


def numbers(like, portal: bool) -> str:
    """The header of a likelihood."""
    measured, *curves = like.terms
    data, shifts = measured.data, np.asarray(like.errors.blocks[""])
    coordinates = list(dict.fromkeys(c for r in like.prediction.responses.values() for c in r.coordinates))
    plus, minus = np.asarray(data.sigma_plus), np.asarray(data.sigma_minus)
    mean, n = 0.5 * (plus + minus), len(plus)
    precision = np.eye(n) if data.precision is None else np.asarray(data.precision)
    # What rounding left where correlations are zero costs time, and the kernel knows better.
    precision = np.where(np.abs(precision) > 1e-14, precision, 0.0)
    scaled = shifts / mean[:, None]
    norm = -float(data.log_norm) - 0.5 * np.linalg.slogdet(np.eye(2) + scaled.T @ precision @ scaled)[1]
    parts = {
        "RATIO": _ratios(like.prediction, coordinates),
        "CENTRAL": np.asarray(data.central),
        "MEAN": mean,
        "HALF": 0.5 * (plus - minus),
        "INVERSE_WIDTH": 1.0 / (JOIN * np.minimum(plus, minus)),
        "SHIFT": shifts,
        "PRECISION": precision,
    }
    lines = [f"enum {{ N = {n}, D = {len(coordinates)} }};", f"static const double NORM = {float(norm)!r};"]
    if portal:
        lines = ["#define PORTAL", *lines, f"static const double UNIT = {_unit(like.prediction.inputs)!r};"]
    if curves:
        found = curves[0].curves
        lines.append(f"#define CURVES {len(found)}\nenum {{ KNOTS = {len(found[0].coefficients)} }};")
        parts |= {
            "START": np.array([curve.start for curve in found]),
            "INVERSE_STEP": 1.0 / np.array([curve.step for curve in found]),
            "INVERSE_CURVE_WIDTH": 1.0 / np.array([curve.width for curve in found]),
            "SPLINE": np.stack([np.asarray(curve.coefficients) for curve in found]),
        }
    return "\n".join([*lines, *(_array(name, values) for name, values in parts.items())]) + "\n"


def _unit(inputs) -> float:
    return float((lambda_v(inputs) ** 2 / v_tb_v_ts(inputs)).real)


def _ratios(prediction, coordinates) -> np.ndarray:
    """Tensors of numerator, times all factors, and denominator of each prediction in common coordinates."""
    found = np.zeros((len(prediction.names), 2, 1 + len(coordinates) + len(coordinates) ** 2))
    for plan in prediction.plans:
        response = prediction.responses[plan.name]
        index = np.array([coordinates.index(c) for c in response.coordinates], dtype=int)
        for part in plan.combinations:
            coefficients = np.asarray(response.polynomials[part.key])[..., 0]
            for i, position in enumerate(part.positions):
                rows = plan.row_arrays(part.rows[i])
                factor = plan.module.assemble(part.key, np.ones((2, 1)), rows, prediction.inputs)
                for k in range(2):
                    constant, gradient, products = np.split(coefficients[:, i, k], [1, 1 + len(index)])
                    slope, square = np.zeros(len(coordinates)), np.zeros((len(coordinates), len(coordinates)))
                    slope[index] = gradient
                    below, beside = np.tril_indices(len(index))
                    square[index[below], index[beside]] = products
                    found[position, k] = np.concatenate([constant, slope, (square + square.T).ravel()])
                found[position, 0] *= float(factor) * float(prediction.scale[position])
    return found.reshape(len(found), -1)


def _array(name: str, values: np.ndarray) -> str:
    shape = "".join(f"[{n}]" for n in values.shape)
    return f"static const double {name}{shape} = {_braced(values.tolist())};"


def _braced(values) -> str:
    return "{ " + ", ".join(map(_braced, values)) + " }" if isinstance(values, list) else repr(values)


def _pointer(array: np.ndarray):
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
