"""Variables of the environment with which JAX cannot do what bsfit needs: refused before anything is imported."""

import os

from bsfit.errors import BsfitInputError

_YES, _NO = ("1", "true", "t", "yes", "y", "on"), ("0", "false", "f", "no", "n", "off")
NEEDED = {
    "JAX_ENABLE_X64": (_YES, "bsfit computes in 64 bit"),
    "JAX_DISABLE_JIT": (_NO, "bsfit compiles what it computes"),
}
"""The values that JAX reads as what bsfit needs, and why."""


def check() -> None:
    """Raise `BsfitInputError` if a variable of `NEEDED` has another value."""
    for name, (fine, why) in NEEDED.items():
        value = os.environ.get(name, fine[0])
        if value.lower() not in fine:
            raise BsfitInputError(f"found {value!r}; {why}", field=f"environment variable {name}", hint="unset it")


def no_device(problem: Exception) -> bool:
    """Whether an exception says that JAX_PLATFORMS names what this machine has not."""
    return isinstance(problem, RuntimeError) and "Unable to initialize backend" in str(problem)
