"""One file per model: couplings -> Theory."""
