"""Estimates of what searches at colliders exclude: the published contour, smooth everywhere, off by default."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq

import bsfit
from bsfit import cli
from bsfit.dark_matter import pair_production
from bsfit.dark_sector import doublet_portal
from bsfit.errors import BsfitInputError
from bsfit.likelihood.dark_matter import terms_of
from bsfit.likelihood.terms import Predicted
from bsfit.likelihood.theory_errors import AtThisPoint
from bsfit.loading import measurements, selection
from bsfit.loading.limits import ESTIMATES, ONE_SIDED, limit, named
from bsfit.models import loop
from bsfit.theory import DarkSector, Partner, Theory

# Observed contour of 1908.08215, HEPData 89413, version 4, table 23, every third point or so: m_slepton, m_neutralino.
SLEPTONS = np.array([
    (196.6, 132.0), (228.7, 164.1), (249.5, 180.4), (297.8, 229.3), (343.4, 267.0), (389.0, 294.5), (436.2, 327.1),
    (487.4, 359.8), (517.7, 376.1), (571.7, 405.1), (604.3, 405.7), (636.2, 392.4), (669.5, 352.1), (690.7, 278.3),
    (697.1, 147.8), (699.9, 1.0),
])  # fmt: skip
# Left- and right-handed sleptons of one flavour at 13 TeV, NLO+NLL: LHC SUSY cross section working group, in fb.
SLEPTON_PAIRS = np.array([
    (180, 44.85), (200, 30.31), (220, 21.15), (240, 15.14), (260, 11.08), (280, 8.259), (300, 6.254), (340, 3.732),
    (380, 2.325), (440, 1.216), (500, 0.6736), (600, 0.2763), (700, 0.1235), (800, 0.05863),
])  # fmt: skip


NO_ERRORS = AtThisPoint(jnp.zeros((0, 0)))


def ratio(name):
    return lambda m, m_x: pair_production.ratio(limit(name), m, m_x)


def sector(m_l=600.0, m_q=2000.0, m_x=10.0, share=1.0):
    partners = {name: Partner(jnp.asarray(m), jnp.asarray(share)) for name, m in (("L", m_l), ("Q", m_q))}
    masses = jnp.asarray([m_x, m_l, m_q])
    none = jnp.zeros(0)
    return DarkSector(masses, jnp.asarray([2.0, 8.0, 24.0]), (), none, none, kind="complex scalar", partners=partners)


def test_the_contour_of_sleptons():
    """Two flavours are just excluded on it, after a shift of the mass below 12 % above 500 GeV, 25 % elsewhere."""
    search = limit("collider-leptons-139fb").search
    m, m_x = SLEPTONS.T
    pairs = 2 * np.exp(np.interp(np.log(m), *np.log(SLEPTON_PAIRS).T))
    end = (m**2 - m_x**2) / m
    allowed = search.cross_section * np.exp((search.gap / end) ** 2 - (search.gap / search.mass) ** 2)
    slope = np.interp(
        m, SLEPTON_PAIRS[1:, 0], -np.diff(np.log(SLEPTON_PAIRS[:, 1])) / np.diff(np.log(SLEPTON_PAIRS[:, 0]))
    )
    shift = np.abs(np.log(pairs / allowed)) / slope
    assert shift[-1] < 0.01
    assert shift[m > 500].max() < 0.12
    assert shift.max() < 0.25


@pytest.mark.parametrize("name", ESTIMATES)
def test_calculated_cross_sections(name):
    """The fit of three numbers is within 3 % of the table, and falls."""
    table = limit(name)
    found = pair_production.cross_section(table, jnp.asarray(table.mass))
    np.testing.assert_allclose(found, table.cross_section, rtol=0.03)
    assert np.all(np.diff(pair_production.cross_section(table, jnp.geomspace(10.0, 1e5, 200))) < 0)


@pytest.mark.parametrize(
    ("name", "mass"),
    [
        ("collider-leptons-139fb", 956),
        ("collider-leptons-36fb", 709),
        ("collider-quarks-137fb", 1510),
        ("collider-quarks-36fb", 1322),
    ],
)
def test_where_pairs_are_just_excluded(name, mass):
    """Delta chi2 of 2.71, the one-sided 95 %, at the mass where cross section and limit meet: as docs/data.md says."""
    found = brentq(lambda m: float(ratio(name)(m, 1.0)) - 1, 400, 3000)
    assert found == pytest.approx(mass, abs=2)
    table = limit(name)
    dark = sector(m_l=found, m_q=found, m_x=1.0)
    (term,) = terms_of(None, (table,), "equal", 0.0, False)
    theory, inputs, errors = Theory(Theory.standard_model().wilson, dark=dark), bsfit.load_inputs(), NO_ERRORS
    values = term.values(theory, Predicted(jnp.zeros(0), theory, inputs), inputs)
    assert float(term.chi2(values, errors)) == pytest.approx(ONE_SIDED[0.95], rel=1e-6)
    assert table.at_limit == pytest.approx(2.705543)
    assert (term.n_data, term.names) == (0, (f"{table.observable}/{name}",))
    assert set(term.by_group(values, errors)) == {"collider"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ESTIMATES)
def test_the_shape(name):
    """Falls with m_X, and with m once the gap is open; nothing in a narrow gap, nor where the partner is lighter."""
    m_x = jnp.linspace(0.0, 1500.0, 151)
    along = jax.vmap(ratio(name), (None, 0))(1000.0, m_x)
    assert np.all(np.diff(along) <= 0)
    assert np.all(np.diff(along)[m_x[1:] < 900] < 0)
    gap = limit(name).search.gap
    m = jnp.linspace(gap, 4000.0, 100)
    assert np.all(np.diff(jax.vmap(ratio(name), (0, None))(m, 50.0)) < 0)
    rising = jax.vmap(ratio(name), (0, None))(jnp.linspace(500.0, 500.0 + gap / 10, 20), 500.0)
    assert np.all(np.diff(rising) >= 0)
    assert float(rising[-1]) < 1e-3
    assert float(ratio(name)(400.0, 500.0)) == 0.0


@pytest.mark.parametrize("name", ESTIMATES)
def test_derivatives_are_finite_everywhere(name):
    """First and second, through the diagonal and at the value where the exponential is cut off."""
    closed = pair_production.CLOSED * limit(name).search.gap
    masses = np.geomspace(20.0, 5000.0, 13)
    points = [(a, b) for a in masses for b in (*masses, a, a * (1 + 1e-12), 0.0, np.sqrt(a**2 - a * min(closed, a)))]

    def chi2(x):
        return ratio(name)(*x) ** 2

    derivatives = jax.jit(jax.vmap(lambda x: (chi2(x), jax.grad(chi2)(x), jax.hessian(chi2)(x))))
    inside, h = np.array([700.0, 300.0]), 1e-3
    x = jnp.asarray([*points, *(inside + sign * step for step in np.eye(2) * h for sign in (1, -1)), inside])
    values, slopes, curvatures = derivatives(x)
    assert np.all(np.isfinite(slopes))
    assert np.all(np.isfinite(curvatures))
    differences = (values[-5:-1:2] - values[-4:-1:2]) / (2 * h)
    np.testing.assert_allclose(slopes[-1], differences, rtol=1e-5)


def test_what_is_visible():
    """Same-flavour pairs of electrons or muons by their branching ratios."""
    share = jax.jit(
        lambda *couplings: doublet_portal.same_flavour_share(tuple(jnp.asarray(c, dtype=complex) for c in couplings))
    )
    assert float(share(0.0, 2.0j, 0.0)) == pytest.approx(1.0)
    assert float(share(1.0, 1.0, 0.0)) == pytest.approx(0.5)
    assert float(share(0.0, 1.0, 1.0)) == pytest.approx(0.25)
    assert float(share(0.0, 0.0, 0.0)) == 0.0
    none = jnp.zeros((), dtype=complex)
    assert np.isfinite(jax.grad(lambda x: doublet_portal.same_flavour_share((none, x + none, none)))(0.0))
    full, half = (
        float(pair_production.over_limit(limit("collider-leptons-36fb"), sector(share=s))) for s in (1.0, 0.5)
    )
    assert half == pytest.approx(full / 2, rel=1e-12)


def test_off_by_default():
    """No group and no set of data has an estimate; the name alone brings it in."""
    assert named("collider") == ()
    assert "collider" not in measurements.GROUPS
    for group in measurements.GROUPS:
        assert not set(named(group)) & set(ESTIMATES)
    for name in ESTIMATES:
        assert limit(name).description.startswith("Estimate: ")
        assert limit(name).notes[0].startswith(f"{name} is an estimate: ")
    assert all(not limit(name).notes for name in ("lz-2024", "planck-annihilation-2018"))


def test_names_are_listed(capsys):
    with pytest.raises(BsfitInputError, match=r"collider-leptons-139fb.*collider-quarks-36fb"):
        limit("collider")
    with pytest.raises(BsfitInputError, match="did you mean 'collider-leptons-139fb'"):
        selection.select("collider-lepton-139fb")
    with pytest.raises(BsfitInputError, match="same data twice"):
        selection.select(["collider-leptons-36fb", "collider-leptons-139fb"])
    assert cli.main(["list", "limits", "--json"]) == 0
    rows = {row["limit"]: row["what"] for row in json.loads(capsys.readouterr().out)["rows"]}
    assert all(rows[name].startswith("Estimate") for name in ESTIMATES)
    assert cli.main(["show", "collider-quarks-36fb"]) == 0
    shown = capsys.readouterr().out
    assert "is an estimate" in shown
    assert "9.9 fb at 950 GeV" in shown


@pytest.mark.slow
def test_a_fit_says_that_it_uses_an_estimate():
    """A user's own model with such partners, for speed."""
    standard = Theory.standard_model().wilson
    like = bsfit.log_likelihood(
        lambda p: Theory(standard, dark=sector(m_l=p["m_L"], m_x=100.0)), "collider-leptons-139fb", {"m_L": (200, 1500)}
    )
    assert like.n_data == 0
    note = limit("collider-leptons-139fb").notes[0]
    assert note in like.meta["notes"]
    assert {"Aad:2019vnb", "Fuks:2012qx"} <= set(like.meta["papers"])
    fit = bsfit.fit(like, starts=2)
    assert note in fit.messages
    assert f"note: {note}" in str(fit)
    expected = -0.5 * ONE_SIDED[0.95] * float(ratio("collider-leptons-139fb")(900.0, 100.0)) ** 2
    assert float(like({"m_L": jnp.asarray(900.0)})) == pytest.approx(expected, rel=1e-10)


def test_the_loop_model_has_both_partners():
    point = {"m_Q": 1400.0, "m_L": 900.0, "m_X": 100.0, "lambda_Q_b": 0.3, "lambda_L_mu": 2.0, "lambda_L_tau": 2.0}
    inputs = bsfit.load_inputs("default")
    found = jax.jit(lambda: loop.theory(point, inputs).dark.partners)()
    assert {name: float(partner.mass) for name, partner in found.items()} == {"L": 900.0, "Q": 1400.0}
    assert {name: float(partner.share) for name, partner in found.items()} == pytest.approx({"L": 0.25, "Q": 1.0})


def test_the_portal_has_no_such_pairs():
    masses = {"g_X": 0.3, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_L_mu": 0.5}
    with pytest.raises(BsfitInputError, match="this model does not have"):
        bsfit.log_likelihood("portal", "collider-leptons-139fb", {"m_Zp": (1500, 3000)}, masses)
