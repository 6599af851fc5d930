"""Run the notebooks of `docs/notebooks`, and keep what they print and draw: `python docs/notebooks.py [NAME ...]`.

Each runs in an empty folder. Pictures are reduced to 224 colours, what goes to stderr is left out: a notebook is text
in git. Needs `pip install -e '.[notebooks]'`.
"""

import base64
import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parent / "notebooks"
COLOURS = 224
SECONDS = 3600
"""Before a cell is given up."""


def run(path: Path) -> Any:
    """A notebook with the outputs that it has today. Raises `CellExecutionError` where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            record_timing=False,
        )
        client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_small(output) for output in cell.outputs if output.get("name") != "stderr"]
    return notebook


def _small(output: Any) -> Any:
    """An output whose picture has few colours."""
    data = output.get("data", {})
    if "image/png" in data:
        picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB").quantize(COLOURS)
        stream = io.BytesIO()
        picture.save(stream, "PNG", optimize=True)
        data["image/png"] = base64.b64encode(stream.getvalue()).decode()
    return output


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not sys.argv[1:] or path.stem in sys.argv[1:]:
            nbformat.write(run(path), path)
            print(f"{path.stem}: {path.stat().st_size / 1e3:.0f} kB")
