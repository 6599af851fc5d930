"""States of chains as arrays by name, in which every bit of them is."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import dtypes

Stored = dict[str, np.ndarray]
"""Arrays [chain, ...] by their place in the state of a sampler."""


def stored(parts: list[Any]) -> Stored:
    """The states of parts of the chains, joined."""
    named = [{name: _plain(leaf) for name, leaf in _leaves(part)} for part in parts]
    return {name: np.concatenate([part[name] for part in named]) for name in named[0]}


def restored(arrays: Stored, shape: Any) -> list[Any]:
    """The states again, each of the `shape` (`jax.eval_shape`) of a part."""
    leaves, structure = _leaves(shape), jax.tree.structure(shape)
    each = leaves[0][1].shape[0]
    first = range(0, len(arrays[leaves[0][0]]), each)
    return [
        jax.tree.unflatten(structure, [_like(arrays[name][i : i + each], leaf) for name, leaf in leaves]) for i in first
    ]


def _leaves(state: Any) -> list[tuple[str, Any]]:
    found, _ = jax.tree_util.tree_flatten_with_path(state)
    return [(jax.tree_util.keystr(path, simple=True, separator="."), leaf) for path, leaf in found]


def _plain(leaf: Any) -> np.ndarray:
    return np.asarray(jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, dtypes.prng_key) else leaf)


def _like(array: np.ndarray, leaf: Any) -> Any:
    if jnp.issubdtype(leaf.dtype, dtypes.prng_key):
        return jax.random.wrap_key_data(jnp.asarray(array, dtype=jnp.uint32))
    return jnp.asarray(array, dtype=leaf.dtype)
