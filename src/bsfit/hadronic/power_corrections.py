r"""Power corrections: hadronic effects beyond factorisation, as shifts of coefficients with unknown size.

Below the charmonia each helicity amplitude of :math:`B\to V\ell\ell` gets a polynomial, above them a constant, as in
1411.3161 and 1503.05534, in the normalisation of flavio 2.7:

.. math::
   \delta C_7^{(0,-)} = \frac{m_B}{2m_b}\Big(a+b\frac{q^2}{m_B^2}\Big) ,\quad
   \delta C_7'^{(+)} = \frac{m_B}{2m_b}\Big(a+b\frac{q^2}{m_B^2}\Big) \quad (q^2<9) ,\qquad
   \delta C_9^{(0,-,+)} = c \quad (q^2>14) ,

and :math:`B\to K\ell\ell` has :math:`\delta C_9 = a+bq^2` below and c above, GeV. In
:math:`\Lambda_b\to\Lambda\ell\ell` each transversity amplitude has :math:`\delta C_7 = a+bq^2` below and
:math:`\delta C_9=c` above, as in flavio 2.7.1.

Below the charmonia there is another parametrisation, that of 1512.07157: beside
:math:`C_9\tilde V_\lambda` the helicity amplitudes contain :math:`-16\pi^2(m_B^2/q^2)\,h_\lambda` with

.. math:: h_\pm = h^{(0)}_\pm+h^{(1)}_\pm q^2+h^{(2)}_\pm q^4 ,\qquad
          h_0 = \sqrt{q^2}\,(h^{(0)}_0+h^{(1)}_0q^2+h^{(2)}_0q^4) ,

where the root, as in 1704.05447, is what a finite rate at :math:`q^2=0` demands; and
:math:`h=h^{(1)}q^2+h^{(2)}q^4` beside :math:`C_9f_+` in B -> K, where no photon is emitted. No form factor multiplies
it. Which of the two is uncertain is a matter of the input set: `default` gives errors to the first, `helicity` to the
second.

All parameters are complex; their phases are strong, so both CP states share them. Central values are zero. Between the
two ranges, where nothing is known and no data are used, all fade out smoothly over one GeV^2.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.loading.inputs import Inputs
from bsfit.numerics import fade_out

LOW_END, HIGH_START = 9.0, 14.0
"""Ends, in GeV^2, of the ranges in which the parameters count fully."""

VECTOR_DECAYS, PSEUDOSCALAR_DECAYS = ("B0->K*", "B+->K*", "Bs->phi"), ("B+->K", "B0->K")
"""In the order of the catalogue."""

BARYON_AMPLITUDES = ("perp0", "para0", "perp1", "para1")
"""Transversity amplitudes of Lambda_b -> Lambda."""

_LOOP = 32.0 * np.pi**2
_HALVES = np.array([1.0, 0.5**0.5, 0.5**0.5])
"""A helicity amplitude in the sum and difference that make the transverse ones."""


class VectorShifts(eqx.Module):
    """Parameters of B -> V; [decay, helicity] until a decay is picked; helicities 0, minus, plus.

    `h` [decay, helicity, power of q2]: GeV^-2 per power, those of helicity 0 in another GeV^-1.
    """

    a: Complex[Array, "*d 3"]
    b: Complex[Array, "*d 3"]
    c: Complex[Array, "*d 3"]
    h: Complex[Array, "*d 3 3"]


class PseudoscalarShifts(eqx.Module):
    """Parameters of B -> K; [decay] until one is picked; b in GeV^-2; `h` [decay, power - 1], GeV^-2 per power."""

    a: Complex[Array, "*d"]
    b: Complex[Array, "*d"]
    c: Complex[Array, "*d"]
    h: Complex[Array, "*d 2"]


class BaryonShifts(eqx.Module):
    """Parameters of Lambda_b -> Lambda in the amplitudes `BARYON_AMPLITUDES`; b in GeV^-2."""

    a: Complex[Array, " 4"]
    b: Complex[Array, " 4"]
    c: Complex[Array, " 4"]


def vector_shifts(inputs: Inputs) -> VectorShifts:
    """The parameters of the three decays, 1411.3161 [Altmannshofer:2014rta]_ and 1503.05534 [Straub:2015ica]_."""
    low = [("delta_C7", "0"), ("delta_C7", "-"), ("delta_C7p", "+")]
    a, b = (_complex(inputs, VECTOR_DECAYS, [f"{name} {power}_{h}" for name, h in low]) for power in "ab")
    c = _complex(inputs, VECTOR_DECAYS, [f"delta_C9 c_{h}" for h in "0-+"])
    h = _complex(inputs, VECTOR_DECAYS, [f"h_{h} {power}" for h in "0-+" for power in range(3)])
    return VectorShifts(a, b, c, h.reshape(-1, 3, 3))


def pseudoscalar_shifts(inputs: Inputs) -> PseudoscalarShifts:
    """The parameters of the two decays, 1411.3161 [Altmannshofer:2014rta]_."""
    a, b, c = (_complex(inputs, PSEUDOSCALAR_DECAYS, [f"delta_C9 {x}"])[:, 0] for x in "abc")
    return PseudoscalarShifts(a, b, c, _complex(inputs, PSEUDOSCALAR_DECAYS, ["h 1", "h 2"]))


def baryon_shifts(inputs: Inputs) -> BaryonShifts:
    """The parameters of Lambda_b -> Lambda."""
    kinds = ("delta_C7 a", "delta_C7 b", "delta_C9 c")
    return BaryonShifts(
        *(_complex(inputs, ("Lambdab->Lambda",), [f"{kind}_{x}" for x in BARYON_AMPLITUDES])[0] for kind in kinds)
    )


def _complex(inputs: Inputs, decays: tuple[str, ...], names: list[str]) -> Complex[Array, "d n"]:
    parts = [inputs.array(tuple(f"{d} {n} {part}" for d in decays for n in names)) for part in ("Re", "Im")]
    return (parts[0] + 1j * parts[1]).reshape(len(decays), len(names))


def vector_amplitudes(
    q2: Float[Array, ""],
    shifts: VectorShifts,
    current: Float[Array, " 3"],
    dipole: Float[Array, " 3"],
    m_meson: Float[Array, ""],
    m_b: Float[Array, ""],
) -> Complex[Array, " 3"]:
    """What the parameters of one decay add to the amplitudes V0, Vperp, Vpara.

    `current` and `dipole` are what multiplies C9 and C7 in these amplitudes. The minus (plus) helicity is the half
    difference (sum) of parallel and perpendicular; C7' enters the parallel one with the opposite sign.
    """
    fade = fade_out(q2, LOW_END, LOW_END + 1.0)
    low = (shifts.a + shifts.b * q2 / m_meson**2) * m_meson / (2.0 * m_b) * fade
    high = shifts.c * (1.0 - fade_out(q2, HIGH_START - 1.0, HIGH_START))
    direct = helicity_amplitudes(q2, shifts.h, m_meson) * fade * _HALVES
    minus = 0.5 * ((dipole[2] - dipole[1]) * low[1] + (current[2] - current[1]) * high[1]) + direct[1]
    plus = 0.5 * ((dipole[1] - dipole[2]) * low[2] + (current[2] + current[1]) * high[2]) + direct[2]
    return jnp.stack([dipole[0] * low[0] + current[0] * high[0] + direct[0], plus - minus, plus + minus])


def helicity_amplitudes(
    q2: Float[Array, ""], h: Complex[Array, "3 3"], m_meson: Float[Array, ""]
) -> Complex[Array, " 3"]:
    r"""Amplitudes 0, minus, plus of the polynomials of one decay: :math:`32\pi^2(m_B^3/q^2)\,h_\lambda`, in GeV."""
    polynomials = h @ jnp.stack([jnp.ones_like(q2), q2, q2**2])
    roots = jnp.stack([jnp.sqrt(q2), 1.0, 1.0])
    return _LOOP * m_meson**3 / q2 * roots * polynomials


def pseudoscalar_shift(
    q2: Float[Array, ""], shifts: PseudoscalarShifts, f_plus: Float[Array, ""], m_meson: Float[Array, ""]
) -> Complex[Array, ""]:
    """Shift of C9 in B -> K for one decay with the form factor f+ at this q2."""
    high = 1.0 - fade_out(q2, HIGH_START - 1.0, HIGH_START)
    direct = -0.5 * _LOOP * m_meson**2 / f_plus * (shifts.h[0] + shifts.h[1] * q2)
    return (shifts.a + shifts.b * q2 + direct) * fade_out(q2, LOW_END, LOW_END + 1.0) + shifts.c * high


def baryon_shift(q2: Float[Array, ""], shifts: BaryonShifts) -> tuple[Complex[Array, " 4"], Complex[Array, " 4"]]:
    """Shifts of C7 and of C9 in the amplitudes `BARYON_AMPLITUDES`."""
    low = (shifts.a + shifts.b * q2) * fade_out(q2, LOW_END, LOW_END + 1.0)
    return low, shifts.c * (1.0 - fade_out(q2, HIGH_START - 1.0, HIGH_START))
