r"""Leptonic decays :math:`B_s\to\ell^+\ell^-`, :math:`\ell=e,\mu,\tau`: rate, lifetime asymmetry, effective lifetime.

Amplitudes P and S of 1204.1737 [DeBruyn:2012wk]_, here not divided by that of the Standard Model,

.. math::
   P = \frac{2m_\ell}{m_{B_s}}(C_{10}-C_{10}') + \frac{m_bm_{B_s}}{m_b+m_s}(C_P-C_P') ,\qquad
   S = \beta\,\frac{m_bm_{B_s}}{m_b+m_s}(C_S-C_S') ,

of CP-odd and CP-even lepton pairs. Branching fractions are averages over the two flavours, integrated over the decay
time. The mixing phase is the Standard Model's and cancels the phase of :math:`V_{tb}V_{ts}^*` in the amplitudes; new
phases in :math:`B_s` mixing are not included.

The exchange of a light mediator counts with :math:`C_{10}` at :math:`q^2=0`, as `theory.LightMediator` has it:
:math:`C_{10}(m_{B_s}^2)+\frac{m_{B_s}^2}{2m_\ell}C_P=C_{10}(0)`, see `effective_coefficients.Currents`.

One :math:`\alpha` as in all :math:`b\to s\ell\ell` amplitudes, `alpha_em_mb`, with the :math:`C_{10}` of the inputs.
The electroweak corrections of 1311.0903 [Bobeth:2013uxa]_ enter through that input only; photon exchange with the
spectator (0.5 % of the rate) is not included, nor are tensor operators, which have no matrix element, lepton-flavour
violating pairs, and :math:`B^0\to\ell^+\ell^-`, for which there are no coefficients. Energies in GeV.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import LEPTONS, SEMILEPTONIC
from bsfit.constants import GEV_PER_INVERSE_PS
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.standard_model.qcd import m_b_msbar, m_s_msbar
from bsfit.standard_model.running import MU_B
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory, moments_themselves

MOMENTS = tuple(f"{part} {amplitude} {lepton}" for lepton in LEPTONS for amplitude in "PS" for part in ("Re", "Im"))
"""What `moments` returns per row: amplitudes whose squares add up to the branching fraction at decay time zero."""

_C10, _CS, _CP = ([SEMILEPTONIC.index(name), SEMILEPTONIC.index(name + "p")] for name in ("C10", "CS", "CP"))


def amplitudes(theory: Theory, inputs: Inputs) -> Complex[Array, "3 2"]:
    """P and S for e, mu and tau, in units of the root of the branching fraction at decay time zero."""
    m_bs, masses = inputs["m_Bs"], inputs.array(tuple(f"m_{lepton}" for lepton in LEPTONS))
    coefficients = total(theory.wilson, inputs).flavour_diagonal
    axial, scalar, pseudoscalar = (coefficients[:, i] - coefficients[:, j] for i, j in (_C10, _CS, _CP))
    m_b, m_s = m_b_msbar(MU_B, inputs), m_s_msbar(MU_B, inputs)
    density = m_bs * m_b / (m_b + m_s)
    beta = jnp.sqrt(1.0 - (2.0 * masses / m_bs) ** 2)
    p = 2.0 * masses / m_bs * axial + density * pseudoscalar
    s = beta * density * scalar
    return (_unit(inputs) * jnp.sqrt(beta))[:, None] * jnp.stack([p, s], axis=1)


def _unit(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`[G_F^2\alpha^2|V_{tb}V_{ts}^*|^2f_{B_s}^2m_{B_s}^3\tau_{B_s}/64\pi^3]^{1/2}`."""
    strength = inputs["G_F"] * inputs["alpha_em_mb"] * jnp.abs(v_tb_v_ts(inputs)) * inputs["f_Bs"]
    return strength * jnp.sqrt(inputs["m_Bs"] ** 3 * inputs["tau_Bs"] / (64.0 * jnp.pi**3))


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 12"]:
    """Real and imaginary parts of the amplitudes, layout `MOMENTS`; linear in the coefficients. Rows are all alike."""
    found = amplitudes(theory, inputs)
    values = jnp.stack([found.real, found.imag], axis=-1).ravel()
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


class Rates(eqx.Module):
    r"""Branching fraction at decay time zero, the part that is odd under heavy and light, and :math:`y`, :math:`\tau`.

    `difference` over `rate` is :math:`A_{\Delta\Gamma}`; `y` is :math:`\Delta\Gamma_s/2\Gamma_s`; `lifetime` in GeV^-1.
    """

    rate: Float[Array, ""]
    difference: Float[Array, ""]
    y: Float[Array, ""]
    lifetime: Float[Array, ""]


def time_integrated(x: Rates) -> Float[Array, ""]:
    r""":math:`\mathrm{BR}_0\,(1+yA_{\Delta\Gamma})/(1-y^2)`."""
    return (x.rate + x.y * x.difference) / (1.0 - x.y**2)


def asymmetry(x: Rates) -> Float[Array, ""]:
    r""":math:`A_{\Delta\Gamma}={\rm Re}(P^2-S^2)/(|P|^2+|S|^2)`; 1 in the Standard Model."""
    return x.difference / x.rate


def effective_lifetime(x: Rates) -> Float[Array, ""]:
    r"""Mean decay time of an untagged sample, GeV^-1: the lifetime of the heavy state in the Standard Model."""
    weight = 1.0 + x.y**2 + 2.0 * x.y * asymmetry(x)
    return x.lifetime / (1.0 - x.y**2) * weight / (1.0 + x.y * asymmetry(x))


QUANTITIES: dict[str, tuple[str, Callable[[Rates], Float[Array, ""]]]] = {
    **{f"BR(Bs->{lepton}{lepton})": (lepton, time_integrated) for lepton in LEPTONS},
    "ADeltaGamma(Bs->mumu)": ("mu", asymmetry),
    "tau_mumu": ("mu", effective_lifetime),
    "tau_mumu_ps": ("mu", lambda x: GEV_PER_INVERSE_PS * effective_lifetime(x)),
}
"""What `assemble` knows: the lepton and the function of its rates."""


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 12"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """The quantity `key` of `QUANTITIES`; lifetimes in GeV^-1, or in ps where the name says so.

    Raises `KeyError` for an unknown key.
    """
    lepton, function = QUANTITIES[key]
    squares = moments[0].reshape(len(LEPTONS), 4)[LEPTONS.index(lepton)] ** 2
    y = 0.5 * inputs["DeltaGamma/Gamma_Bs"]
    return function(Rates(squares.sum(), np.array([1.0, -1.0, -1.0, 1.0]) @ squares, y, inputs["tau_Bs"]))
