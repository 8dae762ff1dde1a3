"""What a page is made of; `page.py` draws it. A state is `pass`, `warn`, `fail` or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pages.numbers import number

NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Cell:
    """A table's cell that is more than a text or a number; `shade` from 0 to 1 colours its ground.

    A whole text is never broken into lines.
    """

    text: str
    note: str = ""
    state: str = ""
    href: str = ""
    is_code: bool = False
    is_number: bool = False
    is_whole: bool = False
    shade: float | None = None


@dataclass(frozen=True)
class Table:
    """Rows of texts, numbers, dates, nulls and cells; `is_cards` makes a card of each row on a phone."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    title: str = ""
    is_cards: bool = False
    source: str = ""
    kind = "table"

    def cells(self) -> list[list[Cell]]:
        return [[as_cell(value) for value in row] for row in self.rows]

    def are_numbers(self) -> list[bool]:
        """Which columns hold numbers, for their alignment."""
        rows = self.cells()
        return [any(row[index].is_number for row in rows) for index in range(len(self.columns))]


@dataclass(frozen=True)
class KeyFigure:
    """A number that the page is about."""

    label: str
    value: str
    note: str = ""
    state: str = ""


@dataclass(frozen=True)
class KeyFigures:
    figures: Sequence[KeyFigure]
    kind = "figures"


@dataclass(frozen=True)
class Headline:
    """The page's or a section's answer in one sentence."""

    text: str
    state: str
    kind = "headline"


@dataclass(frozen=True)
class Prose:
    text: str
    kind = "prose"


@dataclass(frozen=True)
class Plot:
    """A drawing (`plots.py`) and its numbers; `source` names the query that they come from."""

    title: str
    svg: str
    numbers: Table
    source: str = ""
    legend: Sequence[str] = ()
    note: str = ""


@dataclass(frozen=True)
class Plots:
    """Drawings side by side, as many as fit."""

    plots: Sequence[Plot]
    kind = "plots"


@dataclass(frozen=True)
class Details:
    """A part that is shown on demand."""

    summary: str
    part: Any
    kind = "details"


@dataclass(frozen=True)
class Section:
    """A heading and what is under it."""

    title: str
    parts: Sequence[Any]
    source: str = ""

    @property
    def anchor(self) -> str:
        return "".join(c if c.isalnum() else "-" for c in self.title.lower())


@dataclass(frozen=True)
class Page:
    """A page: its title, `code` set apart in it, what it is about, and its sections."""

    title: str
    intro: str
    sections: Sequence[Section]
    code: str = ""
    top: Sequence[Any] = ()
    foot: str = ""
    has_contents: bool = False


def as_cell(value: Any) -> Cell:
    """A cell of a plain value; null is a dash."""
    if isinstance(value, Cell):
        return value
    if value is None:
        return Cell(NOTHING)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Cell(number(value), is_number=True)
    return Cell(str(value), is_whole=isinstance(value, date))
