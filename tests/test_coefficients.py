"""Wilson coefficients from files of other codes: what they become, against flavio and wilson, and what is refused."""

import importlib.util
import json
from pathlib import Path

import flavio_points
import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.errors import BsfitInputError
from bsfit.exchange.points import sectors
from bsfit.loading.inputs import load_inputs
from bsfit.loading.les_houches import parse_blocks
from bsfit.standard_model.ckm import v_tb_v_ts
from bsfit.standard_model.qcd import alpha_s

STORED = json.loads((Path(__file__).parent / "reference" / "coefficients.json").read_text())
"""Numbers of flavio 2.7.1 and wilson 2.5.2, by tests/reference/make_coefficients.py."""

V_TS_OF_WILSON = 0.041345
"""|V_tb V_ts^*| of its parameters: V_cb = 0.04221, V_us = 0.2243, V_ub = 0.00362, gamma = 1.27."""

LEPTON_DIPOLES = ("a_mu", "BR(mu->egamma)", "BR(tau->mugamma)")

SPHENO = """\
Block SPINFO         # Program information
     1   SPheno      # spectrum calculator
Block FWCOEF Q=  1.60000000E+02  # Wilson coefficients at scale Q
#    id        order  M        value         comment
     0305 4422   00   0    -1.88000000E-01   # C7
     0305 4422   00   2    -1.98000000E-01   # C7
     0305 4322   00   2     1.00000000E-03   # C7'
     0305 6421   00   0    -9.50000000E-02   # C8
     0305 6421   00   2    -9.50000000E-02   # C8
 03051313 4133   00   0     1.17000000E+00   # C9 mu+mu-
 03051313 4133   00   2     6.70000000E-01   # C9 mu+mu-
 03051313 4137   00   0    -3.98000000E+00   # C10 mu+mu-
 03051313 4137   00   1    +2.50000000E-01   # C10 mu+mu-
 03051414 4137   00   0     1.50000000E+00   # C11 nu_2 nu_2
Block IMFWCOEF Q=  1.60000000E+02  # Im(Wilson coefficients) at scale Q
 03051313 4133   00   2     1.00000000E-01   # C9 mu+mu-
"""
"""As SPheno writes it, with numbers of our own."""


@pytest.fixture
def read(tmp_path):
    """Read a text, or a document as JSON."""

    def read(content, name="point.txt"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return bsfit.read_coefficients(path)

    return read


def wcxf(values, scale=4.8, eft="WET", basis="flavio"):
    """A document of WCxf from {name: [Re, Im]}."""
    written = {name: {"Re": value[0], "Im": value[1]} for name, value in values.items()}
    return {"eft": eft, "basis": basis, "scale": scale, "values": written}


def complex_of(found):
    """Complex coefficients by name."""
    names = dict.fromkeys(name.removesuffix("_im") for name in found.params)
    return {name: complex(found.params.get(name, 0.0), found.params.get(f"{name}_im", 0.0)) for name in names}


# --------------------------------------------------------------------------------------------------- against flavio


def test_every_coefficient_of_ours_is_one_of_the_basis():
    """Names that WCxf knows have its normalisation; another would be translated here."""
    assert {name for name in catalogue.COEFFICIENTS if name not in sectors()} == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    "compared",
    [
        pytest.param(lambda name: ("->K" not in name and "Xs" not in name) or "nunu" in name, id="light"),
        pytest.param(lambda name: True, id="all", marks=pytest.mark.slow),
    ],
)
def test_each_sector_is_normalised_as_in_flavio(read, compared):
    """Observables of every sector at complex coefficients from a file, and R_K of flavio from SMEFT at 2 TeV.

    Dipoles of leptons run in QED down to the leptons' masses in flavio, which we neglect: 1 to 3 %.
    """
    files = [(entry.get("wet", entry["values"]), entry["flavio"]) for entry in (*STORED["sectors"], *STORED["smeft"])]
    points = [{"wc": {n: [v.real, v.imag] for n, v in complex_of(read(wcxf(values))).items()}} for values, _ in files]
    names = list(dict.fromkeys(name for _, theirs in files for name in theirs if compared(name)))
    found = np.asarray(flavio_points.values(names, points))
    for ours, (values, theirs) in zip(found, files, strict=True):
        for name in filter(compared, theirs):
            tolerance = 0.04 if name in LEPTON_DIPOLES else 2e-3
            assert ours[names.index(name)] == pytest.approx(theirs[name], rel=tolerance), (name, values)


def test_running_is_that_of_wilson(read):
    """From 160 to 4.8 GeV at leading order in QCD: 1 %.

    But for the scalar: with the mass of the bottom quark in front it does not run, to any order. In wilson the operator
    runs at one loop and the mass at three, which leaves 4 %.
    """
    entry = STORED["running"]
    found = complex_of(read(wcxf(entry["values"], entry["scale"])))
    for name, theirs in entry["qcd"].items():
        rel = 0.05 if name.startswith("CS_") else 0.01
        assert found[name] == pytest.approx(complex(*theirs), rel=rel), name


def test_what_running_in_qed_would_do():
    """It is left out: 1.5 % at most, and 4 % in dipoles of leptons."""
    for name, theirs in STORED["running"]["qed"].items():
        without = complex(*STORED["running"]["qcd"][name])
        of_leptons = name in ("C7_mumu", "Cgamma_mue")
        assert complex(*theirs) == pytest.approx(without, rel=0.04 if of_leptons else 0.016), name


# ------------------------------------------------------------------------------------------------------------ WCxf


@pytest.mark.parametrize("ending", ["json", "yaml"])
def test_what_is_written_is_read(tmp_path, ending):
    params = {"C9_bsmumu": -0.9, "C9_bsmumu_im": 0.1, "CVLL_bsbs": 1.5e-11, "CL_bsnuenutau_im": 2.0}
    path = bsfit.export_wcxf(params, tmp_path / f"point.{ending}")
    found = bsfit.read_coefficients(path)
    assert found.params == params
    assert found.notes == ()
    assert {key: found.source[key] for key in ("eft", "basis", "scale")} == {
        "eft": "WET", "basis": "flavio", "scale": 4.8
    }  # fmt: skip


def test_scenarios_and_models_are_written_as_coefficients(tmp_path):
    path = bsfit.export_wcxf({"C9mu=-C10mu": -0.5}, tmp_path / "point")
    assert bsfit.read_coefficients(path).params == {"C9_bsmumu": -0.5, "C10_bsmumu": 0.5}
    with pytest.raises(BsfitInputError, match=r"no parameter 'C9_bsmumo'.*C9_bsmumu"):
        bsfit.export_wcxf({"C9_bsmumo": 1.0}, tmp_path / "point")
    with pytest.raises(BsfitInputError, match=r"found the ending '.txt'"):
        bsfit.export_wcxf({"C9_bsmumu": 1.0}, tmp_path / "point.txt")


def test_a_best_fit_is_written(tmp_path):
    """With what it held fixed, and without its nuisances."""
    result = bsfit.results.FitResult(
        names=("C9mu", "V_cb"), values={"C9mu": -0.7, "V_cb": 0.04}, errors={}, hessian_errors={}, intervals_1={},
        intervals_2={}, covariance=np.eye(2), bounds={}, status="converged", log_likelihood=0.0, nuisances=("V_cb",),
        meta={"likelihood": {"model": "eft", "fixed": {"C10_bsmumu": 0.2}}},
    )  # fmt: skip
    path = bsfit.export_wcxf(result, tmp_path / "best.yml")
    assert bsfit.read_coefficients(path).params == {"C9_bsmumu": -0.7, "C10_bsmumu": 0.2}


def test_nothing_is_dropped_in_silence(read):
    """What moves observables in nature and not here, and what moves nothing that is here, in two notes."""
    values = {"C9_bsmumu": [-1.0, 0.0], "CVLL_bscc": [0.1, 0.0], "CSLL_bsbs": [1e-12, 0.0], "CVLL_sdsd": [1e-12, 0.0]}
    found = read(wcxf({**values, "CVL_dumunumu": [1e-3, 0.0], "C10_bsmumu": [0.0, 0.0]}))
    assert found.params == {"C9_bsmumu": -1.0, "CVLL_sdsd": 1e-12}
    assert found.notes == (
        "left out, though observables would move with them: CVLL_bscc, CSLL_bsbs",
        "no observable of bsfit depends on CVL_dumunumu",
    )
    assert "C9_bsmumu  -1" in str(found)


def test_json_with_tabs_and_yaml_without_imaginary_parts(read):
    found = read('{\n\t"eft": "WET",\t"basis": "flavio", "scale": 4.8,\n\t"values": {"C9_bsee": {"Im": 1E-1}}\n}\n')
    assert found.params == {"C9_bsee_im": 0.1}
    assert read("eft: WET\nbasis: flavio\nscale: 4.8\nvalues: {C7_bs: -1e-2}\n").params == {"C7_bs": -0.01}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eft": "WTE"}, "unknown theory 'WTE'; expected WET or SMEFT (did you mean 'WET'"),
        ({"eft": "WET-4"}, "WET-4 has no bottom quark"),
        ({"basis": "flavoi"}, "'flavio'"),
        ({"scale": 2.0}, "found 2 GeV; expected a scale above m_b"),
        ({"values": {"C9_bsmumo": 1.0}}, "values.C9_bsmumo: the basis flavio has no 'C9_bsmumo' (did you mean"),
        ({"values": {"C9_bsmumu": "1"}}, "values.C9_bsmumu: found '1'; expected a number"),
        ({"values": {"C9_bsmumu": {"re": 1.0}}}, "unknown key 're' (did you mean 'Re'?)"),
        ({"values": {}}, "values: no coefficient"),
        ({"sectors": {}}, "this is the definition of a basis or of a theory"),
        ({"b->s::c9": 1.0}, "this is a file of EOS"),
        ({"$schema": "x"}, "this is a file of another format"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_by_name(read, change, message):
    with pytest.raises(BsfitInputError) as caught:
        read({**wcxf({"C9_bsmumu": [-1.0, 0.0]}), **change})
    assert message in str(caught.value)
    assert caught.value.line is not None


def test_what_cannot_be_run_here_is_named(read, monkeypatch):
    """Four-quark operators at another scale, and other bases, where wilson is not installed."""
    monkeypatch.setattr("bsfit.exchange.through_wilson.is_installed", lambda: False)
    with pytest.raises(BsfitInputError, match=r"no running from 160 GeV is known here of CVLL_bscc.*bsfit\[eft\]"):
        read(wcxf({"C9_bsmumu": [-1.0, 0.0], "CVLL_bscc": [0.1, 0.0]}, 160.0))
    for eft, basis in (("SMEFT", "Warsaw"), ("WET", "JMS")):
        with pytest.raises(BsfitInputError, match=r"needs the package wilson; .*bsfit\[eft\]"):
            read(wcxf({"lq1_2223": [1e-10, 0.0]}, 2000.0, eft, basis))


def test_what_mixes_with_nothing_of_ours_needs_no_running(read):
    found = read(wcxf({"C9_bsmumu": [-1.0, 0.0], "CVL_dumunumu": [0.1, 0.0]}, 160.0))
    assert found.params == {"C9_bsmumu": -1.0}
    assert found.notes[0] == "run from 160 to 4.8 GeV at leading order in QCD, without QED"
    assert found.notes[1] == "no observable of bsfit depends on CVL_dumunumu"


# ------------------------------------------------------------------------------------------------------------ FLHA


def test_standard_model_entries_are_subtracted(read):
    """Sums less the Standard Model, new physics by itself, imaginary parts; C7 runs, C9 and C10 do not."""
    found = read(SPHENO)
    values = complex_of(found)
    assert values["C9_bsmumu"] == pytest.approx(-0.5 + 0.1j, rel=1e-9)
    assert values["C10_bsmumu"] == pytest.approx(0.25, rel=1e-9)
    assert values["C7_bs"] / values["C7p_bs"] == pytest.approx(-10.0, rel=1e-6)
    high, low = (float(alpha_s(scale, load_inputs("default"), loops=2)) for scale in (160.0, 4.8))
    assert values["C7_bs"] == pytest.approx(-0.01 * (high / low) ** (16 / 23), rel=1e-6)
    assert found.source["format"] == "FLHA"
    assert found.notes[0].startswith("not read, for want of one normalisation or order: 03051414 4137")
    assert found.notes[1] == "sums without a Standard-Model part, taken for new physics: C7p_bs"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0    -1.88000000E-01", "0    -1.72E-09", ":5: the Standard Model's C7 is -1.72e-09, which is another normal"),
        ("00   0     1.17000000E+00", "01   0     1.17", ":11: C9_bsmumu is a sum without its Standard-Model part"),
        ("4137   00   1    +2.5", "4137   00   2    +2.5", None),
        ("     0305 4422   00   2    -1.98000000E-01   # C7\n", "     0305 4422   00   2    -1.98000000E-01\n" * 2,
         ":7: this entry stands twice; expected each once (first in line 6)"),
        ("IMFWCOEF Q=  1.6", "IMFWCOEF Q=  1.7", "coefficients at 160 GeV and at 170 GeV; expected one scale"),
        ("-1.98000000E-01", "-1.98x", ":6: found '-1.98x'; expected a number"),
        ("-1.98000000E-01", "", "expected fermions operator order M value"),
        ("Block FWCOEF", "Block XWCOEF", ":16: C9_bsmumu is a sum without its Standard-Model part"),
    ],
)  # fmt: skip
def test_entries_that_do_not_fit_are_refused(read, old, new, message):
    assert old in SPHENO
    if message is None:
        read(SPHENO.replace(old, new, 1))
        return
    with pytest.raises(BsfitInputError) as caught:
        read(SPHENO.replace(old, new, 1))
    assert message in str(caught.value)


def test_parts_that_disagree_are_refused(read):
    line = " 03051313 4137   00   2    -3.70000000E+00\n"
    with pytest.raises(BsfitInputError, match=r"new physics is 0.25, sum less Standard Model 0.28"):
        read(SPHENO.replace("Block IMFWCOEF", line + "Block IMFWCOEF", 1))


def test_files_without_coefficients_are_refused(read):
    with pytest.raises(BsfitInputError, match=r"no entry in a block FWCOEF; blocks: MINPAR"):
        read("# SLHA\nBLOCK MINPAR\n  1  0.5\nDECAY 6 1.4\n")


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.25E2", 125.0), ("-1.0d-3", -1e-3), (".5D+00", 0.5), ("1.2345-101", 1.2345e-101), ("3", 3.0), ("+4.", 4.0)],
)
def test_numbers_of_fortran(text, value):
    assert parse_blocks(b"").number(text, 1) == value


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1_0", "0x1", "1,5", "--1", "1e", ""])
def test_what_is_no_number(text):
    with pytest.raises(BsfitInputError):
        parse_blocks(b"").number(text, 1)


# ----------------------------------------------------------------------------------------------------- wilson itself


@pytest.mark.slow
def test_smeft_goes_through_wilson(read):
    """The coefficients of flavio, which divides by 1/127.9 and its V_cb, times the ratio of these; R_K to 1 %."""
    pytest.importorskip("wilson", reason="the extra eft is not installed")
    inputs = load_inputs("default")
    ours = abs(complex(v_tb_v_ts(inputs))) * float(inputs["alpha_em_mb"])
    for entry in STORED["smeft"]:
        found = read(wcxf(entry["values"], entry["scale"], "SMEFT", "Warsaw"))
        assert found.notes[0].startswith("matched and run from 2000 to 4.8 GeV by wilson")
        for name, value in entry["wet"].items():
            if abs(complex(*value)) > 0.01:
                ratio = complex_of(found)[name] / complex(*value)
                assert abs(ratio) == pytest.approx(V_TS_OF_WILSON / 127.9 / ours, rel=2e-3), name
        predicted = bsfit.predict(["R_K[1.1,6]", "R_K*[1.1,6]"], params=found.params)
        for value, theirs in zip(predicted.values(), entry["flavio"].values(), strict=True):
            assert value == pytest.approx(theirs, rel=0.01)
    with pytest.raises(BsfitInputError, match=r"SMEFT has no 'lq1_2224' in the basis Warsaw"):
        read(wcxf({"lq1_2224": [1e-10, 0.0]}, 2000.0, "SMEFT", "Warsaw"))


@pytest.mark.slow
def test_coefficients_that_do_not_run_here_go_through_wilson(read):
    """Four quarks at 160 GeV move C9 at 4.8 GeV, by mixing; the others come as they do here, to 2 %."""
    pytest.importorskip("wilson", reason="the extra eft is not installed")
    values = {"C7_bs": [-0.05, 0.0], "CVLL_bsbs": [1e-11, 0.0], "C9_bsmumu": [-1.0, 0.0]}
    mixed = read(wcxf({**values, "CVLL_bscc": [0.1, 0.0]}, 160.0))
    assert mixed.notes[0].startswith("run from 160 to 4.8 GeV by wilson")
    alone = read(wcxf(values, 160.0))
    assert "C9_bsee" in mixed.params
    assert "C9_bsee" not in alone.params
    assert mixed.params["CVLL_bsbs"] == pytest.approx(alone.params["CVLL_bsbs"], rel=0.02)


FOREIGN = {
    "wilson/wcxf/data/test.wcs.flavio.yml": None,
    "wilson/wcxf/data/test.wcs.bern.yml": None,
    "wilson/wcxf/data/test.wcs.jms.yml": None,
    "wilson/wcxf/data/WCsInput-CPV-SMEFT.json": None,
    "wilson/data/tests/wcxf-flavio-example.yml": None,
    "wilson/wcxf/data/test.wcs.yml": "unknown theory 'MyEFT'",
    "wilson/wcxf/data/test.basis1.yml": "the definition of a basis",
    "wilson/wcxf/data/test.Warsaw_mass.yml": "wilson cannot do it: ValueError: No translator",
    "wilson/wcxf/data/eos_btos.yaml": "a file of EOS",
    "flavio/data/test/SPheno.spc.MSSM": "which is another normalisation",
    "pylha/tests/data/softsusy.spc": "no entry in a block FWCOEF",
    "_eos_data/parameters/sm-and-eft.yaml": "a file of EOS",
}
"""Files that come with other codes: what is refused, and with which words."""


@pytest.mark.external
@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_codes(name):
    pytest.importorskip("wilson")
    spec = importlib.util.find_spec(name.split("/")[0].replace("_eos_data", "eos"))
    if spec is None or spec.origin is None:
        pytest.skip("not installed")
    path = Path(spec.origin).parents[1] / name
    if not path.exists():
        pytest.skip("its files are not where they were")
    if FOREIGN[name] is None:
        assert bsfit.read_coefficients(path).params
        return
    with pytest.raises(BsfitInputError) as caught:
        bsfit.read_coefficients(path)
    assert FOREIGN[name] in str(caught.value)
