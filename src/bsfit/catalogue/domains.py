"""Where inputs and measured values can lie, by globs of their names; free of JAX.

What lies outside is a slip: a forgotten power of ten, a sign, another unit. The first glob that fits counts.
"""

import math
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

_INF = math.inf


class Interval(NamedTuple):
    """Values between two ends, that belong to it or not."""

    low: float
    high: float = _INF
    closed: bool = True

    def holds(self, value: float) -> bool:
        """Whether a value lies in it."""
        return self.low <= value <= self.high if self.closed else self.low < value < self.high


_ABOVE_ZERO = Interval(0.0, closed=False)

_INPUTS: tuple[tuple[tuple[str, ...], Interval], ...] = (
    (("m_quark_loop", "1/lambda_*"), Interval(-_INF)),  # their own errors reach below zero
    (("V_*", "sin2_theta_w", "alpha_*", "B->Xsgamma BR_SM", "BR(*)"), Interval(0.0, 1.0)),
    (("f_eff*", "coannihilation", "charmonium_gap", "Z_mixing"), Interval(0.0, 1.0)),
    (("Lambda->ppi *", "Lambdab polarisation"), Interval(-1.0, 1.0)),
    (("DeltaGamma/Gamma_Bs",), Interval(-2.0, 2.0, closed=False)),
    (("f_N", "q_xenon", "Omega_h2_error", "QED_size*"), Interval(0.0)),
    (
        ("m_*", "* BSZ m?", "* SSE m*", "* BFW [cmt]*", "mu_b", "Gamma_*", "tau_*", "G_F", "A_xenon", "mu->e *"),
        _ABOVE_ZERO,
    ),
    (("f_*", "bag_*", "eta_B", "X_t", "C_BXlnu", "lambda_2"), _ABOVE_ZERO),
)
"""Globs of inputs, and where these lie, in powers of GeV."""


class Physical(NamedTuple):
    """Range of what a quantity can be, and of what a measured value of it is unless somebody says otherwise."""

    low: float = -_INF
    high: float = _INF
    usual_low: float = -_INF
    usual_high: float = _INF


_RATE = Physical(low=0.0, usual_high=1.0)
_RATIO = Physical(low=0.0, usual_low=0.0, usual_high=10.0)
_POSITIVE = Physical(low=0.0)
_SHARE = Physical(0.0, 1.0)
_ASYMMETRY = Physical(-1.0, 1.0)
_DIFFERENCE = Physical(-4.0, 4.0)

_QUANTITIES: tuple[tuple[str, Physical], ...] = (
    ("BR(*)/BR(*)", _RATIO),
    ("*/SM", _RATIO),
    ("Rmue", _RATIO),
    ("Remu", _RATIO),
    ("R[mt]*nu)", _RATIO),
    ("Ptau*", _ASYMMETRY),
    ("trident", _RATIO),
    ("dBR/dq2", _RATE),
    ("BR*", _RATE),
    ("H[TL]", _RATE),
    ("CR(*)", _RATE),
    ("Dmue_*", _DIFFERENCE),
    ("FL*", _SHARE),
    ("FH", Physical(0.0, 3.0)),
    ("P[4568]p", Physical(-2.0, 2.0)),
    *((glob, _ASYMMETRY) for glob in ("AFB*", "ACP*", "[SAK][0-9]*", "P[123]", "ATIm", "S_*", "ADeltaGamma*")),
    *((glob, _POSITIVE) for glob in ("DeltaM_*", "tau_*", "Omega_h2", "x_f", "sigma_*")),
)
"""Ranges of measured quantities, by globs of their keys.

Angular terms are bounded by the rate: S_i, A_i, K_i, and P_1, P_2, P_3, which the transverse rate normalises, by 1;
F_H, where the rate of B -> K ll is positive for all angles, by 3; P_i', over sqrt(F_L (1 - F_L)), by 2 or less.
"""


@cache
def of_input(name: str) -> Interval:
    """Where an input lies."""
    found = (interval for globs, interval in _INPUTS if any(fnmatchcase(name, glob) for glob in globs))
    return next(found, Interval(-_INF))


def fault_of_input(name: str, value: float) -> str | None:
    """Where an input lies, if a value of it does not."""
    interval = of_input(name)
    if interval.holds(value):
        return None
    sign = "<=" if interval.closed else "<"
    return f"{interval.low:g} {sign} {name}" + ("" if interval.high == _INF else f" {sign} {interval.high:g}")


@cache
def of_quantity(key: str) -> Physical:
    """Ranges of a quantity."""
    return next((found for glob, found in _QUANTITIES if fnmatchcase(key, glob)), Physical())


class Fault(NamedTuple):
    """What is wrong with a measured value."""

    what: str
    expected: str
    hint: str | None = None


def fault_of_value(key: str, central: float, plus: float, minus: float, unusual: bool) -> Fault | None:
    """What is wrong with a measured value of a quantity, if anything.

    It may lie outside of what is physical by five of its errors, and outside of what is usual only if that is said.
    """
    low, high, usual_low, usual_high = of_quantity(key)
    if central + 5.0 * plus < low or central - 5.0 * minus > high:
        return Fault(f"{central:g} is beyond 5 sigma of what {key} can be", _between(low, high))
    if not unusual and not usual_low <= central <= usual_high:
        hint = "if it is meant, 'unusual: true' in a file, unusual=True of a Measurement"
        return Fault(f"{central:g} is unusual for {key}", _between(usual_low, usual_high), hint)
    return None


def _between(low: float, high: float) -> str:
    if high == _INF:
        return f"{low:g} or more"
    return f"{high:g} or less" if low == -_INF else f"{low:g} to {high:g}"
