"""Whether the numbers of two commits agree: densities, gradients, predictions, fits, couplings.

    python benchmarks/compare_commits.py record FILE.npz [--only NAME ...]
    python benchmarks/compare_commits.py diff OLD.npz NEW.npz [--only NAME ...]
    python benchmarks/compare_commits.py COMMIT [COMMIT2] [--only NAME ...]

`record` computes with whatever bsfit is imported; `diff` ends with status 1 if a difference is above its limit or a
quantity is in one file only. With a commit both are done, of this script's cases, in worktrees; the second commit is
the working tree by default. NAME is a part of a case's name. A full record takes half an hour and 6 GB on two cores.

What is compared; a column is one observable or parameter over the points, drawn from the boxes below; NaN equals NaN:
    log density, chi2, gradient, predictions, by group, pulls, predict: to 1e-10 of |value|, or of the median |value|
        of the column where that is larger; where the median is zero, of the largest; of 1 in a column of zeros.
    estimates, pairs (best values, errors, ends of intervals of fits): to 1e-6 of the 1 sigma error in OLD. What a fit
        calls undetermined is left out, its determined combinations are in.
    goodness (chi2, pull, log-likelihood, ... of fits), profile (Delta chi2): to 1e-6.
    couplings (that the relic density fixes, and what follows), slopes (of the coupling by the masses): to 1e-8.
    everything else (points, names, status): equal.
Only the public API is used, so that commits with other internals can be compared.
"""

import argparse
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import bsfit

POINTS = 200
LIMITS = {"relative": 1e-10, "sigma": 1e-6, "absolute": 1e-6, "coupling": 1e-8, "equal": 0.0}
MEASURES = {
    **dict.fromkeys(("log density", "chi2", "gradient", "predictions", "by group", "pulls", "predict"), "relative"),
    **{"estimates": "sigma", "pairs": "sigma", "goodness": "absolute", "profile": "absolute"},
    **dict.fromkeys(("couplings", "slopes"), "coupling"),
}
"""How each quantity is measured; any other must be equal."""


def within(size, names):
    return {name: (-size, size) for name in names.split()}


MUONS = {"C9_bsmumu": (-2.0, 1.0), "C10_bsmumu": (-1.0, 1.5)}
COMPLEX = {**MUONS, **within(1.5, "C9_bsmumu_im C10_bsmumu_im")}
GLOBAL = {**MUONS, "C9_bsee": (-2.0, 1.0), "C7_bs": (-0.1, 0.1)}
MIXING = {**MUONS, **within(1e-11, "CVLL_bsbs CVLL_bsbs_im")}
OTHERS = within(0.2, "C7p_bs C8_bs CSp_bsee") | within(0.03, "CS_bsmumu CP_bsmumu") | within(3.0, "CL_bsnumunumu")
OTHERS |= within(1.0, "C9p_bsmumu C10p_bsmumu_im C9_bsee CR_bsnuenutau") | within(20.0, "C10_bstautau")
OTHERS |= within(1e-11, "CVLR_bsbs") | within(0.1, "CVLL_numunumumumu") | within(1e-3, "C7_mumu")
OTHERS |= within(1e-12, "Cgamma_mue")
KMUMU = {"B->K BSZ a0_f+": (0.31, 0.35), "B->K BSZ a0_fT": (0.27, 0.33), "V_cb": (0.039, 0.043)}
KSTAREE = {"B->K* BSZ a0_A1": (0.27, 0.33), "B->K* BSZ a0_V": (0.34, 0.41), "B->K* BSZ a0_T1": (0.28, 0.34)}
KSTAREE |= {"B0->K* delta_C7 a_- Re": (-0.02, 0.02), "B0->K* delta_C7 a_- Im": (-0.02, 0.02)}
HEAVY = {"m_Q": 1000.0, "m_L": 1000.0, "m_chi": 1000.0}
PORTAL = {**HEAVY, "g_X": 0.3, "lambda_Q_b": 0.025}
COMPLEX_PORTAL = {**PORTAL, "lambda_Q_s_im": 0.3, "lambda_L_e": 0.2}
PORTAL_FREE = {"lambda_Q_s": (-1.0, 1.0), "lambda_L_mu": (0.0, 2.0)}
PORTAL_BOX = {**PORTAL_FREE, "log:m_Zp": (500.0, 5000.0)}
PORTAL_DARK = {"g_X": (0.1, 0.8), "log:m_Zp": (500.0, 5000.0), "lambda_L_mu": (0.1, 2.0), "lambda_Q_s_im": (-0.1, 0.1)}
PHI = {"m_phi": 800.0, "mu_chi": 60.0, "lambda_Hchi": 0.05, "lambda_Hphi": 0.01, "epsilon": 0.01, "delta_loop": 0.02}
QUARKS = {"m_Q": 1100.0, "lambda_Q_b": 0.387}
LOOP = {**QUARKS, "lambda_Q_s": -0.387}
LOOP_BOX = {"log:m_X": (100.0, 600.0), "log:m_L": (650.0, 2000.0), "log:lambda_L_mu": (0.5, 3.5)}
LOOP_WIDE = {**LOOP_BOX, "lambda_Q_s": (-0.6, 0.6), "lambda_Q_s_im": (-0.3, 0.3), "lambda_L_e": (-0.1, 0.1)}
FIG_6 = {"m_Q": 1100.0, "lambda_Q_s": -(0.15**0.5), "lambda_Q_b": 0.15**0.5}
FIG_6_MASSES = {500.0: (100, 200, 300), 750.0: (200, 400), 1000.0: (100, 200, 300, 500, 700), 1500.0: (300, 700)}
OWN = {"coupling": (0.1, 1.5), "log:mass": (5.0, 20.0), "phase": (-3.0, 3.0)}


def own_model(params):
    """A user's own model: left-handed currents of muons and, weaker, of electrons, with a phase."""
    shift = -((10.0 * params["coupling"] / params["mass"]) ** 2) * jnp.exp(1j * params["phase"])
    muons = {"C9_bsmumu": shift, "C10_bsmumu": -shift}
    return bsfit.Theory(bsfit.WilsonCoefficients.of({**muons, "C9_bsee": 0.2 * shift, "C10p_bsee": 0.1 * shift}))


ANGLES = "AFB FL ACP S3 S4 S5 S7 S8 A7 A8 A9 P1 P2 P3 P4p P5p P6p P8p".split()
FLAVOUR = """
    R_K[1.1,6] R_K*[0.045,1.1] R_K*[15,19] R_KS[1.1,6] R_K*+^-1[1.1,6] R_phi[0.1,1.1] <dBR/dq2>(B+->Kmumu)[1.1,6]
    <dBR/dq2>(B0->K*mumu)[4,6] <dBR/dq2>(Bs->phimumu)[15,19] <BR>(B0->Kee)[15,22] <BR>(B+->Ktautau)[15,22]
    <BR>(B0->K*ee)[0.0008,0.257] <BR>(B+->K*mumu)[1.1,2.5] <FH>(B+->Kmumu)[15,22]
    <ACP>(B+->Kmumu)[1.1,6] <ATIm>(B0->K*ee)[0.002,1.12] <S4>(Bs->phimumu)[1.1,6] <P5p>(B+->K*mumu)[15,19]
    <Dmue_P5p>(B0->K*ll)[1.1,6] BR(Bs->mumu) BR(Bs->ee) BR(Bs->tautau) ADeltaGamma(Bs->mumu) tau_mumu_ps
    BR(B+->Knunu) BR(B0->K*nunu) FL(B0->K*nunu) BR(B->Xsgamma) BR(B0->K*gamma) BR(Bs->phigamma) ACP(B0->K*gamma)
    S_K*gamma S_phigamma ADeltaGamma(Bs->phigamma) BR(B0->K*gamma)/BR(Bs->phigamma) DeltaM_s DeltaM_s/SM S_psiphi
    trident""".split()
FLAVOUR += [f"<{key}>(B0->K*mumu)[2.5,4]" for key in ANGLES]
DARK = "Omega_h2 x_f sigma_SI sigma_SI_p sigma_SI_n sigma_SI_tree sigma_v".split()
DIPOLES, SCALAR = ("a_mu", "BR(mu->egamma)"), ("<AFB>(B+->Kmumu)[1.1,6]",)
SHIFTS = ("C9_bsmumu", "C9_bsmumu_im", "C10_bsmumu", "C9_bsee", "CVLL_bsbs", "CVLL_bsbs_im", "CL_bsnumunumu")
OF_PORTAL = "M_Q M_L v_phi D_sb D_sb_im D_mumu D_uu C_bs_LL Gamma_Zp Gamma_Zp_mumu Gamma_Zp_chi m_R m_I".split()
OF_LOOP = ("J", "C_bs_LL", "C_bs_LL_im", "C9_photon", "C7_bs_mu_NP", "C8_bs_mu_NP", "C7_bs")


def draw(free):
    """Columns of points by name, uniform in the box, in the logarithm for ``log:`` names; sorted as JAX does."""
    generator, columns = np.random.default_rng(20), {}
    for key, ends in free.items():
        log = key.startswith("log:")
        drawn = generator.uniform(*(np.log(ends) if log else ends), POINTS)
        columns[key.removeprefix("log:")] = np.exp(drawn) if log else drawn
    return dict(sorted(columns.items()))


def at(points, function, what, batch):
    """The points, and ``function(what, params)`` at all of them, `batch` at a time, which divides their number."""
    together, found = eqx.filter_jit(lambda what, part: jax.vmap(partial(function, what))(part)), []
    for first in range(0, len(next(iter(points.values()))), batch):
        part = {name: jnp.asarray(column[first : first + batch]) for name, column in points.items()}
        found.append(jax.tree.map(np.asarray, together(what, part)))
    found = jax.tree.map(lambda *parts: np.concatenate(parts), *found)
    return {"points": np.stack(list(points.values()), axis=1), "parameters": list(points), **found}


def told(like, params):
    """What a likelihood says at a point; where it holds the amplitudes, slow to compile, the essence."""
    value, slope = jax.value_and_grad(like)(params)
    found = {"gradient": jnp.stack(list(slope.values())), "predictions": like.predictions(params)}
    if any(" BSZ " in name for name in params):
        return {**found, "log density": value}
    parts = {f"by group/{name}": part for name, part in like.by_group(params).items()}
    return {**found, **parts, "log density": like(params), "chi2": like.chi2(params), "pulls": like.pulls(params)}


def density(free, batch=POINTS, **question):
    """A likelihood at drawn points."""
    like = bsfit.log_likelihood(free=free, **question)
    return {**at(draw(free), told, like, batch), "observables": like.observables, "free": list(like.free)}


def values(names, free, batch=40, **question):
    """Predictions at drawn points, the first three also by `bsfit.predict`."""
    points, fixed = draw(free), question.get("fixed", {})
    function = bsfit.prediction(names, free=tuple(points), **question)
    single = [{**fixed, **{name: float(column[i]) for name, column in points.items()}} for i in range(3)]
    one_by_one = [list(bsfit.predict(names, question["model"], params).values()) for params in single]
    found = at(points, lambda function, params: {"predictions": function(params)}, function, batch)
    return {**found, "predict": one_by_one, "observables": names}


def best_fit(free, **question):
    """Best values, errors and intervals of a fit."""
    found, none = bsfit.fit(bsfit.log_likelihood(free=free, **question)), (np.nan, np.nan)
    names = [name for name in found.names if name not in found.undetermined]
    intervals = [(*found.intervals_1.get(name, none), *found.intervals_2.get(name, none)) for name in names]
    rows = [[found.values[name], *found.errors[name], *ends] for name, ends in zip(names, intervals, strict=True)]
    rows += [[c["value"], c["minus"], c["plus"], *none, *none] for c in found.combinations]
    numbers = np.array([found.chi2, found.pull, found.log_likelihood, found.pull_delta_chi2], dtype=float)
    status = [found.status, str(found.ndf), str(found.pull_dof)]
    names += [*(c["name"] for c in found.combinations), *found.nuisances]
    return {"estimates": rows, "names": names, "goodness": numbers, "status": status}


def scenarios(data, *question):
    """A table of scenarios."""
    table = bsfit.fit_scenarios(data, *question)
    rows = (*table.rows, *table.pairs)
    pairs = [(x, error, error) for row in table.pairs for x, error in zip(row["best"], row["errors"], strict=True)]
    return {
        "estimates": [[row["best"], *row["errors"], *row["interval_1"], *row["interval_2"]] for row in table.rows],
        "pairs": np.array(pairs).reshape(-1, 3),
        "goodness": np.array([[table.reference_chi2, 0.0], *([row["chi2"], row["pull"]] for row in rows)], dtype=float),
        "names": [*(row["name"] for row in table.rows), *(" ".join(row["names"]) for row in table.pairs)],
        "status": [row["status"] for row in rows],
    }


def profiled():
    """The profile of one of two coefficients, on a given grid."""
    like = bsfit.log_likelihood(data="seed-2017", inputs="seed", free=within(10.0, "C9_bsmumu C10_bsmumu"))
    found = bsfit.profile(like, "C9_bsmumu", points=21, span=(-1.8, 0.8))
    ends = np.ravel([*found.intervals_1, *found.intervals_2])
    error = (ends[1] - ends[0]) / 2
    return {"profile": found.delta_chi2, "estimates": [[x, error, error] for x in (found.best["C9_bsmumu"], *ends)]}


def figure_6():
    """The twelve couplings of `tests/reference/models_dark.json`, what follows, and their slopes by the masses."""
    model = bsfit.at_relic_density("loop", "lambda_L_mu", (0.3, 10.0))
    names = ["lambda_L_mu", "Omega_h2", "sigma_SI", "C9_bsmumu"]
    function = bsfit.prediction(names, model, "reference", FIG_6, ("m_L", "m_X"))
    masses = np.array([(m_l, m_x) for m_l, row in FIG_6_MASSES.items() for m_x in row], dtype=float)
    points = dict(zip(("m_L", "m_X"), masses.T, strict=True))

    def solved(function, params):
        slope = jax.grad(lambda params: function(params)[0])(params)
        return {"couplings": function(params), "slopes": jnp.stack(list(slope.values()))}

    return {**at(points, solved, function, len(masses)), "observables": names}


SEED, PROPAGATED, SAMPLED = {"data": "seed-2017", "inputs": "seed"}, {"theory": "propagated"}, {"theory": "sampled"}
if "exact" in inspect.signature(bsfit.log_likelihood).parameters:
    SAMPLED["exact"] = True  # polynomials of nuisances are not to be compared with amplitudes to 1e-10
RATES, ANGLES_K = ({"data": f"lhcb-kmumu-{x}-2014", "nuisances": list(KMUMU), **SAMPLED} for x in ("br", "angular"))
ANGLES_V = {"data": ["lhcb-kstaree-angular-2015"], "nuisances": list(KSTAREE), **SAMPLED}
RELIC, WITH_PHI = ({"model": "portal", "fixed": {**HEAVY, "lambda_Q_b": 0.1, **more}} for more in ({}, PHI))
JOINT, LIMITED = {"model": "loop", "fixed": LOOP}, ["seed-2017", "mixing", "relic", "lz-2022"]
LOOP_FIT = {**JOINT, **SEED, "data": ["seed-2017", "mixing"], "fixed": {**QUARKS, "m_L": 1000.0, "m_X": 300.0}}
TABLE = ["C9mu", "C10mu", "C9e", "C9mu=-C10mu", "C9mu=-C9pmu", "C7", ("C9mu", "C10mu"), ("C9mu", "C9e")]
CASES = {
    "eft seed-2017": partial(density, MUONS, **SEED),
    "eft seed-2017 sampled": partial(density, {**MUONS, "QED B->K": (-2, 2), "QED B->K*": (-2, 2)}, **SEED, **SAMPLED),
    "eft lfu": partial(density, COMPLEX, data="lfu"),
    "eft lfu propagated": partial(density, COMPLEX, data="lfu", **PROPAGATED),
    "eft lfu-mixing": partial(density, MIXING, data="lfu-mixing"),
    "eft lfu-mixing propagated": partial(density, MIXING, data="lfu-mixing", **PROPAGATED),
    "eft global-2017": partial(density, GLOBAL, 50, data="global-2017"),
    "eft latest": partial(density, GLOBAL, 50, data="latest"),
    "eft latest propagated": partial(density, MUONS, 20, data="latest", **PROPAGATED),
    "eft kmumu sampled": partial(density, {"C9_bsmumu": (-2.0, 1.0), **KMUMU}, 50, **ANGLES_K),
    "eft kstaree sampled": partial(density, {"C7p_bs": (-0.2, 0.2), **KSTAREE}, 50, **ANGLES_V),
    "portal lfu-mixing": partial(density, PORTAL_BOX, model="portal", data="lfu-mixing", fixed=PORTAL),
    "portal relic": partial(density, PORTAL_DARK, 40, data=["relic", "lz-2024"], **RELIC),
    "loop equal": partial(density, LOOP_BOX, 40, data=LIMITED, **JOINT),
    "loop upper": partial(density, LOOP_BOX, 40, data=[*LIMITED, "planck-annihilation-2018"], relic="upper", **JOINT),
    "loop propagated": partial(density, LOOP_BOX, 40, data=["seed-2017", "relic"], **JOINT, **PROPAGATED),
    "own model": partial(density, OWN, model=own_model, data="lfu"),
    "eft predictions": partial(values, [*FLAVOUR, *DIPOLES, *SCALAR], {**COMPLEX, **OTHERS}, model="eft"),
    "portal predictions": partial(values, [*FLAVOUR, *SHIFTS], PORTAL_BOX, model="portal", fixed=COMPLEX_PORTAL),
    "portal dark matter": partial(values, [*DARK, *OF_PORTAL], PORTAL_DARK, **RELIC),
    "portal with phi": partial(values, [*DARK, *OF_PORTAL, "m_h2", "sin_theta"], PORTAL_DARK, **WITH_PHI),
    "loop predictions": partial(values, [*FLAVOUR, *DIPOLES, *SHIFTS, *OF_LOOP], LOOP_WIDE, model="loop", fixed=QUARKS),
    "loop dark matter": partial(values, [*DARK, "sigma_SI_lepton_loop"], LOOP_BOX, **JOINT),
    "fit eft seed-2017": partial(best_fit, within(10.0, "C9_bsmumu C10_bsmumu"), **SEED),
    "fit eft lfu": partial(best_fit, within(3.0, "C9mu"), data="lfu"),
    "fit eft global-2017": partial(best_fit, within(6.0, "C9mu C10mu"), data="global-2017"),
    "fit eft latest": partial(best_fit, within(6.0, "C9mu C10mu"), data="latest"),
    "fit eft kmumu sampled": partial(best_fit, within(6.0, "C9mu"), **RATES),
    "fit portal": partial(best_fit, PORTAL_FREE, model="portal", data="lfu-mixing", fixed={**PORTAL, "m_Zp": 2000.0}),
    "fit loop": partial(best_fit, {"lambda_Q_s": (-1.0, 0.0), "lambda_L_mu": (0.0, 3.5)}, **LOOP_FIT),
    "profile": profiled,
    "scenarios lfu": partial(scenarios, "lfu"),
    "scenarios global-2017": partial(scenarios, "global-2017", TABLE),
    "figure 6": figure_6,
}


def chosen(name, only):
    return not only or any(part in name for part in only)


def git(*arguments, at):
    """Output of a git command, empty where it fails."""
    return subprocess.run(["git", "-C", str(at), *arguments], capture_output=True, text=True).stdout.strip()


def record(path, only):
    """All quantities of the chosen cases, as arrays named ``case/quantity``."""
    found, home, started = {}, Path(bsfit.__file__).parent, time.time()
    for name in (name for name in CASES if chosen(name, only)):
        begun = time.time()
        try:
            quantities = CASES[name]()
        except Exception as error:  # the other cases are still worth having, and `diff` will fail
            quantities = {"failed": repr(error)}
        arrays = {f"{name}/{key}": np.asarray(value) for key, value in quantities.items()}
        lost = sum(np.sum(~np.isfinite(x)) for x in arrays.values() if x.dtype.kind == "f")
        state = quantities.get("failed", f"{lost} numbers not finite")
        print(f"{name}: {time.time() - begun:.1f} s, {state}", file=sys.stderr, flush=True)
        found |= arrays
    changed = " with changes" if git("status", "--porcelain", "--", ".", at=home) else ""
    meta = {"version": bsfit.__version__, "commit": git("rev-parse", "HEAD", at=home) + changed, "file": str(home)}
    np.savez_compressed(path, meta=json.dumps({**meta, "jax": jax.__version__}), **found)
    print(f"{len(found)} arrays, {time.time() - started:.0f} s", file=sys.stderr)


def scale(measure, old):
    """What a difference is divided by: of the shape of the array, or one that broadcasts to it."""
    size = np.where(np.isfinite(old), np.abs(old), 0.0)
    if measure == "relative":
        typical, largest = np.median(size, axis=0), np.max(size, axis=0)
        return np.maximum(size, np.where(typical > 0, typical, np.where(largest > 0, largest, 1.0)))
    if measure == "sigma":
        return np.max(size[:, 1:3], axis=1, keepdims=True)
    return size if measure == "coupling" else np.ones(())


def difference(measure, old, new):
    """Largest difference in a measure, and its place."""
    if old.shape != new.shape or old.dtype.kind != new.dtype.kind:
        return np.inf, f"{old.shape} {old.dtype} and {new.shape} {new.dtype}"
    same = (old == new) | ((old != old) & (new != new))
    if same.all():
        return 0.0, ""
    if old.dtype.kind != "f":
        return np.inf, f"at {np.argwhere(~same)[0].tolist()}"
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(same, 0.0, np.abs(new - old) / scale(measure, old))
    apart = np.where(np.isnan(apart), np.inf, apart)
    return float(apart.max()), f"at {[int(i) for i in np.unravel_index(np.argmax(apart), apart.shape)]}"


def diff(old_path, new_path, only):
    """Print the table; True if all is within its limit."""
    old, new = (dict(np.load(path)) for path in (old_path, new_path))
    print(f"old {old.pop('meta')}\nnew {new.pop('meta')}\n{'case/quantity':45s} {'largest':>9s} {'limit':>8s}")
    keys, failed = [key for key in {**old, **new} if chosen(key.split("/")[0], only)], 0
    for key in keys:
        measure = MEASURES.get(key.split("/")[1], "equal")
        limit, missing = LIMITS[measure], [name for name, found in (("old", old), ("new", new)) if key not in found]
        worst, place = (np.inf, f"not in {missing[0]}") if missing else difference(measure, old[key], new[key])
        good = worst <= limit and not key.endswith("/failed")
        failed += not good
        if limit or not good:
            print(f"{key:45s} {worst:9.1e} {limit:8.0e} {'  ' if good else 'NO'} {place}".rstrip())
    print(f"{len(keys)} quantities compared, also those that must be equal, not printed; {failed} over the limit")
    return bool(keys) and not failed


def compare(commits, only):
    """Record each commit in a worktree of its own, the working tree where there is one commit only, and compare."""
    root = Path(__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{i}.npz" for i in range(2)]
        for file, commit in zip(files, (*commits, None)[:2], strict=True):
            tree = file.with_suffix("") if commit else root
            try:
                if commit:
                    subprocess.run(["git", "-C", root, "worktree", "add", "--detach", tree, commit], check=True)
                order = [sys.executable, __file__, "record", file, *(("--only", *only) if only else ())]
                subprocess.run(order, check=True, env={**os.environ, "PYTHONPATH": str(tree / "src")})
            finally:
                if commit:
                    git("worktree", "remove", "--force", str(tree), at=root)
        return diff(*files, only)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", help="record FILE, diff OLD NEW, or one or two commits")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="cases whose name contains one of these")
    arguments = parser.parse_args()
    match arguments.what:
        case ["record", path]:
            record(path, arguments.only)
        case ["diff", old_path, new_path]:
            sys.exit(not diff(old_path, new_path, arguments.only))
        case [first] | [first, _] if first not in ("record", "diff"):
            sys.exit(not compare(arguments.what, arguments.only))
        case _:
            parser.error("record FILE, diff OLD NEW, or one or two commits")
