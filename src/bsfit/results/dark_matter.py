"""Dark matter at the points of a result: its mass, its scattering, how much of it there is."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from bsfit.results import shapes, tables
from bsfit.results.record import Record, Values
from bsfit.results.surfaces import CONTOURS

DRAWS, NEAR = "95 % of the draws", f"lowest, highest with Delta chi2 < {CONTOURS[1]:.2f}"
KEYS = ("mass", "sigma_SI", "Omega_h2", "share")


@dataclass(frozen=True, eq=False)
class DarkMatter(Record):
    """Dark matter at n points of a result, and the published limits on its scattering.

    `mass` [n] in GeV; `sigma_SI` [n] per nucleon of xenon in cm^2; `Omega_h2` [n], NaN where the model has none;
    `share` [n] of it in the dark matter of the Galaxy, one unless the measured density is an upper bound. `delta_chi2`
    [n] to the best point; of draws of a posterior, whose density tells, it is empty. best: the same at the best point.
    limits: name -> masses and cross sections [2, k]; confidence: of each; used: those that the likelihood holds.
    what: the kind of the result; doubts: why it is not to be trusted.
    """

    mass: np.ndarray
    sigma_SI: np.ndarray
    Omega_h2: np.ndarray
    share: np.ndarray
    delta_chi2: np.ndarray
    best: Values
    limits: dict[str, np.ndarray]
    confidence: Values
    used: tuple[str, ...] = ()
    what: str = ""
    doubts: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)
    suffix: ClassVar[str] = ".npz"

    def check(self) -> None:
        """Raise ValueError if fields do not fit together."""
        shape = self.mass.shape
        shapes.need(len(shape) == 1 and shape[0] > 0, "there are no points")
        shapes.check_arrays((self.mass, self.sigma_SI, self.Omega_h2, self.share), shape, "points")
        shapes.need(self.delta_chi2.shape in (shape, (0,)), "delta_chi2 of other points")
        shapes.check_entries(KEYS, self.best)
        for name, table in self.limits.items():
            shapes.need(table.ndim == 2 and len(table) == 2 and table.shape[1] > 1, f"the limit {name!r} is no curve")
        shapes.check_entries(self.limits, self.confidence)
        shapes.check_entries(self.used, self.limits)

    @property
    def rate(self) -> np.ndarray:
        """What limits are compared with: the cross section times the share of this dark matter, [n]."""
        return self.share * self.sigma_SI

    @property
    def rescaled(self) -> bool:
        """Whether any point is only a part of dark matter."""
        return bool(np.any(self.share < 1.0) or self.best["share"] < 1.0)

    def cells(self) -> tables.Cells:
        """Header and rows of the table: the best point, and how far draws, or points near the best one, reach."""
        drawn = not len(self.delta_chi2)
        header = ["quantity", "at the best point", DRAWS if drawn else NEAR]
        near = np.ones(len(self.mass), bool) if drawn else self.delta_chi2 < CONTOURS[1]
        units = {"mass": "mass in GeV", "sigma_SI": "sigma_SI in cm^2"}
        rows = []
        for key in KEYS[: 4 if self.rescaled else 3]:
            values = getattr(self, key)[near]
            finite = values[np.isfinite(values)]
            ends = np.quantile(finite, (0.025, 0.975) if drawn else (0.0, 1.0)) if len(finite) > 1 else ()
            rows.append([units.get(key, key), f"{self.best[key]:.4g}", ", ".join(f"{end:.4g}" for end in ends) or "-"])
        for name, (mass, most) in self.limits.items():
            here = _limit_at(self.best["mass"], mass, most)
            over = "beyond its table" if here is None else f"{self.best['share'] * self.best['sigma_SI'] / here:.3g}"
            rows.append([f"over {name}" + (" (used)" if name in self.used else ""), over, "-"])
        return header, rows

    def __str__(self) -> str:
        lines = [f"Dark matter {tables.title(self.meta)}: {len(self.mass)} points of a {self.what or 'result'}"]
        return "\n".join([*lines, tables.aligned(*self.cells()), *(f"not to be trusted: {why}" for why in self.doubts)])


def _limit_at(mass: float, masses: np.ndarray, most: np.ndarray) -> float | None:
    """A limit at a mass, by power laws between its points; None outside of them."""
    if not masses[0] <= mass <= masses[-1]:
        return None
    return float(np.exp(np.interp(np.log(mass), np.log(masses), np.log(most))))
