"""Points beside grids: designs whose points follow from their number, given points, and what is kept of them."""

import itertools

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy.stats import kstest, norm, qmc

from bsfit import cli
from bsfit.errors import BsfitInputError
from bsfit.loading.point_files import read_points
from bsfit.results import Binned, Points, load
from bsfit.runs.designs import Grid
from bsfit.runs.scan import scan
from bsfit.runs.sequences import Random, Sobol

BITS = 2.0**52


def bits(points):
    return (points * BITS).astype(np.uint64)


def test_sobol_points_are_scipys_up_to_a_digital_shift():
    ours = bits(Sobol(5, 1 << 20, 3)(0, 1 << 12))
    theirs = bits(qmc.Sobol(5, scramble=False, bits=32).random(1 << 12))
    np.testing.assert_array_equal(ours ^ ours[0], theirs)
    assert len({tuple(bits(Sobol(2, 10, seed)(0, 1))[0]) for seed in range(50)}) == 50
    # A digital shift keeps the nets: each of 4096 cells of each coordinate is met once.
    cells = np.sort(ours >> np.uint64(40), axis=0)
    np.testing.assert_array_equal(cells, np.arange(1 << 12)[:, None].repeat(5, 1))


@pytest.mark.parametrize("kind", [Sobol, Random])
def test_any_part_of_a_sequence_is_that_of_the_whole(kind):
    sequence = kind(3, 200_000, 1)
    whole = sequence(0, 200_000)
    for first, stop in ((0, 1), (1, 2), (7, 999), (65_535, 65_537), (131_071, 199_999)):
        np.testing.assert_array_equal(sequence(first, stop), whole[first:stop])
    assert whole.min() > 0.0
    assert whole.max() < 1.0
    np.testing.assert_array_equal(kind(3, 1 << 22, 1)(1000, 1010), whole[1000:1010])


def test_random_points_are_uniform_and_independent():
    points = Random(4, 10**5, 5)(0, 10**5)
    assert min(kstest(column, "uniform").pvalue for column in points.T) > 1e-3
    assert np.abs(np.corrcoef(points.T) - np.eye(4)).max() < 0.02
    assert np.abs(np.corrcoef(points[:-1, 0], points[1:, 0])[0, 1]) < 0.02
    assert not np.any(points == Random(4, 10**5, 6)(0, 10**5))


# ------------------------------------------------------------------------------------------------ what is kept of them


class Like:
    """Gaussian in x (0.2 +- 0.3) and the logarithm of m (1.0 +- 0.2), correlation 0.5; two groups; -inf at x > 1.8."""

    free = {"x": (-2, 2), "log:m": (1, 10)}  # noqa: RUF012

    def by_group(self, p):
        x, y = (p["x"] - 0.2) / 0.3, (jnp.log(p["m"]) - 1.0) / 0.2
        return {"both": -0.5 * (x**2 + y**2 - x * y) / 0.75, "x": -0.5 * x**2}

    def __call__(self, p):
        return jnp.where(p["x"] < 1.8, self.by_group(p)["both"], -jnp.inf)

    def conditions(self, p):
        return {"small": p["x"] < 1.8}


LIKE = Like()
N = 1 << 14


def drawn(keep="all", design="sobol", n=N, chunk=512, **options):
    return scan(LIKE, design=design, n=n, keep=keep, chunk=chunk, progress=False, **options)


@pytest.fixture(scope="module")
def everything():
    return drawn()


def test_points_of_a_design(everything):
    assert isinstance(everything, Points)
    assert everything.tried == N
    x, m = everything.columns["x"], everything.columns["m"]
    assert x.mean() == pytest.approx(0.0, abs=1e-3)
    assert np.log(m).mean() == pytest.approx(np.log(10) / 2, abs=1e-3)
    np.testing.assert_allclose(everything.values("both"), LIKE.by_group({"x": x, "m": m})["both"], atol=1e-12)
    np.testing.assert_array_equal(everything.log_likelihood, everything.log_weights)
    weights = everything.weights()
    assert np.sum(weights * x) == pytest.approx(0.2, abs=1e-3)
    assert np.sqrt(np.sum(weights * (x - 0.2) ** 2)) == pytest.approx(0.3, rel=5e-3)
    # Of the volume of the box, that of the squared Gaussian: 4 pi s t sqrt(1 - r^2).
    expected = N * 4 * np.pi * 0.3 * 0.2 * np.sqrt(0.75) / (4 * np.log(10))
    assert everything.effective == pytest.approx(expected, rel=0.02)
    assert "small is not met in 5 % of the points" in everything.messages[0]
    text = str(everything)
    assert f"{N} of {N} points (keep all)" in text
    assert text.splitlines()[3].split()[0] == "x"


def test_close_points_are_those_of_all(everything):
    close = drawn("delta=4")
    rows = everything.delta_chi2() < 4.0
    assert 0 < rows.sum() < N / 10
    for name in ("x", "m"):
        np.testing.assert_array_equal(close.columns[name], everything.columns[name][rows])
    np.testing.assert_array_equal(close.by_group, everything.by_group[:, rows])
    assert (close.best, close.best_log_likelihood) == (everything.best, everything.best_log_likelihood)


def test_histograms_are_the_posterior():
    found = drawn("histogram")
    assert isinstance(found, Binned)
    expected = np.diff(norm.cdf(found.edges[0], 0.2, 0.3))
    np.testing.assert_allclose(found.weights["x"], expected, atol=2e-3)
    expected = np.diff(norm.cdf(np.log(found.edges[1]), 1.0, 0.2))
    np.testing.assert_allclose(found.weights["m"], expected, atol=2e-3)
    np.testing.assert_allclose(found.pairs["x, m"].sum(axis=1), found.weights["x"], atol=1e-12)
    assert found.log_mean == pytest.approx(np.log(2 * np.pi * 0.3 * 0.2 * np.sqrt(0.75) / (4 * np.log(10))), abs=2e-3)
    assert found.interval("x") == pytest.approx((-0.1, 0.5), abs=0.01)
    centred = found.centres("x")[:, None] - 0.2, np.log(found.centres("m")) - 1.0
    assert np.sum(found.pairs["x, m"] * centred[0] * centred[1]) == pytest.approx(0.5 * 0.06, rel=0.02)
    assert "log of the mean weight" in str(found)


def test_the_best_of_each_bin(everything):
    found = drawn("best")
    x = everything.columns["x"]
    edges = found.edges[0]
    for i in (0, 20, 33, 59):
        rows = (x >= edges[i]) & (x < edges[i + 1])
        highest = np.max(everything.log_likelihood[rows])
        assert found.profiles["x"][i] == highest
        if np.isfinite(highest):
            row = np.flatnonzero(rows)[np.argmax(everything.log_likelihood[rows])]
            np.testing.assert_array_equal(found.points["x"][i], [x[row], everything.columns["m"][row]])
    assert np.isnan(found.points["x"][59]).all()
    assert found.best == everything.best
    assert found.interval("x") == pytest.approx((-0.1, 0.5), abs=0.07)
    assert "bins with Delta chi2 < 1" in str(found)


def test_parts_of_a_grid_are_those_of_all_combinations():
    axes = {"a": np.array([1.0, 2.0, 3.0]), "b": np.array([5.0]), "c": np.linspace(0.0, 1.0, 4), "d": np.arange(2.0)}
    grid = Grid(axes, ())
    everything = [column.ravel() for column in np.meshgrid(*axes.values(), indexing="ij")]
    for first, stop in itertools.combinations(range(grid.size + 1), 2):
        part = grid.points(first, stop)
        assert list(part) == list(axes)
        for column, values in zip(everything, part.values(), strict=True):
            np.testing.assert_array_equal(values, column[first:stop])


def test_bins_of_a_grid():
    axes = {"x": (-2, 2, 41), "log:m": (1, 10, 250)}
    whole = scan(LIKE, axes, progress=False)
    best = scan(LIKE, axes, keep="best", progress=False, chunk=1000)
    np.testing.assert_array_equal(best.profiles["x"], np.max(whole.log_likelihood, axis=1))
    np.testing.assert_allclose(best.centres("x"), whole.axes[0], atol=1e-12)
    assert len(best.profiles["m"]) == 84
    histogram = scan(LIKE, axes, keep="histogram", progress=False, chunk=1000)
    weights = np.exp(whole.log_likelihood)
    np.testing.assert_allclose(histogram.weights["x"], weights.sum(axis=1) / weights.sum(), rtol=1e-12)
    np.testing.assert_allclose(
        histogram.weights["m"][:2] * weights.sum(), [weights[:, :3].sum(), weights[:, 3:6].sum()]
    )


@pytest.mark.parametrize("keep", ["histogram", "best", "delta=9", "all"])
def test_chunks_and_stores_change_nothing(tmp_path, keep):
    first = drawn(keep, n=3000, store=tmp_path / "a")
    assert first == load(first.save(tmp_path / "b"))
    for i in (1, 3):
        (tmp_path / "a" / f"chunk-{i:06d}.npz").unlink()
    again = drawn(keep, n=3000, store=tmp_path / "a", resume=True)
    other = drawn(keep, n=3000, chunk=77)
    for record, same in ((again, True), (other, False)):
        for name in ("weights", "pairs", "profiles", "points", "columns"):
            for key, array in getattr(first, name, {}).items() if not callable(getattr(first, name, None)) else ():
                np.testing.assert_allclose(getattr(record, name)[key], array, rtol=0 if same else 1e-12, atol=1e-300)
    assert first.meta["store"] == again.meta["store"]
    with pytest.raises(BsfitInputError, match="seed is 0 there, 1 here"):
        drawn(keep, n=3000, store=tmp_path / "a", resume=True, seed=1)


@pytest.mark.slow
def test_what_a_distribution_draws_is_not_weighted_again():
    free = {"x": dist.Normal(0.0, 0.5), "log:m": (1, 10)}
    drawn_from = scan(LIKE, design="random", n=N, keep="histogram", free=free, progress=False)
    on_grid = scan(LIKE, {"x": (-2.5, 2.5, 81), "log:m": (1, 10, 41)}, keep="histogram", free=free, progress=False)
    mean = 0.2 * 0.25 / (0.25 + 0.09)
    for found, accuracy in ((drawn_from, 0.01), (on_grid, 0.01)):
        assert np.sum(found.weights["x"] * found.centres("x")) == pytest.approx(mean, abs=accuracy)
    points = scan(LIKE, points={"x": [0.1], "m": [2.0]}, free=free, progress=False)
    assert points.log_likelihood[0] == pytest.approx(float(LIKE({"x": 0.1, "m": 2.0})) + norm.logpdf(0.1, 0, 0.5))


def test_given_points_and_fixed_ones():
    given = {"x": np.linspace(-1, 1, 7), "m": np.full(7, 3.0)}
    found = scan(LIKE, points=given, progress=False)
    np.testing.assert_allclose(found.log_likelihood, LIKE(given), atol=1e-12)
    assert found.names == ("x", "m")
    fixed = scan(LIKE, points={"x": given["x"]}, fixed={"m": 3.0}, progress=False)
    np.testing.assert_array_equal(fixed.log_likelihood, found.log_likelihood)
    one = scan(LIKE, design="sobol", n=100, fixed={"m": 3.0}, progress=False)
    assert one.names == ("x",)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"design": "sobel", "n": 10}, "unknown design 'sobel'; expected sobol, random .did you mean 'sobol'"),
        ({"design": "sobol"}, "n: got None; expected a whole number"),
        pytest.param({"design": "sobol", "n": 10.5}, "n: got 10.5", marks=pytest.mark.mistyped),
        ({"design": "random", "n": 30_000_000}, "n: 30000000 points; expected at most"),
        ({"n": 10}, "more than one of them"),
        ({"design": "sobol", "n": 10, "points": {"x": [1.0]}}, "more than one of them"),
        ({"design": "sobol", "n": 10, "profile": True, "fixed": {"m": 1.0}, "keep": "bets"}, "did you mean 'best'"),
        ({"design": "sobol", "n": 10, "keep": "delta=-1"}, "delta=X with X > 0"),
        ({"design": "sobol", "n": 10, "free": {"x": dist.StudentT(3.0), "m": (1, 2)}}, "no quantile function"),
        ({"points": {"x": [1.0, 2.0], "m": [1.0]}}, "columns of one length"),
        ({"points": {"x": [np.nan], "m": [1.0]}}, "'x' holds what is no finite number"),
        ({"points": {"x": ["a"], "m": [1.0]}}, "'x' holds what is no finite number"),
        ({"points": 3}, "got a int"),
        ({"points": {"x": [1.0]}}, "m is free but not on the grid"),
        ({"points": {"y": [1.0]}}, "'y' is not free"),
        ({"grid": {"x": (0, 1, 3)}, "profile": True, "keep": "best"}, "no parts that stand alone"),
        ({"points": {"x": [1.9, 1.95], "m": [1.0, 1.0]}}, "small is not met at any of the points"),
    ],
)
def test_bad_requests(options, says):
    with pytest.raises(BsfitInputError, match=says):
        scan(LIKE, progress=False, **options)


# ------------------------------------------------------------------------------------------ files and the command line


def test_files_of_points(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text('# x, "m"\n1,2e0\n\n3,-4.5\n')
    found = read_points(path)
    assert list(found) == ["x", "m"]
    np.testing.assert_array_equal(found["m"], [2.0, -4.5])
    bad = {"x,x\n1,2\n": "each name once", "x,y\n1\n": "2 names above 1 columns", "x\n1\na\n": "could not convert"}
    for text, says in {**bad, "x\n": "no points", "": "each name once", "x\nnan\n": "no finite number"}.items():
        path.write_text(text)
        with pytest.raises(BsfitInputError, match=says) as caught:
            read_points(path)
        assert str(path) in str(caught.value)
    (tmp_path / "p.parquet").write_bytes(b"PAR1")
    with pytest.raises(BsfitInputError, match=r"p\.parquet: "):
        read_points(tmp_path / "p.parquet")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(__import__("pyarrow").table({"x": [1.0, 2.0]}), tmp_path / "p.parquet")
    np.testing.assert_array_equal(read_points(tmp_path / "p.parquet")["x"], [1.0, 2.0])


@pytest.mark.slow
def test_designs_on_the_command_line(capsys, tmp_path):
    words = ["scan", "--data", "seed-2017", "-q", "-o", str(tmp_path / "a")]
    status = cli.main([*words, "--design", "sobol", "--n", "9000", "--free", "C9mu=-3,3", "--keep", "delta=1"])
    assert (status, capsys.readouterr().out.splitlines()[1].split()[0]) == (0, "name")
    found = Points.load(tmp_path / "a" / "scan.npz")
    assert found.tried == 9000
    assert found.meta["store"]["chunks"] == 3
    # The points that were kept, given one by one, and the run again from its settings.
    best = int(np.argmax(found.log_likelihood))
    (tmp_path / "p.csv").write_text(f"C9mu\n{float(found.columns['C9mu'][best])!r}\n")
    given = [*words[:-1], str(tmp_path / "b"), "--points-file", str(tmp_path / "p.csv")]
    assert cli.main(given) == 0
    one = Points.load(tmp_path / "b" / "scan.npz")
    assert one.best_log_likelihood == pytest.approx(found.best_log_likelihood, abs=1e-12)
    again = ["scan", "-f", str(tmp_path / "a" / "run.resolved.yaml"), "-q", "-o", str(tmp_path / "a"), "--resume"]
    assert cli.main(again) == 0
    np.testing.assert_array_equal(Points.load(tmp_path / "a" / "scan.npz").columns["C9mu"], found.columns["C9mu"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("C9mu=-1,1", "--n", "3"), "--n: what to scan is not clear"),
        (("--design", "sobol"), "--design: what to scan is not clear"),
        (("C9mu=-1,1", "--design", "sobol", "--n", "3"), "--design: what to scan is not clear"),
        (("--points-file", "nowhere.csv"), "nowhere.csv: cannot be read"),
        (("--design", "sobol", "--n", "0"), "--n: found 0"),
    ],
)
def test_bad_words(capsys, words, says):
    assert cli.main(["scan", *words]) == 2
    assert says in capsys.readouterr().err
