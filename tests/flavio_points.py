"""Rows and combinations behind the observable names of tests/reference/flavio_bins.json."""

import re
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np

from bsfit import evaluation
from bsfit.catalogue import LEPTONS, PROCESSES
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
