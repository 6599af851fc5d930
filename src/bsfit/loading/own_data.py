"""Numbers of one's own as data: a `Measurement` beside those that come in files."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from bsfit import catalogue, own_code, scalars
from bsfit.catalogue import domains
from bsfit.errors import BsfitInputError
from bsfit.loading.measurements import Datum
from bsfit.loading.printed_values import parse_value

_EXPECTED = "an error, or (plus, minus), for each value"


class Measurement:
    """Measured values of observables, with errors or a covariance, by a name and in a group.

    `observables` are names, entries of one's own process, or functions ``(theory, inputs) -> number``. `errors` has for
    each value a number, or a pair (plus, minus); `covariance` [n, n] is that of all values. Units are those of the
    catalogue. Raises `BsfitInputError` for numbers that do not fit together, are not finite, or are no errors, for
    values five sigma outside of what is physical and, unless `unusual`, for those outside of what is usual: ratios of
    0 to 10, rates below 1.
    """

    curve = None
    shared = ()
    file, sha256 = "", ""
    papers: tuple[str, ...] = ()

    def __init__(
        self,
        observables: Sequence[str | catalogue.Observable | Callable],
        values: Any,
        errors: Any = None,
        covariance: Any = None,
        *,
        name: str = "own",
        group: str = "own",
        unusual: bool = False,
    ) -> None:
        self.name, self.group = name, group
        central = _array(values, "values")
        if isinstance(observables, str) or len(observables) != central.size or central.ndim != 1:
            raise self._error(f"{central.size} values for the observables {observables!r}", "as many of both, as lists")
        if (errors is None) == (covariance is None):
            raise self._error("errors and covariance given" if errors is not None else "no errors", "one of the two")
        if covariance is None:
            sides, self._correlation = self._sides(errors, central.size), np.eye(central.size)
        else:
            sides, self._correlation = self._split(_array(covariance, "covariance"), central.size)
        self.data = tuple(
            _datum(observable, value, plus, minus, group)
            for observable, value, (plus, minus) in zip(observables, central.tolist(), sides.tolist(), strict=True)
        )
        for datum in self.data:
            self._check_value(datum, unusual)

    @classmethod
    def of_pairs(cls, numbers: Mapping[Any, Any]) -> "Measurement":
        """From ``{observable: (value, error)}``, (value, plus, minus), or as printed: "0.90(3)", "< 2e-5 (90% CL)"."""
        pairs = [(key, _read(value) if isinstance(value, str) else value) for key, value in numbers.items()]
        if not pairs or any(not isinstance(x, Sequence) or len(x) not in (2, 3) for _, x in pairs):
            raise BsfitInputError(f"got {dict(numbers)!r}", field="data", expected="{observable: (value, error)}")
        return cls(
            [key for key, _ in pairs], [x[0] for _, x in pairs], [x[1] if len(x) == 2 else x[1:] for _, x in pairs]
        )

    def correlation_matrix(self) -> np.ndarray:
        """Correlation of the errors [n, n]."""
        return self._correlation

    def __repr__(self) -> str:
        return f"Measurement({self.name!r}: {', '.join(datum.observable for datum in self.data)})"

    def _sides(self, errors: Any, n: int) -> np.ndarray:
        """Upper and lower errors [n, 2]."""
        if len(errors) != n:
            raise self._error(f"{len(errors)} errors for {n} values", _EXPECTED)
        found = [_array(error, "errors") for error in errors]
        if any(error.shape not in ((), (2,)) for error in found):
            raise self._error(f"errors {errors!r}", _EXPECTED)
        sides = np.stack([np.broadcast_to(error, 2) for error in found])
        if np.any(sides <= 0):
            raise self._error(f"errors {sides.tolist()}", "positive numbers")
        return sides

    def _split(self, covariance: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Errors [n, 2] and correlation [n, n] of a covariance."""
        if covariance.shape != (n, n) or not np.allclose(covariance, covariance.T, rtol=1e-10, atol=0.0):
            raise self._error(f"a covariance of shape {covariance.shape}", f"a symmetric matrix of {n} x {n}")
        if np.any(np.diag(covariance) <= 0) or np.linalg.eigvalsh(covariance).min() <= 0:
            raise self._error("the covariance is not positive definite", "a covariance")
        sigma = np.sqrt(np.diag(covariance))
        return np.stack([sigma, sigma], axis=1), covariance / np.outer(sigma, sigma)

    def _check_value(self, datum: Datum, unusual: bool) -> None:
        """Refuse what the observable cannot be, of those that bsfit knows."""
        if datum.function is not None or _is_output(datum.observable):
            return
        key = catalogue.observable(datum.observable).quantity.key
        if fault := domains.fault_of_value(key, datum.central, datum.sigma_plus, datum.sigma_minus, unusual):
            raise self._error(f"{datum.observable}: {fault.what}", fault.expected, fault.hint)

    def _error(self, what: str, expected: str, hint: str | None = None) -> BsfitInputError:
        return BsfitInputError(what, field=f"data {self.name!r}", expected=expected, hint=hint)


def _read(text: str) -> tuple[float, float, float]:
    """Value and its errors (plus, minus) as printed."""
    try:
        found = parse_value(text)
    except ValueError as problem:
        raise BsfitInputError(f"cannot read {text!r}: {problem}", field="data", expected="0.90 +- 0.03") from None
    plus, minus = (math.hypot(*sides) for sides in (found[1::2], found[2::2]))
    return found.central, plus, minus


def _array(given: Any, field: str) -> np.ndarray:
    if isinstance(given, list | tuple):
        rows = [_array(entry, field) for entry in given]
        if len({row.shape for row in rows}) > 1:
            raise BsfitInputError(f"got {given!r}", field=field, expected="numbers, as many in each row")
        return np.array(rows)
    array = np.asarray(given)
    if array.ndim:
        return np.array([_array(entry, field) for entry in array])
    return np.asarray(scalars.real(given, field))


def _datum(observable: Any, value: float, plus: float, minus: float, group: str) -> Datum:
    """A value as those from files; the errors are whole ones and stand in the statistical place."""
    name, stem, q2, unit, function = _identified(observable)
    text = f"{value:g} +{plus:g} -{minus:g}"
    return Datum(
        name, stem, q2, group, text, unit, value, plus, minus, 0.0, 0.0, plus, minus, "own", "no", function=function
    )


def _identified(observable: Any) -> tuple[str, str, tuple[float, float] | None, str, Any]:
    """Name, stem, bin, unit, and what stands in the place of a name."""
    if callable(observable):
        return own_code.name_of(observable), "", None, "", observable
    if isinstance(observable, str) and _is_output(observable):
        return observable, observable, None, "", None
    item = catalogue.observable(observable)
    own = None if isinstance(observable, str) else observable
    return item.name, item.name.partition("[")[0], item.bin, item.quantity.unit, own


def _is_output(name: str) -> bool:
    """Whether a name is that of a coefficient or of something else that only a model gives."""
    stem = name.removesuffix("_im")
    return stem in catalogue.COEFFICIENTS or any(stem in model.quantities for model in catalogue.MODELS.values())
