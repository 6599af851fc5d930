"""Moments at many points of the Wilson coefficients, and gradients of what is made of them, in blocks of fixed shapes.

Whatever is asked for, each process is compiled once for a set of inputs, not once per question: the second likelihood
of a session, and the second run of a program that keeps its compilations, start at once.

An observable is a function of the moments of one row or two, so that its gradient in all coefficients and all inputs at
once costs three of its values, however many inputs there are: gradients are taken in reverse, row by row.
"""

import dataclasses
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import compiling
from bsfit.catalogue import Process
from bsfit.loading.inputs import Inputs
from bsfit.predictions.bound_model import module_of
from bsfit.theory import INDEX, LightMediator, Rows, Theory, WilsonCoefficients

POINTS, ROWS, GRADIENTS = 16, 16, 32
"""Points and rows whose moments, and rows whose gradients are evaluated together."""

_COMPILED: dict[tuple, jax.stages.Compiled] = {}

Block = Callable[..., Any]


class Gradients(NamedTuple):
    r"""Derivatives of weighted sums of moments: :math:`d = {\rm Re}(g_c\,dc) + g_i\,di`, one row for each sum."""

    coefficients: Complex[np.ndarray, "n c"]
    inputs: Float[np.ndarray, "n i"]

    def along(self, coefficients: Complex[np.ndarray, "q c"], inputs: Float[np.ndarray, "q i"]) -> np.ndarray:
        """Derivatives [n, q] along changes of all coefficients and all inputs."""
        return (self.coefficients @ coefficients.T).real + self.inputs @ inputs.T


def moments(
    questions: Mapping[Process, tuple[Complex[np.ndarray, "p c"], Rows]],
    inputs: Inputs,
    mediator: LightMediator | None = None,
) -> dict[str, Float[np.ndarray, "p n k"]]:
    """Moments of several processes: coefficients [p, c] and rows [n] in, by name of the process [p, n, k] out.

    With a `mediator` the coefficients are its exchange at all points.
    """
    blocks = _compiled(questions, inputs, mediator)

    def of_process(block: Block, coefficients: Complex[np.ndarray, "p c"], rows: Rows) -> Float[np.ndarray, "p n k"]:
        points = _cut(np.asarray(coefficients, dtype=complex), POINTS)
        parts = [_over_rows(lambda r, c=c: block(c, inputs, mediator, r), rows) for c in points]
        return np.concatenate(parts)[: len(coefficients)]

    return {process.name: of_process(blocks[process], *question) for process, question in questions.items()}


def moments_at_many_inputs(
    process: Process,
    coefficients: Complex[np.ndarray, "p c"],
    rows: Rows,
    inputs: Inputs,
    changes: Iterable[Float[np.ndarray, " i"]],
    mediator: LightMediator | None = None,
) -> Iterator[Float[np.ndarray, "p n k"]]:
    """Moments of a process with inputs changed in one way after another, at the same coefficients and rows."""
    block = _compiled([process], inputs, mediator, points=len(coefficients))[process]
    at = jnp.asarray(coefficients, dtype=complex)

    def of(change: Float[np.ndarray, " i"]) -> Float[np.ndarray, "p n k"]:
        moved = dataclasses.replace(inputs, values=jnp.asarray(np.asarray(inputs.values) + change, dtype=float))
        return _over_rows(lambda some: block(at, moved, mediator, some), rows)

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a block keeps one core busy
        yield from pool.map(of, changes)


def moments_of_each(
    process: Process,
    coefficients: Complex[Array, "p c"],
    rows: Rows,
    inputs: Inputs,
    values: Float[np.ndarray, "p i"],
    mediators: LightMediator | None = None,
) -> Float[np.ndarray, "p n k"]:
    """Moments of a process at points of the coefficients, each with values of all inputs of its own.

    `mediators`, whose exchange the coefficients are, have a first axis of points, too.
    """

    def mediator(i: int) -> LightMediator | None:
        return jax.tree.map(lambda x: x[i], mediators)

    block = _compiled([process], inputs, mediator(0), points=1)[process]

    def of(i: int) -> Float[np.ndarray, "n k"]:
        moved = dataclasses.replace(inputs, values=jnp.asarray(values[i], dtype=float))
        return _over_rows(lambda some: block(coefficients[i : i + 1], moved, mediator(i), some), rows)[0]

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # a block keeps one core busy
        return np.stack(list(pool.map(of, range(len(values)))))


def gradients(
    questions: Sequence[tuple[Process, Complex[np.ndarray, " c"], Rows, Float[np.ndarray, "_ _"] | None]],
    inputs: Inputs,
    mediator: LightMediator | None = None,
) -> list[tuple[Float[np.ndarray, "_ _"], Gradients]]:
    """For each question, moments [n, k] of its rows, and gradients of their sums with its weights.

    A question names a process, a point of the coefficients, rows, and weights [n, k] (None: the moments alone are asked
    for).
    """
    blocks = _compiled([process for process, *_ in questions], inputs, mediator, gradients=True)

    def tasks(process: Process, point: np.ndarray, rows: Rows, weights: np.ndarray | None) -> list[tuple]:
        padded = np.zeros((len(rows.decay), process.n_moments))
        if weights is not None:
            padded[:] = weights
        at = jnp.asarray(point, dtype=complex)
        return [(blocks[process], at, part, w) for part, w in _cut((rows, padded), GRADIENTS)]

    def run(task: tuple) -> list[np.ndarray]:
        block, point, rows, weights = task
        return jax.tree.map(np.asarray, jax.tree.leaves(block(point, inputs, mediator, rows, weights)))

    each = [tasks(*question) for question in questions]
    with ThreadPoolExecutor() as pool:  # a block keeps one core busy
        found = pool.map(run, [task for many in each for task in many])
        results = []
        for (_, _, rows, _), many in zip(questions, each, strict=True):
            parts = zip(*(next(found) for _ in many), strict=True)
            values, *slopes = (np.concatenate(part)[: len(rows.decay)] for part in parts)
            results.append((values, Gradients(*slopes)))
    return results


def _moments_of(process: Process) -> Block:
    module = module_of(process)

    def block(
        coefficients: Complex[Array, "p c"], inputs: Inputs, mediator: LightMediator | None, rows: Rows
    ) -> Float[Array, "p n k"]:
        def of(c: Complex[Array, " c"]) -> Float[Array, "n k"]:
            return module.moments(Theory(WilsonCoefficients(c), mediator=mediator), inputs, rows)

        return jax.vmap(of)(coefficients)

    return block


def _gradients_of(process: Process) -> Block:
    module = module_of(process)

    def block(
        coefficients: Complex[Array, " c"],
        inputs: Inputs,
        mediator: LightMediator | None,
        rows: Rows,
        weights: Float[Array, "n w"],
    ) -> tuple[Float[Array, "n k"], tuple[Complex[Array, "n c"], Float[Array, "n i"]]]:
        def of_row(row: Rows, weight: Float[Array, " w"]):
            def weighted(coefficients: Complex[Array, " c"], values: Float[Array, " i"]):
                moved = dataclasses.replace(inputs, values=values)
                theory = Theory(WilsonCoefficients(coefficients), mediator=mediator)
                moments = module.moments(theory, moved, row)[0]
                return moments @ weight, moments

            (_, moments), slopes = jax.value_and_grad(weighted, (0, 1), has_aux=True)(coefficients, inputs.values)
            return moments, slopes

        return jax.vmap(of_row)(jax.tree.map(lambda x: x[:, None], rows), weights)

    return block


def _compiled(
    processes: Iterable[Process],
    inputs: Inputs,
    mediator: LightMediator | None = None,
    gradients: bool = False,
    points: int = POINTS,
) -> dict[Process, Block]:
    """The compiled block of each process, compiled now where it is the first time."""
    structure = jax.tree.structure((inputs, mediator))
    keys = {p: (p, gradients, points, structure, jax.default_backend()) for p in processes}
    n = GRADIENTS if gradients else ROWS
    integers, reals = np.zeros(n, dtype=int), np.zeros(n)
    rows = Rows(*(jnp.asarray(x) for x in (integers, integers, reals, reals)))
    point = jnp.zeros((*(() if gradients else (points,)), len(INDEX)), dtype=complex)

    def lowered(process: Process) -> jax.stages.Lowered:
        if gradients:
            weights = jnp.zeros((n, process.n_moments))
            return compiling.lower(_gradients_of(process), point, inputs, mediator, rows, weights)
        return compiling.lower(_moments_of(process), point, inputs, mediator, rows)

    with ThreadPoolExecutor() as pool:  # XLA compiles without the interpreter lock, which tracing the next one needs
        running = {key: pool.submit(compiling.finish, lowered(p)) for p, key in keys.items() if key not in _COMPILED}
        _COMPILED.update({key: future.result() for key, future in running.items()})
    return {p: _COMPILED[key] for p, key in keys.items()}


def _over_rows(block: Callable[[Rows], Array], rows: Rows) -> Float[np.ndarray, "b n k"]:
    return np.concatenate([np.asarray(block(r)) for r in _cut(rows, ROWS)], axis=1)[:, : len(rows.decay)]


def _cut(arrays, size: int) -> list:
    """Slices of equal length along the first axis of all arrays, the last one filled up with the last entry."""
    arrays = jax.tree.map(np.asarray, arrays)
    n = len(jax.tree.leaves(arrays)[0])
    index = np.minimum(np.arange(-(-n // size) * size), n - 1).reshape(-1, size)
    return [jax.tree.map(lambda x, i=i: x[i], arrays) for i in index]
