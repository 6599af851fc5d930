"""A cache of compiled programs between runs of the command line.

Whoever can write there can run code in our process: the folder belongs to the user, mode 0700, and nobody else may
replace it or a folder above it. Machines that differ in processor or jaxlib have folders of their own, because they
reject each other's programs.
"""

import argparse
import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path

from bsfit.cache_folder import cache_folder, private


def switch_on(options: argparse.Namespace) -> None:
    """Let JAX keep compiled programs, unless ``--no-cache`` or JAX's own variable decides otherwise.

    Where the folder cannot be made, or is not the user's alone, there is no cache.
    """
    if options.no_cache or os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        return
    try:
        folder = private(location())
    except (OSError, RuntimeError):
        return
    if folder is not None:
        import jax

        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)


def location() -> Path:
    """``$XDG_CACHE_HOME/bsfit/xla/<jaxlib version>-<processor>``."""
    return cache_folder() / "xla" / f"{metadata.version('jaxlib')}-{_processor()}"


def _processor() -> str:
    """Kind of device, and a digest of what the processor can do."""
    import jax

    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        able = "\n".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))
    except OSError:
        able = platform.processor()
    kind = f"{able}\n{jax.devices()[0].device_kind}"
    return f"{jax.default_backend()}-{platform.machine()}-{hashlib.sha256(kind.encode()).hexdigest()[:8]}"
