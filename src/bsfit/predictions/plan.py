"""Which moment rows each process must deliver for a list of observables, and how they combine."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Inputs
from bsfit.predictions.bound_model import module_of
from bsfit.theory import Rows, Theory

WRITTEN_OUT = 4
"""Up to this many observables of one kind are written out, which XLA fuses better under vmap; more are one vmap."""


@dataclass(frozen=True)
class Combination:
    """Observables of one kind: moment rows [n_obs][r] that each combines, and their positions in the result."""

    key: str
    rows: tuple[tuple[int, ...], ...]
    positions: tuple[int, ...]


@dataclass(frozen=True)
class ProcessPlan:
    """What one process must deliver: its rows (decay, lepton, q2_min, q2_max) and the observables made of them.

    `coefficients` are names of the Wilson coefficients that these depend on.
    """

    process: catalogue.Process
    rows: tuple[tuple[int, int, float, float], ...]
    coefficients: tuple[str, ...]
    combinations: tuple[Combination, ...]

    @property
    def name(self) -> str:
        """Name of the process."""
        return self.process.name

    @property
    def module(self) -> Any:
        """The file of `observables/`."""
        return module_of(self.process)

    @property
    def binned(self) -> bool:
        """Whether any row is an integral over a bin."""
        return any(high > 0.0 for *_, high in self.rows)

    @property
    def costly(self) -> bool:
        """Whether its amplitudes take longer than tensors: integrals over bins, spectators in B -> V gamma."""
        return self.binned or self.name == "b_to_v_gamma"

    def row_arrays(self, index: Sequence[int] | None = None) -> Rows:
        """All rows as arrays, or some of them."""
        chosen = self.rows if index is None else [self.rows[i] for i in index]
        decay, lepton, low, high = (np.array(column) for column in zip(*chosen, strict=True))
        return Rows(*(jnp.asarray(x) for x in (decay, lepton, low.astype(float), high.astype(float))))

    def moments(self, theory: Theory, inputs: Inputs) -> Float[Array, "n k"]:
        """Moments of all rows from the amplitudes: the direct path."""
        return self.module.moments(theory, inputs, self.row_arrays())

    def functionals(self, moments: Float[Array, "n k"], inputs: Inputs) -> dict[str, Array]:
        """By key, the functionals [n_obs, r, p] of the moments that its observables are made of."""
        rows = self.row_arrays()
        result = {}
        for part in self.combinations:
            index = np.array(part.rows)
            reduce = partial(self.module.functionals, part.key)
            result[part.key] = jax.vmap(reduce, (0, 0, None))(
                moments[index], jax.tree.map(lambda x, index=index: x[index], rows), inputs
            )
        return result

    def assemble_all(self, part: Combination, found: Float[Array, "o r p"], inputs: Inputs) -> Float[Array, " o"]:
        """Observables of one kind from their functionals."""
        assemble = partial(self.module.assemble, part.key)
        rows = [self.row_arrays(index) for index in part.rows]
        if len(rows) <= WRITTEN_OUT:
            return jnp.stack([assemble(found[i], r, inputs) for i, r in enumerate(rows)])
        return jax.vmap(assemble, (0, 0, None))(found, jax.tree.map(lambda *x: jnp.stack(x), *rows), inputs)

    def single(self, key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
        """One observable from the moments of its rows."""
        return self.module.assemble(key, self.module.functionals(key, moments, rows, inputs), rows, inputs)


def plans_of(observables: Sequence[catalogue.Observable | None]) -> tuple[ProcessPlan, ...]:
    """One plan for each process, in the order of the catalogue, those of one's own last.

    None stands for other entries, and an observable of dark matter, which has no moments, is one of them.
    Raises `BsfitInputError` for two processes of one name.
    """
    wanted = dict.fromkeys(item.quantity.process for item in observables if item and not item.quantity.process.dark)
    known = [process for process in catalogue.PROCESSES.values() if process in wanted]
    processes = [*known, *(process for process in wanted if process not in known)]
    for first, second in combinations(processes, 2):
        if first.name == second.name:
            raise BsfitInputError(f"two processes are called {first.name!r}", hint="give your own another name")
    return tuple(_plan_of(process, observables) for process in processes)


def _plan_of(process: catalogue.Process, observables: Sequence[catalogue.Observable | None]) -> ProcessPlan:
    rows: dict[tuple[int, int, float, float], int] = {}
    combined: dict[str, tuple[list, list]] = {}
    for position, item in enumerate(observables):
        if item is None or item.quantity.process != process:
            continue
        decay, edges = process.decays.index(item.decay), item.bin or (0.0, 0.0)
        leptons = [catalogue.LEPTONS.index(lepton) for lepton in item.leptons] or [0]
        index = tuple(rows.setdefault((decay, lepton, *edges), len(rows)) for lepton in leptons)
        indices, positions = combined.setdefault(item.quantity.key, ([], []))
        indices.append(index)
        positions.append(position)
    own = (item for item in observables if item and item.quantity.process == process)
    moving = dict.fromkeys(name for item in own for name in catalogue.coefficients_that_move(item))
    parts = tuple(Combination(key, tuple(i), tuple(p)) for key, (i, p) in combined.items())
    return ProcessPlan(process, tuple(rows), tuple(moving), parts)
