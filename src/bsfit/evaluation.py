"""Moments at many points of the Wilson coefficients, and their slopes in the inputs, in blocks of one fixed shape.

Whatever is asked for, each process is compiled once for a set of inputs, not once per question: the second likelihood
of a session, and the second run of a program that keeps its compilations, start at once.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
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
    blocks = _compiled({process: _moments_of(process) for process in questions}, inputs)

    def of_process(block: Block, coefficients: Complex[np.ndarray, "p c"], rows: Rows) -> Float[np.ndarray, "p n k"]:
        points = _cut(jnp.asarray(coefficients, dtype=complex), POINTS)
        parts = [_over_rows(lambda r, c=c: block(c, inputs, r), rows) for c in points]
        return np.concatenate(parts)[: len(coefficients)]

    return {process: of_process(blocks[process], *question) for process, question in questions.items()}


def slopes(
    questions: Sequence[tuple[str, Complex[np.ndarray, "p c"], Rows, Directions]], inputs: Inputs
) -> list[Float[np.ndarray, "p q n k"]]:
    """Derivatives of moments along `Directions`, at points of the coefficients [p, c]; any number of questions."""
    blocks = _compiled({process: _slopes_of(process) for process, *_ in questions}, inputs, slopes=True)

    def at(block: Block, point: Complex[Array, " c"], rows: Rows, along: Directions) -> Float[np.ndarray, "q n k"]:
        parts = [_over_rows(lambda r, d=d: block(point, inputs, r, d), rows) for d in _cut(along, DIRECTIONS)]
        return np.concatenate(parts)[: len(along[0])]

    def answer(question: tuple[str, np.ndarray, Rows, Directions]) -> Float[np.ndarray, "p q n k"]:
        process, points, rows, along = question
        return np.stack([at(blocks[process], point, rows, along) for point in jnp.asarray(points, dtype=complex)])

    with ThreadPoolExecutor() as pool:  # a block keeps one core busy
        return list(pool.map(answer, questions))


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


def compiled(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """The function compiled for arguments of these shapes: quickly, for a few calls."""
    return _compile(jax.jit(function).lower(*arguments))


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled for a single call."""
    return lambda *arguments: compiled(function, *arguments)(*arguments)


def _over_rows(block: Callable[[Rows], Array], rows: Rows) -> Float[np.ndarray, "b n k"]:
    return np.concatenate([np.asarray(block(r)) for r in _cut(rows, ROWS)], axis=1)[:, : len(rows.decay)]


def _cut(arrays, size: int) -> list:
    """Slices of equal length along the first axis of all arrays, the last one filled up with the last entry."""
    n = len(jax.tree.leaves(arrays)[0])
    index = np.minimum(np.arange(-(-n // size) * size), n - 1).reshape(-1, size)
    return [jax.tree.map(lambda x, i=i: x[i], arrays) for i in index]
