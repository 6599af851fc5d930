"""Models with loops of new fermions and scalars against stored points of an independent derivation.

`catalogue_loops.json`, names as in `catalogue_names.json`. A stored C9 is the box alone, Delta F = 2 stands at the
scale of matching, the trident is K of its Lagrangian; a box that cancels is stored as zero.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit import catalogue
from bsfit.dark_matter import direct_detection, relic_density
from bsfit.loading.inputs import load_inputs
from bsfit.observables import dipoles
from bsfit.predictions.bound_model import module_of
from bsfit.standard_model.running import MU_B, run_delta_f2
from bsfit.theory import Rows

INPUTS = load_inputs("reference").replace({"q_xenon": 0.05, "m_quark_loop": 0.5, "m_h": 125.25, "Gamma_h": 0.00407})
"""With what the stored numbers have of the Higgs boson, and as cuts of loops of light fermions."""
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
MODELS = ("flavour_scalar", "dm_exchange", "fermion_bridge", "leptoquark_nplet", "confinement")
RELICS = MODELS[:-1]
DIPOLES = ("a_mu", "BR(mu->egamma)", "BR(tau->mugamma)")


@pytest.fixture(scope="module")
def stored(reference):
    return reference("catalogue_loops.json"), reference("catalogue_names.json")


def row_of(names, point):
    """Our model for a stored point."""
    model = names["model"]
    return model if isinstance(model, str) else model[str(point["parameters"][model["by"]])]


def parameters_of(names, row, point):
    """Ours, of which those that are not stored have their defaults."""
    known = {p.name: p.default for p in catalogue.MODELS[row].parameters}
    found = {name: float(value) for name, value in known.items() if value is not None}
    for theirs, ours in names["parameters"].items():
        value = point["parameters"].get(theirs)
        if isinstance(ours, list):
            for name, (real, imaginary) in zip(np.ravel(ours), np.reshape(value, (-1, 2)), strict=True):
                found |= {str(name): float(real), f"{name}_im": float(imaginary)}
        elif value is not None and ours in known:
            found[ours] = float(value)
    return found


@functools.cache
def compiled(row, scale):
    """What is stored, by our names."""
    refused = catalogue.MODELS[row].refused

    def predicted(params, inputs):
        theory = module_of(catalogue.MODELS[row]).theory(params, inputs)
        wilson, moments = theory.wilson, dipoles.moments(theory, inputs, ROW)
        own = {name: wilson[name] for name in ("C10_bsmumu", "C9_bsmue", "C9_bsemu")}
        own |= {name: wilson[name] for name in ("CL_bsnuenue", "CL_bsnumunumu", "CL_bsnutaunutau")}
        own |= {name: wilson[name] - theory.quantities["C9_photon"] for name in ("C9_bsmumu", "C9_bsee")}
        running = run_delta_f2(params[scale], MU_B, inputs)
        own |= {name: -wilson[name] / running for name in ("CVLL_bsbs", "CVLL_bdbd", "CVLL_sdsd", "CVLL_ucuc")}
        own["CVLL_numunumumumu"] = wilson["CVLL_numunumumumu"] * 4 * inputs["G_F"] / jnp.sqrt(2.0)
        own |= {key: dipoles.assemble(key, moments, ROW, inputs) for key in DIPOLES}
        if theory.dark is not None and "sigma_SI" not in refused:
            own |= {
                "sigma_SI": direct_detection.predicted("sigma_SI", theory, inputs),
                "b_scalar": theory.dark.scalar[0],
            }
        return {**theory.quantities, **own}

    return jax.jit(predicted)


@pytest.mark.parametrize("name", MODELS)
def test_every_stored_point_of_the_loop_models(name, stored):
    """Coefficients, (g-2)_mu and branching fractions to 1e-8, scattering to 1e-5."""
    numbers, names = stored
    ours = names["values"][names[name]["values"]]
    compared = set()
    for point in numbers[name]:
        row = row_of(names[name], point)
        params, predicted = parameters_of(names[name], row, point), compiled(row, names[name]["scale"])
        left = {name: 0.0 if name.startswith("lambda_R") else value for name, value in params.items()}
        found = {**predicted(params, INPUTS), "BR(mu->egamma), left": predicted(left, INPUTS)["BR(mu->egamma)"]}
        for key, value in point["values"].items():
            if key not in ours or key == "omega":
                continue
            expected = complex(*value) if isinstance(value, list) else value
            tolerance = 1e-5 if ours[key] in ("sigma_SI", "sigma_SI_equivalent", "anapole") else 1e-8
            assert complex(found[ours[key]]) == pytest.approx(expected, rel=tolerance, abs=1e-40), key
            compared.add(key)
    assert len(compared) >= 10


@functools.cache
def density(row):
    """Omega h^2 at one point."""

    def predicted(params, inputs):
        theory = module_of(catalogue.MODELS[row]).theory(params, inputs)
        return relic_density.predicted("Omega_h2", theory, inputs)

    return jax.jit(predicted)


@pytest.mark.slow
@pytest.mark.parametrize("name", RELICS)
def test_every_stored_relic_density_of_the_loop_models(name, stored):
    """1e-3, with our own plasma."""
    numbers, names = stored
    for point in numbers[name]:
        row = row_of(names[name], point)
        found = density(row)(parameters_of(names[name], row, point), INPUTS)
        assert float(found) == pytest.approx(point["values"]["omega"], rel=1e-3)
