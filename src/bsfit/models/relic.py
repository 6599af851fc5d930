r"""A relic of muon anomalies, 1507.06660 [Belanger:2015nma]_: a Z' that dark matter couples to muons by a loop.

:math:`U(1)_X` is broken by :math:`\phi` of charge 2, :math:`v_\phi=m_{Z'}/2g_X`; the scalar :math:`\chi` has charge -1.
A vector-like doublet of quarks Q of charge 2 mixes with the light ones as in the portal model,
:math:`\lambda_Q^i\bar Q_R\phi q_L^i`. A vector-like doublet of leptons L has :math:`y\bar L_R\chi l_L^2` and charge
:math:`q_L=-1`, or 1 with :math:`\chi^*`: it does not mix. :math:`\mu_\chi\phi\chi\chi` splits :math:`\chi` into R, dark
matter, and I: :math:`m_I^2-m_R^2=2\sqrt2\mu_\chi v_\phi` [derived].

* :math:`\Delta_L^{\mu\mu}=\Delta^{\nu_\mu\nu_\mu}=\frac{g_Xq_L|y|^2}{64\pi^2}K(M_L,m_R,m_I)` [derived,
  `loops.z_prime_vertex`], at zero momentum: none without splitting. :math:`C_9=-C_{10}` is negative for
  :math:`q_L{\rm Re}\,\lambda_b\lambda_s^*<0`; with :math:`B_s` mixing as measured -0.5 takes a Z' below 200 GeV.
* :math:`a_\mu=\frac{m_\mu^2|y|^2}{32\pi^2}[I_1(M_L,m_R)+I_1(M_L,m_I)]>0` [derived: the dipole of the loop model,
  half of it for each part]: complete, the Z' (`a_mu_Zp`) enters at a higher order and is not in it.
* RR goes into muons and their neutrinos through L, a d-wave but for their masses (`dark_sector.real_scalars`); II, RI,
  and RI through the Z' take part in freeze-out, conversions of R and I being fast. The vector current turns R into I:
  no elastic scattering at this order.

Field content as in the paper's abstract, charges from gauge invariance; no formula was compared with the text. Left
out: RR into pairs of Z' (verdict), L in freeze-out (verdict), the Higgs portal, loops of Q in dipoles, bremsstrahlung
in annihilation today. `epsilon` is the kinetic mixing at low energies, which shifts :math:`C_9` of all leptons;
`epsilon_loop` is what loops of Q and L make of none at the scale `Lambda`, and not in it: the sum of charges does not
vanish. A splitting of I far above :math:`v_\phi`, as in the benchmark, needs a large :math:`\mu_\chi` (verdict).
"""

from collections.abc import Mapping

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_portal
from bsfit.dark_sector.split_scalar import SplitScalar
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import charges, loops
from bsfit.matching.currents import from_muon_moment
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, couplings, mixing, numbers, to_up
from bsfit.matching.z_prime import (
    Currents,
    lepton_charges,
    loop_kinetic_mixing,
    loop_trace,
    mixed_leptons,
    mixed_quarks,
)
from bsfit.standard_model.ckm import ckm
from bsfit.theory import Params, Theory, Verdict


def theory(params: Params, inputs: Inputs) -> Theory:
    """The model at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    m_zp, m_r, m_i, m_l, g, y = numbers(params, "m_Zp", "m_R", "m_I", "M_L", "g_X", "y")
    z = currents(params, inputs)
    m_q = z.down.heavy[0].mass
    top = TopLoop.of_doublet(m_q, z.up.left(2, 2).real / (2 * g))
    dark = SplitScalar(m_zp, m_r, m_i, m_l, g, y, z, top)
    widths = z_prime_portal.widths(m_zp, dark.current(), z, inputs)
    a_mu = (inputs["m_mu"] * y) ** 2 / (32 * jnp.pi**2) * (loops.dipole(m_l, m_r) + loops.dipole(m_l, m_i))
    quantities = {
        "a_mu_chi": a_mu,
        "epsilon_loop": loop_kinetic_mixing(params["Lambda"], z, inputs),
        "mu_chi": jnp.abs(m_i**2 - m_r**2) * g / (jnp.sqrt(2.0) * m_zp),
        "M_Q": m_q,
        "v_phi": m_zp / (2 * g),
    }
    sector = dark.dark_sector(widths["Gamma_Zp"], inputs)
    conditions = (*dark.verdicts(), *verdicts(params, z, {**quantities, **widths}, inputs))
    moment = from_muon_moment(a_mu, inputs)
    return z_prime_portal.theory(m_zp, z, widths, sector, inputs, moment, quantities, conditions)


def currents(params: Params, inputs: Inputs) -> Currents:
    """Couplings of the Z' to all fermions; that of muons and their neutrinos is the loop."""
    m_zp, g, y, q_l = numbers(params, "m_Zp", "g_X", "y", "q_L")
    quarks, scale = couplings(params, "lambda_Q", DOWN_QUARKS), m_zp / (2 * jnp.sqrt(2.0) * g)
    down, up = (mixing(params["m_Q"], each, 2 * g, scale) for each in (quarks, to_up(quarks, ckm(inputs))))
    vertex = loops.z_prime_vertex(params["M_L"], params["m_R"], params["m_I"])
    muon = g * q_l * (y / (8 * jnp.pi)) ** 2 * vertex
    leptons = mixed_leptons(mixing(params["M_L"], {}, g * q_l)) + lepton_charges((0.0, muon, 0.0), (0.0, 0.0, 0.0))
    return (mixed_quarks(down, up) + leptons).with_kinetic_mixing(params.get("epsilon", 0.0))


def fermions(q_l: Float[Array, ""] | float) -> list[charges.Weyl]:
    """All that is charged, for the running of the gauge coupling."""
    return [*charges.vectorlike(3, 2, 1 / 6, 2.0), *charges.vectorlike(1, 2, -0.5, q_l)]


def verdicts(params: Params, z: Currents, quantities: Mapping[str, Array], inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Conditions beside those of dark matter; y runs as in the loop model, :math:`16\pi^2\,dy/d\ln\mu=3y^3`."""
    m_zp, m_i, m_l, g, y, q_l = numbers(params, "m_Zp", "m_I", "M_L", "g_X", "y", "q_L")
    gauge = charges.landau_pole(g, charges.slope(fermions(q_l), scalars=(2.0, 1.0)))
    light = jnp.stack([(f.left(0, 0) + f.right(0, 0)).real for f in (z.up, z.down)])
    return (
        validity.perturbative_yukawas((*coupling_vector(params, "lambda_Q", DOWN_QUARKS), y + 0j)),
        validity.below("perturbative_gauge", "2 g_X, against sqrt(4 pi)", 2 * g, validity.SQRT_4PI),
        validity.landau_pole(jnp.minimum(gauge, charges.landau_pole(y, 3.0))),
        validity.perturbative_trilinear(quantities["mu_chi"] / m_i),
        validity.not_above("charge_of_L", "distance of |q_L| from 1, the charge that gauge invariance wants of L",
                           jnp.abs(jnp.abs(q_l) - 1), 1e-12),
        validity.below("narrow_Zp", "width over mass of the Z', against 0.3", quantities["Gamma_Zp"] / m_zp, 0.3),
        validity.local_operators(jnp.stack([m_zp, m_l, quantities["M_Q"]]), inputs["m_b"]),
        validity.loop_trace(loop_trace(z)),
        validity.light_quarks(light),
        *validity.kinetic_mixing(z.epsilon, m_zp, inputs["m_Z"]),
    )  # fmt: skip
