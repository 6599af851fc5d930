"""What several models are made of: couplings and masses to Wilson coefficients."""
