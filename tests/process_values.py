"""One observable from the moments of its rows, as the wiring makes it."""


def combine(module, key, moments, rows, inputs):
    """The quantity `key` of a file of `observables/`."""
    return module.assemble(key, module.functionals(key, moments, rows, inputs), rows, inputs)
