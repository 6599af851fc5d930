"""The papers behind results: of their data, and of the formulas and inputs that they are made of."""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.loading.inputs import Choices, Inputs, input_set
from bsfit.loading.references import bibliography, cited_in
from bsfit.predictions.prediction import wired
from bsfit.predictions.traced import Traced, traced

DATA = "data, observables and models"
FORMULAS, INPUTS = "formulas of", "inputs"
LISTED = 6
"""So many inputs are named for a paper."""


@dataclass(frozen=True)
class Citations:
    """Papers by their INSPIRE keys, each with what it was used for; it prints as BibTeX.

    `inputs` are the names of all inputs that were read; `missing` are keys that the bibliography lacks; `notes` say
    what could not be traced.
    """

    papers: dict[str, tuple[str, ...]]
    inputs: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        entries = [f"% {'; '.join(used)}\n{bibliography()[key]}" for key, used in self.papers.items()]
        lost = [f"% {key}: not in the bibliography of bsfit" for key in self.missing]
        return "\n\n".join([*entries, *lost, *(f"% note: {note}" for note in self.notes)])


def cite(*results: Any) -> Citations:
    """Papers behind results: records of `bsfit.results`, or log-likelihoods.

    Formulas and inputs are traced: the predictions run once more without computing, and what they read, and which
    functions they call, says which papers count. Raises `BsfitInputError` for what is neither.
    """
    used: dict[str, dict[str, None]] = {}
    inputs: dict[str, None] = {}
    notes: dict[str, None] = {}
    for result in results:
        about = _about(result)
        for key in about.get("papers", ()):
            used.setdefault(key, {})[DATA] = None
        try:
            question = _Question.of(about, result)
            found = question.traced(notes)
        except BsfitInputError as problem:
            notes[f"formulas and inputs are not traced: {problem.what}"] = None
            continue
        inputs.update(dict.fromkeys(sorted(found.inputs)))
        for key, what in _papers(found, question):
            used.setdefault(key, {})[what] = None
    order = sorted(used, key=str.lower)
    known = {key: tuple(used[key]) for key in order if key in bibliography()}
    return Citations(known, tuple(inputs), tuple(key for key in order if key not in known), tuple(notes))


@dataclass(frozen=True)
class _Question:
    """What a result answers: enough to trace it again."""

    observables: tuple[str, ...]
    model: str
    fixed: Mapping[str, float]
    free: tuple[str, ...]
    inputs: Inputs
    replaced: tuple[str, ...]

    @classmethod
    def of(cls, about: Mapping[str, Any], result: Any) -> "_Question":
        """From what a result says about itself."""
        values, changes = _inputs_of(about), dict(about.get("input_changes", {}))
        return cls(
            tuple(about.get("observables", ())) or tuple(_observables_of(result)),
            about.get("model", ""),
            about.get("fixed", about.get("params", {})),
            tuple(about.get("free", ())),
            values.replace(changes),
            tuple(changes),
        )

    def traced(self, notes: dict[str, None]) -> Traced:
        """What the predictions are made of; of a model of one's own, what those of the Standard Model are."""
        if not self.observables:
            raise BsfitInputError("the result does not say which observables it is of")
        if self.model in catalogue.MODELS:
            return traced(wired(self.observables, self.model, self.inputs, self.fixed, self.free), self.free)
        notes[f"formulas of the model {self.model or 'of your own'} are not traced"] = None
        flavour = [name for name in self.observables if not catalogue.observable(name).quantity.process.dark]
        return traced(wired(flavour, "eft", self.inputs), ())


def _about(result: Any) -> dict[str, Any]:
    """What a result says about its likelihood, or its prediction."""
    meta = getattr(result, "meta", None)
    if not isinstance(meta, Mapping):
        expected = "a result, as fit, sample, scan return it and load reads it, or a log-likelihood"
        raise BsfitInputError(f"a {type(result).__name__} has no papers", field="cite", expected=expected)
    own = {key: getattr(result, key) for key in ("model", "fixed") if hasattr(result, key)}
    return {**own, **meta.get("likelihood", meta)}


def _inputs_of(about: Mapping[str, Any]) -> Inputs:
    inputs = input_set(about.get("input_set") or about.get("inputs") or "default").inputs
    return dataclasses.replace(inputs, choices=Choices(**dict.fromkeys(about.get("choices", ()), True)))


def _observables_of(result: Any) -> Iterator[str]:
    """Observables of results that are no likelihood's: predictions, error budgets, bins of an observable."""
    yield from (row["observable"] for row in getattr(result, "predictions", ()))
    yield from getattr(result, "observables", ())
    if hasattr(result, "bins"):
        yield f"{result.name}[{result.bins[0, 0]:g},{result.bins[0, 1]:g}]"


def _papers(found: Traced, question: _Question) -> Iterator[tuple[str, str]]:
    """Keys, each with what it is used for."""
    for key, modules in found.formulas.items():
        yield key, f"{FORMULAS} {', '.join(modules)}"
    sources = input_set(question.inputs.set_name or "default").sources
    names: dict[str, list[str]] = {}
    for name in sorted(found.inputs - {*question.replaced}):
        for key in cited_in(sources.get(name)):
            names.setdefault(key, []).append(name)
    for key, each in names.items():
        more = f" and {len(each) - LISTED} more" if len(each) > LISTED else ""
        yield key, f"{INPUTS} {', '.join(each[:LISTED])}{more}"
