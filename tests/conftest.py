"""Settings shared by all tests: 64 bit, no silent rank promotion."""

import gc
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

import bsfit  # noqa: F401  (switches 64 bit on before JAX is imported)

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

FEWER_PASSES = "--xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false"


def compile_quickly():
    """Tests compile far more than they run. Whoever sets XLA_FLAGS, be it to nothing, gets what users get.

    XLA ends a program that names a flag it does not know, and flags come and go: another process tries them.
    """
    if "XLA_FLAGS" in os.environ:  # those of a parent, too
        return
    tried = {**os.environ, "XLA_FLAGS": FEWER_PASSES}
    program = [sys.executable, "-c", "import jax; jax.devices()"]
    if subprocess.run(program, env=tried, capture_output=True).returncode == 0:
        os.environ["XLA_FLAGS"] = FEWER_PASSES


compile_quickly()


def pytest_collection_modifyitems(config, items):
    """Where annotations are checked at run time, tests that hand over what these forbid have nothing to show."""
    if config.getoption("--jaxtyping-packages", default=None):
        for item in items:
            if item.get_closest_marker("mistyped"):
                item.add_marker(pytest.mark.skip(reason="annotations are checked first"))


@pytest.fixture(scope="session", autouse=True)
def shared_compilations(tmp_path_factory):
    """Programs and numbers that several tests need are made once a session, by whichever worker needs them first.

    Where JAX's own variable names a folder, they are kept there, for later sessions and for the examples.
    """
    session = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        session = session.parent
    # What the amplitudes gave is kept for the session too; tests/test_kept.py shows that it is the same.
    os.environ["XDG_CACHE_HOME"] = str(session / "cache")
    folder = os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(session / "xla")
    jax.config.update("jax_compilation_cache_dir", folder)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.3)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


@pytest.fixture(scope="module", autouse=True)
def nothing_old_is_searched_for_garbage():
    """What a file of tests leaves is not looked at again: traced programs are so many objects that it takes seconds."""
    yield
    gc.freeze()


@pytest.fixture(scope="session")
def benchmark_module():
    """Loader of a file of benchmarks/, whose figures tests show with reduced counts."""

    def load(name):
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "benchmarks" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="session")
def reference():
    """Loader of the reference numbers beside the tests."""
    return lambda name: json.loads((REFERENCE / name).read_text())
