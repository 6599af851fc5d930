"""Observables of dark matter: rows of the catalogue, plain data free of JAX.

A row is what `catalogue.Quantity` takes by name. The file of `dark_matter/` that a row names as its process has
``predicted(key, theory, inputs)``, a function of the model's dark sector: there are no moments.
"""

PROCESSES = ("relic_density", "direct_detection", "indirect_detection")
"""Files of `dark_matter/`."""


def _scattering(
    key: str, tex: str, source: str = "Goodman:1984dc", nuisances: tuple[str, ...] = ("SI_Z_penguin", "f_N")
) -> dict:
    return {
        "process": "direct_detection", "key": key, "unit": "cm^2", "tex": tex, "group": "direct", "sources": (source,),
        "nuisances": nuisances,
    }  # fmt: skip


QUANTITIES: tuple[dict, ...] = (
    {
        "process": "relic_density",
        "key": "Omega_h2",
        "unit": "1",
        "tex": r"\Omega h^2",
        "group": "relic",
        "nuisances": ("Omega_h2 *",),
        "sources": ("Gondolo:1990dk",),
    },
    {
        "process": "relic_density",
        "key": "x_f",
        "unit": "1",
        "tex": "x_f",
        "group": "relic",
        "sources": ("Gondolo:1990dk",),
    },
    _scattering("sigma_SI", r"\sigma_{\rm SI}"),
    _scattering("sigma_SI_p", r"\sigma_{\rm SI}^p"),
    _scattering("sigma_SI_n", r"\sigma_{\rm SI}^n"),
    _scattering("sigma_SI_tree", r"\sigma_{\rm SI}^{\rm tree}"),
    _scattering("sigma_SI_lepton_loop", r"\sigma_{\rm SI}^\ell"),
    _scattering("sigma_SD_p", r"\sigma_{\rm SD}^p", "Jungman:1995df", ("Delta_?",)),
    _scattering("sigma_SD_n", r"\sigma_{\rm SD}^n", "Jungman:1995df", ("Delta_?",)),
    {
        "process": "indirect_detection",
        "key": "sigma_v",
        "unit": "cm^3/s",
        "tex": r"\langle\sigma v\rangle",
        "group": "indirect",
        "sources": ("Slatyer:2015jla",),
    },
)
