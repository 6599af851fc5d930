"""Name tables, free of JAX: Wilson coefficients, observables, models, and the grammar of their names.

Entries point to code by ``"module:function"`` strings, so that ``bsfit list`` and ``bsfit --help`` import no physics.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from glob import escape

from bsfit import dark_observables, rare_decays
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.scenario_names import ALL_SCENARIOS as ALL_SCENARIOS
from bsfit.scenario_names import STANDARD_SCENARIOS, TERM, scenario

# ------------------------------------------------------------------------------------------------ coefficients

LEPTONS = ("e", "mu", "tau")
LEPTON_PAIRS = tuple(a + b for a in LEPTONS for b in LEPTONS)
"""Lepton pairs in the order of the rows of `wilson.Total.semileptonic`: ee, emu, etau, mue, mumu, ..."""

SEMILEPTONIC = ("C9", "C10", "C9p", "C10p", "CS", "CSp", "CP", "CPp")
DIPOLES = ("C7_bs", "C7p_bs", "C8_bs", "C8p_bs")
DELTA_F2 = tuple(f"CV{x}_{q}" for q in ("bsbs", "bdbd", "sdsd", "ucuc") for x in ("LL", "RR", "LR"))
NEUTRINO_PAIRS = tuple(f"nu{a}nu{b}" for a in LEPTONS for b in LEPTONS)
NEUTRINO = tuple(f"{x}_bs{pair}" for pair in NEUTRINO_PAIRS for x in ("CL", "CR"))
LEPTONIC = ("CVLL_numunumumumu", "CVLR_numunumumumu", "C7_mumu", "Cgamma_mue", "Cgamma_emu")


def _coefficient_unit(name: str) -> str:
    inverse = name.startswith(("CS_", "CSp_", "CP_", "CPp_", "Cgamma_"))
    return "GeV^-1" if inverse else "GeV^-2" if name in DELTA_F2 else "1"


COEFFICIENTS: tuple[str, ...] = (
    *(f"{op}_bs{pair}" for pair in LEPTON_PAIRS for op in SEMILEPTONIC),
    *DIPOLES,
    *NEUTRINO,
    *DELTA_F2,
    *LEPTONIC,
)
"""Complex Wilson coefficients that a model may shift, by flavio's WET names; meaning: `theory.WilsonCoefficients`."""


# ------------------------------------------------------------------------------------------------- observables


@dataclass(frozen=True)
class Process:
    """A file of `observables/` and what the wiring must know about it without importing it.

    `masses` are, per decay, the names of the two inputs M, m of the end point (M - m)^2 of q2. `coefficients` are the
    Wilson coefficients that the moments depend on, ``{l}`` standing for the lepton of a row.
    """

    module: str
    decays: tuple[str, ...]
    masses: tuple[tuple[str, str], ...]
    coefficients: tuple[str, ...]


@dataclass(frozen=True)
class Quantity:
    """One kind of observable of a process.

    `leptons` are those of the moment rows that it combines, "l" for the lepton in its name; `nuisances` the uncertain
    inputs that matter for it when theory errors are propagated: globs, ``{decay}`` and ``{transition}`` stand for those
    of the observable. Angular observables are in the convention of LHCb.
    """

    process: str
    key: str
    unit: str
    tex: str
    group: str
    leptons: tuple[str, ...] = ()
    binned: bool = True
    nuisances: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observable:
    """A parsed observable name: the canonical string, its quantity, decay, leptons and q2 range in GeV^2 (or None)."""

    name: str
    quantity: Quantity
    decay: str
    leptons: tuple[str, ...]
    bin: tuple[float, float] | None

    @property
    def group(self) -> str:
        """Group of observables that it belongs to: LFU, BR, angular, leptonic, radiative, mixing, ..."""
        return self.quantity.group


_SEMILEPTONIC_L = (*(f"{op}_bs{{l}}{{l}}" for op in SEMILEPTONIC), *DIPOLES)
_LEPTONIC_BS = tuple(
    f"{op}_bs{lepton}{lepton}" for lepton in LEPTONS for op in ("C10", "C10p", "CS", "CSp", "CP", "CPp")
)

PROCESSES: dict[str, Process] = {
    "b_to_k_ll": Process(
        "bsfit.observables.b_to_k_ll",
        ("B+->K", "B0->K"),
        (("m_B+", "m_K+"), ("m_B0", "m_K0")),
        _SEMILEPTONIC_L,
    ),
    "b_to_v_ll": Process(
        "bsfit.observables.b_to_v_ll",
        ("B0->K*", "B+->K*", "Bs->phi"),
        (("m_B0", "m_K*0"), ("m_B+", "m_K*+"), ("m_Bs", "m_phi")),
        _SEMILEPTONIC_L,
    ),
    "bs_mixing": Process("bsfit.observables.bs_mixing", ("",), (), ("CVLL_bsbs", "CVRR_bsbs", "CVLR_bsbs")),
    "bs_to_ll": Process("bsfit.observables.bs_to_ll", ("",), (), _LEPTONIC_BS),
    "b_to_nunu": Process("bsfit.observables.b_to_nunu", ("",), (), NEUTRINO),
    "b_to_v_gamma": Process("bsfit.observables.b_to_v_gamma", ("",), (), DIPOLES),
    "b_to_xs_gamma": Process("bsfit.observables.b_to_xs_gamma", ("",), (), DIPOLES),
    "trident": Process("bsfit.observables.trident", ("",), (), ("CVLL_numunumumumu", "CVLR_numunumumumu")),
    "dipoles": Process("bsfit.observables.dipoles", ("",), (), ("C7_mumu", "Cgamma_mue", "Cgamma_emu")),
    **{name: Process(f"bsfit.dark_matter.{name}", ("",), (), ()) for name in dark_observables.PROCESSES},
}
"""Files of `observables/`: each has ``moments(theory, inputs, rows)`` and ``combine(key, moments, rows, inputs)``."""

BESIDE_MOMENTS = ("QED *", "Omega_h2 *", "SI_Z_penguin", "f_N", "m_quark_loop", "f_eff")
"""Globs of the inputs that enter where moments are combined, or dark matter alone, never a moment."""

_MIXING_INPUTS = ("f_Bs", "bag_Bs_1", "eta_B", "V_cb", "V_us", "m_t_MSbar")
_HADRONIC = ("{transition} *", "{decay} *", "V_cb", "V_ub", "gamma", "m_b", "m_c", "m_c_BVgamma", "alpha_s_mZ")
_KAON = (*_HADRONIC, "f_B*", "f_K", "a?_K", "1/lambda_B")
_VECTOR = (*_HADRONIC, "f_*", "a1_*", "a2_*", "1/lambda_B*")
_ANGULAR = {
    "FL": "F_L",
    "AFB": r"A_{\rm FB}",
    "ACP": r"A_{\rm CP}",
    **{f"{kind}{i}": f"{kind}_{{{i}}}" for kind in "SA" for i in ("3", "4", "5", "6s", "6c", "7", "8", "9")},
    **{f"P{i}": f"P_{i}" for i in "123"},
    **{f"P{i}p": f"P_{i}'" for i in "4568"},
    "ATIm": r"A_T^{\rm Im}",
}
_DIFFERENCES = {f"Dmue_{key}": key for key in ("AFB", "FL", "P1", "P2", "P4p", "P5p", "P6p", "P8p")}


def _decay_quantities(process: str, nuisances: tuple[str, ...], asymmetries: Mapping[str, str]) -> list[Quantity]:
    """Rates, lepton-universality ratios and angular observables of a decay with a q2 distribution."""
    ratio = {"leptons": ("mu", "e"), "nuisances": ("QED {transition}",), "sources": ("Bordone:2016gaq",)}
    rate = {"leptons": ("l",), "nuisances": (*nuisances, "tau_B*"), "sources": ("Straub:2015ica",)}
    angular = {"leptons": ("l",), "nuisances": nuisances, "sources": ("Gratrex:2015hna",)}
    return [
        Quantity(process, "dBR/dq2", "GeV^-2", r"\langle d{\rm BR}/dq^2\rangle", "BR", **rate),
        Quantity(process, "BR", "1", r"{\rm BR}", "BR", **rate),
        Quantity(process, "Rmue", "1", r"R", "LFU", **ratio),
        Quantity(process, "Remu", "1", r"R^{-1}", "LFU", **ratio),
        *(Quantity(process, key, "1", tex, "angular", **angular) for key, tex in asymmetries.items()),
    ]


def _quantities() -> dict[tuple[str, str], Quantity]:
    rows = _decay_quantities("b_to_k_ll", _KAON, {"AFB": r"A_{\rm FB}", "FH": "F_H", "ACP": r"A_{\rm CP}"})
    rows += _decay_quantities("b_to_v_ll", _VECTOR, _ANGULAR)
    rows += [
        Quantity("b_to_v_ll", key, "1", rf"\Delta {_ANGULAR[of]}", "angular", ("mu", "e"), nuisances=_VECTOR)
        for key, of in _DIFFERENCES.items()
    ]
    rows += [Quantity(**row, binned=False) for row in (*rare_decays.QUANTITIES, *dark_observables.QUANTITIES)]
    rows += [
        Quantity("bs_mixing", "DeltaM_s", "GeV", r"\Delta M_s", "mixing", binned=False, nuisances=_MIXING_INPUTS),
        Quantity("bs_mixing", "DeltaM_s_ps", "ps^-1", r"\Delta M_s", "mixing", binned=False, nuisances=_MIXING_INPUTS),
        Quantity("bs_mixing", "DeltaM_s/SM", "1", r"\Delta M_s/\Delta M_s^{\rm SM}", "mixing", binned=False),
        Quantity("bs_mixing", "S_psiphi", "1", r"S_{\psi\phi}", "mixing", binned=False, nuisances=("V_*", "gamma")),
        Quantity("trident", "trident", "1", r"\sigma/\sigma_{\rm SM}(\nu N\to\nu N\mu\mu)", "leptonic", binned=False),
        Quantity("dipoles", "a_mu", "1", r"\Delta a_\mu", "dipole", binned=False),
        Quantity("dipoles", "BR(mu->egamma)", "1", r"{\rm BR}(\mu\to e\gamma)", "dipole", binned=False),
    ]
    return {(row.process, row.key): row for row in rows}


QUANTITIES = _quantities()

SHORT_NAMES = {
    "R_K": "<Rmue>(B+->Kll)",
    "R_KS": "<Rmue>(B0->Kll)",
    "R_K*": "<Rmue>(B0->K*ll)",
    "R_K*+": "<Rmue>(B+->K*ll)",
    "R_phi": "<Rmue>(Bs->phill)",
    **{
        f"{short}^-1": f"<Remu>({decay}ll)"
        for short, decay in (
            ("R_K", "B+->K"),
            ("R_KS", "B0->K"),
            ("R_K*", "B0->K*"),
            ("R_K*+", "B+->K*"),
            ("R_phi", "Bs->phi"),
        )
    },
}
"""Short names of the famous ratios; a bin follows: ``R_K[1.1,6]``."""

_NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_BIN = re.compile(r"^(?P<stem>.*?)\[(?P<bin>[^\]]*)\]$")
_EDGES = re.compile(rf"^({_NUMBER}),({_NUMBER})$")
_STEM = re.compile(r"^<(?P<key>[^>]*)>\((?P<decay>[^()]*?)(?P<leptons>ee|mumu|tautau|ll)\)$")


@cache
def observable(name: str) -> Observable:
    """Parse an observable name such as ``R_K[1.1,6]``, ``<dBR/dq2>(B+->Kmumu)[1.1,6]`` or ``DeltaM_s``.

    Raises `BsfitInputError` for a missing, malformed, empty or reversed bin and for an unknown name.
    """
    text = name.strip()
    match = _BIN.match(text)
    stem, edges = (match["stem"].strip(), _edges(match["bin"], name)) if match else (text, None)
    stem = SHORT_NAMES.get(stem, stem)
    found = _find(stem)
    if found is None:
        raise BsfitInputError(f"unknown observable {name!r}", hint=did_you_mean(stem, stems()))
    quantity, decay, leptons = found
    if quantity.binned and edges is None:
        raise BsfitInputError(f"observable {name!r} needs a q2 bin in GeV^2", expected=f"{name}[LOW,HIGH]")
    if not quantity.binned and edges is not None:
        raise BsfitInputError(f"observable {name!r} takes no q2 bin", expected=stem)
    canonical = stem if edges is None else f"{stem}[{edges[0]:.12g},{edges[1]:.12g}]"
    return Observable(canonical, quantity, decay, leptons, edges)


def _edges(text: str, name: str) -> tuple[float, float]:
    match, shown = _EDGES.match(text), repr(text)[1:-1]
    if not match:
        raise BsfitInputError(f"cannot read the bin [{shown}] of {name!r}", expected="[LOW,HIGH] in GeV^2")
    low, high = float(match[1]), float(match[2])
    if not 0.0 <= low < high:
        raise BsfitInputError(
            f"the bin [{shown}] of {name!r} is empty, reversed or negative", expected="0 <= LOW < HIGH in GeV^2"
        )
    return low, high


def _find(stem: str) -> tuple[Quantity, str, tuple[str, ...]] | None:
    """Quantity, decay and leptons of a name without its bin."""
    for quantity in QUANTITIES.values():
        if not quantity.binned and quantity.key == stem:
            return quantity, "", ()
    if match := _STEM.match(stem):
        for process, row in PROCESSES.items():
            quantity = QUANTITIES.get((process, match["key"]))
            if quantity and match["decay"] in row.decays:
                per_lepton = quantity.leptons == ("l",)
                if per_lepton == (match["leptons"] != "ll"):
                    lepton = match["leptons"][: len(match["leptons"]) // 2]
                    return quantity, match["decay"], (lepton,) if per_lepton else quantity.leptons
    return None


@cache
def stems() -> tuple[str, ...]:
    """Every observable name without its bin, short names first."""
    names = list(SHORT_NAMES)
    for quantity in QUANTITIES.values():
        if not quantity.binned:
            names.append(quantity.key)
            continue
        leptons = ("ee", "mumu", "tautau") if quantity.leptons == ("l",) else ("ll",)
        names += [f"<{quantity.key}>({decay}{ll})" for decay in PROCESSES[quantity.process].decays for ll in leptons]
    return tuple(names)


def nuisances(item: Observable) -> tuple[str, ...]:
    """Globs of the uncertain inputs that matter for an observable."""
    names = {"decay": escape(item.decay), "transition": escape(transition(item))}
    return tuple(pattern.format(**names) for pattern in item.quantity.nuisances)


def transition(item: Observable) -> str:
    """The transition of a decay without charges: ``B->K`` for ``B+->K`` and ``B0->K``."""
    return re.sub(r"^B[0+]->", "B->", item.decay)


def coefficients_of(process: str, leptons: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the Wilson coefficients that the moments of a process depend on, for rows with these leptons."""
    names = (c.replace("{l}", lepton) for c in PROCESSES[process].coefficients for lepton in leptons or ("",))
    return tuple(dict.fromkeys(names))


# ------------------------------------------------------------------------------------------------------ models


@dataclass(frozen=True)
class Parameter:
    """A real model parameter: default (None: must be given), unit, and the open interval in which it makes sense."""

    name: str
    default: float | None = 0.0
    unit: str = "1"
    lower: float = -math.inf
    upper: float = math.inf
    tex: str = ""


@dataclass(frozen=True)
class Model:
    """A file of `models/`: where its ``theory(params, inputs)`` is, its parameters and the papers to cite.

    `quantities` are its outputs besides the coefficients, with their units; complex ones have ``_im`` partners.
    For fits that are not told otherwise, and which then print them: `data`; `benchmark`, a point in which every
    parameter without default has a value; `free`, the parameters to determine, with their bounds.
    """

    module: str
    summary: str
    parameters: tuple[Parameter, ...]
    quantities: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    data: str = "lfu"
    benchmark: Mapping[str, float] = field(default_factory=dict)
    free: Mapping[str, tuple[float, float]] = field(default_factory=dict)


def _vector(symbol: str, flavours: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Real and imaginary parts of a 3-vector of couplings."""
    letter, index = symbol.split("_")
    return tuple(
        Parameter(f"{symbol}_{f}{part}", tex=rf"{{\rm {axis}}}\,\{letter}_{{{index}}}^{{{f}}}")
        for f in flavours
        for part, axis in (("", "Re"), ("_im", "Im"))
    )


def _mass(name: str, default: float | None = None, lower: float = 0.0) -> Parameter:
    return Parameter(name, default, "GeV", lower, tex=f"m_{{{name[2:]}}}")


_PERTURBATIVE = 3.5
"""A little below sqrt(4 pi), where Yukawa couplings stop being perturbative."""

_YUKAWAS = (*_vector("lambda_Q", ("d", "s", "b")), *_vector("lambda_L", LEPTONS))

_ZP_FINAL_STATES = ("quarks", "heavy_light", "heavy", "charged_leptons", "neutrinos", "mumu", "chi")

MODELS: dict[str, Model] = {
    "eft": Model(
        "bsfit.models.eft",
        "Wilson coefficients at 4.8 GeV, and the scenarios of global fits",
        tuple(Parameter(name + part, unit=_coefficient_unit(name)) for name in COEFFICIENTS for part in ("", "_im")),
    ),
    "portal": Model(
        "bsfit.models.portal",
        "Z' portal with vector-like Q, L and scalars phi, chi (1503.06077)",
        (
            Parameter("g_X", None, lower=0.0, tex="g_X"),
            _mass("m_Zp"),
            _mass("m_Q"),
            _mass("m_L"),
            _mass("m_chi"),
            *_YUKAWAS,
            _mass("m_phi", math.inf),
            Parameter("mu_chi", unit="GeV", tex=r"\mu_\chi"),
            Parameter("mu_chi_im", unit="GeV"),
            *(Parameter(f"lambda_{x}") for x in ("Hchi", "Hphi", "phichi", "phi", "chi")),
            Parameter("epsilon"),
            Parameter("delta_loop"),
        ),
        {
            **dict.fromkeys(("M_Q", "M_L", "v_phi", "m_R", "m_I", "m_h1", "m_h2", "Gamma_Zp"), "GeV"),
            **{f"Gamma_Zp_{final}": "GeV" for final in _ZP_FINAL_STATES},
            **dict.fromkeys(("D_sb", "D_mumu", "D_uu", "sin_theta", "epsilon_loop"), "1"),
            "C_bs_LL": "GeV^-2",
            "m2_chi": "GeV^2",
        },
        sources=("AristizabalSierra:2015vqb", "Vicente:2018frk"),
        data="lfu-mixing",
        # Masses and sizes of Fig. 3 of 1803.04703; the sign of lambda_Q_s makes C9 negative.
        benchmark={
            "g_X": 0.3,
            "m_Zp": 2000.0,
            "m_Q": 1000.0,
            "m_L": 1000.0,
            "m_chi": 1000.0,
            "lambda_Q_s": -0.025,
            "lambda_Q_b": 0.025,
            "lambda_L_mu": 0.5,
        },
        # Today's data see lambda_Q_s and lambda_Q_b through their product only: one of them stays where it is.
        free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, 2.0)},
    ),
    "loop": Model(
        "bsfit.models.loop",
        "vector-like Q, L and a complex scalar X in the loop (1706.04344)",
        (_mass("m_Q"), _mass("m_L"), _mass("m_X", lower=2.4), *_YUKAWAS, Parameter("lambda_H")),
        {
            **dict.fromkeys(("M_Q", "M_L"), "GeV"),
            **dict.fromkeys(("J", "C_bs_LL"), "GeV^-2"),
            **dict.fromkeys(("C9_photon", "C7_bs_mu_NP", "C8_bs_mu_NP"), "1"),
        },
        sources=("Kawamura:2017ecz", "Vicente:2018frk"),
        data="lfu-mixing",
        # Fig. 5 of 1803.04703: |lambda_Q_b lambda_Q_s| = 0.15; the sign makes C9 negative.
        benchmark={
            "m_Q": 1100.0,
            "m_L": 1000.0,
            "m_X": 100.0,
            "lambda_Q_s": -math.sqrt(0.15),
            "lambda_Q_b": math.sqrt(0.15),
            "lambda_L_mu": 2.0,
        },
        free={"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, _PERTURBATIVE)},
    ),
}

# --------------------------------------------------------------------------------------------------- scenarios


def parameters_of(model: str) -> dict[str, Parameter]:
    """Parameters of a model by name. Raises `BsfitInputError` for an unknown model."""
    if model not in MODELS:
        raise BsfitInputError(f"unknown model {model!r}", hint=did_you_mean(model, MODELS), expected=", ".join(MODELS))
    return {parameter.name: parameter for parameter in MODELS[model].parameters}


def known_parameter(model: str, name: str) -> Parameter:
    """The parameter (or, for `eft`, scenario) of that name. Raises `BsfitInputError` with the nearest names."""
    parameters = parameters_of(model)
    if name in parameters:
        return parameters[name]
    if model == "eft" and scenario(name):
        return Parameter(name)
    candidates = (*parameters, *(STANDARD_SCENARIOS if model == "eft" else ()))
    raise BsfitInputError(f"model {model!r} has no parameter {name!r}", hint=did_you_mean(name, candidates))


_RANGES = {"C7": 0.5, "C8": 1.0, "CS": 1.0, "CP": 1.0, "C9": 5.0, "C10": 5.0}


def default_bounds(model: str, name: str) -> tuple[float, float] | None:
    """Bounds of a free parameter that is given without any; None where no range is natural.

    About the size of the Standard Model for coefficients, the perturbative range for Yukawa couplings. Raises
    `BsfitInputError` for an unknown model or parameter.
    """
    known_parameter(model, name)
    if name in MODELS[model].free:
        return MODELS[model].free[name]
    if name in {parameter.name for parameter in _YUKAWAS}:
        return -_PERTURBATIVE, _PERTURBATIVE
    coefficient = next(iter(scenario(name) or {name: 1.0})) if model == "eft" else ""
    match = re.match(r"(C9|C10|C7|C8|CS|CP)p?_bs", coefficient)
    return (-_RANGES[match[1]], _RANGES[match[1]]) if match else None


_GREEK = {"e": "e", "mu": r"\mu", "tau": r"\tau", "U": r"\ell"}


def tex(model: str, name: str) -> str:
    """TeX, without dollars, of a parameter, coefficient or scenario; the name itself where there is none."""
    if model == "eft" and scenario(name):
        return "=".join(_tex_of_term(term.strip()) for term in name.split("="))
    if match := re.match(r"^(C\w+?)_bs(ee|mumu|tautau)?(_im)?$", name):
        lepton = match[2][: len(match[2]) // 2] if match[2] else None
        return (r"{\rm Im}\," if match[3] else "") + _tex_of_coefficient(match[1], lepton)
    parameter = parameters_of(model).get(name) if model in MODELS else None
    return parameter.tex if parameter and parameter.tex else rf"\mathtt{{{name}}}".replace("_", r"\_")


def _tex_of_term(term: str) -> str:
    match = TERM.match(term)
    return match["sign"].strip("+") + _tex_of_coefficient(match["op"], match["lepton"]) if match else term


def _tex_of_coefficient(operator: str, lepton: str | None) -> str:
    match = re.match(r"C(\w+?)(p?)$", operator)
    above = ("\\prime" if match[2] else "") + (rf" {_GREEK[lepton]}" if lepton else "") if match else ""
    return f"C_{{{match[1] if match else operator}}}" + (f"^{{{above.strip()}}}" if above else "")
