"""Whether two measurements are made of the same events, and tell the same of them; free of JAX.

Same events: one paper, or one experiment (an average is one with all of them), in periods that are not apart. The same
of them: a decay, in bins that overlap, and one of the quantities in which its rate and its angles can be written.
"""

import re
import warnings
from collections.abc import Sequence
from functools import cache

from bsfit.catalogue import observable
from bsfit.errors import BsfitInputError, BsfitWarning, did_you_mean
from bsfit.loading.measurements import Datum, Publication, overlap
from bsfit.loading.own_data import Measurement

EXPERIMENTS: dict[str, tuple[str, ...]] = {
    "LHCb": (),
    "CMS": (),
    "ATLAS": (),
    "Belle II": ("belle 2", "belleii", "belle2"),
    "Belle": ("belle i", "belle 1"),
    "BaBar": (),
    "CDF": (),
    "D0": ("dzero", "d\N{LATIN SMALL LETTER O WITH STROKE}"),
    "CLEO": (),
    "BES III": ("besiii", "bes 3"),
    "ALEPH": (),
    "DELPHI": (),
    "L3": (),
    "OPAL": (),
    "SLD": (),
    "NA62": (),
    "CHARM-II": ("charm ii", "charm 2"),
    "CCFR": (),
    "NuTeV": (),
    "Muon g-2": ("g-2", "e989"),
    "E821": (),
    "MEG II": ("meg 2",),
    "MEG": (),
    "SINDRUM II": ("sindrum 2",),
    "SINDRUM": (),
    "Planck": (),
    "WMAP": (),
}
"""Experiments as they are called here, and what else they are called."""

AVERAGES: dict[str, tuple[str, ...]] = {
    "HFLAV": ("hfag",),
    "PDG": ("particle data group",),
    "UTfit": (),
    "world average": ("average", "combination of experiments"),
}
"""Whoever averages over experiments, and other names of them."""


def _patterns() -> dict[str, re.Pattern[str]]:
    names = {name: (name.lower(), *others) for name, others in (EXPERIMENTS | AVERAGES).items()}
    return {
        name: re.compile("|".join(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" for word in words))
        for name, words in names.items()
    }


_PATTERNS = _patterns()


@cache
def experiments(text: str) -> frozenset[str]:
    """Known experiments in a text such as ``LHCb``, ``LHCB Run 1 and 2`` or ``CMS+LHCb``; none if nothing is known."""
    left, found = " ".join(re.split(r"[\s_-]+", text.casefold())), set()
    for name, pattern in _PATTERNS.items():
        spaced = re.compile(pattern.pattern.replace(r"\-", "[- ]"))
        if spaced.search(left):
            found.add(name)
            left = spaced.sub(" ", left)
    return frozenset(found)


_SAME_OF_THE_ANGLES = (
    ("longitudinal", ("FL", "S1c", "K1ss", "K1cc")),
    ("K1c", ("K1c", "AFBl")),
    ("K2", ("K2ss", "K2cc", "AFBh")),
    ("K2c", ("K2c", "AFBlh")),
    ("3", ("S3", "P1")),
    ("4", ("S4", "P4p")),
    ("5", ("S5", "P5p")),
    ("6s", ("S6s", "AFB", "P2")),
    ("7", ("S7", "P6p")),
    ("8", ("S8", "P8p")),
    ("9", ("S9", "P3")),
    ("A9", ("A9", "ATIm")),
    ("rate", ("BR", "dBR/dq2")),
)
_TOLD = {key: told for told, keys in _SAME_OF_THE_ANGLES for key in keys}


@cache
def told(name: str) -> frozenset[tuple[str, str, str]]:
    """What an observable tells of the events: quantity, decay and lepton, in one of the ways to write it.

    A ratio of leptons tells the rate of electrons, which limits it: the rate of muons may be counted beside it. A sum
    of both charges tells each of them. What bsfit does not know tells its own name.
    """
    try:
        item = observable(name)
    except BsfitInputError:
        return frozenset({(name.partition("[")[0], "", "")})
    key = item.quantity.key
    if key in ("Rmue", "Remu"):
        return frozenset({("rate", item.decay, "e")})
    if "," in key:
        first, second = key.removesuffix(")").split(",")
        return frozenset((f"{decay})", "", "") for decay in (first, first[: -len(second)] + second))
    if "/" in key and key.startswith("BR("):
        return frozenset((rate, "", "") for rate in key.split("/"))
    if key in ("tau_mumu", "tau_mumu_ps", "ADeltaGamma(Bs->mumu)"):
        return frozenset({("lifetime of Bs->mumu", "", "")})
    plain = key.removeprefix("Dmue_").removesuffix("_ps").removesuffix("/SM")
    return frozenset((_TOLD.get(plain, plain), item.decay, lepton) for lepton in item.leptons or ("",))


def same_data(a: Datum, b: Datum) -> bool:
    """Whether two values tell the same of the events, if they are of the same events."""
    return not told(a.observable).isdisjoint(told(b.observable)) and overlap(a, b)


def refuse_shared(first: Publication, second: Publication) -> None:
    """Raise `BsfitInputError` if two measurements share data.

    A `BsfitWarning` says that nothing is known of an experiment, where both measure the same.
    """
    for a, b in ((first, second), (second, first)):
        relations = (("supersedes", a.supersedes), ("combines", a.combines), ("is another form of", a.alternative_to))
        for relation, names in relations:
            if b.name in names:
                raise BsfitInputError(
                    f"{a.name!r} {relation} {b.name!r}: the same data twice", hint="choose one of the two"
                )
    known = [experiments(measurement.experiment) for measurement in (first, second)]
    why = _same_events(first, second)
    if independent(first, second) or (why is None and all(known)):
        return
    pair = next(((a, b) for a in first.data for b in second.data if same_data(a, b)), None)
    if pair is None:
        return
    if why is None:
        _warn_of_unknown(second if known[0] else first)
        return
    what = f"{first.name!r} and {second.name!r} share data: {pair[0].observable} and {pair[1].observable}"
    raise BsfitInputError(
        f"{what}, {why}", hint="choose one of the two, or say that they share none: independent_of, or a period of each"
    )


def refuse_repeated(measurements: Sequence[Publication | Measurement]) -> None:
    """Raise `BsfitInputError` if an observable stands twice with the same numbers, in whatever measurements."""
    seen: dict[tuple, str] = {}
    for measurement in measurements:
        for datum in measurement.data:
            numbers = datum.asked, *(float(f"{x:.9g}") for x in (datum.central, datum.sigma_plus, datum.sigma_minus))
            if numbers in seen:
                where = f"in {seen[numbers]!r} and {measurement.name!r}"
                what = f"{datum.observable} stands twice with the same numbers, {where}"
                raise BsfitInputError(what, field="data", hint="leave one of them out")
            seen[numbers] = measurement.name


def _same_events(first: Publication, second: Publication) -> str | None:
    """Why two measurements are of the same events, in words; None if they are not, or nothing is known."""
    if _paper(first) & _paper(second):
        return "both of one paper"
    of_first, of_second = experiments(first.experiment), experiments(second.experiment)
    if common := of_first & of_second:
        return f"both {', '.join(sorted(common))}"
    averages = (of_first | of_second) & AVERAGES.keys()
    return f"{', '.join(sorted(averages))} averages over experiments" if averages and of_first and of_second else None


def _paper(measurement: Publication) -> set[str]:
    return {key for key in (measurement.inspire, measurement.arxiv) if key}


def _warn_of_unknown(measurement: Publication) -> None:
    hint = did_you_mean(measurement.experiment, [*EXPERIMENTS, *AVERAGES])
    what = f"{measurement.name}: unknown experiment {measurement.experiment!r}" + (f" ({hint})" if hint else "")
    warnings.warn(f"{what}: nothing says whether it shares events with the others", BsfitWarning, stacklevel=2)


def independent(first: Publication, second: Publication) -> bool:
    """Whether one of the two says that it shares no events with the other, or their periods are apart."""
    if second.name in first.independent_of or first.name in second.independent_of:
        return True
    if first.period is None or second.period is None:
        return False
    return first.period[1] < second.period[0] or second.period[1] < first.period[0]
