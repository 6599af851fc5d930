r"""Total Wilson coefficients of b -> s: Standard Model plus new physics; the CKM matrix; running of new physics.

Conventions of `theory.WilsonCoefficients`; coefficients at 4.8 GeV. The Standard-Model values are inputs (`C9_SM` ...),
quoted at a top mass `m_t_SM` and a coupling `alpha_s_SM`; their dependence on both is a power law. For :math:`C_{10}`
the powers are those of 1311.0903 [Bobeth:2013uxa]_ (square root of its branching ratio); for :math:`C_9, C_7, C_8` they
are the logarithmic derivatives of the closed formulas (next-to-leading order for :math:`C_9`, leading order for
:math:`C_7, C_8`) of hep-ph/9512380 [Buchalla:1995vs]_, which a test evaluates. :math:`C_1 ... C_6` are kept fixed.

New physics runs at leading order in QCD with two-loop :math:`\alpha_s`, six flavours above :math:`m_t(m_t)` and five
below. Electroweak running and the mixing of four-fermion operators into each other are left out; :math:`C_9` and
:math:`C_{10}` do not run in QCD.
"""

from collections.abc import Callable, Mapping

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Inexact

from bsfit.catalogue import DIPOLES, LEPTON_PAIRS, LEPTONS, NEUTRINO_PAIRS, SEMILEPTONIC
from bsfit.inputs import Inputs
from bsfit.qcd import alpha_s_around_top, m_b_msbar, m_s_msbar
from bsfit.theory import INDEX, WilsonCoefficients

FloatArray = Float[ArrayLike, ""]

MU_B = 4.8
"""Scale in GeV at which a model hands over its coefficients."""

C7_FROM_FOUR_QUARK = np.array([0, 0, -1 / 3, -4 / 9, -20 / 3, -80 / 9])
C8_FROM_FOUR_QUARK = np.array([0, 0, 1, -1 / 6, 20, -10 / 3])
"""C7eff = C7 + y.C, C8eff = C8 + z.C, with C = C1 ... C6 of hep-ph/9612313 [Chetyrkin:1996vx]_."""

# (power of m_t, power of alpha_s(m_Z)) of the Standard-Model coefficients, see the module's docstring.
POWERS = {"C7": (0.268, 0.537), "C8": (0.181, 0.441), "C9": (0.343, -0.155), "C10": (1.53, -0.09)}

_SEMILEPTONIC = np.array([[INDEX[f"{op}_bs{pair}"] for op in SEMILEPTONIC] for pair in LEPTON_PAIRS])
_DIPOLE = np.array([INDEX[name] for name in DIPOLES])
_FIELD_ORDER = {a + b: (LEPTONS.index(b), LEPTONS.index(a)) for a in LEPTONS for b in LEPTONS}
_NEUTRINO_ORDER = {f"nu{a}nu{b}": (LEPTONS.index(b), LEPTONS.index(a)) for a in LEPTONS for b in LEPTONS}
r"""Positions (i, j) of the fields :math:`\bar l_i\ldots l_j` of a pair: ``bsmue`` has :math:`\bar e\ldots\mu`."""

Current = Callable[[int, int], Complex[Array, ""]]
"""Coefficient of a current of the leptons i and j, a function so that only what is read is computed."""

_DIAGONAL = np.array([LEPTON_PAIRS.index(lepton + lepton) for lepton in LEPTONS])


def ckm(inputs: Inputs) -> Complex[Array, "3 3"]:
    r"""CKM matrix, rows u, c, t and columns d, s, b, exact in the standard phase convention.

    From the tree-level inputs :math:`V_{us} = s_{12}c_{13}`, :math:`|V_{ub}| = s_{13}`, :math:`V_{cb} = s_{23}c_{13}`
    and :math:`\gamma = \arg(-V_{ud}V_{ub}^*/V_{cd}V_{cb}^*)`, from which the phase :math:`\delta` follows exactly:
    :math:`\sin(\delta-\gamma) = \sin\gamma\, c_{12}s_{23}s_{13}/(s_{12}c_{23})`.
    """
    v_us, v_ub, v_cb, gamma = (inputs[name] for name in ("V_us", "V_ub", "V_cb", "gamma"))
    s13, c13 = v_ub, jnp.sqrt(1 - v_ub**2)
    s12, s23 = v_us / c13, v_cb / c13
    c12, c23 = jnp.sqrt(1 - s12**2), jnp.sqrt(1 - s23**2)
    phase = jnp.exp(1j * (gamma + jnp.arcsin(jnp.sin(gamma) * c12 * s23 * s13 / (s12 * c23))))
    return jnp.array(
        [
            [c12 * c13, s12 * c13, s13 / phase],
            [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13],
            [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13],
        ]
    )


def v_tb_v_ts(inputs: Inputs) -> Complex[Array, ""]:
    r""":math:`V_{tb}V_{ts}^*`; its real part is negative."""
    v = ckm(inputs)
    return v[2, 2] * jnp.conj(v[2, 1])


def lambda_v(inputs: Inputs) -> Float[Array, ""]:
    r""":math:`\Lambda_v = \sqrt{\pi/(\sqrt2 G_F\alpha)}` in GeV. Eq. (19) of 1803.04703 [Vicente:2018frk]_.

    The :math:`\alpha` is the one of the amplitudes, `alpha_em_mb`: then it cancels from every new-physics amplitude.
    The review's 4.94 TeV belongs to 1/127.951, which the input sets ``seed`` and ``reference`` use in both places.
    """
    return jnp.sqrt(jnp.pi / (jnp.sqrt(2.0) * inputs["G_F"] * inputs["alpha_em_mb"]))


class Total(eqx.Module):
    """Standard Model plus new physics at 4.8 GeV.

    `semileptonic` [9, 8]: rows in the order of `catalogue.LEPTON_PAIRS`, columns of `catalogue.SEMILEPTONIC` (CS, CP in
    GeV^-1); `dipole` [4]: C7eff, C7', C8eff, C8'; `four_quark` [6]: C1 ... C6 in the basis of hep-ph/9612313.
    """

    semileptonic: Complex[Array, "9 8"]
    dipole: Complex[Array, " 4"]
    four_quark: Complex[Array, " 6"]


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


def conjugate(c: Total) -> Total:
    """Coefficients of the CP-conjugate process; the CKM factors of the amplitude are conjugated by the caller."""
    return jax.tree.map(jnp.conj, c)


# ------------------------------------------------------------------------------- new physics from four-fermion terms


def from_charged_leptons(left: Current, right: Current, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r""":math:`C_9, C_{10}` of all lepton pairs from a current-current interaction.

    :math:`L=(\bar s\gamma P_Lb)\sum_{ij}\bar l_i\gamma(K^L_{ij}P_L+K^R_{ij}P_R)l_j`, K in GeV^-2. A left-handed current
    gives :math:`C_9=-C_{10}=K\Lambda_v^2/V_{tb}V_{ts}^*`.
    """
    unit = lambda_v(inputs) ** 2 / v_tb_v_ts(inputs)
    result = {}
    for pair, (i, j) in _FIELD_ORDER.items():
        result[f"C9_bs{pair}"] = (right(i, j) + left(i, j)) * unit
        result[f"C10_bs{pair}"] = (right(i, j) - left(i, j)) * unit
    return result


def from_neutrinos(left: Current, inputs: Inputs) -> dict[str, Complex[Array, ""]]:
    r""":math:`C_L` of all neutrino pairs from :math:`L=\sum K_{ij}(\bar s\gamma P_Lb)(\bar\nu_i\gamma P_L\nu_j)`."""
    unit = lambda_v(inputs) ** 2 / v_tb_v_ts(inputs)
    return {f"CL_bs{pair}": left(*_NEUTRINO_ORDER[pair]) * unit for pair in NEUTRINO_PAIRS}


def from_muon_neutrinos(
    left: Inexact[ArrayLike, ""], right: Inexact[ArrayLike, ""], inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Tridents from :math:`L=(\bar\nu_\mu\gamma P_L\nu_\mu)\,\bar\mu\gamma(K^LP_L+K^RP_R)\mu`, K in GeV^-2."""
    unit = jnp.sqrt(2.0) / (4 * inputs["G_F"])
    left, right = (jnp.asarray(k, dtype=complex) * unit for k in (left, right))
    return {"CVLL_numunumumumu": left, "CVLR_numunumumumu": right}


def from_delta_f2(
    h: Mapping[str, Complex[ArrayLike, ""]], mu: FloatArray, inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""VLL coefficients at 4.8 GeV from :math:`H = C(\bar q_2\gamma P_Lq_1)^2` at the scale mu.

    `h` maps the quark pairs ``bs``, ``bd``, ``sd``, ``uc`` (:math:`q_1q_2`) to C in GeV^-2. Note the sign: the
    coefficients of `theory.WilsonCoefficients` are those of -H.
    """
    running = run_delta_f2(mu, MU_B, inputs)
    return {f"CVLL_{pair}{pair}": -running * coefficient for pair, coefficient in h.items()}


# ------------------------------------------------------------------------------------------ running of new physics


def _two_steps(mu_high: FloatArray, mu_low: FloatArray, inputs: Inputs) -> tuple[Float[Array, ""], Float[Array, ""]]:
    r""":math:`\alpha_s(\mu_{high})/\alpha_s(\mu_{low})` as the product of its six- and its five-flavour part."""
    five_high, six_high = alpha_s_around_top(mu_high, inputs)
    five_low, six_low = alpha_s_around_top(mu_low, inputs)
    return six_high / six_low, five_high / five_low


def run_dipoles(
    c7: Inexact[ArrayLike, ""], c8: Inexact[ArrayLike, ""], mu: FloatArray, inputs: Inputs
) -> tuple[Inexact[Array, ""], Inexact[Array, ""]]:
    r""":math:`C_7, C_8` at 4.8 GeV from their values at the scale mu > m_b; hep-ph/9512380 [Buchalla:1995vs]_.

    Leading order. For :math:`C_8 = -3C_7` at 1 TeV, :math:`C_7` shrinks to 0.18 and :math:`C_8` to 0.57 of its value.
    """
    for eta, n_f in zip(_two_steps(mu, jnp.asarray(MU_B), inputs), (6, 5), strict=True):
        twice_beta0 = 2 * (11 - 2 / 3 * n_f)
        own, gluon = eta ** (32 / 3 / twice_beta0), eta ** (28 / 3 / twice_beta0)
        c7, c8 = own * c7 + 8 / 3 * (gluon - own) * c8, gluon * c8
    return jnp.asarray(c7), jnp.asarray(c8)


def run_delta_f2(mu_high: FloatArray, mu_low: FloatArray, inputs: Inputs) -> Float[Array, ""]:
    r"""Factor by which VLL and VRR coefficients of :math:`\Delta F=2` change from mu_high down to mu_low >= m_b.

    :math:`[\alpha_s(\mu)/\alpha_s(m_t)]^{2/7}[\alpha_s(m_t)/\alpha_s(m_b)]^{6/23}`, leading order; from 2 TeV to
    m_b it is 0.766.
    """
    six, five = _two_steps(mu_high, mu_low, inputs)
    return six ** (2 / 7) * five ** (6 / 23)


def run_delta_f2_lr(mu_high: FloatArray, mu_low: FloatArray, inputs: Inputs) -> Float[Array, " 2"]:
    r"""What a unit VLR coefficient at mu_high becomes at mu_low: :math:`C_{VLR}` and the :math:`C_{SLR}` it generates.

    :math:`O_{SLR} = (\bar sP_Lb)(\bar sP_Rb)`. One-loop anomalous dimension :math:`\gamma_{11}=2, \gamma_{12}=12,
    \gamma_{22}=-16` of hep-ph/0005183 [Buras:2000if]_.
    """
    vector, scalar = jnp.ones(()), jnp.zeros(())
    for eta, n_f in zip(_two_steps(mu_high, mu_low, inputs), (6, 5), strict=True):
        twice_beta0 = 2 * (11 - 2 / 3 * n_f)
        slow, fast = eta ** (2 / twice_beta0), eta ** (-16 / twice_beta0)
        scalar = fast * scalar + 2 / 3 * (slow - fast) * vector
        vector = slow * vector
    return jnp.array([vector, scalar])
