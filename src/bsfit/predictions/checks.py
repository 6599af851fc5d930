"""What is checked of a prediction, and what is said beside it."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.hadronic.phase_space import CHARMONIA
from bsfit.loading.inputs import Inputs
from bsfit.theory import Verdict

if TYPE_CHECKING:
    from bsfit.predictions.prediction import Prediction

LISTED = 12
"""Names in a note."""


def check_bin(item: catalogue.Observable, inputs: Inputs) -> str | None:
    """A note if the upper edge passes the end point (the bin is clipped, its nominal width kept).

    Raises `BsfitInputError` if the whole bin lies outside the phase space, or reaches into `phase_space.CHARMONIA`
    while the input `charmonium_gap` is not 1.
    """
    record = item.quantity.process
    heavy, light = record.masses[record.decays.index(item.decay)]
    m_heavy, m_light, *m_leptons = inputs.numbers((heavy, light, *(f"m_{lepton}" for lepton in item.leptons))).tolist()
    end_point, threshold = (m_heavy - m_light) ** 2, max(4.0 * m**2 for m in m_leptons)
    low, high = item.bin or (0.0, 0.0)
    if low >= end_point or high <= threshold:
        raise BsfitInputError(
            f"the bin of {item.name!r} lies outside the phase space",
            expected=f"{threshold:.4g} < q2 < {end_point:.5g} GeV^2",
        )
    gap_low, gap_high = CHARMONIA
    if low < gap_high and high > gap_low:
        if "charmonium_gap" not in inputs or float(inputs["charmonium_gap"]) != 1.0:
            raise BsfitInputError(
                f"the bin of {item.name!r} reaches into the region of J/psi and psi(2S), where no expansion holds",
                expected=f"bins below {gap_low:g} or above {gap_high:g} GeV^2",
                hint="for the quark loops alone, without the resonances, set the input charmonium_gap to 1",
            )
        return f"{item.name}: quark loops alone between {gap_low:g} and {gap_high:g} GeV^2, without J/psi and psi(2S)"
    if high > end_point:
        return f"{item.name}: upper edge clipped to the end point {end_point:.5g} GeV^2, nominal width kept"
    if low < threshold:
        return f"{item.name}: lower edge raised to the threshold {threshold:.4g} GeV^2, nominal width kept"
    return None


def failed_verdicts(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Messages of the conditions that are not met, each once."""
    said = (
        f"{v.name}: {v.message} (found {float(v.value):.4g}, limit {float(v.limit):.4g})"
        for v in verdicts
        if not bool(v.ok)
    )
    return tuple(dict.fromkeys(said))


def idle(params: Iterable[str], prediction: "Prediction") -> tuple[str, ...]:
    """A note if parameters given move nothing that is predicted, as far as the catalogue knows: those of `eft`."""
    row = prediction.model.row
    if row is None or not row.effective or any(item is None for item in prediction.items):
        return ()
    moving = {name for item in prediction.items if item for name in catalogue.coefficients_that_move(item)}
    names = [name for name in params if moving.isdisjoint(catalogue.scenario(name) or (name.removesuffix("_im"),))]
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return (f"nothing that is asked for depends on {', '.join(names[:LISTED])}{more}",) if names else ()


def not_finite(names: Sequence[str], values: Sequence[float]) -> tuple[str, ...]:
    """A note that names predictions without a finite value."""
    lost = [f"{name} = {value}" for name, value in zip(names, values, strict=True) if not math.isfinite(value)]
    return (f"not finite: {', '.join(lost)}: the point is outside of what can be computed",) if lost else ()
