"""Values of predictions and their Jacobian in free parameters and floating inputs, which scoring asks for."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.compiling import jit_quickly
from bsfit.loading.inputs import Inputs
from bsfit.predictions.derivatives import Directions, ValueAndSlopes, of_own, own_positions
from bsfit.predictions.prediction import Prediction
from bsfit.theory import Params, Theory


@runtime_checkable
class Jacobian(Protocol):
    """Values [n] of predictions, and their Jacobian [n, p + q] in the free parameters and in named inputs, at a point.

    The first call compiles.
    """

    free: tuple[str, ...]
    nuisances: tuple[str, ...]

    def __call__(self, params: Params) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n f"]]:
        """Values and Jacobian at a dictionary of the free parameters and the nuisances."""
        ...


class OfTensors:
    """The `Jacobian` of a prediction as it is: made of tensors where inputs float, `floating`, or with a mediator."""

    def __init__(self, prediction: Prediction, free: Sequence[str], nuisances: Sequence[str]) -> None:
        self.free, self.nuisances, self._prediction = tuple(free), tuple(nuisances), prediction

        def at(prediction: Prediction, vector: Float[Array, " f"]) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
            named = {name: vector[i] for i, name in enumerate((*self.free, *self.nuisances))}
            inputs = prediction.inputs.replace({name: named.pop(name) for name in self.nuisances})
            values = prediction.of_theory(prediction.model(named, inputs), inputs)
            return values, values

        self._both = jit_quickly(lambda prediction, vector: jax.jacfwd(partial(at, prediction), has_aux=True)(vector))

    def __call__(self, params: Params) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n f"]]:
        """Values and Jacobian at a dictionary of the free parameters and the nuisances."""
        vector = jnp.asarray([float(params[name]) for name in (*self.free, *self.nuisances)], dtype=float)
        slopes, values = self._both(self._prediction, vector)
        return np.asarray(values), np.asarray(slopes)


class OfAmplitudes:
    """The `Jacobian` from the amplitudes."""

    def __init__(self, slopes: ValueAndSlopes, free: Sequence[str], nuisances: Sequence[str]) -> None:
        self.slopes, self.prediction = slopes, slopes.prediction
        self.free, self.nuisances = tuple(free), tuple(nuisances)
        self._coefficients = jax.jit(jax.jacfwd(lambda vector: self._at(vector)[0].wilson.values))
        self._own = jax.jit(lambda vector: (self._own_at(vector), jax.jacfwd(self._own_at)(vector)))

    def __call__(self, params: Params) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, "n f"]]:
        """Values and Jacobian at a dictionary of the free parameters and the nuisances."""
        vector = jnp.asarray([float(params[name]) for name in (*self.free, *self.nuisances)])
        values, slopes = self.slopes.of_catalogue(*self._at(vector), self._directions(vector))
        if self.prediction.own:
            index = own_positions(self.prediction)
            values[index], slopes[index] = jax.tree.map(np.asarray, self._own(vector))
        return values, slopes

    def _at(self, vector: Float[Array, " f"]) -> tuple[Theory, Inputs]:
        named = {name: vector[i] for i, name in enumerate((*self.free, *self.nuisances))}
        inputs = self.prediction.inputs.replace({name: named.pop(name) for name in self.nuisances})
        return self.prediction.model(named, inputs), inputs

    def _own_at(self, vector: Float[Array, " f"]) -> Float[Array, " o"]:
        return of_own(self.prediction, *self._at(vector))

    def _directions(self, vector: Float[Array, " f"]) -> Directions:
        """Unit changes of the parameters, then of the nuisances, which may move everything."""
        moved = np.zeros((len(vector), len(self.prediction.inputs.names)))
        for i, name in enumerate(self.nuisances, start=len(self.free)):
            moved[i, self.prediction.inputs.names.index(name)] = 1.0
        everything = list(range(len(vector)))
        return Directions(np.asarray(self._coefficients(vector)).T, moved, lambda *decay: everything)
