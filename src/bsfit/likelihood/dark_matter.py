r"""What is known about dark matter as terms of a likelihood: its relic density, and limits on its cross sections.

All of it is made of one `theory.DarkSector`, of which freeze-out is computed once. Kept apart from the flavour data,
which the Standard Model predicts too: it has no dark matter to compare with.

`relic` says what the measured density is. ``equal``: the density of this dark matter, a Gaussian. ``upper``: the most
that it may be, a Gaussian above the measured value only; what is missing is other matter, so that rates of scattering
count with the share :math:`\xi` of this dark matter in the Galaxy, :math:`\min(1,\Omega/\Omega_{\rm Planck})`, and
rates of annihilation with :math:`\xi^2`.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit import catalogue
from bsfit.dark_matter import direct_detection, indirect_detection, pair_production, relic_density
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.likelihood import densities
from bsfit.likelihood.densities import SplitNormal
from bsfit.loading.inputs import Inputs
from bsfit.loading.limits import Limit
from bsfit.theory import DarkSector, Theory

RELIC = ("equal", "upper")

SHARPNESS = 20.0
r"""n of :math:`\xi=(1+r^{-n})^{-1/n}`, the smooth minimum of 1 and r: 3.4 % low at r = 1, 1e-3 beyond 20 % of it."""


class DarkMatter(eqx.Module):
    r"""Terms of the likelihood from dark matter.

    `measured` are the values of :math:`\Omega h^2`, `error` the relative error of the calculated one. It is taken of
    the measured value, not of the prediction: the two are the same where they agree, but an error that grows with the
    prediction would never exclude too much dark matter by more than its inverse, ten sigma. Only with `at_each_point`
    (``theory="propagated"``) it is taken of the prediction, and its logarithm is part of the density.
    """

    measured: SplitNormal | None
    error: Float[Array, ""]
    limits: tuple[Limit, ...] = eqx.field(static=True)
    relic: str = eqx.field(static=True)
    at_each_point: bool = eqx.field(static=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of `values`: ``Omega_h2`` for each measurement of it, then rates over their limits."""
        return (*("Omega_h2",) * self.n_relic, *(f"{limit.observable}/{limit.name}" for limit in self.limits))

    @property
    def n_relic(self) -> int:
        """Number of measurements of the relic density."""
        return 0 if self.measured is None else self.measured.central.shape[0]

    @property
    def n_data(self) -> int:
        """Number of measured values. Upper limits have none: a model far below them says nothing of what was seen."""
        return self.n_relic if self.relic == "equal" else 0

    def values(self, theory: Theory, inputs: Inputs) -> Float[Array, " k"]:
        r""":math:`\Omega h^2`, once for each measurement, and the rate over the published limit for each limit.

        Raises `BsfitInputError` for a model without dark matter.
        """
        dark = theory.dark
        if dark is None:
            raise BsfitInputError("this model has no dark matter", field="data", expected="model portal or loop")
        share, found = jnp.ones(()), []
        if self.measured is not None:
            omega = relic_density.predicted("Omega_h2", theory, inputs)
            found = [omega] * self.n_relic
            if self.relic == "upper":
                share = share_of(omega / self.measured.central[0])
        return jnp.stack([*found, *(_over_limit(limit, dark, share, theory, inputs) for limit in self.limits)])

    def log_likelihood(self, values: Float[Array, " k"]) -> Float[Array, ""]:
        """Sum of the groups, which share no errors."""
        return sum(self.by_group(values).values(), jnp.zeros(()))

    def by_group(self, values: Float[Array, " k"]) -> dict[str, Float[Array, ""]]:
        """Log-likelihood of each group of data: a density for measured values, zero at most for limits."""
        found = {} if self.measured is None else {"relic": self._relic(self.measured, values)[0]}
        for limit, chi2 in self._of_limits(values):
            found[limit.group] = found.get(limit.group, 0.0) - 0.5 * chi2
        return found

    def chi2(self, values: Float[Array, " k"]) -> Float[Array, ""]:
        """Chi2 of the density, and Delta chi2 of every limit."""
        relic = jnp.zeros(()) if self.measured is None else self._relic(self.measured, values)[1]
        return sum((chi2 for _, chi2 in self._of_limits(values)), relic)

    def pulls(self, values: Float[Array, " k"]) -> Float[Array, " k"]:
        """Measured minus predicted value over the error; for limits minus the root of their Delta chi2."""
        relic = jnp.zeros(0) if self.measured is None else self._relic(self.measured, values)[2]
        at_limit = np.array([limit.at_limit for limit in self.limits])
        return jnp.concatenate([relic, -np.sqrt(at_limit) * values[self.n_relic :]])

    def told(self, values: Float[Array, " k"]) -> dict:
        """All of these at once, by their names."""
        found = {"chi2": self.chi2(values), "by_group": self.by_group(values), "pulls": self.pulls(values)}
        return {**found, "predictions": values}

    def _relic(self, measured: SplitNormal, values: Float[Array, " k"]) -> tuple[Array, Array, Array]:
        """Log-density, chi2 and pulls of the relic density."""
        omega = values[: self.n_relic]
        errors = (self.error * (omega if self.at_each_point else measured.central))[:, None]
        pulls = densities.pulls(measured, omega, errors)
        if self.relic == "equal":
            return densities.log_prob(measured, omega, errors), densities.chi2(measured, omega, errors), pulls
        excess = densities.excess_chi2(measured, omega, errors)
        return -0.5 * excess, excess, jnp.minimum(pulls, 0.0)

    def _of_limits(self, values: Float[Array, " k"]) -> list[tuple[Limit, Array]]:
        ratios = zip(self.limits, values[self.n_relic :], strict=True)
        return [(limit, densities.upper_limit_chi2(ratio, limit.at_limit)) for limit, ratio in ratios]

    @property
    def sources(self) -> tuple[str, ...]:
        """Papers of the methods."""
        keys = {
            "relic": ("relic_density", "Omega_h2"),
            "direct": ("direct_detection", "sigma_SI"),
            "indirect": ("indirect_detection", "sigma_v"),
        }
        used = {*(limit.group for limit in self.limits), *(("relic",) if self.n_relic else ())}
        return tuple(s for group, key in keys.items() if group in used for s in catalogue.QUANTITIES[key].sources)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which of the limits are estimates."""
        return tuple(note for limit in self.limits for note in limit.notes)


class Slopes(NamedTuple):
    """Log-likelihood of dark matter, its gradient [n] and information [n, n], and what a fit is told about it."""

    value: Array
    gradient: Array
    information: Array
    told: dict


def share_of(ratio: Float[ArrayLike, ""]) -> Float[Array, ""]:
    r"""Share of this dark matter in all: the smooth minimum of 1 and a ratio of densities, see `SHARPNESS`."""
    return jnp.exp(-jnp.logaddexp(0.0, -SHARPNESS * jnp.log(ratio)) / SHARPNESS)


def _over_limit(
    limit: Limit, dark: DarkSector, share: Float[Array, ""], theory: Theory, inputs: Inputs
) -> Float[Array, ""]:
    """Rate over its limit: of scattering with the share of this dark matter, of annihilation with its square.

    What colliders make does not depend on how much of it there is.
    """
    if limit.group == "collider":
        return pair_production.over_limit(limit, dark)
    if limit.observable == "sigma_SI":
        sigma = direct_detection.predicted("sigma_SI", theory, inputs)
        return share * sigma / direct_detection.largest(dark.masses[0], limit.name)
    return share**2 * indirect_detection.planck_ratio(dark, inputs)


def expand(terms: DarkMatter, of, vector: Float[Array, " n"]) -> Slopes:
    """The terms around a point, for scoring: ``of(vector)`` are their `values`; the information leaves out curvature.

    All terms are functions of a few values, whose second derivatives are exact.
    """
    values, jacobian = of(vector), jax.jacrev(of)(vector)
    value, slope = jax.value_and_grad(terms.log_likelihood)(values)
    weight = -jax.hessian(terms.log_likelihood)(values)
    return Slopes(value, jacobian.T @ slope, jacobian.T @ weight @ jacobian, terms.told(values))


def of_data(data: list, limits: tuple[Limit, ...], relic: str, error: float, at_each_point: bool) -> DarkMatter | None:
    """Terms of measurements of the relic density (`measurements.Datum`, uncorrelated) and of limits; None if none.

    Raises `BsfitInputError` for another mode than `RELIC`, for ``upper`` without a density, and for measurements of
    anything else.
    """
    if relic not in RELIC:
        raise BsfitInputError(
            f"unknown {relic!r}", field="relic", expected="equal or upper", hint=did_you_mean(relic, RELIC)
        )
    for datum in data:
        if datum.stem != "Omega_h2":
            raise BsfitInputError(f"a measurement of {datum.stem} is not used", field="data", expected="Omega_h2")
    if relic == "upper" and not data:
        raise BsfitInputError(
            "no upper bound without a measured relic density", field="relic", hint="add relic to the data"
        )
    if not data and not limits:
        return None
    columns = (np.array([getattr(d, part) for d in data]) for part in ("central", "sigma_plus", "sigma_minus"))
    measured = SplitNormal.of(*columns) if data else None
    return DarkMatter(measured, jnp.asarray(error), limits, relic, at_each_point)


def is_dark(observable: str) -> bool:
    """Whether an observable belongs to dark matter."""
    return catalogue.observable(observable).quantity.process.dark
