"""Rows of words as columns that people and awk(1) can read."""

from __future__ import annotations

import os
from collections.abc import Sequence

from msgcli import stdio, terminal

_LONGEST_BAR, _SHORTEST_BAR = 40, 5


def columns(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """A line for each row. An empty cell is `-`; the columns in `right` end at the same place."""
    shown = [[terminal.line(cell) or "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in shown
    ]


def with_bars(lines: list[str], values: Sequence[float]) -> list[str]:
    """The lines, with a bar behind each as long as its value, where a terminal has the room."""
    if not stdio.is_terminal(stdio.STDOUT):
        return lines
    width = max(map(len, lines))
    room = min(os.get_terminal_size(stdio.STDOUT).columns - width - 3, _LONGEST_BAR)
    most = max(values, default=0)
    if room < _SHORTEST_BAR or most <= 0:
        return lines
    bars = ["█" * round(value / most * room) for value in values]
    return [f"{line:{width}}  {bar}".rstrip() for line, bar in zip(lines, bars, strict=True)]
