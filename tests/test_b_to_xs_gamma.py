"""B -> Xs gamma: coefficients of the parametrisation from their source, flavio at points, the published slopes."""

import flavio_points
import numpy as np
import pytest

from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import load_inputs
from bsfit.observables.b_to_xs_gamma import LINEAR, QUADRATIC
from bsfit.predictions.predict import predict

NAME = "BR(B->Xsgamma)"

# Rows 7 and 8 of the matrices K^(1), K^(2) of 1503.01789 at 2 GeV, photon energy above 1.6 GeV, as in flavio 2.7.1; the
# Standard-Model coefficients C1 ... C6, C7eff, C8eff there, C7' and C8', and the perturbative and full rate.
ONE_LOOP = [
    [0.0913267, -0.54796, 8.32249, -1.61065, 122.732, 19.5562, 5.61819, -0.50728],
    [-0.00166875, 0.0100125, -0.0187533, 0.00312556, -0.258893, 0.108369, -0.50728, 0.452362],
]
TWO_LOOP = [[9.11217, -8.85918, 0, 0, 0, 0, -37.3173, -13.4112], [0.215745, -1.29447, 0, 0, 0, 0, -13.4112, 22.3184]]
AT_2_GEV = [-0.4922466, 1.0330095, -0.0133275, -0.1466219, 0.0009472, 0.0030306, -0.3188717, -0.1780468]
FLIPPED = [-0.0065863, -0.0036711]
RATE = 0.1271398 + 0.0038175
ALPHA_S, ALPHA_S_MU_B = 0.2918104, 0.2167995


def leading_running(eta):
    """C7, C8 at the low scale from those at the high one, five flavours."""
    own, gluon = eta ** (16 / 23), eta ** (14 / 23)
    return np.array([[own, 8 / 3 * (gluon - own)], [0.0, gluon]])


def test_coefficients_follow_from_the_matrices():
    a = ALPHA_S / (4 * np.pi)
    k = a * np.array(ONE_LOOP) + a**2 * np.array(TWO_LOOP)
    k[0, 6] += 1.0
    run = leading_running(ALPHA_S_MU_B / ALPHA_S)
    plain, flipped = (2 * x @ run / RATE for x in (k @ AT_2_GEV, k[:, 6:] @ FLIPPED))
    square = run.T @ k[:, 6:] @ run / RATE
    inputs = load_inputs("default")
    np.testing.assert_allclose(inputs.array(LINEAR), [plain[0], flipped[0], plain[1], flipped[1]], rtol=1e-3)
    np.testing.assert_allclose(inputs.array(QUADRATIC), [square[0, 0], square[1, 1], 2 * square[0, 1]], rtol=1e-3)


def test_published_slopes_at_the_electroweak_scale():
    """3.36 - 8.22 C7 - 1.99 C8 at 160 GeV (1503.01789), in 1e-4: within the error of leading-order running."""
    slopes = np.asarray(load_inputs("default").array(LINEAR))[[0, 2]] @ leading_running(0.1085 / ALPHA_S_MU_B)
    np.testing.assert_allclose(3.36 * slopes, [-8.22, -1.99], rtol=0.15)


@pytest.mark.parametrize("which", [0, 1], ids=["given", "held out"])
def test_against_flavio(which):
    """At all points 0.5 %: flavio runs new physics with QED too."""
    names, points, stored = flavio_points.stored()[which]
    found = flavio_points.values([NAME], points)[:, 0]
    expected = stored[:, names.index(NAME)]
    np.testing.assert_allclose(found, expected, rtol=5e-3)


def test_names_and_limits():
    found = predict([NAME])
    assert found[NAME] == pytest.approx(3.40e-4, rel=1e-12)
    mirrored = load_inputs("default", {"B->Xsgamma C7": 0.0, "B->Xsgamma C7p": 0.0})
    one, other = (predict([NAME], params={c: 0.1}, inputs=mirrored)[NAME] for c in ("C7_bs", "C7p_bs"))
    assert one == pytest.approx(other, rel=1e-14)
    with pytest.raises(BsfitInputError, match="takes no q2 bin"):
        predict([NAME + "[1,6]"])
