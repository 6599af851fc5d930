r"""Radiative coupling of 1702.02699 [Ko:2017yrd]_: gauged :math:`L_\mu-L_\tau`, heavy quarks, a scalar in the loop.

:math:`L=\lambda_Q^i\bar Q'P_Lq_i\chi` + h.c., vector-like :math:`Q'` (3,2,1/6) of charge x and a singlet
:math:`\chi` of charge -x under the gauge symmetry, both odd; :math:`\chi=(R+iI)/\sqrt2`, R is dark matter. One
:math:`Q'` stands for several.

**Repaired.** As its authors define it, with :math:`\chi` unsplit, :math:`C_9=0`: the loop vanishes by Ward's identity
(`matching.loop_z_prime`). Here a scalar :math:`\varphi` of charge 2x breaks the symmetry,
:math:`m_{Z'}=2|x|gv_\varphi`, and :math:`\mu\varphi\chi\chi` splits :math:`m_I^2-m_R^2=2\sqrt2\mu v_\varphi`:

.. math:: \Delta_L^{sb}=\frac{gx\lambda_b\lambda_s^*}{64\pi^2}K(m_Q,m_R,m_I),\qquad
    C_9^\mu=-C_9^\tau=-\frac{2g\Delta_L^{sb}}{V_{tb}V_{ts}^*}\frac{\Lambda_v^2}{m_{Z'}^2},

K being `loops.z_prime_vertex`; negative for :math:`x{\rm Re}\,\lambda_b\lambda_s^*<0`. The abstract's shift of -1 takes
splittings of TeV, with which annihilation of R and I through the Z' is gone: :math:`\Omega h^2` then needs the Higgs
portal, top quarks or pairs of the Z'. The formula of the paper, as remembered, would not vanish without splitting; it
was not compared with the text. Mixing of mesons has :math:`J_2(Q',Q',R,I)` and the Z'.

:math:`\varphi` takes part in pairs of the Z' alone, for a finite `m_phi`; `dark_sector.split_scalar_portal` has what is
left out. `epsilon` is the kinetic mixing at low energies, which loops of :math:`Q'` make infinite: a free parameter.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.constants import CHARGE_DOWN
from bsfit.dark_sector import z_prime_portal
from bsfit.dark_sector.split_scalar_portal import SplitScalarPortal
from bsfit.loading.inputs import Inputs
from bsfit.matching import charges, loops
from bsfit.matching.boxes import Boson, Line
from bsfit.matching.loop_z_prime import LoopZPrime
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, norm_squared, numbers
from bsfit.theory import Params, Theory, Verdict


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, g, x, m_q, m_r, m_i = numbers(params, "m_Zp", "g_X", "x", "m_Q", "m_R", "m_I")
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    line = Line(quarks, m_q, Boson(m_r, m_i), charge=CHARGE_DOWN, scalar_charge=0.0, coloured="fermion")
    vertex = g * x * loops.z_prime_vertex(m_q, m_r, m_i) / (8 * jnp.pi) ** 2
    loop = LoopZPrime(m_zp, g, line, m_q, vertex, params.get("epsilon", 0.0))
    z = loop.currents(inputs)
    m_phi = params.get("m_phi", jnp.inf)
    coefficients, found = loop.coefficients(z, inputs)
    portal = SplitScalarPortal(m_zp, m_r, m_i, m_q, g * x, quarks, params.get("lambda_H", 0.0), z, m_phi)
    widths = z_prime_portal.widths(m_zp, portal.current(), z, inputs)
    width, trace = widths["Gamma_Zp"], -2 * g * x
    mu = jnp.abs((m_i**2 - m_r**2) * x) * g / (jnp.sqrt(2.0) * m_zp)
    quantities = {**found, "mu_chi": mu, "loop_trace": trace}
    conditions = (*portal.verdicts(width, trace, inputs), *verdicts(params, mu))
    dark = portal.dark_sector(width, inputs)
    return z_prime_portal.theory(m_zp, z, widths, dark, inputs, coefficients, quantities, conditions)


def fermions(x: Float[Array, ""] | float) -> list[charges.Weyl]:
    """All that is charged, for the running of the gauge coupling; anomalies cancel by generation."""
    leptons = [charges.Weyl(1, 2, -0.5, q) for q in (1, -1)] + [charges.right_handed(1, -1.0, q) for q in (1, -1)]
    return [*leptons, *charges.vectorlike(3, 2, 1 / 6, x)]


def verdicts(params: Params, mu: Float[Array, ""]) -> tuple[Verdict, ...]:
    r"""Conditions beside those of dark matter; :math:`16\pi^2\,d\lambda_Q/d\ln\mu=7\lambda_Q^3` [derived]."""
    g, x, m_i = numbers(params, "g_X", "x", "m_I")
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    gauge = charges.landau_pole(g, charges.slope(fermions(x), scalars=(x, 2 * x)))
    yukawa = 8 * jnp.pi**2 / jnp.maximum(7 * norm_squared(quarks), 1e-12)
    return (
        validity.perturbative_yukawas(quarks),
        validity.landau_pole(jnp.minimum(gauge, yukawa)),
        validity.perturbative_trilinear(mu / m_i),
    )
