"""Documents name files, tests and links that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
LINK = re.compile(r"\]\(([^)#\s]+)")
# The beginning of a name will do: examples/10.
PATH = re.compile(r"(?<![\w/.-])(?:tests|benchmarks|examples|docs|src|\.ci)/[\w./-]*\w")
FILE = re.compile(r"`((?:[a-z_]+/)+[\w.-]+\.(?:py|yaml|bib|txt))`")
CHANGES = "CHANGELOG.md"
"""Tells what was, which may be gone."""


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_names_exists(path):
    text = path.read_text()
    lost = {link for link in LINK.findall(text) if "://" not in link and not (path.parent / link).exists()}
    if path.name != CHANGES:
        lost |= {name for name in PATH.findall(text) if not any(ROOT.glob(f"{name}*"))}
        places = (ROOT, ROOT / "src" / "bsfit", ROOT / "src" / "bsfit" / "data")
        lost |= {name for name in FILE.findall(text) if not any((place / name).exists() for place in places)}
    assert not lost
