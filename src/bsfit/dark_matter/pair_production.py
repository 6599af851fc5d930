r"""Pairs of the partners of dark matter at the LHC: estimates of what searches exclude. No recast, off by default.

A partner of mass m decays into a light particle, which is seen, and dark matter of mass :math:`m_X`, which is not. The
variables that searches cut on, the stransverse mass and its kin, end at

.. math:: E = \frac{m^2-m_X^2}{m},

twice the momentum of the decay. So the largest cross section that a search leaves is taken as a function of E alone,

.. math:: \sigma_{95}(E) = \sigma_{95}(E_0)\,e^{(g/E)^2-(g/E_0)^2},

fixed by the published limit at :math:`E_0`, light dark matter, and by a gap g fitted to the published contour. For
sleptons that is followed within 12 % of the mass above 500 GeV and 25 % below, where the gap is narrow. Below E of g/3
nothing is excluded, nor with :math:`m_X>m`, where the partner does not decay. Cross sections are fits of
:math:`\ln\sigma=a+b\ln m+cm` to calculated ones (3 % from 200 GeV on). Everything is smooth; at fixed E the ratio
falls with m, at fixed m with :math:`m_X`, and at fixed :math:`m_X` it rises with m while the gap opens, then falls.

**What it is not.** No efficiencies of the particle's own (spin changes the angles), no decays into anything else, no
other final states: of leptons pairs of equal flavour, electrons or muons, which the search adds up
(`theory.Partner.share`), of quarks all flavours alike. The neutral and the up-type partner are left out.

**The Z' of the portal** would need the quarks' densities in the proton, which we do not carry, and limits on its decay
into muons hold for couplings to light quarks that this model has only by mixing or `epsilon`: there is no estimate. Its
vector-like fermions decay into known particles, without dark matter, so that these searches do not apply.
"""

from functools import cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from bsfit.errors import BsfitInputError
from bsfit.loading.limits import Limit
from bsfit.theory import DarkSector

CLOSED = 0.05
"""E over the gap below which the ratio, smaller than 1e-170, is zero."""


def over_limit(limit: Limit, dark: DarkSector) -> Float[Array, ""]:
    """Cross section of visible pairs over its limit. Raises `BsfitInputError` for a model without such a partner."""
    name = limit.observable.removeprefix("pairs_")
    if name not in dark.partners:
        what = f"{limit.name} is about {name} that decays into dark matter, which this model does not have"
        raise BsfitInputError(what, field="data", expected="model loop")
    partner = dark.partners[name]
    return partner.share * ratio(limit, partner.mass, dark.masses[0])


def ratio(limit: Limit, mass: Float[ArrayLike, ""], dark_mass: Float[ArrayLike, ""]) -> Float[Array, ""]:
    r""":math:`\sigma(m)/\sigma_{95}(E)` for masses in GeV: 1 where pairs that are all visible are just excluded."""
    search = limit.search
    assert search is not None
    m, m_x = jnp.asarray(mass, dtype=float), jnp.asarray(dark_mass, dtype=float)
    end = (m**2 - m_x**2) / m
    is_open = end > CLOSED * search.gap
    seen = (search.gap / jnp.where(is_open, end, search.gap)) ** 2 - (search.gap / search.mass) ** 2
    return jnp.where(is_open, cross_section(limit, m) / search.cross_section * jnp.exp(-seen), 0.0)


def cross_section(limit: Limit, mass: Float[ArrayLike, "*k"]) -> Float[Array, "*k"]:
    """Cross section in fb of making a pair of this mass in GeV."""
    a, b, c = _fit(limit)
    m = jnp.asarray(mass, dtype=float)
    return jnp.exp(a + b * jnp.log(m) + c * m)


@cache
def _fit(limit: Limit) -> Float[np.ndarray, " 3"]:
    basis = np.stack([np.ones_like(limit.mass), np.log(limit.mass), limit.mass], axis=1)
    return np.linalg.lstsq(basis, np.log(limit.cross_section))[0]
