"""What there is to ask for. Without a TOPIC, the topics; 'bsfit show NAME' tells everything about one name.

WORDs choose the rows that say them: 'bsfit list observables P5p', 'bsfit list data lhcb --lepton e'.
"""

import argparse
from collections.abc import Callable
from typing import Any

from bsfit import catalogue
from bsfit.catalogue.input_groups import group_of
from bsfit.cli import filters, output
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading import measurements, selection

Rows = list[dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit list`."""
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help=f"{', '.join(TOPICS)} (default: these topics)")
    parser.add_argument("words", nargs="*", metavar="WORD", help="that rows must say, or a glob of what they say")
    filters.add_arguments(parser)
    parser.add_argument("--model", metavar="M", help="list parameters or outputs of this model only (default all)")
    line = "list the values of this input set (default: default)"
    parser.add_argument("--inputs", metavar="SET", default="default", help=line)


def run(options: argparse.Namespace) -> int:
    """Print the table of a topic."""
    if options.topic is None:
        for name in ("lepton", "process", "group"):
            if getattr(options, name):
                raise BsfitInputError("of which topic?", field=f"--{name}", expected=f"TOPIC: {', '.join(TOPICS)}")
        rows = [{"topic": topic, "entries": len(make(options)) if make is not inputs else "", "what": what}
                for topic, (make, what) in TOPICS.items()]  # fmt: skip
        return output.table(options, rows, ["", "'bsfit list TOPIC' prints one of them"])
    if options.topic not in TOPICS:
        hint = did_you_mean(options.topic, TOPICS) or f"'bsfit show {options.topic}' tells about a name"
        raise BsfitInputError(f"unknown topic {options.topic!r}", expected=", ".join(TOPICS), hint=hint)
    rows = TOPICS[options.topic][0](options)
    try:
        return output.table(options, filters.chosen(rows, options, options.topic, options.words))
    except BsfitInputError as problem:
        if problem.hint or not (options.words and (topic := _elsewhere(options))):
            raise
        hint = f"'bsfit list {' '.join([topic, *options.words])}' has some"
        raise BsfitInputError(problem.what, field=problem.field, hint=hint) from None


def _elsewhere(options: argparse.Namespace) -> str | None:
    """Another topic with rows that say all words, each in some row; None if there is none."""
    for topic, (make, _) in TOPICS.items():
        rows = make(options) if topic != options.topic else []
        if all(any(filters.says(row, word) for row in rows) for word in options.words):
            return topic
    return None


def observables(options: argparse.Namespace) -> Rows:
    """Names without bin, short names first."""
    rows = []
    for stem in catalogue.stems():
        item = catalogue.observable(f"{stem}[1,2]" if catalogue.takes_bin(stem) else stem)
        name = stem if item.bin is None else f"{stem}[LOW,HIGH]"
        full = catalogue.SHORT_NAMES.get(stem)
        rows.append({"observable": name, "unit": item.quantity.unit, "group": item.group, "short for": full}
                    | filters.tags(item))  # fmt: skip
    return rows


def models(options: argparse.Namespace) -> Rows:
    """Models with the number of their parameters."""
    return [
        {"model": name, "parameters": len(model.parameters), "what": model.summary}
        for name, model in catalogue.MODELS.items()
    ]


def parameters(options: argparse.Namespace) -> Rows:
    """Parameters of one model, or of all; the coefficients are a topic of their own."""
    names = [options.model] if options.model else [name for name in catalogue.MODELS if name != "eft"]
    return [parameter_row(model, p) for model in names for p in catalogue.parameters_of(model).values()]


def parameter_row(model: str, parameter: catalogue.Parameter) -> dict[str, Any]:
    """What a table says about a parameter."""
    default = "must be given" if parameter.default is None else f"{parameter.default:g}"
    domain = "" if (parameter.lower, parameter.upper) == (-float("inf"), float("inf")) else f"> {parameter.lower:g}"
    domain = f"{parameter.lower:g} to {parameter.upper:g}" if parameter.closed else domain
    row = {"model": model, "parameter": parameter.name, "default": default, "unit": parameter.unit, "domain": domain}
    benchmark = catalogue.MODELS[model].benchmark.get(parameter.name)
    return row | {"benchmark": None if benchmark is None else f"{benchmark:.4g}"}


def outputs(options: argparse.Namespace) -> Rows:
    """What a model can be asked for besides observables and coefficients."""
    names = [options.model] if options.model else list(catalogue.MODELS)
    chosen = {name: catalogue.MODELS[name] for name in names if catalogue.parameters_of(name)}
    rows = [
        {"model": name, "output": q, "unit": u} for name, model in chosen.items() for q, u in model.quantities.items()
    ]
    return rows or [{"model": options.model, "output": "the coefficients only", "unit": None}]


def coefficients(options: argparse.Namespace) -> Rows:
    """Wilson coefficients: parameters of `eft`, outputs of the other models."""
    units = catalogue.parameters_of("eft")
    return [
        {
            "coefficient": name,
            "imaginary part": f"{name}_im",
            "unit": units[name].unit,
            "_leptons": filters.leptons_of((name,)),
        }
        for name in catalogue.COEFFICIENTS
    ]


def scenarios(options: argparse.Namespace) -> Rows:
    """The scenarios of the table that `bsfit fit` prints, spelt out."""
    return [{"scenario": name, "means": scenario_words(name)} for name in catalogue.STANDARD_SCENARIOS]


def scenario_words(name: str) -> str:
    """Coefficients that a scenario moves."""
    terms = catalogue.scenario(name) or {}
    return ", ".join(f"{coefficient} {'+' if sign > 0 else '-'}x" for coefficient, sign in terms.items())


def data(options: argparse.Namespace) -> Rows:
    """Measurements with the sets they are in, or the reason why they are not used."""
    known = selection.available()
    rows = []
    for name, item in known.items():
        sets = [s.name for s in selection.data_sets().values() if name in s.measurements]
        newer = [other.name for other in known.values() if name in (*other.supersedes, *other.combines)]
        state = f"unused: {item.unused_reason}" if item.unused_reason else ""
        state = state or (f"replaced by {', '.join(newer)}" if newer else "")
        state = state or (f"another form of {', '.join(item.alternative_to)}" if item.alternative_to else "")
        groups = ", ".join(dict.fromkeys(datum.group for datum in item.data if datum.group))
        row = {"measurement": name, "experiment": item.experiment, "values": len(item.data), "group": groups}
        about = [filters.tags(catalogue.observable(datum.observable)) for datum in item.data if datum.group]
        rows.append({**row, "sets": ", ".join(sets), "state": state, **filters.joined(about)})
    return rows


def sets(options: argparse.Namespace) -> Rows:
    """Named data sets, and the groups that have data."""
    from bsfit.loading.limits import named

    rows = [{"set": s.name, "measurements": len(s.measurements), "what": s.description}
            for s in selection.data_sets().values()]  # fmt: skip
    for group in measurements.GROUPS:
        try:
            count = len(selection.select(group)) + len(named(group))
        except BsfitInputError:
            continue
        rows.append({"set": group, "measurements": count, "what": "the group: everything that nothing newer replaces"})
    return rows


def limits(options: argparse.Namespace) -> Rows:
    """Upper limits on rates of dark matter and of its partners, which are chosen like data."""
    from bsfit.loading.limits import LIMITS, limit

    chosen = map(limit, LIMITS)
    return [
        {"limit": row.name, "group": row.group, "what": row.description,
         "masses": f"{row.mass[0]:g} to {row.mass[-1]:g} GeV", "supersedes": ", ".join(row.supersedes),
         "_group": (row.group,)}
        for row in chosen
    ]  # fmt: skip


def inputs(options: argparse.Namespace) -> Rows:
    """Values of an input set with their errors, in powers of GeV."""
    from bsfit.loading.inputs import input_set

    chosen = input_set(options.inputs)
    errors = {n: e for p in chosen.priors for n, e in zip(p.names, p.covariance.diagonal() ** 0.5, strict=True)}
    values = dict(zip(chosen.inputs.names, chosen.inputs.values.tolist(), strict=True))
    return [
        {"input": name, "value": f"{value:.7g}", "error": f"{errors[name]:.2g}" if name in errors else None,
         "source": chosen.sources.get(name), "_group": (group_of(name),)}
        for name, value in values.items()
    ]  # fmt: skip


TOPICS: dict[str, tuple[Callable[[argparse.Namespace], Rows], str]] = {
    "observables": (observables, "what can be predicted"),
    "models": (models, "couplings to Wilson coefficients"),
    "parameters": (parameters, "parameters of the models"),
    "outputs": (outputs, "masses, widths and couplings that a model can be asked for"),
    "coefficients": (coefficients, "Wilson coefficients, new-physics parts at 4.8 GeV: the parameters of eft"),
    "scenarios": (scenarios, "one-parameter scenarios of the default fit"),
    "sets": (sets, "named data sets and groups"),
    "data": (data, "measurements, the unused ones with their reason"),
    "limits": (limits, "upper limits on dark matter and its partners, which are data too"),
    "inputs": (inputs, "masses, CKM elements, form factors, with errors and sources"),
}
