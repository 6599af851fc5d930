"""What is installed: hard dependencies are those that the source imports, and the version stands in one place."""

import ast
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

import bsfit

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
NOT_IMPORTED = {"jaxlib": "goes with jax, of a version that must match"}


def names(requirements):
    """Packages without their versions, as they are imported."""
    found = {re.match(r"[\w.-]+", requirement)[0].lower().replace("-", "_") for requirement in requirements}
    return {"yaml" if name == "pyyaml" else name for name in found}


def imported(folder):
    """Packages imported anywhere in a folder, less the standard library and the folder's own files."""
    found, own = set(), {"bsfit"}
    for path in (ROOT / folder).rglob("*.py"):
        own.add(path.stem)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module.split(".")[0])
    return found - own - sys.stdlib_module_names


def test_hard_dependencies_are_what_is_imported():
    optional = names(EXTRAS["io"]) | names(EXTRAS["dask"]) | names(EXTRAS["nested"])
    assert imported("src") - optional == names(PROJECT["dependencies"]) - set(NOT_IMPORTED)


def test_tests_need_their_extra_and_no_more():
    """Apart from EOS, which external tests are given by hand, and what is called otherwise than its package."""
    known = set.union(
        names(PROJECT["dependencies"]), *(names(EXTRAS[extra]) for extra in ("test", "io", "dask", "eft", "rivals"))
    )
    assert imported("tests") <= known | {"eos", "rgevolve"}


def test_version_stands_in_one_place():
    """`bsfit.__version__`, from which the build reads it; the file for citations agrees."""
    assert "version" in PROJECT["dynamic"]
    assert "version" not in PROJECT
    citation = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert citation[1] == bsfit.__version__
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert ("## [Unreleased]" in changes) is ("dev" in bsfit.__version__)
    assert "dev" in bsfit.__version__ or f"## [{bsfit.__version__}] - 20" in changes


@pytest.mark.parametrize("address", ["", "https://example.org/bsfit"])
def test_description_for_a_package_index_has_no_relative_link(address):
    """Absolute where there is an address, else plain text."""
    pytest.importorskip("hatchling")
    build = runpy.run_path(str(ROOT / "hatch_build.py"))
    text = build["description"]((ROOT / "README.md").read_text(), address)
    targets = re.findall(r"\]\(([^)\s]+)", text)
    assert all(target.startswith("https://") for target in targets)
    assert (f"{address}/blob/main/docs/tasks.md" in targets) is bool(address)
    assert "<!--" not in text
    assert bool(build["urls"](address)) is bool(address)
