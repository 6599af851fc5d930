"""What pages of the documentation tell to type, typed: their blocks are run as they stand.

A section (``##``) with blocks is one test in an empty folder. Its ``sh`` and ``python`` blocks run in their order, in
processes of their own; a block whose title is the name of a file becomes that file. Each line of a ``text`` block must
have been printed by what stands before it, but for ``...``. Sections say their time, which is their marker too.
"""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = ("first-figure", "tasks", "coming-from", "own-observable", "own-measurement", "own-sampler")
REDUCED = {"the-plane-of-c9-and-c10-by-groups-of-data": ("--data latest", "--data lfu,mixing")}
"""What takes minutes, with less data, so that the commands run in CI; in full it is `long`."""
NEEDS = {"bsfit[eft]": "wilson", "bsfit compare": "blackjax", "import flavio": "flavio", "emcee": "emcee"}
"""Packages beside those of the tests, by what names them in a section."""

SLOW, LONG = 6.0, 45.0
"""Above them a section is slow, or long: times of pages are those of a busy machine, two to five times a quiet one."""

_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TIME = re.compile(r"^Time: (\d+(?:\.\d+)?) s", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its language, its title, its text."""

    language: str
    title: str
    text: str

    @property
    def file(self):
        """The name of the file that it is, if it is one."""
        return self.title if "." in self.title else ""

    @property
    def runs(self):
        return self.language in ("sh", "python") and not self.file


class Section(NamedTuple):
    """A heading of a page as part of an address, its blocks, its time in seconds and its text."""

    name: str
    blocks: tuple[Block, ...]
    seconds: float
    text: str


def sections(page):
    """Those of a page with something to run."""
    for part in re.split(r"^## ", (DOCS / f"{page}.md").read_text(), flags=re.MULTILINE)[1:]:
        heading, _, text = part.partition("\n")
        blocks = tuple(Block(*found) for found in _BLOCK.findall(text))
        if any(block.runs for block in blocks):
            time = _TIME.search(text)
            assert time, f"{page}.md, {heading}: no time"
            yield Section(re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-"), blocks, float(time[1]), text)


def cases():
    """Sections of all pages with the marker that belongs to their time."""
    for page in PAGES:
        for section in sections(page):
            marks = () if section.seconds <= SLOW else pytest.mark.slow if section.seconds <= LONG else pytest.mark.long
            name = f"{page}-{section.name}"
            yield pytest.param(section, ("", ""), id=name, marks=marks)
            if section.name in REDUCED:
                yield pytest.param(section, REDUCED[section.name], id=f"{name}-reduced", marks=pytest.mark.slow)


def typed(block, folder):
    """What was printed by a block, which must not fail."""
    start = [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*start, block.text], cwd=folder, env={**os.environ, "PATH": path, "MPLBACKEND": "agg"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{block.text}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.parametrize(("section", "reduced"), list(cases()))
def test_section_does_what_it_says(section, reduced, tmp_path):
    for words, package in NEEDS.items():
        if words in section.text and importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    printed = ""
    for block in section.blocks:
        block = block._replace(text=block.text.replace(*reduced))
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        elif block.language == "text" and not reduced[0]:
            assert set(block.text.splitlines()) <= {*printed.splitlines(), "..."}
        elif block.runs:
            printed += typed(block, tmp_path)


def test_the_tasks_are_short():
    """At most six lines of shell or Python each, blank ones and contents of files aside."""
    found = list(sections("tasks"))
    assert len(found) == 14
    for section in found:
        text = "".join(block.text for block in section.blocks if block.runs)
        assert len([line for line in text.splitlines() if line.strip()]) <= 6, section.name
