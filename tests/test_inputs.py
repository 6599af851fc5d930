"""Input sets: loading, units, priors, replacement, bad files."""

import hashlib
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.catalogue import domains
from bsfit.errors import BsfitInputError
from bsfit.hadronic.form_factors import b_to_k, evaluate
from bsfit.likelihood.build import log_likelihood
from bsfit.loading.inputs import AS_FLAVIO, INPUT_CHOICES, INPUT_SETS, Choices, as_inputs, input_set, load_inputs
from bsfit.loading.limits import load_limit
from bsfit.predictions.predict import predict


@pytest.mark.parametrize("name", [*INPUT_SETS, *INPUT_CHOICES])
def test_every_set_loads_and_has_the_same_core(name):
    loaded = input_set(name)
    core = {
        "G_F",
        "alpha_em_mb",
        "V_cb",
        "m_B0",
        "tau_Bs",
        "C9_SM",
        "QED B->K",
        "eta_B",
    }
    assert core <= set(loaded.inputs.names)
    for form_factor in ("B->K* {} a0_A0", "Bs->phi {} a0_V", "B->K {} a0_f+"):
        described = [form_factor.format(scheme) in loaded.inputs for scheme in ("BSZ", "BFW", "BCL")]
        assert sum(described) == 1, form_factor
    assert np.all(np.isfinite(loaded.inputs.values))
    assert set(loaded.sources) == set(loaded.inputs.names)
    given = [name for prior in loaded.priors for name in prior.names]
    assert len(given) == len(set(given)), "two priors for one input"
    for prior in loaded.priors:
        assert np.linalg.eigvalsh(prior.covariance).min() > -1e-12 * np.abs(prior.covariance).max()
        np.testing.assert_allclose(loaded.inputs.array(prior.names), prior.mean)


def test_choices_stand_on_a_set():
    default, both = input_set("default"), input_set("helicity+hpqcd-2022+vcb-inclusive")
    assert float(both.inputs["V_cb"]) == 0.0422
    assert both.inputs.names == input_set("helicity").inputs.names
    moved = [n for n in default.inputs.names if default.inputs[n] != input_set("hpqcd-2022").inputs[n]]
    assert all(name.startswith("B->K BSZ a") for name in moved)
    assert len(moved) == 8
    assert [len(p.names) for p in both.priors if "B->K BSZ a0_f+" in p.names] == [8]
    assert [float(p.covariance[0, 0]) for p in both.priors if "V_cb" in p.names] == pytest.approx([0.0005**2])
    for name in ("vcb", "default+helicity", "default+", "hpqcd-2022+flavio"):
        with pytest.raises(BsfitInputError, match="unknown input set"):
            input_set(name)


@pytest.mark.slow
def test_form_factors_of_hpqcd_are_its_values():
    """f0 = 0.4757(90) and f+ = 0.743(22) at 12 GeV^2, f+ = 2.79(11) and fT = 2.72(15) at 22.9."""
    inputs = load_inputs("hpqcd-2022")
    (block,) = (p for p in input_set("hpqcd-2022").priors if "B->K BSZ a0_f+" in p.names)
    slopes = jax.jacfwd(lambda a, q2: evaluate(b_to_k(inputs.replace(dict(zip(block.names, a, strict=True)))), q2))
    for q2, values, errors in (
        (0.0, [0.331915, 0.331915, 0.332188], [0.01156, 0.01156, 0.02354]),
        (12.0, [0.742513, 0.475729, 0.731494], [0.02243, 0.00903, 0.03151]),
        (22.9, [2.79257, 0.850441, 2.72414], [0.1077, 0.01718, 0.1531]),
    ):
        np.testing.assert_allclose(evaluate(b_to_k(inputs), jnp.asarray(q2)), values, rtol=1e-6)
        j = np.asarray(slopes(jnp.asarray(block.mean), jnp.asarray(q2)))
        np.testing.assert_allclose(np.sqrt(np.diag(j @ block.covariance @ j.T)), errors, rtol=1e-3)


def test_units_become_powers_of_gev():
    default = load_inputs("default")
    assert default["m_mu"] == pytest.approx(0.1056583755)
    assert default["tau_B0"] * 6.582119569e-13 == pytest.approx(1.517)
    assert default["gamma"] == pytest.approx(65.7 * np.pi / 180)


def test_one_alpha_in_the_sets_of_the_review():
    assert load_inputs("seed")["alpha_em_mb"] == pytest.approx(1 / 127.951, rel=1e-12)
    assert load_inputs("reference")["alpha_em_mb"] == pytest.approx(1 / 127.951, rel=1e-12)


def test_replacement_makes_a_copy_and_is_differentiable():
    default = load_inputs("default")
    changed = default.replace({"V_cb": 0.05})
    assert (changed["V_cb"], default["V_cb"]) == (pytest.approx(0.05), pytest.approx(0.0411))
    slope = jax.grad(lambda v: default.replace({"V_cb": v})["V_cb"] ** 2)(0.04)
    assert slope == pytest.approx(0.08)


def test_copies_keep_the_set_and_the_choices():
    """A static part of the pytree, which tells compiled programs apart."""
    plain = load_inputs("flavio")
    other = replace(plain, choices=AS_FLAVIO)
    for copy in (other.replace({"V_cb": 0.04}), replace(other, values=2 * other.values), jax.tree.map(abs, other)):
        assert (copy.set_name, copy.choices) == ("flavio", AS_FLAVIO)
    assert jax.tree.structure(plain) != jax.tree.structure(other)
    assert plain.choices == Choices()
    assert plain.choices.others == ()
    assert Choices(conjugate_mixing=True).others == ("conjugate_mixing",)


def test_unknown_names_get_the_nearest_ones():
    with pytest.raises(BsfitInputError, match="V_cb"):
        load_inputs("default", {"Vcb": 0.04})
    with pytest.raises(BsfitInputError, match="flavio"):
        load_inputs("flavo")


# ------------------------------------------------------------------------------------------------- files of one's own


OWN = """\
schema: 1
description: an exclusive V_cb, and our own masses
include: [default]
certain: ["m_W"]
values:
  V_cb: {value: 0.0392(7), unit: "1", source: "exclusive"}
  m_c: {value: 1.27, unit: GeV, source: "as it was"}
correlated:
  - names: [m_b, m_h]
    unit: MeV
    source: "ours"
    mean: [4200, 125000]
    sigma: [10, 100]
    correlation: [[1, 0.5], [0.5, 1]]
"""


@pytest.fixture
def write(tmp_path):
    def write(text, name="own.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


def priors_of(the_set):
    return {prior.names: prior for prior in the_set.priors}


def test_a_file_of_ones_own(write):
    path = write(OWN)
    own, default = input_set(path), input_set("default")
    assert own.inputs.names == default.inputs.names
    new = {"V_cb": 0.0392, "m_c": 1.27, "m_b": 4.2, "m_h": 125.0}
    np.testing.assert_array_equal(own.inputs.values, default.inputs.replace(new).values)
    given, before = priors_of(own), priors_of(default)
    assert given["V_cb",].covariance.item() == pytest.approx(0.0007**2)
    np.testing.assert_allclose(given["m_b", "m_h"].covariance, [[1e-4, 5e-4], [5e-4, 1e-2]])
    gone = [("m_c",), ("m_b",), ("m_h",), ("m_W",)]
    assert [*given] == [n for n in before if n not in (*gone, ("V_cb",))] + [("V_cb",), ("m_b", "m_h")]
    assert (own.sources["V_cb"], own.sources["m_W"]) == ("exclusive", default.sources["m_W"])
    assert own.name == own.inputs.set_name == str(path.absolute())
    assert own.files == {**default.files, str(path): hashlib.sha256(path.read_bytes()).hexdigest()}


def test_wherever_the_name_of_a_set_goes(write, monkeypatch):
    path = write(OWN)
    monkeypatch.chdir(path.parent)
    own = load_inputs("own.yaml", {"V_cb": 0.04})
    assert float(own["V_cb"]) == 0.04
    assert input_set(own.set_name).name == str(path)
    for given in (path, "own.yaml", own):
        assert as_inputs(given).names == own.names
    assert float(as_inputs({"V_cb": 0.041})["V_cb"]) == 0.041
    found = predict(["DeltaM_s"], inputs="own.yaml")
    assert found == predict(["DeltaM_s"], inputs={"V_cb": 0.0392, "m_b": 4.2, "m_c": 1.27, "m_h": 125.0})


@pytest.mark.slow
def test_a_likelihood_says_which_files_and_choices_it_has(write):
    own = input_set(path := write(OWN))
    inputs = replace(own.inputs, choices=Choices(conjugate_mixing=True)).replace({"f_Bs": 0.23})
    for given, changes, choices in ((path, {}, []), (inputs, {"f_Bs": 0.23}, ["conjugate_mixing"])):
        meta = log_likelihood("eft", "lhcb-bsmumu-2021", {"C10mu": (-2, 2)}, inputs=given).meta
        assert meta["input_set"] == str(path)
        assert (meta["input_files"], meta["input_changes"], meta.get("choices", [])) == (own.files, changes, choices)


def test_an_edited_file_is_read_anew(write):
    path = write(OWN)
    assert float(load_inputs(path)["V_cb"]) == 0.0392
    write(OWN.replace("0.0392", "0.0395"))
    assert float(load_inputs(path)["V_cb"]) == 0.0395


def test_files_include_sets_neighbours_and_parts_that_come_with_bsfit(write):
    """Later ones win; a path is looked up beside the file first."""
    write("schema: 1\ndescription: d\nvalues: {m_b: {value: 5.0(1), unit: GeV, source: s}}\n", "parts/masses.yaml")
    body = "schema: 1\ndescription: d\ninclude: [seed, parts/masses.yaml, form_factors/flag_2016.yaml]\n"
    own, seed = input_set(write(body)), input_set("seed")
    assert float(own.inputs["m_b"]) == 5.0
    assert float(own.inputs["C9_SM"]) == float(seed.inputs["C9_SM"])
    assert "B->K BCL a0_f+" in own.inputs
    assert [file.rsplit("/", 1)[1] for file in own.files][-3:] == ["masses.yaml", "flag_2016.yaml", "own.yaml"]


def test_what_is_left_of_a_correlated_block_keeps_its_errors(write):
    body = "schema: 1\ndescription: d\ninclude: [flavio]\n"
    block = priors_of(input_set("flavio"))["m_c", "m_b", "m_s"]
    for rest in ("values: {m_b: {value: 4.0(1), unit: GeV, source: s}}\n", "certain: [m_b]\n"):
        left = priors_of(input_set(write(body + rest)))
        assert ("m_c", "m_b", "m_s") not in left
        np.testing.assert_array_equal(left["m_c", "m_s"].covariance, block.covariance[np.ix_([0, 2], [0, 2])])
        assert (("m_b",) in left) == rest.startswith("values")


def test_an_input_that_a_file_lacks(write):
    inputs = load_inputs(write("schema: 1\ndescription: d\nvalues: {a: {value: 1, unit: '1', source: s}}\n"))
    for ask in (lambda: inputs["m_W"], lambda: inputs.array(("a", "m_W"))):
        with pytest.raises(BsfitInputError, match=r"unknown input 'm_W' \(include: \[default\] gives"):
            ask()


BLOCK = "correlated: [{names: [a, b], unit: '1', source: s, mean: [1, 2], "


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("values: {a: {value: x, unit: GeV, source: s}}", "cannot read the value 'x': no central value"),
        ("values: {a: {value: 1 +0.1 -0.2, unit: GeV, source: s}}", "two sides"),
        ("values: {a: {value: true, unit: GeV, source: s}}", "found True; expected 1.23"),
        ("values: {a: {value: [1], unit: GeV, source: s}}", "found a list"),
        ("values: {a: {value: 1, unit: furlong, source: s}}", "unknown unit"),
        ("values: {a: {value: 1, unit: [GeV], source: s}}", "values.a.unit: found a list; expected text"),
        ("values: {a: {value: 1, unit: 1, source: s}}", "put it in quotes"),
        ("values: {a: {value: 1, unit: GeV, source: [s]}}", "values.a.source: found a list"),
        ("values: {a: {value: 1, unit: GeV}}", "'source' is missing"),
        ("values: {a: 1}", "expected a mapping"),
        ("values: [a]", "values: found a list; expected a mapping"),
        ("valeus: {}", "values"),
        ("include: default", "include: found 'default'; expected a list"),
        ("include: [defualt]", r"include\[0\]: there is no 'defualt'.*did you mean 'default'"),
        ("include: [[default]]", r"include\[0\]: found a list"),
        ("include: [nowhere.yaml]", "there is no 'nowhere.yaml'"),
        ("include: [bad.yaml]", "'bad.yaml' includes itself"),
        ("include: [other.yaml]", "other.yaml:3:.*'bad.yaml' includes itself"),
        ("certain: m_b", "certain: found 'm_b'; expected a list"),
        ("correlated: {a: b}", "correlated: found a mapping; expected a list"),
        (BLOCK + "covariance: [[1, 2], [2, 1]]}]", "not positive definite"),
        (BLOCK + "covariance: [[1, 2], [1, 4]]}]", "not symmetric"),
        (BLOCK + "covariance: [[1, 2]]}]", "found 1 rows; expected 2 rows of 2"),
        (BLOCK + "covariance: [[1], [2]]}]", "found 1 numbers; expected 2"),
        (BLOCK + "covariance: [[1, x], [x, 1]]}]", "found 'x'; expected a number"),
        (BLOCK + "sigma: [1, 2]}]", "'correlation' is missing"),
        (BLOCK + "correlation: [[1, 0], [0, 1]]}]", "'sigma' is missing"),
        (BLOCK + "sigma: [1], correlation: [[1, 0], [0, 1]]}]", "found 1 numbers"),
        (BLOCK + "sigma: [1, 1], correlation: [[2, 0], [0, 1]]}]", "diagonal"),
        (BLOCK.replace("[1, 2]", "[1]") + "covariance: [[1, 0], [0, 1]]}]", "found 1 numbers; expected 2"),
        (BLOCK.replace("[a, b]", "[a, a]") + "covariance: [[1, 0], [0, 1]]}]", "stands twice"),
        (BLOCK.replace("[a, b]", "[]") + "covariance: []}]", "the list is empty"),
    ],
)
def test_malformed_files_are_refused_with_their_line(write, body, message):
    write("schema: 1\ndescription: d\ninclude: [bad.yaml]\n", "other.yaml")
    with pytest.raises(BsfitInputError, match=message) as caught:
        input_set(write(f"schema: 1\ndescription: test\n{body}\n", "bad.yaml"))
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [("schema: 2\ndescription: d\n", "found 2; expected schema 1"), ("[a]", "expected a mapping"), ("", "empty")],
)
def test_files_of_another_kind_are_refused(write, text, message):
    with pytest.raises(BsfitInputError, match=message) as caught:
        input_set(write(text))
    assert caught.value.line == 1


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "hostile").glob("*.yaml")), ids=lambda p: p.stem)
def test_hostile_files_are_refused(path):
    with pytest.raises(BsfitInputError) as caught:
        input_set(path)
    assert caught.value.file == str(path)
    assert caught.value.line >= 1


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BsfitInputError, match="cannot read the file"):
        load_inputs(tmp_path / "nowhere.yaml")


def test_the_documented_files(write):
    """The blocks of docs/data.md."""
    text = (Path(__file__).parents[1] / "docs" / "data.md").read_text()
    own, upper = (block.partition("```")[0] for block in text.split("```yaml\n")[1:3])
    found = input_set(write(own))
    assert {("V_cb",), ("m_b", "m_c")} < set(priors_of(found))
    assert load_limit(write(upper)).supersedes == ("lz-2022",)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("V_cb", -1.0, "0 <= V_cb <= 1"),
        ("V_cb", 1.1, "0 <= V_cb <= 1"),
        ("m_Bs", -5.0, "0 < m_Bs"),
        ("m_Bs", 0.0, "0 < m_Bs"),
        ("tau_Bs", -1.5, "0 < tau_Bs"),
        ("f_Bs", -0.23, "0 < f_Bs"),
        ("alpha_s_mZ", 1.18, "0 <= alpha_s_mZ <= 1"),
        ("B->K* BSZ m0", -5.3, "0 < B->K[*] BSZ m0"),
        ("DeltaGamma/Gamma_Bs", 2.5, "-2 < DeltaGamma/Gamma_Bs < 2"),
        ("coannihilation", 2.0, "0 <= coannihilation <= 1"),
    ],
)
def test_inputs_have_a_domain(name, value, expected, tmp_path):
    with pytest.raises(BsfitInputError, match=f"{value:g} is outside its domain; expected {expected}"):
        load_inputs("default", {name: value})
    with pytest.raises(BsfitInputError, match="outside its domain"):
        predict(["DeltaM_s"], inputs={name: np.float64(value)})
    entry = f'{{value: {value}, unit: "1", source: "mine"}}'
    path = tmp_path / "mine.yaml"
    path.write_text(f'schema: 1\ndescription: "mine"\ninclude: [default]\nvalues:\n  "{name}": {entry}\n')
    with pytest.raises(BsfitInputError, match=f"mine.yaml:5:.* = {value:g} is outside its domain"):
        load_inputs(path)


@pytest.mark.parametrize(
    ("name", "value"), [("V_ub", 0.0), ("coannihilation", 0.0), ("f_N", 0.0), ("gamma", -1.0), ("C9_SM", -4.0)]
)
def test_inputs_that_may_vanish_or_have_either_sign(name, value):
    assert float(load_inputs("default", {name: value})[name]) == value


def test_shipped_values_and_five_errors_around_them_lie_in_their_domains():
    for name in (*INPUT_SETS, *INPUT_CHOICES):
        found = input_set(name)
        values = dict(zip(found.inputs.names, found.inputs.values.tolist(), strict=True))
        assert all(domains.fault_of_input(name, value) is None for name, value in values.items())
        for prior in found.priors:
            errors = np.sqrt(np.diag(prior.covariance))
            for name, mean, error in zip(prior.names, prior.mean.tolist(), errors.tolist(), strict=True):
                assert domains.fault_of_input(name, mean - 5 * error) is None
                assert domains.fault_of_input(name, mean + 5 * error) is None
