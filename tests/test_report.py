"""The report: one page without network, in which the text of others is text."""

import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest

import bsfit
from bsfit import BsfitInputError
from bsfit.cli import main
from bsfit.results import Bins, DataTable, FitResult, Posterior, PredictionTable

HOSTILE = "<script>document.title='ran'</script><img src=https://example.invalid/x onerror=alert(1)>"
VOID = {"meta", "img", "br", "hr", "input", "link"}
META = {"likelihood": {"model": "eft", "data": HOSTILE, "papers": ["Misiak:2015xwa", HOSTILE]}, "command": HOSTILE}


class Page(HTMLParser):
    """Tags in their nesting, attributes and text; `wrong` are ends that close nothing."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.tags, self.sources, self.text = [], [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href", "action", "srcset")]
        self.wrong += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text += data


def fit_of(*names):
    covariance = np.eye(len(names)) + 0.5 * (1 - np.eye(len(names)))
    each = dict.fromkeys
    return FitResult(
        names=names,
        values=each(names, 0.3),
        errors=each(names, (1.0, 1.2)),
        hessian_errors=each(names, 1.0),
        intervals_1=each(names, (-0.7, 1.5)),
        intervals_2=each(names, (-1.7, 2.7)),
        covariance=covariance,
        bounds=each(names, (-3.0, 3.0)),
        status="not converged",
        log_likelihood=-1.0,
        chi2=2.0,
        ndf=3,
        pulls=((HOSTILE, 1.5), ("R_K[1.1,6]", -0.4)),
        delta_chi2_by_group={"LFU": 1.0, HOSTILE: 0.5},
        messages=(HOSTILE,),
        meta=META,
    )


def records():
    fit = fit_of("C9mu", HOSTILE)
    row = {"observable": HOSTILE, "measurement": "m", "group": "g", "unit": "1", "tex": "", "measured": 1.0}
    row |= {"plus": 0.1, "minus": 0.2, "standard_model": 1.1, "standard_model_error": 0.1, "standard_model_pull": 0.5}
    table = DataTable((row, {**row, "observable": "R_K[1.1,6]"}), (HOSTILE,))
    datum = {"measurement": HOSTILE, "experiment": "e", "low": 1.0, "high": 2.0}
    datum |= {"measured": 1.0, "plus": 0.1, "minus": 0.1}
    ones = np.ones(2)
    bins = Bins(HOSTILE, "R", "1", np.array([[1, 2], [2, 3.0]]), ones, 0.1 * ones, ones[:0], ones[:0], (datum,))
    draws = np.random.default_rng(1).normal(size=(2, 2, 50))
    keys = ("mean", "sd", "q16", "q84", "q2.5", "q97.5", "r_hat", "ess_bulk", "ess_tail")
    posterior = Posterior(
        ("C9mu", "x"),
        {"C9mu": draws[0], "x": draws[1]},
        draws[0],
        {},
        {name: dict.fromkeys(keys, 1.0) for name in ("C9mu", "x")},
        {"C9mu": HOSTILE},
        "failed",
        (HOSTILE,),
        {"r_hat": 1.1, "ess": 10.0, "divergences": 0.0, "e_bfmi": 1.0},
        meta=META,
    )
    predicted = PredictionTable(({"observable": HOSTILE, "value": 1.0, "unit": "1"},), (HOSTILE,))
    return [fit, table, bins, posterior, predicted]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return bsfit.report(records(), path, title=HOSTILE, papers=False)


def test_page_is_well_formed_and_asks_nothing_of_the_network(page):
    found = Page(page.read_text())
    assert found.open == found.wrong == []
    assert found.tags.count("script") == found.tags.count("style") == 1
    assert {source.partition(":")[0] for source in found.sources if not source.startswith("#")} == {"data"}
    assert found.tags.count("img") == 3
    assert "link" not in found.tags
    assert "@import" not in page.read_text()


def test_text_of_others_is_text(page):
    raw = page.read_text()
    assert HOSTILE not in raw
    assert "onerror=alert(1)&gt;" in raw
    found = Page(raw)
    assert found.text.count("document.title='ran'") > 10
    assert "default-src 'none'" in raw


def test_what_a_reader_needs_stands_on_it(page):
    text = Page(page.read_text()).text
    for words in ("Not to be trusted: it did not converge", "Pulls", "Correlations", "0.50", "How it came about"):
        assert words in text
    assert "+1.50" in text


def test_papers_stand_at_the_end(tmp_path):
    fit, *_, unknown = records()
    text = Page(bsfit.report([fit, unknown], tmp_path / "r.html").read_text()).text
    assert "@article{Misiak:2015xwa," in text
    assert "not traced: unknown observable" in text
    assert f"{HOSTILE}: not in the bibliography" in text


@pytest.mark.parametrize("what", [3, [], ["text"]])
def test_what_is_no_result_is_refused(what, tmp_path):
    with pytest.raises(BsfitInputError, match="no result"):
        bsfit.report(what, tmp_path / "r.html")


def test_verb_writes_the_page(tmp_path, capsys):
    file = str(fit_of("C9mu").save(tmp_path / "fit"))
    target = tmp_path / "page.html"
    assert main(["report", file, "-o", str(target), "--no-papers", "-q"]) == 0
    assert capsys.readouterr().out.strip() == str(target)
    assert "Fit of eft" in target.read_text()
    assert main(["report"]) == 2


BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# In a frame as wide as a phone: whether the page scrolls sideways, and what a click on a column does, by its title.
PROBE = """<!DOCTYPE html><body><iframe id="f" style="width:360px;height:640px"></iframe><script>
var f = document.getElementById("f");
f.onload = function () {
  var d = f.contentDocument, at = d.querySelectorAll("th button"), table, cells;
  at.forEach(function (b) { if (b.textContent === "pull" && !table) { b.click(); table = b.closest("table"); } });
  cells = Array.prototype.map.call(table.tBodies[0].rows, function (r) { return r.cells[1].textContent; });
  document.title = [d.documentElement.scrollWidth <= 360, d.title.slice(0, 8), cells.join(" ")].join("|");
};
f.src = "r.html";
</script></body>"""


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no headless Chromium on this machine")
def test_page_in_a_browser(page, tmp_path):
    (page.parent / "probe.html").write_text(PROBE)
    quiet = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    command = [BROWSER, *quiet.split(), "--disable-component-update", "--allow-file-access-from-files"]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run([*command, (page.parent / "probe.html").as_uri()], capture_output=True, text=True, timeout=60)
    title = done.stdout.partition("<title>")[2].partition("</title>")[0]
    assert title == "true|&lt;script&gt;|-0.40 +1.50" or title == "true|<script>|-0.40 +1.50"
    assert "CONSOLE" not in done.stderr
