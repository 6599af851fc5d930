"""Rows and combinations behind the observable names of tests/reference/flavio_bins.json."""

import re

import jax
import jax.numpy as jnp

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
        result = {}
        for key in keys or self._index:
            index = jnp.asarray(list(self._index[key].values()))
            chosen = jax.tree.map(lambda x, index=index: x[index], self.rows)
            combine = jax.vmap(lambda m, r, key=key: self.module.combine(key, m, r, inputs))
            result |= dict(zip(self._index[key], combine(moments[index], chosen).tolist(), strict=True))
        return result


def rows(entries):
    """Rows from (decay, lepton, low, high)."""
    decay, lepton, low, high = zip(*entries, strict=True)
    return Rows(jnp.asarray(decay), jnp.asarray(lepton), jnp.asarray(low, dtype=float), jnp.asarray(high, dtype=float))
