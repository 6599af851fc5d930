r"""A Z' between dark matter and fermions: into what it decays, what it annihilates to, and scattering off nucleons.

For couplings to fermions as in `matching.z_prime.Currents`, at tree level. Of dark matter only the coupling g of its
current :math:`g\,\chi^*i\overleftrightarrow{\partial_\mu}\chi`, or of a vector current of a fermion, enters scattering.
Derived here, checked against the sum of all charges in `test_all_charge_goes_into_light_and_heavy_states` and
independent reference numbers in `test_reference_points` and `test_every_reference_point`.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit.constants import CHARGE_DOWN, CHARGE_UP
from bsfit.dark_sector import light_fermions, nucleon
from bsfit.dark_sector.annihilation import FermionPairs
from bsfit.dark_sector.kinetic_mixing import KineticMixing
from bsfit.loading.inputs import Inputs
from bsfit.matching.vectorlike import Mixing
from bsfit.matching.z_prime import Currents, mass_logarithm, photon_mixing

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

INELASTIC_SPEED = 2.6e-3
"""Speed of the fastest dark matter at the Earth, 780 km/s: what an inelastic collision can draw its energy from."""

_GROUPS = {"up": "quarks", "down": "quarks", "electron": "charged_leptons", "neutrino": "neutrinos"}
_CHARGES = {"up": (CHARGE_UP, 0.5), "down": (CHARGE_DOWN, -0.5), "electron": (-1.0, -0.5), "neutrino": (0.0, 0.5)}
"""Electric charge and isospin of the left-handed fermions."""


def fermion_pairs(
    z: Currents, inputs: Inputs, epsilon: FloatLike | None = None
) -> tuple[tuple[str, ...], FermionPairs]:
    """All pairs of fermions that the Z' couples to, and the group of each.

    Groups are quarks, charged_leptons, neutrinos, heavy_light and heavy. The top quark has its pole mass. A kinetic
    mixing `epsilon` comes on top of the couplings of z, with the Z in the exchange (`kinetic_mixing`).
    """
    rows = [row for name in _GROUPS for row in _channels(name, getattr(z, name), inputs)]
    groups, weights, charges, *columns = zip(*rows, strict=True)
    m1, m2, left, right = (jnp.stack(column) for column in columns)
    charge, isospin_left, isospin_right = np.array(charges).T
    mixing = None
    if epsilon is not None:
        mixing = KineticMixing.of(epsilon, charge, isospin_left, isospin_right, inputs)
    return groups, FermionPairs(jnp.asarray(weights, dtype=float), m1, m2, left, right, mixing)


def _channels(name: str, f: Mixing, inputs: Inputs) -> list[tuple]:
    """Decays into one multiplet: group, weight, charge and isospins, the two masses, the two couplings."""
    none, flavours = jnp.zeros((), dtype=complex), (0.0, 0.0, 0.0)
    light, colours = light_fermions.masses(name, inputs), light_fermions.COLOUR[name]
    charge, isospin = _CHARGES[name]
    same = {True: (charge, isospin, 0.0), False: flavours}
    both = {pair: colours * count for pair, count in light_fermions.FLAVOUR_PAIRS.items()}
    heavy = (f.heavy, f.heavy, f.heavy_left() + 0j, f.charge + 0j)
    return [
        *(
            (_GROUPS[name], w, same[i == j], light[i], light[j], f.left(i, j), f.right(i, j))
            for (i, j), w in both.items()
        ),
        *(("heavy_light", 2 * colours, flavours, f.heavy, light[j], f.heavy_light(j), none) for j in range(3)),
        ("heavy", colours, (charge, isospin, isospin), *heavy),
    ]


def thresholds(z: Currents, inputs: Inputs) -> Float[Array, " t"]:
    """Energies in GeV from which a Z', real or virtual, goes into top quarks and heavy fermions."""
    heavy = [m for f, t in ((z.down, inputs["m_t_pole"]), (z.electron, 0.0)) for m in (f.heavy + t, 2 * f.heavy)]
    return jnp.stack([2 * inputs["m_t_pole"], z.down.heavy, *heavy])


def widths(m: FloatLike, z: Currents, inputs: Inputs, epsilon: FloatLike | None = None) -> dict[str, Scalar]:
    r"""Partial widths in GeV of a Z' of mass (or virtuality) m into each group of fermions, and into muons, `mumu`.

    Decays into one heavy and one light fermion count both charges; `mumu` is part of `charged_leptons`.
    :math:`W^+W^-` and Zh, which open at second order of the kinetic mixing, are left out.
    """
    groups, pairs = fermion_pairs(z, inputs, epsilon)
    each = pairs.widths(jnp.asarray(m, dtype=float))
    muons = each[groups.index("charged_leptons") + list(light_fermions.FLAVOUR_PAIRS).index((1, 1))]
    sums = {group: jnp.sum(each[np.array(groups) == group]) for group in dict.fromkeys(groups)}
    return {**sums, "mumu": muons}


def nucleon_couplings(
    g: Scalar, m_zp: FloatLike, z: Currents, epsilon: FloatLike, inputs: Inputs
) -> dict[str, Float[Array, " 2"]]:
    r"""Couplings of the dark matter's current to nucleons, GeV^-2: `tree`, `photon` and `kinetic`.

    At tree level :math:`f_q=g(\Delta_L+\Delta_R)/2m_{Z'}^2`. The Z' mixes with the photon in loops of all fermions:
    :math:`b_p=-\frac{e^2g}{24\pi^2m_{Z'}^2}\sum(-N_cQ_f)(\Delta_L+\Delta_R)_f\ln m_f^2`. Of `epsilon` the photon's
    part alone survives at low momenta, `matching.z_prime.at_low_energies`. Derived here, checked in
    `test_kinetic_mixing_is_the_loop_of_the_photon` and `test_mixing_with_the_photon_does_not_know_the_unit_of_mass`.
    """
    m2 = jnp.asarray(m_zp, dtype=float) ** 2
    plain = [f.left(0, 0).real - f.universal_left for f in (z.up, z.down)]
    tree = nucleon.vector(*(g * coupling / (2 * m2) for coupling in plain))
    e2 = 4 * jnp.pi * inputs["alpha_em_0"]
    return {
        "tree": tree,
        "photon": nucleon.photon(-e2 * g / (24 * jnp.pi**2 * m2) * _logarithms(z, inputs)),
        "kinetic": nucleon.photon(-photon_mixing(epsilon, inputs) * g / m2),
    }


def _logarithms(z: Currents, inputs: Inputs) -> Scalar:
    masses, total = nucleon.loop_masses(inputs), jnp.zeros(())
    for kind, f in (("up", z.up), ("down", z.down), ("electron", z.electron)):
        light = jnp.stack([f.left(i, i).real - f.universal_left for i in range(3)])
        couplings = jnp.append(light, f.heavy_left() + f.charge)
        weights = jnp.full(4, nucleon.WEIGHTS[kind])
        total = total + mass_logarithm(weights, couplings, jnp.append(masses[kind], f.heavy))
    return total


def elastic(light: Scalar, heavy: Scalar, inputs: Inputs) -> Scalar:
    r"""One where a current between states of these masses in GeV scatters off xenon, zero where it cannot.

    It turns one into the other: the splitting must not exceed :math:`\mu v^2/2`, v being `INELASTIC_SPEED`.
    """
    xenon = inputs["A_xenon"] * inputs["m_nucleon"]
    energy = light * xenon / (light + xenon) * INELASTIC_SPEED**2 / 2
    return jnp.where(heavy - light < energy, 1.0, 0.0)
