"""Model-independent new physics: the Wilson coefficients at 4.8 GeV are the parameters.

Besides the coefficients of `catalogue.COEFFICIENTS` (real part under the name, imaginary part under ``<name>_im``) the
scenarios of global fits are parameters, which add to the coefficients: ``C9mu=-C10mu`` = 0.5 shifts C9 of the muon by
+0.5 and C10 by -0.5; see `catalogue.scenario`.
"""

import jax.numpy as jnp
from jaxtyping import Array

from bsfit.catalogue import scenario
from bsfit.loading.inputs import Inputs
from bsfit.theory import Params, Theory, WilsonCoefficients


def theory(params: Params, inputs: Inputs) -> Theory:
    """Theory with the given coefficients; those that `params` does not name are zero."""
    if not params:
        return Theory.standard_model()
    values: dict[str, Array] = {}
    for parameter, value in params.items():
        value = jnp.asarray(value, dtype=float)
        for name, factor in _shifts(parameter).items():
            values[name] = values.get(name, 0.0) + factor * value
    return Theory(WilsonCoefficients.of(values))


def _shifts(name: str) -> dict[str, complex]:
    """Shifts of coefficients for one unit of a parameter."""
    terms = scenario(name)
    if terms is None:
        return {name.removesuffix("_im"): 1j if name.endswith("_im") else 1.0}
    return dict(terms)
