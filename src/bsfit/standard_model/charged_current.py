r"""Coefficients of :math:`b\to c\ell\nu`, Standard Model and new physics, and the decay :math:`B_c\to\ell\nu`.

Conventions of `theory.WilsonCoefficients`, at 4.8 GeV. No form factor is needed for :math:`B_c\to\ell\nu`: it stands
here, where models can judge by it too.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import CHARGED, LEPTONS
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.qcd import m_b_msbar, m_c_msbar
from bsfit.standard_model.running import MU_B
from bsfit.theory import INDEX, WilsonCoefficients

_POSITIONS = np.array([[[INDEX[f"{x}_bc{lepton}nu{nu}"] for x in CHARGED] for nu in LEPTONS] for lepton in LEPTONS])


def standard_model(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`C_{VL}=1+\frac\alpha\pi\ln\frac{m_Z}\mu`: 1, with its short-distance logarithm of photons."""
    return 1.0 + inputs["alpha_em_mb"] / jnp.pi * jnp.log(inputs["m_Z"] / MU_B)


def total(wc: WilsonCoefficients, inputs: Inputs) -> Complex[Array, "3 3 5"]:
    """Coefficients of each charged lepton and neutrino, in the order of `catalogue.CHARGED`."""
    return wc.values[_POSITIONS].at[:, :, 0].add(standard_model(inputs) * np.eye(len(LEPTONS)))


def quark_masses(inputs: Inputs) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """MSbar masses of bottom and charm at 4.8 GeV, by which the scalar densities follow from the divergences."""
    return m_b_msbar(MU_B, inputs), m_c_msbar(MU_B, inputs)


def bc_to_lnu(wc: WilsonCoefficients, inputs: Inputs) -> Float[Array, " 3"]:
    r"""Branching fractions of :math:`B_c\to\ell\nu` for e, mu and tau, summed over neutrinos.

    :math:`\tau_{B_c}\frac{G_F^2|V_{cb}|^2}{8\pi}f_{B_c}^2m_{B_c}m_\ell^2(1-\frac{m_\ell^2}{m_{B_c}^2})^2
    |C_{VL}-C_{VR}+\frac{m_{B_c}^2}{m_\ell(m_b+m_c)}(C_{SR}-C_{SL})|^2`, as in 1611.06676 [Alonso:2016oyd]_.
    """
    m_bc, m_l = inputs["m_Bc"], inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    left, right, scalar_left, scalar_right, _ = jnp.moveaxis(total(wc, inputs), -1, 0)
    density = m_bc**2 / sum(quark_masses(inputs))
    amplitude = m_l[:, None] * (left - right) + density * (scalar_right - scalar_left)
    unit = (inputs["G_F"] * inputs["V_cb"] * inputs["f_Bc"]) ** 2 * m_bc * inputs["tau_Bc"] / (8.0 * jnp.pi)
    return unit * (1.0 - (m_l / m_bc) ** 2) ** 2 * jnp.sum(jnp.abs(amplitude) ** 2, axis=1)
