"""Observables of dark matter: one file per probe, integrating what `theory.DarkSector` holds."""
