"""Rows of the leptoquark with dark matter in an SU(2) multiplet: a triplet and a quintuplet."""

from bsfit.catalogue.coefficients import LEPTONS
from bsfit.catalogue.models.rows import PERTURBATIVE, Model, mass, vector

_RANGE = (-PERTURBATIVE, PERTURBATIVE)


_SLOW = (
    "exchange of W bosons enhances annihilation of slow particles of a multiplet by orders of magnitude and is not "
    "computed"
)


def _pairs(quarks: str) -> tuple[str, ...]:
    return tuple(f"{quark}{lepton}" for quark in quarks for lepton in LEPTONS)


def _row(name: str, place: str, n: int, m_dm: float) -> Model:
    return Model(
        name,
        f"bsfit.models.leptoquark_nplet{place}",
        f"scalar leptoquark S1, dark matter in a {n}-plet of SU(2) (1512.06828)",
        (
            mass("m_S1"),
            mass("m_DM"),
            *vector("lambda_L", _pairs("dsb"), _RANGE),
            *vector("lambda_R", _pairs("uct"), _RANGE),
        ),
        {**dict.fromkeys(("C9_top", "C9_box", "C9_photon", "C7_bs_mu_NP", "C8_bs_mu_NP"), "1"), "C_bs_LL": "GeV^-2"},
        dark_matter=True,
        sources=("Bauer:2015boy", "Bauer:2015knc", "Vicente:2018frk"),
        data="lfu-mixing",
        benchmark={"m_S1": 1500.0, "m_DM": m_dm, "lambda_L_smu": -0.08, "lambda_L_bmu": 2.5},
        free={"lambda_L_smu": (-1.0, 1.0), "lambda_L_bmu": (0.0, PERTURBATIVE)},
        refused={"sigma_v": _SLOW},
        fields=f"S1 (3bar,1,1/3) scalar, chi (1,{n},0) Majorana",
        origin=f"without the scalar of 750 GeV of the paper; n = {n} is chosen here",
    )


MODELS = (
    _row("leptoquark_nplet", "", 3, 2400.0),
    _row("leptoquark_nplet-5", ":Quintuplet", 5, 4400.0),
)
