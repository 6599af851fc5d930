"""Formulas of dark matter say where they come from: a paper, or that they were derived here and which test shows it."""

import ast
import re
from pathlib import Path

import pytest

import bsfit

ROOM = Path(bsfit.__file__).parent / "dark_sector"
TABLES = {"light_fermions.py"}
"""Files without a formula."""

FILES = sorted(path for path in ROOM.rglob("*.py") if path.name not in {"__init__.py", *TABLES})
CITATION = re.compile(r"\[[A-Z][\w-]+:\d{4}\w{2,3}\]_")
TEST = re.compile(r"`(test_\w+)`")
HAVE = {node.name for path in Path(__file__).parent.glob("test_*.py") for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)}  # fmt: skip


def docstring(node):
    return ast.get_docstring(node) or ""


def says(text):
    """Whether a docstring cites a paper, or says derived here and names a test."""
    derived = re.search(r"[Dd]erived\s+here", text) and TEST.search(text)
    return bool(CITATION.search(text) or derived)


def public(node, kind):
    return [child for child in node.body if isinstance(child, kind) and not child.name.startswith("_")]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOM)))
def test_every_formula_has_a_source(path):
    """Its own docstring, that of its class or that of the file says so; the docstring of a channel itself."""
    module = ast.parse(path.read_text())
    without = []
    for function in public(module, ast.FunctionDef):
        if not says(docstring(function)) and not says(docstring(module)):
            without.append(function.name)
    for record in public(module, ast.ClassDef):
        channel = any(isinstance(base, ast.Name) and base.id == "Channel" for base in record.bases)
        if says(docstring(record)) or (not channel and says(docstring(module))):
            continue
        methods = [m.name for m in public(record, ast.FunctionDef) if channel or not says(docstring(m))]
        without += [f"{record.name}.{name}" for name in methods]
    assert without == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOM)))
def test_tests_named_as_sources_exist(path):
    named = {name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Module | ast.ClassDef |
             ast.FunctionDef) for name in TEST.findall(docstring(node))}  # fmt: skip
    assert named <= HAVE


def test_a_formula_without_a_source_is_seen():
    assert says("As in [Gondolo:1990dk]_.")
    assert says("Derived\n    here, checked in `test_widths`.")
    assert not says("Derived here.")
    assert not says("From the traces.")
