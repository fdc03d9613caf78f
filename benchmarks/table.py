"""The table that is printed, with every subject's rows as they come."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Series

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


class Results:
    """Rows of one subject."""

    def __init__(self, title: str) -> None:
        self._table = Table(title=title, title_justify="left", title_style="bold")
        self._table.add_column("what")
        for column in ("runs", "min s", "median s", "cpu s", "ratio"):
            self._table.add_column(column, justify="right")
        self._table.add_column("to")
        self._notes: list[str] = []

    def add(self, series: Series, bound: Series | None = None) -> None:
        """Add a row; the ratio is of the medians."""
        ratio = f"{series.median / bound.median:.2f}" if bound else ""
        self.add_ratio(series, ratio, bound.name if bound else "")

    def add_ratio(self, series: Series, ratio: str, bound: str) -> None:
        """Add a row with a ratio that was worked out elsewhere."""
        cpu = "" if series.cpu is None else f"{series.cpu:.2f}"
        times = (f"{series.fastest:.2f}", f"{series.median:.2f}", cpu)
        self._table.add_row(series.name, str(len(series.samples)), *times, ratio, bound)

    def note(self, text: str) -> None:
        """Add a line below the table."""
        self._notes.append(text)

    def print(self) -> None:
        """Print the table and its notes."""
        console.print(self._table)
        for text in self._notes:
            console.print(f"  {text}", markup=False, soft_wrap=True)
        console.print()
