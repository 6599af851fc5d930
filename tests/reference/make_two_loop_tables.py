"""Make src/bsfit/data/two_loop/chebyshev.json and the exact points of tests/reference/two_loop_exact.json.

    python make_two_loop_tables.py ../../src/bsfit/data/two_loop/chebyshev.json two_loop_exact.json

Needs numpy, mpmath and eoshep 1.0.21 (about ten minutes). The massless functions, those of O_8 and the vacuum
polarisation come from their closed forms at 40 digits; the charm functions are the exact two-loop ones of 1912.09099,
evaluated by diagram: "Qsb", photon from the b or s quark, with its counterterms; "c", "d", photon from charm; mu = m_b.
Each is a short polynomial in the right variables only: those are what the section on fits is about.
"""

import json
import sys
from functools import cache

import eos
import mpmath as mp
import numpy as np
from numpy.polynomial.chebyshev import chebvander

mp.mp.dps = 40
S_MAX, RATIO = 1.15, (0.20, 0.43)  # q2/m_b^2 up to S_MAX; range of m_c/m_b
R_MAX = 9.0  # q2/4m_c^2 up to R_MAX in the vacuum polarisation
SAFE = mp.mpf(10) ** -35  # the side of the cut


# ------------------------------------------------------------------------------------------------ closed forms
def acot(x):
    return mp.pi / 2 - mp.atan(x)


def dilog_pair(s):
    """Li2(s) + ln(s) ln(1-s), regular at s = 1."""
    return mp.pi**2 / 6 - mp.polylog(2, 1 - s)


def seidel_a(s):
    """Eq. (29) of hep-ph/0403185 at mu = m_b."""
    w, pi, log = mp.sqrt(4 / s - 1), mp.pi, mp.log
    total = 4 * s / (27 * (1 - s)) * dilog_pair(s)
    rational = 785 - 1600 * s + 833 * s**2 + 6j * pi * (20 - 49 * s + 47 * s**2)
    total += (6 * s * (29 - 47 * s) * log(s) + rational) / (729 * (1 - s) ** 2)
    third = 2 * w * (-4 + 9 * s - 15 * s**2 + 4 * s**3) * acot(w)
    third += 9 * s**3 * log(s) ** 2 + 18j * pi * s * (1 - 2 * s) * log(s)
    total -= 2 * third / (243 * (1 - s) ** 3)
    fourth = 36 * acot(w) ** 2 + pi**2 * (-4 + 9 * s - 9 * s**2 + 3 * s**3)
    return total + 2 * s * fourth / (243 * (1 - s) ** 4)


def seidel_b(s):
    """Eq. (30) of hep-ph/0403185 at mu = m_b."""
    w, pi, log = mp.sqrt(4 / s - 1), mp.pi, mp.log
    l1, l2 = log((1 + 1j * w) / 2), log((1 - 1j * w) / 2)
    l3, l4 = log((1 + 1j / w) / 2), log((1 - 1j / w) / 2)
    logs = -9 * l1**2 + l2**2 - 2 * l4**2 + 6 * l1 * l2 - 4 * l1 * l3 + 8 * l1 * l4
    lw = log(w**2)
    first = -18 * pi * lw + 3j * lw**2 - 24j * mp.polylog(2, -mp.exp(l2 - l1)) - 5j * pi**2
    first += 6j * logs - 12 * pi * (2 * l1 + l3 + l4)
    total = (2 + s) * w / (729 * s) * first
    second = 4 * s * (-8 + 17 * s) * dilog_pair(s) + 3 * (2 + s) * (3 - s) * (l2 - l1) ** 2
    total -= 2 * (second + 12 * pi * (-6 - s + s**2) * acot(w)) / (243 * s * (1 - s))
    third = -18 * s * (120 - 211 * s + 73 * s**2) * log(s) - 288 - 8 * s + 934 * s**2 - 692 * s**3
    total += 2 * (third + 18j * pi * s * (82 - 173 * s + 73 * s**2)) / (2187 * s * (1 - s) ** 2)
    fourth = -2 * w * (4 - 3 * s - 18 * s**2 + 16 * s**3 - 5 * s**4) * acot(w) - 9 * s**3 * log(s) ** 2
    fourth += 2j * pi * s * (8 - 33 * s + 51 * s**2 - 17 * s**3) * log(s)
    total -= 4 * fourth / (243 * s * (1 - s) ** 3)
    poly = 54 - 53 * s - 286 * s**2 + 612 * s**3 - 446 * s**4 + 113 * s**5
    return total + 2 * (72 * (3 - 8 * s + 2 * s**2) * acot(w) ** 2 - pi**2 * poly) / (729 * s * (1 - s) ** 4)


def b0(s):
    return -2 * mp.sqrt(4 / s - 1) * mp.atan(1 / mp.sqrt(4 / s - 1))


def c0(s):
    return mp.quad(lambda x: mp.log(x * x / (1 - x * (1 - x) * s)) / (x * (1 - s) + 1), [0, 0.25, 0.5, 1])


def f_87(s):
    """Eq. (82) of hep-ph/0106067 at mu = m_b."""
    total = -8 * s * mp.log(s) / (9 * (1 - s)) - mp.mpf(8) / 9 * 1j * mp.pi
    total -= 4 * (11 - 16 * s + 8 * s**2) / (9 * (1 - s) ** 2)
    return total + 4 * ((9 * s - 5 * s**2 + 2 * s**3) * b0(s) - (4 + 2 * s) * c0(s)) / (9 * (1 - s) ** 3)


def f_89(s):
    """Eq. (83) of hep-ph/0106067."""
    total = 16 * mp.log(s) / (9 * (1 - s)) + 8 * (5 - 2 * s) / (9 * (1 - s) ** 2)
    return total - 8 * (4 - s) * ((1 + s) * b0(s) - 2 * c0(s)) / (9 * (1 - s) ** 3)


def polarisation(r):
    """Two-loop vacuum polarisation of 9606230, on-shell mass, zero at r = q2/4m^2 = 0, without the factor 3/16pi^2."""
    z, li = mp.mpc(r, SAFE), mp.polylog
    v = mp.sqrt(1 - 1 / z)
    u = (v - 1) / (v + 1)
    lu, lp, lm = mp.log(u), mp.log(1 + u), mp.log(1 - u)
    g = 2 * u * lu / (u**2 - 1)
    i = 6 * (mp.zeta(3) + 4 * li(3, -u) + 2 * li(3, u)) - 8 * (2 * li(2, -u) + li(2, u)) * lu
    i -= 2 * (2 * lp + lm) * lu**2
    slope = (8 * li(2, -u) + 4 * li(2, u) + (8 * lp + 4 * lm) * lu) / u + (2 / (1 - u) - 4 / (1 + u)) * lu**2
    bracket = i / z + 2 * z * (1 - z) * (slope * 4 * u**2 / (1 - u**2) / z - i / z**2)
    total = mp.mpf(5) / 6 + mp.mpf(13) / (6 * z) - (1 - z) * (3 + 2 * z) / z * g
    return total + (1 - z) * (1 - 16 * z) / (6 * z) * g**2 - (1 + 2 * z) / (6 * z) * bracket


def polarisation_log(r):
    """Coefficient of ln(r - 1)/2 in `polarisation` above threshold, where it is the Coulomb singularity."""
    b = mp.sqrt(1 - 1 / r)
    w = 2 * mp.atanh(b)
    return -(1 + 2 * r) / (6 * r) * ((4 * mp.pi**2 - 8j * mp.pi * w) * (2 - 1 / r) + 16j * mp.pi * b)


# ------------------------------------------------------------------------------------- exact two-loop diagrams
class Diagrams:
    """The diagrams of 1912.09099 at mu = m_b = 1 as EOS evaluates them, for real q2/m_b^2 and z = (m_c/m_b)^2."""

    def __init__(self):
        self.parameters = eos.Parameters.Defaults()
        self.mass = self.parameters["mass::c"]
        self.parameters["mass::b(MSbar)"].set(1.0)
        self.parameters["sb::mu"].set(1.0)

    @cache  # noqa: B019
    def _observables(self, function, diagram):
        point = eos.Kinematics(**{"Re{q2}": 1.0, "Im{q2}": 0.0})
        options = eos.Options(contribution=diagram)
        names = [f"b->s::{part}{{{function}}}(Re{{q2}},Im{{q2}})" for part in ("Re", "Im")]
        return point, [eos.Observable.make(n, self.parameters, point, options) for n in names]

    def __call__(self, function, diagrams, s, z):
        total = 0.0
        for diagram in diagrams:
            point, (real, imaginary) = self._observables(function, diagram)
            self.mass.set(float(np.sqrt(z)))
            point["Re{q2}"].set(float(s))
            total += complex(real.evaluate(), imaginary.evaluate())
        return total

    def patiently(self, function, diagrams, s, z):
        """A few points are refused (a step function at 0); a nudge of 1e-13 helps, else the point is left out."""
        for k in range(4):
            try:
                return self(function, diagrams, s * (1 + k * 1e-13), z * (1 - k * 3e-14))
            except RuntimeError:
                continue
        return np.nan


def logarithm_moments(s, z):
    """Integrals of 6x(1-x) ln^k(z - x(1-x)s - i0) over (0, 1), k = 1, 2; nodes cluster where the argument vanishes."""
    u, w = _legendre()
    root = (1 - np.sqrt(max(1 - 4 * z / s, 0.0))) / 2
    total = np.zeros(2, complex)
    for end, side in ((0.0, 0), (0.5, 1)):
        distance = abs(end - root) * u**4
        x, weight = root + np.sign(end - root) * distance, 4 * abs(end - root) * u**3 * w
        argument = s * distance * (1 - root - x) if s > 4 * z else z - x * (1 - x) * s
        log = np.log(np.abs(argument)) - 1j * np.pi * (side == 1 and s > 4 * z)
        total += 2 * np.array([(weight * 6 * x * (1 - x) * log**k).sum() for k in (1, 2)])
    return total


@cache
def _legendre():
    x, w = np.polynomial.legendre.leggauss(300)
    return (x + 1) / 2, w / 2


def counterterms(s, z):
    """Diagram e and the charm counterterms of F_29, less what the vacuum polarisation (-3C) accounts for."""
    first, second = logarithm_moments(s, z)
    return -16 / 9 * (second + np.pi**2 / 6) - 128 / 27 * first


# --------------------------------------------------------------------------------------------------------- fits
def unit_nodes(n):
    return (1 + np.cos(np.pi * (np.arange(n) + 0.5) / n)) / 2


def log_basis(s, n):
    """T_k(s) times 1, ln s, s^2 ln^2 s: all the singularities a massless quark leaves at s = 0."""
    t, log = chebvander(2 * s / S_MAX - 1, n - 1), np.log(s)
    return np.concatenate([t, t * log[..., None], t * (s * log)[..., None] ** 2], -1)


def threshold_basis(v, n, n_log, power):
    """T_k(v) and v^power ln(v) T_k(v): v is the square root of the distance to the threshold."""
    t = chebvander(2 * v - 1, n - 1)
    return np.concatenate([t, (v**power * np.log(v))[..., None] * t[..., :n_log]], -1)


def precise_fit(rows, values):
    return [complex(c) for c in mp.qr_solve(mp.matrix(rows), mp.matrix(values))[0]]


def robust_fit(rows, values, weights):
    """Weighted least squares that leaves out points the oracle refused or, at isolated spots, got wrong."""
    good = np.isfinite(values) & (np.abs(values) < 200)
    for _ in range(12):
        c = np.linalg.lstsq((weights[:, None] * rows)[good], (weights * values)[good], rcond=None)[0]
        miss = np.where(np.isfinite(values), np.abs(weights * (rows @ c - values)), np.inf)
        keep = miss < max(1e-7, 30 * np.median(miss[good]))
        if (keep == good).all():
            break
        good = keep
    print(f"    {good.sum()} of {good.size} points, worst {miss[good].max():.1e}")
    return c


def massless_table(function, n=9):
    """Coefficients [1, ln s, s^2 ln^2 s][n]."""
    nodes = [S_MAX * mp.mpf(x) ** 2 for x in unit_nodes(4 * n)]
    chebyshev = [[mp.chebyt(k, 2 * s / S_MAX - 1) for k in range(n)] for s in nodes]
    rows = [
        [t * g for g in (1, mp.log(s), (s * mp.log(s)) ** 2) for t in ts]
        for s, ts in zip(nodes, chebyshev, strict=True)
    ]
    return np.reshape(precise_fit(rows, [function(s) for s in nodes]), (3, n))


def polarisation_tables():
    """Below threshold in v = sqrt(1 - r), above in v = sqrt(ln r / ln R_MAX)."""
    n, n_log = 14, 10
    nodes = [mp.mpf(v) for v in unit_nodes(60)]
    chebyshev = [[mp.chebyt(k, 2 * v - 1) for k in range(n)] for v in nodes]
    rows = [t + [mp.log(v) * x for x in t[:n_log]] for v, t in zip(nodes, chebyshev, strict=True)]
    below = precise_fit(rows, [mp.re(polarisation(1 - v**2)) for v in nodes])
    above, m = [], 24
    nodes = [mp.mpf(v) for v in unit_nodes(m)]
    r = [mp.exp(mp.log(R_MAX) * v**2) for v in nodes]
    logs = [polarisation_log(x) for x in r]
    regular = [polarisation(x) - c * mp.log(v) for x, c, v in zip(r, logs, nodes, strict=True)]
    angle = [mp.pi * (k + mp.mpf(1) / 2) / m for k in range(m)]
    for values in (regular, logs):
        c = [2 * sum(f * mp.cos(j * a) for f, a in zip(values, angle, strict=True)) / m for j in range(m)]
        above.append(np.array([complex(c[0] / 2)] + [complex(x) for x in c[1:]]))
    return {"below": [np.real(below[:n]), np.real(below[n:])], "above": above}


def charm_tables(diagrams, n_ratio=14):
    """Of A and B: photon from b or s [3][n][n_ratio]; photon from charm, regular and logarithmic [n][n_ratio]."""
    x = unit_nodes(16)
    ratios, across = RATIO[0] + (RATIO[1] - RATIO[0]) * x, chebvander(2 * x - 1, n_ratio - 1)
    a, b = {}, {}
    s = 2e-4 + (S_MAX - 2e-4) * unit_nodes(56) ** 1.5
    a["quarks"], b["quarks"] = quark_photon_tables(diagrams, s[abs(s - 1) > 0.03], ratios, across)
    v = unit_nodes(32)
    below = [np.maximum(4 * m**2 * (1 - v**2), 2e-4) for m in ratios]
    above = [4 * m**2 * np.exp(v**2 * np.log(S_MAX / (4 * m**2))) for m in ratios]
    a["below"], b["below"] = charm_photon_tables(diagrams, np.array(below), ratios, across)
    a["above"], b["above"] = charm_photon_tables(diagrams, np.array(above), ratios, across)
    return a, b


def closeness(s):
    """Weight: the closed forms cancel like (1-s)^-4 at s = 1, and the oracle's i0 of 1e-12 is felt there."""
    return np.minimum(1, abs(1 - s) / 0.3) ** 4


def quark_photon_tables(diagrams, s, ratios, across, n=6):
    for function in ("F27", "F29"):
        values = np.array([[diagrams.patiently(function, ["Qsb"], q, m**2) for m in ratios] for q in s]) / 6
        rows = (log_basis(s, n)[:, None, :, None] * across[None, :, None, :]).reshape(values.size, -1)
        weights = np.repeat(closeness(s), len(ratios))
        yield robust_fit(rows, values.ravel(), weights).reshape(3, n, -1)


def charm_photon_tables(diagrams, s, ratios, across, n=14, n_log=6, power=2):
    s = np.where(abs(s - 1) < 0.03, np.where(s < 1, 0.97, 1.03), s)
    z = np.array(ratios)[:, None] ** 2 + 0 * s
    gap = np.where(s < 4 * z, 1 - s / (4 * z), np.log(s / (4 * z)) / np.log(S_MAX / (4 * z)))
    v = np.sqrt(np.maximum(gap, 1e-30))
    weights = (closeness(s) * np.minimum(1, (v / 0.05) ** 2 + 1e-6)).ravel()
    rows = (threshold_basis(v, n, n_log, power)[..., None] * across[:, None, None, :]).reshape(s.size, -1)
    points = list(zip(s.ravel(), z.ravel(), strict=True))
    for function in ("F27", "F29"):
        values = [diagrams.patiently(function, "cd", *p) for p in points]
        values = np.array(values) + [counterterms(*p) if function == "F29" else 0.0 for p in points]
        c = robust_fit(rows, values / 6, weights).reshape(n + n_log, -1)
        yield [c[:n], c[n:]]


# ------------------------------------------------------------------------------------------------------- output
def numbers(x):
    if isinstance(x, dict):
        return {k: numbers(v) for k, v in x.items()}
    if isinstance(x, list):
        return [numbers(v) for v in x]
    x = np.asarray(x)
    return {"re": x.real.tolist(), "im": x.imag.tolist()} if np.iscomplexobj(x) else {"re": x.tolist()}


def tables(diagrams):
    a, b = charm_tables(diagrams)
    massless = {"A": seidel_a, "B": seidel_b, "F_87": f_87, "F_89": f_89}
    return {
        "what": "Chebyshev coefficients of two-loop b -> s l l functions at mu = m_b; layout in hadronic/two_loop.py",
        "sources": {
            "massless A, B": "hep-ph/0403185, eqs. (29), (30), closed form",
            "massless F_87, F_89": "hep-ph/0106067, eqs. (82), (83), closed form",
            "polarisation": "two-loop vacuum polarisation with on-shell mass, closed form as in hep-ph/9606230",
            "charm A, B": "1912.09099, exact two-loop diagrams",
        },
        "via": f"charm: EOS {eos.__version__}, observables b->s::F27, F29 by diagram; rest: 40-digit evaluation",
        "made_by": "tests/reference/make_two_loop_tables.py",
        "s_max": S_MAX,
        "ratio": RATIO,
        "r_max": R_MAX,
        "massless": numbers({k: massless_table(f) for k, f in massless.items()}),
        "polarisation": numbers(polarisation_tables()),
        "charm": numbers({"A": a, "B": b}),
    }


def exact_points(diagrams, n=150):
    """Complete functions at random points, none of them used in the fits."""
    rng = np.random.default_rng(7)
    points = [(rng.uniform(0.004, 1.12), rng.uniform(0.21, 0.42) ** 2) for _ in range(n)]
    points += [(10 ** rng.uniform(-4, -2), rng.uniform(0.21, 0.42) ** 2) for _ in range(n // 5)]
    points = [(s, z) for s, z in points if abs(s - 1) > 0.1 and abs(s - 4 * z) > 1e-3]
    rows = [[s, z, *(diagrams.patiently(f, ["all"], s, z) for f in ("F17", "F27", "F19", "F29"))] for s, z in points]
    light = [(s, 1e-4, *(diagrams.patiently(f, ["all"], s, 1e-4) for f in ("F27", "F29"))) for s in (0.1, 0.3, 0.6)]
    spread = [[v for x in row for v in ((x.real, x.imag) if isinstance(x, complex) else (x,))] for row in rows]
    return {
        "what": "exact F_1,2^(7,9) at mu = m_b of 1912.09099; columns s, z, then Re and Im of F_17, F_27, F_19, F_29",
        "via": f"EOS {eos.__version__}",
        "points": [r for r in spread if np.isfinite(r).all()],
        "nearly_massless": [[s, z, f.real, f.imag, g.real, g.imag] for s, z, f, g in light],
    }


if __name__ == "__main__":
    oracle = Diagrams()
    for path, make in zip(sys.argv[1:], (tables, exact_points), strict=True):
        with open(path, "w") as file:
            json.dump(make(oracle), file, separators=(",", ":"))
            file.write("\n")
