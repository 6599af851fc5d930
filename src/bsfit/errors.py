"""The one exception for bad user input, the one warning, and the search for the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def printable(text: str) -> str:
    """Text of one line that cannot steer a terminal: what is not printable is escaped as `repr` does."""
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class BsfitInputError(ValueError):
    """Bad input from a user: says where it is, what was found, what was expected and what to do.

    Every part but `what` may be missing. The parts are positional, so that the error survives pickling between
    worker processes.
    """

    def __init__(
        self,
        what: str,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        field: str | None = None,
        expected: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what, file, line, column, field, expected, hint)
        self.what = what
        self.file = file
        self.line = line
        self.column = column
        self.field = field
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        """One line: `file:line:column: field: what; expected ... (hint)`."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        head = ": ".join(part for part in (place, self.field, self.what) if part)
        expected = f"; expected {self.expected}" if self.expected else ""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(head + expected + hint)


class BsfitWarning(UserWarning):
    """Something that a user should know, but that stops nothing."""

    def __str__(self) -> str:
        """One line."""
        return printable(super().__str__())


def one_of(value: object, allowed: Sequence[str], field: str, what: str) -> None:
    """Raise `BsfitInputError` for a choice that is none of the allowed ones; `what` it is of."""
    if not isinstance(value, str) or value not in allowed:
        hint = did_you_mean(value, allowed) if isinstance(value, str) else None
        raise BsfitInputError(f"unknown {what} {value!r}", field=field, expected=", ".join(allowed), hint=hint)


def nearest(name: str, candidates: Iterable[str], n: int = 3) -> tuple[str, ...]:
    """The at most `n` candidates closest to a misspelt name, best first; letter case counts little."""
    import difflib  # here, because the command line starts without it

    spelling: dict[str, str] = {}
    for candidate in candidates:
        spelling.setdefault(candidate.casefold(), candidate)
    # 200 characters are enough for any name of ours; difflib is quadratic in the length of hostile ones.
    close = difflib.get_close_matches(name[:200].casefold(), spelling, n=n, cutoff=0.6)
    return tuple(spelling[match] for match in close)


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Hint for a misspelt name, or None when nothing is close: `did you mean 'a', 'b' or 'c'?`."""
    close = [repr(match) for match in nearest(name, candidates)]
    if not close:
        return None
    return "did you mean " + " or ".join(filter(None, [", ".join(close[:-1]), close[-1]])) + "?"
