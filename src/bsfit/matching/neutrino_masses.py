r"""Majorana masses of neutrinos by a loop of right-handed ones and an inert doublet :math:`\eta`, and what N they take.

:math:`L=-\sum_{kl}y_{kl}\,\bar l_l\tilde\eta N_k-\frac12M_kN_kN_k-\frac{\lambda_5}2(H^\dagger\eta)^2` + h.c. splits
:math:`\eta^0=(\eta_R+i\eta_I)/\sqrt2`, :math:`m_{R,I}^2=m_\eta^2\pm\frac12\lambda_5v^2`, and breaks lepton number.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit import validity
from bsfit.loading.inputs import Inputs
from bsfit.matching import loops
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.matching.vectorlike import Vector, squared
from bsfit.theory import Verdict

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

ENTRIES = {"ee": (0, 0), "emu": (0, 1), "etau": (0, 2), "mumu": (1, 1), "mutau": (1, 2), "tautau": (2, 2)}
"""Elements of the mass matrix by name."""

_FAR = 1e9
"""Mass in GeV of an N that takes no part."""


class RightHanded(NamedTuple):
    """A right-handed neutrino: its couplings to the leptons, and its mass in GeV, infinite where it takes no part."""

    couplings: Vector
    mass: Scalar

    def present(self) -> "RightHanded":
        """The same with a finite mass, and without couplings where it takes no part."""
        given = jnp.isfinite(self.mass)
        first, second, third = (jnp.where(given, y, 0.0) for y in self.couplings)
        return RightHanded((first, second, third), jnp.where(given, self.mass, _FAR))


def neutral_squares(m_eta: FloatLike, lambda_5: FloatLike, inputs: Inputs) -> tuple[Scalar, Scalar]:
    r""":math:`m_R^2` and :math:`m_I^2` in GeV^2, of which one may be negative: no such vacuum."""
    mean, half = jnp.asarray(m_eta, dtype=float) ** 2, jnp.asarray(lambda_5) * higgs_vev(inputs) ** 2 / 2
    return mean + half, mean - half


def mass_matrix(
    states: tuple[RightHanded, ...], m_eta: FloatLike, lambda_5: FloatLike, inputs: Inputs
) -> dict[str, Complex[Array, ""]]:
    r"""Elements, by `ENTRIES`, of :math:`L=-\frac12m_{ij}\nu_i\nu_j` + h.c. in GeV, up to a common sign.

    .. math:: m_{ij}=\sum_k\frac{y_{ki}y_{kj}M_k}{32\pi^2}\Bigl[\frac{m_R^2}{m_R^2-M_k^2}\ln\frac{m_R^2}{M_k^2}
        -(R\to I)\Bigr]

    E. Ma, hep-ph/0601225 [Ma:2006km]_ (from memory), times one half: each part of :math:`\eta^0` couples with
    :math:`y/\sqrt2`. Derived here as :math:`\frac{yyM}{32\pi^2}\lambda_5v^2` times `loops.neutrino_mass`, which holds
    for any masses, checked in `test_neutrino_masses_are_the_difference_of_two_self_energies`. For a small splitting
    :math:`\frac{\lambda_5v^2}{32\pi^2}\frac{yyM}{m_\eta^2-M^2}\bigl[1-\frac{M^2}{m_\eta^2-M^2}
    \ln\frac{m_\eta^2}{M^2}\bigr]`.
    """
    squares = neutral_squares(m_eta, lambda_5, inputs)
    real, imaginary = (jnp.sqrt(jnp.maximum(x, 1e-6 * jnp.asarray(m_eta) ** 2)) for x in squares)
    splitting = jnp.asarray(lambda_5) * higgs_vev(inputs) ** 2  # their difference has lost its digits
    found = {name: jnp.zeros((), dtype=complex) for name in ENTRIES}
    for state in states:
        y, mass = state.present()
        loop = mass * splitting * loops.neutrino_mass(mass, real, imaginary) / (32 * jnp.pi**2)
        found = {name: found[name] + y[i] * y[j] * loop for name, (i, j) in ENTRIES.items()}
    return found


def mismatch(states: tuple[RightHanded, ...]) -> Scalar:
    r"""How far couplings are from :math:`y_l` times a unitary matrix, if no N is left out: zero to one.

    The largest :math:`|\sum_ky_{ki}^*y_{kj}|^2/(\sum_k|y_{ki}|^2\sum_k|y_{kj}|^2)` of two leptons; zero where an N is
    left out, or a lepton has no couplings.
    """
    whole = jnp.all(jnp.stack([jnp.isfinite(state.mass) for state in states]))
    rows = [state.present().couplings for state in states]
    norms = [sum((squared(y[i]) for y in rows), jnp.zeros(())) for i in range(3)]
    sizes = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        product = sum((jnp.conj(y[i]) * y[j] for y in rows), jnp.zeros((), dtype=complex))
        both = norms[i] * norms[j]
        sizes.append(jnp.where(both > 0, squared(product) / jnp.where(both > 0, both, 1.0), 0.0))
    return jnp.where(whole, jnp.max(jnp.stack(sizes)), 0.0)


def verdicts(
    states: tuple[RightHanded, ...],
    m_eta: FloatLike,
    lambda_5: FloatLike,
    masses: dict[str, Complex[Array, ""]],
    inputs: Inputs,
) -> tuple[Verdict, ...]:
    """Where there is such a vacuum, where what is left out does not count, and what cosmology leaves of `mass_matrix`.

    The sum of the masses is below 0.12 eV (Planck 2018, 1807.06209 [Planck:2018vyg]_), and no element above it.
    """
    squares = neutral_squares(m_eta, lambda_5, inputs)
    largest = 1e9 * jnp.max(jnp.abs(jnp.stack(list(masses.values()))))
    tachyon = "lesser squared mass of eta_R and eta_I in GeV^2, against 0: below, the vacuum breaks the parity"
    split = "|lambda_5| v^2/m_eta^2, against 0.05: above, eta_R and eta_I, which annihilation counts as one, differ"
    cosmology = "largest element of the mass matrix of neutrinos in eV, against 0.12 for the sum of their masses"
    mixture = (
        "largest overlap of the couplings of two leptons to the three N, against 1e-6: above, they are not those of "
        "charged N that a unitary matrix mixes"
    )
    return (
        validity.above("no_tachyon", tachyon, jnp.minimum(*squares), 0.0, counts="always"),
        validity.below("split_eta", split, jnp.abs(squares[0] - squares[1]) / jnp.asarray(m_eta) ** 2, 0.05),
        validity.below("neutrino_masses", cosmology, largest, 0.12),
        validity.below("mixture_of_N", mixture, mismatch(states), 1e-6),
    )
