"""The bibliography that comes with bsfit: entries in BibTeX by their INSPIRE keys."""

import re
from functools import cache

from bsfit.loading.input_files import DATA

_ENTRY = re.compile(r"^@\w+\{([^,\s]+),.*?^\}", re.MULTILINE | re.DOTALL)
_CITED = re.compile(r"\[([^\[\]\s]+:[^\[\]\s]+)\]")


@cache
def bibliography() -> dict[str, str]:
    """Every entry, as it stands in the file."""
    text = (DATA / "references.bib").read_text(encoding="utf-8")
    return {match[1]: match[0] for match in _ENTRY.finditer(text)}


def cited_in(text: str | None) -> tuple[str, ...]:
    """Keys of the bibliography that a text names in brackets."""
    return tuple(key for key in _CITED.findall(text or "") if key in bibliography())
