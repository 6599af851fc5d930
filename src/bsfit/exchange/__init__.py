"""Files of other codes: written from what bsfit knows, and read as coefficients."""
