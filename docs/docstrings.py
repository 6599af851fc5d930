"""Docstrings as Markdown that `assembly` can finish: formulas on lines of their own and keys of papers; for griffe."""

import re
from typing import Any

from griffe import Extension, Object

_DISPLAYED = re.compile(r"^[ ]*\.\. math::\s*(.+?)(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)


class Formulas(Extension):
    """Displayed formulas become code, which Markdown leaves alone, and the underscore behind a key is escaped."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Called for everything that has a docstring."""
        if obj.docstring:
            text = _DISPLAYED.sub(lambda found: f":display:`{' '.join(found[1].split())}`", obj.docstring.value)
            obj.docstring.value = text.replace("]_", r"]\_")
