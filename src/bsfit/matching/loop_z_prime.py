r"""Gauged :math:`L_\mu-L_\tau` whose Z' couples to quarks by a loop of new particles that are charged too.

:math:`L=\lambda_i\bar FP_Lq_iS^\dagger` + h.c. with opposite charges of F and S, so that quarks have none. By Ward's
identity the loop vanishes at zero momentum where the symmetry is exact: :math:`\Delta_L^{ij}=\lambda_i^*\lambda_ju`
needs its breaking inside the loop, a splitting of F or of S. What is left otherwise is :math:`q^2` over the squared
masses in the loop, a relative :math:`m_b^2/m_{Z'}^2`, and is left out. :math:`C_9^\mu=-C_9^\tau`, :math:`C_{10}=0`, and
:math:`C_L^{\nu_\mu}=-C_L^{\nu_\tau}` half of it, depend on gauge coupling and mass of the Z' by their ratio alone.
Derived here.
"""

import equinox as eqx
from jaxtyping import Array, ArrayLike, Complex, Float

from bsfit.loading.inputs import Inputs
from bsfit.matching import muon_moment, scalar_loops
from bsfit.matching.boxes import Line
from bsfit.matching.currents import from_muon_moment, together
from bsfit.matching.hermitian import Hermitian
from bsfit.matching.z_prime import Currents, lepton_charges, quarks_in_down_basis
from bsfit.standard_model.ckm import ckm

Scalar = Float[Array, ""]


class LoopZPrime(eqx.Module):
    """Mass of the Z' in GeV, gauge coupling, the line of quarks in the loop and the scale in GeV where it is matched.

    `vertex` is u above, `epsilon` the kinetic mixing.
    """

    m_zp: Scalar
    coupling: Scalar
    quarks: Line
    scale: Scalar
    vertex: Scalar
    epsilon: Float[ArrayLike, ""] = 0.0

    def currents(self, inputs: Inputs) -> Currents:
        """Couplings of the Z' to all light fermions."""
        g = self.coupling
        down = Hermitian.outer(dict(enumerate(self.quarks.couplings)), self.vertex)
        leptons = lepton_charges((0.0, g, -g), (0.0, g, -g))
        return (quarks_in_down_basis(down, ckm(inputs)) + leptons).with_kinetic_mixing(self.epsilon)

    def coefficients(
        self, z: Currents, inputs: Inputs
    ) -> tuple[dict[str, Complex[Array, ""]], dict[str, Complex[Array, ""]]]:
        """What the loop adds to the exchange of the Z', the moment of the muon with it; quantities by name.

        These are of `scalar_loops.of_quarks`, and `C_bs_LL_box`, `C_bs_LL_Zp`, the coefficients of Delta F = 2 at the
        scales of loop and Z', of which `C_bs_LL` is the sum.
        """
        found, quantities = scalar_loops.of_quarks(self.quarks, self.scale, inputs)
        moment = from_muon_moment(muon_moment.muon_loop(self.m_zp, z, inputs), inputs)
        box, exchange = quantities["C_bs_LL"], (z.down.left(1, 2) / self.m_zp) ** 2 / 2
        mixing = {"C_bs_LL": box + exchange, "C_bs_LL_box": box, "C_bs_LL_Zp": exchange}
        return together(found, moment), {**quantities, **mixing}
