"""Convergence diagnostics against ArviZ, numpyro and the exact effective size of an autoregression."""

import numpy as np
import numpyro.diagnostics
import pytest

from bsfit.inference import diagnostics


def autoregression(noise, phi):
    """Stationary AR(1) chains with unit variance."""
    x = np.empty_like(noise)
    x[:, 0] = noise[:, 0]
    for i in range(1, noise.shape[1]):
        x[:, i] = phi * x[:, i - 1] + np.sqrt(1 - phi * phi) * noise[:, i]
    return x


def chains(kind, seed, draws):
    """Chains of the reference file; RandomState has a frozen stream."""
    random = np.random.RandomState(seed)
    noise = random.standard_normal((4, draws))
    if kind.startswith("ar"):
        return autoregression(noise, float(kind.removeprefix("ar")))
    if kind == "shifted":
        return noise + np.array([0.0, 0.0, 0.0, 0.3])[:, None]
    if kind == "wide":
        return noise * np.array([1.0, 1.0, 1.0, 2.0])[:, None]
    if kind == "cauchy":
        return np.tan(np.pi * (random.random_sample((4, draws)) - 0.5))
    return {"independent": noise, "ties": np.round(2 * noise)}[kind]


def test_numbers_are_those_of_arviz(reference):
    for case in reference("diagnostics_arviz.json")["cases"]:
        x = chains(case["kind"], case["seed"], case["draws"])
        got = {
            "r_hat": diagnostics.r_hat(x),
            "split_r_hat": diagnostics.scale_reduction(diagnostics.split(x)),
            "ess_mean": diagnostics.ess(diagnostics.split(x)),
            "ess_bulk": diagnostics.bulk_ess(x),
            "ess_tail": diagnostics.tail_ess(x),
            "e_bfmi": diagnostics.e_bfmi(x),
        }
        assert got == pytest.approx({key: case[key] for key in got}, rel=1e-10), case["kind"]


def test_split_r_hat_is_that_of_numpyro():
    x = chains("shifted", 5, 400)
    got = diagnostics.scale_reduction(diagnostics.split(x))
    assert got == pytest.approx(float(numpyro.diagnostics.split_gelman_rubin(x)), rel=1e-12)


@pytest.mark.parametrize("phi", [-0.4, 0.0, 0.5, 0.9])
def test_effective_size_of_an_autoregression(phi):
    """ESS of an AR(1) process is N (1 - phi) / (1 + phi) in the limit of long chains."""
    x = autoregression(np.random.default_rng(1).standard_normal((8, 20_000)), phi)
    assert diagnostics.ess(x) == pytest.approx(x.size * (1 - phi) / (1 + phi), rel=0.06)


def test_ranks_of_ties_are_averaged():
    from scipy.stats import rankdata

    x = chains("ties", 3, 50)
    expected = rankdata(x.reshape(-1), method="average").reshape(x.shape)
    from scipy.special import ndtri

    np.testing.assert_allclose(diagnostics.rank_normalised(x), ndtri((expected - 0.375) / (x.size + 0.25)), atol=1e-14)


def test_gate_passes_good_chains_and_names_what_is_wrong():
    good = np.random.default_rng(0).standard_normal((4, 1000))
    energy = np.random.default_rng(1).standard_normal((4, 1000))
    none = np.zeros((4, 1000), dtype=bool)
    assert diagnostics.judge({"x": good}, energy, none)[:2] == ("passed", ())
    one = none.copy()
    one[2, 17] = True
    assert diagnostics.judge({"x": good}, energy, one).reasons == ("1 divergent transitions",)
    apart = good + np.array([0, 0, 0, 1.0])[:, None]
    judged = diagnostics.judge({"x": good, "y": apart}, energy, none)
    assert judged.verdict == "failed"
    assert any("R-hat of y" in reason for reason in judged.reasons)
    assert not any("of x" in reason for reason in judged.reasons)
    slow = autoregression(energy, 0.95)
    assert any("E-BFMI" in reason for reason in diagnostics.judge({"x": good}, slow, none).reasons)


def test_chains_that_never_moved_fail():
    stuck = np.zeros((4, 100))
    assert diagnostics.judge({"x": stuck}, stuck, stuck.astype(bool)).verdict == "failed"
