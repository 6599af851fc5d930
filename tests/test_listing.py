"""Lists: rows by leptons, process, group and words; tables that fit into a terminal."""

import importlib
import json

import pytest

from bsfit import cli
from bsfit.cli import terminal
from bsfit.cli.filters import leptons_of
from bsfit.cli.options import Parser, parse
from bsfit.results import tables


def listed(capsys, *words):
    """The first column of what is listed."""
    capsys.readouterr()
    assert cli.main(["list", *words, "--json"]) == 0
    return [next(iter(row.values())) for row in json.loads(capsys.readouterr().out)["rows"]]


def test_rows_are_chosen_by_leptons_process_group_and_words(capsys):
    everything, electrons = listed(capsys, "observables"), listed(capsys, "observables", "--lepton", "e")
    assert {"R_K[LOW,HIGH]", "BR(Bs->ee)", "<P5p>(B0->K*ee)[LOW,HIGH]"} <= set(electrons)
    assert not [name for name in electrons if "tautau" in name]
    assert "DeltaM_s" not in electrons
    assert set(electrons) < set(everything)
    both = listed(capsys, "observables", "--lepton", "e", "--lepton", "mu", "--process", "B0->K*")
    assert "R_K*[LOW,HIGH]" in both
    assert not [name for name in both if "K*ee" in name]
    assert listed(capsys, "observables", "--process", "bs_mix*") == [
        "DeltaM_s",
        "DeltaM_s_ps",
        "DeltaM_s/SM",
        "S_psiphi",
    ]
    assert listed(capsys, "data", "lhcb", "2014", "--group", "LFU") == ["lhcb-rk-2014"]
    taus = listed(capsys, "coefficients", "C9_*", "--lepton", "tau")
    assert {"C9_bstautau", "C9_bsetau"} <= {*taus}
    assert all("tau" in name for name in taus)
    assert listed(capsys, "inputs", "--group", "CKM") == ["V_us", "V_cb", "V_ub", "gamma"]
    assert listed(capsys, "models", "leptoquark*")


def test_leptons_are_read_off_coefficients():
    assert leptons_of(("C9_bsmumu", "CVL_bctaunue_im", "Cgamma_mue")) == ("mu", "tau", "e")
    assert leptons_of(("C7_bs", "CVLL_bsbs", "CVLL_bdbd")) == ()
    assert leptons_of(("CL_bsnumunutau",)) == ("mu", "tau")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--lepton", "e"], "--lepton: of which topic?; expected TOPIC: observables"),
        (["observables", "--lepton", "electron"], "--lepton: unknown lepton 'electron'; expected e, mu, tau"),
        (["observables", "--process", "b_to_kll"], "did you mean 'b_to_k_ll'"),
        (["observables", "--group", "LFUU"], "did you mean 'LFU'"),
        (["models", "--group", "LFU"], "--group: models have no such filter"),
        (["scenarios", "--process", "x"], "--process: scenarios have no such filter"),
        (["observables", "P6q"], "none of the observables says 'P6q'"),
        (["data", "lz"], "none of the data says 'lz' ('bsfit list limits lz' has some)"),
        (["models", "portl"], "none of the models says 'portl' (did you mean 'portal'"),
        (["observabels"], "did you mean 'observables'"),
        (["P5p"], "'bsfit show P5p' tells about a name"),
        (["data", "--lepton"], "expected one argument"),
    ],
)
def test_filters_that_nothing_passes_are_refused(words, complaint, capsys):
    assert cli.main(["list", *words]) == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_option_with_a_value_says_its_default(verb, monkeypatch):
    shown = []
    monkeypatch.setattr(Parser, "print_help", lambda self: shown.append(self))
    parse(verb, cli.VERBS[verb][1], importlib.import_module(cli.VERBS[verb][0]), ["--help"])
    for action in shown[0]._actions:
        assert not action.option_strings or action.nargs == 0 or "default" in action.help, action.option_strings


# -------------------------------------------------------------------------------------------------- in a terminal

HEADER = ["measurement", "value", "state"]
ROWS = [["lhcb-kstarmumu-angular-2020", "1.00", "replaced by another one, which is newer"], ["b", "-2", ""]]


@pytest.fixture
def columns():
    """Sets the columns of the terminal."""
    token = tables.WIDTH.set(None)
    yield tables.WIDTH.set
    tables.WIDTH.reset(token)


def words(text):
    return sorted("".join(c for c in text if c.isalnum()))


@pytest.mark.parametrize("room", [20, 30, 37, 40, 55, 60, 70, 77, 78, 200])
def test_no_table_is_wider_than_the_terminal(columns, room):
    plain = tables.aligned(HEADER, ROWS)
    columns(room)
    found = tables.aligned(HEADER, ROWS)
    assert max(map(len, found.splitlines())) <= room
    assert (found == plain) == (room >= max(map(len, plain.splitlines())))
    if room >= 40:
        assert found.splitlines()[0].split() == HEADER
        assert words(found) == words(plain)  # every character is there, once


def test_cells_are_broken_where_one_would_break_them(columns):
    columns(40)
    assert tables.aligned(HEADER, ROWS).splitlines()[2:6] == [
        "lhcb-kstarmumu-  1.00   replaced by",
        "angular-2020            another one,",
        "                        which is newer",
        "b                -2",
    ]


def test_only_a_terminal_is_fitted(columns, monkeypatch, capsys):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: type("Size", (), {"columns": 50}))
    terminal.fit_tables_to_terminal()
    assert tables.WIDTH.get() is None
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for verb in (["list", "data", "--group", "LFU"], ["show", "R_K"], ["show", "lfu"]):
        capsys.readouterr()
        assert cli.main(verb) == 0
        assert max(map(len, capsys.readouterr().out.splitlines())) <= 50
