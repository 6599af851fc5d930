"""A term of one's own: anything that is known beside the data, as a log-density of a theory and the inputs."""

import bsfit


def positivity(theory, inputs):
    """Prefer C9 of the electron above that of the muon, softly."""
    excess = (theory.wilson["C9_bsmumu"] - theory.wilson["C9_bsee"]).real
    return -0.5 * (excess / 0.3) ** 2


free = {"C9mu": (-3, 3), "C9e": (-3, 3)}
like = bsfit.log_likelihood(data="lfu", free=free, terms={"positivity": positivity})
print(bsfit.fit(like))
