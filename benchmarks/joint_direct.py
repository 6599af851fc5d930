"""How bad the loop model is with a limit on scattering: `python benchmarks/joint_direct.py [--points N] [--starts N]`.

The best fit of R_K, R_K*, Delta M_s, the relic density and LZ 2022; and, among random points of the box, the best one
of those that still describe the flavour data.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

import bsfit

DATA = ["seed-2017", "lhcb-dms-combination-2021", "relic", "lz-2022"]
FREE = {
    "log:m_X": (100, 600),
    "log:m_L": (650, 2000),
    "log:m_Q": (1000, 3000),
    "lambda_Q_s": (-1.5, 0.0),
    "lambda_Q_b": (0.0, 1.5),
    "log:lambda_L_mu": (0.01, 3.5),
}
DESCRIBED = 12.0
"""Chi2 of four flavour data, 19.6 in the Standard Model, below which they count as described."""
CHUNK = 500


def random_points(count):
    """Equal in the logarithms: couplings from 1e-3, masses in the box, m_X also next to the lighter of the others."""
    random, boxes = np.random.default_rng(1), ((650, 2000), (1000, 3000), (0.01, 3.5))
    m_l, m_q, lepton = (np.exp(random.uniform(*np.log(ends), count)) for ends in boxes)
    s, b = (np.exp(random.uniform(*np.log((1e-3, 1.5)), count)) for _ in range(2))
    lighter = np.minimum(m_l, m_q)
    close = lighter * (1 - 10 ** random.uniform(-2.5, -0.3, count))
    m_x = np.where(random.uniform(size=count) < 0.5, close, np.exp(random.uniform(np.log(100), np.log(0.95 * lighter))))
    columns = (np.maximum(m_x, 100.0), m_l, m_q, -s, b, lepton)
    return dict(zip((name.removeprefix("log:") for name in FREE), columns, strict=True))


def scan(like, count):
    """Chi2 of all data and of flavour alone at random points, a chunk at a time."""
    points, summary, found = random_points(count), jax.jit(jax.vmap(like.summary)), []
    for first in range(0, count, CHUNK):
        rows = np.minimum(np.arange(first, first + CHUNK), count - 1)
        part = summary({name: jnp.asarray(x[rows]) for name, x in points.items()})
        found.append([np.asarray(part[name])[: count - first] for name in ("chi2", "pull_chi2")])
    return points, *(np.concatenate(column) for column in zip(*found, strict=True))


def main():
    """Print the fit and the two best random points."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=20000)
    options.add_argument("--starts", type=int, default=12, help="starts of the fit; 0 leaves it out")
    chosen, started = options.parse_args(), time.time()
    like = bsfit.log_likelihood("loop", DATA, FREE, inputs="seed")
    print(f"flavour chi2 of the Standard Model {like.reference_chi2:.2f}")
    points, chi2, flavour = scan(like, chosen.points)
    for what, here in (("all", np.isfinite(chi2)), (f"flavour chi2 < {DESCRIBED:g}", flavour < DESCRIBED)):
        i = int(np.argmin(np.where(here, chi2, np.inf)))
        values = ", ".join(f"{name} = {x[i]:.4g}" for name, x in points.items())
        print(f"{what}: {here.sum()} points, least chi2 {chi2[i]:.1f}, of flavour {flavour[i]:.1f}, at {values}")
    if chosen.starts:
        print(bsfit.fit(like, starts=chosen.starts, profile_errors=False))
    print(f"{time.time() - started:.0f} s")


if __name__ == "__main__":
    main()
