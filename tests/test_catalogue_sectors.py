"""Dark sectors of four models of the catalogue: independent widths and relic densities.

Three are models, the other is put together from the blocks, with couplings computed here from the parameters of the
stored points: fermions through a Z' with and without vectors in the final state, axial couplings with the dark Higgs
boson, scalars in the t channel that interfere, real scalars.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit import catalogue
from bsfit.dark_matter.relic_density import relic_density
from bsfit.dark_sector.annihilation import FermionPairs, VectorExchange
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import DarkHiggs, FermionVectorPair
from bsfit.dark_sector.thermal import average
from bsfit.dark_sector.thermal.plasma import TabulatedPlasma
from bsfit.loading.inputs import load_inputs
from bsfit.predictions.bound_model import module_of
from bsfit.standard_model.ckm import ckm
from bsfit.theory import DarkSector

REFERENCE = load_inputs("reference")
CKM = np.asarray(ckm(REFERENCE))
MASSES = {
    "up": (0.00216, 1.27, 172.69),
    "down": (0.00467, 0.0934, 4.18),
    "electron": (0.00051099895, 0.1056583755, 1.77686),
    "neutrino": (0.0, 0.0, 0.0),
}
COLOURS = {"up": 3, "down": 3, "electron": 1, "neutrino": 1}
TOP = jnp.asarray([172.69, 2 * 172.69])


def final_states(couplings):
    """Pairs of fermions from 3 x 3 matrices, left- and right-handed, by name."""
    rows = []
    for name, (left, right) in couplings.items():
        m = MASSES[name]
        rows += [(COLOURS[name], m[i], m[j], left[i, j], right[i, j]) for i in range(3) for j in range(3)]
    weight, m1, m2, left, right = (jnp.stack([jnp.asarray(x) for x in column]) for column in zip(*rows, strict=True))
    return FermionPairs(weight.astype(float), m1, m2, left + 0j, right + 0j)


def diagonal(*values):
    return jnp.diag(jnp.stack([jnp.asarray(v, dtype=float) for v in values])) + 0j


def turned(a, b):
    """Left-handed down quarks of charges (a, a, b) in the basis of the up quarks."""
    return a * jnp.eye(3) + (b - a) * np.outer(CKM[2].conj(), CKM[2])


NONE = jnp.zeros((3, 3), dtype=complex)


def sector(current, m_zp, pairs, others=(), poles=(), kind="Dirac"):
    """Width of the Z', and dark matter that annihilates through it and otherwise."""
    width = pairs.width(m_zp) + current.width(m_zp)
    exchange = VectorExchange(current, m_zp, width, pairs, TOP)
    channels = (exchange, *(make(width) for make in others))
    masses = jnp.stack([m_zp, *(p[0] for p in poles)])
    widths = jnp.stack([width, *(p[1] for p in poles)])
    dof = {"Dirac": 4.0, "Majorana": 2.0}[kind]
    return width, DarkSector(current.m1[None], jnp.full(1, dof), channels, masses, widths, kind)


def dark_higgs(p):
    return DarkHiggs(p["m_phi"], p["Gamma_phi_over_m"] * p["m_phi"])


def higgs_pole(p):
    """Of a dark Higgs boson, as wide as the reference has it."""
    return ((p["m_phi"], jnp.maximum(p["Gamma_phi_over_m"], 1e-3) * p["m_phi"]),)


def hidden(p, majorana):
    s, c = jnp.sin(p["theta_sb"]), jnp.cos(p["theta_sb"])
    down = p["g_b"] * jnp.stack([jnp.zeros(3), jnp.stack([0 * s, s * s, s * c]), jnp.stack([0 * s, s * c, c * c])])
    leptons = diagonal(0.0, p["g_mu"], 0.0)
    pairs = final_states({"up": (CKM @ down @ CKM.conj().T, NONE), "down": (down, NONE), "electron": (leptons, NONE),
                          "neutrino": (leptons, NONE)})  # fmt: skip
    if not majorana:
        current = DarkCurrent.dirac(p["m_chi"], p["g_chi"])
        return sector(current, p["m_Zp"], pairs, [lambda _: FermionVectorPair(current, p["m_Zp"])])
    current = DarkCurrent.majorana(p["m_chi"], p["g_chi"])
    others = [lambda _: FermionVectorPair(current, p["m_Zp"], dark_higgs(p))]
    return sector(current, p["m_Zp"], pairs, others, higgs_pole(p), kind="Majorana")


def of_model(row, p):
    """Those of a model, which takes the stored parameters but for the name of the gauge coupling."""
    theory = module_of(catalogue.MODELS[row]).theory({**p, "g_X": p["g"]}, REFERENCE)
    return theory.quantities["Gamma_Zp"], theory.dark


def charges(p, name):
    return of_model(f"charges-{name}", {"Lambda": 5000.0, **p})


def xb3(p):
    return of_model("xb3", {"Lambda": 5000.0, **p})


def relic(p):
    return of_model("relic", {"Lambda": 5000.0, "g": p["g_X"], **p})


SECTORS = {
    "cline_1702.00395": hidden,
    "ellis_1705.03447": charges,
    "ko_1701.05788": xb3,
    "belanger_1507.06660": relic,
}
DISCRETE = {"kind": lambda kind: kind == "majorana", "charges": str}
PAIRS_PER_EFFECTIVE = {"Dirac": 2.0}


@functools.cache
def solver(model, *choice):
    """Width, relic density and average at x = 25 of a pair, compiled once for each model and choice."""

    def solve(params, plasma):
        width, dark = SECTORS[model](params, *choice)
        found = average.averages(average.integrand(dark, 1e6), dark, jnp.asarray([25.0]))[0]
        pairs = PAIRS_PER_EFFECTIVE.get(dark.kind, 1.0)
        return width, relic_density(dark, plasma).omega_h2, pairs * found

    return jax.jit(solve)


@pytest.fixture(scope="module")
def laine_meyer(reference):
    table = reference("laine_meyer.json")
    return TabulatedPlasma.of_table(np.array(table["T_GeV"]), np.array(table["g"]), np.array(table["h"]))


def points(reference, model):
    stored = reference("catalogue_z_prime.json")[model]
    return [stored["benchmark"], *stored["random"]]


def check(model, stored, plasma):
    params = dict(stored["parameters"])
    choice = [convert(params.pop(name)) for name, convert in DISCRETE.items() if name in params]
    params = {"Gamma_phi_over_m": 0.0, **params}
    given = {name: jnp.asarray(v, dtype=float) for name, v in params.items() if v is not None}
    width, omega, sigma_v = (float(x) for x in solver(model, *choice)(given, plasma))
    assert width == pytest.approx(stored["width"], rel=1e-6)
    assert sigma_v == pytest.approx(stored["sv_x25"], rel=1e-4)
    assert omega == pytest.approx(stored["omega"], rel=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("model", ["ellis_1705.03447", "belanger_1507.06660"])
def test_benchmarks(model, reference, laine_meyer):
    """Widths 1e-6, averages 1e-4, densities 1e-3."""
    check(model, points(reference, model)[0], laine_meyer)


@pytest.mark.long
@pytest.mark.parametrize("model", SECTORS)
def test_every_stored_point(model, reference, laine_meyer):
    """The same."""
    for stored in points(reference, model):
        check(model, stored, laine_meyer)


@pytest.mark.long
@pytest.mark.parametrize("model", SECTORS)
def test_derivatives(model, reference):
    """Of ln Omega_h2 by the logarithm of every parameter, against differences: 1e-5 of the largest."""
    stored = points(reference, model)[0]
    params = dict(stored["parameters"])
    choice = [convert(params.pop(name)) for name, convert in DISCRETE.items() if name in params]
    params = {"Gamma_phi_over_m": 0.01, **params}
    names = [name for name, v in params.items() if v not in (None, 0.0)]
    fixed = {name: jnp.zeros(()) for name in params if name not in names}
    start = jnp.asarray([float(params[name]) for name in names])

    def log_omega(scales):
        given = {**fixed, **dict(zip(names, start * (1 + scales), strict=True))}
        return jnp.log(relic_density(SECTORS[model](given, *choice)[1]).omega_h2)

    found = np.asarray(jax.jit(jax.grad(log_omega))(jnp.zeros(len(names))))
    h = 2e-4
    steps = h * jnp.concatenate([k * jnp.eye(len(names)) for k in (-2, -1, 1, 2)])
    v = np.asarray(jax.jit(jax.vmap(log_omega))(steps)).reshape(4, -1)
    expected = (v[0] - 8 * v[1] + 8 * v[2] - v[3]) / (12 * h)
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.max(np.abs(expected)))
