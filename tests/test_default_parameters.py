"""What a fit frees when nobody says: couplings of a model, and where data have the relic density, one that fixes it."""

import pytest

from bsfit import catalogue
from bsfit.cli import question
from bsfit.cli.runfile import Settings

WITH_RELIC = [name for name, row in catalogue.MODELS.items() if row.relic is not None]
OMEGA = """schema: 1
experiment: Own
values:
  - {observable: Omega_h2, value: 0.120 +- 0.002, unit: "1", where: here}
"""


def free(model, data, **given):
    settings, said = question.with_defaults(Settings({"model": model, "data": data, **given}, {}))
    return settings.get("free"), settings.get("set"), said


@pytest.mark.parametrize("model", WITH_RELIC)
def test_the_relic_density_frees_the_coupling_that_it_can_fix(model):
    row = catalogue.MODELS[model]
    name, bounds = row.relic
    assert free(model, ("lfu",))[0] == row.free
    found, fixed, said = free(model, ("lfu", "relic"))
    assert found == {name: bounds} | dict(row.free)
    assert name not in fixed
    assert any(f"{name} in [" in line for line in said if line.startswith("free by default"))
    own = catalogue.parameters_of(model)[name].bounds
    assert catalogue.default_bounds(model, name) == (row.free.get(name) or own or bounds), "as if asked for by name"


def test_what_is_asked_for_wins():
    assert set(free("lmutau", ("relic",), free={"lambda_Q_s": None})[0]) == {"lambda_Q_s"}
    found, fixed, _ = free("lmutau", ("relic",), set={"q_chi": 2.0})
    assert set(found) == {"lambda_Q_s"}
    assert fixed["q_chi"] == 2.0


def test_a_density_of_ones_own_is_one(tmp_path):
    (tmp_path / "own.yaml").write_text(OMEGA)
    assert set(free("portal", ("lfu", str(tmp_path / "own.yaml")))[0]) == {"g_X", "lambda_Q_s", "lambda_L_mu"}
    assert "g_X" not in free("portal", ("lfu", "relik"))[0], "what is wrong with data is told later"
