"""The posterior of a likelihood, in steps that can be kept: the search for modes, warm-up, jumps, draws.

The verdict is stored, printed, and said on stderr when it is bad.
"""

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit.at_work import doing
from bsfit.inference import diagnostics, modes, target
from bsfit.inference.chains import Chains, most_steps
from bsfit.inference.following import Expectation, following
from bsfit.inference.jumps import wanted
from bsfit.inference.nuts import NutsSettings
from bsfit.inference.progress import Progress
from bsfit.inference.sample import LogDensity, Plan, assess, prepare
from bsfit.inference.space import space_of
from bsfit.inference.steps import Content, Steps
from bsfit.inference.whitening import Whitened
from bsfit.results import Posterior, provenance
from bsfit.results.size import check_size
from bsfit.runs.recorded import recorded
from bsfit.runs.running import of_likelihood
from bsfit.runs.store import check_agreement

QUANTILES = (0.025, 0.158655, 0.5, 0.841345, 0.975)
WARMUP, WARMUP_WHITENED = 1000, 200
"""Transitions before the draws, where nothing else is asked for."""

PACKAGES = "bsfit", "jax", "jaxlib", "numpyro"
"""Those whose versions may move a draw."""


def sample(
    like: Any,
    *,
    free: Mapping[str, Any] | None = None,
    seed: int = 1,
    chains: int = 4,
    warmup: int | None = None,
    draws: int = 1000,
    target_accept: float = 0.8,
    dense_mass: bool = True,
    starts: int = 32,
    follow: Mapping[str, Expectation] | None = None,
    progress: bool = True,
    store: str | os.PathLike[str] | None = None,
    resume: bool = False,
    force: bool = False,
) -> Posterior:
    """Sample the posterior of `like(params) -> log-likelihood` under the priors of `free` (default `like.free`).

    warmup, draws: per chain; warmup is 1000 by default, and 200 of whitened chains, which only need a step size.
    target_accept: closer to one means smaller steps, the remedy for a few divergences. dense_mass: adapt a full
    mass matrix (for correlated parameters). starts: starting points of the search for modes. follow: about where a
    parameter is, given others, along a curved valley: ``{"y": lambda p: 1 / p["x"]}``. Chains move along it, and
    the posterior stays what it is (`following`). Where fits go by scoring, chains move in coordinates whitened by
    the curvature at the mode, learn no mass matrix whatever `dense_mass` says, and do not jump. How jumps fared is
    in `meta`: which part was accepted, how many were tried for each draw, and to which part steps were shortened
    for them. The same seed gives the same draws on the same machine and versions. See `draw_chains` for many data
    sets at once.

    store: a folder that keeps the search for modes, and every block of draws with the state of the chains behind it; if
    the process is killed, resume=True goes on there, to the draws of an unbroken run bit for bit, and force=True starts
    anew. Raises `BsfitInputError` for the store of another run.
    """
    started = time.time()
    like = target.of(like, free)
    if warmup is None:
        warmup = WARMUP if like.quadratic is None else WARMUP_WHITENED
    check_size((chains, warmup + draws), "draws")
    space = space_of(like)
    density = LogDensity(like, space, following(space, follow))
    settings = NutsSettings(warmup, target_accept, dense_mass)
    asked = {"chains": chains, "draws": draws, "starts": starts, "follow": sorted(follow or {}), "seed": seed}
    asked |= {name: value for name, value in settings._asdict().items() if name != "adapt_mass"}
    known = {"method": "sample", **asked, **of_likelihood(like, *PACKAGES)}
    with recorded(store, known, most_steps(warmup, draws), resume=resume, force=force) as (steps, stored):
        plan = _planned(density, asked, dense_mass, steps)
        white = None
        if like.quadratic is not None and plan.walled is None:
            white = Whitened.of(density, plan.starts.mean(axis=0), plan.covariance)
            plan = plan._replace(starts=white.whiten(plan.starts), inverse_mass=jnp.ones(space.size))
            settings = settings._replace(dense_mass=False, adapt_mass=False)
        with Progress(f"sampling {chains} chains", chains * (warmup + draws), progress) as bar:
            seen, boxed = white or plan.walled or density, density if white is None else None
            start = plan.starts, plan.inverse_mass
            known = None if boxed is None else modes.around(plan.ends, partial(wanted, space.size), seed)
            run = Chains(seen, boxed, *start, seed, settings, bar, steps, whitened=white is not None, modes=known)
            trace, jumps = run.draws(draws)
        about = stored()
    if white is not None:
        trace["z"] = np.asarray(white.unwhiten(jnp.asarray(trace["z"])))
    params, log_likelihood, judged = assess(density, plan, trace)
    result = Posterior(
        names=space.names,
        samples=params,
        log_likelihood=log_likelihood,
        sample_stats={name: trace[name] for name in ("energy", "diverging", "accept_prob", "num_steps")},
        summary={name: _summary(x) for name, x in params.items()},
        priors=space.describe(),
        verdict=judged.verdict,
        reasons=judged.reasons,
        diagnostics=judged.worst,
        modes=plan.modes,
        messages=(*plan.messages, *like.remarks(_likeliest(params, log_likelihood))),
        meta=provenance(
            target.about(like),
            started=started,
            method="sample",
            **asked,
            whitened=white is not None,
            jumps=jumps,
        )
        | about,
    )
    if progress or not result.converged:
        with suppress(OSError):
            print(f"bsfit.sample: {result.verdict_line()}", file=sys.stderr)
    return result


def _planned(density: LogDensity, asked: Mapping[str, Any], dense_mass: bool, steps: Steps) -> Plan:
    """Where chains start: the first step.

    Raises `BsfitInputError` if the log-density there is not the one that a store knows: code has no name.
    """

    def found() -> Content:
        known = {name: asked[name] for name in ("chains", "seed", "starts")}
        with doing("searching for modes"):
            plan = prepare(density, **known, dense_mass=dense_mass)
        return {**plan.content(), "log_density": np.asarray(_at(density, plan.starts))}

    content, new = steps(found)
    plan = Plan.of(content, density)
    if not new:
        exact = not density.log_likelihood.meta.get("data_files")
        again = np.asarray(_at(density, plan.starts))
        check_agreement(content["log_density"], again, exact, "the log-density where chains start")
    return plan


@eqx.filter_jit
def _at(density: LogDensity, points: Float[Array, "chain n"]) -> Float[Array, " chain"]:
    return jax.lax.map(density, points)


def _summary(x: np.ndarray) -> dict[str, float]:
    """Moments, quantiles and convergence of one parameter [chain, draw]."""
    ends = dict(zip(("q2.5", "q16", "median", "q84", "q97.5"), np.quantile(x, QUANTILES).tolist(), strict=True))
    chains = {"r_hat": diagnostics.r_hat(x), "ess_bulk": diagnostics.bulk_ess(x), "ess_tail": diagnostics.tail_ess(x)}
    return {"mean": float(np.mean(x)), "sd": float(np.std(x, ddof=1)), **ends, **chains}


def _likeliest(params: Mapping[str, np.ndarray], log_likelihood: np.ndarray) -> dict[str, float]:
    """The draw of the highest log-likelihood."""
    best = np.unravel_index(np.argmax(log_likelihood), log_likelihood.shape)
    return {name: float(x[best]) for name, x in params.items()}
