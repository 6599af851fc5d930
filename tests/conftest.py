"""Settings shared by all tests: 64 bit, no silent rank promotion."""

import json
from pathlib import Path

import jax
import pytest

import bsfit  # noqa: F401  (switches 64 bit on before JAX is imported)

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def reference():
    """Loader of the reference numbers beside the tests."""
    return lambda name: json.loads((REFERENCE / name).read_text())
