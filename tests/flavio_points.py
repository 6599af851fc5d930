"""Points of the Wilson coefficients, and named observables there: those stored of flavio, and ours."""

import json
import re
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from bsfit import compiling
from bsfit.catalogue import PROCESSES
from bsfit.loading.inputs import AS_FLAVIO, load_inputs
from bsfit.predictions import compiled
from bsfit.predictions.prediction import wired
from bsfit.theory import Rows, Theory, WilsonCoefficients

FLAVIO = load_inputs("flavio")
EXPLAINED = replace(FLAVIO, choices=AS_FLAVIO)
"""The same with the choices of physics that flavio makes."""


def theory(point):
    """Theory of a reference point."""
    return shifted({name: complex(*value) for name, value in point["wc"].items()})


def shifted(values):
    """Theory with some coefficients shifted from the Standard Model."""
    return Theory(WilsonCoefficients.of({name: complex(value) for name, value in values.items()}))


@cache
def stored():
    """Names, points and values [p, n] of the two lists of tests/reference/flavio_predictions.json."""
    file = Path(__file__).parent / "reference" / "flavio_predictions.json"
    lists = json.loads(file.read_text())["lists"]
    return [(x["names"], x["points"], np.array([p["values"] for p in x["points"]], dtype=float)) for x in lists]


def values(names, points, inputs=FLAVIO):
    """Named observables [p, n] at points, from the blocks that every likelihood shares."""
    wiring = wired(names, inputs=inputs)
    coefficients = np.stack([theory(p).wilson.values for p in points])
    found = compiled.moments({p.process: (coefficients, p.row_arrays()) for p in wiring.plans}, inputs)
    combine = partial(wiring.of_moments, theory=Theory.standard_model(), inputs=inputs)
    return compiling.compile_quickly(jax.vmap(combine))(found)


def moments(process, theory, inputs, rows):
    """Moments of one theory, by the code that every likelihood goes through: compiled once for all tests."""
    values = np.asarray(theory.wilson.values)[None]
    return compiled.moments({PROCESSES[process]: (values, rows)}, inputs)[process][0]


def rows(entries):
    """Rows from (decay, lepton, low, high)."""
    decay, lepton, low, high = zip(*entries, strict=True)
    return Rows(jnp.asarray(decay), jnp.asarray(lepton), jnp.asarray(low, dtype=float), jnp.asarray(high, dtype=float))


def random_theory(generator):
    """Random complex coefficients of both leptons, of the size that fits allow."""
    size = {"C9": 1.5, "C10": 1.5, "C9p": 1.0, "C10p": 1.0, "CS": 0.05, "CSp": 0.05, "CP": 0.05, "CPp": 0.05}
    values = {f"{c}_bs{pair}": s for pair in ("ee", "mumu") for c, s in size.items()}
    values |= {"C7_bs": 0.2, "C7p_bs": 0.2, "C8_bs": 0.3, "C8p_bs": 0.3}
    return shifted({name: s * complex(*generator.uniform(-1, 1, 2)) for name, s in values.items()})


def assert_derivatives(moments, inputs, few):
    """Forward derivatives along random directions of all coefficients and all inputs, 1e-6 of the row's largest.

    Inputs move by 1 % of their size, those whose value is zero, the power corrections, by 0.01, or 1e-5 where they are
    the coefficients of a polynomial of helicity amplitudes.
    """
    generator = np.random.default_rng(11)

    def value(coefficients, values):
        theory = Theory(WilsonCoefficients(coefficients))
        return moments(theory, replace(inputs, values=values), few)

    coefficients, values = random_theory(generator).wilson.values, inputs.values
    sizes = np.array([1e-3 if re.search(r" h(_.)? \d", name) else 1.0 for name in inputs.names])
    moved = jnp.where(values == 0.0, sizes, values) * generator.normal(size=values.shape) * 0.01
    steps = [
        (random_theory(generator).wilson.values, jnp.zeros_like(values)),
        (jnp.zeros_like(coefficients), moved),
    ]
    run = jax.jit(value)
    slope = jax.jit(lambda c, i, dc, di: jax.jvp(value, (c, i), (dc, di))[1])
    scale = np.abs(run(coefficients, values)).max(axis=1, keepdims=True)
    for dc, di in steps:
        exact, h = slope(coefficients, values, dc, di), 1e-3
        up, down = run(coefficients + h * dc, values + h * di), run(coefficients - h * dc, values - h * di)
        np.testing.assert_allclose((up - down) / (2 * h) / scale, exact / scale, atol=1e-6)
