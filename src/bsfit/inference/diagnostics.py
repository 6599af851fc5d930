"""Convergence of Markov chains: rank-normalised split R-hat, bulk and tail effective sample size, E-BFMI, the gate.

Definitions of Vehtari, Gelman, Simpson, Carpenter and Buerkner, arXiv:1903.08008 (Bayesian Analysis 16, 667), as Stan
and ArviZ use them. Draws are arrays [chain, draw].
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

R_HAT, ESS, E_BFMI = 1.01, 400.0, 0.3


class Judgement(NamedTuple):
    """`passed` or `failed`, why, and the worst numbers."""

    verdict: str
    reasons: tuple[str, ...]
    worst: dict[str, float]


def split(draws: np.ndarray) -> np.ndarray:
    """Halves of the chains as chains of their own, [2 chain, draw // 2]; an odd middle draw is dropped."""
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def rank_normalised(draws: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks over all chains, with Blom's offsets; ties share their average rank."""
    _, group, count = np.unique(draws, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - 0.5 * (count - 1)
    return ndtri((rank[group.reshape(-1)] - 0.375) / (draws.size + 0.25)).reshape(draws.shape)


def scale_reduction(chains: np.ndarray) -> float:
    """Potential scale reduction of chains as they are: sqrt of the pooled over the mean within-chain variance."""
    n = chains.shape[1]
    within = np.mean(np.var(chains, axis=1, ddof=1))
    between = n * np.var(np.mean(chains, axis=1), ddof=1)
    return float(np.sqrt(((n - 1) / n * within + between / n) / within)) if within > 0.0 else float("nan")


def r_hat(draws: np.ndarray) -> float:
    """Rank-normalised split R-hat: the larger of the one for location and the folded one for scale."""
    halves = split(draws)
    folded = np.abs(halves - np.median(halves))
    return float(np.max([scale_reduction(rank_normalised(x)) for x in (halves, folded)]))


def ess(draws: np.ndarray) -> float:
    """Effective sample size of the mean over chains as they are (not split).

    Autocorrelations combine the chains, their sum ends where Geyer's initial positive sequence of pairs does, and is
    made monotone; the first lag after it is kept when positive, as in Stan and ArviZ.
    """
    chains, n = draws.shape
    autocovariance = np.mean(_autocovariance(draws), axis=0)
    within = autocovariance[0] * n / (n - 1)
    if not within > 0.0:
        return float("nan")
    total = within * (n - 1) / n + (np.var(np.mean(draws, axis=1), ddof=1) if chains > 1 else 0.0)
    correlation = 1.0 - (within - autocovariance) / total
    correlation[0] = 1.0
    pairs = correlation[: n - n % 2].reshape(-1, 2).sum(axis=1)[: max((n - 3) // 2, 0)]
    ended = np.flatnonzero(pairs <= 0.0)
    last = int(ended[0]) if len(ended) else len(pairs)
    time = -1.0 + 2.0 * np.sum(np.minimum.accumulate(pairs[:last])) + max(correlation[2 * last], 0.0)
    # Antithetic chains may be worth more than independent draws, but not without limit.
    size = chains * n
    return float(size / max(time, 1.0 / np.log10(size)))


def bulk_ess(draws: np.ndarray) -> float:
    """Effective sample size in the bulk: of the rank-normalised split chains."""
    return ess(rank_normalised(split(draws)))


def tail_ess(draws: np.ndarray) -> float:
    """The smaller effective sample size of the 5 % and 95 % quantiles."""
    low, high = np.quantile(draws, [0.05, 0.95])
    sizes = [ess((split(draws) <= end).astype(float)) for end in (low, high)]
    return float(np.min(sizes))


def e_bfmi(energy: np.ndarray) -> float:
    """Smallest energy Bayesian fraction of missing information of the chains. Betancourt, arXiv:1604.00695."""
    step = np.sum(np.diff(energy, axis=1) ** 2, axis=1)
    spread = np.sum((energy - np.mean(energy, axis=1, keepdims=True)) ** 2, axis=1)
    return float(np.min(step / np.where(spread > 0.0, spread, np.inf)))


def judge(samples: dict[str, np.ndarray], energy: np.ndarray, diverging: np.ndarray) -> Judgement:
    """The gate: max R-hat < 1.01, bulk and tail ESS > 400, no divergence, E-BFMI > 0.3, for every parameter.

    What cannot be computed (a chain that never moved) fails.
    """
    each = {name: (r_hat(x), bulk_ess(x), tail_ess(x)) for name, x in samples.items()}
    worst = {
        "r_hat": float(np.max([r for r, _, _ in each.values()])),
        "ess": float(np.min([min(bulk, tail) for _, bulk, tail in each.values()])),
        "divergences": float(np.sum(diverging)),
        "e_bfmi": e_bfmi(energy),
    }
    reasons = [f"R-hat of {name} is {r:.3f}" for name, (r, _, _) in each.items() if not r < R_HAT]
    for name, (_, bulk, tail) in each.items():
        reasons += [f"{kind} ESS of {name} is {n:.0f}" for kind, n in (("bulk", bulk), ("tail", tail)) if not n > ESS]
    if worst["divergences"] > 0:
        reasons.append(f"{worst['divergences']:.0f} divergent transitions")
    if not worst["e_bfmi"] > E_BFMI:
        reasons.append(f"E-BFMI is {worst['e_bfmi']:.2f}")
    return Judgement("failed" if reasons else "passed", tuple(reasons), worst)


def _autocovariance(draws: np.ndarray) -> np.ndarray:
    """Biased autocovariance [chain, lag] of each chain, by FFT."""
    n = draws.shape[1]
    centred = draws - np.mean(draws, axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, 2 * n, axis=1)) ** 2
    return np.fft.irfft(power, axis=1)[:, :n] / n
