r"""Scalars of a model with a Higgs doublet H, a complex singlet :math:`\phi` that breaks U(1)_X, and dark matter.

Potential, fields and charges of eqs. (12)-(14) of 1803.04703 [Vicente:2018frk]_; energies in GeV. Parameters go by the
names of the portal model.
"""

import math
from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import complex_parameter, known_zero, squared
from bsfit.numerics import safe_sqrt
from bsfit.theory import Params

FloatLike = Float[ArrayLike, ""]


def higgs_vev(inputs: Inputs) -> Float[Array, ""]:
    """Vacuum expectation value of the Higgs field, 246.22 GeV."""
    return 1 / jnp.sqrt(jnp.sqrt(2.0) * inputs["G_F"])


def v_phi(params: Params) -> Float[Array, ""]:
    r"""Vacuum expectation value of :math:`\phi` times the root of 2, from the mass of the Z'."""
    return jnp.asarray(params["m_Zp"]) / (2 * jnp.asarray(params["g_X"]))


class Scalars(eqx.Module):
    r"""Scalar sector, masses in GeV, for the potential of eqs. (12)-(14) of 1803.04703 [Vicente:2018frk]_.

    `m_I`, `m_R`: lighter and heavier real component of :math:`\chi`, with the phase in which :math:`\mu_\chi\ge0`;
    :math:`m_{R,I}^2=m_\chi^2+\frac12\lambda_{H\chi}v^2+\frac12\lambda_{\phi\chi}v_\phi^2\pm\sqrt2|\mu_\chi|v_\phi`,
    where :math:`m_\chi^2` of the Lagrangian is `m2_chi`. `m_h1` <= `m_h2` (from `m2_h1`, which must not be negative):
    :math:`h_2=\sin\theta\,h+\cos\theta\,\phi`. `bounded`: the smallest of the conditions that all are positive when
    the potential is bounded below.
    """

    m_I: Float[Array, ""]
    m_R: Float[Array, ""]
    m2_chi: Float[Array, ""]
    m2_h1: Float[Array, ""]
    m_h1: Float[Array, ""]
    m_h2: Float[Array, ""]
    sin_theta: Float[Array, ""]
    bounded: Float[Array, ""]
    quartics: Float[Array, " 6"]


def scalars(params: Params, inputs: Inputs) -> Scalars:
    r"""Masses, mixing and vacuum of the scalars.

    `m_chi` is the physical mass of the lighter component, `m_phi` the diagonal mass of :math:`\phi`, which sets
    :math:`\lambda_\phi=m_\phi^2/v_\phi^2`. If `m_phi` is infinite `lambda_phi` is taken; if that is zero too,
    :math:`\phi` is decoupled. The diagonal mass of h is the measured one.
    """
    quartic = {k: jnp.asarray(params.get(f"lambda_{k}", 0.0)) for k in ("Hchi", "Hphi", "phichi", "phi", "chi")}
    v, broken = higgs_vev(inputs), v_phi(params)
    mu = complex_parameter(params, "mu_chi")
    split = jnp.sqrt(2.0) * safe_sqrt(squared(mu)) * broken
    m2_light = jnp.asarray(params["m_chi"]) ** 2
    m_phi = jnp.asarray(params.get("m_phi", jnp.inf))
    given = jnp.isfinite(m_phi)
    quartic["phi"] = jnp.where(given, (jnp.where(given, m_phi, 0.0) / broken) ** 2, quartic["phi"])
    m2_h1, m_h2, sin_theta = _higgs_mixing(inputs["m_h"] ** 2, quartic["phi"], quartic["Hphi"], v, broken)
    quartic["H"] = inputs["m_h"] ** 2 / (2 * v**2)
    return Scalars(
        m_I=jnp.asarray(params["m_chi"], dtype=float),
        m_R=jnp.sqrt(m2_light + 2 * split),
        m2_chi=m2_light + split - (quartic["Hchi"] * v**2 + quartic["phichi"] * broken**2) / 2,
        m2_h1=m2_h1,
        m_h1=safe_sqrt(m2_h1),
        m_h2=m_h2,
        sin_theta=sin_theta,
        bounded=bounded(quartic),
        quartics=jnp.stack(list(quartic.values())),
    )


def _higgs_mixing(
    m2_h: FloatLike, lambda_phi: FloatLike, lambda_hphi: FloatLike, v: FloatLike, v_phi: FloatLike
) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    r"""Lighter mass squared, heavier mass and :math:`\sin\theta` of h and :math:`\phi`.

    Mass matrix :math:`m_h^2, \lambda_{H\phi}vv_\phi, \lambda_\phi v_\phi^2`; (m_h^2, inf, 0) without :math:`\phi`.
    """
    coupled = jnp.asarray(lambda_phi) > 0
    m2_phi = jnp.where(coupled, lambda_phi, 1.0) * v_phi**2
    off = jnp.where(coupled, lambda_hphi, 0.0) * v * v_phi
    half = (m2_phi - m2_h) / 2
    root = safe_sqrt(half**2 + off**2)
    mixed = coupled & (root > 0)
    theta = jnp.arctan2(jnp.where(mixed, off, 0.0), jnp.where(mixed, half, 1.0)) / 2
    middle = (m2_phi + m2_h) / 2
    m_h2 = jnp.where(coupled, safe_sqrt(middle + root), jnp.inf)
    return jnp.where(coupled, middle - root, m2_h), m_h2, jnp.sin(theta)


def bounded(quartic: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
    r"""Smallest of the conditions for the quartic potential to be bounded below.

    Copositivity as in 1205.3781 [Kannike:2012pe]_, with the diagonal :math:`\lambda_H, \lambda_\phi/2, \lambda_\chi/2`.
    Without :math:`\phi` (:math:`\lambda_\phi=0`) its conditions are left out.
    """
    h, phi, chi = quartic["H"], quartic["phi"] / 2, quartic["chi"] / 2
    h_phi, h_chi, phi_chi = quartic["Hphi"] / 2, quartic["Hchi"] / 2, quartic["phichi"] / 2
    pairs = [h_phi + safe_sqrt(h * phi), h_chi + safe_sqrt(h * chi), phi_chi + safe_sqrt(phi * chi)]
    crossed = h_phi * safe_sqrt(chi) + h_chi * safe_sqrt(phi) + phi_chi * safe_sqrt(h)
    product = jnp.maximum(pairs[0], 0.0) * jnp.maximum(pairs[1], 0.0) * jnp.maximum(pairs[2], 0.0)
    triple = safe_sqrt(h * phi * chi) + crossed + safe_sqrt(2 * product)
    without_phi = jnp.min(jnp.stack([chi, pairs[1]]))
    with_phi = jnp.min(jnp.stack([phi, pairs[0], pairs[2], triple]))
    return jnp.where(quartic["phi"] == 0, without_phi, jnp.minimum(without_phi, with_phi))


def without_phi(params: Params) -> bool:
    """Whether phi is known to be infinitely heavy."""
    m_phi = params.get("m_phi", np.inf)
    return isinstance(m_phi, float) and math.isinf(m_phi) and known_zero(params, "lambda_phi")


def m_phi(params: Params) -> Float[Array, ""]:
    r"""Diagonal mass of :math:`\phi`, from :math:`\lambda_\phi` where `m_phi` is infinite; infinite without both."""
    given, quartic = (jnp.asarray(params.get(name, none)) for name, none in (("m_phi", jnp.inf), ("lambda_phi", 0.0)))
    from_quartic = jnp.where(quartic > 0, safe_sqrt(quartic) * v_phi(params), jnp.inf)
    return jnp.where(jnp.isfinite(given), given, from_quartic)


def finite(mass: Float[Array, ""]) -> Float[Array, ""]:
    """A mass that may be infinite, as a finite one beyond all energies."""
    return jnp.where(jnp.isfinite(mass), mass, 1e9)


class HiggsCouplings(eqx.Module):
    r"""Couplings of scalar dark matter [n] to the Higgs boson and to scalars that mix with it [h].

    `cubic` are the couplings :math:`c_ih_i|\chi|^2` in GeV, half of that for each of two real components; `kappa` those
    of :math:`h_i` to the Standard Model, relative to its Higgs boson; `poles` their masses in GeV; `quartic` is
    :math:`\lambda` of :math:`\lambda|H|^2|\chi|^2`.
    """

    cubic: Float[Array, "n h"]
    kappa: Float[Array, " h"]
    poles: Float[Array, " h"]
    quartic: Float[Array, ""]

    @classmethod
    def unmixed(cls, quartic: FloatLike, inputs: Inputs) -> "HiggsCouplings":
        """Of one state, to the Higgs boson of the Standard Model alone."""
        coupling = jnp.asarray(quartic, dtype=float)
        return cls((coupling * higgs_vev(inputs))[None, None], jnp.ones(1), inputs["m_h"][None], coupling)


def higgs_couplings(params: Params, masses: Float[Array, " n"], scalar: Scalars, inputs: Inputs) -> HiggsCouplings:
    r"""Couplings of I (and R) to :math:`h_1, h_2`.

    :math:`V\supset h|\chi|^2\lambda_{H\chi}v+\phi(\lambda_{\phi\chi}v_\phi|\chi|^2\pm\mu_\chi(R^2-I^2)/\sqrt2)`.
    """
    v, broken, sin = higgs_vev(inputs), v_phi(params), scalar.sin_theta
    cos = safe_sqrt(1 - sin**2)
    quartic = jnp.asarray(params.get("lambda_Hchi", 0.0), dtype=float)
    to_h = quartic * v
    slope = jnp.array([-1.0, 1.0])[: len(masses)]
    mu = safe_sqrt(squared(complex_parameter(params, "mu_chi")))
    to_phi = jnp.asarray(params.get("lambda_phichi", 0.0)) * broken + slope * jnp.sqrt(2.0) * mu
    cubic = jnp.stack([to_h * cos - to_phi * sin, to_h * sin + to_phi * cos], axis=1)
    return HiggsCouplings(cubic, jnp.stack([cos, sin]), jnp.stack([scalar.m_h1, finite(scalar.m_h2)]), quartic)


def trilinear_couplings(
    masses: Float[Array, " 2"], doublet: Float[Array, " 2"], singlet: Float[Array, " 2"], vev: FloatLike, inputs: Inputs
) -> Float[Array, "2 2 2"]:
    r"""Third derivatives of the potential by two Higgs bosons, in GeV.

    For :math:`V=\lambda_H|H|^4+\lambda_S|S|^4+\lambda_{HS}|H|^2|S|^2` and mass terms; masses in GeV, `doublet` and
    `singlet` the shares of h and s, `vev` that of s. :math:`3m_h^2/v` without mixing. Derived here, checked against the
    potential in `test_trilinear_couplings_are_slopes_of_the_potential`.
    """
    h, s, v = doublet, singlet, higgs_vev(inputs)
    m_hh, m_ss, m_hs = (jnp.sum(masses**2 * x * y) for x, y in ((h, h), (s, s), (h, s)))

    def product(a: Array, b: Array, c: Array) -> Array:
        return a[:, None, None] * b[None, :, None] * c[None, None, :]

    own = 3 * m_hh / v * product(h, h, h) + 3 * m_ss / vev * product(s, s, s)
    one = product(h, s, s) + product(s, h, s) + product(s, s, h)
    two = product(s, h, h) + product(h, s, h) + product(h, h, s)
    return own + m_hs * (one / vev + two / v)
