"""Dark matter at the points of a saved result: for the direct-detection plane, and lines of the relic density."""

import time
from collections.abc import Mapping
from typing import Any, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.likelihood.dark_matter import share_of
from bsfit.loading import limits, selection
from bsfit.loading.inputs import Inputs
from bsfit.predictions.prediction import Prediction
from bsfit.reporting.asked import about_of, asked_of
from bsfit.results import DarkMatter, FitResult, Points, Posterior, Profile, Scan, provenance
from bsfit.theory import Theory

MOST = 2000
"""So many draws or points of a result are computed."""

BLOCK = 32
"""Points computed side by side, which is what fits the cache of a core."""

PLANCK = "planck-omega-2018"
"""The measured relic density where a result holds none."""

KINDS = (FitResult, Posterior, Points, Scan, Profile)

Columns = dict[str, np.ndarray]


def has_dark_matter(result: Any) -> bool:
    """Whether `dark_matter_of` has something to say of a result: by its kind, and the row of its model."""
    row = catalogue.MODELS.get(about_of(result).get("model", ""))
    return isinstance(result, KINDS) and row is not None and row.dark_matter and "sigma_SI" not in row.refused


def dark_matter_of(result: Any, *, most: int = MOST) -> DarkMatter:
    """Mass, sigma_SI on xenon and Omega_h2 at the best point of a result, and at up to `most` of its points.

    Of a posterior draws in equal distances, and the likeliest of all as the best; of scans, profiles and points the
    likeliest. The model, what was fixed, and the inputs are those that the result carries. Limits are those that come
    with bsfit, and those that the likelihood holds. Raises BsfitInputError for other results, models of a user's own,
    and those without dark matter, or whose scattering no constant cross section describes.
    """
    started = time.time()
    columns, delta_chi2, best = _points(result, most)
    function, asked, inputs = _question(result, "mass", "sigma_SI", "Omega_h2")
    every = {name: np.append(values, best[name]) for name, values in columns.items()}
    found = dict(zip(function.names, _values(function, every, inputs).T, strict=True))
    found.setdefault("Omega_h2", np.full_like(found["mass"], np.nan))
    found["share"] = _share(asked, found["Omega_h2"])
    used = [limit for limit in limits.among(selection.listed(asked["data"])) if limit.observable == "sigma_SI"]
    shown = {name: limits.limit(name) for name in limits.LIMITS if limits.limit(name).observable == "sigma_SI"}
    shown |= {limit.name: limit for limit in used}
    papers = tuple(dict.fromkeys(paper for limit in shown.values() for paper in limit.papers))
    about = {key: value for key, value in about_of(result).items() if key != "notes"} | {"papers": papers}
    about |= {"observables": [name for name in function.names if name not in _OWN]}
    return DarkMatter(
        **{key: values[:-1] for key, values in found.items()},
        delta_chi2=np.zeros(0) if delta_chi2 is None else delta_chi2,
        best={key: float(values[-1]) for key, values in found.items()},
        limits={name: np.stack([limit.mass, limit.cross_section]) for name, limit in shown.items()},
        confidence={name: limit.confidence for name, limit in shown.items()},
        used=tuple(limit.name for limit in used),
        what=type(result).__name__,
        doubts=_doubts(result),
        meta=provenance(about, started=started, method="dark matter", most=most),
    )


def relic_density(result: Any) -> np.ndarray:
    """Omega_h2 [*grid] at the points of a scan or profile; NaN where the likelihood is zero.

    Raises BsfitInputError as `dark_matter_of` does, and for a model that does not predict it.
    """
    if not isinstance(result, Scan | Profile):
        raise BsfitInputError(f"got a {type(result).__name__}", field="relic", expected="a Scan or a Profile")
    columns, delta_chi2 = _grid(result)
    function, _, inputs = _question(result, "Omega_h2")
    if "Omega_h2" not in function.names:
        raise BsfitInputError(f"model {about_of(result)['model']!r} does not predict Omega_h2", field="relic")
    values = np.where(np.isfinite(delta_chi2), _values(function, columns, inputs)[:, 0], np.nan)
    return values.reshape(tuple(map(len, result.axes)))


def density_to_draw(result: Any, given: str | float | None = None) -> float:
    """Omega_h2 by a number, or by the measurement or file that has one; by default what the data of a result hold.

    Without such data it is that of `PLANCK`. Raises BsfitInputError for what is no positive number, and for data
    without a relic density.
    """
    if given is None:
        asked = asked_of(result, "relic").content
        return _measured(asked["data"]) or cast(float, _measured(PLANCK))
    try:
        value = float(given)
    except ValueError:
        found = _measured(str(given))
        if found is None:
            expected = f"a number, or {PLANCK}"
            raise BsfitInputError(f"{given!r} measures no Omega_h2", field="relic", expected=expected) from None
        return found
    if not (np.isfinite(value) and value > 0.0):
        raise BsfitInputError(f"found {value:g}", field="relic", expected="a positive number")
    return value


def _measured(data: selection.Data) -> float | None:
    """The relic density among data, None if there is none."""
    chosen = (datum for m in selection.select(data, or_none=True) for datum in m.data)
    return next((datum.central for datum in chosen if datum.observable == "Omega_h2"), None)


def _doubts(result: Any) -> tuple[str, ...]:
    if isinstance(result, Posterior):
        return tuple(result.reasons)
    return () if result.converged else (f"the {type(result).__name__} did not converge",)


def mass(theory: Theory, inputs: Inputs) -> Float[Array, ""]:
    """Mass of dark matter in GeV."""
    return theory.dark_sector("mass").masses[0]


_OWN = {"mass": mass}


def _question(result: Any, *names: str) -> tuple[Prediction, Mapping[str, Any], Inputs]:
    """What is to be computed at the free parameters of a result, what this was asked for as, and its inputs."""
    asked = asked_of(result, "dark matter")
    row = asked.row
    if not row.dark_matter:
        expected = f"model {catalogue.models_with_dark_matter()}"
        raise BsfitInputError(f"model {row.name!r} has no dark matter", field="dark matter", expected=expected)
    wanted = [_OWN.get(name, name) for name in names if name != "Omega_h2" or name not in row.refused]
    return asked.prediction(wanted), asked.content, asked.inputs


def _values(function: Prediction, columns: Columns, inputs: Inputs) -> np.ndarray:
    """Predicted values [n, k] at points; columns that are no parameters of the model are inputs that float."""
    points = {name: jnp.asarray(values) for name, values in columns.items()}
    return np.asarray(_mapped(function, points, inputs))


@eqx.filter_jit
def _mapped(function: Prediction, points: dict[str, Float[Array, " n"]], inputs: Inputs) -> Float[Array, "n k"]:
    def at(point: dict[str, Array]) -> Array:
        model = {name: value for name, value in point.items() if name in (function.model.free or ())}
        return function(model, inputs.replace({name: value for name, value in point.items() if name not in model}))

    return jax.lax.map(at, points, batch_size=BLOCK)


def _share(asked: Mapping[str, Any], omega: np.ndarray) -> np.ndarray:
    """Share of this dark matter in all: one, unless the measured density is an upper bound."""
    if asked["relic"] != "upper":
        return np.ones_like(omega)
    measured = cast(float, _measured(asked["data"]))
    return np.asarray(share_of(jnp.asarray(omega / measured)))


def _points(result: Any, most: int) -> tuple[Columns, np.ndarray | None, Mapping[str, float]]:
    """Columns of points, their Delta chi2 (None for draws of a posterior), and the best one."""
    if isinstance(result, FitResult):
        return {name: np.array([result.values[name]]) for name in result.names}, np.zeros(1), result.values
    if isinstance(result, Posterior):
        draws = {name: result.draws(name) for name in result.names}
        count = result.log_likelihood.size
        at = np.unique(np.linspace(0, count - 1, min(most, count)).astype(int))
        best = int(np.argmax(result.log_likelihood))
        return {name: x[at] for name, x in draws.items()}, None, {name: float(x[best]) for name, x in draws.items()}
    if isinstance(result, Points):
        columns, delta_chi2 = dict(result.columns), result.delta_chi2()
        columns |= _held(result, len(delta_chi2))
    elif isinstance(result, Scan | Profile):
        columns, delta_chi2 = _grid(result)
    else:
        kinds = ", ".join(kind.__name__ for kind in KINDS)
        raise BsfitInputError(f"got a {type(result).__name__}", field="dark matter", expected=kinds)
    order = np.argsort(np.where(np.isfinite(delta_chi2), delta_chi2, np.inf), kind="stable")
    order = order[: min(most, int(np.isfinite(delta_chi2).sum()))]
    if not len(order):
        raise BsfitInputError("the likelihood is zero at all points", field="dark matter")
    columns = {name: values[order] for name, values in columns.items()}
    return columns, delta_chi2[order], {name: float(values[0]) for name, values in columns.items()}


def _grid(result: Scan | Profile) -> tuple[Columns, np.ndarray]:
    """The points of a grid, with what was profiled and held there, and their Delta chi2."""
    mesh = np.meshgrid(*result.axes, indexing="ij")
    columns = {name: values.reshape(-1) for name, values in zip(result.names, mesh, strict=True)}
    columns |= {name: values.reshape(-1) for name, values in result.others.items()}
    delta_chi2 = result.delta_chi2() if isinstance(result, Scan) else result.delta_chi2
    return columns | _held(result, mesh[0].size), delta_chi2.reshape(-1)


def _held(result: Any, count: int) -> Columns:
    """Free parameters of the likelihood that a scan held at a value."""
    fixed = result.meta.get("settings", {}).get("fixed") or {}
    return {name: np.full(count, float(value)) for name, value in fixed.items()}
