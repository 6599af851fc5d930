"""Results as files of other codes: the ending of the file says which."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from bsfit import __version__
from bsfit.errors import BsfitInputError, BsfitWarning, did_you_mean
from bsfit.exchange.arviz import to_arviz
from bsfit.exchange.wcxf import export_wcxf
from bsfit.likelihood.written import again
from bsfit.loading.inputs import from_description
from bsfit.results import DataTable, FitResult, Posterior, write_atomically
from bsfit.results.record import Record

ENDINGS = {
    ".nc": "netCDF of a posterior, as ArviZ reads it",
    ".csv": "draws of a posterior, or a table of data",
    ".json": "Wilson coefficients of a fit, as WCxf",
    ".yaml": "Wilson coefficients of a fit, as WCxf",
}
"""What is written into files with these endings."""


def export(result: Record, path: str | os.PathLike[str], *, prior_draws: int = 1000, seed: int = 0) -> Path:
    """Write a result for other codes, by the ending of `path` (`ENDINGS`). Returns the path.

    ``.nc`` (needs the extra `io`): the groups of `bsfit.to_arviz`, of the likelihood made again from what the result
    says of it, with `prior_draws` draws by `seed`. Where the likelihood cannot be made again, a BsfitWarning says why,
    and the file holds posterior and sample_stats alone.
    ``.csv``: `Posterior.to_csv`, `DataTable.to_csv`. ``.json``, ``.yaml``: `bsfit.export_wcxf` at the best fit.

    Raises BsfitInputError for another ending, a result that is not written so, and without the extra.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        hint = did_you_mean(path.suffix, ENDINGS)
        raise BsfitInputError(f"found the ending {path.suffix!r}", str(path), expected=", ".join(ENDINGS), hint=hint)
    if path.suffix == ".nc" and isinstance(result, Posterior):
        write_atomically(path, _netcdf(result, prior_draws, seed))
    elif path.suffix == ".csv" and isinstance(result, Posterior | DataTable):
        write_atomically(path, result.to_csv().encode())
    elif path.suffix in (".json", ".yaml") and isinstance(result, FitResult):
        export_wcxf(result, path, inputs=_inputs(result))
    else:
        what = f"a {type(result).__name__} is not written as {path.suffix}"
        raise BsfitInputError(what, str(path), expected=f"{path.suffix}: {ENDINGS[path.suffix]}")
    return path


def _inputs(result: FitResult) -> Any:
    about = result.meta.get("likelihood", {})
    return from_description(about) if "input_set" in about else "default"


def _netcdf(posterior: Posterior, prior_draws: int, seed: int) -> bytes:
    tree = _tree(posterior, prior_draws, seed)
    tree.attrs |= {"creation_library": "bsfit", "creation_library_version": __version__, "digest": posterior.digest()}
    tree.attrs |= {"convergence": posterior.verdict_line(), "command": posterior.meta.get("command", "")}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "posterior.nc"
        try:
            tree.to_netcdf(file, engine="h5netcdf")
        except (ImportError, ValueError) as problem:
            if "h5netcdf" not in str(problem):
                raise
            raise _missing("h5netcdf") from None
        return file.read_bytes()


def _tree(posterior: Posterior, prior_draws: int, seed: int) -> Any:
    """The DataTree of ArviZ, with what only the likelihood knows if it can be made again."""
    try:
        import arviz_base  # noqa: F401
    except ImportError:
        raise _missing("arviz-base") from None
    try:
        like = again(posterior.meta.get("likelihood", {}))
        return to_arviz(posterior, like, prior_draws=prior_draws, seed=seed)
    except (BsfitInputError, KeyError) as problem:
        why = problem.what if isinstance(problem, BsfitInputError) else "the result does not say what was asked for"
        said = f"posterior and sample_stats alone, the likelihood cannot be made again: {why}"
        warnings.warn(said, BsfitWarning, stacklevel=4)
        return posterior.to_arviz()


def _missing(package: str) -> BsfitInputError:
    return BsfitInputError(f"{package} is not installed", field="export", hint="pip install 'bsfit[io]'")
