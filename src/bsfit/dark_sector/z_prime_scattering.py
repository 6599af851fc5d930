r"""Scattering of dark matter off nucleons through a Z': couplings of its current, GeV^-2, by the way they come about.

For the record `matching.z_prime.Currents` and a coupling g of the dark matter's vector current, that of
:math:`g\,\chi^*i\overleftrightarrow{\partial_\mu}\chi` or :math:`g\,\bar\chi\gamma_\mu\chi`, in the sign convention of
`theory.DarkSector`. Derived here; compared with independent numbers in `test_every_stored_point`.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from bsfit.dark_sector import nucleon
from bsfit.loading.inputs import Inputs
from bsfit.matching.scalar_sector import higgs_vev
from bsfit.matching.z_prime import NUMBERS, Currents, diagonal, mass_logarithm
from bsfit.matching.z_prime_exchange import top_coupling

Scalar = Float[Array, ""]
FloatLike = Float[ArrayLike, ""]

INELASTIC_SPEED = 2.6e-3
"""Speed of the fastest dark matter at the Earth, 780 km/s: what an inelastic collision can draw its energy from."""


class TopLoop(eqx.Module):
    r"""Where the loop of top quarks that turns the Z' into a Z ends: :math:`\ln(\Lambda^2/m_t^2)+\kappa`.

    `scale` is :math:`\Lambda` in GeV. A vector-like doublet Q that mixes with the top completes the theory: its mass,
    and :math:`\kappa=-2+1/2c^2` with :math:`c^2=1-\Delta_{tt}/gq`. Elsewhere the logarithm is the leading one.
    """

    scale: FloatLike
    kappa: FloatLike = 0.0

    @classmethod
    def of_doublet(cls, mass: FloatLike, share: FloatLike) -> "TopLoop":
        r"""For a doublet of that mass in GeV; `share` is :math:`\Delta_{tt}/gq`, less than one."""
        return cls(mass, -2 + 0.5 / (1 - jnp.asarray(share)))


def nucleon_couplings(
    g: FloatLike, m_zp: FloatLike, z: Currents, top: TopLoop, inputs: Inputs, cutoff: FloatLike = 1.0
) -> dict[str, Float[Array, " 2"]]:
    r"""Couplings to proton and neutron: `tree`, `photon`, `kinetic` and `Z`.

    At tree level :math:`f_q=g(\Delta_L+\Delta_R)/2m_{Z'}^2`. The Z' mixes with the photon in loops of all fermions,
    :math:`b_p=\frac{e^2g}{24\pi^2m_{Z'}^2}\sum(-N_cQ_f)(\Delta_L+\Delta_R)_f\ln\frac{\Lambda^2}{m_f^2}`; the `cutoff`
    :math:`\Lambda` in GeV, where :math:`\epsilon` is what it is said to be, drops out where `loop_trace` vanishes. Of
    :math:`\epsilon` the photon's part alone survives at low momenta, with the coupling of the photon there:
    :math:`b_p=-\epsilon ec_Wg/m_{Z'}^2`.
    """
    unit = jnp.asarray(g) / jnp.asarray(m_zp, dtype=float) ** 2
    e2 = 4 * jnp.pi * inputs["alpha_em_0"]
    quarks = [(f.left(0, 0) + f.right(0, 0)).real / 2 for f in (z.up, z.down)]
    mixing = -jnp.sqrt(e2 * (1 - inputs["sin2_theta_w"])) * jnp.asarray(z.epsilon)
    return {
        "tree": nucleon.vector(*(unit * coupling for coupling in quarks)),
        "photon": nucleon.photon(-e2 * unit / (24 * jnp.pi**2) * _logarithms(z, cutoff, inputs)),
        "kinetic": nucleon.photon(mixing * unit),
        "Z": nucleon.z_boson(higgs_current(z, top, inputs) * unit, inputs),
    }


def _logarithms(z: Currents, cutoff: FloatLike, inputs: Inputs) -> Scalar:
    masses, total = nucleon.loop_masses(inputs), jnp.zeros(())
    for kind, light in masses.items():
        rows = diagonal(getattr(z, kind), tuple(light))
        if rows:
            couplings, own = (jnp.stack([jnp.asarray(x) for x in column]) for column in zip(*rows, strict=True))
            weights = jnp.full(len(rows), NUMBERS[kind].loop_weight)
            total = total + mass_logarithm(weights, couplings, own / jnp.asarray(cutoff))
    return total


def higgs_current(z: Currents, top: TopLoop, inputs: Inputs) -> Scalar:
    r"""Coupling :math:`c_H` of a Z' to the Higgs current, by the charge of the Higgs field and by loops of top quarks.

    A doublet whose charge is the difference of those of top quarks, all of the vacuum expectation value, has no loop.
    """
    return z.higgs + top_loop(top_coupling(z) - z.higgs, top, inputs)


def top_loop(coupling: FloatLike, top: TopLoop, inputs: Inputs) -> Scalar:
    r"""Coupling of a Z' to the Higgs current :math:`H^\dagger i\overleftrightarrow{D}H` by its axial one of top quarks.

    :math:`\frac{N_cy_t^2}{16\pi^2}(\Delta_R-\Delta_L)_{tt}[\ln(\Lambda^2/m_t^2)+\kappa]` with
    :math:`y_t=\sqrt2m_t/v`: the solution of
    :math:`16\pi^2\,dc_H/d\ln\mu=2N_cy_t^2[c_H-(\Delta_R-\Delta_L)_{tt}]` at leading order.
    """
    m_t = inputs["m_t_MSbar"]
    squared = 2 * (m_t / higgs_vev(inputs)) ** 2
    logarithm = jnp.log((jnp.asarray(top.scale) / m_t) ** 2) + jnp.asarray(top.kappa)
    return 3 * squared / (16 * jnp.pi**2) * jnp.asarray(coupling) * logarithm


def spin_couplings(
    g_axial: FloatLike, m_zp: FloatLike, z: Currents, top: TopLoop, inputs: Inputs
) -> Float[Array, " 2"]:
    r"""Couplings of the spin of dark matter to that of proton and neutron, GeV^-2: `DarkSector.spin`.

    :math:`a_N=\sum_qg_A[\frac12(\Delta_R-\Delta_L)_{qq}-T_3c_H]\Delta q^N/m_{Z'}^2` for u, d and s, standard
    (hep-ph/9506380 [Jungman:1995df]_), the Z by `higgs_current` derived here; the axial charges of the neutron are
    those of the proton with u and d exchanged. Kinetic mixing adds a vector and does not take part. The operator of the
    spin and the velocity that is coherent over the nucleus is left out, 5 to 10 % of this or more where axial couplings
    of quarks cancel.
    """
    unit, by_z = jnp.asarray(g_axial) / (2 * jnp.asarray(m_zp, dtype=float) ** 2), higgs_current(z, top, inputs)
    quarks = ((z.up, 0, 1), (z.down, 0, -1), (z.down, 1, -1))
    u, d, s = (unit * ((f.right(i, i) - f.left(i, i)).real - sign * by_z) for f, i, sign in quarks)
    strange = s * inputs["Delta_s"]
    proton = u * inputs["Delta_u"] + d * inputs["Delta_d"]
    neutron = u * inputs["Delta_d"] + d * inputs["Delta_u"]
    return jnp.stack([proton + strange, neutron + strange])


def elastic(light: Scalar, heavy: Scalar, inputs: Inputs) -> Scalar:
    r"""One where a current between states of these masses in GeV scatters off xenon, zero where it cannot.

    It turns one into the other: the splitting must not exceed :math:`\mu v^2/2`, v being `INELASTIC_SPEED`.
    """
    xenon = inputs["A_xenon"] * inputs["m_nucleon"]
    energy = light * xenon / (light + xenon) * INELASTIC_SPEED**2 / 2
    return jnp.where(heavy - light < energy, 1.0, 0.0)


def outputs(couplings: dict[str, Float[Array, " 2"]]) -> dict[str, Scalar]:
    """Couplings as a model names them: ``b_p_tree``, ``b_n_tree``, ..."""
    return {f"b_{n}_{name}": value[i] for name, value in couplings.items() for i, n in enumerate("pn")}
