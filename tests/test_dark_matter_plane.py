"""The direct-detection plane: points are those of `predict`, limits those of the tables; lines of the relic density."""

import re

import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.cli import main
from bsfit.errors import BsfitInputError
from bsfit.likelihood.written import written
from bsfit.loading.inputs import described, load_inputs
from bsfit.loading.limits import limit
from bsfit.plot.dark_matter import plot_direct
from bsfit.plot.results import plot
from bsfit.reporting.dark_matter import density_to_draw, has_dark_matter, relic_density
from bsfit.results import DarkMatter, FitResult, Points, Posterior, Scan

FREE = {"g_X": (0.1, 1.0), "log:m_Zp": (500.0, 5000.0)}
FIXED = {key: value for key, value in catalogue.MODELS["portal"].benchmark.items() if key not in ("g_X", "m_Zp")}


def meta(model="portal", data=("lfu-mixing", "lz-2022", "relic"), relic="equal", free=FREE, **settings):
    asked = written(model, list(data), free, FIXED, "fixed", None, False, relic, ())
    about = {"model": model, "data": " + ".join(map(str, data)), "asked": asked, **described(load_inputs("default"))}
    return {"likelihood": about, "settings": settings}


def fit(g_x=0.3, m_zp=2100.0, **more):
    values = {"g_X": g_x, "m_Zp": m_zp}
    ends = dict.fromkeys(values, (0.1, 0.1))
    return FitResult(tuple(values), values, ends, dict.fromkeys(values, 0.1), ends, ends, np.eye(2), ends, "converged",
                     -1.0, meta=meta(**more))  # fmt: skip


def record(n=40, rescaled=False, delta_chi2=True):
    """Points along a line, one of which does not scatter."""
    mass = np.geomspace(30.0, 3000.0, n)
    sigma = 1e-47 * mass / 100.0
    sigma[-1] = 0.0
    share = np.full(n, 0.5 if rescaled else 1.0)
    lz = limit("lz-2024")
    return DarkMatter(
        mass, sigma, np.full(n, 0.12), share, np.linspace(0.0, 8.0, n) if delta_chi2 else np.zeros(0),
        {"mass": 100.0, "sigma_SI": 1e-47, "Omega_h2": 0.12, "share": share[0]},
        {"lz-2024": np.stack([lz.mass, lz.cross_section])}, {"lz-2024": 0.9}, ("lz-2024",), "Points",
    )  # fmt: skip


def comments(path):
    """Texts of an SVG of matplotlib, which draws them as paths and leaves a comment with each."""
    return re.findall(r"<!-- (.*?) -->", path.read_text())


def test_a_plane_is_drawn_with_its_numbers(tmp_path):
    figure, numbers = plot(record(), tmp_path / "plane.svg")
    assert figure.stat().st_size > 10_000
    with np.load(numbers) as saved:
        assert saved["limit_lz-2024"][0, 0] == limit("lz-2024").mass[0]
        assert saved["best_sigma_SI"] == 1e-47
        assert len(saved["mass"]) == 40
    doubtful = DarkMatter(**{**vars(record()), "doubts": ("R-hat",)})
    plot_direct(doubtful, tmp_path / "doubtful.svg")
    assert "NOT CONVERGED" in str(comments(tmp_path / "doubtful.svg"))
    assert "not to be trusted: R-hat" in str(doubtful)
    both = {"draws": record(delta_chi2=False), "points": record(rescaled=True)}
    plot_direct(both, tmp_path / "both.png")
    with np.load(tmp_path / "both.numbers.npz") as saved:
        assert "draws: sigma_SI" in saved


def test_records_print_and_load_back(tmp_path):
    found = record(rescaled=True)
    assert DarkMatter.load(found.save(tmp_path / "plane")) == found
    text = str(found)
    # Half of 1e-47 over LZ's limit at 100 GeV, between its values at 91 and 129 GeV.
    low, high = np.log([91.0, 129.0])
    most = np.exp(np.interp(np.log(100.0), [low, high], np.log([3.21486e-48, 4.20892e-48])))
    assert f"{0.5e-47 / most:.3g}" in text
    assert "over lz-2024 (used)" in text
    near = found.mass[found.delta_chi2 < 6.18]
    assert f"{near.min():.4g}, {near.max():.4g}" in text
    assert "95 % of the draws" in str(record(delta_chi2=False))


def test_what_has_no_plane_is_refused(tmp_path):
    dark = record()
    dark = DarkMatter(**{**vars(dark), "sigma_SI": 0 * dark.mass, "best": {**dark.best, "sigma_SI": 0.0}})
    with pytest.raises(BsfitInputError, match="nothing scatters"):
        plot_direct(dark, tmp_path / "x.png")
    with pytest.raises(BsfitInputError, match="expected a DarkMatter, or several by name"):
        plot_direct({}, tmp_path / "x.png")
    eft = fit(model="eft", free={"C9mu": (-1.0, 1.0)})
    assert not has_dark_matter(eft)
    assert has_dark_matter(fit())
    with pytest.raises(BsfitInputError, match="model 'eft' has no dark matter"):
        bsfit.dark_matter_of(eft)
    bare = FitResult(**{**vars(eft), "meta": {}})
    with pytest.raises(BsfitInputError, match="does not say which model it is of"):
        bsfit.dark_matter_of(bare)
    with pytest.raises(BsfitInputError, match="expected a Scan or a Profile"):
        relic_density(eft)


@pytest.mark.long
def test_points_are_those_of_predict():
    found = bsfit.dark_matter_of(fit())
    point = {"g_X": 0.3, "m_Zp": 2100.0, **FIXED}
    expected = bsfit.predict(["sigma_SI", "Omega_h2"], "portal", point)
    assert found.best["mass"] == pytest.approx(FIXED["m_chi"], rel=1e-12)
    assert found.best["sigma_SI"] == pytest.approx(expected["sigma_SI"], rel=1e-9)
    assert found.best["Omega_h2"] == pytest.approx(expected["Omega_h2"], rel=1e-6)
    assert found.used == ("lz-2022",)
    assert set(found.limits) == {"lz-2024", "lz-2022", "xenon1t-2018", "lux-2016"}
    assert found.best["share"] == 1.0
    upper = bsfit.dark_matter_of(fit(relic="upper"))
    ratio = expected["Omega_h2"] / 0.12
    assert upper.best["share"] == pytest.approx(min(1.0, ratio), rel=0.04)  # the smooth minimum


@pytest.mark.long
def test_lines_of_a_scan_are_the_relic_density_at_its_points(tmp_path):
    axes = (np.array([0.2, 0.4]), np.array([1500.0, 2000.0, 2600.0]))
    height = np.zeros((2, 3))
    height[1, 2] = -np.inf
    scan = Scan(("g_X", "m_Zp"), axes, (False, True), height, meta=meta(fixed={}))
    found = relic_density(scan)
    assert found.shape == (2, 3)
    assert np.isnan(found[1, 2])
    for (i, j), value in np.ndenumerate(found):
        if np.isfinite(height[i, j]):
            point = {"g_X": axes[0][i], "m_Zp": axes[1][j], **FIXED}
            assert value == pytest.approx(bsfit.predict(["Omega_h2"], "portal", point)["Omega_h2"], rel=1e-6)


def test_which_density_a_line_is_of(capsys):
    def plane(*data):
        axes = (np.array([0.2, 0.4]), np.array([1500.0, 2000.0]))
        return Scan(("g_X", "m_Zp"), axes, (False, True), np.zeros((2, 2)), meta=meta(data=data, fixed={}))

    assert density_to_draw(plane("lfu-mixing", {"Omega_h2": (0.11, 0.01)})) == 0.11
    assert density_to_draw(plane("lfu-mixing")) == density_to_draw(plane(), "planck-omega-2018") == 0.12
    assert density_to_draw(plane("relic"), "0.1") == 0.1
    for given, complaint in (
        ("lfu", "'lfu' measures no Omega_h2"),
        ("-1", "found -1"),
        ("planck-omega", "planck-omega-2018"),
    ):
        with pytest.raises(BsfitInputError, match=complaint):
            density_to_draw(plane("relic"), given)
    assert main(["plot", "--relic", "plane/scan.npz", "-q"]) == 2
    assert "bsfit plot FILE --relic" in capsys.readouterr().err


@pytest.mark.long
def test_points_and_draws_keep_their_order():
    """The likeliest points are kept, draws in equal distances; what a scan held counts."""
    x = np.linspace(0.1, 1.0, 9)
    points = Points(("g_X",), {"g_X": x}, -((x - 0.3) ** 2), 0 * x, 9, meta=meta(fixed={"m_Zp": 2100.0}))
    found = bsfit.dark_matter_of(points, most=4)
    assert len(found.mass) == 4
    assert found.delta_chi2[0] == 0.0
    expected = bsfit.predict(["sigma_SI"], "portal", {"g_X": x[2], "m_Zp": 2100.0, **FIXED})["sigma_SI"]
    assert found.best["sigma_SI"] == pytest.approx(expected, rel=1e-9)
    draws = {"g_X": np.tile(x, (2, 1)), "m_Zp": np.full((2, 9), 2100.0)}
    posterior = Posterior(
        ("g_X", "m_Zp"), draws, -((draws["g_X"] - 0.3) ** 2), {}, {}, {}, "passed", (), {}, meta=meta()
    )
    found = bsfit.dark_matter_of(posterior, most=6)
    assert (len(found.mass), len(found.delta_chi2)) == (6, 0)
    assert found.best["sigma_SI"] == pytest.approx(expected, rel=1e-9)
