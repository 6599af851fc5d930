"""b->sll anomalies and dark matter on one gradient.

Importing any numerical part of bsfit switches JAX to 64-bit (the first line of the lazy loader below): relic densities
span twelve decades and loop functions cancel digits, so single precision would be wrong without saying so. Names are
loaded on first use (PEP 562), so that ``import bsfit`` and ``bsfit --help`` do not pay for JAX.
"""

import importlib
import os
import sys

__version__ = "0.1.0.dev0"

_PUBLIC = {
    "predict": "bsfit.predictions.predict",
    "table": "bsfit.reporting.data_table",
    "bins": "bsfit.reporting.bins",
    "error_budget": "bsfit.reporting.error_budget",
    "dark_matter_of": "bsfit.reporting.dark_matter",
    "cite": "bsfit.reporting.citations",
    "report": "bsfit.pages.report",
    "prediction": "bsfit.predictions.prediction",
    "log_likelihood": "bsfit.likelihood.build",
    "Measurement": "bsfit.loading.own_data",
    "OwnTerm": "bsfit.likelihood.terms",
    "at_relic_density": "bsfit.predictions.at_relic_density",
    "fit": "bsfit.inference.fit",
    "fit_scenarios": "bsfit.scenarios",
    "compare": "bsfit.inference.compare",
    "profile": "bsfit.inference.profile",
    "evidence": "bsfit.inference.evidence",
    "sample": "bsfit.runs.sample",
    "rerun": "bsfit.repeating",
    "log_posterior": "bsfit.inference.for_samplers",
    "prior_transform": "bsfit.inference.for_samplers",
    "scan": "bsfit.runs.scan",
    "tabulate": "bsfit.runs.tabulate",
    "to_arviz": "bsfit.exchange.arviz",
    "export": "bsfit.exchange.saved",
    "export_popxf": "bsfit.exchange.popxf",
    "export_wcxf": "bsfit.exchange.wcxf",
    "read_coefficients": "bsfit.exchange.coefficients",
    "load_inputs": "bsfit.loading.inputs",
    "Theory": "bsfit.theory",
    "WilsonCoefficients": "bsfit.theory",
    "BsfitInputError": "bsfit.errors",
    "BsfitWarning": "bsfit.errors",
}

__all__ = [*_PUBLIC, "__version__"]

# Read by JAX when it is imported, whoever imports it first after us; a JAX imported earlier is switched here.
os.environ.setdefault("JAX_ENABLE_X64", "1")
if "jax" in sys.modules:
    sys.modules["jax"].config.update("jax_enable_x64", True)


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'bsfit' has no attribute {name!r}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    if _PUBLIC[name] != "bsfit.errors":
        importlib.import_module("bsfit.scalars").check_64_bit()
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
