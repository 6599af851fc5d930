r"""Coefficients as the amplitudes of :math:`b \to s\ell\ell` see them: per lepton and CP state, with quark loops.

.. math::
   C_7^{\rm eff}(q^2) = C_7 + \delta C_7 + \frac{\lambda_u}{\lambda_t}\,\delta C_{7,u} ,\qquad
   C_9^{\rm eff}(q^2) = C_9 + Y + \delta C_9 + \frac{\lambda_u}{\lambda_t}\,(Y_u + \delta C_{9,u}) ,

with :math:`\lambda_p = V_{pb}V_{ps}^*`; the functions are in `charm_loops`. The decay of the anti-b quark has conjugate
coefficients and conjugate :math:`\lambda_u/\lambda_t`, but the same loops, whose phases are strong. Amplitudes with
:math:`C_{7,9}\pm C_{7,9}'` have :math:`C_8\pm C_8'` in the loops, by parity. Axis "cp"
everywhere: position 0 is the decay of the b quark, 1 that of the anti-b quark. Scale 4.8 GeV. The loops have pole
masses; the charm mass of :math:`\delta C_7` is an input of its own, as in flavio.
"""

from collections.abc import Mapping

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float, Int

from bsfit.catalogue import LEPTONS, SEMILEPTONIC
from bsfit.hadronic.charm_loops import Y, Y_u, delta_C7, delta_C7_u, delta_C9, delta_C9_u
from bsfit.loading.inputs import Choices, Inputs
from bsfit.standard_model.ckm import ckm
from bsfit.standard_model.qcd import alpha_s, m_b_msbar, m_b_pole, m_c_pole
from bsfit.standard_model.running import MU_B
from bsfit.standard_model.wilson import Total, exchanged, standard_model
from bsfit.theory import LightMediator, Theory

COEFFICIENTS = (*SEMILEPTONIC, "C7", "C7p", "C8", "C8p")
"""Order of the coefficients of one lepton; C7 and C8 are the effective ones."""


class Quarks(eqx.Module):
    """What the amplitudes need of quarks: masses in GeV, couplings, four-quark coefficients of the Standard Model.

    `m_b` is the MSbar mass at 4.8 GeV, `m_b_pole` and `m_c_pole` are pole masses, `m_c_photon` is the charm mass in the
    matrix elements of C7. `lambda_t` is V_tb V_ts*; `lambda_ratio` [cp] is lambda_u/lambda_t and its conjugate.
    `choices` are those of the inputs.
    """

    m_b: Float[Array, ""]
    m_b_pole: Float[Array, ""]
    m_c_pole: Float[Array, ""]
    m_c_photon: Float[Array, ""]
    alpha_s: Float[Array, ""]
    four_quark: Float[Array, " 6"]
    lambda_t: Complex[Array, ""]
    lambda_ratio: Complex[Array, " cp"]
    choices: Choices = eqx.field(static=True)


def quarks(total: Total, inputs: Inputs) -> Quarks:
    """Quark masses and couplings, once for all bins."""
    v = ckm(inputs)
    lambda_u, lambda_t = v[0, 2] * jnp.conj(v[0, 1]), v[2, 2] * jnp.conj(v[2, 1])
    ratio = lambda_u / lambda_t
    return Quarks(
        m_b_msbar(MU_B, inputs),
        m_b_pole(inputs),
        m_c_pole(inputs),
        inputs["m_c_BVgamma"],
        alpha_s(MU_B, inputs, 5),
        jnp.real(total.four_quark),
        lambda_t,
        jnp.stack([ratio, jnp.conj(ratio)]),
        inputs.choices,
    )


def thresholds(quarks: Quarks) -> Float[Array, " 2"]:
    """Charm thresholds in q2 of C9 and of C7, the stronger one first."""
    return 4.0 * jnp.stack([quarks.m_c_pole, quarks.m_c_photon]) ** 2


def of_leptons(total: Total) -> Complex[Array, "l cp 12"]:
    """Coefficients `COEFFICIENTS` of e, mu, tau for both CP states, before quark loops."""
    semileptonic = total.flavour_diagonal
    dipole = jnp.broadcast_to(total.dipole, (len(LEPTONS), len(total.dipole)))
    both = jnp.concatenate([semileptonic, dipole], axis=1)
    return jnp.stack([both, jnp.conj(both)], axis=1)


class Currents(eqx.Module):
    r"""Coefficients of the lepton currents in a amplitudes, for e, mu, tau and both CP states [3, cp, a].

    `exchanged` is the part of them that a light mediator exchanges, if there is one: its factor of q2, whose phase does
    not change sign with CP, belongs to spin one. The time-like part of the axial current, which the amplitudes have
    among the dipoles, has none, :math:`C_{10}(q^2)+\frac{q^2}{2m_\ell}C_P=C_{10}(0)`: what the mediator's
    :math:`q_\mu q_\nu/m^2` adds, :math:`C_P=-\frac{2m_\ell}{m^2}C_{10}(q^2)` for a narrow one, cancels the pole. The
    width is that of spin one: that of the time-like part is smaller by masses of leptons and dark matter.
    """

    local: Complex[Array, "l cp a"]
    exchanged: Complex[Array, "l cp a"] | None = None
    mediator: LightMediator | None = None

    @property
    def pole(self) -> Complex[Array, ""] | None:
        """That of the mediator, in q2."""
        return None if self.mediator is None else self.mediator.pole

    def at(self, q2: Float[Array, ""], lepton: Int[Array, ""]) -> Complex[Array, "cp a"]:
        """Those of one lepton at one q2."""
        if self.mediator is None or self.exchanged is None:
            return self.local[lepton]
        return self.local[lepton] + (self.mediator.factor(q2) - 1.0) * self.exchanged[lepton]


def currents(theory: Theory, of_all: Complex[Array, "l cp 12"], selection: Float[np.ndarray, "12 a"]) -> Currents:
    """The combinations of a `selection` of the coefficients `of_leptons`."""
    if theory.mediator is None:
        return Currents(of_all @ selection)
    return Currents(of_all @ selection, of_leptons(exchanged(theory.wilson)) @ selection, theory.mediator)


def gluonic(total: Total, inputs: Inputs) -> tuple[Complex[Array, " cp"], Complex[Array, " cp"]]:
    """C8eff and C8' in the loops, for both CP states; no C8' with `Choices.left_handed_gluons`."""
    plain, primed = (jnp.stack([c, jnp.conj(c)]) for c in total.dipole[2:])
    return plain, jnp.zeros_like(primed) if inputs.choices.left_handed_gluons else primed


def gluonic_of_spectators(total: Total, inputs: Inputs) -> tuple[Complex[Array, " cp"], Complex[Array, " cp"]]:
    """The same in spectator scattering: that of the Standard Model with `Choices.standard_spectators`."""
    return gluonic(standard_model(inputs) if inputs.choices.standard_spectators else total, inputs)


def selection(*amplitudes: Mapping[str, int]) -> Float[np.ndarray, "12 a"]:
    """Matrix that combines coefficients into what each amplitude contains of them: ``{"C9": 1, "C9p": -1}``, ..."""
    matrix = np.zeros((len(COEFFICIENTS), len(amplitudes)))
    for column, terms in enumerate(amplitudes):
        for name, factor in terms.items():
            matrix[COEFFICIENTS.index(name), column] = factor
    return matrix


def loop_shifts(
    q2: Float[Array, ""], c8: Complex[Array, "cp a"], quarks: Quarks
) -> tuple[Complex[Array, "cp a"], Complex[Array, "cp a"]]:
    """What quark and gluon loops add to C7 and to C9 in each amplitude; `c8` are the combinations of C8 and C8'."""
    q = quarks
    photon, vector = ((q.alpha_s, q.m_b_pole, m_c, MU_B) for m_c in (q.m_c_photon, q.m_c_pole))
    c7 = delta_C7(q2, q.four_quark, c8, *photon)
    c9 = delta_C9(q2, q.four_quark, c8, *vector) + Y(q2, q.four_quark, q.m_b_pole, q.m_c_pole, MU_B)
    c7_u = delta_C7_u(q2, q.four_quark, *photon, q.choices.up_quark_added)
    c9_u = Y_u(q2, q.four_quark, q.m_c_pole, MU_B) + delta_C9_u(q2, q.four_quark, *vector, q.choices.up_quark_added)
    return tuple(c + (q.lambda_ratio * c_u)[:, None] for c, c_u in ((c7, c7_u), (c9, c9_u)))
