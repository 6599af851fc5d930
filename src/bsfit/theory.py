r"""What a model produces and an observable reads: new physics only.

Records between the two sides of the house. A model is any callable ``params -> Theory``; an observable any callable
``(theory, inputs) -> number``. The Standard Model is `Theory.standard_model()`: all coefficients zero.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, get_args

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Bool, Complex, Float, Inexact, Int

from bsfit import scalars
from bsfit.catalogue import COEFFICIENTS, models_with_dark_matter
from bsfit.errors import BsfitInputError, did_you_mean

scalars.check_64_bit()

Params = Mapping[str, Float[ArrayLike, ""] | int]
"""Parameters by name."""

ModelFunction = Callable[[Params, Any], "Theory"]
"""(parameters, inputs) -> theory: what a model is."""

ObservableFunction = Callable[["Theory", Any], Any]
"""(theory, inputs) -> number: what an observable is."""

Counts = Literal["note", "dark matter", "always"]
"""What a condition that fails counts as, see `Verdict`."""

FINAL_STATES = ("electron", "muon", "tau", "quark", "neutrino", "other")
"""Kinds of final states that leave different shares of their energy in a gas."""

NARROWEST = 1e-5
"""Width over mass of a light mediator that integrals over q2 resolve."""

INDEX = {name: i for i, name in enumerate(COEFFICIENTS)}


class WilsonCoefficients(eqx.Module):
    r"""New-physics parts of the Wilson coefficients at 4.8 GeV, in flavio's WET basis.

    One complex array in the order of `catalogue.COEFFICIENTS`; index by name. Conventions:

    * ``C9_bsmumu``, ``C10``, primed, ``C7_bs``, ``C8_bs``, ``CS``, ``CP``:
      :math:`H = -\frac{4G_F}{\sqrt2}V_{tb}V_{ts}^*\frac{\alpha}{4\pi}\sum_i C_iO_i` + h.c., with
      :math:`O_9=(\bar s\gamma_\mu P_Lb)(\bar l\gamma^\mu l)`, :math:`O_{10}` with :math:`\gamma^\mu\gamma_5`,
      :math:`O_7=\frac{m_b}{e}(\bar s\sigma^{\mu\nu}P_Rb)F_{\mu\nu}`,
      :math:`O_8=\frac{g_sm_b}{e^2}(\bar s\sigma^{\mu\nu}T^aP_Rb)G^a_{\mu\nu}`,
      :math:`O_S=m_b(\bar sP_Rb)(\bar ll)`, :math:`O_P=m_b(\bar sP_Rb)(\bar l\gamma_5l)`: CS and CP in GeV^-1.
      ``bsmue`` is the pair :math:`e^-\mu^+` with the field order :math:`\bar e\ldots\mu`, as in flavio. ``bdmumu``: the
      same with d for s and :math:`V_{tb}V_{td}^*`, leptons of one flavour, no C9.
    * ``CL_bsnumunumu``, ``CR``: :math:`(\bar s\gamma_\mu P_{L,R}b)(\bar\nu\gamma^\mu(1-\gamma_5)\nu)`, same prefactor.
    * ``CVLL_bsbs`` (also bdbd, sdsd, ucuc), VRR, VLR, ``CSLR_bsbs``: :math:`H=-\sum_iC_iO_i`, in GeV^-2, with
      :math:`O_{VLL}=(\bar s\gamma_\mu P_Lb)^2`, :math:`O_{VLR}=(\bar s\gamma_\mu P_Lb)(\bar s\gamma^\mu P_Rb)`,
      :math:`O_{SLR}=(\bar sP_Lb)(\bar sP_Rb)`.
      **Minus**: a positive real value lowers :math:`\Delta M_s`.
    * ``CVLL_eemue``, ``CVLR_mueee``, ``CVLL_mueuu``, ``CVLR_uumue`` and so on, in GeV^-2:
      :math:`L=\sum C\,(\bar e\gamma_\alpha P_L\mu)(\bar f\gamma^\alpha P_Lf)`, the chiralities in the order of the
      pairs of fermions in the name.
    * ``CVLL_numunumumumu``, ``CVLR``: :math:`L=\frac{4G_F}{\sqrt2}\sum C\,(\bar\nu_\mu\gamma_\alpha P_L\nu_\mu)
      (\bar\mu\gamma^\alpha P_{L,R}\mu)`.
    * ``C7_mumu``: :math:`L=\frac{4G_F}{\sqrt2}\frac{e\,m_\mu}{16\pi^2}C_7\,\bar\mu\sigma^{\alpha\beta}P_R\mu
      F_{\alpha\beta}` + h.c.; ``Cgamma_mue``:
      :math:`L=C_\gamma\,\bar e\sigma^{\alpha\beta}P_R\mu F_{\alpha\beta}` + h.c., GeV^-1,
      and ``Cgamma_emu`` with :math:`\bar\mu\ldots e`, those of :math:`\tau\to e` and :math:`\tau\to\mu` alike;
      :math:`D_\mu=\partial_\mu+ieQA_\mu`.
    * ``CVL_bctaunutau``, CVR, CSL, CSR, CT: :math:`H=+\frac{4G_F}{\sqrt2}V_{cb}\sum_iC_iO_i` + h.c., the Standard Model
      being :math:`C_{VL}=1`, with :math:`O_{VL,VR}=(\bar c\gamma_\mu P_{L,R}b)(\bar\tau\gamma^\mu P_L\nu_\tau)`,
      :math:`O_{SL,SR}=(\bar cP_{L,R}b)(\bar\tau P_L\nu_\tau)`,
      :math:`O_T=(\bar c\sigma_{\mu\nu}P_Lb)(\bar\tau\sigma^{\mu\nu}P_L\nu_\tau)`: numbers, without :math:`m_b`.
      ``bctaunumu`` has the tau and :math:`\nu_\mu`.
    """

    values: Complex[Array, " n"]

    def __getitem__(self, name: str) -> Complex[Array, ""]:
        return self.values[INDEX[name]]

    @classmethod
    def zeros(cls) -> "WilsonCoefficients":
        """All coefficients zero: the Standard Model."""
        return cls(jnp.zeros(len(COEFFICIENTS), dtype=complex))

    @classmethod
    def of(cls, values: Mapping[str, Inexact[ArrayLike, ""]]) -> "WilsonCoefficients":
        """Coefficients from a dictionary of names; the others are zero.

        Raises `BsfitInputError` for an unknown name.
        """
        for name in values:
            if name not in INDEX:
                raise BsfitInputError(f"unknown Wilson coefficient {name!r}", hint=did_you_mean(name, COEFFICIENTS))
        # Pieces of one array, not a scatter: XLA then drops, under vmap, every coefficient that nothing reads.
        pieces, end = [], 0
        for name in sorted(values, key=INDEX.__getitem__):
            pieces += [jnp.zeros(INDEX[name] - end, dtype=complex), jnp.asarray(values[name], dtype=complex)[None]]
            end = INDEX[name] + 1
        return cls(jnp.concatenate([*pieces, jnp.zeros(len(COEFFICIENTS) - end, dtype=complex)]))


class Verdict(eqx.Module):
    """One condition on a parameter point, beside the finite number it refers to.

    `value` and `limit` are in the unit that `message` names; `ok` is their comparison, so it can be vmapped. `counts`
    says what becomes of a point where it fails: ``note``, its numbers are not to be trusted; ``dark matter``, there is
    no such dark matter, so that a likelihood of data on it is zero; ``always``, there is no such model, and every
    likelihood is zero.
    """

    name: str = eqx.field(static=True)
    message: str = eqx.field(static=True)
    value: Float[Array, ""]
    limit: Float[Array, ""]
    ok: Bool[Array, ""]
    counts: str = eqx.field(static=True, default="note")

    def __check_init__(self) -> None:
        if self.counts not in get_args(Counts):
            hint = did_you_mean(self.counts, get_args(Counts))
            expected = ", ".join(get_args(Counts))
            raise BsfitInputError(f"got {self.counts!r}", field=f"verdict {self.name!r}", expected=expected, hint=hint)


class Channel(eqx.Module):
    """Annihilation of a pair of dark species into one kind of final state; the topologies are in `annihilation`.

    `species` is the position of the heavier species that takes part in it, 0 where dark matter annihilates alone.
    Those that cost many operations and never have a resonance say that they are `smooth`: nodes of their own are fewer.
    """

    smooth: ClassVar[bool] = False
    name: str = eqx.field(static=True, kw_only=True, default="")
    species: int = eqx.field(static=True, kw_only=True, default=0)

    @abstractmethod
    def strength(self, s: Float[Array, ""]) -> Float[Array, ""]:
        r"""Sum over ordered pairs of states of :math:`g_ig_j\lambda(s,m_i^2,m_j^2)\sigma_{ij}(s)`, in GeV^2.

        :math:`\lambda` is the Kallen function, :math:`\sigma` averaged over the g states of each species: finite where
        an s-wave cross section is not, at the threshold. For one species it is :math:`g^2s(s-4m^2)\sigma`.
        """

    @abstractmethod
    def thresholds(self) -> Float[Array, " t"]:
        r"""Energies :math:`\sqrt s` in GeV at which it opens, or a part of it."""

    def injected(self, s: Float[Array, ""], efficiency: Mapping[str, Float[Array, ""]]) -> Float[Array, ""]:
        """`strength` times the share of energy that the final states leave in the gas at recombination.

        `efficiency` is by kind, `FINAL_STATES`; a channel that does not tell its final states apart is ``other``.
        """
        return efficiency["other"] * self.strength(s)


class Conversion(eqx.Module):
    """Conversion of a heavier species, the one at the position `species`, into dark matter and light particles."""

    species: int = eqx.field(static=True, kw_only=True)

    @abstractmethod
    def rate(self, t: Float[Array, ""]) -> Float[Array, ""]:
        """Rate in GeV of one of its particles at a temperature in GeV, which is below half of its mass."""


class Partner(eqx.Module):
    """A heavier particle that colliders make in pairs: its mass in GeV, and the share of pairs that searches see.

    Of each of these pairs both decay into dark matter and one of the particles that are looked for.
    """

    mass: Float[Array, ""]
    share: Float[Array, ""]


class DarkSector(eqx.Module):
    r"""Dark matter and the states that annihilate together with it.

    `masses` [n] in GeV and `dof` [n], the internal degrees of freedom, antiparticles counted; the first species is the
    dark matter, the lightest. `kind` is complex scalar, real scalar, Dirac or Majorana. `pole_masses`, `pole_widths`
    [p] in GeV are the narrow resonances of the channels. `vector` are the components, by name, of the coupling of the
    dark matter's current to those of proton and neutron, :math:`b_p, b_n` in GeV^-2 (opposite for the antiparticle),
    and `scalar` [2] the scalar one in the same normalisation: :math:`\sigma_N=\mu^2b_N^2/\pi`; `spin` [2] the couplings
    of its spin to theirs, :math:`\sigma_N=3\mu^2a_N^2/\pi`. `anapole`, in GeV^-2, is there where a Majorana fermion
    scatters by its anapole, at no constant cross section (`nucleon.anapole`). `partners`, by name, are
    the particles that decay into dark matter and that searches at colliders have been for. `conversions` keep heavier
    species in equilibrium with dark matter; those that have none are taken to be.
    """

    masses: Float[Array, " n"]
    dof: Float[Array, " n"]
    channels: tuple[Channel, ...]
    pole_masses: Float[Array, " p"]
    pole_widths: Float[Array, " p"]
    kind: str = eqx.field(static=True)
    vector: dict[str, Float[Array, " 2"]] = eqx.field(default_factory=dict)
    scalar: Float[Array, " 2"] = eqx.field(default_factory=lambda: jnp.zeros(2))
    spin: Float[Array, " 2"] = eqx.field(default_factory=lambda: jnp.zeros(2))
    anapole: Float[Array, ""] | None = None
    partners: dict[str, Partner] = eqx.field(default_factory=dict)
    conversions: tuple[Conversion, ...] = ()

    def strengths(self, s: Float[Array, ""]) -> Float[Array, " c"]:
        """`Channel.strength` of every channel."""
        return jnp.stack([channel.strength(s) for channel in self.channels])

    def thresholds(self) -> Float[Array, " t"]:
        """Energies in GeV at which anything opens: final states, and pairs of heavier species."""
        return jnp.concatenate([channel.thresholds() for channel in self.channels])


class Invisible(eqx.Module):
    """What a vector boson decays into without a trace, on its mass shell or off."""

    @abstractmethod
    def width(self, m: Float[Array, ""]) -> Float[Array, ""]:
        """Width in GeV of a vector of mass m in GeV."""

    @abstractmethod
    def time_like_width(self, m: Float[Array, ""]) -> Float[Array, ""]:
        """The same for the component along its momentum, which vanishes for a conserved current."""

    @abstractmethod
    def opening(self) -> Float[Array, ""]:
        """Mass in GeV from which a vector decays into it."""


class LightMediator(eqx.Module):
    r"""A vector boson so light that its momentum counts in b -> s decays; mass and width in GeV.

    With it, all of the coefficients C9, C10 of charged leptons, CL of neutrinos and their flips with right-handed
    quarks are its exchange, at :math:`q^2=0` and without width: :math:`\Lambda_v^2/m^2` times couplings. Decays
    multiply them by `factor`. `quarks` are :math:`\Delta_L^{sb}, \Delta_R^{sb}` of
    :math:`L=Z'_\mu\bar s\gamma^\mu(\Delta_LP_L+\Delta_RP_R)b`, by which it also goes into what is `invisible`, if
    anything is.
    """

    mass: Float[Array, ""]
    width: Float[Array, ""]
    quarks: Complex[Array, " 2"] = eqx.field(default_factory=lambda: jnp.zeros(2, dtype=complex))
    invisible: Invisible | None = None

    @property
    def pole(self) -> Complex[Array, ""]:
        r""":math:`m^2-im\Gamma` in GeV^2."""
        return self.mass**2 - 1j * self.mass * self.width

    def factor(self, q2: Float[ArrayLike, "*n"]) -> Complex[Array, "*n"]:
        r""":math:`m^2/(m^2-q^2-im\Gamma)`."""
        return self.mass**2 / (self.pole - q2)


class Theory(eqx.Module):
    """New physics at one parameter point: coefficients, named outputs of the model, and verdicts on their validity.

    `quantities` holds what can be asked for like an observable (masses, widths, coefficients at the matching scale),
    real or complex, in GeV powers; `dark` is the dark sector of models that have one; `mediator` that whose exchange
    the coefficients are, where it is too light for local operators.
    """

    wilson: WilsonCoefficients
    quantities: dict[str, Array] = eqx.field(default_factory=dict)
    verdicts: tuple[Verdict, ...] = ()
    dark: DarkSector | None = None
    mediator: LightMediator | None = None

    @classmethod
    def standard_model(cls) -> "Theory":
        """No new physics."""
        return cls(WilsonCoefficients.zeros())

    def dark_sector(self, what: str) -> DarkSector:
        """The dark sector, which `what` is about. Raises `BsfitInputError` for a model without dark matter."""
        if self.dark is None:
            models = models_with_dark_matter()
            raise BsfitInputError(f"this model has no dark matter, so no {what}", expected=f"model {models}")
        return self.dark


class Rows(eqx.Module):
    """What the moments of a process are asked for: one row per decay, lepton and q2 bin. All fields have shape [n].

    `decay` and `lepton` are positions in the process's decays and in `catalogue.LEPTONS`; bins in GeV^2. Processes
    without a q2 distribution ignore the bins.
    """

    decay: Int[Array, " n"]
    lepton: Int[Array, " n"]
    q2_min: Float[Array, " n"]
    q2_max: Float[Array, " n"]


def moments_themselves(key: str, moments: Float[Array, "r k"], rows: Rows, inputs: Any) -> Float[Array, "r k"]:
    """The `functionals` of a process whose quantities are made of its few moments as they are."""
    return moments
