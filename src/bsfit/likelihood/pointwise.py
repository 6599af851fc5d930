r"""The density of each datum given all others, which information criteria and leave-one-out predictions need.

Values that share a covariance C, with residuals r, have no density each; what each has is the conditional one, normal
with precision :math:`K_{ii}` about the value from which it differs by :math:`g_i/K_{ii}`, where :math:`K=C^{-1}` and
:math:`g=Kr`: derived here by inverting C in blocks, and compared with joint densities in the tests. Two-sided errors
enter C on the side of the residual, and the normalisation by their mean, as in `densities`.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit.likelihood import densities
from bsfit.likelihood.curves import log_likelihood_curve
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.terms import MeasuredValues, NuisanceConstraints, PublishedCurves, Term
from bsfit.likelihood.theory_errors import ErrorsOfBlocks


def given_others(data: SplitNormal, prediction: Float[Array, " n"], shifts: Float[Array, "n q"]) -> Float[Array, " n"]:
    """Log-density of each measured value given the others; `shifts` are theory errors per unit nuisance."""
    correlation = jnp.eye(len(data.central)) if data.precision is None else jnp.linalg.inv(data.precision)
    error, mean = densities.sigma(data, prediction), 0.5 * (data.sigma_plus + data.sigma_minus)
    precision, at_mean = (
        jnp.linalg.inv(correlation * jnp.outer(side, side) + shifts @ shifts.T) for side in (error, mean)
    )
    pull = precision @ (prediction - data.central)
    return -0.5 * pull**2 / jnp.diag(precision) + 0.5 * jnp.log(jnp.diag(at_mean) / (2.0 * jnp.pi))


def by_datum(
    terms: Sequence[Term], values: Sequence[Float[Array, " k"]], errors: ErrorsOfBlocks
) -> tuple[Float[Array, " d"], dict[str, Float[Array, ""]]]:
    """Log-densities of measured values given all others of their term, as they are predicted; and of other terms.

    These are by the names of their groups; constraints of nuisances belong to the prior, and are not among them.
    """
    data, others = [jnp.zeros(0)], {}
    for term, value in zip(terms, values, strict=True):
        if isinstance(term, MeasuredValues):
            data.append(given_others(term.data, value, errors.shifts[term.rows.start : term.rows.stop]))
        elif isinstance(term, PublishedCurves):
            data.append(jnp.stack([log_likelihood_curve(*pair) for pair in zip(term.curves, value, strict=True)]))
        elif not isinstance(term, NuisanceConstraints):
            for group, density in term.by_group(value, errors).items():
                others[group] = others[group] + density if group in others else density
    return jnp.concatenate(data), others
