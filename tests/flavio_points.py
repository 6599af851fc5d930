"""Rows and combinations behind the observable names of tests/reference/flavio_bins.json."""

import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from bsfit import evaluation
from bsfit.catalogue import LEPTONS, PROCESSES
from bsfit.inputs import Inputs
from bsfit.theory import Rows, Theory, WilsonCoefficients

NAME = re.compile(r"<(?P<key>.*)>\((?P<decay>.*?->(K\*|K|phi))(?P<leptons>ll|mumu|ee)\)\[(?P<low>.*),(?P<high>.*)\]$")


def theory(point):
    """Theory of a reference point."""
    return shifted({name: complex(*value) for name, value in point["wc"].items()})


def shifted(values):
    """Theory with some coefficients shifted from the Standard Model."""
    return Theory(WilsonCoefficients.of({name: complex(value) for name, value in values.items()}))


class Plan:
    """Moment rows that the named observables of one process need, each row once."""

    def __init__(self, module, process, names):
        self.module, self._rows, self._index = module, {}, {}
        for name in names:
            match = NAME.match(name)
            if not match or match["decay"] not in PROCESSES[process].decays or match["key"] not in module.QUANTITIES:
                continue
            leptons = module.QUANTITIES[match["key"]]
            if leptons == ("l",):
                leptons = (match["leptons"][: len(match["leptons"]) // 2],)
            place = PROCESSES[process].decays.index(match["decay"]), float(match["low"]), float(match["high"])
            index = [self._row(place[0], LEPTONS.index(lepton), *place[1:]) for lepton in leptons]
            self._index.setdefault(match["key"], {})[name] = index
        self.rows = rows(list(self._rows))

    def _row(self, *row):
        return self._rows.setdefault(row, len(self._rows))

    def values(self, moments, inputs, keys=None):
        """Observables by name from the moments of the rows; of all kinds or of the named ones."""
        keys = tuple(keys or self._index)
        found = self._combined(keys)(jnp.asarray(moments), inputs)
        return {name: v for key in keys for name, v in zip(self._index[key], found[key].tolist(), strict=True)}

    @cache  # noqa: B019
    def _combined(self, keys):
        def combine(moments, inputs):
            result = {}
            for key in keys:
                index = jnp.asarray(list(self._index[key].values()))
                chosen = jax.tree.map(lambda x, index=index: x[index], self.rows)
                of_one = jax.vmap(lambda m, r, key=key: self.module.combine(key, m, r, inputs))
                result[key] = of_one(moments[index], chosen)
            return result

        return jax.jit(combine)


def moments(process, theory, inputs, rows):
    """Moments of one theory, by the code that every likelihood goes through: compiled once for all tests."""
    values = np.asarray(theory.wilson.values)[None]
    return evaluation.moments({process: (values, rows)}, inputs)[process][0]


def rows(entries):
    """Rows from (decay, lepton, low, high)."""
    decay, lepton, low, high = zip(*entries, strict=True)
    return Rows(jnp.asarray(decay), jnp.asarray(lepton), jnp.asarray(low, dtype=float), jnp.asarray(high, dtype=float))


def random_theory(generator):
    """Random complex coefficients of both leptons, of the size that fits allow."""
    size = {"C9": 1.5, "C10": 1.5, "C9p": 1.0, "C10p": 1.0, "CS": 0.05, "CSp": 0.05, "CP": 0.05, "CPp": 0.05}
    values = {f"{c}_bs{pair}": s for pair in ("ee", "mumu") for c, s in size.items()}
    values |= {"C7_bs": 0.2, "C7p_bs": 0.2, "C8_bs": 0.3}
    return shifted({name: s * complex(*generator.uniform(-1, 1, 2)) for name, s in values.items()})


def assert_derivatives(moments, inputs, few):
    """Forward derivatives along random directions of all coefficients and all inputs, 1e-6 of the row's largest.

    Inputs move by 1 % of their size, those whose value is zero, the power corrections, by 0.01.
    """
    generator = np.random.default_rng(11)

    def value(coefficients, values):
        theory = Theory(WilsonCoefficients(coefficients))
        return moments(theory, Inputs(values, inputs.names, inputs.set_name), few)

    coefficients, values = random_theory(generator).wilson.values, inputs.values
    moved = jnp.where(values == 0.0, 1.0, values) * generator.normal(size=values.shape) * 0.01
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
