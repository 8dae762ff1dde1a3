"""What people see: tables and progress, plain where nobody looks."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

# Wide enough that no table breaks where it is piped; narrow tables stay narrow.
PLAIN_WIDTH = 160
# Of which nothing that is measured has more.
UNBOUNDED_WIDTH = 1_000_000
NUMBER = (int, float)


def console(stderr: bool = False) -> Console:
    """A console for results (stdout) or for progress and errors (stderr); never coloured when not a terminal."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else PLAIN_WIDTH)


def print_json(document: Any) -> None:
    """One JSON document on stdout, for scripts."""
    print(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table with numbers to the right."""
    rows = list(rows)
    drawn = Table(
        title=title and escape(title), title_justify="left", title_style="bold", header_style="bold", box=None
    )
    for index, name in enumerate(columns):
        is_number = any(isinstance(row[index], NUMBER) for row in rows)
        drawn.add_column(escape(name), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(shown(value) for value in row))
    return drawn


def rows_or_records(out: Console, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> RenderableType:
    """Rows as a table, or one below the other, a column a line, where a table would be wider than the terminal."""
    drawn = table(None, columns, rows)
    needed = Measurement.get(out, out.options.update_width(UNBOUNDED_WIDTH), drawn).maximum
    return drawn if needed <= out.width else Group(*(_record(columns, row, n) for n, row in enumerate(rows, 1)))


def _record(columns: Sequence[str], row: Sequence[Any], number: int) -> Table:
    drawn = Table.grid(padding=(0, 2, 0, 1))
    drawn.title, drawn.title_justify, drawn.title_style = f"row {number:,}", "left", "bold"
    drawn.add_column(no_wrap=True, style="dim")
    drawn.add_column(overflow="fold")
    for name, value in zip(columns, row, strict=True):
        drawn.add_row(escape(name), shown(value))
    return drawn


def shown(value: Any) -> str:
    """A cell's text."""
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return escape(str(value))


class Phases:
    """How far a number of things came, phase by phase: bars on a terminal, a line per finished phase elsewhere."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._bars = progress, {}
        self._began, self._finished = time.monotonic(), set()

    def update(self, phase: str, done: int, total: int | None) -> None:
        if self._progress is None:
            self._tell(phase, done, total)
            return
        if phase not in self._bars:
            self._bars[phase] = self._progress.add_task(phase, total=total)
        self._progress.update(self._bars[phase], completed=done, total=total)

    def say(self, text: str) -> None:
        """A line that stays, above the bars."""
        target = self._progress.console if self._progress else console(stderr=True)
        target.print(escape(text), soft_wrap=True)

    def _tell(self, phase: str, done: int, total: int | None) -> None:
        if total is not None and done >= total and phase not in self._finished:
            self._finished.add(phase)
            self.say(f"{phase}: {done:,} after {time.monotonic() - self._began:.1f} s")


@contextmanager
def phases() -> Iterator[Phases]:
    """Progress on stderr."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield Phases(None)
        return
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err) as progress:
        yield Phases(progress)
