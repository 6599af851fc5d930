"""One file per process: moments quadratic in the coefficients, and named observables made of them."""
