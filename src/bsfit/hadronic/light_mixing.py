r"""Mixing of :math:`K^0` and of :math:`D^0`: what new physics adds to :math:`M_{12}`, from operators at 4.8 GeV.

The Standard Model's part is not here. That of D mesons is made at long distances and not calculable: estimates go from
1e-3 to 1e-2 of the width, hep-ph/0310076 [Burdman:2003rs]_ (from memory), as much as is measured. That of
:math:`\epsilon_K` has been calculated by others.

:math:`M_{12}=\langle M|H|\bar M\rangle/2m_M` in the phases of `standard_model.ckm`, where decays of both are real up to
1e-3. Operators VLL, VRR, VLR and SLR, run at leading order to `mu_light_mixing`, where lattices have their bag
parameters. Energies in GeV.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from bsfit.loading.inputs import Inputs
from bsfit.standard_model.qcd import mass_below_bottom
from bsfit.standard_model.running import run_delta_f2_light, run_delta_f2_lr_light
from bsfit.theory import Rows, Theory


class LightMeson(NamedTuple):
    """A neutral K or D meson: its name in inputs, the quark that annihilates and the one that takes its place."""

    name: str
    quarks: str


K0 = LightMeson("K0", "sd")
D0 = LightMeson("D0", "uc")


def matrix_elements(meson: LightMeson, inputs: Inputs) -> Float[Array, " 3"]:
    r"""Of VLL, VLR and :math:`(\bar qP_Lq')(\bar qP_Rq')` at `mu_light_mixing`, over :math:`2m_M`, in GeV^3.

    :math:`\frac13B_1`, :math:`-\frac16B_5R` and :math:`\frac14B_4R` times :math:`m_Mf_M^2`, with
    :math:`R=[m_M/(m_q+m_{q'})]^2`.
    """
    name, mu = meson.name, inputs["mu_light_mixing"]
    mass = inputs[f"m_{name}"]
    chiral = (mass / sum(mass_below_bottom(quark, mu, inputs) for quark in meson.quarks)) ** 2
    bags = [inputs[f"bag_{name}_{i}"] for i in (1, 5, 4)]
    shares = jnp.stack([bags[0] / 3, -bags[1] * chiral / 6, bags[2] * chiral / 4])
    return mass * inputs[f"f_{name}"] ** 2 * shares


def new_physics(meson: LightMeson, theory: Theory, inputs: Inputs) -> Complex[Array, ""]:
    """Contribution of the coefficients at 4.8 GeV to M12 in GeV; coefficients are those of -H, hence the sign."""
    left, right, vector, scalar = (
        theory.wilson[f"{kind}_{2 * meson.quarks}"] for kind in ("CVLL", "CVRR", "CVLR", "CSLR")
    )
    mu = inputs["mu_light_mixing"]
    same = (left + right) * run_delta_f2_light(mu, inputs)
    evolved = run_delta_f2_lr_light(mu, inputs, vector, scalar)
    return -jnp.sum(jnp.concatenate([same[None], evolved]) * matrix_elements(meson, inputs))


def parts(meson: LightMeson, theory: Theory, inputs: Inputs, rows: Rows) -> Float[Array, "n 2"]:
    """Real and imaginary part of it, the same in every row; linear in the coefficients."""
    found = new_physics(meson, theory, inputs)
    return jnp.broadcast_to(jnp.stack([found.real, found.imag]), (*rows.decay.shape, 2))
