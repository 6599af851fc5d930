r"""Radiative decays :math:`B\to K^*\gamma` and :math:`B_s\to\phi\gamma`: rates and CP asymmetries.

They are the limit :math:`q^2\to0` of the transverse amplitudes of :math:`B\to V\ell\ell`, which are proportional to

.. math:: a_\pm = T_1(0)\,(C_7\pm C_7'+\delta C_7^\pm) + \frac{m_B^2}{m_B^2-m_V^2}\,\frac{m_b^{\rm pole}}{m_b}\,
          \mathcal T_\perp(C_8\pm C_8') ,

plus for the perpendicular, minus for the parallel one. Photon loops :math:`\delta C_7` from `charm_loops`, with
:math:`C_8\pm C_8'` in place of :math:`C_8` as parity demands; :math:`\mathcal T_\perp` from `qcd_factorisation`,
hep-ph/0106067 [Beneke:2001at]_ and hep-ph/0412400 [Beneke:2004dp]_; power corrections are those of
:math:`B\to V\ell\ell`. In terms of the photon's helicity :math:`a_{L,R}=\frac12(a_+\pm a_-)` and

.. math:: \Gamma=\frac{G_F^2\alpha|\lambda_t|^2m_B^3m_b^2}{32\pi^4}\Big(1-\frac{m_V^2}{m_B^2}\Big)^3
          (|a_L|^2+|a_R|^2) .

The photon is real: its :math:`\alpha` is that of the Thomson limit, `alpha_em_0`; hep-ph/9804252
[Czarnecki:1998tn]_. flavio 2.7.1 has the one at 4.8 GeV, and rates 3.7 % higher.

Sign of the interference of mixing and decay, in the convention of PDG and HFLAV, in which
:math:`S_{\psi K_S}=\sin2\beta` and :math:`A_{\Delta\Gamma}=1` for a CP-even final state; so do the experiments, the tag
of Belle and BaBar included. Three derivations agree. (1) :math:`K^*\to K_S\pi^0`, :math:`\phi` and the photon have CP =
+1 each, so the perpendicular final state, a P wave, is CP-odd, the parallel one CP-even, as in
:math:`B_s\to J/\psi\phi`; they contain :math:`C_7+C_7'` and :math:`C_7-C_7'`. (2) Helicities: parity turns :math:`O_7`
into :math:`O_7'` and one helicity into the other, and the B is a pseudoscalar, so
:math:`\langle+|O_7'|\bar B\rangle=-\langle-|O_7|\bar B\rangle`, while :math:`\mathrm{CP}|\pm\rangle=|\mp\rangle`. (3)
Charge conjugation alone: :math:`\phi\gamma` has C = +1. The light :math:`B_s`, CP-even and of negative parity, has C =
-1, the heavy one C = +1. With real couplings :math:`O_7+O_7'` + h.c. is even under C and under P, so only the heavy
:math:`B_s` decays where :math:`C_7'=C_7`. A :math:`C_7'` of the sign of :math:`C_7`, which :math:`m_s/m_b` has in the
Standard Model, therefore favours the CP-odd state: :math:`A_{\Delta\Gamma}<0`,
:math:`S_{K^*\gamma}=+2(m_s/m_b)\sin2\beta`. hep-ph/9704272 [Atwood:1997zr]_, hep-ph/0609037 [Ball:2006cva]_, 0802.0876
[Muheim:2008vu]_, flavio 2.7.1 and EOS 1.0.21 have the opposite signs. The minus sign of (2) is easily lost: by one sign
for both helicities, or in explicit matrix elements by a q/p that belongs to another choice of
:math:`\mathrm{CP}|\bar B\rangle=\pm|B\rangle`. flavio turns q/p by hand here; its own :math:`B_s\to\phi e^+e^-` at the
photon pole has our sign. At stake are 0.05 in S and 0.06 in :math:`A_{\Delta\Gamma}`, a quarter and a seventh of
today's errors.

Not included: the gluon of the charm loop that is soft, new phases in mixing. Scale 4.8 GeV; energies in GeV.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from bsfit.catalogue import PROCESSES
from bsfit.hadronic import form_factors, power_corrections, qcd_factorisation
from bsfit.hadronic.charm_loops import delta_C7, delta_C7_u
from bsfit.hadronic.effective_coefficients import Quarks, gluonic, gluonic_of_spectators, quarks
from bsfit.loading.inputs import Inputs
from bsfit.standard_model.ckm import ckm
from bsfit.standard_model.running import MU_B
from bsfit.standard_model.wilson import total
from bsfit.theory import Rows, Theory, moments_themselves

DECAYS = PROCESSES["b_to_v_ll"].decays
"""B0 -> K*, B+ -> K*, Bs -> phi: the same decays, with a photon."""

MOMENTS = tuple(f"{decay} {part}" for decay in DECAYS for part in ("b", "bbar", "Re mixed", "Im mixed"))
r"""What `moments` returns per row: branching fractions of b and anti-b quark at decay time zero, and their interference
:math:`2\sum\eta\,a\bar a^*` over the states of CP = :math:`\eta`, the phases of :math:`\lambda_t` taken off."""

PHOTON_POINT = 1e-6
"""q2 in GeV^2 that stands for 0, where formulas of B -> V l l have q2 times its logarithms: rates good to 1e-7."""

_T1 = form_factors.B_TO_V.index("T1")
_ETA = np.array([-1.0, 1.0])
"""CP of the perpendicular and the parallel final state."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 12"]:
    """Rates and interferences of all decays, layout `MOMENTS`; quadratic in the coefficients. Rows are all alike."""
    found = amplitudes(theory, inputs)
    b, anti = found[:, 0], found[:, 1]
    mixed = 2.0 * (b * jnp.conj(anti)) @ _ETA
    rates = [jnp.sum(jnp.abs(x) ** 2, axis=1) for x in (b, anti)]
    values = jnp.stack([*rates, mixed.real, mixed.imag], axis=1).ravel()
    return jnp.broadcast_to(values, (*rows.decay.shape, len(MOMENTS)))


def amplitudes(theory: Theory, inputs: Inputs) -> Complex[Array, "3 cp 2"]:
    """Perpendicular and parallel (up to its sign) amplitudes, of b and anti-b quark.

    In units of the root of the branching fraction.
    """
    coefficients = total(theory.wilson, inputs)
    quark = quarks(coefficients, inputs)
    c7, c7p = (jnp.stack([c, jnp.conj(c)]) for c in coefficients.dipole[:2])
    quark_level = _by_parity(c7, c7p) + photon_loops(_by_parity(*gluonic(coefficients, inputs)), quark)
    m_b, m_v = (inputs.array(names) for names in zip(*PROCESSES["b_to_v_ll"].masses, strict=True))
    t1 = _tensor_form_factor(inputs)[:, None, None]
    a = t1 * (quark_level[None] + _power_corrections(m_b, quark, inputs)) + _helicity_shifts(m_b, m_v, quark, inputs)
    if "1/lambda_B" in inputs:
        size = m_b**2 / (m_b**2 - m_v**2) * quark.m_b_pole / quark.m_b
        c8 = _by_parity(*gluonic_of_spectators(coefficients, inputs))
        a = a + size[:, None, None] * _spectator(c8, quark, inputs)
    return _units(m_b, m_v, quark, inputs)[:, None, None] * a / jnp.sqrt(2.0)


def _by_parity(plain: Complex[Array, "*n"], primed: Complex[Array, "*n"]) -> Complex[Array, "*n 2"]:
    """What the perpendicular and the parallel amplitude contain of a coefficient and its chirality flip."""
    return jnp.stack([plain + primed, plain - primed], axis=-1)


def photon_loops(c8: Complex[Array, "cp 2"], quark: Quarks) -> Complex[Array, "cp 2"]:
    """What quark and gluon loops add to C7 at the photon point."""
    known = (quark.alpha_s, quark.m_b_pole, quark.m_c_photon, MU_B)
    up = delta_C7_u(PHOTON_POINT, quark.four_quark, *known, quark.choices.up_quark_added)
    return delta_C7(PHOTON_POINT, quark.four_quark, c8, *known) + (quark.lambda_ratio * up)[:, None]


def _spectator(c8: Complex[Array, "cp 2"], quark: Quarks, inputs: Inputs) -> Complex[Array, "3 cp 2"]:
    """Spectator scattering and weak annihilation in each decay."""
    q2 = jnp.asarray(PHOTON_POINT)

    def of_decay(had: qcd_factorisation.Hadrons) -> Complex[Array, "cp 2"]:
        return jax.vmap(lambda c: qcd_factorisation.tensor_amplitudes(q2, had, c, quark)[0], 1, 1)(c8)

    return jax.vmap(of_decay)(qcd_factorisation.hadrons(inputs))


def _power_corrections(m_b: Float[Array, " 3"], quark: Quarks, inputs: Inputs) -> Complex[Array, "3 1 2"]:
    """Unknown shifts of C7 in the negative and of C7' in the positive helicity of each decay, the same for both CP."""
    minus, plus = power_corrections.vector_shifts(inputs).a[:, 1:].T * (m_b / (2.0 * quark.m_b))[None]
    return _by_parity(minus, plus)[:, None]


def _helicity_shifts(
    m_b: Float[Array, " 3"], m_v: Float[Array, " 3"], quark: Quarks, inputs: Inputs
) -> Complex[Array, "3 1 2"]:
    r"""The parameters :math:`h_\pm^{(0)}` of `power_corrections`, which no form factor multiplies."""
    minus, plus = power_corrections.vector_shifts(inputs).h[:, 1:, 0].T
    size = 8.0 * jnp.pi**2 * m_b**3 / (quark.m_b * (m_b**2 - m_v**2))
    return _by_parity(-size * minus, size * plus)[:, None]


def _tensor_form_factor(inputs: Inputs) -> Float[Array, " 3"]:
    found = jax.vmap(form_factors.evaluate, (0, None))(form_factors.b_to_v(inputs), jnp.zeros(()))[:, _T1]
    return found[np.array([0, 0, 1])]  # both B -> K* modes share form factors


def _units(m_b: Float[Array, " 3"], m_v: Float[Array, " 3"], quark: Quarks, inputs: Inputs) -> Float[Array, " 3"]:
    strength = inputs["G_F"] * jnp.abs(quark.lambda_t) * quark.m_b * jnp.sqrt(inputs["alpha_em_0"] / 32.0) / jnp.pi**2
    lifetime = inputs.array(("tau_B0", "tau_B+", "tau_Bs"))
    return strength * jnp.sqrt(lifetime * m_b**3 * (1.0 - (m_v / m_b) ** 2) ** 3)


# ---------------------------------------------------------------------------------------------------- observables


class Sums(eqx.Module):
    r"""One decay: CP-averaged branching fraction and half the difference at decay time zero, interference, y.

    `mixed` over `rate` is :math:`A_{\Delta\Gamma}+iS`; `y` is :math:`\Delta\Gamma/2\Gamma`, 0 for B+ and B0.
    """

    rate: Float[Array, ""]
    difference: Float[Array, ""]
    mixed: Complex[Array, ""]
    y: Float[Array, ""]


def _branching_fraction(x: Sums) -> Float[Array, ""]:
    return (x.rate - x.y * x.mixed.real) / (1.0 - x.y**2)


def _direct(x: Sums) -> Float[Array, ""]:
    return x.difference / x.rate


def _of_states(x: Sums) -> Float[Array, ""]:
    return x.mixed.real / x.rate


def _mixing_induced(x: Sums) -> Float[Array, ""]:
    return x.mixed.imag / x.rate


QUANTITIES: dict[str, tuple[str, Callable[[Sums], Float[Array, ""]]]] = {
    **{f"BR({decay}gamma)": (decay, _branching_fraction) for decay in DECAYS},
    **{f"ACP({decay}gamma)": (decay, _direct) for decay in DECAYS},
    "S_K*gamma": ("B0->K*", _mixing_induced),
    "S_phigamma": ("Bs->phi", _mixing_induced),
    "ADeltaGamma(Bs->phigamma)": ("Bs->phi", _of_states),
}
"""What `assemble` knows besides `RATIO`: decay and function of its sums."""

RATIO = "BR(B0->K*gamma)/BR(Bs->phigamma)"


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 12"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    r"""The quantity `key` of `QUANTITIES`, or `RATIO`. Raises `KeyError` for an unknown key.

    Branching fractions are CP averages, that of Bs integrated over the decay time. ACP is the anti-B (b quark) minus
    the B. Decay rates are proportional to :math:`\cosh(\Delta\Gamma t/2)-A_{\Delta\Gamma}\sinh(\Delta\Gamma t/2)`, and
    :math:`\pm S\sin\Delta mt` for initial anti-B and B.
    """
    if key == RATIO:
        over, under = key.split("/")
        return assemble(over, moments, rows, inputs) / assemble(under, moments, rows, inputs)
    decay, function = QUANTITIES[key]
    b, anti, real, imaginary = moments[0].reshape(len(DECAYS), 4)[DECAYS.index(decay)]
    is_bs = decay == "Bs->phi"
    mixed = 0.5 * (real + 1j * imaginary) * (1.0 if is_bs else _mixing_phase(inputs))
    y = 0.5 * inputs["DeltaGamma/Gamma_Bs"] if is_bs else jnp.zeros(())
    return function(Sums(0.5 * (b + anti), 0.5 * (b - anti), mixed, y))


def _mixing_phase(inputs: Inputs) -> Complex[Array, ""]:
    r""":math:`(q/p)\,\lambda_t/\lambda_t^*` of B0 in the Standard Model, :math:`q/p=V_{tb}^*V_{td}/V_{tb}V_{td}^*`."""
    v = ckm(inputs)
    amplitude = v[2, 0] * jnp.conj(v[2, 1])
    return amplitude / jnp.conj(amplitude)
