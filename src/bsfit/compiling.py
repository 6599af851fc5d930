"""How programs are compiled that run a few times: in half of the time that XLA takes by itself."""

from collections.abc import Callable
from functools import cache, partial, wraps
from typing import Any

import equinox as eqx
import jax

from bsfit.at_work import doing
from bsfit.errors import BsfitInputError

QUICKLY = {"xla_backend_optimization_level": 1, "xla_cpu_use_fusion_emitters": False}
"""Compiler options for code that runs a few times. Measured on derivatives of B -> V l l, and on fits: half of the
compile time of the defaults, and no slower; without any optimisation 2 s less to compile, and five times slower."""


def jit_quickly(function: Callable[..., Any]) -> Callable[..., Any]:
    """`eqx.filter_jit` with `QUICKLY`."""

    @cache
    def jitted() -> Callable[..., Any]:
        settings: dict[str, Any] = {"compiler_options": _options()}
        return eqx.filter_jit(function, **settings)

    return wraps(function)(lambda *arguments: jitted()(*arguments))


jit_inlined = partial(jax.jit, inline=True)
"""For functions with a loop inside: called outside of a program, a loop is compiled anew at every call. Inside of one
they leave no trace."""


def compiled_for(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """The function compiled for arguments of these shapes."""
    return finish(lower(function, *arguments))


def compile_quickly(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, compiled anew for every call: for one call."""
    return lambda *arguments: compiled_for(function, *arguments)(*arguments)


def lower(function: Callable[..., Any], *arguments: Any) -> jax.stages.Lowered:
    """The function traced for arguments of these shapes. Raises `BsfitInputError` where nothing may be compiled."""
    if jax.config.jax_disable_jit:
        raise BsfitInputError("it is set, and bsfit compiles what it computes", field="JAX_DISABLE_JIT")
    # A function of its own: jax compares those it has seen, and a method of an eqx.Module by the arrays of that.
    with doing("tracing"):
        return jax.jit(lambda *given: function(*given)).lower(*arguments)


def finish(lowered: jax.stages.Lowered) -> jax.stages.Compiled:
    """What was traced, compiled."""
    with doing("compiling"):
        return lowered.compile(_options())


@cache
def _options() -> dict[str, Any]:
    """`QUICKLY` where this XLA knows it, on processors."""
    if jax.default_backend() != "cpu":
        return {}
    try:
        jax.jit(lambda x: x).lower(0.0).compile(QUICKLY)
    except jax.errors.JaxRuntimeError:  # options come and go with its versions
        return {}
    return QUICKLY
