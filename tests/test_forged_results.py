"""Result files of somebody who means harm: the checksum is right, what it covers is not. One error, at once."""

import hashlib
import io
import json
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.plot.results import has_figure, plot
from bsfit.results import ResultFileError, container, load

STORED = sorted((Path(__file__).parent / "reference" / "results").iterdir())
ODD = (
    None, True, -1, 10**18, 1e308, float("nan"), float("inf"), "", "\x1b[31m", "$x_{", (), {}, (1, "a"), ((0.0, 1.0),),
    np.zeros(0), np.full((2, 2), np.nan), np.arange(3.0), np.array([True]), {"name": 1.0},
)  # fmt: skip
"""What a field may be replaced by."""


def content_of(path):
    """Kind and content of a stored file, and what packs them again."""
    form = (
        (container.from_json, container.to_json) if path.suffix == ".json" else (container.from_zip, container.to_zip)
    )
    return *form[0](path.read_bytes()), form[1]


def places(value, above=()):
    """Paths of everything inside plain data."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, tuple) else ()
    for key, item in items:
        yield (*above, key)
        yield from places(item, (*above, key))


def changed(value, place, change):
    """Plain data with ``change(parent, key)`` in place of the parent of what stands at a place."""
    key, *below = place
    if not below:
        return change(value, key)
    new = changed(value[key], below, change)
    return {**value, key: new} if isinstance(value, dict) else (*value[:key], new, *value[key + 1 :])


def put(odd):
    return lambda parent, key: (
        {**parent, key: odd} if isinstance(parent, dict) else (*parent[:key], odd, *parent[key + 1 :])
    )


def drop(parent, key):
    if isinstance(parent, dict):
        return {name: item for name, item in parent.items() if name != key}
    return parent[:key] + parent[key + 1 :]


def renamed(parent, key):
    return {"\x1b[2J": parent[key], **drop(parent, key)} if isinstance(parent, dict) else parent[::-1]


def mutations(content, seed, count):
    """Some of the ways to change one place."""
    changes = [drop, renamed, *map(put, ODD)]
    every = [(place, change) for place in places(content) for change in changes]
    for i in np.random.default_rng(seed).permutation(len(every))[:count]:
        yield changed(content, *every[i])


def loaded(file):
    """The record in a file, or the error of loading it."""
    try:
        return load(file)
    except ResultFileError as problem:
        return problem


@pytest.mark.long
@pytest.mark.mistyped
@pytest.mark.parametrize("path", STORED, ids=lambda p: p.stem)
def test_a_forged_field_is_an_input_error_or_harmless(path, tmp_path):
    kind, content, pack = content_of(path)
    file, refused, drawn = tmp_path / path.name, 0, 0
    for forged in mutations(content, seed=1, count=150):
        file.write_bytes(pack(kind, forged))
        found = loaded(file)
        assert "\x1b" not in str(found)
        if isinstance(found, ResultFileError):
            refused += 1
            assert str(found).isprintable()
            assert found.file == str(file)
        elif has_figure(found) and drawn < 3:
            drawn += 1
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                plot(found, tmp_path / "figure.svg")
    assert refused > 50


def forged_json(body, kind="FitResult", schema=1):
    digest = hashlib.sha256(f"{kind} {schema} ".encode() + body).hexdigest()
    return f'{{"bsfit": "{kind}", "schema": {schema}, "sha256": "{digest}", "content":\n'.encode() + body + b"\n}\n"


def forged_zip(members, compression=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that stands twice
        for name, payload in members:
            archive.writestr(name, payload)
        archive.comment = b"0" * 64
    raw = stream.getvalue()[:-64]
    return raw + hashlib.sha256(raw).hexdigest().encode()


def npy(shape=(2,), dtype="<f8", data=bytes(16), fortran=False, version=b"\x01\x00"):
    header = f"{{'descr': {dtype!r}, 'fortran_order': {fortran}, 'shape': {shape!r}, }}".ljust(117) + "\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header.encode() + data


def document(content, kind="Map", schema=1):
    return json.dumps({"bsfit": kind, "schema": schema, "content": content}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"starts": 1' + b"0" * 400 + b"}",
        b'{"starts": 9223372036854775808}',
        b'{"chi2": 1e999}',
        b'{"chi2": NaN}',
        b'{"chi2": {"__float__": "1e999"}}',
        b'{"chi2": {"__float__": []}}',
        b'{"covariance": {"__array__": [1, 2], "shape": [-1], "dtype": "float64"}}',
        b'{"covariance": {"__array__": [1, 2], "shape": [3], "dtype": "float64"}}',
        b'{"covariance": {"__array__": [1, null], "shape": [2], "dtype": "float64"}}',
        b'{"covariance": {"__array__": [1.5], "shape": [1], "dtype": "int64"}}',
        b'{"covariance": {"__array__": [1], "shape": [1], "dtype": "object"}}',
        b'{"covariance": {"__array__": "a"}}',
        b'{"covariance": {"__array__": []}}',
        b"[" * 50_000 + b"]" * 50_000,
        b"[]",
        b"{}",
        b"1",
        b"\xff",
        b"",
    ],
    ids=lambda body: body[:60].decode(errors="replace"),
)
def test_forged_json_is_one_error(body, tmp_path):
    path = tmp_path / "fit.json"
    path.write_bytes(forged_json(body))
    with pytest.raises(ResultFileError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")


ARRAY = {"values": {"__array__": "a"}}
ZIPS = {
    "no content": [("a.npy", npy())],
    "content twice": [("content.json", document({})), ("content.json", document({}))],
    "no schema": [("content.json", b'{"bsfit": "Map", "content": {}}')],
    "schema of text": [("content.json", document({}, schema="1"))],
    "schema true": [("content.json", document({}, schema=True))],
    "schema zero": [("content.json", document({}, schema=0))],
    "kind of numbers": [("content.json", document({}, kind=1))],
    "unknown kind": [("content.json", document({}, kind="\x1b[31m"))],
    "content of a list": [("content.json", document([]))],
    "missing array": [("content.json", document(ARRAY))],
    "array used twice": [("content.json", document({**ARRAY, "names": {"__array__": "a"}})), ("a.npy", npy())],
    "objects": [("content.json", document(ARRAY)), ("a.npy", npy(dtype="|O"))],
    "big endian": [("content.json", document(ARRAY)), ("a.npy", npy(dtype=">f8"))],
    "short": [("content.json", document(ARRAY)), ("a.npy", npy(shape=(3,)))],
    "long": [("content.json", document(ARRAY)), ("a.npy", npy(shape=(1,)))],
    "negative": [("content.json", document(ARRAY)), ("a.npy", npy(shape=(-1, -2)))],
    "enormous": [("content.json", document(ARRAY)), ("a.npy", npy(shape=(10**12, 10**12)))],
    "columns first": [("content.json", document(ARRAY)), ("a.npy", npy(fortran=True))],
    "no numpy": [("content.json", document(ARRAY)), ("a.npy", b"nothing")],
    "version 3": [("content.json", document(ARRAY)), ("a.npy", npy(version=b"\x03\x00"))],
    "header of code": [("content.json", document(ARRAY)), ("a.npy", npy(shape="__import__('os')"))],
    "neither true nor false": [
        ("content.json", document(ARRAY)),
        ("a.npy", npy(shape=(16,), dtype="|b1", data=b"\x02" * 16)),
    ],
}


@pytest.mark.parametrize("members", ZIPS.values(), ids=ZIPS)
def test_forged_zips_are_one_error(members, tmp_path):
    path = tmp_path / "map.npz"
    path.write_bytes(forged_zip(members))
    with pytest.raises(ResultFileError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert str(caught.value).isprintable()


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_is_refused_by_what_it_announces(method, tmp_path):
    """80 MB of zeros; also where a compression is used that we never write."""
    size, path = 10_000_000, tmp_path / "map.npz"
    array = npy(shape=(size,), data=bytes(8 * size))
    for compression in (zipfile.ZIP_DEFLATED, method):
        path.write_bytes(forged_zip([("content.json", document(ARRAY)), ("a.npy", array)], compression))
        assert path.stat().st_size < 100_000
        tracemalloc.start()
        with pytest.raises(ResultFileError, match="unpack to"):
            load(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 2_000_000


def test_a_zip_that_announces_less_than_it_holds(tmp_path):
    payload = npy(data=bytes(1_000_000), shape=(2,))
    raw = forged_zip([("content.json", document(ARRAY)), ("a.npy", payload)])[:-64]
    raw = raw.replace(len(payload).to_bytes(4, "little"), (16 + 128).to_bytes(4, "little"))
    path = tmp_path / "map.npz"
    path.write_bytes(raw + hashlib.sha256(raw).hexdigest().encode())
    with pytest.raises(ResultFileError):
        load(path)


def test_text_that_is_too_long_is_not_even_written(monkeypatch, tmp_path):
    stored = load(next(path for path in STORED if path.stem == "scan"))
    monkeypatch.setattr(container, "MAX_TEXT", 1000)
    with pytest.raises(ResultFileError, match=r"arrays belong into \.npz"):
        stored.save(tmp_path / "scan.json")
    assert load(stored.save(tmp_path / "scan.npz")) == stored


def test_a_result_file_that_is_no_file(tmp_path):
    for name in (tmp_path, tmp_path / "absent", "a\0b"):
        with pytest.raises(BsfitInputError, match=r"cannot be read|a folder without a result"):
            load(name)
