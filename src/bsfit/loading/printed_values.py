"""Values as papers print them: ``0.745 +0.090 -0.074 +- 0.036``, ``4.183(7)``, ``(1.17 +- 0.16)e-7``.

One grammar for two readers: measurements demand an uncertainty and keep its two sides (`parse_value`), inputs are
Gaussian or exact (`parse_symmetric`).
"""

import math
import re
from typing import NamedTuple

_DIGITS = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_NUMBER = rf"{_DIGITS}(?:e[+-]?[0-9]{{1,3}})?"
_CENTRAL = re.compile(rf"\s*(?P<number>[+-]?\s*{_NUMBER})(?P<brackets>(?:\({_DIGITS}\))*)")
_ERROR = re.compile(
    rf"\s*(?:(?:\+/?-|±)\s*(?P<both>{_NUMBER})"
    rf"|\+\s*(?P<plus>{_NUMBER})\s*/?\s*-\s*(?P<minus>{_NUMBER})"
    rf"|-\s*(?P<minus_first>{_NUMBER})\s*/?\s*\+\s*(?P<plus_last>{_NUMBER}))"
)
_SCALED = re.compile(
    r"(?:\((?P<inner>.*)\)|(?P<bracketed>[^()]+(?:\([^()]*\))+))"
    r"\s*(?:e|[x*×]\s*10\s*\^?\s*)(?P<power>[+-]?[0-9]{1,3})"
)
_LIMIT = re.compile(
    rf"<\s*(?P<limit>{_DIGITS}(?:\s*(?:e|[x*×]\s*10\s*\^?\s*)[+-]?[0-9]{{1,3}})?)"
    r"\s*(?:@|at|,)?\s*\(?\s*(?:at\s+)?(?P<percent>90|95)\s*%\s*(?:c\.?\s*l\.?)?\s*\)?",
    re.IGNORECASE,
)
_ONE_SIDED = {"90": 1.2815515655446004, "95": 1.6448536269514722}
_LONGEST = 200  # characters; regular expressions stay fast


class PrintedValue(NamedTuple):
    """A printed value: all four errors positive; further errors than two are in the systematic one, in quadrature."""

    central: float
    stat_plus: float
    stat_minus: float
    syst_plus: float
    syst_minus: float


def parse_value(text: str) -> PrintedValue:
    """Read a measured value: central value, statistical error, then systematic ones.

    ``0.745 +0.090 -0.074 +- 0.036``, ``1.08 +0.14-0.12 ±0.07``, ``17.7656(57)``, ``(1.17 +- 0.16)e-7``. A bracket right
    behind the central value counts in its last digits. A single error is taken as the whole error and stands in the
    statistical place. An upper limit, ``< 1.6e-5 (90 % CL)``, is a Gaussian around zero that has the limit as its
    one-sided quantile: of an experiment that saw nothing. Raises `ValueError` saying what is wrong.
    """
    if text.lstrip().startswith("<"):
        return _upper_limit(text)
    central, errors = _read(text)
    if not errors:
        raise ValueError("there is no uncertainty")
    stat, *others = errors
    plus, minus = (math.hypot(*(error[side] for error in others)) for side in (0, 1))
    return PrintedValue(central, *stat, plus, minus)


def parse_symmetric(printed: str | int | float) -> tuple[float, float]:
    """Read an input: central value and Gaussian error, which is 0 where none is printed.

    A number, its text, or a form of `parse_value`; several errors are added in quadrature. Raises `ValueError` saying
    what is wrong, with errors of two sides too.
    """
    central, errors = _read(printed) if isinstance(printed, str) else (float(printed), [])
    if any(up != down for up, down in errors):
        raise ValueError("the uncertainty has two sides")
    return central, math.hypot(*(up for up, _ in errors))


def _read(text: str) -> tuple[float, list[tuple[float, float]]]:
    """Central value, and upper and lower side of each error."""
    if len(text) > _LONGEST:
        raise ValueError(f"more than {_LONGEST} characters")
    body, power = _split_power(text.strip().replace("\u2212", "-").replace("E", "e"))
    start = _CENTRAL.match(body)
    if start is None:
        raise ValueError("no central value at the start")
    number, brackets = "".join(start["number"].split()), re.findall(_DIGITS, start["brackets"])
    sides, rest = _read_errors(body, start.end())
    if rest:
        raise ValueError(f"cannot read the uncertainty {rest!r}")
    numbers = [number, *brackets, *(side for error in sides for side in error)]
    exponents = sum("e" in x for x in numbers)
    if exponents and (power or exponents < len(numbers)):
        raise ValueError("an exponent on some of the numbers: write (1.17 +- 0.16)e-7")
    errors = [(x, x) for x in (_in_last_digits(digits, number, power) for digits in brackets)]
    errors += [(float(up + power), float(down + power)) for up, down in sides]
    return _checked(float(number + power), errors)


def _upper_limit(text: str) -> PrintedValue:
    match = _LIMIT.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise ValueError("an upper limit needs its confidence: < 1.6e-5 (90 % CL)")
    limit = float(re.sub(r"\s*(?:[x*×]\s*10\s*\^?|e)\s*", "e", match["limit"], flags=re.IGNORECASE))
    if not 0.0 < limit < math.inf:
        raise ValueError("an upper limit is positive")
    sigma = limit / _ONE_SIDED[match["percent"]]
    return PrintedValue(0.0, sigma, sigma, 0.0, 0.0)


def _split_power(text: str) -> tuple[str, str]:
    """The text before a common power of ten, and that power as ``e-7``; else the text and nothing."""
    scaled = _SCALED.fullmatch(text)
    return (scaled["inner"] or scaled["bracketed"] or "", "e" + scaled["power"]) if scaled else (text, "")


def _in_last_digits(digits: str, number: str, power: str) -> float:
    """The error ``digits`` behind ``number`` in brackets: in its last digits, unless it has a point of its own."""
    if "." in digits:
        return float(digits + power)
    return float(digits) * 10.0 ** -len(number.partition(".")[2]) * float("1" + power)


def _read_errors(body: str, position: int) -> tuple[list[tuple[str, str]], str]:
    errors = []
    while match := _ERROR.match(body, position):
        up = match["both"] or match["plus"] or match["plus_last"]
        down = match["both"] or match["minus"] or match["minus_first"]
        errors.append((up, down))
        position = match.end()
    return errors, body[position:].strip()


def _checked(central: float, errors: list[tuple[float, float]]) -> tuple[float, list[tuple[float, float]]]:
    """The same, if all are finite and the errors together are positive on both sides."""
    totals = [math.hypot(*sides) for sides in zip(*errors, strict=True)]
    if not all(map(math.isfinite, (central, *totals))):
        raise ValueError("a number is too large")
    if totals and min(totals) <= 0:
        raise ValueError("an uncertainty is zero")
    return central, errors
