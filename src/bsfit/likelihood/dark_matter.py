r"""What is known about dark matter as terms of a likelihood: its relic density, and limits on its cross sections.

Kept apart from the flavour data, which the Standard Model predicts too: it has no dark matter to compare with.

`relic` says what the measured density is. ``equal``: the density of this dark matter, a Gaussian. ``upper``: the most
that it may be, a Gaussian above the measured value only; what is missing is other matter, so that rates of scattering
count with the share :math:`\xi` of this dark matter in the Galaxy, :math:`\min(1,\Omega/\Omega_{\rm Planck})`, and
rates of annihilation with :math:`\xi^2`.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit import catalogue
from bsfit.dark_matter import direct_detection, indirect_detection, pair_production, relic_density
from bsfit.errors import BsfitInputError, one_of
from bsfit.likelihood import densities
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.terms import Predicted, Term
from bsfit.likelihood.theory_errors import ErrorsOfBlocks
from bsfit.loading.inputs import Inputs
from bsfit.loading.limits import Limit
from bsfit.predictions.bound_model import BoundModel
from bsfit.theory import DarkSector, Params, Theory, Verdict

RELIC = ("equal", "upper")

SHARPNESS = 20.0
r"""n of :math:`\xi=(1+r^{-n})^{-1/n}`, the smooth minimum of 1 and r: 3.4 % low at r = 1, 1e-3 beyond 20 % of it."""


class RelicDensity(Term):
    r"""Measured values of :math:`\Omega h^2`, uncorrelated.

    `error` is the relative error of the calculated one. It is taken of the measured value, not of the prediction: the
    two are the same where they agree, but an error that grows with the prediction would never exclude too much dark
    matter by more than its inverse, ten sigma. Only with `at_each_point` (``theory="propagated"``) it is taken of the
    prediction, and its logarithm is part of the density.
    """

    measured: SplitNormal
    error: Float[Array, ""]
    relic: str = eqx.field(static=True)
    at_each_point: bool = eqx.field(static=True)

    @property
    def names(self) -> tuple[str, ...]:
        """``Omega_h2`` for each measurement of it."""
        return ("Omega_h2",) * self.measured.central.shape[0]

    @property
    def n_data(self) -> int:
        """Number of measured values; an upper bound is none."""
        return len(self.names) if self.relic == "equal" else 0

    @property
    def pulled(self) -> tuple[str, ...]:
        """All of them."""
        return self.names

    @property
    def sources(self) -> tuple[str, ...]:
        """Papers of freeze-out."""
        return _sources("relic_density", "Omega_h2")

    def values(self, theory: Theory, predicted: Predicted, inputs: Inputs) -> Float[Array, " k"]:
        """The calculated density, once for each measurement."""
        return jnp.stack([predicted.relic_density] * len(self.names))

    def by_group(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """Log-density; zero at most for an upper bound."""
        if self.relic == "upper":
            return {"relic": -0.5 * self.chi2(values, errors)}
        return {"relic": densities.log_prob(self.measured, values, self._shifts(values))}

    def chi2(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """Chi2 of the density, of its excess for an upper bound."""
        of = densities.chi2 if self.relic == "equal" else densities.excess_chi2
        return of(self.measured, values, self._shifts(values))

    def pulls(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, " k"]:
        """Measured minus calculated density over the error; none below an upper bound."""
        found = densities.pulls(self.measured, values, self._shifts(values))
        return found if self.relic == "equal" else jnp.minimum(found, 0.0)

    @property
    def dark(self) -> bool:
        """It is."""
        return True

    def verdicts(self, theory: Theory) -> tuple[Verdict, ...]:
        """What freeze-out assumes."""
        return relic_density.verdicts(theory)

    def conditions(self, theory: Theory) -> tuple[Verdict, ...]:
        """That there is something that thins it out."""
        return relic_density.conditions(theory)

    def _shifts(self, values: Float[Array, " k"]) -> Float[Array, "k 1"]:
        return (self.error * (values if self.at_each_point else self.measured.central))[:, None]


class UpperLimits(Term):
    r"""Rates over their published upper limits, those of `full` dark matter rescaled by its share.

    `full` is the density of all dark matter, None where this is all of it. Limits are no data: a model far below them
    says nothing of what was seen.
    """

    full: Float[Array, ""] | None
    limits: tuple[Limit, ...] = eqx.field(static=True)

    @property
    def names(self) -> tuple[str, ...]:
        """The rate, and the limit that it is divided by."""
        return tuple(f"{limit.observable}/{limit.name}" for limit in self.limits)

    @property
    def pulled(self) -> tuple[str, ...]:
        """All of them."""
        return self.names

    @property
    def dark(self) -> bool:
        """It is."""
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        """Which of the limits are estimates."""
        return tuple(note for limit in self.limits for note in limit.notes)

    @property
    def sources(self) -> tuple[str, ...]:
        """Papers of the rates."""
        keys = {"direct": ("direct_detection", "sigma_SI"), "indirect": ("indirect_detection", "sigma_v")}
        used = dict.fromkeys(limit.group for limit in self.limits)
        return tuple(source for group in keys if group in used for source in _sources(*keys[group]))

    def values(self, theory: Theory, predicted: Predicted, inputs: Inputs) -> Float[Array, " k"]:
        """The rate over the published limit, for each limit. Raises `BsfitInputError` without dark matter."""
        if theory.dark is None:
            raise BsfitInputError(
                "this model has no dark matter", field="data", expected=f"model {catalogue.models_with_dark_matter()}"
            )
        share = jnp.ones(()) if self.full is None else share_of(predicted.relic_density / self.full)
        return jnp.stack([_over_limit(limit, theory.dark, share, theory, inputs) for limit in self.limits])

    def verdicts(self, theory: Theory) -> tuple[Verdict, ...]:
        """Whether the mass is one that the limits are about."""
        return tuple(_within(limit, theory.dark) for limit in self.limits) if theory.dark is not None else ()

    def by_group(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """Log-likelihood of each group of limits, zero at most."""
        found: dict[str, Array] = {}
        for limit, ratio in zip(self.limits, values, strict=True):
            chi2 = densities.upper_limit_chi2(ratio, limit.at_limit)
            found[limit.group] = found.get(limit.group, jnp.zeros(())) - 0.5 * chi2
        return found

    def chi2(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """Delta chi2 of all limits."""
        return -2.0 * self.log_prob(values, errors)

    def pulls(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, " k"]:
        """Minus the root of the Delta chi2 of each."""
        return -np.sqrt([limit.at_limit for limit in self.limits]) * values


def _sources(process: str, key: str) -> tuple[str, ...]:
    return catalogue.QUANTITIES[process, key].sources


def share_of(ratio: Float[ArrayLike, "*k"]) -> Float[Array, "*k"]:
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
        return share * sigma / direct_detection.largest(dark.masses[0], limit)
    per_mass = direct_detection.largest(dark.masses[0], limit) / dark.masses[0]
    return share**2 * indirect_detection.planck_ratio(dark, inputs, per_mass)


def _within(limit: Limit, dark: DarkSector) -> Verdict:
    """Whether the mass, for colliders that of the partner, lies in the table of a limit."""
    first, last = limit.mass[0], limit.mass[-1]
    if limit.group == "collider":
        mass = dark.partners[limit.observable.removeprefix("pairs_")].mass
        message = (
            "mass in GeV of what is made in pairs, against the end of the table: the cross section is extrapolated"
        )
    else:
        mass, message = dark.masses[0], "dark-matter mass in GeV, against the end of the table: no limit there"
    end = jnp.where(mass < first, first, last)
    return Verdict(limit.name, message, jnp.asarray(mass), end, (mass >= first) & (mass <= last))


def check_relic(relic: str, measured: bool) -> None:
    """Raise `BsfitInputError` for another mode than `RELIC`, and for ``upper`` without a measured density."""
    one_of(relic, RELIC, "relic", "meaning of the relic density")
    if relic == "upper" and not measured:
        raise BsfitInputError(
            "no upper bound without a measured relic density", field="relic", hint="add relic to the data"
        )


def terms_of(
    measured: SplitNormal | None, limits: Sequence[Limit], relic: str, error: float, at_each_point: bool
) -> tuple[Term, ...]:
    """Terms of measurements of the relic density, if any, and of limits, if any."""
    found: list[Term] = []
    if measured is not None:
        found.append(RelicDensity(measured, jnp.asarray(error), relic, at_each_point))
    if limits:
        full = measured.central[0] if measured is not None and relic == "upper" else None
        found.append(UpperLimits(full, tuple(limits)))
    return tuple(found)


def refuse_what_is_not_predicted(row: catalogue.Model | None, asked: Sequence[str]) -> None:
    """Raise `BsfitInputError` if the data ask for an observable that the model refuses, with its reason."""
    if row is None:
        return
    for name in asked:
        if (reason := row.refused.get(name.removeprefix("f_"))) is not None:
            raise BsfitInputError(f"model {row.name!r} does not predict {name!r}: {reason}", field="data")


def refuse_without_dark_matter(model: BoundModel, inputs: Inputs, point: Params, asked: str) -> None:
    """Raise `BsfitInputError` if a model has no dark matter, of which the data ask for an observable."""
    if jax.eval_shape(lambda: model(point, inputs)).dark is None:
        raise BsfitInputError(
            f"the model {model.name or 'given'} has no dark matter, and the data ask for {asked}",
            field="data",
            expected=f"model {catalogue.models_with_dark_matter()}, or a Theory with a dark sector",
        )
