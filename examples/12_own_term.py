"""A term of one's own: what is known beside the data, as a log-density of a theory and the inputs."""

import sys

import jax.numpy as jnp

import bsfit


def events(theory, inputs):
    """Five events where the Standard Model expects eight, a number that goes as |C10|^2."""
    expected = 8.0 * jnp.abs(1.0 + theory.wilson["C10_bsmumu"] / inputs["C10_SM"]) ** 2
    return 5.0 * jnp.log(expected) - expected


like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3, 3), "C10mu": (-3, 3)}, terms={"events": events})
best = bsfit.fit(like)
print(best)
sys.exit(not best.converged)
