"""What fit, sample, scan and profile may ask of a likelihood, and how anything that gives one comes to answer.

A log-likelihood is any function ``params -> scalar``. One that knows more says so through the attributes of `Target`.
`of`, at the door of every method, is the only place that looks at what it was given; behind it everything is a Target.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import numpy as np

from bsfit.errors import BsfitInputError

Params = dict[str, Any]
"""Parameters by name: numbers, or arrays of shape ()."""

Quadratic = Callable[[Mapping[str, float]], tuple[float, np.ndarray, np.ndarray, dict[str, Any]]]
"""Parameters -> log-likelihood, its gradient [p] and information [p, p] in the order of the free parameters, and its
summary there."""

SUMMARY = ("chi2", "pull_chi2", "tested_chi2", "by_group", "pulls", "predictions")
"""What the summary of a point may hold."""


@runtime_checkable
class Stages(Protocol):
    """A log-likelihood in two stages: costly values, and a density of these alone that costs little."""

    def values(self, params: Params) -> Any:
        """Values, a pytree of arrays [k], traceable; not finite where the log-likelihood is minus infinity."""
        ...

    def density(self, values: Any) -> Any:
        """The log-likelihood at values."""
        ...


@runtime_checkable
class PseudoData(Protocol):
    """How data are drawn anew: `draw` gives those of one pseudo-experiment, `given` the log-likelihood of them.

    It is an argument of compiled functions: an `eqx.Module`, or something hashable.
    """

    def draw(self, params: Params, key: Any) -> Any:
        """Data at these parameters, a pytree of arrays, traceable; `key` is one of `jax.random`."""
        ...

    def given(self, data: Any) -> Any:
        """The log-likelihood of these data, or of those drawn by that of another model of the same measurements."""
        ...


@runtime_checkable
class Target(Protocol):
    """A log-likelihood and all that is known about it: what is not known is None or empty.

    It is an argument of compiled functions: an `eqx.Module`, or something hashable.
    """

    def __call__(self, params: Params) -> Any:
        """Log-likelihood, a scalar that JAX can trace, at the free parameters."""
        ...

    def summary(self, params: Params) -> dict[str, Any]:
        """What is known of a point, traceable; those of `SUMMARY` that there are.

        chi2: of everything. pull_chi2: the part that `reference_chi2` is compared with, all if absent; without a
        `reference_chi2` it says that the reference has nothing to compare with. tested_chi2: the part that has a
        p-value, all if absent. by_group: {group: log-likelihood}. pulls [k]: measured minus predicted values in units
        of their errors, as named by `pulled`. predictions [n]: predicted values, as named by `observables`.
        """
        ...

    def by_group(self, params: Params) -> dict[str, Any]:
        """Log-likelihood of each group of observables by itself."""
        ...

    def conditions(self, params: Params) -> dict[str, Any]:
        """Whether each condition is met, by name, without which the log-likelihood is minus infinity; traceable."""
        ...

    def remarks(self, params: Mapping[str, float]) -> tuple[str, ...]:
        """What a reader of a result at this point has to know, one line each."""
        ...

    def pseudo_data(self) -> PseudoData | None:
        """How its data are drawn anew; `BsfitInputError` where some cannot be."""
        ...

    @property
    def quadratic(self) -> Quadratic | None:
        """Value, gradient and information at a point, where tracing costs more: fits then go by `scoring`."""
        ...

    @property
    def stages(self) -> Stages | None:
        """The two stages that it is made of, where tracing second derivatives of the first costs more: `curvature`."""
        ...

    @property
    def at_once(self) -> int | None:
        """So many points side by side cost least, each; None: as many as there are."""
        ...

    @property
    def starts_at_once(self) -> int | None:
        """So many descents with second derivatives side by side, which take more memory; None: as many as there are."""
        ...

    @property
    def free(self) -> Mapping[str, Any] | None:
        """Free parameters and their bounds or distributions, as in `space.parse`."""
        ...

    @property
    def fixed(self) -> Mapping[str, float]:
        """Parameters that have been given a value."""
        ...

    @property
    def reference(self) -> Mapping[str, float] | None:
        """The point that a pull is measured from: the Standard Model."""
        ...

    @property
    def reference_chi2(self) -> float | None:
        """Chi2 of the reference, which need not be a point of the free parameters."""
        ...

    @property
    def pull_by_rank(self) -> bool:
        """Whether degrees of freedom are the rank of the Jacobian of the predictions, not a count of parameters."""
        ...

    @property
    def constrained(self) -> tuple[str, ...]:
        """Parameters whose constraint is part of the likelihood: they count neither as data nor as parameters."""
        ...

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the predictions."""
        ...

    @property
    def pulled(self) -> tuple[str, ...]:
        """Names of the pulls."""
        ...

    @property
    def measured(self) -> tuple[int, ...] | None:
        """Positions of the predictions that are counted in `n_data`; all if None."""
        ...

    @property
    def compared(self) -> tuple[int, ...] | None:
        """Positions of the predictions that the reference has too; all if None."""
        ...

    @property
    def n_data(self) -> int | None:
        """Number of measured values."""
        ...

    @property
    def model(self) -> str:
        """Name of the model."""
        ...

    @property
    def data(self) -> str:
        """Name of the data."""
        ...

    @property
    def meta(self) -> Mapping[str, Any]:
        """What else belongs into a record: data files with hashes, notes, papers."""
        ...


def of(anything: Any, free: Mapping[str, Any] | None = None) -> Target:
    """Make a Target of a function or of an object that answers a part of what one does; `free` replaces its own.

    What is complete is returned as it is. The same function again shares what was compiled for it, whatever is free.
    Raises `BsfitInputError` for what cannot be called.
    """
    if free is None and isinstance(anything, Target):
        return anything
    if not callable(anything):
        expected = "a function params -> log-likelihood"
        raise BsfitInputError(f"got a {type(anything).__name__}", field="log-likelihood", expected=expected)
    given = getattr(anything, "free", None) if free is None else free
    return _Completed(anything.like if isinstance(anything, _Completed) else anything, _Free(given))


def about(like: Target) -> dict[str, Any]:
    """What a record of a result says about the likelihood."""
    named = {"model": like.model, "data": like.data}
    return {**{key: name for key, name in named.items() if name}, "fixed": dict(like.fixed), **like.meta}


class _Free:
    """Free parameters as given. No compiled program depends on them, so that all are equal and share their programs."""

    def __init__(self, given: Mapping[str, Any] | None) -> None:
        self.given = given

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Free)

    def __hash__(self) -> int:
        return hash(_Free)


def _own(name: str, unknown: Any) -> Any:
    """The likelihood's own attribute, `unknown` where it has none."""

    def found(self: "_Completed") -> Any:
        value = getattr(self.like, name, None)
        return unknown if value is None else value

    return property(found)


class _Completed(eqx.Module):
    """A function, or what answers in part, with nothing known about the rest."""

    like: Any
    box: _Free = eqx.field(static=True)

    quadratic = _own("quadratic", None)
    stages = _own("stages", None)
    at_once = _own("at_once", None)
    starts_at_once = _own("starts_at_once", None)
    fixed = _own("fixed", {})
    reference = _own("reference", None)
    reference_chi2 = _own("reference_chi2", None)
    pull_by_rank = _own("pull_by_rank", False)
    constrained = _own("constrained", ())
    observables = _own("observables", ())
    pulled = _own("pulled", ())
    measured = _own("measured", None)
    compared = _own("compared", None)
    n_data = _own("n_data", None)
    model = _own("model", "")
    data = _own("data", "")
    meta = _own("meta", {})

    @property
    def free(self) -> Mapping[str, Any] | None:
        return self.box.given

    def __call__(self, params: Params) -> Any:
        return self.like(params)

    def summary(self, params: Params) -> dict[str, Any]:
        if hasattr(self.like, "summary"):
            return dict(self.like.summary(params))
        return {name: getattr(self.like, name)(params) for name in SUMMARY if hasattr(self.like, name)}

    def by_group(self, params: Params) -> dict[str, Any]:
        return (
            self.like.by_group(params) if hasattr(self.like, "by_group") else self.summary(params).get("by_group", {})
        )

    def pseudo_data(self) -> PseudoData | None:
        return self.like.pseudo_data() if hasattr(self.like, "pseudo_data") else None

    def conditions(self, params: Params) -> dict[str, Any]:
        return dict(self.like.conditions(params)) if hasattr(self.like, "conditions") else {}

    def remarks(self, params: Mapping[str, float]) -> tuple[str, ...]:
        return tuple(self.like.remarks(params)) if hasattr(self.like, "remarks") else ()
