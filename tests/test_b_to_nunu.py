"""B -> K(*) nu nu against flavio 2.7.1, published numbers, and what parity and flavour demand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from finite_differences import assert_derivatives

from bsfit.loading.inputs import load_inputs
from bsfit.observables import b_to_nunu
from bsfit.predictions.predict import predict
from bsfit.theory import Rows, Theory, WilsonCoefficients

FLAVIO, DEFAULT = load_inputs("flavio"), load_inputs("default")
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
MOMENTS = jax.jit(lambda wc, inputs: b_to_nunu.moments(Theory(wc), inputs, ROW))
RATES = ("BR(B+->Knunu)", "BR(B0->Knunu)", "BR(B0->K*nunu)", "BR(B+->K*nunu)")

# flavio 2.7.1, default parameters: the four rates, and FL of B0 -> K* over the whole range of q2
POINTS = [
    ({}, (4.706121771211241e-06, 4.354619983834978e-06, 9.81269533049216e-06, 1.057759052177503e-05), 0.48774641805893),
    (
        {"CL_bsnuenue": 3, "CL_bsnumunumu": 3, "CL_bsnutaunutau": 3},
        (1.374943697853056e-06, 1.2722486995439303e-06, 2.8668836590983106e-06, 3.0903559519756385e-06),
        0.48774641805893,
    ),
    (
        {"CL_bsnutaunutau": -5},
        (8.028731850568195e-06, 7.4290632204228445e-06, 1.674064194891567e-05, 1.804556746575342e-05),
        0.48774641805893,
    ),
    (
        {"CL_bsnumunumu": 2, "CR_bsnumunumu": -1},
        (4.262393094463544e-06, 3.9440335483146626e-06, 7.729899492372095e-06, 8.332410035341754e-06),
        0.4730775594486845,
    ),
    (
        {"CL_bsnuenumu": 3},
        (5.037311779896783e-06, 4.661073301530867e-06, 1.0503256860713218e-05, 1.1321981012945244e-05),
        0.48774641805893,
    ),
    (
        {"CR_bsnuenumu": 2 - 3j, "CL_bsnuenumu": 1j, "CL_bsnutaunutau": -2 + 1j},
        (6.14556247251587e-06, 5.686548384368754e-06, 1.3580822640517042e-05, 1.4639462625819861e-05),
        0.493276773656313,
    ),
]


def coefficients(values):
    return WilsonCoefficients.of({name: complex(c) for name, c in values.items()})


def value(key, inputs=FLAVIO, **values):
    return float(b_to_nunu.assemble(key, MOMENTS(coefficients(values), inputs), ROW, inputs))


@pytest.mark.parametrize(("point", "rates", "polarisation"), POINTS, ids=[str(list(point[0])) for point in POINTS])
def test_against_flavio(point, rates, polarisation):
    """Measured 2e-6, the quadrature of flavio."""
    for key, expected in zip(RATES, rates, strict=True):
        assert value(key, **point) == pytest.approx(expected, rel=1e-5), key
    assert value("FL(B0->K*nunu)", **point) == pytest.approx(polarisation, abs=1e-6)


def test_one_coupling_in_the_amplitude():
    """The Standard Model has the coupling at the Z mass, whatever that at 4.8 GeV, with which new physics scales."""
    other = FLAVIO.replace({"alpha_em_mb": 1.1 * FLAVIO["alpha_em_mb"]})
    for key in RATES:
        assert value(key, other) == pytest.approx(value(key), rel=1e-12)
        new, old = (value(key, i, CL_bsnuenumu=3) - value(key, i) for i in (other, FLAVIO))
        assert new == pytest.approx(1.21 * old, rel=1e-9)


def test_standard_model_coefficient_is_that_of_the_z_mass():
    """1409.4557: -6.35 +- 0.07, in units of alpha at the Z mass."""
    c = float(b_to_nunu.cl_of_standard_model(DEFAULT) * DEFAULT["alpha_em_mb"] / DEFAULT["alpha_em_mZ"])
    assert c == pytest.approx(-6.35, abs=0.07)


def test_isospin():
    """The charged rate is larger by the lifetime and nothing else, up to masses."""
    for charged, neutral in (("BR(B+->Knunu)", "BR(B0->Knunu)"), ("BR(B+->K*nunu)", "BR(B0->K*nunu)")):
        lifetimes = float(FLAVIO["tau_B+"] / FLAVIO["tau_B0"])
        assert value(charged) / value(neutral) == pytest.approx(lifetimes, rel=3e-3)


def test_polarisation_and_parity():
    """Left-handed new physics of any flavour leaves FL; with C_R = -C_L only the axial current of K* remains."""
    sm = value("FL(B0->K*nunu)")
    assert value("FL(B0->K*nunu)", CL_bsnuenue=5j, CL_bsnutaunumu=-4) == pytest.approx(sm, rel=1e-12)
    c = float(b_to_nunu.cl_of_standard_model(FLAVIO))
    axial = {f"CR_bsnu{x}nu{x}": -c for x in ("e", "mu", "tau")}
    assert value("BR(B+->Knunu)", **axial) < 1e-20
    assert value("FL(B0->K*nunu)", **axial) > sm


def test_flavours_do_not_interfere():
    a, b = {"CL_bsnuenumu": 2 + 1j}, {"CR_bsnutaunumu": -3j}
    for key in RATES:
        sm = value(key)
        assert value(key, **a, **b) - sm == pytest.approx(value(key, **a) + value(key, **b) - 2 * sm, rel=1e-10)


def test_quadrature_has_converged(monkeypatch):
    few = np.asarray(MOMENTS(coefficients({}), FLAVIO))
    monkeypatch.setattr(b_to_nunu, "NODES", 40)
    many = jax.jit(lambda: b_to_nunu.moments(Theory.standard_model(), FLAVIO, ROW))()
    np.testing.assert_allclose(few, many, rtol=1e-11)


def test_named_predictions():
    """Default inputs; Belle II has (2.3 +- 0.7)e-5 for B+ -> K nu nu."""
    found = predict(list(b_to_nunu.QUANTITIES), params={"CL_bsnumunumu": 1.0}, inputs=FLAVIO)
    for key in RATES:
        assert found[key] == pytest.approx(value(key, CL_bsnumunumu=1.0), rel=1e-12)
    assert predict(["BR(B+->Knunu)"])["BR(B+->Knunu)"] == pytest.approx(4.9e-6, rel=0.1)


@pytest.mark.long
def test_derivatives():
    names = ("V_cb", "X_t", "m_B0", "m_K*0", "m_K0", "B->K* BSZ a0_A1", "B->K BSZ a0_f+", "tau_B0")

    def all_of_them(x):
        inputs = FLAVIO.replace(dict(zip(names, x[3:], strict=True)))
        wc = {"CL_bsnumunumu": x[0] + 1j * x[1], "CR_bsnuenumu": x[2] * (1 + 1j)}
        found = b_to_nunu.moments(Theory(WilsonCoefficients.of(wc)), inputs, ROW)
        return jnp.stack([b_to_nunu.assemble(key, found, ROW, inputs) for key in b_to_nunu.QUANTITIES])

    nuisances = np.asarray(FLAVIO.array(names))
    points = [np.concatenate([start, nuisances]) for start in ([0.0, 0.0, 0.0], [2.0, -1.0, 1.5])]
    assert_derivatives(all_of_them, points, np.concatenate([[5.0, 5.0, 5.0], 0.3 * nuisances]), second=False)


@pytest.mark.slow
def test_jit_equals_eager_and_unknown_key():
    wc = coefficients({"CR_bsnumunumu": 1j})
    np.testing.assert_allclose(MOMENTS(wc, FLAVIO), b_to_nunu.moments(Theory(wc), FLAVIO, ROW), rtol=1e-12)
    with pytest.raises(KeyError):
        b_to_nunu.assemble("BR(Bs->phinunu)", MOMENTS(wc, FLAVIO), ROW, FLAVIO)
