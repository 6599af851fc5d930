"""Predictions written in POPxf, read back by nothing of ours, and by jelli where it is installed."""

import ast
import json
import math

import numpy as np
import pytest

import bsfit
from bsfit.errors import BsfitInputError

OBSERVABLES = [
    "R_K[1.1,6]",
    "R_K*[1.1,6]",
    "<P5p>(B0->K*mumu)[4,6]",
    "<FL>(Bs->phimumu)[1.1,6]",
    "<Dmue_P5p>(B0->K*ll)[1.1,6]",
    "<dBR/dq2>(B0->K*mumu)[1.1,6]",
    "<FH>(B+->Kmumu)[15,22]",
    "BR(Bs->mumu)",
    "BR(B->Xsgamma)",
    "BR(B+->Knunu)",
]
FREE = ["C9_bsmumu", "C10_bsmumu", "C9_bsmumu_im", "C9p_bsee", "C7_bs"]
BOX = dict(zip(FREE, (2.0, 2.0, 2.0, 2.0, 0.1), strict=True))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The observables with these coefficients free, and correlated theory errors."""
    pytest.importorskip("h5py")
    return bsfit.export_popxf(OBSERVABLES, tmp_path_factory.mktemp("popxf") / "predictions", free=FREE, errors=True)


def values(content, point):
    """The observables at complex coefficients, from what the format says alone."""
    metadata, table = content["metadata"], content["data"]["polynomial_central"]
    part = {"R": np.real, "I": np.imag}
    polynomials = np.zeros(len(metadata["polynomial_names"]))
    for text, row in table.items():
        first, second, parts = ast.literal_eval(text)
        monomial = part[parts[0]](point.get(first, 1.0 if not first else 0.0))
        monomial *= part[parts[1]](point.get(second, 1.0 if not second else 0.0))
        polynomials += monomial * np.array(row)
    by_name = dict(zip(metadata["polynomial_names"], polynomials, strict=True))
    found = []
    for entry in metadata["observable_expressions"]:
        words = {word: by_name[name] for word, name in entry["terms"].items()}
        found.append(eval(entry["expression"], {"sqrt": math.sqrt}, words))
    return np.array(found)


@pytest.mark.long
def test_polynomials_and_expressions_are_the_predictions(file):
    content = json.loads(file[0].read_text())
    assert content["metadata"]["observable_names"][:2] == ["<Rmue>(B+->Kll)[1.1,6]", "<Rmue>(B0->K*ll)[1.1,6]"]
    assert content["metadata"]["basis"] == {"wcxf": {"eft": "WET", "basis": "flavio", "sectors": ["sb"]}}
    assert content["metadata"]["parameters"] == ["C10_bsmumu", "C7_bs", "C9_bsmumu", "C9p_bsee"]
    random = np.random.default_rng(3)
    for _ in range(5):
        params = {name: float(random.uniform(-size, size)) for name, size in BOX.items()}
        point = {name: complex(params[name], params.get(f"{name}_im", 0.0)) for name in FREE if name[-3:] != "_im"}
        known = np.array(list(bsfit.predict(OBSERVABLES, params=params).values()))
        np.testing.assert_allclose(values(content, point), known, rtol=1e-10)


@pytest.mark.long
def test_errors_are_those_of_the_likelihood(file):
    """Standard deviations and correlations of two rates as in `log_likelihood`: chi2 with tiny errors measured."""
    import h5py

    content = json.loads(file[0].read_text())
    deviation = np.array(content["data"]["observable_uncertainties"]["('', '', 'RR')"])
    with h5py.File(file[1]) as correlations:
        (group,) = correlations.values()
        correlation = group["data"][:, :, 0, 0]
    assert correlation.shape == (len(OBSERVABLES), len(OBSERVABLES))
    np.testing.assert_allclose(np.diag(correlation), 1.0)
    two = [5, 7]
    central = np.array(content["data"]["observable_central"]["('', '', 'RR')"])[two]
    data = {OBSERVABLES[i]: (x + deviation[i], 1e-3 * deviation[i]) for i, x in zip(two, central, strict=True)}
    like = bsfit.log_likelihood(data=[data], free={"C9_bsmumu": (-1, 1)})
    covariance = (correlation * np.outer(deviation, deviation))[np.ix_(two, two)]
    covariance += np.diag(1e-6 * deviation[two] ** 2)
    known = deviation[two] @ np.linalg.solve(covariance, deviation[two])
    assert float(like.chi2({"C9_bsmumu": 0.0})) == pytest.approx(known, rel=1e-8)


@pytest.mark.parametrize(
    ("observables", "free", "says"),
    [
        (["DeltaM_s"], ["CVLL_bsbs"], "cannot be written with polynomials"),
        (["Omega_h2"], ["C9_bsmumu"], "no moments"),
        (["R_K[1.1,6]"], ["C9_bsmuu"], "C9_bsmuu"),
        (["R_K[1.1,6]"], ["C9_bsmutau"], "no sector"),
        (["R_K[1.1,6]"], [], "no coefficient"),
    ],
)
def test_what_cannot_be_written_is_refused(observables, free, says, tmp_path):
    with pytest.raises(BsfitInputError, match=says):
        bsfit.export_popxf(observables, tmp_path / "no.json", free=free)
    assert not list(tmp_path.iterdir())


@pytest.mark.external
def test_jelli_reads_what_is_written(file):
    """Its predictions are ours to 1e-6: it keeps the matrices of the running, here unit ones, in single precision."""
    pytest.importorskip("jelli")
    import jax.numpy as jnp
    from jelli.core.observable_sector import ObservableSector
    from jelli.core.theory_correlations import TheoryCorrelations
    from rgevolve.tools import get_wc_basis

    ObservableSector.load(str(file[0]))
    TheoryCorrelations.load(str(file[1]))
    sector = ObservableSector.get(file[0].stem)
    assert TheoryCorrelations.get_data(sector.observable_names, sector.observable_names).shape[2:] == (1, 1)
    basis = get_wc_basis("WET", "flavio")
    params = {"C9_bsmumu": -0.8, "C9_bsmumu_im": 0.5, "C10_bsmumu": 0.3, "C9p_bsee": 0.2, "C7_bs": 0.02}
    point = np.zeros(len(basis))
    for name, value in params.items():
        point[basis.index((name.removesuffix("_im"), "I" if name.endswith("_im") else "R"))] = value
    found, _ = sector.prediction(jnp.asarray(point), 4.8, sector.get_prediction_data("WET", "flavio"))
    known = np.array(list(bsfit.predict(OBSERVABLES, params=params).values()))
    np.testing.assert_allclose(found, known, rtol=1e-6)
