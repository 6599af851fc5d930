"""Flavour and dark matter in one posterior: the loop model on R_K, R_K*, Delta M_s and the relic density.

Six couplings and masses. The relic density ties lambda_L_mu to all others within 3 %: chains follow that valley, and
need few steps then. Couplings to quarks end at one: larger ones make quarks alone annihilate all dark matter, and
lambda_L_mu is free. Takes minutes; `--draws 50` is a quick look.
"""

import argparse
import sys

import jax
import jax.numpy as jnp

import bsfit
from bsfit.plot.corner import plot_corner

DATA = ["seed-2017", "lhcb-dms-combination-2021", "relic"]
FREE = {
    "log:m_X": (100, 600),
    "log:m_L": (650, 2000),
    "log:m_Q": (1000, 3000),
    "lambda_Q_s": (-1.0, 0.0),
    "lambda_Q_b": (0.0, 1.0),
    "log:lambda_L_mu": (0.5, 3.5),
}


def lambda_l_mu(params):
    """Where Omega h^2 is about 0.12: leptons and light quarks annihilate in the p wave, tops in the s wave too.

    The constants are fitted to the full calculation, within 1 %.
    """
    m_x, m_l, m_q = params["m_X"], params["m_L"], params["m_Q"]
    b = params["lambda_Q_b"] ** 2
    quarks = params["lambda_Q_s"] ** 2 + b
    top = (173 / m_x) ** 2
    s_wave = 12 * top * jnp.maximum(1 - top, 0) ** 1.5 * b**2
    needed = 2.1 * ((m_x**2 + m_l**2) / (1000 * m_x)) ** 2 * (m_x / 200) ** 0.087
    left = 1 - 3 * ((m_x**2 + m_l**2) / (m_x**2 + m_q**2)) ** 2 * (quarks**2 + s_wave) / needed
    return (needed * 0.02 * jax.nn.softplus(left / 0.02)) ** 0.25


def main():
    """Sample, print the summary with its verdict, draw the corner plot."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=1000, help="per chain")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    like = bsfit.log_likelihood("loop", DATA, FREE, inputs="seed")
    more = {"warmup": min(chosen.draws, 400), "target_accept": 0.95, "starts": 4}
    follow = {"lambda_L_mu": lambda_l_mu}
    posterior = bsfit.sample(like, seed=chosen.seed, draws=chosen.draws, follow=follow, **more)
    print(posterior)
    print("wrote", posterior.save("joint_posterior"))
    for path in plot_corner(posterior, "joint_posterior.png"):
        print("wrote", path)
    sys.exit(not posterior.converged)


if __name__ == "__main__":
    main()
