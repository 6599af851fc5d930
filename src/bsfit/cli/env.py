"""Versions, devices and threads: what to put into a report of a problem."""

import argparse
import os
import platform
import sys
from importlib import metadata

from bsfit.cli import output

PACKAGES = (
    "bsfit",
    "jax",
    "jaxlib",
    "numpyro",
    "equinox",
    "optax",
    "jaxtyping",
    "numpy",
    "scipy",
    "matplotlib",
    "PyYAML",
)
VARIABLES = (
    "XLA_FLAGS",
    "JAX_PLATFORMS",
    "JAX_ENABLE_X64",
    "JAX_DISABLE_JIT",
    "OMP_NUM_THREADS",
    "CUDA_VISIBLE_DEVICES",
    "XDG_CACHE_HOME",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`bsfit env` takes no arguments of its own."""


def run(options: argparse.Namespace) -> int:
    """Print a table."""
    import jax

    from bsfit.cli.compilation_cache import location

    found = {package: _version(package) for package in PACKAGES}
    found |= {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "devices": ", ".join(f"{device.device_kind} ({device.platform}:{device.id})" for device in jax.devices()),
        "64 bit": "on" if jax.config.read("jax_enable_x64") else "OFF: results would be wrong",
        "threads": str(_threads()),
        "compilation cache": _cache(location),
    }
    found |= {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return output.table(options, [{"what": name, "value": value} for name, value in found.items()])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform.startswith("linux") else os.cpu_count() or 1


def _cache(location) -> str:
    try:
        return str(location())
    except RuntimeError:
        return "none: no home folder"
