r"""Light Z' of 1704.06188 [Sala:2017ihs]_: couplings to b and s and to muons, and decays into dark matter.

:math:`L=Z'_\mu[g_{sb}\bar s\gamma^\mu P_Lb+{\rm h.c.}+\bar\mu\gamma^\mu(g_V+g_A\gamma_5)\mu+J^\mu]` with couplings
below the weak scale: nothing is said of neutrinos and up quarks. Its exchange is no local operator:
:math:`C_9(q^2)=-\frac{2g_{sb}g_V}{V_{tb}V_{ts}^*}\frac{\Lambda_v^2}{m^2-q^2-im\Gamma}`, :math:`C_{10}` with
:math:`g_A`, change sign above m_Zp; ``C9_bsmumu`` and ``C10_bsmumu`` are the values at :math:`q^2=0` without width, the
rest is in `theory.LightMediator`. Decays into dark matter count in B -> K(*) nu nu. There are two kinds of it:

* Majorana (`light`), :math:`J^\mu=\frac{g_\chi}2\bar\chi\gamma^\mu\gamma_5\chi`: annihilates in p-waves and, with
  :math:`g_A`, in s-waves of the muon mass, which Planck leaves where it is little; scatters off nothing.
* a complex scalar (`light-scalar`), :math:`J^\mu=g_\chi\chi^*i\overleftrightarrow{\partial^\mu}\chi`, a conserved
  current: p-waves alone, without any time-like part. A loop of muons turns the Z' into a photon, by which it scatters
  off protons, :math:`b_p=\frac{e^2g_\chi g_V}{12\pi^2m^2}\ln\frac{\Lambda^2}{m_\mu^2}`. The charges do not add up to
  zero (verdict `loop_trace`): `Lambda` is where the kinetic mixing vanishes, and stands for a free parameter. No limit
  among the data reaches below 9 GeV.

Both annihilate into pairs of the Z' in s-waves where these are open.

Field content as in the abstract; the formulas are derived here or standard with their source, none was compared with
the text. The width is constant. Dark matter freezes out near the QCD transition, where the plasma is known to 5 %. Left
out: :math:`B_s` mixing, 1e-7 of the Standard Model's at the benchmark (`C_bs_LL` is that of a heavy Z'), and kinetic
mixing but in scattering: at momenta of m_Zp its part from muons, with `Lambda` a TeV, is 1 % of :math:`g_V` for
electrons. Masses below 4 GeV were found to be excluded later, 2202.12305 [Crivellin:2022obd]_: verdict `light_mass`.
"""

from dataclasses import replace

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit import validity
from bsfit.dark_sector import z_prime_decays, z_prime_scattering
from bsfit.dark_sector.annihilation import VectorExchange, VectorPair
from bsfit.dark_sector.dark_currents import DarkCurrent
from bsfit.dark_sector.fermion_vectors import FermionVectorPair
from bsfit.dark_sector.z_prime_scattering import TopLoop
from bsfit.loading.inputs import Inputs
from bsfit.matching import muon_moment, z_prime_exchange
from bsfit.matching.currents import from_charged_leptons, from_muon_moment
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.vectorlike import complex_parameter, numbers
from bsfit.matching.z_prime import Currents, Fermions, loop_trace
from bsfit.theory import NARROWEST, DarkSector, LightMediator, Params, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]
Scattering = dict[str, Float[Array, " 2"]]

STATES = 2.0
"""Degrees of freedom of a Majorana fermion, and of a complex scalar."""

LEAST_WIDTH = 1e-10
"""Width over mass that the Z' has at least in annihilation, where all that is counted is closed."""

MIXING = 5e-13
"""GeV^-2: 1 % of the coefficient of the Standard Model in Bs mixing."""


def theory(params: Params, inputs: Inputs) -> Theory:
    """With Majorana dark matter, at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    return _theory(params, DarkCurrent.majorana(*numbers(params, "m_chi", "g_chi")), {}, inputs)


class ComplexScalar:
    """With a complex scalar as dark matter."""

    @staticmethod
    def theory(params: Params, inputs: Inputs) -> Theory:
        """The model at one point."""
        m_zp, m_chi, g_chi = numbers(params, "m_Zp", "m_chi", "g_chi")
        cutoff = params["Lambda"]
        vector = z_prime_scattering.nucleon_couplings(g_chi, m_zp, currents(params), TopLoop(cutoff), inputs, cutoff)
        return _theory(params, DarkCurrent.complex_scalar(m_chi, g_chi), vector, inputs)


def _theory(params: Params, current: DarkCurrent, vector: Scattering, inputs: Inputs) -> Theory:
    (m_zp,), z = numbers(params, "m_Zp"), currents(params)
    partial = z_prime_decays.widths(m_zp, z, inputs)
    widths = z_prime_decays.outputs({**partial, "chi": current.width(m_zp)})
    width, moment = widths["Gamma_Zp"], muon_moment.muon_loop(m_zp, z, inputs)
    beside = {"a_mu_Zp": moment, "loop_trace": loop_trace(z), **z_prime_scattering.outputs(vector)}
    wilson = {**_exchange(m_zp, z, inputs), **from_muon_moment(moment, inputs)}
    quarks = jnp.stack([z.down.left(1, 2), z.down.right(1, 2)])
    return Theory(
        WilsonCoefficients.of(wilson),
        {**z_prime_exchange.outputs(m_zp, z), **widths, **beside},
        verdicts(params, width, z, current, inputs),
        dark_sector(m_zp, width, z, current, vector, inputs),
        LightMediator(m_zp, width, quarks, current),
    )


def currents(params: Params) -> Currents:
    """Couplings of the Z' to known fermions."""
    vector, axial = numbers(params, "g_V", "g_A")
    left, right = (Hermitian({(1, 1): vector + sign * axial + 0j}) for sign in (-1, 1))
    quarks = Hermitian({(1, 2): complex_parameter(params, "g_sb")})
    return Currents(down=Fermions(quarks), electron=Fermions(left, right))


def _exchange(m_zp: Scalar, z: Currents, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    """Coefficients at q2 = 0, without the width."""
    unit = -z.down.left(1, 2) / m_zp**2
    left, right = (
        lambda i, j, side=side: unit * side(i, j) if (i, j) in side else None
        for side in (z.electron.left, z.electron.right)
    )
    return from_charged_leptons(left, right, inputs)


def dark_sector(
    m_zp: Scalar, width: Scalar, z: Currents, current: DarkCurrent, vector: Scattering, inputs: Inputs
) -> DarkSector:
    """Annihilation through the Z' of this width in GeV and into pairs of it; scattering as given."""
    groups, final = z_prime_decays.fermion_pairs(z, inputs)
    final = replace(final, kinds=z_prime_decays.final_states(groups))
    width, mass = width + LEAST_WIDTH * m_zp, current.m1[None]
    edges = jnp.stack([2 * inputs["m_mu"], inputs["m_b"] + inputs["m_s"]])
    fermion = current.fermions
    pairs = (
        FermionVectorPair(current, m_zp) if fermion else VectorPair(current.scalar, mass, m_zp, current.multiplicity)
    )
    return DarkSector(
        masses=mass,
        dof=jnp.full(1, STATES),
        channels=(VectorExchange(current, m_zp, width, final, edges), pairs),
        pole_masses=m_zp[None],
        pole_widths=width[None],
        kind="Majorana" if fermion else "complex scalar",
        vector=vector,
    )


def verdicts(params: Params, width: Scalar, z: Currents, current: DarkCurrent, inputs: Inputs) -> tuple[Verdict, ...]:
    """Conditions on a point."""
    m_zp, m_chi, g_chi = numbers(params, "m_Zp", "m_chi", "g_chi")
    couplings = jnp.abs(jnp.stack(numbers(params, "g_V", "g_A", "g_chi")))
    mixing = jnp.abs(z.down.left(1, 2)) ** 2 / (2 * jnp.abs(inputs["m_Bs"] ** 2 - m_zp**2 + 1j * m_zp * width))
    return (
        validity.below("perturbative_gauge", "largest coupling of the Z', against sqrt(4 pi)", jnp.max(couplings),
                       validity.SQRT_4PI),
        validity.below("narrow_Zp", "width over mass of the Z', against 0.3", width / m_zp, 0.3),
        validity.above("narrow_resonance", "width over mass of the Z', against 1e-5: below, integrals over q2 with it "
                       "inside are wrong", width / m_zp, NARROWEST),
        validity.above("light_mass", "mass of the Z' in GeV, against 4: lighter ones are excluded by B -> K(*) and "
                       "e+ e- -> mu mu with missing energy (2202.12305), not computed in full", m_zp, 4.0),
        validity.below("bs_mixing", "coefficient of Bs mixing in GeV^-2, which is not counted, against 1 % of the "
                       "Standard Model's", mixing, MIXING),
        *_of_the_kind(m_zp, m_chi, g_chi, z, current.fermions),
        validity.kinetic_equilibrium(m_chi, m_zp, width),
    )  # fmt: skip


def _of_the_kind(m_zp: Scalar, m_chi: Scalar, g_chi: Scalar, z: Currents, fermion: bool) -> tuple[Verdict, ...]:
    """Those of a fermion with an axial coupling, or of a scalar."""
    if fermion:
        message = (
            "g_chi m_chi/m_Zp of dark matter, against sqrt(pi/2): above, annihilation violates unitarity without a "
            "dark Higgs boson"
        )
        size = jnp.abs(g_chi) * m_chi / m_zp
        return (validity.below("axial_unitarity", message, size, jnp.sqrt(jnp.pi / 2)),)
    return validity.sommerfeld(g_chi, m_chi, m_zp), validity.loop_trace(loop_trace(z))
