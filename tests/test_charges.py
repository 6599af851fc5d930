"""Charges of a U(1)': anomalies of the models' tables, and Landau poles."""

import math

import pytest

from bsfit.matching.charges import Weyl, anomalies, landau_pole, right_handed, slope, vectorlike
from bsfit.models import b1b2, relic, xb3
from bsfit.models import charges as sets


def family(q, u, d, lepton, e, colours=3):
    """One generation of the Standard Model with these charges."""
    return [
        Weyl(colours, 2, 1 / 6, q),
        right_handed(colours, 2 / 3, u),
        right_handed(colours, -1 / 3, d),
        Weyl(1, 2, -1 / 2, lepton),
        right_handed(1, -1.0, e),
    ]


def three(*rows):
    return [field for row in rows for field in family(*row)]


TABLES = {
    "portal": [*vectorlike(3, 2, 1 / 6, 2), *vectorlike(1, 2, -1 / 2, 2)],
    "L_mu - L_tau": three((0, 0, 0, 0, 0), (0, 0, 0, 1, 1), (0, 0, 0, -1, -1)),
    "quarks of [7]": [*vectorlike(3, 2, 1 / 6, 1), *vectorlike(3, 1, 2 / 3, -1), *vectorlike(3, 1, -1 / 3, -1)],
    "B1 + B2 - 2 B3": three(*[(q, q, q, 0, 0) for q in (1 / 3, 1 / 3, -2 / 3)]),
    "b1b2": b1b2.fermions(-4.0, 1.3),
    "relic": relic.fermions(-1.0),
    "xB3 with right-handed neutrinos": [
        *three((0, 0, 0, 0.7, 0.7), (0, 0, 0, -1, -1), (-0.7 / 3, -0.7 / 3, -0.7 / 3, 1, 1)),
        *(right_handed(1, 0.0, q) for q in (0.7, -1, 1)),
    ],
    "xb3": xb3.fermions(-0.7),
    "set A": sets.A.fermions(),
    "set B": sets.B.fermions(),
    "set C": sets.C.fermions(),
    "hypercharge": three(*[(1 / 6, 2 / 3, -1 / 3, -1 / 2, -1.0)] * 3),
}


@pytest.mark.parametrize("name", TABLES)
def test_anomalies_of_every_table_vanish(name):
    for group, total in anomalies(TABLES[name]).items():
        assert float(total) == pytest.approx(0.0, abs=1e-12), group


def test_anomalies_see_what_is_missing():
    """Without the right-handed neutrinos gravity and the cube are left; a quark alone has colours and weak ones."""
    bare = anomalies(TABLES["xB3 with right-handed neutrinos"][:-3])
    assert float(bare["gravity"]) == pytest.approx(0.7)
    assert float(bare["Q^3"]) == pytest.approx(0.7**3)
    one = {name: float(total) for name, total in anomalies([Weyl(3, 2, 1 / 6, 2.0)]).items()}
    assert one == pytest.approx({"SU3^2 Q": 4, "SU2^2 Q": 6, "Y^2 Q": 1 / 3, "Y Q^2": 4, "Q^3": 48, "gravity": 12})


SETS = {
    "set A": (three((1, 1, 0, -3, -3), (1, 1, 0, 0, 0), (-1, 0, 0, 0, -1)), 3, 1),
    "set B": (three((1, 2, 0, -3, -4), (1, 2, 0, 0, 0), (0, 0, 0, -3, -4)), 2, -2),
    "set C": (three((0, 0, 0, -3, -4), (0, 0, 0, 0, 0), (1, 2, 0, 0, 0)), 2, 0),
}


@pytest.mark.parametrize("name", SETS)
def test_fields_of_the_models_are_those_of_the_tables(name):
    """Field by field, those without charge left out."""
    fermions, left, right = SETS[name]
    table = [*fermions, Weyl(1, 1, 0.0, left), right_handed(1, 0.0, right)]

    def charged(fields):
        return sorted((f.colours, f.components, f.hypercharge, float(f.charge)) for f in fields if float(f.charge))

    assert charged(TABLES[name]) == charged(table)


def test_landau_poles():
    """Portal: b = 133/3 with phi and chi; L_mu - L_tau with its quarks: 20 + 4 q_chi^2/3 + 1/3; set A: 124/3."""
    assert float(slope(sets.A.fermions())) == pytest.approx(124 / 3)
    assert float(slope(TABLES["portal"], scalars=(2, -1))) == pytest.approx(133 / 3)
    leptons = [*TABLES["L_mu - L_tau"], *TABLES["quarks of [7]"], *vectorlike(1, 1, 0.0, 0.7)]
    assert float(slope(leptons, scalars=(1,))) == pytest.approx(20 + 4 * 0.7**2 / 3 + 1 / 3)
    assert float(landau_pole(0.3, 133 / 3)) == pytest.approx(24 * math.pi**2 / (133 * 0.09))
    assert math.isfinite(float(landau_pole(0.0, 1.0)))
