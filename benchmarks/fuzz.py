"""What hostile and careless input does: mutated files of runs, data, coefficients and results, options and names.

    python benchmarks/fuzz.py 10000 --seed 1

Everything happens in one process, up to a built request; nothing is compiled. A case is either a mutation, which may be
refused or not, or a planted violation of one rule of acceptance, which must be refused. Asked for are no exceptions but
the two that users see, no case above 2 s, less than 500 MB in all, and no violation accepted: else the status is 1.
"""

import argparse
import datetime
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import bsfit
from bsfit import catalogue
from bsfit.cli import question, runfile, typed
from bsfit.errors import BsfitInputError
from bsfit.exchange.coefficients import read_coefficients
from bsfit.likelihood.request import Request
from bsfit.loading.inputs import INPUT_SETS, load_inputs
from bsfit.loading.limits import LIMITS
from bsfit.loading.measurements import GROUPS, load_measurement
from bsfit.loading.selection import available, data_sets, select
from bsfit.results import ResultFileError, load

SECONDS, MEGABYTES = 2.0, 500.0

RUN = """\
model: eft
data: [lfu, mixing]
free: {C9mu: [-3, 3], C10mu: [-2, 2]}
set: {C9p_bsmumu: 0.1}
inputs: default
input: {V_cb: 0.0411, m_Bs: 5.367}
theory: fixed
starts: 8
seed: 1
"""
PORTAL = """\
model: portal
data: [lfu, relic, lz-2024]
set: {g_X: 0.3, m_Q: 1000, m_L: 1000, m_chi: 400, lambda_Q_b: 0.1}
free:
  log:m_Zp: [500, 5000]
  lambda_Q_s: [-0.5, 0.5]
relic: upper
"""
RUN_VIOLATIONS = [
    (RUN, "model: eft", "model: etf"),
    (RUN, "model: eft", "modle: eft"),
    (RUN, "model: eft", "model: [eft]"),
    (RUN, "lfu, mixing", "lfu, mixin"),
    (RUN, "lfu, mixing", "lfu, lhcb-rk-2014"),
    (RUN, "lfu, mixing", "lfu, lhcb-rpk-2019"),
    (RUN, "[lfu, mixing]", "[]"),
    (RUN, "[lfu, mixing]", "12"),
    (RUN, "[-3, 3]", "[3, -3]"),
    (RUN, "[-3, 3]", "[3, 3]"),
    (RUN, "[-3, 3]", "[-3, .inf]"),
    (RUN, "[-3, 3]", "[-3, true]"),
    (RUN, "[-3, 3]", "[-3, 3, 4]"),
    (RUN, "C9mu: [-3, 3]", '"log:C9mu": [-3, 3]'),
    (RUN, "C10mu: [-2, 2]", "C9mu: [-2, 2]"),
    (RUN, "C10mu: [-2, 2]", "C9_bsmumu: [-2, 2]"),
    (RUN, "C10mu: [-2, 2]", "C10nu: [-2, 2]"),
    (RUN, "C10mu: [-2, 2]", "C9mu=-C9mu: [-2, 2]"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumo: 0.1"),
    (RUN, "C9p_bsmumu: 0.1", "C9mu: 0.1"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumu: true"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumu: 1e999"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumu: .nan"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumu: 1_0"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumu: 2026-11-28"),
    (RUN, "C9p_bsmumu: 0.1", "C9p_bsmumu: [0.1]"),
    (RUN, "0.0411", "-0.0411"),
    (RUN, "0.0411", "41.1"),
    (RUN, "5.367", "0"),
    (RUN, "5.367", "-5.367"),
    (RUN, "V_cb", "V_bc"),
    (RUN, "inputs: default", "inputs: nowhere"),
    (RUN, "inputs: default", "inputs: missing.yaml"),
    (RUN, "theory: fixed", "theory: exact"),
    (RUN, "starts: 8", "starts: 0"),
    (RUN, "starts: 8", "starts: 8.5"),
    (RUN, "seed: 1", "seed: -1"),
    (RUN, "seed: 1", "seed: 1\nseed: 2"),
    (RUN, "seed: 1", "seed: &x 1"),
    (RUN, "seed: 1", "seed: !!int 1"),
    (RUN, "seed: 1", "seed:"),
    (PORTAL, "m_Q: 1000", "m_Q: -1000"),
    (PORTAL, "m_chi: 400", "m_chi: 0"),
    (PORTAL, "[500, 5000]", "[-500, 5000]"),
    (PORTAL, "[500, 5000]", "[0, 5000]"),
    (PORTAL, "relic: upper", "relic: uper"),
    (PORTAL, "lfu, relic, lz-2024", "lfu, lz-2024"),
    (PORTAL, "lz-2024", "lz-2024, lz-2022"),
    (PORTAL, "lambda_Q_s", "lambda_Q_x"),
    (PORTAL, "model: portal", "model: loop"),
]
"""A run file, what stands in it, and what breaks one rule when it stands there."""

MEASUREMENT = """\
schema: 1
experiment: Belle II
inspire: "Belle-II:2026abc"
values:
  - observable: R_K[1.1,6]
    value: 0.90 +0.10 -0.08 +- 0.02
    unit: "1"
    where: Table 1
    checked: table
  - observable: <dBR/dq2>(B+->Kmumu)[1.1,6]
    value: "(2.4 +- 0.2)e-8"
    unit: GeV^-2
    where: Table 2
    checked: table
correlation:
  total: [[1, 0.2], [0.2, 1]]
"""
CURVE = """\
schema: 1
experiment: Belle II
values:
  - {observable: "R_K[1.1,6]", value: 0.9 +- 0.2, unit: "1"}
curve:
  contains: all errors
  where: supplement
  x: [0.3, 0.5, 0.7, 0.9, 1.1, 1.3, 1.5]
  likelihood: [0.01, 0.13, 0.61, 1.0, 0.61, 0.13, 0.01]
"""
MEASUREMENT_VIOLATIONS = [
    (MEASUREMENT, "schema: 1", "schema: 2"),
    (MEASUREMENT, "schema: 1\n", ""),
    (MEASUREMENT, "experiment: Belle II\n", ""),
    (MEASUREMENT, "unit: GeV^-2", "unit: GeV^2"),
    (MEASUREMENT, 'unit: "1"', "unit: 1"),
    (MEASUREMENT, "where: Table 1", "were: Table 1"),
    (MEASUREMENT, "checked: table", "checked: yes"),
    (MEASUREMENT, "0.90 +0.10 -0.08 +- 0.02", "0.90"),
    (MEASUREMENT, "0.90 +0.10 -0.08 +- 0.02", "0.90 +- 0"),
    (MEASUREMENT, "0.90 +0.10 -0.08 +- 0.02", "-5 +- 0.1"),
    (MEASUREMENT, "0.90 +0.10 -0.08 +- 0.02", "745 +- 90"),
    (MEASUREMENT, "0.90 +0.10 -0.08 +- 0.02", ".nan"),
    (MEASUREMENT, "0.90 +0.10 -0.08 +- 0.02", '"< 1.2"'),
    (MEASUREMENT, "(2.4 +- 0.2)e-8", "2.4 +- 0.2"),
    (MEASUREMENT, "(2.4 +- 0.2)e-8", "(-2.4 +- 0.2)e-8"),
    (MEASUREMENT, "(2.4 +- 0.2)e-8", "2.4e-8 +- 0.2"),
    (MEASUREMENT, "[1.1,6]\n    value: 0.90", "[6,1.1]\n    value: 0.90"),
    (MEASUREMENT, "<dBR/dq2>(B+->Kmumu)[1.1,6]", "R_K[2,4]"),
    (MEASUREMENT, "<dBR/dq2>(B+->Kmumu)[1.1,6]", "<dBR/dq2>(B+->Kmumu)"),
    (MEASUREMENT, "[0.2, 1]", "[0.3, 1]"),
    (MEASUREMENT, "0.2], [0.2", "1.2], [1.2"),
    (MEASUREMENT, "[[1, 0.2], [0.2, 1]]", "[[1]]"),
    (CURVE, "[0.01, 0.13", "[0, 0.13"),
    (CURVE, "[0.01, 0.13", "[2, 0.13"),
    (CURVE, "0.3, 0.5", "0.5, 0.3"),
    (CURVE, "0.9 +- 0.2", "1.6 +- 0.2"),
    (CURVE, "[0.01, 0.13, 0.61, 1.0, 0.61, 0.13, 0.01]", "[9, 4, 1, 0.001, 1, 4, 9]"),
    (CURVE, "0.13, 0.01]", "0.13, 1e-300]"),
]
"""The same for measurements."""

WCXF = """\
eft: WET
basis: flavio
scale: 4.8
values:
  C9_bsmumu: {Re: -0.9, Im: 0.1}
  C10_bsmumu: 0.3
  CVLL_bscc: 1e-3
"""
WCXF_JSON = """\
{
\t"eft": "WET", "basis": "flavio", "scale": 4.8,
\t"values": {"C7_bs": {"Re": 1.0E-2}, "CVLL_bsbs": 1e-11},
\t"metadata": {"generator": "mine"}
}
"""
FLHA = """\
# written by hand
Block FCINFO
     1     MINE   # flavour calculator
Block FWCOEF Q= 4.8
#    id        order  M        value         comment
     0305 4422   00   0    -3.1D-01   # C7
     0305 4422   00   2    -3.3D-01   # C7
 03051313 4133   00   1    -0.5       # C9 mu+mu-
Block IMFWCOEF Q= 4.8
 03051313 4133   00   1    1.0E-1     # C9 mu+mu-
DECAY 25 4.0e-3
"""
COEFFICIENT_VIOLATIONS = [
    (WCXF, "eft: WET", "eft: WTE"),
    (WCXF, "eft: WET", "eft: WET-4"),
    (WCXF, "eft: WET", "eft: [WET]"),
    (WCXF, "eft: WET\n", ""),
    (WCXF, "basis: flavio", "basis: flavoi"),
    (WCXF, "basis: flavio", "basis: flavio\nbase: flavio"),
    (WCXF, "scale: 4.8", "scale: -4.8"),
    (WCXF, "scale: 4.8", "scale: 0"),
    (WCXF, "scale: 4.8", "scale: -1.0"),
    (WCXF, "scale: 4.8", "scale: 4.8 GeV"),
    (WCXF, "scale: 4.8", "scale: .inf"),
    (WCXF, "scale: 4.8", "scale: 1e999"),
    (WCXF, "scale: 4.8", "scale: true"),
    (WCXF, "C9_bsmumu", "C9_bsmumo"),
    (WCXF, "C9_bsmumu", "C10_bsmumu"),
    (WCXF, "C9_bsmumu", "C9_bsmumu_im"),
    (WCXF, "{Re: -0.9, Im: 0.1}", "{Re: -0.9, Imag: 0.1}"),
    (WCXF, "{Re: -0.9, Im: 0.1}", "{}"),
    (WCXF, "{Re: -0.9, Im: 0.1}", "[-0.9, 0.1]"),
    (WCXF, "{Re: -0.9, Im: 0.1}", "{Re: -0.9, Re: 0.1}"),
    (WCXF, "{Re: -0.9, Im: 0.1}", "{Re: -0.9, Im: .nan}"),
    (WCXF, "C10_bsmumu: 0.3", "C10_bsmumu: 0.3j"),
    (WCXF, "C10_bsmumu: 0.3", "C10_bsmumu:"),
    (WCXF, "C10_bsmumu: 0.3", "C10_bsmumu: &x 0.3"),
    (WCXF, "values:", "sectors:"),
    (WCXF, "values:", "b->s::c9: {}\nvalues:"),
    (WCXF_JSON, "1e-11", "NaN"),
    (WCXF_JSON, "1e-11", "-Infinity"),
    (WCXF_JSON, '"CVLL_bsbs"', '"C7_bs"'),
    (WCXF_JSON, "}\n}", "}\n"),
    (WCXF_JSON, '"values"', '"$schema": "x", "values"'),
    (FLHA, "Block FWCOEF Q= 4.8", "Block FWCOEF"),
    (FLHA, "Block FWCOEF Q= 4.8", "Block FWCOEF Q= nan"),
    (FLHA, "Block FWCOEF Q= 4.8", "Block FWCOEF Q= 160."),
    (FLHA, "Block FWCOEF Q= 4.8", "Block FWCOEF Q= 1e999"),
    (FLHA, "-3.1D-01", "-3.1D-09"),
    (FLHA, "-3.1D-01", "-inf"),
    (FLHA, "-3.1D-01", "-3.1D+999"),
    (FLHA, "-3.1D-01", "-3,1"),
    (FLHA, "-3.1D-01", ""),
    (FLHA, "4422   00   0", "4422   00   3"),
    (FLHA, "4422   00   0", "4422   00   2"),
    (FLHA, "4422   00   0", "4422   0x   0"),
    (FLHA, "     0305 4422   00   0    -3.1D-01   # C7\n", ""),
    (FLHA, "03051313 4133   00   1    -0.5", "0305 4422   00   1    -0.5"),
    (FLHA, "Block FCINFO", "Block"),
]
"""The same for coefficients of other codes."""

PIECES = [b"&a ", b"*a", b"<<: ", b"!!python/name:os ", b"{", b"]", b": ", b"\n", b"- ", b"\t", b"'", b"|\n", b"%",
          b"---\n", b".nan", b"1e999", b"-", b"\x00", b"\xff", b"\x1b[31m", b"9" * 400, b"[" * 40,
          b"\xe2\x88\x92"]  # fmt: skip
ODD: list[Any] = [
    None, True, "1", "nan", b"1", float("nan"), float("inf"), -float("inf"), 10**400, 1j, np.complex128(1 + 1j),
    np.timedelta64(3, "s"), np.datetime64("2026-11-28"), datetime.date(2026, 11, 28), np.array([1.0, 2.0]),
    np.bool_(True), [], [1.0], {}, object(), lambda: 1.0, np.array("x"), np.array(None, dtype=object), "\x1b[31m",
    (1.0, 2.0, 3.0),
]  # fmt: skip
"""No real numbers."""


@dataclass
class Tally:
    """What became of all cases."""

    cases: Counter = field(default_factory=Counter)
    refused: Counter = field(default_factory=Counter)
    planted: Counter = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def take(self, kind: str, what: str, run: Callable[[], Any], violation: bool) -> None:
        """Run one case."""
        self.cases[kind] += 1
        self.planted[kind] += violation
        began = time.perf_counter()
        try:
            run()
            if violation:
                self.accepted.append(f"{kind}: {what}")
        except (BsfitInputError, ResultFileError) as problem:
            self.refused[kind] += 1
            if not str(problem).isprintable():
                self.tracebacks.append(f"{kind}: {what}: the message has control characters: {problem!r}")
        except Exception:
            self.tracebacks.append(f"{kind}: {what}\n{traceback.format_exc(limit=-4)}")
        took = time.perf_counter() - began
        self.slowest = max(self.slowest, took)
        if took > SECONDS:
            self.slow.append(f"{kind}: {what}: {took:.1f} s")


def mutant(text: bytes, chance: random.Random) -> bytes:
    """A copy with bytes changed, dropped, repeated, or replaced by what parsers treat specially."""
    found = bytearray(text)
    for _ in range(chance.randint(1, 3)):
        at, length = chance.randrange(len(found) + 1), chance.randint(1, 12)
        match chance.randrange(6):
            case 0:
                found[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del found[at : at + length]
            case 2:
                found[at:at] = found[at : at + length] * chance.choice((1, 1, 50))
            case 3:
                found[at:at] = chance.choice(PIECES)
            case 4:
                lines = bytes(found).split(b"\n")
                chance.shuffle(lines)
                found = bytearray(b"\n".join(lines))
            case 5:
                found[at:at] = str(chance.choice((-1, 0, 1e-300, 1e300, 0.5, 10**12))).encode()
    return bytes(found)


def request_of_file(path: Path) -> Request:
    """What `bsfit fit -f` does before it computes."""
    settings = runfile.load(path)
    runfile.check_names(settings)
    return request_of(settings)


def request_of(settings: runfile.Settings) -> Request:
    """From settings to a request, through every check of the command line."""
    settings, _ = question.with_defaults(settings)
    question.check_data(settings)
    question.check_values(settings)
    return Request.of(
        settings.get("model"), settings.get("data"), settings.get("free"), settings.get("set"),
        question.inputs(settings), settings.get("theory"), question.nuisances(settings), settings.get("relic", "equal"),
    )  # fmt: skip


def run_files(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Run files."""
    path = folder / "run.yaml"
    while True:
        if planted := chance.random() < 0.4:
            base, old, new = chance.choice(RUN_VIOLATIONS)
            assert old in base, old
            text = base.replace(old, new, 1).encode()
        else:
            text = mutant(chance.choice((RUN, PORTAL)).encode(), chance)
        path.write_bytes(text)
        yield repr(text), lambda: request_of_file(path), planted


def measurements(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Files of measurements, and what is chosen beside them."""
    path, files = folder / "mine.yaml", [Path(m.file) for m in available().values()]
    while True:
        if planted := chance.random() < 0.4:
            base, old, new = chance.choice(MEASUREMENT_VIOLATIONS)
            assert old in base, old
            text = base.replace(old, new, 1).encode()
        else:
            text = mutant(
                chance.choice((MEASUREMENT.encode(), CURVE.encode(), chance.choice(files).read_bytes())), chance
            )
        path.write_bytes(text)
        yield repr(text[:300]), lambda: load_measurement(path), planted


def coefficients(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Files of Wilson coefficients."""
    path = folder / "point.txt"
    while True:
        if planted := chance.random() < 0.4:
            base, old, new = chance.choice(COEFFICIENT_VIOLATIONS)
            assert old in base, old
            text = base.replace(old, new, 1).encode()
        else:
            text = mutant(chance.choice((WCXF, WCXF_JSON, FLHA)).encode(), chance)
        path.write_bytes(text)
        yield repr(text), lambda: read_coefficients(path), planted


def options(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Options of the command line, as texts."""
    good = {"model": ["eft"], "data": ["lfu,mixing"], "free": ["C9mu=-3,3", "C10mu"], "set": ["C9p_bsmumu=0.1"],
            "input": ["V_cb=0.0411"], "theory": ["fixed"], "seed": ["1"], "scan": ["C9mu=-3,3,11"]}  # fmt: skip
    broken = {"model": ["etf", ""], "data": ["lfuu", ",", "lfu,lhcb-rk-2014"],
              "set": ["C9p_bsmumu=x", "C9p_bsmumu", "=1", "C9p_bsmumu=nan"],
              "free": ["C9mu=3,-3", "C9mu=1", "C9nu=-1,1", "log:C9mu=-1,1", "C9mu=-C9mu", "C9mu = -C10mu"],
              "input": ["V_cb=-1", "V_bc=0.04", "V_cb=inf"], "theory": ["exact"], "seed": ["-1", "1.5", "x", "9" * 30],
              "scan": ["C9mu", "C9mu=3,-3,11", "C9mu=-3,3,1", "C9mu=-3,3,10000000000"]}  # fmt: skip
    while True:
        given = {key: list(texts) for key, texts in good.items()}
        key = chance.choice(list(good))
        if planted := chance.random() < 0.4:
            given[key] = [chance.choice(broken[key])]
        else:
            text = mutant(chance.choice(given[key]).encode(), chance).decode("utf-8", "surrogateescape")
            given[key] = [*given[key], text] if chance.random() < 0.5 else [text]
        yield f"{key}={given[key]!r}", lambda given=given: _of_options(given), planted


def _of_options(given: dict[str, list[str]]) -> Request:
    settings = typed.from_options(given)
    runfile.check_names(settings)
    return request_of(settings)


def _is_pair(odd: Any) -> bool:
    return isinstance(odd, np.ndarray) and odd.shape == (2,)


def _as_name(odd: Any) -> Any:
    return odd if isinstance(odd, str | bytes | bool | type(None)) else "C9_bsmumo"


PLACES: dict[str, tuple[Callable[[Any], dict[str, Any]], Callable[[Any], bool]]] = {
    "a fixed value": (lambda odd: {"fixed": {"C10mu": odd}}, lambda odd: isinstance(odd, complex)),
    "a lower bound": (lambda odd: {"free": {"C9mu": (odd, 3.0)}}, lambda odd: False),
    "an upper bound": (lambda odd: {"free": {"C9mu": (-3.0, odd)}}, lambda odd: False),
    "bounds": (lambda odd: {"free": {"C9mu": odd}}, _is_pair),
    "free": (lambda odd: {"free": odd}, lambda odd: odd is None or (isinstance(odd, dict) and not odd)),
    "an input": (lambda odd: {"inputs": {"V_cb": odd}}, lambda odd: False),
    "a value": (lambda odd: {"data": {"R_K[1.1,6]": (odd, 0.1)}}, lambda odd: False),
    "an error": (lambda odd: {"data": {"R_K[1.1,6]": (0.9, odd)}}, _is_pair),
    "a name": (lambda odd: {"fixed": {_as_name(odd): 1.0}}, lambda odd: False),
    "a free name": (lambda odd: {"free": {_as_name(odd): (-3.0, 3.0)}}, lambda odd: False),
    "model": (lambda odd: {"model": odd}, callable),
    "data": (lambda odd: {"data": odd}, lambda odd: False),
    "theory": (lambda odd: {"theory": odd}, lambda odd: False),
    "nuisances": (lambda odd: {"nuisances": odd}, lambda odd: odd is None or (isinstance(odd, list) and not odd)),
    "relic": (lambda odd: {"relic": odd}, lambda odd: False),
    "terms": (lambda odd: {"terms": odd}, lambda odd: callable(odd) or (isinstance(odd, list | dict) and not odd)),
}
"""Where something odd may stand, and which of `ODD` are meant there."""


def arguments(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Arguments of the Python API with something odd in one place."""
    plain = {"model": "eft", "data": "lfu", "free": {"C9mu": (-3.0, 3.0)}, "fixed": {"C10mu": 0.1}}
    while True:
        odd, (place, (made, meant)) = chance.choice(ODD), chance.choice(list(PLACES.items()))
        given = {**plain, **made(odd)}
        yield f"{place}: {odd!r}", lambda given=given: Request.of(**given), not meant(odd)


def names(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Names of observables, parameters, data, inputs and input sets, misspelt: only what exists may pass."""
    stems = catalogue.stems()
    parameters = {model: set(catalogue.parameters_of(model)) for model in catalogue.MODELS}
    data, inputs = {*available(), *data_sets(), *GROUPS, *LIMITS}, set(load_inputs("default").names)
    while True:
        match chance.randrange(5):
            case 0:
                text = _misspelt(
                    chance.choice(stems) + chance.choice(("", "[1.1,6]", "[6,1.1]", "[1,1]", "[a,6]")), chance
                )
                yield f"observable {text!r}", lambda text=text: catalogue.observable(text), False
            case 1:
                model = chance.choice(list(parameters))
                text = _misspelt(chance.choice(sorted(parameters[model])), chance)
                fine = text in parameters[model] or (model == "eft" and catalogue.scenario(text) is not None)
                yield f"{model} {text!r}", lambda m=model, text=text: catalogue.known_parameter(m, text), not fine
            case 2:
                text = _misspelt(chance.choice(sorted(data)), chance)
                yield f"data {text!r}", lambda text=text: select(text), text not in data
            case 3:
                text = _misspelt(chance.choice(sorted(inputs)), chance)
                yield f"input {text!r}", lambda text=text: load_inputs("default", {text: 0.5}), text not in inputs
            case _:
                text = _misspelt(chance.choice(INPUT_SETS), chance)
                yield f"inputs {text!r}", lambda text=text: load_inputs(text), text not in INPUT_SETS


def _misspelt(name: str, chance: random.Random) -> str:
    if chance.random() < 0.02:
        return name * 2000
    return mutant(name.encode(), chance).decode("utf-8", "replace")


def result_files(chance: random.Random, folder: Path) -> Iterator[tuple[str, Callable, bool]]:
    """Result files with other bytes, which the checksum sees, and with other content under a right checksum."""
    files = _results(folder)
    while True:
        source = chance.choice(files)
        raw = source.read_bytes()
        path = folder / f"mutant{source.suffix}"
        at = chance.randrange(len(raw))
        changed = raw[:at] + bytes([raw[at] ^ (1 << chance.randrange(8))]) + raw[at + 1 :]
        path.write_bytes(changed if chance.random() < 0.5 else raw[:at])
        yield f"{source.name}: byte {at}", lambda path=path: load(path), True


def _results(folder: Path) -> list[Path]:
    """A fit, a scan and a map as files."""
    axis = np.linspace(0.0, 1.0, 5)
    found = bsfit.tabulate(lambda params: {"y": params["x"] ** 2}, {"x": (0.0, 1.0, 5)})
    saved = [Path(found.save(folder / "map.npz")), Path(found.save(folder / "map.json"))]
    assert np.allclose(load(saved[0]).axes[0], axis)
    return saved


KINDS: dict[str, Callable[[random.Random, Path], Iterator[tuple[str, Callable, bool]]]] = {
    "run files": run_files,
    "measurements": measurements,
    "coefficients": coefficients,
    "options": options,
    "arguments": arguments,
    "names": names,
    "result files": result_files,
}


def fuzz(cases: int, seed: int) -> Tally:
    """That many cases, as many of each kind; the same ones for the same seed."""
    tally, each = Tally(), -(-cases // len(KINDS))
    with tempfile.TemporaryDirectory() as folder:
        for kind, made in KINDS.items():
            source = made(random.Random(f"{seed} {kind}"), Path(folder))
            for _ in range(each):
                what, run, violation = next(source)
                tally.take(kind, what, run, violation)
    return tally


def main() -> int:
    """Print what became of the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    before = _peak()
    found = fuzz(chosen.cases, chosen.seed)
    for kind, n in found.cases.items():
        print(f"{kind:14} {n:6} cases, {found.planted[kind]:6} planted violations, {found.refused[kind]:6} refused")
    print(f"slowest {found.slowest:.2f} s; peak {_peak():.0f} MB, {before:.0f} MB of it the imports")
    failures = {"tracebacks": found.tracebacks, "violations accepted": found.accepted, "too slow": found.slow}
    for name, texts in failures.items():
        print(f"{len(texts)} {name}")
        for text in texts[:20]:
            print("   ", text)
    return int(any(failures.values()) or _peak() > MEGABYTES)


def _peak() -> float:
    """Largest memory so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


if __name__ == "__main__":
    sys.exit(main())
