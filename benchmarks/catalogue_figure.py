"""docs/nineteen.png: all models of the review in the plane of C9mu and Delta M_s, on data of 2017 and of today.

    python benchmarks/catalogue_figure.py [--points 41] [PART ...]

A part is ``data``, the name of a model, or ``draw``; without any, all of them, which takes half an hour. What was
computed stays in the folder ``nineteen`` and is not computed again; the picture and its numbers are written beside it.

A line is a model whose first free parameter (`bsfit show MODEL`) runs over its bounds, the others at their defaults,
with the coupling that the relic density fixes at Omega h2 = 0.12. Where no coupling does that, or none is known, the
line is that of the default coupling, thin in the first case. Data are likelihoods of C9mu (with C10mu = -C9mu above)
and of Delta M_s, added. Models that were not computed are not drawn, and named.
"""

import argparse
import json
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import bsfit
from bsfit import catalogue
from bsfit.compiling import compile_quickly
from bsfit.plot.canvas import COLOURS, canvas, save, save_table
from bsfit.predictions.at_relic_density import at_relic_density

FOLDER = Path("nineteen")
PLANCK, BLOCK = 0.12, 16
ERAS = {"2017": ("global-2017", "hfag-dms-2015"), "today": ("latest", "lhcb-dms-combination-2021")}
C9 = np.linspace(-2.2, 1.0, 161)
C_MIXING = np.linspace(-4e-11, 2e-11, 161)
PLANE = {"C9": (-1.9, 0.7), "mixing": (0.86, 1.4)}
LEVELS = (0.0, 2.30, 5.99)
"""Delta chi2 of 68 and 95 % in two dimensions."""

VECTOR = ("lmutau", "xb3", "charges-A", "charges-B", "charges-C", "light", "loop_zprime_scalar", "loop_zprime_fermion")
"""Models whose coefficients are nearer to C9 alone than to C9 = -C10."""

SAME = {
    "hidden-majorana": "hidden",
    "hidden-split": "hidden",
    "leptoquark_nplet-5": "leptoquark_nplet",
    "light-scalar": "light",
}
"""Variants that differ in dark matter alone: coefficients are those of the other one."""


def names():
    return [name for name, row in catalogue.MODELS.items() if not row.effective and name not in SAME]


def _path(name):
    return FOLDER / f"{name}.json"


def kept(name, compute):
    path = _path(name)
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps(compute()))
        print("computed", name, flush=True)
    return json.loads(path.read_text())


# ------------------------------------------------------------------------------------------------------------- data


def data(era):
    """Delta chi2 of C9mu in both patterns, and of Delta M_s over the Standard Model."""
    angular, mixing = ERAS[era]
    like = bsfit.log_likelihood("eft", [angular], dict.fromkeys(("C9mu", "C10mu"), (-3.0, 3.0)))
    at = jax.jit(jax.vmap(lambda c9, c10: like({"C9mu": c9, "C10mu": c10})))
    found = {"alone": at(C9, 0 * C9), "minus": at(C9, -C9)}
    name = "CVLL_bsbs"
    like = bsfit.log_likelihood("eft", [mixing], {name: (-5e-11, 5e-11)})
    found["mixing"] = jax.jit(jax.vmap(lambda c: like({name: c})))(C_MIXING)
    ratio = bsfit.prediction(["DeltaM_s/SM"], "eft", free=[name])
    found = {key: (-2 * (x - x.max())).tolist() for key, x in found.items()}
    return {**found, "ratio": jax.jit(jax.vmap(lambda c: ratio({name: c})[0]))(C_MIXING).tolist()}


# ------------------------------------------------------------------------------------------------------------ models


def _along(low, high, points):
    """Points of an interval, denser around zero, where coefficients of a small coupling are."""
    share = jnp.linspace(*(jnp.sign(end) * jnp.sqrt(jnp.abs(end)) for end in (low, high)), points)
    return share * jnp.abs(share)


def line(name, points):
    """Rows [axis, coupling that the relic density fixes, C9, C10, Delta M_s/SM]: along the axis, and at its default.

    `free` has those of the default coupling, where that does not fix one everywhere.
    """
    row = catalogue.MODELS[name]
    relic = row.relic
    coupling = relic[0] if relic else None
    axis = next((p for p in row.free if p != coupling), None)
    wanted = ["C9_bsmumu", "C10_bsmumu", "DeltaM_s/SM"]
    moved = axis or coupling
    given = {key: value for key, value in row.benchmark.items() if key not in (axis, coupling)}
    at = row.benchmark[moved]
    values = jnp.append(_along(*row.free[axis], points), at) if axis else jnp.array([at])
    rows = {}
    if coupling:
        model = at_relic_density(name, *relic, PLANCK)
        fixed = bsfit.prediction([coupling, *wanted], model, fixed=given, free=[axis] if axis else [])
        if axis:
            run = compile_quickly(lambda x: jax.lax.map(lambda v: fixed({axis: v}), x, batch_size=BLOCK))
            rows["fixed"] = np.column_stack([values, run(values)])
        else:
            rows["fixed"] = np.column_stack([[np.nan], compile_quickly(lambda: fixed({}))()[None]])
    if not coupling or not np.isfinite(rows["fixed"][:, 1:]).all():
        start = {**given, **({coupling: row.benchmark[coupling]} if axis and coupling else {})}
        plain = bsfit.prediction(wanted, name, fixed=start, free=[moved])
        found = np.asarray(compile_quickly(jax.vmap(lambda v: plain({moved: v})))(values))
        rows["free"] = np.column_stack([values, np.full(len(values), np.nan), found])
    return {"axis": axis or "", "coupling": coupling or "", **{key: x.tolist() for key, x in rows.items()}}


# ------------------------------------------------------------------------------------------------------------ picture


def draw(folder):
    """Two patterns of coefficients below each other, two eras of data side by side; returns the paths."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    lines = {path.stem: json.loads(path.read_text()) for path in map(_path, names()) if path.exists()}
    if missing := [name for name in names() if name not in lines]:
        print("not computed, and not drawn:", ", ".join(missing))
    with canvas(11.5, 9.5, 2, 2) as (figure, axes):
        for column, era in enumerate(ERAS):
            of = {key: np.asarray(x) for key, x in json.loads(_path(f"data-{era}").read_text()).items()}
            for ax, pattern in zip(axes[:, column], ("minus", "alone"), strict=True):
                _data(ax, of, pattern)
                for name, style in _styles(pattern, lines).items():
                    _model(ax, lines[name], style)
                ax.set(xlim=PLANE["C9"], ylim=PLANE["mixing"])
                ax.set_xlabel(r"$C_9^\mu$")
                ax.set_title(f"{TITLES[pattern]}, {TITLES[era]} ({ERAS[era][0]})", fontsize=12)
                if column == 0:
                    ax.set_ylabel(r"$\Delta M_s/\Delta M_s^{\rm SM}$")
        for ax, pattern in zip(axes[:, 1], ("minus", "alone"), strict=True):
            handles = [Line2D([], [], label=_label(name), **style) for name, style in _styles(pattern, lines).items()]
            handles += [
                Patch(color=shade, label=f"data, {level} %") for shade, level in zip(GREY, (68, 95), strict=True)
            ]
            ax.legend(handles=handles, loc="center left", bbox_to_anchor=(1.02, 0.5), handlelength=2.6)
        figure.tight_layout()
        written = [save(figure, folder / "nineteen.png")]
    columns = {key: [] for key in ("model", "axis", "value", "coupling", "at", "C9mu", "C10mu", "DeltaM_s/SM")}
    for name, found in lines.items():
        for row in found["fixed" if "fixed" in found else "free"]:
            described = (name, found["axis"], row[0], found["coupling"], *row[1:])
            for key, value in zip(columns, described, strict=True):
                columns[key].append(value if isinstance(value, str) else float(f"{value:.5g}"))
    written.append(save_table(folder / "nineteen.png", {key: np.asarray(x) for key, x in columns.items()}))
    return written


TITLES = {
    "2017": "before March 2018",
    "today": "today",
    "minus": r"$C_9^\mu=-C_{10}^\mu$",
    "alone": r"$C_9^\mu$ alone or nearly so",
}


GREY = ("0.72", "0.88")


def _label(name):
    """The name, the number of the paper, an asterisk where the model is repaired."""
    row = catalogue.MODELS[name]
    papers = ", ".join(re.findall(r"\d{4}\.\d{5}", row.summary))
    return f"{name} [{papers}]" + ("*" if row.origin.startswith("repaired") else "")


def _styles(pattern, drawn):
    """Colour and dashes of each model: colours again with other dashes where there are more models than colours."""
    inside = [name for name in drawn if (name in VECTOR) == (pattern == "alone")]
    cycle = (*COLOURS, "#222222")
    dashes = ("-", (0, (6, 2)), (0, (2, 1.2)))
    return {
        name: {"color": cycle[i % len(cycle)], "linestyle": dashes[i // len(cycle)], "linewidth": 1.7}
        for i, name in enumerate(inside)
    }


def _data(ax, of, pattern):
    order = np.argsort(of["ratio"])
    total = of[pattern][None, :] + of["mixing"][order][:, None]
    x, y, z = C9, of["ratio"][order], total - total.min()
    ax.contourf(x, y, z, LEVELS, colors=GREY, zorder=0)
    ax.axhline(1.0, color="0.6", linewidth=0.6, zorder=0.5)
    ax.axvline(0.0, color="0.6", linewidth=0.6, zorder=0.5)


def _model(ax, found, style):
    """Its line where the relic density is right, a thin one elsewhere, a point at its defaults."""
    if "free" in found:
        along = np.array(found["free"])[:-1]
        ax.plot(along[:, 2], along[:, 4], **{**style, "linewidth": 0.7})
    rows = np.array(found["fixed" if "fixed" in found else "free"])
    ax.plot(rows[:-1, 2], rows[:-1, 4], **style)
    ax.plot(*rows[-1, [2, 4]], "o", markersize=5.5, color=style["color"], markeredgecolor="white", zorder=5)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--points", type=int, default=41)
    arguments = parser.parse_args()
    parts = arguments.parts or ["data", *names(), "draw"]
    for part in parts:
        if part == "data":
            for era in ERAS:
                kept(f"data-{era}", lambda era=era: data(era))
        elif part != "draw":
            kept(part, lambda part=part: line(part, arguments.points))
    if "draw" in parts:
        print("wrote", *draw(Path()))
