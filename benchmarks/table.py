"""What was measured, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One figure: as it is, and beside another. `wanted` is the most that it may be, or the least
    if `least`; None where nothing is promised."""

    what: str
    figure: str
    beside: str = ""
    ratio: float | None = None
    wanted: float | None = None
    least: bool = False

    @property
    def misses(self) -> bool:
        if self.ratio is None or self.wanted is None:
            return False
        return self.ratio < self.wanted if self.least else self.ratio > self.wanted

    def cells(self) -> list[str]:
        wanted = ""
        if self.wanted is not None:
            wanted = f"{'at least' if self.least else 'at most'} {self.wanted:g}"
        verdict = "" if self.wanted is None else "no" if self.misses else "yes"
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return [self.what, self.figure, self.beside, ratio, wanted, verdict]


class Table(NamedTuple):
    """Rows that were measured side by side; `unit` says what the figures are."""

    title: str
    unit: str
    rows: list[Row]


def lines(table: Table) -> Iterable[str]:
    head = ["", table.unit, "beside", "ratio", "wanted", "met"]
    return grid(table.title, [head, *(row.cells() for row in table.rows)])


def grid(title: str, cells: Sequence[Sequence[str]]) -> Iterable[str]:
    """A table of cells, the first row of which is its head."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield f"### {title}"
    yield ""
    for number, row in enumerate(cells):
        texts = (f"{text:{width}}" for text, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(texts)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"
    yield ""
