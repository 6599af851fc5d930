"""What a shell is offered when it asks to complete a command, through argcomplete; free of JAX.

The script of `bsfit completion` runs the program with ``_ARGCOMPLETE`` set, and reads its answer.
"""

import argparse
import importlib
import os
from collections.abc import Callable, Iterable
from typing import Any

Offer = Callable[[argparse.Namespace], Iterable[str]]


def answer(verbs: dict[str, tuple[str, str]]) -> None:
    """Tell the shell that asks what may stand next, and end the program."""
    import argcomplete

    argcomplete.autocomplete(parser(verbs, os.environ.get("COMP_LINE", "")))


def parser(verbs: dict[str, tuple[str, str]], line: str) -> argparse.ArgumentParser:
    """All verbs, and the options of the one in the line."""
    whole = argparse.ArgumentParser(prog="bsfit")
    below = whole.add_subparsers(dest="verb")
    for verb, (module, help_) in verbs.items():
        of_verb = below.add_parser(verb, help=help_)
        if verb in line.split():
            importlib.import_module(module).add_arguments(of_verb)
            of_verb.add_argument("--json", action="store_true")
            of_verb.add_argument("-q", "--quiet", action="store_true")
            for action in of_verb._actions:
                if offer := _OFFERS.get((verb, action.dest)) or _OFFERS.get(action.dest):
                    of = _joined if action.dest in _LISTS else _completer
                    action.completer = of(offer)  # pyright: ignore[reportAttributeAccessIssue]
    return whole


def _completer(offer: Offer) -> Callable[..., list[str]]:
    def complete(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        return [name for name in offer(parsed_args) if name.startswith(prefix)]

    return complete


def _joined(offer: Offer) -> Callable[..., list[str]]:
    """The same for names behind others and a comma."""

    def complete(prefix: str, parsed_args: argparse.Namespace, **_: Any) -> list[str]:
        before, comma, last = prefix.rpartition(",")
        return [f"{before}{comma}{name}" for name in offer(parsed_args) if name.startswith(last)]

    return complete


def _models(options: argparse.Namespace) -> Iterable[str]:
    from bsfit import catalogue

    return catalogue.MODELS


def _model_of(options: argparse.Namespace) -> str:
    from bsfit import catalogue

    given = getattr(options, "model", None) or ["eft"]
    name = given if isinstance(given, str) else given[-1]
    return name if name in catalogue.MODELS else "eft"


def _parameters(options: argparse.Namespace) -> list[str]:
    from bsfit import catalogue

    model = _model_of(options)
    return [*catalogue.parameters_of(model), *(catalogue.STANDARD_SCENARIOS if model == "eft" else ())]


def _with_value(offer: Offer) -> Offer:
    return lambda options: [f"{name}=" for name in offer(options)]


def _scenarios(options: argparse.Namespace) -> list[str]:
    from bsfit import catalogue

    return [*catalogue.STANDARD_SCENARIOS, "all"]


def _data(options: argparse.Namespace) -> list[str]:
    from bsfit.loading import limits, measurements, selection

    return [*selection.data_sets(), *measurements.GROUPS, *selection.available(), *limits.LIMITS]


def _observables(options: argparse.Namespace) -> list[str]:
    from bsfit import catalogue

    binned = [f"{stem}[1.1,6]" if catalogue.takes_bin(stem) else stem for stem in catalogue.stems()]
    return [*binned, *catalogue.MODELS[_model_of(options)].quantities, *catalogue.COEFFICIENTS]


def _stems(options: argparse.Namespace) -> list[str]:
    from bsfit import catalogue

    return [stem for stem in catalogue.stems() if catalogue.takes_bin(stem)]


def _input_sets(options: argparse.Namespace) -> tuple[str, ...]:
    from bsfit.catalogue.input_sets import INPUT_CHOICES, INPUT_SETS

    return (*INPUT_SETS, *INPUT_CHOICES)


def _inputs(options: argparse.Namespace) -> list[str]:
    from bsfit.loading import input_files

    return list(input_files.shipped("default").values)


def _nuisances(options: argparse.Namespace) -> list[str]:
    from bsfit.catalogue.input_groups import GROUPS
    from bsfit.loading import input_files

    names = [*GROUPS, *(name for prior in input_files.shipped("default").priors for name in prior.names)]
    return ["all", *names, *(f"!{name}" for name in names)]


def _choice(key: str) -> Offer:
    def offer(options: argparse.Namespace) -> Iterable[str]:
        from bsfit.cli.checks import CHOICES

        return CHOICES[key]

    return offer


def _names(options: argparse.Namespace) -> list[str]:
    from bsfit import catalogue

    models = [name for model in catalogue.MODELS for name in catalogue.parameters_of(model)]
    names = [*catalogue.stems(), *catalogue.MODELS, *_scenarios(options), *models, *_data(options)]
    return list(dict.fromkeys(names))


def _of(module: str, name: str) -> Offer:
    """What a verb lists itself."""
    return lambda options: getattr(importlib.import_module(f"bsfit.cli.{module}"), name)


def _groups(options: argparse.Namespace) -> tuple[str, ...]:
    from bsfit.catalogue.input_groups import GROUPS
    from bsfit.loading import measurements

    return (*measurements.GROUPS, *GROUPS)


def _processes(options: argparse.Namespace) -> list[str]:
    from bsfit import catalogue

    return [*catalogue.PROCESSES, *dict.fromkeys(d for p in catalogue.PROCESSES.values() for d in p.decays if d)]


_LISTS = ("data", "nuisances", "scenario", "profile")
"""Arguments that take several names with commas between them."""

_OFFERS: dict[Any, Offer] = {
    "model": _models,
    "data": _data,
    "set": _with_value(_parameters),
    "scan": _with_value(_parameters),
    "free": _parameters,
    "profile": _parameters,
    "scenario": _scenarios,
    "inputs": _input_sets,
    "input": _with_value(_inputs),
    "nuisances": _nuisances,
    "observables": _observables,
    "bins": _stems,
    "name": _names,
    "lepton": lambda options: ("e", "mu", "tau"),
    "process": _processes,
    "group": _groups,
    "topic": _of("listing", "TOPICS"),
    "shell": _of("completion", "SHELLS"),
    ("table", "sort"): _of("table", "ORDERS"),
    ("table", "format"): _of("table", "FORMATS"),
    ("plot", "budget"): _observables,
    ("plot", "format"): _of("plot", "FORMATS"),
    ("validate", "words"): _of("validate", "TAKES"),
    **{key: _choice(key) for key in ("theory", "relic", "design", "keep")},
}
"""What is offered for an argument, by its name, or that of the verb and its own; for others, files."""
