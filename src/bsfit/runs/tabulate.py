"""Values of any function of parameters on a grid: the maps behind a figure.

One compiled program works through the points in rounds of one size, so that a second grid, coarse or fine, costs no
further compilation.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from bsfit import scalars
from bsfit.errors import BsfitInputError
from bsfit.inference.progress import Progress
from bsfit.inference.target import Params
from bsfit.results import Map, provenance
from bsfit.runs.designs import grid_axes

BLOCK, BLOCKS = 32, 8
"""Points computed side by side, which is what fits the cache of a core, and blocks in one round."""


def tabulate(
    function: Callable[[Params], Any],
    grid: Mapping[str, Any],
    *,
    fixed: Mapping[str, float] | None = None,
    progress: bool = True,
) -> Map:
    """Evaluate `function` on a grid {name: (low, high, points)}; `log:name` spaces the points logarithmically.

    function: takes a dictionary of the parameters on the grid and of those `fixed`, traced, and returns a dictionary of
    real scalars; or it has `names` and returns an array of as many (`bsfit.prediction`). Other fixed values need no
    other compilation. Raises `BsfitInputError` for a bad grid or result.
    """
    started = time.time()
    axes = grid_axes(grid, "tabulate")
    constant = {name: jnp.asarray(scalars.real(value, name)) for name, value in (fixed or {}).items()}
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    points = {name: values.reshape(-1) for name, values in zip(axes, mesh, strict=True)}
    size, step = mesh[0].size, BLOCK * BLOCKS
    rounds = []
    with Progress("tabulate", size, progress) as bar:
        for first in range(0, size, step):
            rows = np.minimum(np.arange(first, first + step), size - 1)
            part = {name: jnp.asarray(values[rows]) for name, values in points.items()}
            rounds.append(jax.tree.map(np.asarray, _round(function, part, constant)))
            bar.advance(step)
    values = {name: np.concatenate([part[name] for part in rounds])[:size] for name in rounds[0]}
    return Map(
        names=tuple(axes),
        axes=tuple(axes.values()),
        log=tuple(str(key).startswith("log:") for key in grid),
        values={name: column.reshape(mesh[0].shape) for name, column in values.items()},
        meta=provenance({}, started=started, method="tabulate", fixed=dict(fixed or {})),
    )


@eqx.filter_jit
def _round(function: Callable, points: Params, constant: Params) -> dict[str, Any]:
    return jax.lax.map(lambda p: _named(function, function({**constant, **p})), points, batch_size=BLOCK)


def _named(function: Callable, found: Any) -> dict[str, Any]:
    """Results by name, each a real scalar; an array takes its names from the function."""
    if not isinstance(found, Mapping):
        names = getattr(function, "names", ())
        if jnp.shape(found) != (len(names),):
            expected = "a dictionary of scalars, or an array with a name for each entry in `function.names`"
            raise BsfitInputError(f"the function returned {found!r}", field="tabulate", expected=expected)
        found = dict(zip(names, found, strict=True))
    for name, value in found.items():
        if jnp.shape(value) != () or jnp.iscomplexobj(value):
            raise BsfitInputError(f"{name!r} is {value!r}", field="tabulate", expected="real scalars")
    return {name: jnp.asarray(value, dtype=float) for name, value in found.items()}
