"""Moments at many points of the Wilson coefficients, in blocks of one fixed shape.

Whatever is asked for, each process is compiled once for a set of inputs, not once per question: the second likelihood
of a session, and the second run of a program that keeps its compilations, start at once.
"""

import importlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit import catalogue
from bsfit.inputs import Inputs
from bsfit.theory import INDEX, Rows, Theory, WilsonCoefficients

BLOCK = (16, 16)
"""Points and rows that are evaluated together."""

RUN_ONCE = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
"""Compiler options for code that runs a few times: optimisation would cost more time than it saves."""

_COMPILED: dict[tuple, jax.stages.Compiled] = {}


def moments(
    questions: Mapping[str, tuple[Complex[np.ndarray, "p c"], Rows]], inputs: Inputs
) -> dict[str, Float[np.ndarray, "p n k"]]:
    """Moments of several processes: by name of the process, coefficients [p, c] and rows [n] in, [p, n, k] out."""
    keys = {process: (process, inputs.names, inputs.set_name, jax.default_backend()) for process in questions}
    lowered = {key: _lower(process, inputs) for process, key in keys.items() if key not in _COMPILED}
    with ThreadPoolExecutor() as pool:  # XLA compiles without the interpreter lock, which tracing needs
        _COMPILED.update(zip(lowered, pool.map(_compile, lowered.values()), strict=True))
    return {p: _in_blocks(_COMPILED[keys[p]], *question, inputs) for p, question in questions.items()}


def _in_blocks(
    block: Callable, coefficients: Complex[np.ndarray, "p c"], rows: Rows, inputs: Inputs
) -> Float[np.ndarray, "p n k"]:
    points, n_rows = BLOCK
    row_blocks = _cut(rows, n_rows)
    parts = [
        np.concatenate([block(c, inputs, r) for r in row_blocks], axis=1)
        for c in _cut(jnp.asarray(coefficients, dtype=complex), points)
    ]
    return np.concatenate(parts)[: len(coefficients), : len(rows.decay)]


def _cut(arrays, size: int) -> list:
    """Slices of equal length along the first axis of all arrays, the last one filled up with the last entry."""
    n = len(jax.tree.leaves(arrays)[0])
    index = np.minimum(np.arange(-(-n // size) * size), n - 1).reshape(-1, size)
    return [jax.tree.map(lambda x, i=i: x[i], arrays) for i in index]


def _lower(process: str, inputs: Inputs) -> jax.stages.Lowered:
    """The moments of one block as a function of coefficients, inputs and rows, traced but not compiled."""
    module = importlib.import_module(catalogue.PROCESSES[process].module)
    points, n_rows = BLOCK

    def block(coefficients: Complex[Array, "p c"], inputs: Inputs, rows: Rows) -> Float[Array, "p n k"]:
        return jax.vmap(lambda c: module.moments(Theory(WilsonCoefficients(c)), inputs, rows))(coefficients)

    integers, reals = np.zeros(n_rows, dtype=int), np.zeros(n_rows)
    rows = Rows(*(jnp.asarray(x) for x in (integers, integers, reals, reals)))
    return jax.jit(block).lower(jnp.zeros((points, len(INDEX)), dtype=complex), inputs, rows)


def _compile(lowered: jax.stages.Lowered) -> jax.stages.Compiled:
    try:
        return lowered.compile(RUN_ONCE)
    except jax.errors.JaxRuntimeError:  # options come and go with the versions of XLA
        return lowered.compile()
