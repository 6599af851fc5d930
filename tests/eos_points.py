"""Stored values of EOS, and inputs that make our theory that of EOS, as far as inputs can."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from bsfit.hadronic.form_factors import B_TO_P, B_TO_V, POLES, TIED
from bsfit.loading.inputs import load_inputs
from bsfit.standard_model.qcd import m_b_msbar
from bsfit.standard_model.running import MU_B
from bsfit.standard_model.wilson import C7_FROM_FOUR_QUARK

FLAVIO = load_inputs("flavio")
NODES = np.array([0.1, 1.0, 6.0, 15.0, 17.0])
COEFFICIENTS = {
    "SM": {},
    "C9mu=-1": {"C9_bsmumu": -1.0},
    "C10mu=1": {"C10_bsmumu": 1.0},
    "C9mu=-C10mu=-0.5": {"C9_bsmumu": -0.5, "C10_bsmumu": 0.5},
    "C9pmu=0.5": {"C9p_bsmumu": 0.5},
    "C10pmu=0.5": {"C10p_bsmumu": 0.5},
}
POINTS = [{"name": name, "wc": {c: (x, 0.0) for c, x in wc.items()}} for name, wc in COEFFICIENTS.items()]


@cache
def stored():
    """The reference file."""
    return json.loads((Path(__file__).parent / "reference" / "eos.json").read_text())


def results(tag):
    """Point, name and value of all stored results with this tag."""
    return [(point, name, value) for point, name, found, value in stored()["results"] if found == tag]


@cache
def inputs(tag):
    """flavio's inputs with the form factors of EOS and, for a tag, what else makes the difference.

    "": form factors alone. BFS2004: the C7 of EOS, at 4.2 GeV and with the mass of the b quark there. GP2004: the
    tensor form factor of B -> K from the improved Isgur-Wise relation, as in the OPE of hep-ph/0404250. GvDV2020: no
    matrix elements of four-quark operators and of O8, hence the coefficients of EOS as they are.
    """
    changes, wc = form_factors(), stored()["wilson_coefficients"]
    four_quark = np.array([wc[f"b->s::c{i}"] for i in range(1, 7)])
    at_its_scale = float(m_b_msbar(FLAVIO["m_b"], FLAVIO) / m_b_msbar(MU_B, FLAVIO))
    c7 = wc["b->s::Re{c7}"]
    quoted = {"m_t_SM": float(FLAVIO["m_t_pole"]), "alpha_s_SM": float(FLAVIO["alpha_s_mZ"])}
    if tag == "BFS2004":
        m_t, alpha = (
            float(FLAVIO[x]) / float(FLAVIO[y]) for x, y in (("m_t_pole", "m_t_SM"), ("alpha_s_mZ", "alpha_s_SM"))
        )
        changes["C7_SM"] = (c7 + C7_FROM_FOUR_QUARK @ four_quark) * at_its_scale / (m_t**0.268 * alpha**0.537)
    if tag == "GP2004":
        changes |= isgur_wise(changes)
    if tag == "GvDV2020":
        changes |= {f"C{i}_SM": 0.0 for i in range(1, 7)} | quoted | {"C8_SM": 0.0, "C7_SM": c7 * at_its_scale}
        changes |= {f"C{i}_SM": wc[f"b->smumu::Re{{c{i}}}"] for i in (9, 10)}
    return FLAVIO.replace(changes)


def with_kaon():
    """As for the tag "", with spectator scattering in B -> K, which inputs of flavio lack the kaon for."""
    names, base = ("f_K", "a1_K", "a2_K"), inputs("")
    values = jnp.append(base.values, load_inputs("default").array(names))
    return replace(base, values=values, names=(*base.names, *names))


def form_factors():
    """Coefficients of the simplified expansion that reproduce the form factors of EOS, to 2e-5."""
    found = {}
    for transition, eos, names, poles, masses in (
        ("B->K*", "B->K^*", B_TO_V, POLES, ("m_B0", "m_K*0")),
        ("Bs->phi", "B_s->phi", B_TO_V, POLES, ("m_Bs", "m_phi")),
        ("B->K", "B->K", B_TO_P, ("m+", "m0", "m+"), ("m_B0", "m_K0")),
    ):
        for name, pole in zip(names, poles, strict=True):
            symbol = f"{eos}::{name[0]}_{name[1:]}" if name != "V" else f"{eos}::V"
            values = np.array([stored()["form_factors"][f"{symbol}({q2:g})"] for q2 in NODES])
            found |= coefficients(transition, name, pole, masses, NODES, values)
    return found


def isgur_wise(changes):
    """f_T = m_B (m_B + m_K)/q2 f_+ at low recoil."""
    m_b, m_k, pole = (float(FLAVIO[x]) for x in ("m_B0", "m_K0", "B->K BSZ m+"))
    q2 = np.linspace(14.5, 22.5, 40)
    x = conformal(q2, m_b, m_k)
    plus = sum(changes[f"B->K BSZ a{k}_f+"] * x**k for k in range(3)) / (1.0 - q2 / pole**2)
    return coefficients("B->K", "fT", "m+", ("m_B0", "m_K0"), q2, m_b * (m_b + m_k) / q2 * plus)


def coefficients(transition, name, pole, masses, q2, values):
    """Fit of the expansion; the first coefficient of a tied form factor is that of its partner."""
    x = conformal(q2, *(float(FLAVIO[m]) for m in masses))
    a = np.polynomial.polynomial.polyfit(x, values * (1.0 - q2 / float(FLAVIO[f"{transition} BSZ {pole}"]) ** 2), 2)
    return {f"{transition} BSZ a{k}_{name}": float(a[k]) for k in range(3) if k > 0 or name not in TIED}


def conformal(q2, m_b, m_m):
    """The variable of the simplified expansion."""
    t_plus, t_minus = (m_b + m_m) ** 2, (m_b - m_m) ** 2
    t_zero = t_plus * (1.0 - np.sqrt(1.0 - t_minus / t_plus))
    here, start, there = (np.sqrt(t_plus - t) for t in (q2, 0.0, t_zero))
    return (here - there) / (here + there) - (start - there) / (start + there)
