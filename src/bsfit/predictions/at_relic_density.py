"""A model in which the relic density fixes one coupling: the construction of Fig. 6 of 1803.04703 as a coordinate.

The other parameters are free; derivatives of the coupling by them are those of the implicit function.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import equinox as eqx
from jaxtyping import Array, Float

from bsfit import catalogue, validity
from bsfit.dark_matter import relic_density
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Inputs
from bsfit.predictions.bound_model import BoundModel, ModelLike, bind_model, row_of
from bsfit.theory import Params, Theory, Verdict


@dataclass(frozen=True)
class AtRelicDensity:
    """A model less one parameter; build it with `at_relic_density`. `target` and `bounds` are as there."""

    model: ModelLike
    coupling: str
    target: float
    bounds: tuple[float, float]

    def bind(self, fixed: Mapping[str, float], free: Sequence[str] | None) -> BoundModel:
        """The model with its fixed parameters, and the coupling as one more output under its own name."""
        if self.coupling in (*fixed, *(free or ())):
            raise BsfitInputError(f"{self.coupling!r} is fixed by the relic density", field="model")
        inner = bind_model(self.model, fixed, None if free is None else (*free, self.coupling))
        return replace(
            inner,
            function=lambda params, inputs: self._theory(inner, params, inputs),
            fixed=(),
            free=None if free is None else tuple(free),
            required=tuple(name for name in inner.required if name != self.coupling),
        )

    def __call__(self, params: Params, inputs: Inputs) -> Theory:
        """Theory at the other parameters."""
        return self.bind({}, tuple(params))(params, inputs)

    def _theory(self, inner: BoundModel, params: Params, inputs: Inputs) -> Theory:
        def at(coupling: Float[Array, ""]) -> Theory:
            return inner({**params, self.coupling: coupling}, inputs)

        def density(coupling: Float[Array, ""]) -> Float[Array, ""]:
            return relic_density.predicted("Omega_h2", at(coupling), inputs)

        found = relic_density.coupling_for(self.target, density, *self.bounds)
        message = f"{self.coupling} at which Omega_h2 is {self.target:g}, against 0: there is none in the bounds"
        verdict = validity.above("relic_solution", message, found, 0.0, counts="always")
        theory = at(found)
        verdicts = (*map(_always, (*theory.verdicts, *relic_density.verdicts(theory))), verdict)
        changed = ({**theory.quantities, self.coupling: found}, verdicts)
        return eqx.tree_at(lambda t: (t.quantities, t.verdicts), theory, changed)


def _always(verdict: Verdict) -> Verdict:
    """Without dark matter there is no density to fix the coupling: what counts for dark matter counts always."""
    return verdict if verdict.counts == "note" else replace(verdict, counts="always")


def at_relic_density(
    model: ModelLike, coupling: str, bounds: tuple[float, float], target: float = 0.12
) -> AtRelicDensity:
    r"""The model in which `coupling`, within positive `bounds`, is where :math:`\Omega h^2` falls to `target`.

    Takes the place of a model everywhere: ``bsfit.log_likelihood(at_relic_density("loop", "lambda_L_mu", (0.1, 10)),
    ...)``. The density must fall with the coupling: between several solutions it finds one. Where there is none,
    everything is NaN, the verdict `relic_solution` says so, and the log-likelihood is -inf. Raises `BsfitInputError`
    for bounds that are no positive interval, and for a target that is not positive.
    """
    low, high = bounds
    if not (0.0 < low < high < float("inf") and 0.0 < target < float("inf")):
        raise BsfitInputError(f"bounds ({low:g}, {high:g}), target {target:g}", expected="0 < low < high, target > 0")
    if (row := row_of(model)) is not None:
        catalogue.known_parameter(row, coupling)
    return AtRelicDensity(model, coupling, float(target), (float(low), float(high)))
