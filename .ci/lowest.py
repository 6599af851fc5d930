"""Print the lower bounds of pyproject.toml as constraints for pip: ``python .ci/lowest.py > lowest.txt``."""

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
for requirement in (*project["dependencies"], *project["optional-dependencies"]["test"]):
    name, version = re.fullmatch(r"([\w.-]+)>=([\d.]+)(?:,.*)?", requirement).groups()
    print(f"{name}=={version}")
