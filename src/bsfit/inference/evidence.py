"""The evidence of a likelihood under its priors, which every number of it depends on."""

import time
from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from bsfit.errors import BsfitInputError
from bsfit.inference import target
from bsfit.inference.for_samplers import check_quantiles, from_cube
from bsfit.inference.nested import DYING, nested
from bsfit.inference.space import space_of
from bsfit.results import Evidence, provenance


def evidence(
    like: Any, *, free: Mapping[str, Any] | None = None, seed: int = 1, live: int = 500, progress: bool = True
) -> Evidence:
    """Integrate `like(params) -> log-likelihood` over the normalised priors of `free` (default `like.free`).

    Nested sampling with so many `live` points (`inference.nested`): the error falls with the root of their number. The
    same seed gives the same numbers on the same machine and versions. Raises `BsfitInputError` where blackjax is not
    installed (``pip install 'bsfit[nested]'``), for priors without quantiles, fewer than 50 live points, and a
    likelihood that is zero nearly everywhere.
    """
    started = time.time()
    if live < 50:
        raise BsfitInputError(f"got {live}", field="live", expected="50 or more")
    like = target.of(like, free)
    space = space_of(like)
    check_quantiles(space)
    found = nested(like, space, live - live % DYING, seed, progress)
    rows = np.asarray(from_cube(space, jnp.asarray(found.cube)))
    best = dict(zip(space.names, rows[np.argmax(found.log_likelihood)].tolist(), strict=True))
    return Evidence(
        names=space.names,
        log_evidence=found.log_evidence,
        error=found.error,
        samples={name: rows[:, i] for i, name in enumerate(space.names)},
        log_weights=found.log_weights,
        log_likelihood=found.log_likelihood,
        priors=space.describe(),
        status="converged" if found.finished else "not converged",
        messages=like.remarks(best),
        meta=provenance(target.about(like), started=started, method="evidence", seed=seed, live=live),
    )
