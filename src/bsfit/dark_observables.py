"""Observables of dark matter: rows of the catalogue, plain data free of JAX.

A row is what `catalogue.Quantity` takes by name. The file of `dark_matter/` that a row names as its process has
``predicted(key, theory, inputs)``, a function of the model's dark sector: there are no moments.
"""

PROCESSES = ("relic_density",)
"""Files of `dark_matter/`."""

QUANTITIES: tuple[dict, ...] = (
    {
        "process": "relic_density",
        "key": "Omega_h2",
        "unit": "1",
        "tex": r"\Omega h^2",
        "group": "relic",
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
)
