"""Every row of the catalogue at every edge of its bins: finite values and gradients, known inputs and sources.

Adding an observable, a process or a model needs no line here.
"""

import fnmatch
import re
from contextlib import suppress
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import bsfit
from bsfit import catalogue, compiling
from bsfit.catalogue.coefficients import unit
from bsfit.errors import BsfitInputError
from bsfit.hadronic.phase_space import CHARMONIA
from bsfit.loading.inputs import Inputs, input_set, load_inputs
from bsfit.predictions import compiled
from bsfit.predictions.bound_model import bind_model, module_of
from bsfit.predictions.checks import check_bin
from bsfit.predictions.derivatives import Directions, ValueAndSlopes
from bsfit.predictions.prediction import wired
from bsfit.theory import INDEX, Theory, WilsonCoefficients

PROCESSES = [process for process in catalogue.PROCESSES.values() if not process.dark]
QUANTITIES = list(catalogue.QUANTITIES.values())
MODELS = [model for model in catalogue.MODELS.values() if model.dark_matter]
KEYS = set(re.findall(r"^@\w+{([^,]+),", (Path(bsfit.__file__).parent / "data" / "references.bib").read_text(), re.M))
INPUTS = load_inputs("default", {"charmonium_gap": 1.0})
FIXED_BINS = ((0.0, 0.05), (0.0009, 1.1), (0.045, 1.1), (1.1, 6.0), (6.0, CHARMONIA[0]), (CHARMONIA[1], 15.0))
SIZES = {"1": 0.3, "GeV^-1": 0.05, "GeV^-2": 1e-11}
"""Of random coefficients, by their unit."""

ONE_OF_A_KIND = {"dm_exchange"}
"""A model with dark matter that CI tries; the others, half a minute each and more, are run by hand."""


def slow_or_long(rows, costly):
    """Rows of which the costly ones are run by hand."""
    return [
        pytest.param(row, id=row.name, marks=pytest.mark.long if row.name in costly else pytest.mark.slow)
        for row in rows
    ]


by_name = pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process.name)
by_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def of_process(process):
    """Quantities of a process."""
    return [quantity for quantity in QUANTITIES if quantity.process == process]


def bins(process, decay, leptons):
    """Bins that begin and end on the edges of phase space and of the charmonia, and those between."""
    heavy, light = process.masses[process.decays.index(decay)]
    end = float(INPUTS[heavy] - INPUTS[light]) ** 2
    threshold = max(4.0 * float(INPUTS[f"m_{lepton}"]) ** 2 for lepton in leptons)
    ends = ((0.0, 1.001 * threshold), (threshold, threshold + 0.1), (end - 0.1, end), (end - 1e-3, end + 1.0))
    inside = [(low, high) for low, high in (*FIXED_BINS, *ends, (15.0, 30.0)) if low < end and high > threshold]
    return [f"[{low!r},{high!r}]" for low, high in inside]


@cache
def observables(process):
    """All entries of a process: each decay, lepton and bin."""
    names = []
    for quantity in of_process(process):
        if not quantity.binned:
            names.append(quantity.key)
            continue
        each = [((x,), 2 * x) for x in catalogue.LEPTONS] if quantity.leptons == ("l",) else [(quantity.leptons, "ll")]
        for decay in process.decays:
            for leptons, pair in each:
                names += [f"<{quantity.key}>({decay}{pair}){edges}" for edges in bins(process, decay, leptons)]
    return names


@cache
def points():
    """The Standard Model, and a point where every coefficient is shifted, as an array [2, c]."""
    sizes = np.array([SIZES[unit(name)] for name in INDEX])
    real, imaginary = np.random.default_rng(7).uniform(-1.0, 1.0, (2, len(INDEX)))
    return np.stack([np.zeros(len(INDEX)), sizes * (real + 1j * imaginary)])


@cache
def wiring(process):
    """The plan of all its observables."""
    return wired(observables(process), inputs=INPUTS)


@cache
def moments():
    """By name of the process, moments [2, n, k] at the points; all processes are compiled at once."""
    return compiled.moments({p: (points(), wiring(p).plans[0].row_arrays()) for p in PROCESSES}, INPUTS)


@cache
def values():
    """By name of the process, values [2, n] at the points."""
    none = Theory.standard_model()

    def assembled(moments, inputs):
        found = {}
        for process in PROCESSES:
            at = jax.vmap(lambda m, process=process: wiring(process).of_moments({process.name: m}, none, inputs))
            found[process.name] = at(moments[process.name])
        return found

    return compiling.compile_quickly(assembled)(moments(), INPUTS)


def assert_finite(array, names):
    lost = [name for name, row in zip(names, np.asarray(array), strict=True) if not np.all(np.isfinite(row))]
    assert not lost, f"{len(lost)} of {len(names)}: {', '.join(lost[:20])}"


# ------------------------------------------------------------------------------------------------------ tables alone


@by_name
def test_a_process_has_the_moments_that_its_row_says(process):
    assert len(module_of(process).MOMENTS) == process.n_moments


@by_name
def test_bins_outside_phase_space_are_refused(process):
    for decay, (heavy, light) in zip(process.decays, process.masses, strict=bool(process.masses)):
        end = float(INPUTS[heavy] - INPUTS[light]) ** 2
        for edges in (f"[{end!r},30]", "[0,1e-7]"):
            with pytest.raises(BsfitInputError, match="outside the phase space"):
                check_bin(catalogue.observable(f"<BR>({decay}mumu){edges}"), INPUTS)


@pytest.mark.parametrize("quantity", QUANTITIES, ids=lambda quantity: f"{quantity.process.name}-{quantity.key}")
def test_inputs_and_sources_of_a_row_are_known(quantity):
    """Each glob of its nuisances names an uncertain input for every decay; each source has its entry.

    Form factors are described in one of two ways.
    """
    sets = map(input_set, ("default", "grvdv-2023"))
    uncertain = {name for each in sets for prior in each.priors for name in prior.names}
    for decay in quantity.process.decays:
        item = catalogue.Observable("", quantity, decay, (), None)
        for glob in catalogue.nuisance_globs(item):
            assert fnmatch.filter(uncertain, glob), f"{glob} matches no uncertain input"
    assert quantity.sources
    assert set(quantity.sources) <= KEYS


@pytest.mark.parametrize("model", catalogue.MODELS.values(), ids=lambda model: model.name)
def test_sources_of_a_model_are_known(model):
    assert model.sources or model.effective
    assert set(model.sources) <= KEYS


def test_names_lead_back_to_their_rows():
    for process in PROCESSES:
        for name in observables(process):
            item = catalogue.observable(name)
            assert item.quantity.process == process
            assert catalogue.observable(item.name).name == item.name


# ---------------------------------------------------------------------------------------------- values and gradients


@pytest.mark.long
@by_name
def test_values_are_finite(process):
    assert_finite(values()[process.name].T, observables(process))


COSTLY = {
    "bs_mixing",
    "b_to_k_ll",
    "b_to_v_ll",
    "lambdab_to_lambda_ll",
    "b_to_xs_ll",
    "b_to_s_lfv",
    "b_to_v_gamma",
    "b_to_c_lnu",
}
"""Processes whose gradients in everything take twenty seconds and more."""


@pytest.mark.long
@pytest.mark.parametrize("process", slow_or_long(PROCESSES, COSTLY))
def test_gradients_are_finite(process):
    """In every coefficient that the process depends on, real and imaginary part, and in every input; at all points."""
    names = catalogue.coefficients_of(process, catalogue.LEPTONS)
    c, i = len(names), len(INPUTS.names)
    parts = np.zeros((2 * c, len(INDEX)), dtype=complex)
    columns = [INDEX[name] for name in names]
    parts[range(c), columns], parts[range(c, 2 * c), columns] = 1.0, 1.0j
    coefficients = np.concatenate([parts, np.zeros((i, len(INDEX)))])
    moved = np.concatenate([np.zeros((2 * c, i)), np.eye(i)])
    everything = Directions(coefficients, moved, lambda *_: [*range(2 * c + i)])
    both = ValueAndSlopes(wiring(process))
    for point, expected in zip(points(), values()[process.name], strict=True):
        theory = Theory(WilsonCoefficients(jnp.asarray(point)))
        found, slopes = both(theory, INPUTS, everything)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.max(np.abs(expected)))
        assert_finite(slopes, observables(process))
        moves = np.any(slopes[:, : 2 * c].reshape(-1, 2, c), axis=1)
        for name, row in zip(observables(process), moves, strict=True):
            said = catalogue.coefficients_that_move(catalogue.observable(name))
            assert {names[k] for k in np.flatnonzero(row)} <= {*said}, name
        assert moves.any(axis=0).all() or not np.any(point)


@pytest.mark.parametrize("process", slow_or_long(PROCESSES, COSTLY))
def test_jit_is_vmap(process):
    """One point at a time, the differentiable path of a likelihood, against blocks of many."""
    rows = wiring(process).plans[0].row_arrays()

    def one(values, inputs):
        return module_of(process).moments(Theory(WilsonCoefficients(values)), inputs, rows)

    run = compiling.compiled_for(one, jnp.asarray(points()[0]), INPUTS)
    for point, many in zip(points(), moments()[process.name], strict=True):
        np.testing.assert_allclose(run(jnp.asarray(point), INPUTS), many, rtol=1e-11, atol=1e-13 * np.max(np.abs(many)))


# ---------------------------------------------------------------------------------------------------- dark matter


@cache
def dark(model):
    """Keys that a model predicts, their values as a function of parameters [p] and inputs [i], and points [3, p].

    Points are its benchmark, that with all masses doubled, and that with all couplings halved.
    """
    at = {p.name: model.benchmark.get(p.name, p.default) for p in model.parameters}
    at = {name: value for name, value in at.items() if np.isfinite(value)}
    rows = {quantity.key: module_of(quantity.process) for quantity in QUANTITIES if quantity.process.dark}
    bound, keys = bind_model(model, {}, tuple(at)), []

    def predicted(values, inputs):
        inputs = Inputs(inputs, INPUTS.names, INPUTS.set_name)
        theory, found = bound(dict(zip(at, values, strict=True)), inputs), {}
        for key, module in rows.items():
            with suppress(BsfitInputError):  # of what this model does not have
                found[key] = module.predicted(key, theory, inputs)
        keys[:] = found
        return jnp.stack([*found.values()])

    benchmark = jnp.asarray([*at.values()])
    jax.eval_shape(predicted, benchmark, INPUTS.values)
    is_mass = np.array([p.unit == "GeV" for p in model.parameters if p.name in at])
    return tuple(keys), predicted, jnp.stack([benchmark, benchmark * (1 + is_mass), benchmark * (1 + is_mass) / 2])


@pytest.mark.long
def test_every_row_of_dark_matter_is_predicted_by_a_model():
    found = {key for model in MODELS for key in dark(model)[0]}
    assert found == {quantity.key for quantity in QUANTITIES if quantity.process.dark}


@pytest.mark.long
@pytest.mark.parametrize("model", slow_or_long(MODELS, {row.name for row in MODELS} - ONE_OF_A_KIND))
def test_dark_matter_is_finite_and_differentiable(model):
    """Values at all points, and slopes where all parameters and inputs move at once; jit is vmap."""
    keys, predicted, points = dark(model)

    def both(point, inputs):
        return jax.jvp(predicted, (point, inputs), (jnp.ones_like(point), inputs + 1.0))

    along = compiling.compile_quickly(jax.vmap(both, (0, None)))
    values, slopes = along(points, INPUTS.values)
    assert_finite(values.T, keys)
    assert_finite(slopes.T, keys)
    one = compiling.compiled_for(predicted, points[0], INPUTS.values)
    np.testing.assert_allclose([one(point, INPUTS.values) for point in points], values, rtol=1e-9)
