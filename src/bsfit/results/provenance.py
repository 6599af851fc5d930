"""How a number came about: versions, device, seed, settings, data, time. Everything a reader needs to get it again."""

import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("bsfit", "jax", "jaxlib", "numpyro", "equinox", "numpy", "scipy")


def provenance(like: Any, *, started: float, **settings: Any) -> dict[str, Any]:
    """Record of a run that began at `started` (time.time()).

    What the likelihood tells about itself (`meta`, `model`, `data`, `fixed`) goes in as it is; `settings` are those of
    the method, seed included.
    """
    about = {key: getattr(like, key) for key in ("model", "data", "fixed") if getattr(like, key, None) is not None}
    return {
        "likelihood": {**about, **(getattr(like, "meta", None) or {})},
        "settings": settings,
        "versions": {name: _version(name) for name in _PACKAGES} | {"python": platform.python_version()},
        "device": _device(),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "platform": platform.platform(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_time_s": round(time.time() - started, 3),
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _device() -> str:
    jax = sys.modules.get("jax")
    return "none" if jax is None else f"{jax.devices()[0].device_kind} ({jax.default_backend()})"
