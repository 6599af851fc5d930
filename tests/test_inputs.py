"""Input sets: loading, units, priors, replacement, bad files."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.loading import inputs as inputs_module
from bsfit.loading.inputs import AS_FLAVIO, INPUT_SETS, Choices, input_set, load_inputs


@pytest.mark.parametrize("name", INPUT_SETS)
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
        "B->K* BSZ a0_A0",
        "B->K BSZ a0_f+",
        "eta_B",
    }
    assert core <= set(loaded.inputs.names)
    assert np.all(np.isfinite(loaded.inputs.values))
    assert set(loaded.sources) == set(loaded.inputs.names)
    given = [name for prior in loaded.priors for name in prior.names]
    assert len(given) == len(set(given)), "two priors for one input"
    for prior in loaded.priors:
        assert np.linalg.eigvalsh(prior.covariance).min() > -1e-12 * np.abs(prior.covariance).max()
        np.testing.assert_allclose(loaded.inputs.array(prior.names), prior.mean)


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


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("values: {a: {value: x, unit: GeV, source: s}}", "cannot read the value"),
        ("values: {a: {value: 1, unit: furlong, source: s}}", "unknown unit"),
        ("valeus: {}", "values"),
        (
            "correlated: [{names: [a, b], unit: '1', source: s, mean: [1, 2], covariance: [[1, 2], [2, 1]]}]",
            "not positive definite",
        ),
    ],
)
def test_malformed_files_are_refused_with_their_line(tmp_path, body, message):
    path = tmp_path / "bad.yaml"
    path.write_text(f"schema: 1\ndescription: test\n{body}\n")
    with pytest.raises(BsfitInputError, match=message) as caught:
        inputs_module._read_set(path, tmp_path, {}, {}, [], [])
    assert caught.value.line == 3
