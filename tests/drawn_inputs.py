"""Spread of predictions where all uncertain inputs are drawn: what errors to first order are compared with."""

import jax
import jax.numpy as jnp
import numpy as np

from bsfit import compiling
from bsfit.loading.inputs import Inputs


def spread(direct, theory, uncertain, count=500, seed=5):
    """Standard deviations of `count` draws of the predictions of a theory, beyond first order too."""
    draws = np.random.default_rng(seed).normal(size=(count, len(uncertain.names))) @ uncertain.directions(direct.inputs)

    def at(shift):
        moved = Inputs(direct.inputs.values + shift, direct.inputs.names, direct.inputs.set_name)
        return direct.of_theory(theory, moved)

    found = compiling.compile_quickly(lambda x: jax.lax.map(at, x, batch_size=50))(jnp.asarray(draws))
    return np.std(found, axis=0)
