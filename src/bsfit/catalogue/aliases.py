"""Names by which other codes and papers call observables, read as ours; free of JAX.

``P5p``, ``P5'``, ``S5``, ``AFB``: the angular observables of B0 -> K* mu mu, which papers give no decay.
``B->K^*ll::P'_5;l=mu,q=d``: the names of EOS, with the defaults of that code, muons and q = d; a bin follows. What is
read is the same quantity in our convention, that of LHCb, whatever the sign or the factor of two of the other code.
"""

import re
from functools import cache

_OF_EOS = re.compile(
    r"^(?P<decay>B->K|B->K\^\*|B_s->phi)ll::(?P<quantity>[^@;\[\]]+)(?P<options>(?:[@;,][^;,\[\]]+)*)$"
)
_MESONS = {"d": "B0", "u": "B+"}
_LEPTONS = ("e", "mu", "tau")
_QUANTITIES = {"A_FB": "AFB", "F_L": "FL", "F_H": "FH", "A_CP": "ACP", "BR": "BR"}
_ANGULAR = re.compile(r"^(?P<kind>[PSA])(?P<prime>')?_(?P<index>\d[sc]?)$")
_SHORT = re.compile(r"^(?:P[4568][p']|P[123]|[SA](?:[3-5789]|6[sc])|AFB|FL|ACP)$")


@cache
def read_alias(stem: str) -> str | None:
    """Our name without a bin of one that is not ours, None where it is none of those."""
    if _SHORT.match(stem):
        return f"<{stem.replace(chr(39), 'p')}>(B0->K*mumu)"
    match = _OF_EOS.match(stem)
    return _of_eos(match) if match else None


def _of_eos(match: re.Match[str]) -> str | None:
    given = (part.partition("=") for part in re.split("[@;,]", match["options"]))
    options = {key: value for key, equals, value in given if equals}
    lepton, meson = options.get("l", "mu"), _MESONS.get(options.get("q", "d"))
    if lepton not in _LEPTONS or meson is None:
        return None
    decay = {"B->K": f"{meson}->K", "B->K^*": f"{meson}->K*", "B_s->phi": "Bs->phi"}[match["decay"]]
    if match["quantity"] == {"B->K": "R_K", "B->K^*": "R_K^*"}.get(match["decay"]):
        return f"<Rmue>({decay}ll)"
    angular = _ANGULAR.match(match["quantity"])
    name = f"{angular['kind']}{angular['index']}{'p' if angular['prime'] else ''}" if angular else None
    name = name or _QUANTITIES.get(match["quantity"])
    return name and f"<{name}>({decay}{lepton}{lepton})"
