r"""What a likelihood is a product of: measured values, published curves, constraints of nuisances, terms of one's own.

A `Term` reads what it needs from one theory, and knows the density of that. A `joint.LogLikelihood` is a tuple of them;
what it says of a point is their concatenation. Relic density and limits are terms too: `likelihood.dark_matter`.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import own_code
from bsfit.dark_matter import relic_density
from bsfit.likelihood import densities
from bsfit.likelihood.curves import PublishedCurve, log_likelihood_curve
from bsfit.likelihood.densities import SplitNormal
from bsfit.likelihood.theory_errors import WHOLE, ErrorsOfBlocks
from bsfit.loading.inputs import Inputs
from bsfit.theory import Theory, Verdict


class Predicted:
    """What is predicted of one theory: `values` [n] of the data with an observable, and freeze-out, computed once."""

    def __init__(self, values: Float[Array, " n"], theory: Theory, inputs: Inputs) -> None:
        self.values, self._theory, self._inputs = values, theory, inputs

    @cached_property
    def relic_density(self) -> Float[Array, ""]:
        r""":math:`\Omega h^2`. Raises `BsfitInputError` for a theory without dark matter."""
        return relic_density.predicted("Omega_h2", self._theory, self._inputs)


class Term(eqx.Module):
    """One factor of a likelihood. All methods but `values` take what `values` returns [k], and theory errors."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the values are called."""

    @property
    def n_data(self) -> int:
        """Number of measured values, counted in degrees of freedom and p-values."""
        return 0

    @property
    def observed(self) -> bool:
        """Whether its values are listed among the predictions."""
        return True

    @property
    def compared(self) -> bool:
        """Whether the Standard Model has it too, so that it counts in the pull."""
        return False

    @property
    def tested(self) -> bool:
        """Whether its chi2 counts in the p-value."""
        return True

    @property
    def pulled(self) -> tuple[str, ...]:
        """Names of the `pulls`."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What must be said beside every result."""
        return ()

    @property
    def sources(self) -> tuple[str, ...]:
        """Papers of its method."""
        return ()

    @abstractmethod
    def values(self, theory: Theory, predicted: Predicted, inputs: Inputs) -> Float[Array, " k"]:
        """What the density is of."""

    @abstractmethod
    def by_group(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """Log-density of each group of data by itself."""

    @abstractmethod
    def chi2(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """What a fit minimises, without normalisation."""

    def log_prob(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """Log-density: the sum of the groups, where these share no errors."""
        return sum(self.by_group(values, errors).values(), jnp.zeros(()))

    def pulls(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, " p"]:
        """Measured minus predicted values in units of their errors, where that has a meaning."""
        return jnp.zeros(0)

    @property
    def dark(self) -> bool:
        """Whether it is about dark matter, which a model then must have."""
        return False

    def verdicts(self, theory: Theory) -> tuple[Verdict, ...]:
        """Conditions of the calculation of its values, beside those of the model."""
        return ()

    def conditions(self, theory: Theory) -> tuple[Verdict, ...]:
        """Those of them without which the likelihood is zero."""
        return ()


class OfPredictions(Term):
    """A term whose values are some of the predicted ones, as they are; `rows` says which."""

    @property
    @abstractmethod
    def rows(self) -> range:
        """Positions of its values among the predicted ones."""

    @property
    def n_data(self) -> int:
        """All values count."""
        return len(self.rows)

    @property
    def compared(self) -> bool:
        """The Standard Model predicts them too."""
        return True

    def values(self, theory: Theory, predicted: Predicted, inputs: Inputs) -> Float[Array, " k"]:
        """Predicted values, in the order of `names`."""
        return predicted.values[self.rows.start : self.rows.stop]


class MeasuredValues(OfPredictions):
    """Measured values with correlated errors, and theory errors that all of them share.

    A group's own density is that of its block of the covariance: `blocks` by group, `members` are their positions.
    """

    observables: tuple[str, ...] = eqx.field(static=True)
    data: SplitNormal
    blocks: dict[str, SplitNormal]
    members: tuple[tuple[str, tuple[int, ...]], ...] = eqx.field(static=True)

    @classmethod
    def of(cls, names: Sequence[str], data: SplitNormal, groups: Sequence[str]) -> "MeasuredValues":
        """The first of the predictions; `groups` [k] are those of each value."""
        members = {g: tuple(i for i, other in enumerate(groups) if other == g) for g in dict.fromkeys(groups)}
        blocks = {group: data.take(np.array(index)) for group, index in members.items()}
        return cls(tuple(names), data, blocks, tuple(members.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the observables."""
        return self.observables

    @property
    def rows(self) -> range:
        """The first of the predictions."""
        return range(len(self.observables))

    @property
    def pulled(self) -> tuple[str, ...]:
        """All of them."""
        return self.names

    def log_prob(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """Log-density of all values: groups that share theory errors do not add up to it."""
        return densities.log_prob(self.data, values, errors.of(WHOLE, np.array(self.rows)))

    def by_group(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """Log-density of each group by itself."""
        if len(self.members) == 1:
            return {self.members[0][0]: self.log_prob(values, errors)}
        found = {}
        for group, index in self.members:
            rows = np.array(index)
            found[group] = densities.log_prob(
                self.blocks[group], values[rows], errors.of(group, np.array(self.rows)[rows])
            )
        return found

    def chi2(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """r^T C^-1 r."""
        return densities.chi2(self.data, values, errors.of(WHOLE, np.array(self.rows)))

    def pulls(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, " k"]:
        """Measured minus predicted values over both errors of each; correlations do not enter."""
        return densities.pulls(self.data, values, errors.of(WHOLE, np.array(self.rows)))


class PublishedCurves(OfPredictions):
    """Values with a published likelihood curve, which replaces the Gaussian; theory errors are smeared into it."""

    observables: tuple[str, ...] = eqx.field(static=True)
    curves: tuple[PublishedCurve, ...]
    groups: tuple[str, ...] = eqx.field(static=True)
    after: int = eqx.field(static=True)
    """So many other predictions come first."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the observables."""
        return self.observables

    @property
    def rows(self) -> range:
        """The predictions after those of measured values."""
        return range(self.after, self.after + len(self.observables))

    def by_group(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """Log-likelihood of each group, zero at the maxima."""
        found: dict[str, Array] = {}
        for curve, group, value in zip(self.curves, self.groups, values, strict=True):
            found[group] = found.get(group, jnp.zeros(())) + log_likelihood_curve(curve, value)
        return found

    def chi2(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """-2 log L, zero at the maxima."""
        return -2.0 * self.log_prob(values, errors)


class NuisanceConstraints(Term):
    """Gaussian constraints of nuisances that float: blocks of correlated ones, with mean [b] and precision [b, b]."""

    blocks: tuple[tuple[Float[Array, " b"], Float[Array, "b b"]], ...]
    inputs: tuple[tuple[str, ...], ...] = eqx.field(static=True)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the nuisances."""
        return tuple(name for block in self.inputs for name in block)

    @property
    def observed(self) -> bool:
        """Nuisances are parameters, not predictions."""
        return False

    @property
    def compared(self) -> bool:
        """The Standard Model has the same inputs."""
        return True

    def values(self, theory: Theory, predicted: Predicted, inputs: Inputs) -> Float[Array, " k"]:
        """The nuisances themselves."""
        return inputs.array(self.names)

    def by_group(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """Log-density without normalisation, zero at the means."""
        total, end = jnp.zeros(()), 0
        for mean, precision in self.blocks:
            shift = values[end : end + mean.shape[0]] - mean
            total, end = total - 0.5 * shift @ precision @ shift, end + mean.shape[0]
        return {"constraints": total}

    def chi2(self, values: Float[Array, " k"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """Squares of the shifts in units of their errors."""
        return -2.0 * self.log_prob(values, errors)


class OwnTerm(Term):
    """A term of one's own: any function ``(theory, inputs) -> log-density``, named and grouped.

    Its chi2 is -2 log L above `highest`, its log-density at the Standard Model or, in a model without that, at its own
    best fit. It is no measured value: it adds nothing to degrees of freedom, pulls and p-values.
    """

    function: Callable[[Theory, Inputs], Any] = eqx.field(static=True)
    name: str = eqx.field(static=True, default="")
    group: str = eqx.field(static=True, default="own")
    highest: Float[Array, ""] = eqx.field(converter=jnp.asarray, default=0.0)
    at_reference: bool = eqx.field(static=True, default=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Its name, or that of the function."""
        return (self.name or own_code.name_of(self.function),)

    @property
    def observed(self) -> bool:
        """A log-density is no prediction."""
        return False

    @property
    def compared(self) -> bool:
        """Whether it is measured from the Standard Model."""
        return self.at_reference

    @property
    def tested(self) -> bool:
        """Nothing is known of how it would be distributed."""
        return False

    def values(self, theory: Theory, predicted: Predicted, inputs: Inputs) -> Float[Array, " 1"]:
        """The log-density."""
        return own_code.number(self.function, "term", theory, inputs)[None]

    def by_group(self, values: Float[Array, " 1"], errors: ErrorsOfBlocks) -> dict[str, Float[Array, ""]]:
        """The log-density as it was given."""
        return {self.group: values[0]}

    def chi2(self, values: Float[Array, " 1"], errors: ErrorsOfBlocks) -> Float[Array, ""]:
        """-2 log L above `highest`."""
        return -2.0 * (values[0] - self.highest)
