"""Hostile and careless input: 500 cases of benchmarks/fuzz.py; ten thousand are run there."""

import pytest

import bsfit
from bsfit.errors import BsfitInputError
from bsfit.likelihood.request import Request


@pytest.mark.mistyped
def test_hostile_input(benchmark_module):
    found = benchmark_module("fuzz").fuzz(500, seed=2026)
    assert not found.tracebacks, found.tracebacks[0]
    assert not found.accepted, found.accepted[0]
    assert sum(found.cases.values()) >= 500
    assert sum(found.planted.values()) > 200
    assert sum(found.refused.values()) < sum(found.cases.values())  # harmless mutations pass


def test_every_planted_violation_breaks_a_file_that_is_accepted(benchmark_module, tmp_path):
    """The rules are what refuses them: the files without are fine, and each violation alone is refused."""
    fuzz = benchmark_module("fuzz")
    run, measurement, point = tmp_path / "run.yaml", tmp_path / "mine.yaml", tmp_path / "point.txt"
    for kind, path, read, violations in (
        ("run", run, fuzz.request_of_file, fuzz.RUN_VIOLATIONS),
        ("measurement", measurement, fuzz.load_measurement, fuzz.MEASUREMENT_VIOLATIONS),
        ("coefficients", point, fuzz.read_coefficients, fuzz.COEFFICIENT_VIOLATIONS),
    ):
        for base, old, new in violations:
            path.write_text(base)
            read(path)
            assert base.count(old) >= 1
            path.write_text(base.replace(old, new, 1))
            with pytest.raises(BsfitInputError):
                pytest.fail(f"{kind}: {old!r} -> {new!r} was accepted: {read(path)}")


@pytest.mark.mistyped
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"theory": True}, "unknown theory mode True"),
        ({"theory": "fixd"}, "did you mean 'fixed'"),
        ({"relic": 1.0}, "unknown meaning of the relic density 1.0"),
        ({"nuisances": 3}, "no uncertain input matches 3"),
        ({"nuisances": ["V_*", None]}, "no uncertain input matches None"),
        ({"free": [("C9mu", (-3, 3))]}, "free: got"),
        ({"free": {None: (-3, 3)}}, "free: None is no name"),
        ({"fixed": {b"C10mu": 1.0}}, "is no name"),
        ({"terms": 5}, "5 is no term"),
    ],
)
def test_arguments_of_the_wrong_kind(given, message):
    with pytest.raises(BsfitInputError) as caught:
        Request.of(**{"data": "seed-2017", "free": {"C9mu": (-3, 3)}, **given})
    assert message in str(caught.value)


def test_control_characters_are_not_echoed():
    with pytest.raises(BsfitInputError) as caught:
        bsfit.predict(["\x1b[31mR_K[1.1,6]\n"], params={"C9_bsmumu": 1.0})
    assert str(caught.value).isprintable()
    assert r"\x1b[31m" in str(caught.value)
