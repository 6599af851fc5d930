"""Own observables where they are looked at: in the Standard Model if they have a value there, and in the box."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.compiling import compile_quickly
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Inputs
from bsfit.predictions.derivatives import of_own
from bsfit.predictions.prediction import Prediction
from bsfit.theory import Theory

POINTS = 4
"""Points of the box that are looked at."""


@dataclass(frozen=True)
class OwnObservables:
    """What is known of own observables before a fit.

    `inputs_read` are the inputs that they depend on. `point` of the box, and its `theory`, stand in for the Standard
    Model where that has no value of them: both None where it has.
    """

    inputs_read: frozenset[str] = frozenset()
    point: Mapping[str, float] | None = None
    theory: Theory | None = None

    @classmethod
    def of(cls, prediction: Prediction, points: Sequence[Mapping[str, float]]) -> "OwnObservables":
        """From their values and slopes. Raises `BsfitInputError` where none of the points of the box has a value."""
        if not prediction.own:
            return cls()
        points, names = points[:POINTS], list(points[0])
        table = jnp.asarray([[point[name] for name in names] for point in points], dtype=float)

        def at(theory: Theory) -> tuple[Float[Array, " o"], Float[Array, "o i"]]:
            def values(x: Float[Array, " i"]) -> Float[Array, " o"]:
                return of_own(prediction, theory, dataclasses.replace(prediction.inputs, values=x))

            return values(prediction.inputs.values), jax.jacrev(values)(prediction.inputs.values)

        def of_row(row: Float[Array, " p"]) -> tuple:
            theory = prediction.model(dict(zip(names, row, strict=True)), prediction.inputs)
            return theory, at(theory)

        theories, (values, slopes) = compile_quickly(jax.vmap(of_row))(table)
        whole = np.flatnonzero(np.isfinite(np.asarray(values)).all(axis=1))
        if not whole.size:
            raise BsfitInputError(
                "own observables have no value at points of the box", field="data", hint="see bsfit.predict"
            )
        read = _read(prediction.inputs, np.asarray(slopes)[whole])
        try:
            value, slope = compile_quickly(at)(Theory.standard_model())
        except BsfitInputError:  # they need what only a model has
            value, slope = np.array(np.nan), None
        if np.isfinite(np.asarray(value)).all():
            return cls(read | _read(prediction.inputs, np.asarray(slope)))
        first = int(whole[0])
        return cls(read, points[first], jax.tree.map(lambda x: x[first], theories))

    @property
    def notes(self) -> tuple[str, ...]:
        """Where their theory errors are taken, if that isn't the Standard Model."""
        if self.point is None:
            return ()
        where = ", ".join(f"{name} = {value:.4g}" for name, value in self.point.items())
        return (f"the Standard Model has no value of own observables: their theory errors are those at {where}",)


def _read(inputs: Inputs, slopes: Float[np.ndarray, "*shape i"]) -> frozenset[str]:
    """Names of the inputs along which any slope is not zero."""
    moves = (np.nan_to_num(slopes) != 0.0).reshape(-1, len(inputs.names)).any(axis=0)
    return frozenset(inputs.names[i] for i in np.flatnonzero(moves))
