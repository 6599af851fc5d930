"""Rows of the light Z', one for each kind of dark matter."""

from collections.abc import Iterable, Mapping

from bsfit.catalogue.models.rows import Model, Parameter, mass
from bsfit.catalogue.models.z_prime import OUTPUTS, coupling, cutoff


def _couplings() -> Iterable[Parameter]:
    yield coupling("g_sb", r"{\rm Re}\,g_{sb}", (-1e-7, 1e-7), 0.0)
    yield coupling("g_sb_im", r"{\rm Im}\,g_{sb}", (-1e-7, 1e-7), 0.0)
    yield coupling("g_V", "g_V", (-0.3, 0.3), 0.0)
    yield coupling("g_A", "g_A", (-0.3, 0.3), 0.0)
    yield coupling("g_chi", r"g_\chi", (0.0, 3.5))


def _row(name: str, place: str, kind: str, outputs: Mapping[str, str], more: tuple[Parameter, ...] = ()) -> Model:
    return Model(
        name,
        f"bsfit.models.light{place}",
        f"light Z' of a few GeV with {kind} dark matter into which it decays (1704.06188)",
        (Parameter("m_Zp", None, "GeV", 0.5, 10.0, "m_{Z'}", (0.5, 10.0)), *_couplings(), mass("m_chi"), *more),
        outputs,
        dark_matter=True,
        sources=("Sala:2017ihs", "Crivellin:2022obd"),
        benchmark={"m_Zp": 2.5, "g_sb": -1.5e-8, "g_V": 0.1, "g_A": -0.044, "g_chi": 3.0, "m_chi": 0.8},
        free={"g_sb": (-1e-7, 1e-7)},
        fields=f"Z' of a few GeV, chi {kind}",
        relic=("g_chi", (0.0001, 3.5)),
    )


MODELS = (
    _row("light", "", "Majorana", {name: unit for name, unit in OUTPUTS.items() if not name.startswith("b_")}),
    _row("light-scalar", ":ComplexScalar", "complex scalar", OUTPUTS, (cutoff(1000.0),)),
)
