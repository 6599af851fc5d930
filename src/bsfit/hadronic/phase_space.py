r"""Kinematics of :math:`B \to M \ell^+\ell^-` and the quadrature nodes of a bin in :math:`q^2`.

The rate carries the photon pole :math:`1/q^2`, the lepton threshold :math:`\beta = \sqrt{1 - 4m^2/q^2}` and the end
point :math:`\sqrt{\lambda}` with :math:`\lambda \propto (m_B - m_M)^2 - q^2`. One change of variables makes it
analytic in all three:

.. math:: q^2 = 4m^2\cosh^2 x ,\qquad x = x_{\rm end} - w^2 ,

because :math:`\beta = \tanh x`, :math:`dq^2/q^2 = 2\tanh x\,dx`, and :math:`\sqrt{\lambda} \propto w`. Gauss-Legendre
nodes in w then converge geometrically for every bin, from :math:`4m_e^2` to the end point. Where a quark threshold
lies inside the bin, the nodes are shared between its two sides and crowd towards it, for the square root and the
Coulomb logarithm there. Bins are clipped to phase space: below :math:`4m^2` and above the end point there is no rate.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Complex, Float

from bsfit.numerics import crowded, gauss_legendre, kallen, safe_sqrt

CHARMONIA = (8.9, 14.0)
"""Range of q2 in GeV^2 around J/psi and psi(2S), where factorisation does not hold yet and the OPE not yet again."""

POLE_NODES = 20
"""Nodes on each of three parts of a bin with a pole, for an error below 1e-7 down to `theory.NARROWEST`."""


def beta(q2: Float[Array, "*n"], m_l: Float[Array, ""]) -> Float[Array, "*n"]:
    r"""Lepton velocity in the dilepton rest frame; zero, with zero gradient, below :math:`q^2 = 4m^2`."""
    return safe_sqrt(1.0 - 4.0 * m_l**2 / q2)


def sqrt_lambda(q2: Float[Array, "*n"], m_b: Float[Array, ""], m_m: Float[Array, ""]) -> Float[Array, "*n"]:
    """Root of the Kallen function of the squared masses, GeV^2; zero, with zero gradient, above the end point."""
    return safe_sqrt(kallen(m_b**2, m_m**2, q2))


def bin_nodes(
    q2_min: Float[Array, ""],
    q2_max: Float[Array, ""],
    m_l: Float[Array, ""],
    q2_end: Float[Array, ""],
    q2_thresholds: Float[Array, " t"],
    n: int,
    pole: Complex[Array, ""] | None = None,
) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """Nodes in q2 and weights [n], n even, of a bin in GeV^2; a bin outside phase space has weights zero.

    `q2_end` = (m_B - m_M)^2; the nodes are split at the first of the quark thresholds `q2_thresholds` that is inside.
    With a `pole` of the amplitudes at complex q2, `POLE_NODES` crowd about it on each side of it and of the threshold.
    """
    within = (q2_min < q2_thresholds) & (q2_thresholds < jnp.minimum(q2_max, q2_end))
    inside = within.any()
    edges = jnp.stack([q2_max, q2_min, q2_thresholds[jnp.argmax(within)]])
    end = _rapidity(q2_end, m_l)
    low, high, middle = safe_sqrt(end - _rapidity(jnp.minimum(edges, q2_end), m_l))
    if pole is None:
        w, measure = _split(low, high, middle, inside, n)
    else:
        at_pole = jnp.sqrt(end - jnp.arccosh(jnp.sqrt(pole) / (2.0 * m_l)))
        w, measure = _about(at_pole, low, high, jnp.where(inside, middle, low))
    x = end - w**2
    return 4.0 * m_l**2 * jnp.cosh(x) ** 2, 8.0 * m_l**2 * jnp.sinh(2.0 * x) * w * measure


def _split(
    low: Float[Array, ""], high: Float[Array, ""], middle: Float[Array, ""], inside: Bool[Array, ""], n: int
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """Nodes in w and weights between two ends, on the two sides of a point that is inside."""
    u, weight = gauss_legendre(n)
    u_half, weight_half = _halves(n)
    reach = jnp.where(inside, jnp.where(np.arange(n) < n // 2, low, high) - middle, high - low)
    w = jnp.where(inside, middle, low) + reach * jnp.where(inside, u_half, u)
    return w, jnp.abs(reach) * jnp.where(inside, weight_half, weight)


def _about(
    pole: Complex[Array, ""], low: Float[Array, ""], high: Float[Array, ""], middle: Float[Array, ""]
) -> tuple[Float[Array, " k"], Float[Array, " k"]]:
    """The same where there is a pole: on the sides of the point and of the pole."""
    between = jnp.sort(jnp.stack([middle, jnp.clip(pole.real, low, high)]))
    edges = jnp.concatenate([low[None], between, high[None]])
    w, measure = jax.vmap(crowded, (0, 0, None, None))(edges[:-1], edges[1:], pole, POLE_NODES)
    return w.ravel(), measure.ravel()


def _rapidity(q2: Float[Array, "*n"], m_l: Float[Array, ""]) -> Float[Array, "*n"]:
    r"""The x of :math:`q^2 = 4m^2\cosh^2 x`; zero, with zero gradient, below threshold."""
    return jnp.arcsinh(safe_sqrt(q2 / (4.0 * m_l**2) - 1.0))


def _halves(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two rules of n/2 nodes on (0, 1), one after the other, at distances from 0 that grow with the third power."""
    u, weight = gauss_legendre(n // 2)
    return np.tile(u**3, 2), np.tile(3.0 * u**2 * weight, 2)
