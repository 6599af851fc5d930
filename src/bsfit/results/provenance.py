"""How a number came about: versions, device, seed, settings, data, time. Everything a reader needs to get it again."""

import os
import platform
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from bsfit import __version__

_PACKAGES = ("bsfit", "jax", "jaxlib", "numpyro", "equinox", "numpy", "scipy")


def provenance(likelihood: Mapping[str, Any], *, started: float, **settings: Any) -> dict[str, Any]:
    """Record of a run that began at `started` (time.time()).

    What is known of the likelihood (model, data, fixed, papers, ...) goes in as it is; `settings` are those of the
    method, seed included.
    """
    return {
        "likelihood": dict(likelihood),
        "settings": settings,
        "versions": versions(*_PACKAGES) | {"python": platform.python_version()},
        "device": _device(),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "platform": platform.platform(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_time_s": round(time.time() - started, 3),
    }


def versions(*packages: str) -> dict[str, str]:
    """Versions of packages by their names."""
    return {name: _version(name) for name in packages}


def _version(name: str) -> str:
    try:
        return __version__ if name == "bsfit" else metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _device() -> str:
    jax = sys.modules.get("jax")
    return "none" if jax is None else f"{jax.devices()[0].device_kind} ({jax.default_backend()})"
