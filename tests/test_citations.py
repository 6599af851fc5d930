"""Papers behind results: those of what was read and what ran, and no others."""

import dataclasses
import json
import re
import sys

import jax.numpy as jnp
import pytest

import bsfit
from bsfit import BsfitInputError, catalogue
from bsfit.cli import main
from bsfit.loading import input_files, selection
from bsfit.loading.inputs import Inputs, load_inputs
from bsfit.predictions.prediction import wired
from bsfit.predictions.traced import traced
from bsfit.reporting.citations import DATA, FORMULAS, INPUTS
from bsfit.results import PredictionTable

FORM_FACTORS_OF_K, FORM_FACTORS_OF_V = "Gubernari:2018wyi", "Straub:2015ica"
FACTORISATION = {"Beneke:2001at", "Beneke:2004dp"}
POWER_CORRECTIONS, OF_BARYONS, OF_HELICITIES = "Altmannshofer:2014rta", "Detmold:2016pkz", "Ciuchini:2015qxb"


def predicted(*names, **about):
    predictions = tuple({"observable": name, "value": 1.0, "unit": "1"} for name in names)
    return PredictionTable(
        predictions, (), {"likelihood": {"model": "eft", "params": {}, "inputs": "default", **about}}
    )


def papers(*names, **about):
    return set(bsfit.cite(predicted(*names, **about)).papers)


@pytest.mark.slow
def test_papers_of_a_ratio():
    found = bsfit.cite(predicted("R_K[1.1,6]"))
    assert {FORM_FACTORS_OF_K, POWER_CORRECTIONS, "Bobeth:2007dw", *FACTORISATION} <= set(found.papers)
    assert not {FORM_FACTORS_OF_V, OF_BARYONS, OF_HELICITIES, "Bourrely:2008za"} & set(found.papers)
    assert any("B->K BSZ a0_f+" in text for text in found.papers[FORM_FACTORS_OF_K])
    assert {"m_B0", "B->K BSZ a0_f+", "B+->K delta_C9 a Re"} <= set(found.inputs)
    assert not {"f_B0", "tau_Bs", "B0->K delta_C9 a Re"} & set(found.inputs)
    assert found.missing == found.notes == ()


@pytest.mark.long
def test_papers_follow_the_form_factors_and_inputs_that_are_read():
    inputs, lattice = load_inputs(), input_files.read(input_files.DATA / "form_factors" / "flag_2016.yaml").values
    kept = {name: float(inputs[name]) for name in inputs.names if not name.startswith("B->K BSZ")} | lattice
    changed = Inputs(jnp.asarray(list(kept.values())), tuple(kept))
    found = traced(wired(["R_K[1.1,6]"], "eft", changed), ())
    assert "Bourrely:2008za" in found.formulas
    assert "B->K BCL a0_f+" in found.inputs
    assert OF_HELICITIES in papers("<P5p>(B0->K*mumu)[4,6]", inputs="helicity")
    assert OF_BARYONS in papers("<FL>(Lambdab->Lambdamumu)[15,20]")


def test_a_replaced_input_is_nobodys():
    name, paper = "B->Xsgamma BR_SM", "Misiak:2020vlo"
    assert papers("BR(B->Xsgamma)") == {"Misiak:2015xwa", paper}
    assert paper not in papers("BR(B->Xsgamma)", input_changes={name: 3.4e-4})


@pytest.mark.slow
def test_papers_of_a_model_and_of_dark_matter():
    fixed = {"g_X": 0.3, "m_Zp": 1000.0, "m_Q": 1000.0, "m_L": 800.0, "m_chi": 100.0}
    found = papers("DeltaM_s", model="portal", params=fixed)
    assert "DiLuzio:2017fdq" in found
    assert "Buchalla:1995vs" in found
    assert papers("DeltaM_s") <= found
    assert found < papers("DeltaM_s", "sigma_SI", model="portal", params=fixed)


@pytest.mark.slow
def test_the_same_again_though_jax_remembers():
    assert papers("BR(Bs->mumu)") == papers("BR(Bs->mumu)", "BR(B->Xsgamma)") - papers("BR(B->Xsgamma)")
    assert "DeBruyn:2012wk" in papers("BR(Bs->mumu)")


def test_bibtex_names_every_key_once_and_says_what_for():
    text = str(bsfit.cite(predicted("BR(B->Xsgamma)"), predicted("DeltaM_s", "BR(B->Xsgamma)")))
    keys = re.findall(r"^@\w+\{([^,]+),", text, re.M)
    assert len(set(keys)) == len(keys) > 5
    assert keys == sorted(keys, key=str.lower)
    assert len(re.findall(r"^% (?:formulas|inputs|data)", text, re.M)) == len(keys)
    assert text.count("{") == text.count("}")


def test_results_of_before_and_own_models_say_what_is_not_traced():
    old = dataclasses.replace(predicted(), meta={"likelihood": {"papers": ["Dowdall:2019bea", "Nobody:2000aaa"]}})
    found = bsfit.cite(old)
    assert (list(found.papers), found.missing) == (["Dowdall:2019bea"], ("Nobody:2000aaa",))
    assert "not traced" in found.notes[0]
    own = bsfit.cite(predicted("BR(B->Xsgamma)", model="mine"))
    assert "Misiak:2015xwa" in own.papers
    assert own.notes == ("formulas of the model mine are not traced",)


def test_what_is_no_result_is_refused():
    with pytest.raises(BsfitInputError, match="int has no papers"):
        bsfit.cite(3)


def test_a_profiler_of_the_user_stays():
    def profiler(frame, event, argument):
        return None

    sys.setprofile(profiler)
    try:
        papers("BR(B->Xsgamma)")
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)


def test_verb_prints_bibtex_and_json(tmp_path, capsys):
    file = str(predicted("BR(B->Xsgamma)").save(tmp_path / "predict"))
    assert main(["cite", file, "-q"]) == 0
    assert "@article{Misiak:2015xwa," in capsys.readouterr().out
    assert main(["cite", file, "-q", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["papers"]) == {"Misiak:2015xwa", "Misiak:2020vlo"}
    assert main(["cite"]) == 2


@pytest.mark.long
def test_papers_of_lfu():
    like = bsfit.log_likelihood(data="lfu", free={"C9mu": (-3.0, 3.0)})
    found = bsfit.cite(like)
    data = {paper for measurement in selection.select("lfu") for paper in measurement.papers}
    wanted = {FORM_FACTORS_OF_K, FORM_FACTORS_OF_V, POWER_CORRECTIONS, "Bordone:2016gaq", *FACTORISATION}
    assert data | wanted <= set(found.papers) | set(found.missing)
    # Lifetimes, baryons, other power corrections, mixing: not in these ratios.
    assert found.notes == ()
    assert {key for key, used in found.papers.items() if DATA in used} >= data
    assert not {OF_BARYONS, OF_HELICITIES, "HeavyFlavorAveragingGroup:2022wzx", "Dowdall:2019bea"} & set(found.papers)


def one_of_each(data):
    """One bin of each kind of observable among data, as results name them."""
    items = [catalogue.observable(datum.observable) for m in selection.select(data) for datum in m.data]
    kinds = {(i.quantity.process.name, i.quantity.key, i.decay, i.leptons): i.name for i in items}
    return sorted(kinds.values())


@pytest.mark.long
def test_papers_of_latest_by_one_bin_of_each_kind():
    chosen = selection.select("latest")
    data = {paper for measurement in chosen for paper in measurement.papers}
    found = bsfit.cite(predicted(*one_of_each("latest"), papers=sorted(data)))
    wanted = {FORM_FACTORS_OF_K, FORM_FACTORS_OF_V, POWER_CORRECTIONS, "DeBruyn:2012wk", *FACTORISATION}
    assert data | wanted <= set(found.papers)
    assert found.notes == found.missing == ()
    assert {key for key, used in found.papers.items() if DATA in used} == data
    # Of those that measured what is not in it, none is left but for a formula or an input.
    others = {paper for m in selection.available().values() if m not in chosen for paper in m.papers} - data
    assert all(used.startswith((FORMULAS, INPUTS)) for key in others & {*found.papers} for used in found.papers[key])
    assert not {OF_BARYONS, OF_HELICITIES, "Dowdall:2019bea", "DiLuzio:2017fdq"} & set(found.papers)


@pytest.mark.long
def test_papers_of_latest():
    like = bsfit.log_likelihood(data="latest", free={"C9mu": (-3.0, 3.0)})
    data = {paper for measurement in selection.select("latest") for paper in measurement.papers}
    found = bsfit.cite(like)
    wanted = {FORM_FACTORS_OF_K, FORM_FACTORS_OF_V, POWER_CORRECTIONS, "DeBruyn:2012wk", *FACTORISATION}
    assert data | wanted <= set(found.papers)
    assert not {OF_BARYONS, OF_HELICITIES, "Dowdall:2019bea"} & set(found.papers)
