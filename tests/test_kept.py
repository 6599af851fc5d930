"""Numbers that are kept: the same as those of the amplitudes, and never those of another question."""

import dataclasses
import inspect
import os

import numpy as np
import pytest

import bsfit
from bsfit import catalogue
from bsfit.loading.inputs import AS_FLAVIO, input_set, load_inputs
from bsfit.predictions import compiled, kept, uncertain_inputs
from bsfit.predictions.derivatives import ValueAndSlopes
from bsfit.predictions.functionals import functionals_at
from bsfit.predictions.motion import motion
from bsfit.predictions.plan import plans_of
from bsfit.predictions.prediction import wired
from bsfit.theory import INDEX, Theory

NAMES = ("BR(Bs->mumu)", "DeltaM_s_ps", "S_psiphi", "BR(Bs->ee)")
ITEM = catalogue.observable("BR(Bs->mumu)")
NOWHERE = np.zeros((1, len(INDEX)), dtype=complex)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("BSFIT_CACHE", raising=False)
    return tmp_path / "bsfit" / "kept"


@pytest.fixture
def counted(monkeypatch):
    """What is asked of the amplitudes: numbers of rows."""
    asked = []
    for name in ("moments", "gradients"):
        original = getattr(compiled, name)

        def counting(questions, *given, name=name, original=original):
            asked.extend((name, process) for process in _rows(name, questions))
            return original(questions, *given)

        monkeypatch.setattr(compiled, name, counting)
    return asked


def _rows(name, questions):
    if name == "moments":
        return [process.name for process, (_, rows) in questions.items() for _ in rows.decay]
    return [process.name for process, _, rows, _ in questions for _ in rows.decay]


def functionals(names=NAMES, inputs=None, points=NOWHERE):
    items = [catalogue.observable(name) for name in names]
    plans = plans_of(items)
    return functionals_at(items, plans, {plan.name: points for plan in plans}, inputs or load_inputs())


def same(a, b):
    return all(np.array_equal(a[p][k], b[p][k]) for p in a for k in a[p])


def test_what_is_kept_is_not_computed(folder, counted):
    first = functionals()
    assert len(counted) == 2  # one row of Bs -> l l, and one of the mixing, which two observables share each
    counted.clear()
    assert same(functionals(), first)
    assert same(functionals(NAMES[:1]), functionals(NAMES[:1]))
    assert counted == []
    functionals((*NAMES, "BR(Bs->tautau)"))
    assert counted == [("moments", "b_to_ll")]
    assert len(list(folder.glob("*.kept"))) == 2
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "other",
    [
        lambda inputs: inputs.replace({"V_cb": 0.0411000001}),
        lambda inputs: inputs.replace({"Omega_h2_error": 0.2}),
        lambda inputs: dataclasses.replace(inputs, choices=AS_FLAVIO),
    ],
)
def test_other_inputs_are_another_question(folder, counted, other):
    inputs = load_inputs()
    functionals(NAMES[1:2])
    counted.clear()
    functionals(NAMES[1:2], other(inputs))
    assert counted == [("moments", "bs_mixing")]


def test_other_points_bins_and_leptons_are_other_questions():
    inputs, moved = load_inputs(), NOWHERE.copy()
    moved[0, 3] = 1e-3j
    names = ("BR(Bs->mumu)", "BR(Bs->ee)", "R_K[1.1,6]", "R_K[1.1,5.9]", "R_K^-1[1.1,6]", "R_KS[1.1,6]")
    keys = [kept.key("functionals", catalogue.observable(name), NOWHERE, inputs) for name in names]
    keys += [kept.key("functionals", ITEM, moved, inputs), kept.key("slopes", ITEM, NOWHERE, inputs, "x")]
    keys += [kept.key("functionals", ITEM, np.concatenate([NOWHERE, NOWHERE]), inputs)]
    assert len(set(keys)) == len(keys)
    assert kept.key("functionals", ITEM, NOWHERE, inputs) == kept.key("functionals", ITEM, -NOWHERE, inputs)


@pytest.mark.parametrize(
    ("module", "reached", "not_reached"),
    [
        ("bsfit.observables.b_to_k_ll", "bsfit.hadronic.two_loop", "bsfit.observables.bs_mixing"),
        ("bsfit.observables.b_to_ll", "bsfit.standard_model.ckm", "bsfit.hadronic.two_loop"),
    ],
)
def test_the_digest_follows_the_code(tmp_path, monkeypatch, module, reached, not_reached):
    """A number or a sign in a module that is reached changes it; comments, docstrings and other modules don't."""
    before = kept.physics_of(module, kept.PACKAGE)
    copy = tmp_path / "bsfit"
    for source in kept.PACKAGE.rglob("*"):
        if source.suffix in (".py", ".json"):
            target = copy / source.relative_to(kept.PACKAGE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text())
    assert kept.physics_of(module, copy) == before

    def edited(name, edit):
        path = copy.joinpath(*name.split(".")[1:]).with_suffix(".py")
        text = path.read_text()
        path.write_text(edit(text))
        try:
            return kept.physics_of(module, copy)
        finally:
            path.write_text(text)

    assert edited(reached, lambda text: "# new comment\n" + text.replace('"""', '"""Changed. ', 1)) == before
    assert edited(not_reached, lambda text: text + "\nCHANGED = 1\n") == before
    assert edited(reached, lambda text: text + "\nCHANGED = 1\n") != before
    assert edited(module, lambda text: text.replace("return ", "return -", 1)) != before
    if reached == "bsfit.hadronic.two_loop":
        table = copy / "data" / "two_loop" / "chebyshev.json"
        table.write_text(table.read_text().replace("1", "2", 1))
        assert kept.physics_of(module, copy) != before


def test_the_digest_is_the_same_in_every_python(tmp_path):
    """Or what is shipped would be found by none but the one that made it: the number is that of 3.11, 3.12 and 3.13."""
    for room in ("observables", "hadronic"):
        (tmp_path / room).mkdir()
    source = """
    from bsfit.hadronic import other

    @decorated(1.0, keyword=None)
    class Kind(Base):
        \'\'\'Left out.\'\'\'

        value: float = -1e-3

        def method(self, x: "A", /, *rest: int, last=..., **more) -> None:
            "Left out."
            async_of = lambda y: y if x else {**more, "b": b"c"}
            return f"{x!r:>8} and" f" {async_of(x)[1:, ...]}" + u"text"

    try:
        found = [z for z in range(3) if (w := z)]
    except* ValueError as error:
        raise error from None
    """
    (tmp_path / "observables" / "one.py").write_text(inspect.cleandoc(source))
    (tmp_path / "hadronic" / "other.py").write_text("X = 1\n")
    assert kept.physics_of("bsfit.observables.one", tmp_path).hex()[:16] == "f9e0707822e5888e"


def test_altered_files_are_passed_over(folder, counted):
    first = functionals()
    (file,) = folder.glob("*.kept")
    whole = file.read_bytes()
    for broken in (whole[:-1], whole[:100] + bytes([whole[100] ^ 1]) + whole[101:], b"", b"x" * 10):
        file.write_bytes(broken)
        assert kept.read(file) == {}
        assert not kept.Store(folder / "none", folder).get(kept.key("functionals", ITEM, NOWHERE, load_inputs()))
    file.write_bytes(whole)
    assert len(kept.read(file)) == len(NAMES)
    assert same(functionals(), first)


def test_nothing_is_kept_on_request_or_where_others_may_write(folder, counted, monkeypatch):
    monkeypatch.setenv("BSFIT_CACHE", "off")
    functionals(NAMES[1:2])
    functionals(NAMES[1:2])
    assert counted == [("moments", "bs_mixing")] * 2
    assert not folder.exists()
    monkeypatch.delenv("BSFIT_CACHE")
    folder.mkdir(parents=True)
    os.chmod(folder, 0o777)
    functionals(NAMES[1:2])
    assert not list(folder.iterdir())


def test_how_moments_move_is_kept(folder, monkeypatch):
    """As it was found, and found anew for another centre, or where the file was altered."""
    (plan,) = plans_of([ITEM])
    inputs = load_inputs()
    changes = np.zeros((2, len(inputs.names)))
    changes[0, inputs.names.index("f_Bs")], changes[1, inputs.names.index("V_cb")] = 0.02, 0.004
    read, span = np.eye(plan.process.n_moments)[None], (("C10_bsmumu",), np.eye(2)[:, :1], [0])

    def found(centre=0.0):
        return motion(plan, plan.row_arrays(), read, span, inputs, changes, np.full(2, centre)).packed()

    class Asked(Exception):
        """The amplitudes are asked."""

    def asked(*given):
        raise Asked

    first = found()
    assert first["second forms"].any()
    monkeypatch.setattr(compiled, "moments_at_many_inputs", asked)
    again = found()
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    with pytest.raises(Asked):
        found(0.1)
    (file,) = folder.glob("*.arrays")
    raw = file.read_bytes()
    file.write_bytes(raw[:100] + bytes([raw[100] ^ 1]) + raw[101:])
    with pytest.raises(Asked):
        found()


def test_what_is_too_large_to_be_read_is_not_written(folder, monkeypatch):
    monkeypatch.setattr(kept, "LARGEST", 1000)
    kept.keep_arrays(bytes(16), {"x": np.arange(200)})
    assert not list(folder.glob("*.arrays"))


def test_the_oldest_arrays_go(folder):
    for i in range(kept.LARGE_FILES + 2):
        kept.keep_arrays(bytes([i]) * 16, {"x": np.arange(i)})
        os.utime(folder / f"{(bytes([i]) * 16).hex()}.arrays", (i, i))
    kept.keep_arrays(b"last" * 4, {"x": np.arange(3)})
    assert len(list(folder.glob("*.arrays"))) == kept.LARGE_FILES
    assert kept.arrays(bytes(16)) is None
    found = kept.arrays(b"last" * 4)
    assert found is not None
    assert np.array_equal(found["x"], np.arange(3))


def test_of_a_process_of_ones_own_nothing_is_kept():
    own = dataclasses.replace(ITEM.quantity.process, module=object())
    assert kept.is_kept(ITEM.quantity.process)
    assert not kept.is_kept(own)


def test_many_files_become_one(tmp_path):
    store = kept.Store(tmp_path / "none", tmp_path)
    for i in range(kept.FILES + 3):
        store.put({i.to_bytes(16, "big"): np.array([float(i), -0.0, 1e-300])})
    assert len(list(tmp_path.glob("*.kept"))) == 3
    again = kept.Store(tmp_path / "none", tmp_path)
    for i in range(kept.FILES + 3):
        assert again.get(i.to_bytes(16, "big")).tobytes() == np.array([float(i), -0.0, 1e-300]).tobytes()


@pytest.mark.slow
def test_slopes_are_those_of_the_amplitudes(folder, counted):
    """Values and shifts of theory errors, kept or not; a part of the question is known, the rest is computed."""

    def errors(names):
        direct = wired(names)
        chosen = uncertain_inputs.choose(
            [catalogue.observable(name) for name in names], input_set("default"), direct.inputs
        )
        return ValueAndSlopes(direct), chosen, uncertain_inputs.directions(direct, chosen)

    slopes, chosen, along = errors(NAMES)
    expected = slopes.of_catalogue(Theory.standard_model(), load_inputs(), along)
    uncertain_inputs.at_standard_model(errors(NAMES[:2])[0], chosen)
    for _ in range(2):
        counted.clear()
        found = uncertain_inputs.at_standard_model(slopes, chosen)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-14)
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-12, atol=1e-30)
    assert counted == []


@pytest.mark.slow
def test_the_second_likelihood_asks_the_amplitudes_nothing(folder, counted):
    def build(data):
        like = bsfit.log_likelihood("eft", data, {"C10mu": (-2, 2)})
        return float(like({"C10mu": -0.3}))

    first = build(["lhcb-bsmumu-2021", "cms-bsmumu-2022"])
    assert counted
    counted.clear()
    assert build(["lhcb-bsmumu-2021", "cms-bsmumu-2022"]) == first
    build("lhcb-bsmumu-2021")
    assert counted == []


def test_shipped_numbers_are_those_of_this_code(folder, counted, benchmark_module, monkeypatch):
    """If not: python benchmarks/keep_numbers.py. A tenth of them is computed again."""
    keep_numbers = benchmark_module("keep_numbers")
    ratios = keep_numbers.RATIOS
    keep_numbers.default()
    found = bsfit.predict(ratios, params={"C9_bsmumu": -1.0})
    assert counted == [], "run python benchmarks/keep_numbers.py"
    items = [catalogue.observable(name) for name in ratios[:1]]
    plans = plans_of(items)
    point = Theory(bsfit.WilsonCoefficients.of({"C9_bsmumu": -1.0})).wilson.values[None]
    shipped = functionals_at(items, plans, {plan.name: np.asarray(point) for plan in plans}, load_inputs())
    monkeypatch.setenv("BSFIT_CACHE", "off")
    again = functionals_at(items, plans, {plan.name: np.asarray(point) for plan in plans}, load_inputs())
    assert counted
    for process, parts in again.items():
        for key, values in parts.items():
            np.testing.assert_allclose(shipped[process][key], values, rtol=1e-10)
    assert found[ratios[0]] == pytest.approx(0.7922458166334991, rel=1e-9)


def test_a_release_asks_for_what_there_is(benchmark_module):
    """A bin that is refused would end the making of a wheel."""
    bsfit.prediction(benchmark_module("keep_numbers").P5P)
