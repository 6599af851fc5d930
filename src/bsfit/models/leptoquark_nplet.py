r"""Leptoquark and n-plet of 1512.06828 [Bauer:2015boy]_: :math:`S_1` for flavour, an SU(2) multiplet as dark matter.

Flavour is that of 1511.01900 [Bauer:2015knc]_, `matching.scalar_leptoquark`: :math:`C_9=-C_{10}` by two boxes of
opposite sign, and :math:`b\to s\nu\nu` at tree level. Where that is below 4.3 times the Standard Model's, by one
flavour of neutrinos, :math:`-1.2<{\rm Re}\frac{(\lambda\lambda^\dagger)_{bs}}{V_{tb}V_{ts}^*}(\frac{\rm TeV}M)^2<2.3`:
:math:`C_9=-0.5` then takes :math:`\sum|\lambda^u_{k\mu}|^2` of 6 or more.
:math:`(g-2)_\mu>0` takes :math:`{\rm Re}\,\lambda^R_{t\mu}\lambda^{u*}_{t\mu}>0`.

Dark matter is the neutral component of a Majorana n-plet of SU(2) without hypercharge, `dark_sector.n_plet`, which the
leptoquark does not couple to: n = 3 (`leptoquark_nplet`) and 5 (`leptoquark_nplet-5`), at 2.4 and 4.4 TeV where nothing
but tree-level annihilation counts. At the electroweak scale, where the abstract has it, it is a few per cent of all
dark matter.

Field content as in the abstract, which leaves n open; no formula was compared with the text. Left out: the scalar s of
750 GeV (data of 2016 do not have it) and its mixing with the Higgs boson, which would scatter and annihilate dark
matter; :math:`b\to c\tau\nu`, for which such models are made, and what else `matching.scalar_leptoquark` names;
couplings to two quarks, by which protons decay.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from bsfit import validity
from bsfit.catalogue import LEPTONS
from bsfit.dark_sector import n_plet
from bsfit.loading.inputs import Inputs
from bsfit.matching.scalar_leptoquark import ByLepton, Leptoquark, coefficients
from bsfit.matching.vectorlike import DOWN_QUARKS, coupling_vector, norm_squared, numbers, yukawa_pole
from bsfit.standard_model.charged_current import bc_to_lnu
from bsfit.theory import Params, Theory, Verdict, WilsonCoefficients

Scalar = Float[Array, ""]

UP_QUARKS = ("u", "c", "t")


def theory(params: Params, inputs: Inputs) -> Theory:
    """With a triplet, at one point; parameters as in `catalogue.MODELS`, those not given are zero."""
    return _theory(params, inputs, 3)


class Quintuplet:
    """With a quintuplet."""

    @staticmethod
    def theory(params: Params, inputs: Inputs) -> Theory:
        """The model at one point."""
        return _theory(params, inputs, 5)


def _theory(params: Params, inputs: Inputs, n: int) -> Theory:
    m_s1, m_dm = numbers(params, "m_S1", "m_DM")
    s1 = Leptoquark(_couplings(params, "lambda_L", DOWN_QUARKS), _couplings(params, "lambda_R", UP_QUARKS), m_s1)
    found, quantities = coefficients(s1, inputs)
    wilson = WilsonCoefficients.of(found)
    conditions = (*verdicts(s1, inputs), bc_lifetime(wilson, inputs), *n_plet.verdicts(m_dm, inputs))
    return Theory(wilson, quantities, conditions, n_plet.majorana(n, m_dm, inputs))


def _couplings(params: Params, name: str, quarks: tuple[str, ...]) -> ByLepton:
    """``<name>_<quark><lepton>`` by lepton."""
    e, mu, tau = (coupling_vector(params, name, tuple(f"{quark}{lepton}" for quark in quarks)) for lepton in LEPTONS)
    return e, mu, tau


def verdicts(s1: Leptoquark, inputs: Inputs) -> tuple[Verdict, ...]:
    r"""Of the leptoquark.

    Landau poles of one coupling, :math:`16\pi^2\,d\lambda/d\ln\mu=4\lambda^3+|\lambda^R|^2\lambda` and
    :math:`3\lambda_R^3+2|\lambda|^2\lambda_R` of wave functions (derived here), for the norms of all.
    """
    left, right = ([x for lepton in side for x in lepton] for side in (s1.left, s1.right))
    norms = [sum((norm_squared(lepton) for lepton in side), jnp.zeros(())) for side in (s1.left, s1.right)]
    poles = yukawa_pole(4 * norms[0], norms[1]), yukawa_pole(3 * norms[1], 2 * norms[0])
    largest = jnp.max(jnp.abs(jnp.stack(right)))
    by_lepton = [jnp.max(jnp.abs(jnp.stack([*a, *b]))) for a, b in zip(s1.left, s1.right, strict=True)]
    return (
        validity.perturbative_yukawas((*left, *right)),
        validity.landau_pole(jnp.minimum(*poles)),
        validity.local_operators(s1.mass[None], inputs["m_b"]),
        validity.above("lhc_not_tested_m_S1", LHC, s1.mass, 1500.0),
        validity.not_above("right_handed_leptons", RIGHT_HANDED, largest, 0.0),
        validity.lepton_flavour(by_lepton),
    )


def bc_lifetime(wilson: WilsonCoefficients, inputs: Inputs) -> Verdict:
    """On the decay of B_c into a tau and a neutrino."""
    return validity.not_above("bc_to_taunu", BC_TO_TAUNU, bc_to_lnu(wilson, inputs)[2], 0.3)


BC_TO_TAUNU = "BR(Bc -> tau nu), against 0.3, about what the lifetime of B_c leaves for it (1611.06676)"
LHC = "m_S1 in GeV, against 1500, about what searches at the LHC for pairs of leptoquarks reach: they are not computed"
RIGHT_HANDED = (
    "largest |lambda_R|, against 0: above, boxes with top quarks add a logarithm to C9 + C10 that is not computed, so "
    "that C9 and C10 are incomplete"
)
