"""Upper limits: those that come with bsfit, files of one's own, and what is refused of them."""

from pathlib import Path

import numpy as np
import pytest

from bsfit.dark_matter.direct_detection import largest
from bsfit.errors import BsfitInputError
from bsfit.loading.limits import LIMITS, among, is_limit_file, limit, load_limit

DATA = Path(limit("lz-2024").file).parents[1]

OWN = """\
schema: 1
description: "our own look at the data"
source: "2410.17036 [LZ:2024zvo]"
confidence: 0.9
m_GeV: [10, 100, 1000]
sigma_cm2: [1.0e-46, 1.0e-47, 1.0e-46]
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="own.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_what_comes_with_bsfit():
    files = {path.stem for path in (DATA / "limits").glob("*.yaml")}
    assert files == set(LIMITS)
    assert all(is_limit_file(path) for path in (DATA / "limits").glob("*.yaml"))
    assert not any(is_limit_file(path) for path in (DATA / "measurements").glob("*.yaml"))
    for name in LIMITS:
        found = limit(name)
        assert found.name == name
        assert (found.search is not None) == (found.group == "collider")


def test_a_file_of_ones_own(write):
    path = write(OWN)
    found = load_limit(path)
    assert (found.name, found.file, found.group, found.papers) == ("own", str(path), "direct", ("LZ:2024zvo",))
    assert is_limit_file(path)
    np.testing.assert_allclose(largest(np.sqrt(10.0) * 10.0, found), np.sqrt(1e-46 * 1e-47), rtol=1e-12)
    np.testing.assert_array_equal(largest(40.0, limit("lz-2024")), largest(40.0, "lz-2024"))


def test_chosen_among_data_by_path(write):
    path = write(OWN)
    measurement = DATA / "measurements" / "planck-omega-2018.yaml"
    items = ["lfu", str(path), path, measurement, {"R_K[1.1,6]": (0.9, 0.1)}, "planck-annihilation-2018"]
    assert [found.name for found in among(items)] == ["own", "planck-annihilation-2018"]
    assert [found.name for found in among(["direct"])] == ["lz-2024", "xenon1t-2018", "lux-2016"]


def test_no_datum_twice(write):
    newer = write(OWN + "supersedes: [lz-2024]\n")
    with pytest.raises(BsfitInputError, match="'own' supersedes 'lz-2024'"):
        among([newer, "lz-2024"])
    with pytest.raises(BsfitInputError, match="'lz-2024' is the name of a limit of bsfit"):
        among([write(OWN, "lz-2024.yaml")])
    (newer.parent / "other").mkdir()
    with pytest.raises(BsfitInputError, match="'own' is the name of two limits"):
        among([newer, write(OWN, "other/own.yaml")])


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("schema: 1", "schema: 7", 1, "found 7; expected schema 1"),
        ("source:", "origin:", 3, "unknown key 'origin'"),
        ("confidence: 0.9", "confidence: 0.5", 4, "found 0.5; expected 0.9 or 0.95"),
        ("confidence: 0.9", "confidence: [0.9]", 4, "found a list; expected a number"),
        ("description: ", "description: 3 #", 2, "expected text"),
        ("m_GeV: [10, 100, 1000]", "m_GeV: [10, 1000, 100]", 5, r"m_GeV\[2\]: the masses do not increase here"),
        ("m_GeV: [10, 100, 1000]", "m_GeV: [10, 100]", 6, "2 masses, 3 limits"),
        ("m_GeV: [10, 100, 1000]", "m_GeV: [10, x, 1000]", 5, r"m_GeV\[1\]: found 'x'; expected a number"),
        ("m_GeV: [10, 100, 1000]", "m_GeV: 10", 5, "found 10; expected a list"),
        ("1.0e-47", "0", 6, r"sigma_cm2\[1\]: the number is not positive"),
        ("sigma_cm2", "sigma_pb", 6, "unknown key 'sigma_pb'"),
        ("schema: 1\n", "schema: 1\nobservable: sigma_SD\n", 2, "found 'sigma_SD'; expected sigma_SI or"),
        ("schema: 1\n", "schema: 1\nobservable: [sigma_SI]\n", 2, "found a list"),
        ("schema: 1\n", "schema: 1\nsupersedes: lz-2024\n", 2, "found 'lz-2024'; expected a list"),
        ("schema: 1\n", "schema: 1\nsearch: {}\n", 2, "unknown key 'search'"),
        ("sigma_cm2", "observable: pairs_L\nsearch: {m_GeV: 5}\npairs_fb", 7, "search: the key 'limit_fb' is missing"),
    ],
)
def test_malformed_files_are_refused_with_their_line(write, old, new, line, message):
    with pytest.raises(BsfitInputError, match=message) as caught:
        load_limit(write(OWN.replace(old, new)))
    assert caught.value.line == line


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "hostile").glob("*.yaml")), ids=lambda p: p.stem)
def test_hostile_files_are_refused(path):
    with pytest.raises(BsfitInputError) as caught:
        load_limit(path)
    assert (caught.value.file, caught.value.line >= 1) == (str(path), True)


def test_unknown_limit():
    with pytest.raises(BsfitInputError, match=r"unknown limit 'lz-2042'.*did you mean 'lz-2024'"):
        limit("lz-2042")
