r"""Total Wilson coefficients of b -> s, and those of b -> d ll: Standard Model plus new physics.

Conventions of `theory.WilsonCoefficients`; coefficients at 4.8 GeV. The Standard-Model values are inputs (`C9_SM` ...),
quoted at a top mass `m_t_SM` and a coupling `alpha_s_SM`; their dependence on both is a power law. For :math:`C_{10}`
the powers are those of 1311.0903 [Bobeth:2013uxa]_ (square root of its branching ratio); for :math:`C_9, C_7, C_8` they
are the logarithmic derivatives of the closed formulas (next-to-leading order for :math:`C_9`, leading order for
:math:`C_7, C_8`) of hep-ph/9512380 [Buchalla:1995vs]_, which a test evaluates. :math:`C_1 ... C_6` are kept fixed.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import DIPOLES, LEPTON_PAIRS, LEPTONIC_BD, SAME_FLAVOUR, SEMILEPTONIC
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.qcd import m_b_msbar, m_s_msbar
from bsfit.standard_model.running import MU_B
from bsfit.theory import INDEX, WilsonCoefficients

C7_FROM_FOUR_QUARK = np.array([0, 0, -1 / 3, -4 / 9, -20 / 3, -80 / 9])
C8_FROM_FOUR_QUARK = np.array([0, 0, 1, -1 / 6, 20, -10 / 3])
"""C7eff = C7 + y.C, C8eff = C8 + z.C, with C = C1 ... C6 of hep-ph/9612313 [Chetyrkin:1996vx]_."""

# (power of m_t, power of alpha_s(m_Z)) of the Standard-Model coefficients, see the module's docstring.
POWERS = {"C7": (0.268, 0.537), "C8": (0.181, 0.441), "C9": (0.343, -0.155), "C10": (1.53, -0.09)}

_SEMILEPTONIC = np.array([[INDEX[f"{op}_bs{pair}"] for op in SEMILEPTONIC] for pair in LEPTON_PAIRS])
_DIPOLE = np.array([INDEX[name] for name in DIPOLES])
_LEPTONIC_BD = np.array([[INDEX[f"{op}_bd{pair}"] for op in LEPTONIC_BD] for pair in SAME_FLAVOUR])

_DIAGONAL = np.array([LEPTON_PAIRS.index(pair) for pair in SAME_FLAVOUR])


class Total(eqx.Module):
    """Standard Model plus new physics at 4.8 GeV.

    `semileptonic` [9, 8]: rows in the order of `catalogue.LEPTON_PAIRS`, columns of `catalogue.SEMILEPTONIC` (CS, CP in
    GeV^-1); `dipole` [4]: C7eff, C7', C8eff, C8'; `four_quark` [6]: C1 ... C6 in the basis of hep-ph/9612313.
    """

    semileptonic: Complex[Array, "9 8"]
    dipole: Complex[Array, " 4"]
    four_quark: Complex[Array, " 6"]

    @property
    def flavour_diagonal(self) -> Complex[Array, "3 8"]:
        """Rows of `semileptonic` for ee, mumu and tautau."""
        return self.semileptonic[_DIAGONAL]


def _scaling(name: str, inputs: Inputs) -> Float[Array, ""]:
    """Dependence of a Standard-Model coefficient on the top mass and the strong coupling, 1 at the quoted values."""
    top, strong = POWERS[name]
    return (inputs["m_t_pole"] / inputs["m_t_SM"]) ** top * (inputs["alpha_s_mZ"] / inputs["alpha_s_SM"]) ** strong


def standard_model(inputs: Inputs) -> Total:
    r"""Standard-Model coefficients at 4.8 GeV, the same for e, mu and tau; no lepton-flavour violation.

    :math:`C_{7,8}' = (m_s/m_b)\,C_{7,8}` with the coefficients that are not effective.
    """
    four_quark = inputs.array(("C1_SM", "C2_SM", "C3_SM", "C4_SM", "C5_SM", "C6_SM"))
    c7eff, c8eff, c9, c10 = (inputs[f"{name}_SM"] * _scaling(name, inputs) for name in ("C7", "C8", "C9", "C10"))
    flip = m_s_msbar(MU_B, inputs) / m_b_msbar(MU_B, inputs)
    c7p = flip * (c7eff - C7_FROM_FOUR_QUARK @ four_quark)
    c8p = flip * (c8eff - C8_FROM_FOUR_QUARK @ four_quark)
    semileptonic = jnp.zeros((len(LEPTON_PAIRS), len(SEMILEPTONIC)), dtype=complex)
    semileptonic = semileptonic.at[_DIAGONAL, 0].set(c9).at[_DIAGONAL, 1].set(c10)
    return Total(semileptonic, jnp.array([c7eff, c7p, c8eff, c8p], dtype=complex), four_quark.astype(complex))


def total(wc: WilsonCoefficients, inputs: Inputs) -> Total:
    """Standard Model plus new physics: the only place that adds the two. A shift of C7 shifts C7eff one to one."""
    sm = standard_model(inputs)
    return Total(sm.semileptonic + wc.values[_SEMILEPTONIC], sm.dipole + wc.values[_DIPOLE], sm.four_quark)


def leptonic_bd(wc: WilsonCoefficients, inputs: Inputs) -> Complex[Array, "3 6"]:
    """The same of b -> d: rows ee, mumu and tautau, columns of `catalogue.LEPTONIC_BD`; C10 is that of b -> s."""
    c10 = inputs["C10_SM"] * _scaling("C10", inputs)
    return wc.values[_LEPTONIC_BD].at[:, LEPTONIC_BD.index("C10")].add(c10)


_EXCHANGED = np.array([name in ("C9", "C10", "C9p", "C10p") for name in SEMILEPTONIC])


def exchanged(wc: WilsonCoefficients) -> Total:
    """The part of the new physics that is the exchange of a `theory.LightMediator`, where there is one."""
    semileptonic = jnp.where(_EXCHANGED, wc.values[_SEMILEPTONIC], 0.0)
    return Total(semileptonic, jnp.zeros(len(DIPOLES), dtype=complex), jnp.zeros(6, dtype=complex))


def conjugate(c: Total) -> Total:
    """Coefficients of the CP-conjugate process; the CKM factors of the amplitude are conjugated by the caller."""
    return jax.tree.map(jnp.conj, c)
