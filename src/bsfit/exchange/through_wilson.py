"""SMEFT, and other bases, to flavio's basis at 4.8 GeV by the package wilson [Aebischer:2018bkb]_, the extra `eft`.

Numbers in, numbers out: nothing can be differentiated through it. CKM elements, Fermi constant and masses are those of
the inputs, so that a coefficient and the prefactor that observables put in front of it belong together; the last step,
from GeV^-2 to flavio's normalisation, takes the coupling that observables take, alpha_em_mb.
"""

import importlib.util
import warnings
from importlib import metadata
from typing import Any

from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.exchange.points import Point
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.running import MU_B

PARAMETERS = {
    "Vus": "V_us", "Vub": "V_ub", "Vcb": "V_cb", "gamma": "gamma", "GF": "G_F", "alpha_s": "alpha_s_mZ",
    "alpha_e": "alpha_em_mZ", "m_Z": "m_Z", "m_W": "m_W", "m_b": "m_b", "m_mu": "m_mu", "m_tau": "m_tau", "m_e": "m_e",
}  # fmt: skip
"""Names of wilson, and ours."""


def is_installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("wilson") is not None


def at_mu_b(point: Point, inputs: Inputs) -> tuple[dict[str, complex], str]:
    """Coefficients in flavio's basis at 4.8 GeV, and what to say of how they came about.

    Raises `BsfitInputError` if the package is missing, does not know the theory, the basis or a coefficient, or fails.
    """
    if not is_installed():
        what = f"{point.eft} in the basis {point.basis} at {point.scale:g} GeV needs the package wilson"
        hint = did_you_mean(point.basis, ("flavio",)) or "pip install 'bsfit[eft]'"
        raise point.error("basis", what, "WET in the basis flavio", hint)
    # Where warnings are errors, the import ends the program: a compiled part of it warns from where nothing catches.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wilson: Any = importlib.import_module("wilson")
            _check_names(point, wilson.wcxf)
            return _carried_out(point, inputs, wilson), f"wilson {metadata.version('wilson')}"
        except BsfitInputError:
            raise
        except Exception as problem:  # whatever another package dies of, a user gets a message
            what = f"wilson cannot do it: {type(problem).__name__}: {' '.join(str(problem).split())[:200]}"
            raise point.error("basis", what) from None


def _check_names(point: Point, wcxf: Any) -> None:
    bases = [basis for eft, basis in wcxf.Basis.instances if eft == point.eft]
    if point.basis not in bases:
        hint = did_you_mean(point.basis, bases)
        raise point.error("basis", f"unknown basis {point.basis!r} of {point.eft}", ", ".join(bases), hint)
    names = set(wcxf.Basis[point.eft, point.basis].all_wcs)
    for name in point.values:
        if name not in names:
            what = f"{point.eft} has no {name!r} in the basis {point.basis}"
            raise point.error(name, what, hint=did_you_mean(name, names))


def _carried_out(point: Point, inputs: Inputs, wilson: Any) -> dict[str, complex]:
    ours = {theirs: float(inputs[name]) for theirs, name in PARAMETERS.items() if name in inputs}
    below = {**ours, "alpha_e": float(inputs["alpha_em_mb"])}
    calculation = wilson.Wilson(point.values, point.scale, point.eft, point.basis)
    calculation.set_option("parameters", ours if point.eft == "SMEFT" else below)
    found = calculation.match_run(MU_B, "WET", "JMS").translate("flavio", parameters=below)
    return {name: complex(value) for name, value in found.dict.items()}
