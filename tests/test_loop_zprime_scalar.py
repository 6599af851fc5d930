"""Z' that a split scalar couples to quarks: its coupling, dark matter, verdicts, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from dirac_matrices import METRIC
from finite_differences import assert_derivatives, assert_slopes_of_a_density
from one_model import REFERENCE, OneModel
from scipy.integrate import quad
from scipy.special import kve
from two_bodies import kinematics

from bsfit import catalogue
from bsfit.compiling import compiled_for
from bsfit.dark_matter import relic_density
from bsfit.dark_sector.thermal import average
from bsfit.models import flavour_scalar

MODEL = OneModel("loop_zprime_scalar")
ROW, POINT, at, failed = MODEL.row, MODEL.point, MODEL.at, MODEL.failed


def c9(theory):
    return complex(theory.wilson["C9_bsmumu"] - theory.quantities["C9_photon"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("masses", "expected", "box"),
    [
        ((100.0, 300.0, 1000.0), -0.031, 0.156),
        ((100.0, 1000.0, 1000.0), -0.341, 0.094),
        ((100.0, 3000.0, 1000.0), -1.24, 0.035),
        ((300.0, 1000.0, 1500.0), -0.118, 0.051),
    ],
)
def test_the_shift_takes_a_large_splitting(masses, expected, box):
    """C9 of an independent derivation, and the box of Delta M_s falling where it grows, in the digits printed."""
    m_r, m_i, m_q = masses
    found = at(m_R=m_r, m_I=m_i, m_Q=m_q)
    assert c9(found).real == pytest.approx(expected, rel=0.02)
    first = at(m_R=100.0, m_I=300.0, m_Q=1000.0).quantities["C_bs_LL_box"]
    assert complex(found.quantities["C_bs_LL_box"] / first) == pytest.approx(box / 0.156, rel=0.02)


@pytest.mark.slow
def test_nothing_without_splitting():
    """Exactly no coupling of b and s: C9 is the photon penguin, no tau; with the square of the splitting after that."""
    found = at(m_I=100.0)
    assert complex(found.quantities["D_sb"]) == 0
    assert complex(found.wilson["C9_bsmumu"]) == complex(found.wilson["C9_bstautau"])
    assert complex(found.wilson["CL_bsnumunumu"]) == 0
    assert not any(np.any(x) for x in at(m_I=100.1).dark.vector.values())
    assert any(np.any(x) for x in found.dark.vector.values())
    small, twice = (abs(complex(at(m_I=100.0 + d).quantities["D_sb"])) for d in (1e-4, 2e-4))
    assert twice / small == pytest.approx(4.0, rel=1e-4)


def test_muons_and_taus_are_opposite_and_depend_on_the_vacuum_alone():
    found = at()
    both = found.wilson["C9_bsmumu"] + found.wilson["C9_bstautau"]
    assert complex(both) == pytest.approx(2 * complex(found.quantities["C9_photon"]), rel=1e-9)
    assert complex(found.wilson["CL_bsnumunumu"]) == pytest.approx(c9(found) / 2, rel=1e-12)
    assert complex(found.wilson["C10_bsmumu"]) == 0
    assert c9(at(g_X=0.5, m_Zp=300.0)) == pytest.approx(c9(found), rel=1e-12)
    assert c9(at(x=-1.0)).real == pytest.approx(-c9(found).real, rel=1e-12)
    assert c9(found).real < 0


@pytest.mark.slow
def test_the_quarks_box_is_that_of_the_split_scalar_model():
    """The same line of quarks: dipoles, photon penguin, Delta F = 2."""
    found, x = at(), {**POINT, "m_X": 100.0, "m_L": 3000.0}
    model = catalogue.MODELS["flavour_scalar-split"]
    point = {p.name: float(x.get(p.name, p.default or 0.0)) for p in model.parameters}
    other = jax.jit(flavour_scalar.Split.theory)(point, REFERENCE)
    for name in ("C7_bs", "C8_bs"):
        assert complex(found.wilson[name]) == pytest.approx(complex(other.wilson[name]), rel=1e-12)
    for ours, theirs in (("C_bs_LL_box", "C_bs_LL"), ("C9_photon", "C9_photon")):
        assert complex(found.quantities[ours]) == pytest.approx(complex(other.quantities[theirs]), rel=1e-12)


def test_width_of_the_scalar_that_splits():
    """By its definition: the coupling of phi to R is the slope of m_R^2, that to the Z' of m_Zp^2."""
    dark = at(m_phi=700.0, m_R=100.0, m_I=320.0, m_Zp=300.0).dark
    v, m = 300.0 / 2, 700.0
    channel = next(c for c in dark.channels if c.name == "vector pairs")
    slope = (320.0**2 - 100.0**2) / (2 * v)
    scalars = sum(slope**2 * np.sqrt(1 - 4 * x**2 / m**2) / (32 * np.pi * m) for x in (100.0, 320.0))
    r = (300.0 / m) ** 2
    vectors = m**3 / (32 * np.pi * v**2) * np.sqrt(1 - 4 * r) * (1 - 4 * r + 12 * r**2)
    assert float(channel.breaking.widths[0]) == pytest.approx(scalars + vectors, rel=1e-10)


# ------------------------------------------------------------------------------- pairs of the Z' at a stored point

COSINES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def amplitude(momenta, first, second, exchanged, contact=1.0):
    """That of two R, over 2 g^2: both legs of L = g (R dI - I dR) Z' as they are, and (g^2/2) R^2 Z'^2 of |D chi|^2."""
    p1, p2, k1, k2 = momenta
    q, r = p1 - k1, p1 - k2
    t, u = (x @ METRIC @ x - exchanged**2 for x in (q, r))
    e1, e2 = METRIC @ first, METRIC @ second
    legs = (p1 + q) @ e1 * ((p2 - q) @ e2) / t + (p1 + r) @ e2 * ((p2 - r) @ e1) / u
    return contact * (first @ e2) + legs / 2


def polarisations(k, mass):
    """Two across the momentum, one along it."""
    size = np.linalg.norm(k[1:])
    along, across = k[1:] / size, np.array([0.0, 1.0, 0.0])
    return (*(np.append(0.0, way) for way in (across, np.cross(along, across))), np.append(size, k[0] * along) / mass)


def strength(s, external, exchanged, m_zp, coupling, contact=1.0):
    """lambda sigma of two of one part, polarisation by polarisation."""
    total, p, k = 0.0, 0.0, 0.0
    for cosine, weight in zip(COSINES, WEIGHTS, strict=True):
        *momenta, p, k = kinematics(s, external, external, m_zp, m_zp, cosine)
        for first in polarisations(momenta[2], m_zp):
            for second in polarisations(momenta[3], m_zp):
                total += weight / 2 * amplitude(momenta, first, second, exchanged, contact) ** 2
    return p * k / (4 * np.pi) * (2 * coupling**2) ** 2 * total / 2


def sigma_v_of_pairs(point, x, contact=1.0):
    """<sigma v> of R and I together into two Z', GeV^-2, over the energy by scipy."""
    m_r, m_i, m_zp = point["m_R"], point["m_I"], point["m_Zp"]
    t, found = m_r / x, 0.0
    for external, exchanged in ((m_r, m_i), (m_i, m_r)):

        def integrand(u, external=external, exchanged=exchanged):
            root = 2 * external + t * u**2
            bessel = kve(1, root / t) * np.exp((2 * m_r - root) / t)
            return 4 * t * u * bessel * strength(root**2, external, exchanged, m_zp, point["g_X"] * point["x"], contact)

        found += quad(integrand, 1e-8, 6.0, epsrel=1e-7)[0]
    density = sum(m**2 * kve(2, m / t) * np.exp((m_r - m) / t) for m in (m_r, m_i))
    return found / (8 * t * density**2)


def test_the_contact_is_that_of_a_gauge_symmetry():
    """Ward: a polarisation along its momentum gives nothing without splitting, for any mass of the Z'."""
    *momenta, _, _ = kinematics(4.3, 1.0, 1.0, 0.9, 0.9, 0.3)
    for second in polarisations(momenta[3], 0.9):
        assert abs(amplitude(momenta, momenta[2], second, 1.0)) < 1e-12
        assert abs(amplitude(momenta, momenta[2], second, 1.1)) > 1e-3 or second[2] != 0


def stored_point(reference, number):
    """Parameters, by our names, and the values."""
    names, entry = (
        reference("catalogue_names.json")["loop_zprime_scalar"]["parameters"],
        reference("catalogue_loops.json")["loop_zprime_scalar"][number],
    )
    given = entry["parameters"]
    point = {ours: given[theirs] for theirs, ours in names.items() if theirs != "lamQ"}
    for name, (real, imaginary) in zip(names["lamQ"], given["lamQ"], strict=True):
        point |= {name: real, f"{name}_im": imaginary}
    return point, entry["values"]


@pytest.mark.long
def test_pairs_of_the_z_prime_at_a_stored_point(reference):
    """They raise <sigma v> of the channels stored by 47 at x = 25, by 6.5 if their contact were forgotten."""
    point, values = stored_point(reference, 2)
    dark, x = at(**point).dark, jnp.array([22.0, 25.0])

    def averages(dark):
        return average.channel_averages(average.integrand(dark, 1e6), dark, x)

    every = np.asarray(compiled_for(averages, dark)(dark))
    of_pairs = np.array([channel.name.startswith("vector pairs") for channel in dark.channels])
    pairs, others = every[of_pairs].sum(axis=0), every[~of_pairs].sum(axis=0)
    assert pairs == pytest.approx([sigma_v_of_pairs(point, float(each)) for each in x], rel=1e-6)
    assert others[1] == pytest.approx(values["sv_x25"], rel=1e-3)
    assert 1 + pairs / others == pytest.approx([35.3, 46.9], rel=0.01)
    assert 1 + sigma_v_of_pairs(point, 25.0, contact=0.0) / others[1] == pytest.approx(6.46, rel=0.01)


def test_pairs_of_the_z_prime_at_rest_and_without_splitting(reference):
    """By hand: the contact and what two legs along the momentum leave, with 4 m^2 = s."""
    point, _ = stored_point(reference, 2)
    m, m_i, m_zp, g = point["m_R"], point["m_I"], point["m_Zp"], point["g_X"] * point["x"]
    # Legs of R at rest: e p = m k/M along the momentum, t - m_I^2 = M^2 - m_I^2 - m^2 of either.
    k2 = m**2 - m_zp**2
    along = -(m**2 + k2) / m_zp**2 + 4 * (m**2 * k2 / m_zp**2) / (m_i**2 + m**2 - m_zp**2)
    by_hand = (2 * g**2) ** 2 * (2 + along**2) * k2**0.5 / m / (64 * np.pi * m**2)
    s = 4 * m**2 * (1 + 1e-9)
    assert strength(s, m, m_i, m_zp, g) / (s * m * (s - 4 * m**2) ** 0.5) == pytest.approx(by_hand, rel=1e-6)


def test_verdicts():
    assert failed() == {"loop_trace", "lhc_not_tested_m_Q"}
    assert failed(m_Q=1600.0) == {"loop_trace"}
    assert "perturbative_trilinear" in failed(m_I=4000.0)
    assert "mass_splitting" in failed(m_I=100.0)
    assert {"stable_R", "mass_splitting"} <= failed(m_I=90.0)
    assert {"stable_R", "coannihilation"} <= failed(m_Q=99.0)
    assert "lhc_not_tested_m_Q" in failed(m_Q=1200.0)
    assert "landau_pole" in failed(g_X=3.0)
    assert "perturbative_gauge" in failed(x=4.0)
    assert "higgs_portal" in failed(m_R=50.0)
    assert "no_dark_higgs" in failed(m_R=700.0, m_I=2000.0)
    assert "no_dark_higgs" not in failed(m_R=700.0, m_I=2000.0, m_phi=1400.0)
    assert "dark_higgs_quartic" in failed(m_phi=3000.0)
    assert "dark_higgs_pairs" in failed(m_phi=90.0)
    assert "broad_phi" in failed(m_R=700.0, m_I=900.0, m_phi=1500.0)
    assert "broad_phi" not in failed(m_R=500.0, m_I=900.0, m_phi=1500.0)
    assert "kinetic_limit" in failed(epsilon=0.05)


# -------------------------------------------------------------------------------------------------------- derivatives

FREE = {"g_X": 0.9, "m_Zp": 250.0, "lambda_Q_s": -0.4, "lambda_Q_b": 0.5, "m_Q": 1400.0, "m_R": 400.0, "m_I": 700.0,
        "m_phi": 1100.0, "lambda_H": 0.1}  # fmt: skip
"""Parameters of which slopes are taken, and where: pairs of the Z' are open."""


def coefficients(x):
    theory = MODEL.along(FREE, x)
    names = ("C9_bsmumu", "C9_bstautau", "CVLL_bsbs", "CL_bsnumunumu", "C7_bs")
    values = jnp.stack([theory.wilson[name] * (1e12 if name.startswith("CV") else 1.0) for name in names])
    sizes = jnp.stack([theory.quantities[name] for name in ("Gamma_Zp", "mu_chi", "a_mu_Zp")])
    return jnp.concatenate([values.real, values.imag + 1e-6, sizes * jnp.array([1.0, 1e-3, 1e9])])


def log_density(x):
    theory = MODEL.along(FREE, x)
    return jnp.log(relic_density.relic_density(theory.dark).omega_h2)


@pytest.mark.long
def test_derivatives_of_the_coefficients():
    """AD against differences, 1e-6."""
    x = list(FREE.values())
    assert_derivatives(coefficients, [x], np.abs(x), second=False)


@pytest.mark.long
def test_derivatives_of_the_relic_density():
    assert_slopes_of_a_density(log_density, list(FREE.values()))


@pytest.mark.long
def test_slopes_are_finite_at_every_bound():
    """Of coefficients, widths, scattering; without splitting and without phi too."""
    boxes = MODEL.boxes(m_I=(100.0, 3000.0), m_phi=(90.0, np.inf))
    MODEL.assert_slopes_at_bounds(boxes, lambda theory: theory.dark.strengths(jnp.asarray(1300.0) ** 2))
