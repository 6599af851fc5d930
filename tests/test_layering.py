"""Who may import whom inside bsfit: the table of docs/house.md, kept true."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "bsfit"

PHYSICS_BASE = {"constants", "catalogue", "errors", "numerics", "inputs", "theory"}
FORMULAS = {
    "qcd",
    "qed",
    "wilson",
    "loops",
    "vectorlike",
    "widths",
    "validity",
    "hadronic",
    "annihilation",
    "coannihilation",
    "scalar_sector",
    "nucleon",
    "thermal",
}
WIRING = {
    "response",
    "evaluation",
    "predictions",
    "linearise",
    "theory_errors",
    "free_parameters",
    "dark_likelihood",
    "analysis",
}

ALLOWED = {
    "constants": set(),
    "errors": set(),
    "results": {"errors", "results"},
    "rare_decays": set(),
    "scenario_names": set(),
    "dark_observables": set(),
    "catalogue": {"errors", "scenario_names", "rare_decays", "dark_observables"},
    "theory": {"catalogue", "errors"},
    "numerics": {"constants"},
    "printed_values": set(),
    "yaml_reader": {"errors"},
    "inputs": {"constants", "catalogue", "errors", "printed_values", "yaml_reader"},
    "measurements": {"constants", "catalogue", "errors", "limits", "printed_values", "yaml_reader"},
    "limits": {"errors", "yaml_reader"},
    "runfile": {"constants", "catalogue", "errors", "yaml_reader"},
    "inference": {"numerics", "results", "errors", "inference"},
    "runs": {"numerics", "results", "errors", "inference", "runs"},
    "likelihood": {"numerics"},
    **{room: PHYSICS_BASE | FORMULAS for room in FORMULAS},
    "models": PHYSICS_BASE | (FORMULAS - {"hadronic"}),
    "observables": PHYSICS_BASE | FORMULAS,
    "dark_matter": PHYSICS_BASE | FORMULAS | {"limits"},
    "response": PHYSICS_BASE | FORMULAS,
    "evaluation": PHYSICS_BASE | FORMULAS,
    "predictions": PHYSICS_BASE | FORMULAS | {"response", "evaluation"},
    "linearise": PHYSICS_BASE | FORMULAS | {"response", "evaluation", "predictions"},
    "theory_errors": PHYSICS_BASE | FORMULAS | {"response", "evaluation", "predictions", "linearise"},
    "free_parameters": PHYSICS_BASE | {"dark_likelihood", "evaluation", "linearise", "predictions"},
    "dark_likelihood": PHYSICS_BASE | {"dark_observables", "dark_matter", "likelihood", "limits"},
    "relic_coordinate": PHYSICS_BASE | {"dark_matter", "predictions", "validity"},
    "analysis": PHYSICS_BASE | FORMULAS | WIRING | {"dark_matter", "likelihood", "limits", "measurements"},
    "scenarios": PHYSICS_BASE | WIRING | {"inference", "measurements", "results"},
    "plot": {"results", "analysis", "errors"},
    "plot_maps": {"results", "errors", "plot"},
    "cli": None,  # anything, imported inside the verb
    "__init__": set(),
}


def rooms_imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "bsfit":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("bsfit.")}
        elif isinstance(node, ast.ImportFrom) and node.level:
            pytest.fail(f"{path}: relative import")
    return found


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_follow_the_house(path):
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert room in ALLOWED, f"{room} has no row in the table"
    allowed = ALLOWED[room]
    if allowed is None:
        return
    extra = rooms_imported(path) - allowed
    assert not extra, f"{room} imports {sorted(extra)}"
    if room in ("models", "observables"):
        text = path.read_text()
        assert f"bsfit.{room}" not in text, "siblings never import each other"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_file_has_outgrown_its_room(path):
    assert len(path.read_text().splitlines()) <= 500
