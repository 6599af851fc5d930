"""Files to records: the only room that opens ``data/`` or user files; no physics, no JAX but in `inputs`."""
