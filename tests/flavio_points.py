"""Points of the Wilson coefficients, and named observables there: those stored of flavio, and ours."""

import json
import re
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bsfit.catalogue import PROCESSES
from bsfit.hadronic import charm_loops, effective_coefficients, qcd_factorisation
from bsfit.loading.inputs import Inputs, load_inputs
from bsfit.observables import b_to_k_ll, b_to_v_gamma, b_to_v_ll
from bsfit.predictions import compiled
from bsfit.predictions.prediction import wired
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.standard_model.wilson import Total, standard_model
from bsfit.theory import Rows, Theory, WilsonCoefficients

FLAVIO = load_inputs("flavio")
ONE_ALPHA = FLAVIO.replace({"alpha_em_0": FLAVIO["alpha_em_mb"]})
"""As flavio: the electromagnetic coupling at 4.8 GeV also for a real photon."""


def theory(point):
    """Theory of a reference point."""
    return shifted({name: complex(*value) for name, value in point["wc"].items()})


def shifted(values):
    """Theory with some coefficients shifted from the Standard Model."""
    return Theory(WilsonCoefficients.of({name: complex(value) for name, value in values.items()}))


@cache
def stored():
    """Names, points and values [p, n] of the two lists of tests/reference/flavio_predictions.json."""
    file = Path(__file__).parent / "reference" / "flavio_predictions.json"
    lists = json.loads(file.read_text())["lists"]
    return [(x["names"], x["points"], np.array([p["values"] for p in x["points"]], dtype=float)) for x in lists]


def values(names, points, inputs=ONE_ALPHA):
    """Named observables [p, n] at points, from the blocks that every likelihood shares."""
    wiring = wired(names, inputs=inputs)
    coefficients = np.stack([theory(p).wilson.values for p in points])
    found = compiled.moments({p.process: (coefficients, p.row_arrays()) for p in wiring.plans}, inputs)
    return _combined(tuple(names), inputs.names)(found, inputs.values)


@cache
def _combined(names, inputs):
    wiring, none = wired(names, inputs="flavio"), Theory.standard_model()
    return compiled.compile_quickly(
        jax.vmap(lambda m, values: wiring.of_moments(m, none, Inputs(values, inputs)), (0, None))
    )


@contextmanager
def choices_of_flavio():
    """What flavio 2.7.1 does differently, put in by hand; yields inputs under a name of their own, to compile anew.

    The two-loop term of the up quark is added to that of charm; spectator scattering has the coefficients of the
    Standard Model; C8' has no loops; q/p is conjugated in the interference of Bs -> phi l l.
    """
    shifts = {name: getattr(charm_loops, name) for name in ("delta_C7", "delta_C9", "delta_C7_u", "delta_C9_u")}

    def sum_of_loops(name):
        charm, difference = shifts[name], shifts[name + "_u"]
        return lambda q2, c, *masses: difference(q2, c, *masses) - 2 * charm(q2, c, 0.0, *masses)

    def frozen(total, quark, inputs):
        sm = standard_model(inputs)
        left_handed = Total(sm.semileptonic, sm.dipole.at[3].set(0.0), sm.four_quark)
        return nonlocal_amplitudes(left_handed, quark, inputs)

    def frozen_photon(c8, quark, inputs):
        return spectator(jnp.broadcast_to(standard_model(inputs).dipole[2], c8.shape), quark, inputs)

    def left_handed_photon(c8, quark):
        return photon_loops(jnp.broadcast_to(jnp.mean(c8, axis=1, keepdims=True), c8.shape), quark)

    nonlocal_amplitudes = qcd_factorisation.nonlocal_amplitudes
    spectator, photon_loops = b_to_v_gamma._spectator, b_to_v_gamma.photon_loops
    phase = v_tb_v_ts(FLAVIO) / jnp.conj(v_tb_v_ts(FLAVIO))
    c8, c8p = (effective_coefficients.COEFFICIENTS.index(name) for name in ("C8", "C8p"))
    with pytest.MonkeyPatch.context() as patch:
        for module, names in ((effective_coefficients, ("delta_C7", "delta_C9")), (b_to_v_gamma, ("delta_C7",))):
            for name in names:
                patch.setattr(module, name + "_u", sum_of_loops(name))
        for module in (b_to_v_ll, b_to_k_ll):
            left_handed = np.array(module._GLUON)
            left_handed[c8p] = 0.0
            left_handed[c8] = 1.0
            patch.setattr(module, "_GLUON", left_handed)
        patch.setattr(qcd_factorisation, "nonlocal_amplitudes", frozen)
        patch.setattr(b_to_v_gamma, "_spectator", frozen_photon)
        patch.setattr(b_to_v_gamma, "photon_loops", left_handed_photon)
        patch.setattr(b_to_v_ll, "_MIRROR", b_to_v_ll._MIRROR * np.array([1, 1, phase**2])[:, None])
        yield Inputs(ONE_ALPHA.values, ONE_ALPHA.names, "flavio's choices")


def moments(process, theory, inputs, rows):
    """Moments of one theory, by the code that every likelihood goes through: compiled once for all tests."""
    values = np.asarray(theory.wilson.values)[None]
    return compiled.moments({PROCESSES[process]: (values, rows)}, inputs)[process][0]


def rows(entries):
    """Rows from (decay, lepton, low, high)."""
    decay, lepton, low, high = zip(*entries, strict=True)
    return Rows(jnp.asarray(decay), jnp.asarray(lepton), jnp.asarray(low, dtype=float), jnp.asarray(high, dtype=float))


def random_theory(generator):
    """Random complex coefficients of both leptons, of the size that fits allow."""
    size = {"C9": 1.5, "C10": 1.5, "C9p": 1.0, "C10p": 1.0, "CS": 0.05, "CSp": 0.05, "CP": 0.05, "CPp": 0.05}
    values = {f"{c}_bs{pair}": s for pair in ("ee", "mumu") for c, s in size.items()}
    values |= {"C7_bs": 0.2, "C7p_bs": 0.2, "C8_bs": 0.3, "C8p_bs": 0.3}
    return shifted({name: s * complex(*generator.uniform(-1, 1, 2)) for name, s in values.items()})


def assert_derivatives(moments, inputs, few):
    """Forward derivatives along random directions of all coefficients and all inputs, 1e-6 of the row's largest.

    Inputs move by 1 % of their size, those whose value is zero, the power corrections, by 0.01, or 1e-5 where they are
    the coefficients of a polynomial of helicity amplitudes.
    """
    generator = np.random.default_rng(11)

    def value(coefficients, values):
        theory = Theory(WilsonCoefficients(coefficients))
        return moments(theory, Inputs(values, inputs.names, inputs.set_name), few)

    coefficients, values = random_theory(generator).wilson.values, inputs.values
    sizes = np.array([1e-3 if re.search(r" h(_.)? \d", name) else 1.0 for name in inputs.names])
    moved = jnp.where(values == 0.0, sizes, values) * generator.normal(size=values.shape) * 0.01
    steps = [
        (random_theory(generator).wilson.values, jnp.zeros_like(values)),
        (jnp.zeros_like(coefficients), moved),
    ]
    run = jax.jit(value)
    slope = jax.jit(lambda c, i, dc, di: jax.jvp(value, (c, i), (dc, di))[1])
    scale = np.abs(run(coefficients, values)).max(axis=1, keepdims=True)
    for dc, di in steps:
        exact, h = slope(coefficients, values, dc, di), 1e-3
        up, down = run(coefficients + h * dc, values + h * di), run(coefficients - h * dc, values - h * di)
        np.testing.assert_allclose((up - down) / (2 * h) / scale, exact / scale, atol=1e-6)
