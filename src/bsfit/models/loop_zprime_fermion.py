r"""Dark matter in b -> s mu mu of 1707.04573 [Baek:2017sew]_: gauged :math:`L_\mu-L_\tau`, a scalar quark and N.

:math:`L=\lambda_Q^i\bar NP_Lq_i\tilde q^\dagger` + h.c., a Dirac fermion N (1,1,0) of charge x under the gauge symmetry
and scalar quarks :math:`\tilde q` (3,2,1/6) of charge -x, both odd; S of charge 2x breaks the symmetry.

**Repaired.** With N unsplit, as the abstract has it, the loop vanishes by Ward's identity and :math:`C_9=0`
(`matching.loop_z_prime`). Here :math:`yS\,\overline{N^c}N` splits N into :math:`N_1` and the lighter :math:`N_2`, dark
matter:

.. math:: \Delta_L^{sb}=-\frac{gx\lambda_b\lambda_s^*}{32\pi^2}K(m_{\tilde q},m_1,m_2),\qquad
    C_9^\mu=-C_9^\tau=-\frac{2g\Delta_L^{sb}}{V_{tb}V_{ts}^*}\frac{\Lambda_v^2}{m_{Z'}^2},

K being `loops.z_prime_vertex_of_fermions`; negative for :math:`x{\rm Re}\,\lambda_b\lambda_s^*>0`. The abstract's -1
is reached with splittings of the size of the masses, :math:`y=|x|g(m_1-m_2)/m_{Z'}` (`y_S`) of 1 to 2. Mixing of mesons
has the box of a split fermion (`boxes.of_split_fermion`) and the Z'. Both chiralities of N have one Majorana mass.

Annihilation: `dark_sector.split_fermion_portal`; that into pairs of the Z' and of Higgs bosons, where they are open, is
most of it. `Gamma_h2_over_m` replaces the width of :math:`h_2`. No formula was compared with the text. `epsilon` is the
kinetic mixing at low energies, which loops of scalar quarks make infinite: a free parameter.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.constants import CHARGE_DOWN
from bsfit.dark_sector import z_prime_portal
from bsfit.dark_sector.majorana_higgs import HiggsBosons
from bsfit.dark_sector.split_fermion_portal import SplitFermionPortal, splitting_yukawa
from bsfit.loading.inputs import Inputs
from bsfit.matching import charges, loops
from bsfit.matching.boxes import Boson, Line
from bsfit.matching.loop_z_prime import LoopZPrime
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, norm_squared, numbers
from bsfit.theory import Params, Theory, Verdict


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, g, x, m_sq, light, heavy = numbers(params, "m_Zp", "g_X", "x", "m_sq", "m_N2", "m_N1")
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    line = Line(quarks, heavy, Boson(m_sq), split=light, charge=0.0, scalar_charge=CHARGE_DOWN, coloured="scalar")
    vertex = -g * x * loops.z_prime_vertex_of_fermions(m_sq, heavy, light) / (32 * jnp.pi**2)
    loop = LoopZPrime(m_zp, g, line, m_sq, vertex, params.get("epsilon", 0.0))
    z = loop.currents(inputs)
    coefficients, found = loop.coefficients(z, inputs)
    y, v_s = splitting_yukawa(g * x, m_zp, light, heavy), m_zp / (2 * jnp.abs(g * x))
    m_h2, theta, relative = *numbers(params, "m_h2", "theta"), jnp.asarray(params.get("Gamma_h2_over_m", jnp.inf))
    pairs = {"N1": (heavy, y), "N2": (light, -y)}
    higgs = HiggsBosons.of(m_h2, theta, v_s, m_zp, pairs, relative, inputs)
    portal = SplitFermionPortal(m_zp, light, heavy, m_sq, g * x, quarks, higgs, z)
    widths = z_prime_portal.widths(m_zp, portal.current(), z, inputs)
    width, trace = widths["Gamma_Zp"], g * x / 2
    quantities = {**found, "y_S": y, "Gamma_h2": higgs.widths[1], "loop_trace": trace}
    conditions = (*portal.verdicts(width, trace, inputs), *verdicts(params, y))
    dark = portal.dark_sector(width, inputs)
    return z_prime_portal.theory(m_zp, z, widths, dark, inputs, coefficients, quantities, conditions)


def leptons() -> list[charges.Weyl]:
    """Fermions of the Standard Model that are charged."""
    return [charges.Weyl(1, 2, -0.5, q) for q in (1, -1)] + [charges.right_handed(1, -1.0, q) for q in (1, -1)]


def verdicts(params: Params, y: Float[Array, ""]) -> tuple[Verdict, ...]:
    r"""Conditions beside those of dark matter; :math:`16\pi^2\,d\lambda_Q/d\ln\mu=\frac92\lambda_Q^3` [derived]."""
    g, x = numbers(params, "g_X", "x")
    quarks = coupling_vector(params, "lambda_Q", DOWN_QUARKS)
    fields = [*leptons(), *charges.vectorlike(1, 1, 0.0, x)]
    gauge = charges.landau_pole(g, charges.slope(fields, scalars=(*[x] * 6, 2 * x)))
    yukawa = 8 * jnp.pi**2 / jnp.maximum(4.5 * norm_squared(quarks), 1e-12)
    return (
        validity.perturbative_yukawas((*quarks, y + 0j)),
        validity.landau_pole(jnp.minimum(gauge, yukawa)),
    )
