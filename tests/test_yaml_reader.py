"""The YAML reader: YAML 1.2 values, places of errors, and hostile files."""

import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

import bsfit
from bsfit.errors import BsfitInputError, did_you_mean, nearest
from bsfit.loading import yaml_reader
from bsfit.loading.yaml_reader import check_keys, expect, field_name, key_problems, load_yaml, parse_yaml

HOSTILE = sorted((Path(__file__).parent / "hostile").glob("*.yaml"))


@pytest.fixture(params=["c", "python"])
def parser(request, monkeypatch):
    """PyYAML's C parser, or its Python parser, which is used where PyYAML was built without the other."""
    if request.param == "python":
        monkeypatch.setattr(yaml_reader, "PARSER", yaml.SafeLoader)


both_parsers = pytest.mark.usefixtures("parser")


@both_parsers
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-5", 1e-5), ("1e5", 1e5), ("-2.5E+3", -2500.0), (".5", 0.5), ("3.", 3.0), ("+4", 4), ("0", 0), ("-17", -17),
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("True", "True"), ("true", True), ("false", False),
        ("1_000", "1_000"), ("12:30", "12:30"), ("2020-01-01", "2020-01-01"), ("0x1F", "0x1F"), ("0o7", "0o7"),
        ("010", "010"), ("'1.5'", "1.5"), ('"true"', "true"), ("null", None), ("~", None), ("", None),
        ("inf", "inf"), ("1.2.3", "1.2.3"), ("99999999999999999999999", 1e23),
        ("0.745 +0.090 -0.074 +- 0.036", "0.745 +0.090 -0.074 +- 0.036"),
        ("<Rmue>(B0->K*ll)[0.045,1.1]", "<Rmue>(B0->K*ll)[0.045,1.1]"),
    ],
)  # fmt: skip
def test_scalars_follow_yaml_1_2(text, value):
    if text == "010":
        with pytest.raises(BsfitInputError, match="leading zeros"):
            parse_yaml(f"a: {text}\n")
        return
    data, _ = parse_yaml(f"a: {text}\n")
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@both_parsers
def test_nested_values_and_their_places():
    data, where = parse_yaml("a:\n  - b: 1\n    c: [x, 2.5]\n  - {}\n'1': {d: ''}\n", "file.yaml")
    assert data == {"a": [{"b": 1, "c": ["x", 2.5]}, {}], "1": {"d": ""}}
    assert where.position(("a", 0, "c", 1)) == (3, 12)
    assert where.position(("a", 0, "c"), key=True) == (3, 5)
    assert where.position(("a", 0, "missing")) == (2, 5)
    error = where.error(("a", 0, "c", 1), "found 2.5", "text", "quote it")
    assert str(error) == "file.yaml:3:12: a[0].c[1]: found 2.5; expected text (quote it)"
    assert (error.file, error.line, error.column, error.field) == ("file.yaml", 3, 12, "a[0].c[1]")


def test_agrees_with_safe_load_where_the_two_versions_of_yaml_agree():
    text = (Path(bsfit.__file__).parent / "data" / "measurements" / "lhcb-rk-2019.yaml").read_text()
    assert parse_yaml(text)[0] == yaml.safe_load(text.replace("checked: no", "checked: 'no'"))


def test_hash_is_that_of_the_bytes(tmp_path):
    import hashlib

    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\n")
    assert load_yaml(path)[1].sha256 == hashlib.sha256(b"a: 1\n").hexdigest()


@both_parsers
@pytest.mark.parametrize("path", HOSTILE, ids=lambda p: p.stem)
def test_hostile_files(path):
    from bsfit.loading.measurements import load_measurement

    expected = path.read_text().partition("# expect: ")[2].splitlines()[0]
    start = time.perf_counter()
    with pytest.raises(BsfitInputError, match=expected) as caught:
        load_measurement(path)
    assert time.perf_counter() - start < 2
    assert caught.value.file == str(path)
    assert caught.value.line >= 1
    assert str(caught.value).isprintable()


@both_parsers
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[" * 100_000, "levels"),
        (b"a: " + b"{b: " * 40, "levels"),
        (b"- " * 50_000, "levels"),
        (b"[\n" * 5_000, "levels"),
        (b"[a," * 5_000, "levels"),
        (b"a: " + b"[ {b: " * 5_000, "levels"),
        (b"[#\n " * 5_000, "levels"),
        (b'["]",' * 5_000, "levels"),
        (b"a: \x00", "cannot be read as YAML"),
        (b"a: \xff\xfe", "not UTF-8"),
        (b"\xff\xfea\x00:\x00", "not UTF-8"),
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a: " + b"9" * 100_000, "overflows"),
        (b"a: 'x" + b"y" * 1000, "not valid YAML"),
        (b"%YAML 1." + b"9" * 10_000 + b"\n---\na: 1", "YAML"),
    ],
)
def test_hostile_bytes(tmp_path, parser, content, expected):
    if parser == "python" and len(content) > 1_000_000:
        pytest.skip(
            "the Python parser needs half a minute for a megabyte; it is used only where the C parser is missing"
        )
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    start = time.perf_counter()
    with pytest.raises(BsfitInputError, match=expected) as caught:
        load_yaml(path)
    assert time.perf_counter() - start < 5
    assert caught.value.file == str(path)


@pytest.mark.long
def test_too_many_values():
    with pytest.raises(BsfitInputError, match="more than 200000 values"):
        parse_yaml("a: [" + "1, " * 1_000_000 + "1]")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(BsfitInputError, match="cannot read the file"):
        load_yaml(tmp_path / "none.yaml")
    with pytest.raises(BsfitInputError, match="not a regular file"):
        load_yaml(tmp_path)
    with pytest.raises(BsfitInputError, match="cannot read"):
        load_yaml("a\0b.yaml")
    big = tmp_path / "big.yaml"
    with big.open("wb") as stream:
        stream.truncate(yaml_reader.MAX_BYTES + 1)
    with pytest.raises(BsfitInputError, match="at most 10000000"):
        load_yaml(big)


@both_parsers
def test_depth_of_32_is_allowed():
    assert parse_yaml("[" * 32 + "]" * 32)[0]
    with pytest.raises(BsfitInputError, match="32 levels"):
        parse_yaml("[" * 33 + "]" * 33)


@both_parsers
def test_brackets_in_text_are_no_nesting():
    text = "note: '" + "[" * 30 + "' # " + "[0, 1) " * 100 + "\nb: >\n  " + "[0, 1) " * 100 + "\n"
    assert parse_yaml(text)[0]["note"] == "[" * 30


@both_parsers
def test_duplicate_key_names_both_lines():
    with pytest.raises(BsfitInputError) as caught:
        parse_yaml("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert str(caught.value) == "f.yaml:3:1: the key 'a' stands twice, first in line 1; expected each key once"


@both_parsers
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("valeu: 1\nunit: 1\n", "f.yaml:1:1: valeu: unknown key 'valeu' (did you mean 'value'?)"),
        ("value: 1\nzzz: 2\n", "f.yaml:2:1: zzz: unknown key 'zzz' (known keys: value, unit, source)"),
        ("value: 1\n", "f.yaml:1:1: the key 'unit' is missing"),
    ],
)
def test_the_first_wrong_key_is_named_with_the_nearest_name(text, complaint):
    data, where = parse_yaml(text, "f.yaml")
    with pytest.raises(BsfitInputError) as caught:
        check_keys(where, (), data, ["value", "unit", "source"])
    said, bracket, hint = complaint.partition(" (")
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith(bracket + hint)


@both_parsers
def test_all_wrong_keys_are_told():
    data, where = parse_yaml("valeu: 1\nunit: 1\nzzz: 2\n", "f.yaml")
    problems = key_problems(where, (), data, ["value", "unit", "source"])
    assert [str(p) for p in problems] == [
        "f.yaml:1:1: valeu: unknown key 'valeu' (did you mean 'value'?)",
        "f.yaml:3:1: zzz: unknown key 'zzz' (known keys: value, unit, source)",
        "f.yaml:1:1: the key 'value' is missing",
        "f.yaml:1:1: the key 'source' is missing",
    ]
    with pytest.raises(BsfitInputError) as caught:
        check_keys(where, (), data, ["value", "unit", "source"])
    assert str(caught.value) == (
        "f.yaml:1:1: valeu: unknown key 'valeu'; line 3: unknown key 'zzz' (known keys: value, unit, source); "
        "line 1: the key 'value' is missing; line 1: the key 'source' is missing (did you mean 'value'?)"
    )


def test_a_key_can_be_checked_only_in_a_mapping():
    data, where = parse_yaml("value: 1\nunit: 1\n", "f.yaml")
    with pytest.raises(BsfitInputError, match=r"f.yaml:2:7: unit: found 1; expected a mapping"):
        check_keys(where, ("unit",), data["unit"], ["value"])


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "x", 1.5),
        ("a number", 2, "2"),
        ("a number", 2.5, True),
        ("a whole number", 2, 2.0),
        ("a whole number", 0, False),
        ("true or false", True, 1),
        ("a list", [], {}),
        ("a mapping", {}, None),
    ],
)
def test_expect(kind, good, bad):
    _, where = parse_yaml("a: 1")
    assert expect(where, ("a",), good, kind) is good
    with pytest.raises(BsfitInputError, match=kind):
        expect(where, ("a",), bad, kind)


def test_text_that_was_read_as_a_number_is_told_to_be_quoted():
    data, where = parse_yaml("arxiv: 1406.6482")
    with pytest.raises(BsfitInputError, match="put it in quotes"):
        expect(where, ("arxiv",), data["arxiv"], "text")


def test_error_survives_pickling():
    error = BsfitInputError("found x", "f.yaml", 1, 2, "a.b", "y", "do z")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) == "f.yaml:1:2: a.b: found x; expected y (do z)"
    assert isinstance(again, ValueError)
    assert str(BsfitInputError("no place")) == "no place"


def test_nearest():
    names = ["R_K", "R_K*", "R_phi", "lambda_Q_s", "lambda_Q_b", "DeltaM_s_ps"]
    assert nearest("lambda_q_s", names)[0] == "lambda_Q_s"
    assert nearest("DeltaMs", names) == ("DeltaM_s_ps",)
    assert nearest("zzzzzzzz", names) == ()
    assert did_you_mean("R_Kk", ["R_K"]) == "did you mean 'R_K'?"
    assert did_you_mean("zzzzzzzz", names) is None
    assert did_you_mean("R_phi_", ["R_phi", "R_phi2"]) == "did you mean 'R_phi' or 'R_phi2'?"
    assert nearest("x" * 10_000_000, names) == ()


def test_field_names():
    assert field_name(("values", 2, "unit")) == "values[2].unit"
    assert field_name(()) is None


_AUDITED = """
import sys
from pathlib import Path
from bsfit.errors import BsfitInputError
from bsfit.loading.measurements import load_measurement
armed, seen = [], []
def hook(event, args):
    if armed and (event in ("exec", "compile", "import", "pickle.find_class", "os.system", "subprocess.Popen")
                  or event == "open" and str(args[0]) != armed[0]):
        seen.append((event, str(args)[:80]))
files = sorted(Path(sys.argv[1]).glob("*.yaml"))
for repeat in (False, True):
    if repeat:
        sys.addaudithook(hook)
    for path in files:
        armed[:] = [str(path)]
        try:
            load_measurement(path)
        except BsfitInputError as error:
            str(error)
    armed.clear()
print(len(files), seen)
"""


def test_hostile_files_run_nothing_and_open_nothing_else():
    folder = Path(__file__).parent / "hostile"
    run = subprocess.run([sys.executable, "-c", _AUDITED, str(folder)], capture_output=True, text=True, check=True)
    assert run.stdout.split(maxsplit=1) == [str(len(HOSTILE)), "[]\n"]
