"""Rows of the hidden Z', one for each kind of dark matter."""

from collections.abc import Mapping

from bsfit.catalogue.models.rows import Model, Parameter, mass
from bsfit.catalogue.models.z_prime import (
    AXIAL_OUTPUTS,
    EPSILON,
    INCOMPLETE_MOMENT,
    OUTPUTS,
    coupling,
    cutoff,
    dark_higgs,
)

_POINT = {"m_Zp": 600.0, "g_b": 0.4, "theta_sb": -0.005, "g_mu": 0.2, "g_chi": 1.0, "m_chi": 50.0}
_REPAIRED = "repaired: a Majorana mass splits chi, which ends the elastic scattering that excludes the Dirac kind"
_SPLITTING = Parameter("splitting", 1e-3, "GeV", 0.0, tex=r"m_{\chi_2}-m_{\chi_1}")


def _row(
    name: str,
    place: str,
    kind: str,
    more: tuple[Parameter, ...] = (),
    outputs: Mapping[str, str] | None = None,
    origin: str = "",
    **point: float,
) -> Model:
    return Model(
        name,
        f"bsfit.models.hidden{place}",
        f"Z' that couples to the third quark and the second lepton doublet, {kind} dark matter (1702.00395)",
        (
            mass("m_Zp"),
            coupling("g_b", "g_b", (0.0, 1.5)),
            coupling("theta_sb", r"\theta_{sb}", (-0.1, 0.1)),
            coupling("g_mu", r"g_\mu", (0.0, 1.5)),
            coupling("g_chi", r"g_\chi", (0.0, 2.0)),
            mass("m_chi"),
            *more,
            EPSILON,
            cutoff(1000.0),
        ),
        {**OUTPUTS, **(outputs or {})},
        dark_matter=True,
        sources=("Cline:2017lvv", "Vicente:2018frk"),
        data="lfu-mixing",
        benchmark={**_POINT, **point},
        free={"theta_sb": (-0.05, 0.05), "g_mu": (0.0, 1.0)},
        refused=INCOMPLETE_MOMENT,
        fields=f"Z', chi {kind}; what completes it sets Lambda",
        relic=("g_chi", (0.01, 5.0)),
        origin=origin,
    )


MODELS = (
    _row("hidden", "", "Dirac"),
    _row("hidden-majorana", ":Majorana", "Majorana", dark_higgs(), AXIAL_OUTPUTS, g_chi=1.4, m_chi=160.0, m_phi=500.0),
    _row("hidden-split", ":Split", "split Dirac", (_SPLITTING,), origin=_REPAIRED),
)
