"""Flavour and dark matter in one posterior: the loop model on R_K, R_K*, Delta M_s and the relic density.

Six couplings and masses. The relic density ties lambda_L_mu to the masses within 3 %: chains follow that valley, and
need few steps then. `--draws 50` is a quick look.
"""

import argparse

import jax.numpy as jnp

import bsfit
from bsfit.plot import plot_corner

DATA = ["seed-2017", "lhcb-dms-combination-2021", "relic"]
FREE = {
    "log:m_X": (100, 600),
    "log:m_L": (650, 2000),
    "log:m_Q": (1000, 3000),
    "lambda_Q_s": (-1.5, 0.0),
    "lambda_Q_b": (0.0, 1.5),
    "log:lambda_L_mu": (0.5, 3.5),
}


def lambda_l_mu(params):
    """Where Omega h^2 is about 0.12: the p-wave cross section goes like (lambda^2 m_X / (m_X^2 + m_L^2))^2."""
    m_x, m_l = params["m_X"], params["m_L"]
    return 1.2 * jnp.sqrt((m_x**2 + m_l**2) / (1000 * m_x)) * (m_x / 200) ** 0.022


def main():
    """Sample, print the summary with its verdict, draw the corner plot."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--draws", type=int, default=600)
    draws = options.parse_args().draws
    like = bsfit.log_likelihood("loop", DATA, FREE, inputs="seed")
    more = {"warmup": min(draws, 400), "starts": 4, "follow": {"lambda_L_mu": lambda_l_mu}}
    posterior = bsfit.sample(like, seed=1, draws=draws, **more)
    print(posterior)
    print("wrote", posterior.save("joint_posterior"))
    for path in plot_corner(posterior, "joint_posterior.png"):
        print("wrote", path)


if __name__ == "__main__":
    main()
