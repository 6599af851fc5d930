"""TeX of parameters, coefficients, scenarios, observables and inputs."""

import re

from bsfit.catalogue.models import MODELS, parameters_of
from bsfit.catalogue.observables import Observable
from bsfit.catalogue.scenarios import TERM, scenario

_GREEK = {"e": "e", "mu": r"\mu", "tau": r"\tau", "U": r"\ell"}
_LEPTONS = {**_GREEK, "l": r"\ell"}
_PARTICLES = {
    "B+": "B^+",
    "B0": "B^0",
    "Bs": "B_s",
    "K*": "K^*",
    "phi": r"\phi",
    "Lambdab": r"\Lambda_b",
    "Lambda": r"\Lambda",
}
_SCHEMES = ("BSZ", "BFW", "SSE", "HQE", "BCL", "BGL", "CLN")
"""Words in names of form factors that say how they are parametrised."""

_SYMBOLS = {
    **{word: rf"\{word}" for word in ("alpha", "gamma", "tau", "mu", "lambda", "delta", "kappa", "eta", "epsilon")},
    **{word: rf"\{word}" for word in ("Delta", "Gamma", "Omega", "phi", "perp")},
    **{"para": r"\parallel", "B+": "B^+", "B0": "B^0", "K*": "K^*", "K*+": "K^{*+}", "K*0": "K^{*0}", "K+": "K^+"},
    **{"D0": "D^0", "D+": "D^+", "D*+": "D^{*+}", "K0": "K^0"},
}


def tex(model: str, name: str) -> str:
    """TeX, without dollars, of a parameter, coefficient or scenario; the name itself where there is none."""
    if model in MODELS and MODELS[model].effective and scenario(name):
        return "=".join(_tex_of_term(term.strip()) for term in name.split("="))
    if match := re.match(r"^(C\w+?)_b([sd])(ee|mumu|tautau)?(_im)?$", name):
        lepton = match[3][: len(match[3]) // 2] if match[3] else None
        quark = "d" if match[2] == "d" else ""
        return (r"{\rm Im}\," if match[4] else "") + _tex_of_coefficient(match[1], lepton, quark)
    parameter = parameters_of(model).get(name) if model in MODELS else None
    return parameter.tex if parameter and parameter.tex else rf"\mathtt{{{name}}}".replace("_", r"\_")


def tex_of_observable(item: Observable) -> str:
    """TeX, without dollars, of an observable with its decay and bin."""
    if item.bin is None:
        return item.quantity.tex
    heavy, light = (_PARTICLES.get(particle, particle) for particle in item.decay.split("->"))
    lepton = _LEPTONS[item.leptons[0] if len(item.leptons) == 1 else "l"]
    return rf"{item.quantity.tex}({heavy}\to {light}{lepton}{lepton})[{item.bin[0]:g},{item.bin[1]:g}]"


def tex_of_input(name: str) -> str:
    """TeX, without dollars, of an input: its decay, if it has one, a colon, and the words of its name as symbols."""
    words = [word for word in name.split(" ") if word not in _SCHEMES]
    decays = [word for word in words if "->" in word]
    others = [word for word in words if word not in (*decays, "Re", "Im")]
    part = next((rf"{{\rm {word}}}\," for word in words if word in ("Re", "Im")), "")
    decay = ",".join(r"\to ".join(_PARTICLES.get(p, _symbol(p)) for p in word.split("->")) for word in decays)
    symbols = part + r"\,".join(map(_symbol, others))
    return rf"{decay}:\ {symbols}" if decay and symbols else decay + symbols


def _symbol(word: str) -> str:
    """A word of a name: what stands behind underscores, digits and signs becomes its index."""
    if word in _SYMBOLS:
        return _SYMBOLS[word]
    if "/" in word:
        return "/".join(map(_symbol, word.split("/")))
    stem, *below = word.split("_")
    if not below and (match := re.fullmatch(r"([A-Za-z]+)([0-9+-]+)(p?)", word)):
        return f"{_head(match[1])}_{{{match[2]}}}" + "'" * bool(match[3])
    elif below and (match := re.fullmatch(r"([A-Za-z])([0-9]+)", stem)):
        stem, below = match[1], [match[2], *below]
    inner = [b if len(b) < 2 or re.fullmatch(r"[0-9+-]+", b) else _symbol(b) for b in below]
    return _head(stem) + (f"_{{{','.join(inner)}}}" if below else "")


def _head(stem: str) -> str:
    return _SYMBOLS.get(stem) or (stem if len(stem) < 2 or stem.isdigit() else rf"{{\rm {stem}}}")


def _tex_of_term(term: str) -> str:
    match = TERM.match(term)
    return match["sign"].strip("+") + _tex_of_coefficient(match["op"], match["lepton"]) if match else term


def _tex_of_coefficient(operator: str, lepton: str | None, quark: str = "") -> str:
    match = re.match(r"C(\w+?)(p?)$", operator)
    above = ("\\prime" if match[2] else "") + (rf" {quark}{_GREEK[lepton]}" if lepton else "") if match else ""
    return f"C_{{{match[1] if match else operator}}}" + (f"^{{{above.strip()}}}" if above else "")
