"""TeX of parameters, coefficients, scenarios and observables."""

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


def _tex_of_term(term: str) -> str:
    match = TERM.match(term)
    return match["sign"].strip("+") + _tex_of_coefficient(match["op"], match["lepton"]) if match else term


def _tex_of_coefficient(operator: str, lepton: str | None, quark: str = "") -> str:
    match = re.match(r"C(\w+?)(p?)$", operator)
    above = ("\\prime" if match[2] else "") + (rf" {quark}{_GREEK[lepton]}" if lepton else "") if match else ""
    return f"C_{{{match[1] if match else operator}}}" + (f"^{{{above.strip()}}}" if above else "")
