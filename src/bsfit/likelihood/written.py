"""What a likelihood was asked for as plain data, so that it can be asked for again."""

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from bsfit.errors import BsfitInputError
from bsfit.loading import selection
from bsfit.loading.inputs import from_description
from bsfit.predictions.bound_model import ModelLike

LOST = "lost"
"""The key under which stands what cannot be written: functions and objects of a user's own."""


def written(
    model: ModelLike,
    data: selection.Data,
    free: Mapping[str, Any],
    fixed: Mapping[str, float],
    theory: str,
    nuisances: str | Sequence[str] | None,
    exact: bool,
    relic: str,
    terms: Sequence[Any],
) -> dict[str, Any]:
    """Arguments of `bsfit.log_likelihood` but for the inputs; what has no name stands in words under `LOST`."""
    lost: list[str] = []
    items = [_item(item, lost) for item in selection.listed(data)]
    bounds = {name: _prior(name, box, lost) for name, box in free.items()}
    lost += [] if isinstance(model, str) else ["a model of one's own"]
    lost += ["own terms"] if terms else []
    return {
        "model": model if isinstance(model, str) else None,
        "data": items,
        "free": bounds,
        "fixed": dict(fixed),
        "theory": theory,
        "nuisances": list(nuisances) if isinstance(nuisances, list | tuple | set | frozenset) else nuisances,
        "exact": exact,
        "relic": relic,
        **({LOST: lost} if lost else {}),
    }


def read(content: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `bsfit.log_likelihood` from what `written` made. Raises `BsfitInputError` for what was lost."""
    if lost := content.get(LOST):
        raise BsfitInputError(f"{', '.join(lost)} cannot be saved with a result", hint="ask for it again in Python")
    return {
        **{key: content[key] for key in ("model", "theory", "exact", "relic")},
        "data": [dict(item) if isinstance(item, Mapping) else item for item in content["data"]],
        "free": {name: _distribution(box) for name, box in content["free"].items()},
        "fixed": dict(content["fixed"]),
        "nuisances": names if isinstance(names := content["nuisances"], str | None) else list(names),
    }


def again(about: Mapping[str, Any]) -> Any:
    """The likelihood of a result, whose `meta["likelihood"]` is `about`.

    Raises `BsfitInputError` for what was lost, KeyError for a result that does not carry what was asked for.
    """
    from bsfit.likelihood.build import log_likelihood

    return log_likelihood(**read(about["asked"]), inputs=from_description(about))


def _item(item: Any, lost: list[str]) -> Any:
    if isinstance(item, str | os.PathLike):
        return os.fspath(item)
    if isinstance(item, Mapping) and all(isinstance(key, str) for key in item):
        return {key: value if isinstance(value, str) else list(map(float, value)) for key, value in item.items()}
    lost.append(f"the data {selection.described([item])!r}")
    return None


def _prior(name: str, box: Any, lost: list[str]) -> Any:
    """Bounds as they are, normal distributions by mean and width."""
    if isinstance(box, tuple | list):
        return list(map(float, box))
    parts = [getattr(box, part, None) for part in ("loc", "scale")]
    if type(box).__name__ == "Normal" and None not in parts:
        return {"normal": list(map(float, parts))}
    lost.append(f"the prior of {name}")
    return None


def _distribution(box: Any) -> Any:
    if not isinstance(box, Mapping):
        return tuple(box)
    from numpyro.distributions import Normal

    mean, width = box["normal"]
    if not (math.isfinite(mean) and width > 0.0):
        raise BsfitInputError(f"found a width of {width}", field="free", expected="a positive number")
    return Normal(mean, width)
