r"""Measured values drawn anew from the likelihood at a point of its parameters: pseudo-experiments.

Split normals by rejection: a Gaussian vector y of the correlation matrix, in units of the errors of the sides where it
falls, has the density of the data times those errors. Values that are correlated are accepted together. The step
between the two sides is sharp here, in the likelihood smoothed over a tenth of the smaller error. Theory errors are
Gaussian shifts that all values share, and the side counts before them. Published curves are drawn from and keep their
shape wherever their maximum is. Upper limits are no measured values: they stay what they are.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.sparse.csgraph import connected_components

from bsfit.errors import BsfitInputError
from bsfit.likelihood.curves import PublishedCurve, log_likelihood_curve
from bsfit.likelihood.dark_matter import RelicDensity, UpperLimits
from bsfit.likelihood.densities import FixedErrors, SplitNormal
from bsfit.likelihood.moving_errors import MovingErrors
from bsfit.likelihood.terms import MeasuredValues, PublishedCurves, Term
from bsfit.likelihood.theory_errors import WHOLE
from bsfit.theory import Params

GRID, BEYOND = 4001, 3.0
"""Points at which a published curve is summed, to so many of its widths beyond the table."""


class PseudoData(eqx.Module):
    """What is drawn anew in a log-likelihood: `draw` gives it, `given` puts it into the likelihood.

    The same drawn values go into every likelihood of the same data.
    """

    like: Any
    drawers: tuple["Drawer", ...]

    @classmethod
    def of(cls, like: Any) -> "PseudoData":
        """Of a `LogLikelihood`. Raises `BsfitInputError` for terms of one's own, and where nuisances float."""
        return cls(like, tuple(map(_drawer, like.terms)))

    def draw(self, params: Params, key: Array) -> list[Any]:
        """Data of one pseudo-experiment at these parameters; traceable."""
        _, values, errors = self.like._at(params)
        keys = jax.random.split(key, len(self.drawers))
        each = zip(self.drawers, self.like.terms, values, keys, strict=True)
        return [drawer.draw(term, value, errors, key) for drawer, term, value, key in each]

    def given(self, data: list[Any]) -> Any:
        """The likelihood with these data. Raises `BsfitInputError` for data of other measurements."""
        old = [drawer.data(term) for drawer, term in zip(self.drawers, self.like.terms, strict=True)]
        if jax.tree.map(jnp.shape, old) != jax.tree.map(jnp.shape, data):
            raise BsfitInputError("drawn for other measurements", field="pseudo-data")
        each = zip(self.drawers, self.like.terms, data, strict=True)
        terms = tuple(drawer.given(term, new) for drawer, term, new in each)
        return eqx.tree_at(lambda like: like.terms, self.like, terms)


class Drawer(eqx.Module):
    """What stays: data that are not drawn."""

    def data(self, term: Term) -> Any:
        """What is drawn, as it was measured."""
        return ()

    def draw(self, term: Any, values: Float[Array, " k"], errors: Any, key: Array) -> Any:
        """The same for a pseudo-experiment."""
        return ()

    def given(self, term: Any, data: Any) -> Term:
        """The term with it."""
        return term


class Measured(Drawer):
    """Central values; `factors` of the correlation matrix by blocks of correlated values, at `rows`."""

    factors: tuple[Float[Array, "_ _"], ...]
    rows: tuple[tuple[int, ...], ...] = eqx.field(static=True)

    @classmethod
    def of(cls, data: SplitNormal) -> "Measured":
        """From the values, whose correlation matrix is divided into blocks."""
        n = data.central.shape[0]
        correlation = np.eye(n) if data.precision is None else np.linalg.inv(np.asarray(data.precision))
        known = np.eye(n) if data.precision is None else np.asarray(data.precision)
        _, component = connected_components(known != 0.0)
        blocks = [np.flatnonzero(component == k) for k in range(component.max(initial=-1) + 1)]
        factors = tuple(jnp.asarray(np.linalg.cholesky(correlation[np.ix_(rows, rows)])) for rows in blocks)
        return cls(factors, tuple(tuple(rows.tolist()) for rows in blocks))

    def data(self, term: Any) -> Any:
        """See `Drawer.data`."""
        return _normal(term).central

    def draw(self, term: Any, values: Float[Array, " k"], errors: Any, key: Array) -> Any:
        """See `Drawer.draw`."""
        data, of_theory, *keys = _normal(term), *jax.random.split(key, len(self.rows) + 1)
        shifts = _shifts(term, values, errors)
        central = values + shifts @ jax.random.normal(of_theory, (shifts.shape[1],))
        for factor, rows, block in zip(self.factors, self.rows, keys, strict=True):
            at = np.array(rows)
            central = central.at[at].add(-split_normal(factor, data.sigma_plus[at], data.sigma_minus[at], block))
        return central

    def given(self, term: Any, data: Any) -> Term:
        """See `Drawer.given`."""
        if isinstance(term, RelicDensity):
            return eqx.tree_at(lambda t: t.measured.central, term, data)
        blocks = [data[np.array(index)] for _, index in term.members]
        return eqx.tree_at(
            lambda t: (t.data.central, *(t.blocks[group].central for group, _ in t.members)), term, (data, *blocks)
        )


class Curves(Drawer):
    """Where the tables of curves begin."""

    cumulative: Float[Array, "c g"]
    """Distance of a value from the beginning of the table, at equal steps of probability."""

    @classmethod
    def of(cls, term: PublishedCurves) -> "Curves":
        """From the curves."""
        return cls(jnp.asarray(np.stack([_quantiles(curve) for curve in term.curves])))

    def data(self, term: Any) -> Any:
        """See `Drawer.data`."""
        return [curve.start for curve in term.curves]

    def draw(self, term: Any, values: Float[Array, " k"], errors: Any, key: Array) -> Any:
        """See `Drawer.draw`."""
        steps = jnp.linspace(0.0, 1.0, self.cumulative.shape[1])
        at = jax.random.uniform(key, (len(term.curves),))
        return [value - jnp.interp(u, steps, x) for value, u, x in zip(values, at, self.cumulative, strict=True)]

    def given(self, term: Any, data: Any) -> Term:
        """See `Drawer.given`."""
        return eqx.tree_at(lambda t: [curve.start for curve in t.curves], term, data)


def _drawer(term: Term) -> Drawer:
    if isinstance(term, MeasuredValues) or (isinstance(term, RelicDensity) and term.relic == "equal"):
        return Measured.of(_normal(term))
    if isinstance(term, PublishedCurves):
        return Curves.of(term)
    if isinstance(term, UpperLimits | RelicDensity):
        return Drawer()
    raise BsfitInputError(
        f"cannot be drawn: {', '.join(term.names[:3])}",
        field="pseudo-data",
        expected="measured values and limits, theory errors fixed or propagated",
    )


def _normal(term: Any) -> SplitNormal:
    return term.measured if isinstance(term, RelicDensity) else term.data


def _shifts(term: Any, values: Float[Array, " k"], errors: Any) -> Float[Array, "k q"]:
    if isinstance(term, RelicDensity):
        return term._shifts(values)
    found = errors.of(WHOLE, np.array(term.rows))
    return found.shifts if isinstance(found, FixedErrors | MovingErrors) else found


def split_normal(
    factor: Float[Array, "b b"], plus: Float[Array, " b"], minus: Float[Array, " b"], key: Array
) -> Float[Array, " b"]:
    """Prediction minus central value of correlated values, `factor` being that of their correlation matrix."""

    def attempt(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        key, normal, uniform = jax.random.split(state[0], 3)
        y = factor @ jax.random.normal(normal, plus.shape)
        error = jnp.where(y > 0, plus, minus)
        return key, error * y, jax.random.uniform(uniform) < jnp.prod(error / jnp.maximum(plus, minus))

    start = key, jnp.zeros_like(plus), jnp.asarray(False)
    return jax.lax.while_loop(lambda state: ~state[2], attempt, start)[1]


def _quantiles(curve: PublishedCurve) -> Float[np.ndarray, " g"]:
    """Distances from the beginning of the table at equal steps of the curve's probability."""
    size, width = float(curve.step) * curve.coefficients.shape[0], float(curve.width)
    x = np.linspace(-BEYOND * width, size + BEYOND * width, GRID)
    density = np.exp(np.asarray(jax.vmap(lambda v: log_likelihood_curve(curve, v))(jnp.asarray(x) + curve.start)))
    cumulative = np.cumsum(density)
    cumulative = (cumulative - cumulative[0]) / (cumulative[-1] - cumulative[0])
    return np.interp(np.linspace(0.0, 1.0, GRID), cumulative, x)
