"""Moments at many points of the Wilson coefficients, and their slopes in the inputs, in blocks of one fixed shape.

Whatever is asked for, each process is compiled once for a set of inputs, not once per question: the second likelihood
of a session, and the second run of a program that keeps its compilations, start at once.
"""

import importlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import catalogue
from bsfit.inputs import Inputs
from bsfit.theory import INDEX, Rows, Theory, WilsonCoefficients

POINTS, ROWS, DIRECTIONS = 16, 16, 16
"""Points, rows and directions of the inputs that are evaluated together."""

RUN_ONCE = {"xla_backend_optimization_level": 1, "xla_cpu_use_fusion_emitters": False}
"""Compiler options for code that runs a few times. Measured on the slopes of B -> V l l: half of the compile time of
the defaults, and no slower; without any optimisation 2 s less to compile, and five times slower."""

_COMPILED: dict[tuple, jax.stages.Compiled] = {}

Block = Callable[..., jax.Array]

Directions = tuple[Complex[Array, "q c"], Float[Array, "q i"]]
"""Changes of all coefficients, and of all inputs, that belong together."""


def moments(
    questions: Mapping[str, tuple[Complex[np.ndarray, "p c"], Rows]], inputs: Inputs
) -> dict[str, Float[np.ndarray, "p n k"]]:
    """Moments of several processes: by name of the process, coefficients [p, c] and rows [n] in, [p, n, k] out."""
    compiled = _compiled({process: _moments_of(process) for process in questions}, inputs)

    def of_process(block: Block, coefficients: Complex[np.ndarray, "p c"], rows: Rows) -> Float[np.ndarray, "p n k"]:
        points = _cut(jnp.asarray(coefficients, dtype=complex), POINTS)
        parts = [_over_rows(lambda r, c=c: block(c, inputs, r), rows) for c in points]
        return np.concatenate(parts)[: len(coefficients)]

    return {process: of_process(compiled[process], *question) for process, question in questions.items()}


def slopes(
    questions: Mapping[str, tuple[Complex[np.ndarray, "p c"], Rows, "Directions"]], inputs: Inputs
) -> dict[str, Float[np.ndarray, "p q n k"]]:
    """Derivatives of the moments of several processes along `Directions`, at points of the coefficients [p, c].

    Directions in which no row of a decay moves at the last point are not followed at the others for this decay.
    """
    compiled = _compiled({process: _slopes_of(process) for process in questions}, inputs, slopes=True)

    def of_process(block: Block, points: Complex[np.ndarray, "p c"], rows: Rows, along: Directions) -> np.ndarray:
        def at(point: Complex[Array, " c"], rows: Rows, along: Directions) -> Float[np.ndarray, "q n k"]:
            parts = [_over_rows(lambda r, d=d: block(point, inputs, r, d), rows) for d in _cut(along, DIRECTIONS)]
            return np.concatenate(parts)[: len(along[0])]

        *others, last = jnp.asarray(points, dtype=complex)
        found = np.zeros((len(points), *(known := at(last, rows, along)).shape))
        found[-1] = known
        for decay in np.unique(rows.decay) if others else ():
            mine = np.flatnonzero(np.asarray(rows.decay) == decay)
            felt = np.flatnonzero(np.any(known[:, mine] != 0.0, axis=(1, 2)))
            chosen, moving = (jax.tree.map(lambda x, i=i: x[i], y) for i, y in ((mine, rows), (felt, along)))
            for i, point in enumerate(others if felt.size else ()):
                found[i][np.ix_(felt, mine)] = at(point, chosen, moving)
        return found

    return {process: of_process(compiled[process], *question) for process, question in questions.items()}


def _moments_of(process: str) -> Block:
    module = importlib.import_module(catalogue.PROCESSES[process].module)

    def block(coefficients: Complex[Array, "p c"], inputs: Inputs, rows: Rows) -> Float[Array, "p n k"]:
        return jax.vmap(lambda c: module.moments(Theory(WilsonCoefficients(c)), inputs, rows))(coefficients)

    return block


def _slopes_of(process: str) -> Block:
    module = importlib.import_module(catalogue.PROCESSES[process].module)

    def block(
        coefficients: Complex[Array, " c"], inputs: Inputs, rows: Rows, along: Directions
    ) -> Float[Array, "q n k"]:
        def at(coefficients: Complex[Array, " c"], values: Float[Array, " i"]) -> Float[Array, "n k"]:
            moved = Inputs(values, inputs.names, inputs.set_name)
            return module.moments(Theory(WilsonCoefficients(coefficients)), moved, rows)

        return jax.vmap(lambda *along: jax.jvp(at, (coefficients, inputs.values), along)[1])(*along)

    return block


def _compiled(blocks: Mapping[str, Block], inputs: Inputs, slopes: bool = False) -> dict:
    """The compiled block of each process, compiled now where it is the first time."""
    keys = {p: (p, slopes, inputs.names, inputs.set_name, jax.default_backend()) for p in blocks}
    integers, reals = np.zeros(ROWS, dtype=int), np.zeros(ROWS)
    rows = Rows(*(jnp.asarray(x) for x in (integers, integers, reals, reals)))
    arguments = [jnp.zeros((() if slopes else (POINTS,)) + (len(INDEX),), dtype=complex), inputs, rows]
    if slopes:
        arguments.append(
            (jnp.zeros((DIRECTIONS, len(INDEX)), dtype=complex), jnp.zeros((DIRECTIONS, len(inputs.names))))
        )
    lowered = {keys[p]: jax.jit(block).lower(*arguments) for p, block in blocks.items() if keys[p] not in _COMPILED}
    with ThreadPoolExecutor() as pool:  # XLA compiles without the interpreter lock, which tracing needs
        _COMPILED.update(zip(lowered, pool.map(_compile, lowered.values()), strict=True))
    return {p: _COMPILED[key] for p, key in keys.items()}


def _compile(lowered: jax.stages.Lowered) -> jax.stages.Compiled:
    try:
        return lowered.compile(RUN_ONCE)
    except jax.errors.JaxRuntimeError:  # options come and go with the versions of XLA
        return lowered.compile()


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled for a single call: quickly, not well."""
    return lambda *arguments: _compile(jax.jit(function).lower(*arguments))(*arguments)


def _over_rows(block: Callable[[Rows], Array], rows: Rows) -> Float[np.ndarray, "b n k"]:
    return np.concatenate([np.asarray(block(r)) for r in _cut(rows, ROWS)], axis=1)[:, : len(rows.decay)]


def _cut(arrays, size: int) -> list:
    """Slices of equal length along the first axis of all arrays, the last one filled up with the last entry."""
    n = len(jax.tree.leaves(arrays)[0])
    index = np.minimum(np.arange(-(-n // size) * size), n - 1).reshape(-1, size)
    return [jax.tree.map(lambda x, i=i: x[i], arrays) for i in index]
