"""Everything about one NAME: observable, measurement, limit, set, parameter, coefficient, scenario, model or input.

A NAME that is the file of a saved result shows that, how it came about, and its digest.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bsfit import catalogue
from bsfit.cli import listing, output
from bsfit.errors import BsfitInputError, did_you_mean
from bsfit.loading import limits, measurements, selection

Facts = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `bsfit show`."""
    parser.add_argument("name", metavar="NAME", help="as printed by 'bsfit list', or the file of a result")
    line = "of a result: SHA-256 of its settings and data, and nothing else"
    parser.add_argument("--digest", action="store_true", help=line)


def run(options: argparse.Namespace) -> int:
    """Print what the name means, in every sense that it has."""
    if options.digest or Path(options.name).suffix in (".json", ".npz"):
        return _result(options)
    found = [facts for kind in KINDS for facts in kind(options.name)]
    # Inputs need JAX: look there only for names that may be inputs (m_phi is an input and a parameter of portal).
    if not found or any(next(iter(facts)).startswith("parameter") for facts in found):
        found += _input(options.name)
    if not found:
        hint = did_you_mean(options.name, _all_names()) or "'bsfit list' shows what there is"
        raise BsfitInputError(f"unknown name {options.name!r}", hint=hint)
    text = "\n\n".join(_lines(facts) for facts in found)
    return output.report(options, [text], {"found": found}, None)


def _result(options: argparse.Namespace) -> int:
    """A saved result, or its digest."""
    from bsfit.results import load

    record = load(options.name)
    if options.digest:
        return output.report(options, [record.digest()], {"digest": record.digest()}, None)
    meta = record.meta
    about = {
        "result": options.name,
        "kind": type(record).__name__,
        "digest": record.digest(),
        "command": meta.get("command"),
        "finished": meta.get("finished"),
        "seconds": meta.get("wall_time_s"),
        "device": meta.get("device"),
        "versions": ", ".join(f"{name} {version}" for name, version in meta.get("versions", {}).items()),
        **{f"metadata {key}": value for key, value in meta.get("metadata", {}).items()},
    }
    doubt = output.doubt_of(record) if hasattr(record, "converged") else None
    return output.report(options, [str(record), "", _lines(about)], about, doubt)


def _lines(facts: Facts) -> str:
    """Facts as indented lines; lists of rows as tables."""
    (kind, name), *rest = facts.items()
    width = max((len(key) for key, value in rest if not isinstance(value, list)), default=0)
    lines = [f"{name}: {kind}"]
    for key, value in rest:
        if isinstance(value, list):
            lines += ["", *(f"  {line}" for line in output.grid(value, indent=2).splitlines())]
        elif value not in (None, ""):
            lines.append(output.folded(str(value), f"  {key.ljust(width)}  "))
    return "\n".join(lines)


# ------------------------------------------------------------------------------------------- one finder per kind


def _observable(name: str) -> Iterator[Facts]:
    """An observable, its bin optional, and the measurements of it."""
    stem = name.partition("[")[0].strip()
    alias = catalogue.read_alias(stem)
    if stem not in catalogue.stems() and alias not in catalogue.stems():
        return
    item = catalogue.observable(f"{name}[1,2]" if catalogue.takes_bin(stem) and "[" not in name else name)
    quantity = item.quantity
    full = item.name.partition("[")[0]
    measured = [
        {"measurement": m.name, "bin": f"[{d.bin[0]:g},{d.bin[1]:g}]" if d.bin else "", "value": d.text,
         "of": "" if d.stem == full else "the inverse", "state": "unused" if m.unused_reason else ""}
        for m in selection.available().values() for d in m.data
        if _ratio(d.stem) == _ratio(full) and (d.bin == item.bin or "[" not in name)
    ]  # fmt: skip
    yield {
        "observable": name,
        "full name": f"{full}[LOW,HIGH], q2 in GeV^2" if item.bin and "[" not in name else item.name,
        "unit": quantity.unit,
        "group": item.group,
        "sign convention": _convention(quantity.key),
        "depends on": ", ".join(catalogue.coefficients_that_move(item)),
        "theory errors from": ", ".join(catalogue.nuisance_globs(item)).replace("[*]", "*"),
        "papers": ", ".join(quantity.sources),
        **({"measured": measured} if measured else {"measured": "not by any file of bsfit"}),
    }


def _convention(key: str) -> str | None:
    """How a quantity of LHCb's convention, which is ours, becomes that of theory papers."""
    factor = catalogue.THEORY_CONVENTION.get(key)
    return factor and f"LHCb's; times {factor:g} in 0811.1214 (S_i, A_i, AFB) and 1303.5794 (P_i)"


def _ratio(stem: str) -> str:
    """A stem with one name for a ratio and its inverse."""
    return stem.replace("<Remu>", "<Rmue>")


def _measurement(name: str) -> Iterator[Facts]:
    if (item := selection.available().get(name)) is None:
        return
    correlation = item.correlation and [
        {"": d.observable, **{str(j + 1): f"{rho:.3g}" for j, rho in enumerate(row)}}
        for d, row in zip(item.data, item.correlation_matrix(), strict=True)
    ]
    yield {
        "measurement": name,
        "experiment": item.experiment,
        "paper": item.inspire,
        "arXiv": item.arxiv,
        "used": f"no: {item.unused_reason}" if item.unused_reason else "yes",
        "in the sets": ", ".join(s.name for s in selection.data_sets().values() if name in s.measurements),
        "supersedes": ", ".join(item.supersedes),
        "combines": ", ".join(item.combines),
        "another form of": ", ".join(item.alternative_to),
        "likelihood": f"published curve, {item.curve.where}" if item.curve else "split normal of the printed errors",
        "note": item.note,
        "values": [
            {"observable": d.observable, "value": d.text, "unit": d.unit, "where": d.where, "checked": d.checked}
            for d in item.data
        ],
        **({"correlation": correlation} if correlation else {}),
    }


def _data_set(name: str) -> Iterator[Facts]:
    if name in selection.data_sets():
        chosen = selection.data_sets()[name]
        yield {"data set": name, "what": chosen.description, **_members(chosen.measurements)}
    if name in measurements.GROUPS:
        try:
            chosen = [m.name for m in selection.select(name)]
        except BsfitInputError as empty:
            yield {"group of observables": name, "measurements": str(empty)}
        else:
            upper = {"limits": ", ".join(limits.named(name))}
            yield {"group of observables": name, **upper, **(_members(chosen) if chosen else {})}


def _limit(name: str) -> Iterator[Facts]:
    if name not in limits.LIMITS:
        return
    found = limits.limit(name)
    if found.search is None:
        strongest = found.cross_section.argmin()
        values = {"strongest": f"{found.cross_section[strongest]:.3g} at {found.mass[strongest]:g} GeV"}
    else:
        values = {"limit": f"{found.search.cross_section:g} fb at {found.search.mass:g} GeV", "note": found.notes[0]}
    yield {
        "upper limit": name,
        "what": found.description,
        "source": found.source,
        "group": found.group,
        "masses": f"{found.mass[0]:g} to {found.mass[-1]:g} GeV, {len(found.mass)} points",
        **values,
        "likelihood": f"Delta chi2 = {found.at_limit:.4g} (rate/limit)^2, one-sided, {found.confidence:.0%} there",
        "supersedes": ", ".join(found.supersedes),
    }


def _members(names: Any) -> Facts:
    known = selection.available()
    rows = [
        {"measurement": name, "observable": d.observable, "value": d.text, "unit": d.unit}
        for name in names for d in known[name].data
    ]  # fmt: skip
    return {"measurements": rows}


def _parameter(name: str) -> Iterator[Facts]:
    for model in catalogue.MODELS:
        if (found := catalogue.parameters_of(model).get(name)) is not None:
            row = listing.parameter_row(model, found)
            bounds = catalogue.default_bounds(model, name)
            shown = {"bounds when freed without": f"{bounds[0]:g}, {bounds[1]:g}" if bounds else "must be given"}
            yield {
                f"parameter of {model}": name,
                **{k: v for k, v in row.items() if k not in ("model", "parameter")},
                **shown,
            }


def _coefficient(name: str) -> Iterator[Facts]:
    stem = name.removesuffix("_im")
    if stem in catalogue.COEFFICIENTS:
        used = [
            f"{p} ({decay})" if decay else p
            for p, row in catalogue.PROCESSES.items() for decay in row.decays
            if stem in catalogue.coefficients_of(row, catalogue.LEPTONS)
        ]  # fmt: skip
        part = "imaginary" if name != stem else "real"
        yield {"Wilson coefficient": name, "what": f"{part} part of the shift by new physics at 4.8 GeV",
               "enters": ", ".join(used) or "no observable yet"}  # fmt: skip


def _output(name: str) -> Iterator[Facts]:
    for label, model in catalogue.MODELS.items():
        if name in model.quantities:
            yield {f"output of {label}": name, "unit": model.quantities[name],
                   "asked for by": f"bsfit predict {name} --model {label} ..."}  # fmt: skip


def _scenario(name: str) -> Iterator[Facts]:
    if catalogue.scenario(name):
        bounds = catalogue.default_bounds("eft", name)
        yield {"scenario of eft": name, "for x": listing.scenario_words(name),
               "bounds when freed without": f"{bounds[0]:g}, {bounds[1]:g}" if bounds else "must be given"}  # fmt: skip


def _model(name: str) -> Iterator[Facts]:
    if (model := catalogue.MODELS.get(name)) is None:
        return
    rows = [listing.parameter_row(name, p) for p in model.parameters if name != "eft"]
    outputs = f"the coefficients, and {', '.join(model.quantities)}" if model.quantities else "the coefficients"
    yield {
        "model": name,
        "what": model.summary,
        "parameters": f"{len(model.parameters)}: 'bsfit list coefficients', and scenarios"
        if name == "eft"
        else len(rows),
        "outputs": outputs,
        "papers": ", ".join(model.sources),
        **({"against the paper": model.origin} if model.origin else {}),
        "data of a fit": model.data,
        "free in a fit": ", ".join(f"{key} in [{low:g}, {high:g}]" for key, (low, high) in model.free.items()),
        **_beside_the_relic_density(model),
        **({"table": [{k: v for k, v in row.items() if k != "model"} for row in rows]} if rows else {}),
    }


def _beside_the_relic_density(model: catalogue.Model) -> dict[str, str]:
    """The coupling that data of the relic density free."""
    if model.relic is None or model.relic[0] in model.free:
        return {}
    name, (low, high) = model.relic
    return {"and to a relic density": f"{name} in [{low:g}, {high:g}]"}


def _input(name: str) -> Iterator[Facts]:
    """An input in every set that has it, and in every choice that changes it."""
    from bsfit.loading.inputs import INPUT_CHOICES, INPUT_SETS, input_set

    rows = []
    for label in (*INPUT_SETS, *INPUT_CHOICES):
        chosen = input_set(label)
        unchanged = label in INPUT_CHOICES and chosen.sources.get(name) == input_set("default").sources.get(name)
        if name not in chosen.inputs or unchanged:
            continue
        error, with_others = None, ""
        for prior in chosen.priors:
            if name in prior.names:
                error = float(prior.covariance.diagonal()[prior.names.index(name)] ** 0.5)
                with_others = f"correlated with {len(prior.names) - 1} others" if len(prior.names) > 1 else ""
        rows.append({"set": label, "value": f"{float(chosen.inputs[name]):.9g}",
                     "error": None if error is None else f"{error:.3g}", "": with_others,
                     "source": chosen.sources.get(name)})  # fmt: skip
    if rows:
        yield {"input, in powers of GeV": name, "table": rows}


KINDS: tuple[Callable[[str], Iterator[Facts]], ...] = (
    _observable, _measurement, _limit, _data_set, _parameter, _coefficient, _output, _scenario, _model,
)  # fmt: skip
"""Finders that need no JAX, each of which yields what a name means in its kind."""


def _all_names() -> list[str]:
    from bsfit.loading.inputs import input_set

    models = [name for model in catalogue.MODELS for name in catalogue.parameters_of(model)]
    models += [name for model in catalogue.MODELS.values() for name in model.quantities]
    names = [
        *catalogue.stems(),
        *selection.available(),
        *selection.data_sets(),
        *limits.LIMITS,
        *catalogue.MODELS,
    ]
    return [*names, *catalogue.STANDARD_SCENARIOS, *models, *input_set("default").inputs.names]
