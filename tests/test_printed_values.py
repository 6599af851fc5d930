"""Printed values: one grammar for measurements and inputs."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bsfit.loading.printed_values import parse_symmetric, parse_value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.745 +0.090 -0.074 +- 0.036", (0.745, 0.090, 0.074, 0.036, 0.036)),
        ("1.08 +0.14-0.12 ±0.07", (1.08, 0.14, 0.12, 0.07, 0.07)),
        ("17.7656 ± 0.0057", (17.7656, 0.0057, 0.0057, 0, 0)),
        ("0.846 +0.060 -0.054 +0.016 -0.014", (0.846, 0.060, 0.054, 0.016, 0.014)),
        ("(1.17 +- 0.16)e-7", (1.17e-7, 0.16e-7, 0.16e-7, 0, 0)),
        ("(1.242 ± 0.068) x 10^-7", (1.242e-7, 0.068e-7, 0.068e-7, 0, 0)),
        ("0.96 + 0.56 - 0.35 ± 0.14", (0.96, 0.56, 0.35, 0.14, 0.14)),
        ("-0.723 +- 0.676 +/- 0.163", (-0.723, 0.676, 0.676, 0.163, 0.163)),
        ("\u22120.06 -0.04 +0.05", (-0.06, 0.05, 0.04, 0, 0)),
        ("0.78 +0.47/-0.23", (0.78, 0.47, 0.23, 0, 0)),
        ("1e-7 +- 2e-8", (1e-7, 2e-8, 2e-8, 0, 0)),
        ("2.30 +- .5 +0.5 -0.4 +- 1.2", (2.30, 0.5, 0.5, 1.3, math.hypot(0.4, 1.2))),
        ("0.90(3)", (0.90, 0.03, 0.03, 0, 0)),
        ("17.7656(57)", (17.7656, 0.0057, 0.0057, 0, 0)),
        ("0.90(3)(12)", (0.90, 0.03, 0.03, 0.12, 0.12)),
        ("0.90(3) +0.05 -0.04", (0.90, 0.03, 0.03, 0.05, 0.04)),
        ("230.3(1.3)", (230.3, 1.3, 1.3, 0, 0)),
        ("125(2)", (125, 2, 2, 0, 0)),
        ("3.40(17)e-4", (3.40e-4, 0.17e-4, 0.17e-4, 0, 0)),
        ("-3.40(17)(1.5) x 10^-4", (-3.40e-4, 0.17e-4, 0.17e-4, 1.5e-4, 1.5e-4)),
        ("(3.40(17) +- 0.2)e-4", (3.40e-4, 0.17e-4, 0.17e-4, 0.2e-4, 0.2e-4)),
    ],
)
def test_printed_values(text, value):
    assert parse_value(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no central value"),
        ("abc", "no central value"),
        ("1.2", "no uncertainty"),
        ("1.2 + 0.1", "cannot read"),
        ("1.2 - 0.1", "cannot read"),
        ("1.2 +0.1 +0.2", "cannot read"),
        ("1.2 +- 0.1 (stat)", "cannot read"),
        ("1.2 (3)", "cannot read"),
        ("1.2(-3)", "cannot read"),
        ("1.2(3", "cannot read"),
        ("1.2 +- 0.1(3)", "cannot read"),
        ("1.2e-5(3)", "exponent"),
        ("(1.2(3)e-5 +- 1)e-3", "cannot read"),
        ("1.2(0)", "zero"),
        ("1(1)e999", "too large"),
        ("1.2 +- nan", "cannot read"),
        ("1.2 +- 0", "zero"),
        ("1.2 +0.1 -0", "zero"),
        ("1.2 +- 0.1e-3", "exponent"),
        ("1.2e-7 +- 0.1", "exponent"),
        ("(1e-7 +- 2e-8)e-3", "exponent"),
        ("1 +- 0.1e", "cannot read"),
        ("(1 +- 1)e999", "too large"),
        ("1" * 1000 + " +- 1", "characters"),
        ("1 " + "+- 1 " * 100, "characters"),
    ],
)
def test_values_that_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_value(text)


@pytest.mark.parametrize(
    ("text", "value", "sigma"),
    [
        ("1.5", 1.5, 0.0),
        (2, 2.0, 0.0),
        (1e-5, 1e-5, 0.0),
        ("-.5e-3", -0.5e-3, 0.0),
        ("0.0411(12)", 0.0411, 0.0012),
        ("1.1663788(6)e-5", 1.1663788e-5, 6e-12),
        ("230.3(1.3)", 230.3, 1.3),
        ("1.2 +- 0.3 +- 0.4", 1.2, 0.5),
        ("1.2(3)(4)", 1.2, 0.5),
        ("-1.2 ± 0.3", -1.2, 0.3),
        ("\u22121.2 +/- 0.3", -1.2, 0.3),
        ("(1.2 +- 0.3)e-9", 1.2e-9, 0.3e-9),
        ("1.2 +0.3 -0.3", 1.2, 0.3),
        ("0 +- 1", 0.0, 1.0),
    ],
)
def test_symmetric_values(text, value, sigma):
    assert parse_symmetric(text) == pytest.approx((value, sigma), rel=1e-15)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no central value"),
        ("abc", "no central value"),
        ("1.2 +-", "cannot read"),
        ("1,2", "cannot read"),
        ("1.2 +- 0.1 GeV", "cannot read"),
        ("1.2 +0.1 -0.2", "two sides"),
        ("1.2 +- 0.1e-3", "exponent"),
        ("1.2 +- 0", "zero"),
        ("1e999", "too large"),
    ],
)
def test_symmetric_values_that_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_symmetric(text)


_PRINTED = st.decimals(min_value="0.0001", max_value="999", places=4).map(str)


@settings(max_examples=100, deadline=None)
@given(
    central=st.decimals(min_value="-999", max_value="999", places=4).map(str),
    stat=st.tuples(_PRINTED, _PRINTED),
    syst=st.tuples(_PRINTED, _PRINTED),
    power=st.none() | st.integers(-12, 12),
    gap=st.sampled_from(["", " "]),
    symmetric=st.sampled_from(["±", "+-", "+/-", ""]),
)
def test_printing_and_reading_returns_the_numbers(central, stat, syst, power, gap, symmetric):
    if symmetric:
        syst = (syst[0], syst[0])
        second = f"{symmetric}{gap}{syst[0]}"
    else:
        second = f"+{gap}{syst[0]}{gap}-{gap}{syst[1]}"
    text = f"{central} +{gap}{stat[0]}{gap}-{gap}{stat[1]} {second}"
    suffix = "" if power is None else f"e{power}"
    expected = [float(number + suffix) for number in (central, *stat, *syst)]
    assert list(parse_value(text if power is None else f"({text}){suffix}")) == expected


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789.+-±e() /x^*\t\u2212", max_size=40))
def test_whatever_is_read_is_a_number_with_an_error(text):
    """What both readers take they read alike."""
    try:
        value = parse_value(text)
    except ValueError:
        return
    assert all(map(math.isfinite, value))
    assert min(value[1:]) >= 0
    assert math.hypot(value.stat_plus, value.syst_plus) > 0
    assert math.hypot(value.stat_minus, value.syst_minus) > 0
    if value.stat_plus == value.stat_minus and value.syst_plus == value.syst_minus == 0:
        assert parse_symmetric(text) == (value.central, value.stat_plus)
