"""Where the theory errors of predictions come from."""

from dataclasses import dataclass, field
from typing import Any

from bsfit.results import shapes, tables
from bsfit.results.record import Record

SHOWN = 10
"""So many inputs of an observable are printed, and none that adds less than `SMALL` to its variance."""

SMALL = 1e-4


@dataclass(frozen=True, eq=False)
class ErrorBudget(Record):
    """Theory errors of observables at one point by group of inputs, and by input.

    `values` and `errors` (standard deviations) are in the order of the `observables`; so are the entries of `groups`
    and `inputs`. Groups add in squares to the error; of correlated inputs each entry is what it does alone.
    """

    observables: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    groups: dict[str, tuple[float, ...]]
    inputs: dict[str, tuple[float, ...]]
    notes: tuple[str, ...] = ()
    meta: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise ValueError if entries and observables differ in number."""
        every = (self.values, self.errors, *self.groups.values(), *self.inputs.values())
        shapes.need(all(len(entry) == len(self.observables) for entry in every), "entries and observables differ")

    def by_group(self, observable: str) -> dict[str, float]:
        """Standard deviations of one observable, the largest first."""
        return self._of(self.groups, observable)

    def by_input(self, observable: str) -> dict[str, float]:
        """The same by input."""
        return self._of(self.inputs, observable)

    def _of(self, table: dict[str, tuple[float, ...]], observable: str) -> dict[str, float]:
        i = self.observables.index(observable)
        return dict(sorted(((name, entry[i]) for name, entry in table.items()), key=lambda pair: -pair[1]))

    def __str__(self) -> str:
        blocks = [self._printed(*row) for row in zip(self.observables, self.values, self.errors, strict=True)]
        return "\n\n".join([*blocks, *(("\n".join(f"note: {note}" for note in self.notes),) if self.notes else ())])

    def _printed(self, name: str, value: float, error: float) -> str:
        head = f"{name} = {tables.number(value, error)} +- {tables.number(error, error)}"
        if not error > 0.0:
            return f"{head}: none of the inputs moves it"
        parts = [
            [heading, *self._rows(entries, error)]
            for heading, entries in (("group", self.by_group(name)), ("input", self.by_input(name)))
        ]
        return "\n\n".join([head, *(tables.aligned([part[0], "error", "of variance"], part[1:]) for part in parts)])

    def _rows(self, entries: dict[str, float], error: float) -> list[list[str]]:
        shares = {name: (part / error) ** 2 for name, part in entries.items() if (part / error) ** 2 >= SMALL}
        listed = list(shares)[:SHOWN]
        return [[name, tables.number(entries[name], entries[name]), f"{100 * shares[name]:.3g} %"] for name in listed]
