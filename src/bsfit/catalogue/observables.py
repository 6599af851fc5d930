"""Observables by name: their processes, what kinds each process has, and the grammar of the names; free of JAX."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from glob import escape
from typing import Any, Literal

from bsfit.catalogue import charged_current, dark_matter, inclusive, mixing, rare_decays
from bsfit.catalogue.aliases import read_alias
from bsfit.catalogue.coefficients import (
    CHARGED_CURRENT,
    CHARGED_LFV,
    DIPOLES,
    LEPTONS,
    NEUTRINO,
    RADIATIVE,
    SAME_FLAVOUR,
    SEMILEPTONIC,
)
from bsfit.errors import BsfitInputError, did_you_mean


@dataclass(frozen=True)
class Process:
    """What the wiring must know of a process without importing it; `module` names its file, or is what stands for one.

    A file of `observables/` has

    * ``moments(theory, inputs, rows) -> [n, n_moments]``, quadratic in the Wilson coefficients `coefficients`,
      where ``{l}`` stands for the lepton of a row;
    * ``functionals(key, moments, rows, inputs) -> [r, p]``, linear in the moments of the rows that a quantity combines;
    * ``assemble(key, functionals, rows, inputs)``, the quantity.

    A file of `dark_matter/` (`dark`) has no moments but ``predicted(key, theory, inputs)``, a function of the dark
    sector, and ``verdicts(theory)`` on what the calculation assumes. `masses` are, per decay, the names of the two
    inputs M, m of the end point (M - m)^2 of q2. `mediator` is what moments read of a `theory.LightMediator`: with its
    pole, mass and width, they are quadratic in the coefficients where that does not move, with its couplings not even
    there.
    """

    name: str
    module: Any
    decays: tuple[str, ...] = ("",)
    masses: tuple[tuple[str, str], ...] = ()
    coefficients: tuple[str, ...] = ()
    n_moments: int = 0
    dark: bool = False
    mediator: Literal["nothing", "pole", "couplings"] = "couplings"


@dataclass(frozen=True)
class Quantity:
    """One kind of observable of a process.

    `leptons` are those of the moment rows that it combines, "l" for the lepton in its name; `nuisances` the uncertain
    inputs that matter for it when theory errors are propagated: globs, ``{decay}`` and ``{transition}`` stand for those
    of the observable; `coefficients` those of the process that it depends on, all if none are named. Angular
    observables are in the convention of LHCb.
    """

    process: Process
    key: str
    unit: str
    tex: str
    group: str
    leptons: tuple[str, ...] = ()
    binned: bool = True
    nuisances: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    coefficients: tuple[str, ...] = ()


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
        """Group of observables that it belongs to: LFU, BR, angular, leptonic, ...; tautau if it is one of taus."""
        return "tautau" if self.leptons == ("tau",) else self.quantity.group


_SEMILEPTONIC_L = (*(f"{op}_bs{{l}}{{l}}" for op in SEMILEPTONIC), *DIPOLES)
_LEPTONIC = tuple(c for q in ("bs", "bd") for pair in SAME_FLAVOUR for c in rare_decays.leptonic_coefficients(q, pair))
_FLAVOUR_VIOLATING = rare_decays.flavour_violating_coefficients()

_TRIDENT = ("CVLL_numunumumumu", "CVLR_numunumumumu")
_LEPTON_DIPOLES = ("C7_mumu", *(name for pair in RADIATIVE.values() for name in pair))
_RADIATIVE_TEX = {
    "BR(mu->egamma)": r"{\rm BR}(\mu\to e\gamma)",
    "BR(tau->egamma)": r"{\rm BR}(\tau\to e\gamma)",
    "BR(tau->mugamma)": r"{\rm BR}(\tau\to\mu\gamma)",
}


def _process(
    name: str, n_moments: int, coefficients: tuple[str, ...], ends: Mapping[str, tuple[str, str]] | None = None
):
    """A file of `observables/`; `ends`: its decays, and the masses of the end points of their q2 distributions."""
    decays, masses = (tuple(ends), tuple(ends.values())) if ends else (("",), ())
    mediator = "pole" if ends else "couplings" if coefficients == NEUTRINO else "nothing"
    return Process(name, f"bsfit.observables.{name}", decays, masses, coefficients, n_moments, mediator=mediator)


_ROWS = (
    _process("b_to_k_ll", 6, _SEMILEPTONIC_L, {"B+->K": ("m_B+", "m_K+"), "B0->K": ("m_B0", "m_K0")}),
    _process(
        "b_to_v_ll",
        36,
        _SEMILEPTONIC_L,
        {"B0->K*": ("m_B0", "m_K*0"), "B+->K*": ("m_B+", "m_K*+"), "Bs->phi": ("m_Bs", "m_phi")},
    ),
    _process("lambdab_to_lambda_ll", 68, _SEMILEPTONIC_L, {"Lambdab->Lambda": ("m_Lambdab", "m_Lambda")}),
    _process("b_to_xs_ll", 8, _SEMILEPTONIC_L, {"B->Xs": ("m_b_Xs", "m_u")}),
    *(_process(name, 2, tuple(f"{kind}_{q}" for kind in mixing.KINDS)) for name, q in mixing.PROCESSES.items()),
    _process("b_to_ll", 24, _LEPTONIC),
    Process("b_to_s_lfv", "bsfit.observables.b_to_s_lfv", ("",), (), _FLAVOUR_VIOLATING, 36, mediator="pole"),
    _process("charged_lfv", 40, (*RADIATIVE["BR(mu->egamma)"], *RADIATIVE["BR(tau->mugamma)"], *CHARGED_LFV)),
    _process("b_to_nunu", 8, NEUTRINO),
    _process("b_to_v_gamma", 12, DIPOLES),
    _process("b_to_xs_gamma", 1, DIPOLES),
    _process("trident", 2, _TRIDENT),
    _process("dipoles", 13, _LEPTON_DIPOLES),
    _process("b_to_c_lnu", 30, CHARGED_CURRENT),
    _process("bc_to_lnu", 3, charged_current.BC_TO_LNU),
    *(Process(name, f"bsfit.dark_matter.{name}", dark=True) for name in dark_matter.PROCESSES),
)

PROCESSES: dict[str, Process] = {row.name: row for row in _ROWS}
"""Files of `observables/` and `dark_matter/` by name."""

BESIDE_MOMENTS = (
    "QED *",
    "B->Xsll *",
    "Lambda->ppi *",
    "Omega_h2 *",
    "SI_Z_penguin",
    "f_N",
    "Delta_?",
    "m_quark_loop",
    "f_eff*",
)
"""Globs of the inputs that enter where moments are combined, or dark matter alone, never a moment."""

_HADRONIC = ("{transition} *", "{decay} *", "V_cb", "V_ub", "gamma", "m_b", "m_c", "m_c_BVgamma", "alpha_s_mZ")
_KAON = (*_HADRONIC, "f_B[0+s]", "f_K", "a?_K", "1/lambda_B")
_VECTOR = (*_HADRONIC, "f_[!B]*", "f_B[0+s]", "a1_*", "a2_*", "1/lambda_B*")
_FLAT = {"AFB": r"A_{\rm FB}", "FH": "F_H", "ACP": r"A_{\rm CP}"}
_ANGULAR = {
    "FL": "F_L",
    "AFB": r"A_{\rm FB}",
    "ACP": r"A_{\rm CP}",
    **{f"S{i}": f"S_{{{i}}}" for i in ("1c", "2s")},
    **{f"{kind}{i}": f"{kind}_{{{i}}}" for kind in "SA" for i in ("3", "4", "5", "6s", "6c", "7", "8", "9")},
    **{f"P{i}": f"P_{i}" for i in "123"},
    **{f"P{i}p": f"P_{i}'" for i in "4568"},
    "ATIm": r"A_T^{\rm Im}",
}
_BARYON = {
    "FL": "F_L",
    **{f"AFB{side}": rf"A_{{\rm FB}}^{{{tex}}}" for side, tex in (("l", r"\ell"), ("h", "h"), ("lh", r"\ell h"))},
    **{f"K{i}": f"K_{{{i}}}" for i in (*"1ss 1cc 1c 2ss 2cc 2c 3sc 3s 4sc 4s".split(), *range(11, 35))},
}
_DIFFERENCES = {f"Dmue_{key}": key for key in ("AFB", "FL", "P1", "P2", "P4p", "P5p", "P6p", "P8p")}


def _decay_quantities(
    process: str,
    nuisances: tuple[str, ...],
    asymmetries: Mapping[str, str],
    source: str,
    lifetime: str = "tau_B[0+s]",
) -> list[Quantity]:
    """Rates, lepton-universality ratios and angular observables of a decay with a q2 distribution.

    `source` is that of the distribution.
    """
    of = PROCESSES[process]
    ratio = {"leptons": ("mu", "e"), "nuisances": ("QED {transition}",), "sources": ("Bordone:2016gaq",)}
    rate = {"leptons": ("l",), "nuisances": (*nuisances, lifetime), "sources": (source,)}
    angular = {"leptons": ("l",), "nuisances": nuisances, "sources": (source,)}
    return [
        Quantity(of, "dBR/dq2", "GeV^-2", r"\langle d{\rm BR}/dq^2\rangle", "BR", **rate),
        Quantity(of, "BR", "1", r"{\rm BR}", "BR", **rate),
        Quantity(of, "Rmue", "1", r"R", "LFU", **ratio),
        Quantity(of, "Remu", "1", r"R^{-1}", "LFU", **ratio),
        *(Quantity(of, key, "1", tex, "angular", **angular) for key, tex in asymmetries.items()),
    ]


def _quantities() -> dict[tuple[str, str], Quantity]:
    rows = _decay_quantities("b_to_k_ll", _KAON, _FLAT, "Bobeth:2007dw")
    rows += _decay_quantities("b_to_v_ll", _VECTOR, _ANGULAR, "Altmannshofer:2008dz")
    baryon = (*_HADRONIC, "Lambda->ppi *"), _BARYON, "Blake:2017une", "tau_Lambdab"
    rows += _decay_quantities("lambdab_to_lambda_ll", *baryon)
    rows += [Quantity(**{**row, "process": PROCESSES[row["process"]]}) for row in inclusive.QUANTITIES]
    difference = {"leptons": ("mu", "e"), "nuisances": _VECTOR, "sources": ("Wehle:2016yoi",)}
    rows += [
        Quantity(PROCESSES["b_to_v_ll"], key, "1", rf"\Delta {_ANGULAR[of]}", "angular", **difference)
        for key, of in _DIFFERENCES.items()
    ]
    rows += [
        Quantity(**{**row, "process": PROCESSES[row["process"]]}, binned=False)
        for part in (rare_decays, charged_current, mixing, dark_matter)
        for row in part.QUANTITIES
    ]
    trident, dipoles = (PROCESSES[x] for x in ("trident", "dipoles"))
    muons = {"binned": False, "sources": ("Altmannshofer:2014cfa",)}
    dipole = {"binned": False, "sources": ("Lindner:2016bgg",)}
    rows += [
        Quantity(trident, "trident", "1", r"\sigma/\sigma_{\rm SM}(\nu N\to\nu N\mu\mu)", "leptonic", **muons),
        Quantity(dipoles, "a_mu", "1", r"\Delta a_\mu", "dipole", coefficients=("C7_mumu",), **dipole),
        *(
            Quantity(dipoles, key, "1", _RADIATIVE_TEX[key], "dipole", coefficients=pair, **dipole)
            for key, pair in RADIATIVE.items()
        ),
    ]
    return {(row.process.name, row.key): row for row in rows}


QUANTITIES = _quantities()

THEORY_CONVENTION = {
    **{f"{kind}{i}": -1.0 for kind in "SA" for i in ("4", "6s", "6c", "7", "9")},
    **dict.fromkeys(("AFB", "P2", "P3", "Dmue_AFB", "Dmue_P2"), -1.0),
    **dict.fromkeys(("P4p", "P8p", "Dmue_P4p", "Dmue_P8p"), -2.0),
}
"""Factors from LHCb's convention, which is ours, to that of 0811.1214 (S_i, A_i, AFB) and of 1303.5794
[Descotes-Genon:2013vna]_ (P_i, P_i'); 1 for all others."""

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
    **charged_current.SHORT_NAMES,
}
"""Short names of the famous ratios; a bin follows those of b -> s: ``R_K[1.1,6]``."""

NOT_PREDICTED = {
    "R_pK": "the form factors of Lambda_b -> p K l l, in three hadronic variables, are not known",
}
"""Measured ratios without a prediction that could be stood by, and why."""

_NUMBER = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_BIN = re.compile(r"^(?P<stem>.*?)\[(?P<bin>[^\]]*)\]$")
_EDGES = re.compile(rf"^({_NUMBER}),({_NUMBER})$")
_STEM = re.compile(r"^<(?P<key>[^>]*)>\((?P<decay>[^()]*?)(?P<leptons>ee|mumu|tautau|ll)\)$")


def observable(name: str | Observable) -> Observable:
    """Parse an observable name such as ``R_K[1.1,6]``, ``<dBR/dq2>(B+->Kmumu)[1.1,6]`` or ``DeltaM_s``.

    Names of papers and of EOS (`aliases`) become ours.

    An `Observable`, of a process of one's own, is what it is. Raises `BsfitInputError` for a missing, malformed, empty
    or reversed bin and for an unknown name.
    """
    return name if isinstance(name, Observable) else _parsed(name)


@cache
def _parsed(name: str) -> Observable:
    text = name.strip()
    match = _BIN.match(text)
    stem, edges = (match["stem"].strip(), _edges(match["bin"], name)) if match else (text, None)
    stem = _full(stem)
    found = _find(stem)
    if stem in NOT_PREDICTED:
        raise BsfitInputError(f"observable {name!r} is not predicted: {NOT_PREDICTED[stem]}")
    if found is None:
        raise BsfitInputError(f"unknown observable {name!r}", hint=did_you_mean(stem, stems()))
    quantity, decay, leptons = found
    if quantity.binned and edges is None:
        raise BsfitInputError(f"observable {name!r} needs a q2 bin in GeV^2", expected=f"{name}[LOW,HIGH]")
    if not quantity.binned and edges is not None:
        raise BsfitInputError(f"observable {name!r} takes no q2 bin", expected=stem)
    canonical = stem if edges is None else f"{stem}[{edges[0]:.12g},{edges[1]:.12g}]"
    return Observable(canonical, quantity, decay, leptons, edges)


def _full(stem: str) -> str:
    return SHORT_NAMES.get(stem) or read_alias(stem) or stem


def takes_bin(stem: str) -> bool:
    """Whether a bin follows a name; so it is said of what is none."""
    found = _find(_full(stem))
    return found is None or found[0].binned


def renamed(name: Any) -> str | None:
    """What is said of a name that is another code's or a paper's; None for our own, and for what is no name."""
    if not isinstance(name, str) or not read_alias(name.split("[")[0].strip()):
        return None
    item = observable(name)
    return f"{name} is read as {item.name}" + (
        ", in the convention of LHCb" if item.quantity.group == "angular" else ""
    )


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
            average = (process, match["key"] + inclusive.AVERAGE) if match["leptons"] == "ll" else None
            quantity = QUANTITIES.get(average) or QUANTITIES.get((process, match["key"]))
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
        names += [
            f"<{quantity.key.removesuffix(' ll')}>({decay}{ll})" for decay in quantity.process.decays for ll in leptons
        ]
    return tuple(names)


def nuisance_globs(item: Observable) -> tuple[str, ...]:
    """Globs of the uncertain inputs that matter for an observable."""
    names = {"decay": escape(item.decay), "transition": escape(transition(item))}
    return tuple(pattern.format(**names) for pattern in item.quantity.nuisances)


def transition(item: Observable) -> str:
    """The transition of a decay without charges: ``B->K`` for ``B+->K`` and ``B0->K``."""
    return re.sub(r"^B[0+]->", "B->", item.decay)


def coefficients_that_move(item: Observable) -> tuple[str, ...]:
    """Names of the Wilson coefficients that an observable depends on."""
    return item.quantity.coefficients or coefficients_of(item.quantity.process, item.leptons)


def coefficients_of(process: Process, leptons: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the Wilson coefficients that the moments of a process depend on, for rows with these leptons."""
    names = (c.replace("{l}", lepton) for c in process.coefficients for lepton in leptons or ("",))
    return tuple(dict.fromkeys(names))


def coefficients_seen() -> frozenset[str]:
    """Names of the Wilson coefficients that any observable depends on."""
    processes = (name for process in PROCESSES.values() for name in coefficients_of(process, LEPTONS))
    return frozenset((*processes, *(name for q in QUANTITIES.values() for name in q.coefficients)))
