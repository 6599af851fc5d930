r"""Leptons that change flavour: :math:`\mu\to3e`, :math:`\tau\to3\mu`, and :math:`\mu\to e` conversion in nuclei.

Vector currents and dipoles of `theory.WilsonCoefficients`, their running below 4.8 GeV neglected; no scalar ones. The
dipole goes by a photon of charge e at zero momentum. Energies in GeV.
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.catalogue.coefficients import CONVERSION, RADIATIVE, THREE_LEPTONS
from bsfit.loading.inputs import Inputs
from bsfit.theory import Rows, Theory, moments_themselves

_DECAYS = {
    "BR(mu->eee)": ("BR(mu->egamma)", "m_mu", "m_e", ""),
    "BR(tau->mumumu)": ("BR(tau->mugamma)", "m_tau", "m_mu", "BR(tau->enunu)"),
}
"""The radiative decay with the same dipoles; inputs: two masses, the fraction with neutrinos, "" where that is all."""

_AMPLITUDES = (
    *(name for key, (radiative, *_) in _DECAYS.items() for name in (*RADIATIVE[radiative], *THREE_LEPTONS[key])),
    *CONVERSION,
)

MOMENTS = tuple(f"{part} {name}" for part in ("Re", "Im") for name in _AMPLITUDES)
"""What `moments` returns per row."""

NUCLEI = ("Au", "Ti")

VALENCE = jnp.array([[2.0, 1.0], [1.0, 2.0]])
"""Quarks u and d in a proton, in a neutron: what their vector currents count."""


def moments(theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 40"]:
    """The coefficients themselves, layout `MOMENTS`. The rows are all alike."""
    values = jnp.stack([theory.wilson[name] for name in _AMPLITUDES])
    return jnp.broadcast_to(jnp.concatenate([values.real, values.imag]), (*rows.decay.shape, len(MOMENTS)))


functionals = moments_themselves


def assemble(key: str, moments: Float[Array, "r 40"], rows: Rows, inputs: Inputs) -> Float[Array, ""]:
    """A branching fraction, or the rate of conversion over that of capture. Raises `KeyError` for an unknown key."""
    amplitudes = moments[0, : len(_AMPLITUDES)] + 1j * moments[0, len(_AMPLITUDES) :]
    if key in _DECAYS:
        first = 6 * list(_DECAYS).index(key)
        return three_leptons(key, amplitudes[first : first + 6], inputs)
    nucleus = key.removeprefix("CR(mu->e, ").removesuffix(")")
    if nucleus not in NUCLEI:
        raise KeyError(key)
    return conversion(nucleus, amplitudes[:2], amplitudes[-len(CONVERSION) :].reshape(2, 4), inputs)


def three_leptons(key: str, amplitudes: Complex[Array, " 6"], inputs: Inputs) -> Float[Array, ""]:
    r"""Branching fraction from two dipoles and VLL, VLR, VRL, VRR: hep-ph/9909265 [Kuno:1999jp]_, eq. (117).

    :math:`\frac1{8G_F^2}\{2|V_{LL}|^2+|V_{LR}|^2+8{\rm Re}\,D(2V_{LL}+V_{LR})^*+32|D|^2(\ln\frac{m^2}{m_f^2}-
    \frac{11}4)+(L\leftrightarrow R)\}` of the decay with neutrinos and an electron, :math:`D=\frac e{m}C_\gamma`; the
    mass :math:`m_f` of the final leptons is kept in the logarithm alone.
    """
    _, initial, final, with_neutrinos = _DECAYS[key]
    mass = inputs[initial]
    dipole, flipped, ll, lr, rl, rr = amplitudes
    unit = jnp.sqrt(4 * jnp.pi * inputs["alpha_em_0"]) / mass
    logarithm = 2 * jnp.log(mass / inputs[final]) - 11 / 4

    def of(dipole: Array, same: Array, opposite: Array) -> Array:
        d = unit * dipole
        vectors = 2 * _square(same) + _square(opposite)
        return vectors + 8 * (d * jnp.conj(2 * same + opposite)).real + 32 * logarithm * _square(d)

    relative = (of(dipole, ll, lr) + of(jnp.conj(flipped), rr, rl)) / (8 * inputs["G_F"] ** 2)
    return relative * inputs[with_neutrinos] if with_neutrinos else relative


def conversion(
    nucleus: str, dipoles: Complex[Array, " 2"], currents: Complex[Array, "2 4"], inputs: Inputs
) -> Float[Array, ""]:
    r"""Coherent conversion over capture, `currents` by quark u, d and chirality LL, LR, RL, RR.

    :math:`\frac{4m_\mu^5}{\omega}\sum_{L,R}|V^pK_p+V^nK_n-D\frac{C_\gamma}{4m_\mu}|^2`, K half the sum of the
    currents of the quarks of a nucleon, with the overlap integrals of hep-ph/0203110 [Kitano:2002mt]_, in units of
    :math:`m_\mu^{5/2}`. The sign of the dipole is derived here: at :math:`q^2=-m_\mu^2` its photon is
    :math:`-\frac{2eQ}{m_\mu}C_\gamma` of a vector current, where :math:`D_\mu=\partial_\mu+ieQA_\mu` and that of
    `three_leptons` is positive: `test_sign_of_the_dipole_in_conversion_is_that_of_a_penguin`. flavio 2.7.1 has the
    other one.
    """
    m = inputs["m_mu"]
    overlap = jnp.stack([inputs[f"mu->e V{nucleon} {nucleus}"] for nucleon in "pn"])
    chiral = jnp.stack([currents[:, 0] + currents[:, 1], currents[:, 2] + currents[:, 3]], axis=1) / 2
    vector = jnp.sum(overlap[:, None] * (VALENCE @ chiral), axis=0)
    dipole = jnp.stack([dipoles[0], jnp.conj(dipoles[1])]) * inputs[f"mu->e D {nucleus}"] / (4 * m)
    return 4 * m**5 / inputs[f"Gamma_capture {nucleus}"] * jnp.sum(_square(vector - dipole))


def _square(z: Complex[Array, "*n"]) -> Float[Array, "*n"]:
    return z.real**2 + z.imag**2
