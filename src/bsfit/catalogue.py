"""Name tables, free of JAX: Wilson coefficients, observables, models, and the grammar of their names.

Entries point to code by ``"module:function"`` strings, so that ``bsfit list`` and ``bsfit --help`` import no physics.
"""

from dataclasses import dataclass

# ------------------------------------------------------------------------------------------------ coefficients

LEPTONS = ("e", "mu", "tau")
LEPTON_PAIRS = tuple(a + b for a in LEPTONS for b in LEPTONS)
"""Lepton pairs in the order of the rows of `wilson.Total.semileptonic`: ee, emu, etau, mue, mumu, ..."""

SEMILEPTONIC = ("C9", "C10", "C9p", "C10p", "CS", "CSp", "CP", "CPp")
DIPOLES = ("C7_bs", "C7p_bs", "C8_bs", "C8p_bs")
DELTA_F2 = tuple(f"CV{x}_{q}" for q in ("bsbs", "bdbd", "sdsd", "ucuc") for x in ("LL", "RR", "LR"))
NEUTRINO_PAIRS = tuple(f"nu{a}nu{b}" for a in LEPTONS for b in LEPTONS)
NEUTRINO = tuple(f"{x}_bs{pair}" for pair in NEUTRINO_PAIRS for x in ("CL", "CR"))
LEPTONIC = ("CVLL_numunumumumu", "CVLR_numunumumumu", "C7_mumu", "C7_mue")

COEFFICIENTS: tuple[str, ...] = (
    *(f"{op}_bs{pair}" for pair in LEPTON_PAIRS for op in SEMILEPTONIC),
    *DIPOLES,
    *NEUTRINO,
    *DELTA_F2,
    *LEPTONIC,
)
"""Complex Wilson coefficients that a model may shift, flavio's WET names; see `theory.WilsonCoefficients` for the meaning."""


# ------------------------------------------------------------------------------------------------- observables


@dataclass(frozen=True)
class Process:
    """A file of `observables/`: decays it knows, and its quantities with the leptons whose rows they need."""

    module: str
    decays: tuple[str, ...] = ()
    masses: tuple[tuple[str, str], ...] = ()
    """Per decay, the names of the two masses M, m of the end point (M - m)^2."""


@dataclass(frozen=True)
class Quantity:
    """One kind of observable of a process: unit, LaTeX, group, and the leptons of the moment rows that it combines."""

    process: str
    unit: str
    tex: str
    group: str
    leptons: tuple[str, ...] = ()
    binned: bool = True
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Observable:
    """A parsed observable name.

    `name` is the canonical string; `key` the entry of the quantity table; `decay` the decay within its process ("" if
    the process has one only); `leptons` those of the moment rows to combine; `bin` the q2 range in GeV^2 or None.
    """

    name: str
    process: str
    key: str
    decay: str
    leptons: tuple[str, ...]
    bin: tuple[float, float] | None
    unit: str
    tex: str
    group: str
    sources: tuple[str, ...]


PROCESSES: dict[str, Process] = {
    "b_to_k_ll": Process("bsfit.observables.b_to_k_ll", ("B+->K", "B0->K"), (("m_B+", "m_K+"), ("m_B0", "m_K0"))),
    "b_to_v_ll": Process(
        "bsfit.observables.b_to_v_ll",
        ("B0->K*", "B+->K*", "Bs->phi"),
        (("m_B0", "m_K*0"), ("m_B+", "m_K*+"), ("m_Bs", "m_phi")),
    ),
    "bs_mixing": Process("bsfit.observables.bs_mixing"),
    "trident": Process("bsfit.observables.trident"),
    "dipoles": Process("bsfit.observables.dipoles"),
}
"""Files of `observables/`. Each has ``moments(theory, inputs, rows) -> [n, k]`` and ``combine(key, moments, rows, inputs)``."""
