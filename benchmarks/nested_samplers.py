"""Which nested sampler takes our likelihoods best: dynesty, nautilus, blackjax's nested slice sampling, side by side.

Seen so far, on a machine at a load of 14 to 17: of the Gaussian of two dimensions dynesty took 20 s of the processors
for 24,458 calls, error 0.116; blackjax 1.7 s after compilation, error 0.11; nautilus had not ended after 200 s of the
clock. The other targets have not been compared.

python benchmarks/nested_samplers.py [3]    so many seeds of each target

Of each: log Z against the exact one or the grid's, in units of the error that the sampler states; calls of the
likelihood; seconds of the clock and of the processors after compilation; effective draws.
"""

import importlib.util
import sys
import time
import warnings

import jax
import jax.numpy as jnp
import numpy as np

import bsfit


def gaussian(n):
    """Width 0.01 of the box in each of n dimensions, about a point off the middle."""
    names = [f"x{i}" for i in range(n)]

    def like(p):
        x = jnp.stack([p[name] for name in names])
        return -0.5 * jnp.sum(((x - 0.3) / 0.02) ** 2) - n * jnp.log(0.02 * jnp.sqrt(2 * jnp.pi))

    return like, {name: (-1.0, 1.0) for name in names}, -n * np.log(2.0)


def portal():
    """Two modes, of unequal weight: the sign of one coupling may be that of the other, or not, within bounds."""
    free = {"lambda_Q_s": (-0.5, 0.5), "lambda_Q_b": (-1.0, 0.5)}
    fixed = {"g_X": 0.3, "m_Zp": 1500.0, "m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0, "lambda_L_mu": 1.0}
    like = bsfit.log_likelihood("portal", "seed-2017", free, fixed)
    return like, like.free, on_grid(like)


def lfu():
    like = bsfit.log_likelihood("eft", "lfu", {"C9mu": (-3, 3), "C10mu": (-3, 3)})
    return like, like.free, on_grid(like)


def on_grid(like, points=801):
    """Log of the mean likelihood over a box of two parameters, by the midpoint rule."""
    post = bsfit.log_posterior(like)
    middle = (np.arange(points) + 0.5) / points
    cube = np.stack([x.reshape(-1) for x in np.meshgrid(middle, middle, indexing="ij")], axis=1)
    values = post.log_likelihood(bsfit.prior_transform(like)(cube))
    return float(np.logaddexp.reduce(values) - np.log(len(values)))


class Counted:
    """The log-likelihood of rows of the unit cube, in one compiled program of a fixed number of rows."""

    def __init__(self, like, free):
        self.post, self.transform = bsfit.log_posterior(like, free=free), bsfit.prior_transform(like, free=free)
        self.calls, self.size, self.n = 0, 128, len(free)
        self(np.full((1, self.n), 0.5))

    def __call__(self, cube):
        cube = np.atleast_2d(cube)
        self.calls += len(cube)
        rows = -(-len(cube) // self.size) * self.size
        padded = np.concatenate([cube, np.full((rows - len(cube), self.n), 0.5)])
        parts = [self.post.log_likelihood(self.transform(padded[i : i + self.size])) for i in range(0, rows, self.size)]
        return np.concatenate(parts)[: len(cube)]


def with_dynesty(counted, seed):
    import dynesty

    one = jax.jit(lambda u: counted.post.log_likelihood(counted.transform(u)))

    def density(u):
        counted.calls += 1
        return float(one(jnp.asarray(u)))

    density(np.full(counted.n, 0.5))
    random = np.random.default_rng(seed)
    sampler = dynesty.NestedSampler(density, lambda u: u, counted.n, nlive=500, rstate=random)
    sampler.run_nested(print_progress=False, dlogz=0.01)
    found = sampler.results
    weights = np.exp(found.logwt - found.logwt.max())
    return found.logz[-1], found.logzerr[-1], weights.sum() ** 2 / (weights**2).sum()


def with_nautilus(counted, seed):
    import nautilus

    sampler = nautilus.Sampler(lambda u: u, counted, n_dim=counted.n, vectorized=True, pass_dict=False, seed=seed)
    sampler.run(n_eff=10000, discard_exploration=True)
    return sampler.log_z, sampler.n_eff**-0.5, sampler.n_eff


def with_blackjax(counted, seed):
    import blackjax
    from blackjax.ns.utils import ess, finalise, log_weights

    n, live = counted.n, 500
    key = jax.random.key(seed)
    algorithm = blackjax.nss(
        logprior_fn=lambda u: jnp.where(jnp.all((u > 0) & (u < 1)), 0.0, -jnp.inf),
        loglikelihood_fn=lambda u: counted.post.log_likelihood(counted.transform(jnp.clip(u, 1e-12, 1 - 1e-12))),
        num_inner_steps=STEPS * n,
        num_delete=50,
    )
    first, key = jax.random.split(key)
    state = jax.jit(algorithm.init)(jax.random.uniform(first, (live, n)))
    step, dead = jax.jit(algorithm.step), []
    while not state.integrator.logZ_live - state.integrator.logZ < -3:
        here, key = jax.random.split(key)
        state, info = step(here, state)
        dead.append(info)
    everything = finalise(state, dead, update_info=False)
    log_w = log_weights(key, everything, 100)
    log_z = jax.nn.logsumexp(log_w, axis=0)
    counted.calls += len(dead) * 50 * STEPS * n * 5  # about five evaluations of a slice
    return float(log_z.mean()), float(log_z.std()), float(ess(key, everything))


STEPS = 5

SAMPLERS = {"dynesty": with_dynesty, "nautilus": with_nautilus, "blackjax": with_blackjax}
TARGETS = {"gaussian-2": lambda: gaussian(2), "gaussian-8": lambda: gaussian(8), "portal": portal, "lfu": lfu}


def main(words):
    seeds = int(words[0]) if words else 3
    for name, target in TARGETS.items():
        like, free, exact = target()
        for which, sampler in SAMPLERS.items():
            if importlib.util.find_spec(which) is None:
                print(f"{which} is not installed")
                continue
            rows = []
            for seed in range(1, seeds + 1):
                counted = Counted(like, free)
                began = time.perf_counter(), time.process_time()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    log_z, error, size = sampler(counted, seed)
                spent = time.perf_counter() - began[0], time.process_time() - began[1]
                rows.append(((log_z - exact) / error, error, counted.calls, *spent, size))
            pulls, *middle = np.array(rows).T
            error, calls, clock, processor, size = (float(np.median(x)) for x in middle)
            listed = ", ".join(f"{pull:+.1f}" for pull in pulls)
            print(f"{name:11} {which:9} pulls {listed}; error {error:.3f}; {calls:.0f} calls; {clock:.1f} s, "
                  f"{processor:.1f} s of processors; {size:.0f} effective draws", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
