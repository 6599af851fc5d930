"""Model-independent new physics: the Wilson coefficients at 4.8 GeV are the parameters.

Besides the coefficients of `catalogue.COEFFICIENTS` (real part under the name, imaginary part under ``<name>_im``) the
scenarios of global fits are parameters, which add to the coefficients: ``C9mu=-C10mu`` = 0.5 shifts C9 of the muon by
+0.5 and C10 by -0.5; see `catalogue.scenario`.
"""

import jax.numpy as jnp
import numpy as np

from bsfit.catalogue import COEFFICIENTS, scenario
from bsfit.loading.inputs import Inputs
from bsfit.theory import INDEX, Params, Theory, WilsonCoefficients


def theory(params: Params, inputs: Inputs) -> Theory:
    """Theory with the given coefficients; those that `params` does not name are zero."""
    if not params:
        return Theory.standard_model()
    rows = np.array([_row(name) for name in params])
    values = jnp.stack([jnp.asarray(value, dtype=float) for value in params.values()])
    return Theory(WilsonCoefficients(values @ rows))


def _row(name: str) -> np.ndarray:
    """Complex shifts [n] of all coefficients for one unit of a parameter."""
    row = np.zeros(len(COEFFICIENTS), dtype=complex)
    terms = scenario(name)
    if terms is None:
        row[INDEX[name.removesuffix("_im")]] = 1j if name.endswith("_im") else 1.0
    else:
        for coefficient, factor in terms.items():
            row[INDEX[coefficient]] = factor
    return row
