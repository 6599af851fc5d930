"""A cache of compiled programs between runs of the command line.

Whoever can write there can run code in our process: the folder belongs to the user, mode 0700, and nobody else may
replace it or a folder above it. Machines that differ in processor or jaxlib have folders of their own, because they
reject each other's programs.
"""

import argparse
import hashlib
import os
import platform
import stat
from importlib import metadata
from pathlib import Path


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
    root = os.environ.get("XDG_CACHE_HOME")
    base = Path(root) if root and os.path.isabs(root) else Path("~/.cache").expanduser()
    return base / "bsfit" / "xla" / f"{metadata.version('jaxlib')}-{_processor()}"


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


def private(folder: Path) -> Path | None:
    """The folder, links followed, made with mode 0700 like those above it; None if others may write or replace it.

    Raises OSError if it cannot be made.
    """
    folder = folder.resolve()
    for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    mine = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077
    return folder if mine and all(_safe(parent.lstat()) for parent in folder.parents) else None


def _safe(status: os.stat_result) -> bool:
    """Whether nobody else but root can replace what is in a folder: in a sticky one only what is his own.

    The group of the user's own number is the user alone, where every user has a group.
    """
    others = stat.S_IWOTH if status.st_gid == os.getuid() else stat.S_IWOTH | stat.S_IWGRP
    return status.st_uid in (0, os.getuid()) and (not status.st_mode & others or bool(status.st_mode & stat.S_ISVTX))
