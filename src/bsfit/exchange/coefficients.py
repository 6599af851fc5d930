r"""Wilson coefficients from files of other codes, as parameters of the model `eft`: WCxf and FLHA.

All coefficients of `theory.WilsonCoefficients` are those of the basis flavio of WCxf, name by name:

=============================  ======================================================================
names                          normalisation in both
=============================  ======================================================================
C9, C10, CL, CR, primed        :math:`L\ni\frac{4G_F}{\sqrt2}V_{tb}V_{ts}^*\frac{\alpha}{4\pi}C\,O`
CS, CP, primed                 the same with :math:`m_b` in front of the operator: GeV^-1
C7_bs, C8_bs, primed           the same with :math:`\frac{e\,m_b}{16\pi^2}`, :math:`\frac{g_sm_b}{16\pi^2}`
CVLL_bsbs, ... of Delta F = 2  :math:`L\ni C\,O`, GeV^-2
CVLL_numunumumumu, CVLR        :math:`L\ni\frac{4G_F}{\sqrt2}C\,O`
C7_mumu                        :math:`L\ni\frac{4G_F}{\sqrt2}\frac{e\,m_\mu}{16\pi^2}C\,O`
Cgamma_mue, ...                :math:`L\ni C\,O`, GeV^-1
=============================  ======================================================================

so that nothing is translated; tests compare each row with flavio's predictions. What stands in front of an operator is
that of the code that wrote the file: its CKM elements and coupling, 1/127.9 in wilson, for which ours stand then.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bsfit import catalogue
from bsfit.errors import did_you_mean
from bsfit.exchange import flha, running, through_wilson, wcxf
from bsfit.exchange.points import Point, listed, own_sectors, sectors
from bsfit.loading.inputs import Inputs, as_inputs
from bsfit.loading.les_houches import is_les_houches
from bsfit.loading.yaml_reader import read_bytes
from bsfit.results.tables import aligned
from bsfit.standard_model.running import MU_B

WITHOUT_BOTTOM = ("WET-4", "WET-3", "WET-2")
THEORIES = ("WET", "SMEFT", *WITHOUT_BOTTOM)


@dataclass(frozen=True)
class Coefficients:
    """Wilson coefficients at 4.8 GeV from a file: `params` of `eft`, to predict with or to hold fixed in a fit.

    `notes` say how they were brought to 4.8 GeV and what was left out, `source` which file they are of: its name and
    digest, format, theory, basis and scale in GeV.
    """

    params: dict[str, float]
    notes: tuple[str, ...]
    source: dict[str, Any]

    def __str__(self) -> str:
        rows = [
            [name, f"{value:.6g}", catalogue.parameters_of("eft")[name].unit] for name, value in self.params.items()
        ]
        return "\n".join(
            [self.title, aligned(["parameter", "value", "unit"], rows), *map("note: {}".format, self.notes)]
        )

    @property
    def title(self) -> str:
        """One line about the file."""
        s = self.source
        what = f"{s['format']}, {s['eft']} in the basis {s['basis']} at {s['scale']:g} GeV"
        return f"coefficients of {s['file']} ({what}; sha256 {s['sha256'][:12]})"


def read_coefficients(
    path: str | os.PathLike[str],
    inputs: str | os.PathLike[str] | Inputs | Mapping[str, float] = "default",
) -> Coefficients:
    """Wilson coefficients of a file in WCxf (JSON, YAML) or FLHA, at 4.8 GeV in flavio's basis.

    WET in flavio's basis is run here, where that is known; SMEFT, other bases and other coefficients need the extra
    `eft`, the package wilson. `inputs` are those of the running. Raises `BsfitInputError` for everything that cannot be
    read, and for names that the basis does not have.
    """
    raw = read_bytes(path, str(path), "a file in WCxf or FLHA")
    point = (flha if is_les_houches(raw) else wcxf).parsed(raw, str(path))
    if not point.values and not point.notes:
        raise point.error("values", "no coefficient", "at least one")
    found, how = _at_mu_b(point, as_inputs(inputs))
    notes = (*point.notes, *how, *_left_out(found))
    return Coefficients(_params(found), notes, point.source)


def _at_mu_b(point: Point, inputs: Inputs) -> tuple[dict[str, complex], tuple[str, ...]]:
    """Coefficients in flavio's basis at 4.8 GeV, and how they came there."""
    if point.eft not in THEORIES:
        raise point.error("eft", f"unknown theory {point.eft!r}", "WET or SMEFT", did_you_mean(point.eft, THEORIES))
    if point.eft in WITHOUT_BOTTOM:
        raise point.error("eft", f"{point.eft} has no bottom quark", "WET, or SMEFT with the extra eft")
    if (point.eft, point.basis) != ("WET", "flavio"):
        return _by_wilson(point, inputs)
    for name in point.values:
        if name not in sectors():
            what = f"the basis flavio has no {name!r}"
            raise point.error(name, what, hint=did_you_mean(name, sectors()))
    if point.scale == MU_B:
        return point.values, ()
    unknown = [name for name, value in point.values.items() if value and not _is_covered(name)]
    if not unknown:
        return _run_here(point, inputs)
    if through_wilson.is_installed():
        return _by_wilson(point, inputs)
    what = f"no running from {point.scale:g} GeV is known here of {listed(unknown)}"
    raise point.error(unknown[0], what, f"their values at {MU_B} GeV", "pip install 'bsfit[eft]' runs them by wilson")


def _is_covered(name: str) -> bool:
    """Whether the running of a coefficient is known, or moves nothing here, its sector being none of ours."""
    return running.is_covered(name) or sectors()[name] not in own_sectors()


def _run_here(point: Point, inputs: Inputs) -> tuple[dict[str, complex], tuple[str, ...]]:
    lowest = float(inputs["m_b"])
    if point.scale < lowest:
        raise point.error("scale", f"found {point.scale:g} GeV", f"a scale above m_b = {lowest:g} GeV")
    ours = {name: value for name, value in point.values.items() if running.is_covered(name)}
    others = {name: value for name, value in point.values.items() if name not in ours}
    note = f"run from {point.scale:g} to {MU_B} GeV at leading order in QCD, without QED"
    if point.scale > (top := float(inputs["m_t_MSbar"])):
        note += f"; above {top:.4g} GeV with six flavours, though WET has no top quark"
    return {**running.run(ours, point.scale, inputs), **others}, (note,)


def _by_wilson(point: Point, inputs: Inputs) -> tuple[dict[str, complex], tuple[str, ...]]:
    found, name = through_wilson.at_mu_b(point, inputs)
    how = "translated" if point.scale == MU_B else f"run from {point.scale:g} to {MU_B} GeV"
    how = f"matched and {how}" if point.eft == "SMEFT" else how
    return found, (f"{how} by {name}: numbers, which no derivative goes through",)


def _params(values: Mapping[str, complex]) -> dict[str, float]:
    """Parameters of `eft`: what is zero is left out."""
    parts = {
        name + part: number
        for name, value in values.items()
        if name in catalogue.COEFFICIENTS
        for part, number in (("", value.real), ("_im", value.imag))
    }
    return {name: value for name, value in parts.items() if value}


def _left_out(values: Mapping[str, complex]) -> tuple[str, ...]:
    """Notes on coefficients that are not zero and move nothing here."""
    seen = catalogue.coefficients_seen()
    found = sorted((name for name, value in values.items() if value), key=lambda name: -abs(values[name]))
    unread = [name for name in found if name not in seen]
    near = [name for name in unread if name not in catalogue.COEFFICIENTS and sectors().get(name) in own_sectors()]
    far = [name for name in unread if name not in near]
    notes = []
    if near:
        notes.append(f"left out, though observables would move with them: {listed(near)}")
    if far:
        notes.append(f"no observable of bsfit depends on {listed(far)}")
    return tuple(notes)
