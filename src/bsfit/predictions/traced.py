"""What predictions are made of: the inputs that are read, and the functions that run, while they are traced.

Nothing is computed. The papers of a function are those that its docstring names, or that of its class or its file: so a
docstring of a file names what every function in it needs, and a function what it alone does.
"""

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from types import CodeType, FrameType
from typing import Any, NamedTuple

import jax
from jax.experimental.xla_metadata import set_xla_metadata

from bsfit.loading.inputs import Inputs
from bsfit.loading.references import cited_in
from bsfit.predictions.prediction import Prediction

_READERS: dict[CodeType, str] = {
    inspect.unwrap(method).__code__: argument
    for method, argument in ((Inputs.__getitem__, "name"), (Inputs.array, "names"), (Inputs.numbers, "names"))
}
"""Methods of `Inputs` that read, and the argument that says what."""

_NUMBER = count()


class Traced(NamedTuple):
    """Names of the inputs that were read; and of each paper the files whose functions ran and name it."""

    inputs: frozenset[str]
    formulas: dict[str, tuple[str, ...]]


def traced(prediction: Prediction, names: Sequence[str]) -> Traced:
    """What a prediction from the amplitudes is made of, as a function of the parameters `names`."""
    seen: dict[CodeType, str] = {}
    read: set[str] = set()
    # JAX remembers what it has traced, unless something is new about where.
    with set_xla_metadata(bsfit_traced=next(_NUMBER)), _watching(seen, read):
        jax.eval_shape(lambda p, i: prediction(p, i), dict.fromkeys(names, 1.0), prediction.inputs)
    formulas: dict[str, dict[str, None]] = {}
    for code, module in seen.items():
        for key in _papers(code, module):
            formulas.setdefault(key, {})[module.removeprefix("bsfit.")] = None
    quoted = {f"SM {name}" for name in prediction.names} & {*prediction.inputs.names}
    others = _hadrons_of_others(prediction)
    counted = (name for name in read | quoted if others.isdisjoint(_words(name)))
    return Traced(frozenset(counted), {key: tuple(modules) for key, modules in formulas.items()})


@contextmanager
def _watching(seen: dict[CodeType, str], read: set[str]) -> Iterator[None]:
    """Note each function of bsfit that runs, with its module, and each input that is read."""

    def note(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        if event != "call" or code in seen:
            return
        if (asked := _READERS.get(code)) is not None:
            found = frame.f_locals[asked]
            read.update((found,) if isinstance(found, str) else found)
        elif (module := frame.f_globals.get("__name__", "")).startswith("bsfit.") and code.co_name != "<module>":
            seen[code] = module

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(before)


def _papers(code: CodeType, module: str) -> Iterator[str]:
    found: Any = sys.modules[module]
    yield from cited_in(found.__doc__)
    for part in code.co_qualname.split("."):
        found = getattr(found, part, None)
        if found is None:
            return
        yield from cited_in(getattr(found, "__doc__", None))


def _hadrons_of_others(prediction: Prediction) -> set[str]:
    """Hadrons of decays that nobody asked for: the amplitudes of a process read the inputs of all of its decays."""
    items = [item for item in prediction.items if item]
    asked = {hadron for item in items for hadron in _hadrons(item.decay)}
    every = {hadron for item in items for decay in item.quantity.process.decays for hadron in _hadrons(decay)}
    return every - asked


def _hadrons(decay: str) -> set[str]:
    """Those of a decay, and the same without charges."""
    return {hadron for name in decay.split("->") if name for hadron in (name, name.rstrip("0+"))}


def _words(name: str) -> set[str]:
    """Words of an input's name, hadrons among them; none of masses, which decays share."""
    return set() if name.startswith("m_") else {*re.split(r"->|[ _/]", name)}
