"""The notebooks print today what they hold, and are small."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
NOTEBOOKS = sorted((DOCS / "notebooks").glob("*.ipynb"))
NUMBER = re.compile(r"-?\d+\.?\d*(?:e[+-]\d+)?")


def outputs(notebook):
    """Text that cells printed, and which of them hold a picture."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    printed = ["".join("".join(o["text"]) for o in cell["outputs"] if o["output_type"] == "stream") for cell in cells]
    return printed, [any("image/png" in o.get("data", {}) for o in cell["outputs"]) for cell in cells]


def test_notebooks_hold_their_outputs_and_are_small():
    assert {path.stem for path in NOTEBOOKS} == {"p5p", "plane-by-groups", "review-figure-3"}
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 300_000
    for path in NOTEBOOKS:
        notebook = json.loads(path.read_text())
        printed, pictures = outputs(notebook)
        assert any(printed)
        assert any(pictures)
        assert not any(o["output_type"] == "error" for c in notebook["cells"] for o in c.get("outputs", ()))
        assert "not to be trusted" not in "".join(printed)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # of the packages of Jupyter
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_print_what_they_hold(path):
    """Numbers to 1 %: as many digits as are printed of the roughest."""
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    spec = importlib.util.spec_from_file_location("notebooks", DOCS / "notebooks.py")
    notebooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(notebooks)
    now, then = outputs(notebooks.run(path)), outputs(json.loads(path.read_text()))
    assert now[1] == then[1]
    for text, stored in zip(now[0], then[0], strict=True):
        assert NUMBER.sub("#", text).split() == NUMBER.sub("#", stored).split()
        found, expected = ([float(x) for x in NUMBER.findall(each)] for each in (text, stored))
        assert found == pytest.approx(expected, rel=0.01, abs=0.02)
