"""Values as papers print them: ``0.745 +0.090 -0.074 +- 0.036``."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

_DIGITS = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_NUMBER = rf"{_DIGITS}(?:e[+-]?[0-9]{{1,3}})?"
_CENTRAL = re.compile(rf"\s*([+-]?\s*{_NUMBER})")
_ERROR = re.compile(
    rf"\s*(?:(?:\+/?-|±)\s*(?P<both>{_NUMBER})"
    rf"|\+\s*(?P<plus>{_NUMBER})\s*/?\s*-\s*(?P<minus>{_NUMBER})"
    rf"|-\s*(?P<minus_first>{_NUMBER})\s*/?\s*\+\s*(?P<plus_last>{_NUMBER}))"
)
_SCALED = re.compile(r"\((?P<inner>[^()]*)\)\s*(?:e|[x*×]\s*10\s*\^?\s*)(?P<power>[+-]?[0-9]{1,3})")
_LONGEST = 200  # characters; regular expressions stay fast


class PrintedValue(NamedTuple):
    """A printed value: all four errors positive; further errors than two are in the systematic one, in quadrature."""

    central: float
    stat_plus: float
    stat_minus: float
    syst_plus: float
    syst_minus: float


def parse_value(text: str) -> PrintedValue:
    """Read a value as papers print it: central value, statistical error, then systematic ones.

    ``0.745 +0.090 -0.074 +- 0.036``, ``1.08 +0.14-0.12 ±0.07``, ``17.7656 ± 0.0057``, ``(1.17 +- 0.16)e-7``. A single
    error is taken as the whole error and stands in the statistical place. Raises `ValueError` saying what is wrong.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"more than {_LONGEST} characters")
    body, power = _split_power(text.strip().replace("\u2212", "-").replace("E", "e"))
    start = _CENTRAL.match(body)
    if start is None:
        raise ValueError("no central value at the start")
    errors, rest = _read_errors(body, start.end())
    if rest or not errors:
        raise ValueError(f"cannot read the uncertainty {rest!r}" if rest else "there is no uncertainty")
    numbers = [start[1], *(number for error in errors for number in error)]
    exponents = sum("e" in number for number in numbers)
    if exponents and (power or exponents < len(numbers)):
        raise ValueError("an exponent on some of the numbers: write (1.17 +- 0.16)e-7")
    central, *sides = (float(number.replace(" ", "") + power) for number in numbers)
    return _in_quadrature(central, list(zip(sides[::2], sides[1::2], strict=True)))


def _split_power(text: str) -> tuple[str, str]:
    """The text inside of a bracket with a power of ten behind, and that power as ``e-7``; else the text and nothing."""
    scaled = _SCALED.fullmatch(text)
    return (scaled["inner"], "e" + scaled["power"]) if scaled else (text, "")


def _read_errors(body: str, position: int) -> tuple[list[tuple[str, str]], str]:
    errors = []
    while match := _ERROR.match(body, position):
        up = match["both"] or match["plus"] or match["plus_last"]
        down = match["both"] or match["minus"] or match["minus_first"]
        errors.append((up, down))
        position = match.end()
    return errors, body[position:].strip()


def _in_quadrature(central: float, errors: Sequence[tuple[float, float]]) -> PrintedValue:
    stat, *others = errors
    plus, minus = (math.hypot(*(error[side] for error in others)) for side in (0, 1))
    total = math.hypot(stat[0], plus), math.hypot(stat[1], minus)
    if not all(map(math.isfinite, (central, *total))):
        raise ValueError("a number is too large")
    if min(total) <= 0:
        raise ValueError("an uncertainty is zero")
    return PrintedValue(central, *stat, plus, minus)
