"""Every example runs as a user would run it, in an empty folder; what the figures of the review say, in numbers."""

import os
import re
import runpy
import subprocess
import sys
import types
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit.results import load

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("[0-9]*.py"))
LONG = ("09_joint_posterior", "14_three_models")
"""Take minutes: run by hand for docs/validation.md."""
FIGURES = [path for path in EXAMPLES if "figure" in path.stem]
SIZES = {"06_figure_3": 60, "07_figure_5": 40, "08_figure_6": 16}
"""Points along an axis."""


DATA = {"13_plane_by_groups": ["lfu", "mixing", "hfag-kstargamma-br-2014"]}
"""Data that compile in seconds, for an example that takes `latest`."""
SHORT = [path for path in EXAMPLES if path not in FIGURES and path.stem not in LONG]


def run(arguments, folder):
    """What was printed by an example, whose exit status is its verdict."""
    environment = {**os.environ, "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.stem)
def test_example(path, tmp_path):
    printed = run([str(path), *DATA.get(path.stem, ())], tmp_path)
    assert printed.strip()
    assert "not to be trusted" not in printed
    if path.stem == "05_posterior":
        assert "convergence passed" in printed
    if path.stem == "13_plane_by_groups":
        assert "mixing, radiative do not depend on C9mu or C10mu: not drawn in figures" in printed
        drawn = load_numbers(tmp_path / "c9-c10-by-groups.numbers.npz")
        assert np.ptp(drawn["delta_chi2_mixing"]) == np.ptp(drawn["delta_chi2_radiative"]) == 0.0
        assert drawn["delta_chi2_LFU"].max() > 100.0
        assert abs(drawn["best_C9mu"]) < 0.3


@pytest.mark.parametrize("name", ["15_own_z_prime", "16_own_loop_model"])
def test_page_on_own_models_shows_its_examples(name):
    """In full, and in no more than 40 lines each."""
    code = (EXAMPLES[0].parent / f"{name}.py").read_text()
    assert f"```python\n{code}```" in (EXAMPLES[0].parents[1] / "docs" / "own-model.md").read_text()
    assert len(code.splitlines()) <= 40


def load_numbers(path):
    """The arrays of an npz file."""
    with np.load(path) as saved:
        return dict(saved)


WITHOUT = ("01_predict", "17_own_sampler", "18_many_hosts")
"""Examples without a verdict of ours."""


class Doubtful:
    """A result of any kind that is not to be trusted."""

    converged = False
    names = ()
    values = types.MappingProxyType({})

    def __init__(self):
        self.by_group = {}

    def __getitem__(self, name):
        return {"interval_1": (-1.0, 0.0), "interval_2": (-2.0, 0.0)}


@pytest.mark.parametrize("verdict", [True, False])
@pytest.mark.parametrize("path", [p for p in SHORT if p.stem not in WITHOUT], ids=lambda path: path.stem)
def test_exit_status_of_an_example_is_its_verdict(path, verdict, monkeypatch):
    """Nothing is calculated: every method hands over a result with the same verdict."""
    result = Doubtful()
    result.converged = verdict
    for name in ("fit", "fit_scenarios", "sample", "scan", "log_likelihood", "predict"):
        monkeypatch.setattr(bsfit, name, lambda *_, **__: result, raising=False)
    monkeypatch.setattr("bsfit.plot.results.plot_plane", lambda *_, **__: ())
    monkeypatch.setattr("bsfit.plot.corner.plot_corner", lambda *_, **__: ())
    monkeypatch.setattr(sys, "argv", [str(path)])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(path), run_name="__main__")
    assert bool(end.value.code) is not verdict


# One process for all: what they share is compiled once.
IN_TURN = """
import runpy, sys
bad = False
for path, size in zip(sys.argv[1::2], sys.argv[2::2]):
    sys.argv = [path, size]
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as end:
        bad |= bool(end.code)
sys.exit(bad)
"""


def of_figures(test):
    """Slow, and on the worker that has drawn the figures, where tests of this file are shared out."""
    return pytest.mark.slow(pytest.mark.xdist_group("figures")(test))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The folder with figures 3, 5 and 6 at reduced size, and what was printed."""
    folder = tmp_path_factory.mktemp("figures")
    arguments = [text for path in FIGURES for text in (str(path), str(SIZES[path.stem]))]
    return folder, run(["-c", IN_TURN, *arguments], folder)


@of_figures
def test_figures_are_pictures_with_numbers(drawn):
    names = ("figure-3-captioned", "figure-3-raised", "figure-5", "figure-6")
    for name in names:
        assert (drawn[0] / f"{name}.png").stat().st_size > 50_000
        assert (drawn[0] / f"{name}.numbers.npz").exists()


@of_figures
def test_line_of_the_relic_density_in_figure_3(drawn):
    """Those of an independent calculation with a tabulated plasma, to 1 GeV."""
    expected = {
        0.1: (2011.6, 2060.4), 0.2: (1998.2, 2130.7), 0.3: (1963.6, 2179.4), 0.4: (1898.7, 2228.6),
        0.5: (1808.4, 2282.8),
    }  # fmt: skip
    found = re.findall(r"g_X = ([\d.]+): Omega h\^2 = 0.12 at m_Zp = ([\d.]+) and ([\d.]+)", drawn[1])
    assert len(found) == 5
    for g_x, *masses in found:
        assert [float(m) for m in masses] == pytest.approx(list(expected[float(g_x)]), abs=1.0)


@pytest.mark.slow
def test_valley_of_the_joint_posterior():
    """Where example 09 expects the relic density: by leptons, with tops, with light quarks, near its end."""
    path = next(path for path in EXAMPLES if path.stem == "09_joint_posterior")
    valley = runpy.run_path(str(path))["lambda_l_mu"]
    names = ("m_X", "m_L", "m_Q", "lambda_Q_s", "lambda_Q_b")
    rows = [
        (110, 700, 2000, -0.4, 0.3), (550, 1900, 2500, -0.2, 0.5), (195, 835, 1030, -0.1, 1.3),
        (425, 1790, 1210, -1.4, 0.15), (270, 1900, 1400, -0.1, 1.4),
    ]  # fmt: skip
    points = dict(zip(names, jnp.asarray(rows, dtype=float).T, strict=True))
    points["lambda_L_mu"] = jax.vmap(valley)(points)
    omega = bsfit.prediction(["Omega_h2"], model="loop", inputs="seed", free=list(points))
    np.testing.assert_allclose(jax.jit(jax.vmap(omega))(points)[:, 0], 0.12, rtol=0.04)


def crosses(omega):
    """Between which neighbours in m_Zp the relic density is met."""
    return (omega[:, :-1] - 0.12) * (omega[:, 1:] - 0.12) < 0


@of_figures
def test_c9_of_figure_3(drawn):
    """At most 4.1 % of the Standard Model's with the couplings of the caption; about 0.3 with the raised ones."""
    captioned, raised = (load(drawn[0] / f"figure-3-{name}.npz") for name in ("captioned", "raised"))
    then, now = captioned["C9 2014/2017"], captioned["C9 today"]
    assert then.max() < 0
    assert 0.039 < -then.min() / 4.07 < 0.041
    np.testing.assert_allclose(now / then, 132.1 / 127.951, rtol=2e-3)
    # Straight lines through the origin: a function of m_Zp/g_X.
    slope = np.divide.outer(1 / captioned.axes[0], 1 / captioned.axes[1]).ravel()
    order = np.argsort(slope)
    near = np.diff(slope[order]) < 1e-3 * slope[order][:-1]
    assert np.max(np.abs(np.diff(np.log(-then.ravel()[order]))[near])) < 5e-3
    low, high = wanted(drawn[1], "2014/2017")
    c9 = 100 * raised["C9 2014/2017"][:, 1:] / 4.07
    both = crosses(raised["Omega_h2"]) & (c9 > low) & (c9 < high)
    g_x, m_zp = raised.axes[0][both.any(axis=1)], raised.axes[1][1:][both.any(axis=0)]
    assert g_x.max() == pytest.approx(0.33, abs=0.03)
    assert 1900 < m_zp.min() < m_zp.max() < 2300


def wanted(text, era):
    """One-sigma interval of C9/C9SM in percent that the example printed."""
    match = re.search(re.escape(era) + r": C9/C9SM of the data from ([-\d.]+) to ([-\d.]+) %", text)
    assert match is not None
    return float(match[1]), float(match[2])


@of_figures
def test_figure_5(drawn):
    """R_K and R_K* overlap, lambda_mu of about 2; mixing is a vertical line; today small couplings win."""
    then, now = (load(drawn[0] / f"figure-5-{era}.npz") for era in ("2014", "today"))
    both = (np.abs(then["<Rmue>(B+->Kll)[1,6]"]) < 1) & (np.abs(then["<Rmue>(B0->K*ll)[1.1,6]"]) < 1)
    assert both.any(axis=1).all()
    assert then.axes[1][both.any(axis=0)].min() == pytest.approx(1.85, abs=0.1)
    mixing = then["DeltaM_s/SM"]
    assert np.ptp(mixing, axis=1).max() < 1e-12
    assert np.interp(-1.15, -mixing[:, 0], then.axes[0]) == pytest.approx(130.0, abs=10.0)
    assert np.abs(now["DeltaM_s_ps"]).max() < 2
    agree = (np.abs(now["<Rmue>(B+->Kll)[1.1,6]"]) < 2) & (np.abs(now["<Rmue>(B0->K*ll)[1.1,6]"]) < 2)
    assert agree[:, 0].all()
    assert now.axes[1][agree.any(axis=0)].max() < 2.3
    assert not (both & agree).any()


@of_figures
def test_figure_6(drawn):
    """C9 of -0.3 exists with perturbative couplings, but every point is above the limit of its time."""
    found = load(drawn[0] / "figure-6.npz")
    m_l, m_x = np.meshgrid(*found.axes, indexing="ij")
    stable = m_x < 0.9 * np.minimum(m_l, 1100.0)
    coupling, c9 = found["lambda_L_mu"], found["C9 2014/2017"]
    valid = stable & (coupling < (4 * np.pi) ** 0.5)
    assert np.isfinite(coupling[stable]).all()
    assert (valid & (np.abs(c9 + 0.3) < 0.05)).any()
    assert (coupling[valid & (c9 < -0.3)] > 0.8).all()
    for limit, least in (("lux-2016", 5.0), ("xenon1t-2018", 9.0), ("lz-2024", 250.0)):
        assert found[limit][valid].min() > least
