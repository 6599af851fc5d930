"""Groups of uncertain inputs in budgets of errors; free of JAX."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from bsfit.errors import BsfitInputError, did_you_mean

GROUPS: dict[str, tuple[str, ...]] = {
    "baryons": ("Lambda->ppi *", "Lambdab pol*"),
    "nucleon": ("f_N", "Delta_[uds]", "m_quark_loop", "SI_Z_penguin"),
    "form factors": ("* BSZ *", "* BFW *", "* SSE *", "* HQE *", "* BCL *", "* BGL *", "* CLN *"),
    "power corrections": ("* delta_C*", "* h [0-9] *", "* h_? [0-9] *"),
    "inclusive decays": ("B->Xs* *", "BR(B->X*", "C_BXlnu", "lambda_[12]", "m_b_Xs"),
    "CKM": ("V_*", "gamma"),
    "meson structure": ("f_*", "a[0-9]_*", "1/lambda_*", "bag_*", "kappa_epsilon"),
    "quark masses, alpha_s": ("m_[bcdst]", "m_t_*", "m_c_*", "alpha_s*", "eta_B"),
    "lifetimes, widths": ("tau_*", "Delta[GM]*", "Gamma_*"),
    "QED": ("QED *",),
    "electroweak": ("G_F", "alpha_em*", "sin2_*", "m_[WZh]", "X_t"),
    "hadron and lepton masses": ("m_B*", "m_K*", "m_phi", "m_D*", "m_J/psi", "m_Lambda*", "m_e", "m_mu", "m_tau"),
}
"""Globs of the inputs of each group; the first that matches counts."""

OTHERS = "others"


def group_of(name: str) -> str:
    """The group of an input, `OTHERS` for one that no group lists."""
    return next((group for group, globs in GROUPS.items() if any(fnmatchcase(name, glob) for glob in globs)), OTHERS)


class Selected(NamedTuple):
    """Inputs that a user selects: names, None for those that matter by default; and which of them are left out."""

    names: frozenset[str] | None
    left_out: dict[str, frozenset[str]]


def selected(requested: Any, uncertain: Sequence[str]) -> Selected:
    """Inputs that globs, names or groups of `GROUPS` select among the uncertain ones; ``!GLOB`` leaves out.

    ``"all"`` is all of them, None those that matter, and so is a selection that only leaves out. Raises
    `BsfitInputError` for what matches none, and for what is no text.
    """
    if requested is None:
        return Selected(None, {})
    if isinstance(requested, str):
        requested = [requested]
    words: list[Any] = list(requested) if isinstance(requested, list | tuple | set | frozenset) else [requested]
    plus = [_members("*" if word == "all" else word, uncertain) for word in words if not _leaves_out(word)]
    minus = {word: _members(word[1:], uncertain, "!") for word in words if _leaves_out(word)}
    return Selected(frozenset().union(*plus) if plus or not minus else None, minus)


def _leaves_out(word: Any) -> bool:
    return isinstance(word, str) and word.startswith("!")


def _members(word: Any, uncertain: Iterable[str], mark: str = "") -> frozenset[str]:
    names = list(uncertain)
    found: list[str] = []
    if isinstance(word, str):
        groups = {*GROUPS, OTHERS}
        found = [n for n in names if n == word or fnmatchcase(n, word) or (word in groups and group_of(n) == word)]
    if not found:
        hint = None
        if isinstance(word, str):
            hint = did_you_mean(word, [*names, *GROUPS]) or "'bsfit list inputs' prints all names"
        shown = f"{mark}{word}" if isinstance(word, str) else word
        raise BsfitInputError(f"no uncertain input matches {shown!r}", field="nuisances", hint=hint)
    return frozenset(found)
