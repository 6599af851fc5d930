"""Rows of the catalogue for decays without a q2 bin: keys are predicted; the nuisances named are all that matter."""

import fnmatch
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from process_values import combine

from bsfit import catalogue
from bsfit.catalogue import CHARGED_LFV, FLAVOUR_VIOLATING, rare_decays
from bsfit.loading.inputs import input_set
from bsfit.predictions.bound_model import module_of
from bsfit.theory import Rows, Theory, WilsonCoefficients

DEFAULT = input_set("default")
# A row names the form factors of every parametrisation; the default inputs give one.
KNOWN = {name for inputs in (DEFAULT, input_set("grvdv-2023")) for prior in inputs.priors for name in prior.names}
ROW = Rows(jnp.zeros(1, int), jnp.zeros(1, int), jnp.zeros(1), jnp.zeros(1))
PROCESSES = tuple(dict.fromkeys(row["process"] for row in rare_decays.QUANTITIES))
TWO_FLAVOURS = WilsonCoefficients.of(
    {f"{c}_bs{pair}": 1.0 for c in ("C9", "C10p") for pair in FLAVOUR_VIOLATING} | dict.fromkeys(CHARGED_LFV, 1e-12)
)
NO_NUISANCE = "of vector currents, by G_F and masses alone"
FLAT = {
    "BR(mu->eee)": NO_NUISANCE,
    "BR(tau->mumumu)": NO_NUISANCE,
    "ADeltaGamma(Bs->mumu)": "1 whatever the inputs",
    "S_phigamma": "4e-5, a millionth of what is measured",
}


def matches(name, globs):
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs)


@pytest.mark.long
@pytest.mark.parametrize("process", PROCESSES)
def test_named_nuisances_carry_the_error(process):
    """At least 99.8 % of the standard deviation of a prediction with all inputs uncertain.

    Of the Standard Model's, and of rates into two flavours by vector currents.
    """
    module = module_of(catalogue.PROCESSES[process])
    quantities = {row["key"]: row for row in rare_decays.QUANTITIES if row["process"] == process}

    def predicted(x):
        inputs = replace(DEFAULT.inputs, values=x)
        found = module.moments(Theory(TWO_FLAVOURS), inputs, ROW)
        return jnp.stack([combine(module, key, found, ROW, inputs) for key in quantities])

    jacobian = np.asarray(jax.jit(jax.jacfwd(predicted))(DEFAULT.inputs.values))
    assert np.all(np.isfinite(jacobian))
    column = {name: i for i, name in enumerate(DEFAULT.inputs.names)}
    for slope, (key, row) in zip(jacobian, quantities.items(), strict=True):
        assert all(any(matches(name, [glob]) for name in KNOWN) for glob in row["nuisances"]), key
        variances = np.zeros(2)
        for prior in DEFAULT.priors:
            along = slope[[column[name] for name in prior.names]]
            chosen = along * [matches(name, row["nuisances"]) for name in prior.names]
            variances += [x @ prior.covariance @ x for x in (along, chosen)]
        if key not in FLAT:
            assert variances[1] > 0.998**2 * variances[0], key


def test_names_are_observables():
    for row in rare_decays.QUANTITIES:
        item = catalogue.observable(row["key"])
        assert (item.name, item.bin, item.group) == (row["key"], None, row["group"])
