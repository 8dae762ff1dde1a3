"""A profile of days: rows by group, values that are null, quantiles; and a day set against the days before it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

QUANTILES = ("p10", "p50", "p90")


@dataclass(frozen=True)
class Group:
    """Rows of one day and kind: how many values each column has, and (p10, p50, p90) of numeric ones."""

    day: str
    kind: str
    rows: int
    there: dict[str, int]
    spread: dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Change:
    """A measure of some days and of the days before; None where there are none to measure."""

    kind: str
    column: str
    before: float | None
    now: float | None

    @property
    def difference(self) -> float:
        """How far they are apart; 0 where there is nothing to compare with."""
        return 0.0 if self.before is None or self.now is None else self.now - self.before


def groups_of(answer: Iterable[dict[str, Any]], columns: list[str], numeric: list[str]) -> list[Group]:
    """The answer to `questions.profile`, by the names of the columns."""
    return [
        Group(
            row["day"],
            str(row["kind"]),
            int(row["row_count"]),
            {column: int(row[f"there_{n}"]) for n, column in enumerate(columns)},
            {
                column: tuple(float(row[f"{q}_{n}"]) for q in QUANTILES)
                for n, column in enumerate(numeric)
                if is_value(row[f"p50_{n}"])
            },
        )
        for row in answer
    ]


def is_value(value: Any) -> bool:
    """Neither null nor the NaN that pandas makes of it."""
    return value is not None and value == value


def volumes(groups: list[Group], days: list[str]) -> dict[str, dict[str, int]]:
    """Rows by kind and day, zero where there are none."""
    found = {kind: dict.fromkeys(days, 0) for kind in sorted({group.kind for group in groups})}
    for group in groups:
        if group.day in days:
            found[group.kind][group.day] += group.rows
    return found


def volume_changes(groups: list[Group], days: list[str], before: list[str]) -> list[Change]:
    """Rows a day of each kind, the median of both spans; days without any row before the first one do not count."""
    known = [day for day in before if any(group.day == day for group in groups)]
    counted, earlier = volumes(groups, days), volumes(groups, known)
    return [
        Change(kind, "", median(earlier[kind].values()) if known else None, median(counted[kind].values()))
        for kind in counted
    ]


def null_changes(groups: list[Group], columns: list[str], days: list[str], before: list[str]) -> list[Change]:
    """Share of nulls by column, of both spans, largest difference first; a kind's own column in rows of that kind."""
    kinds = {group.kind for group in groups}
    owned = {column: column.partition(".")[0] for column in columns}
    changes = [
        Change(
            owner if (owner := owned[column]) in kinds else "",
            column,
            null_share(groups, column, before, owner if owner in kinds else None),
            null_share(groups, column, days, owner if owner in kinds else None),
        )
        for column in columns
    ]
    return sorted(changes, key=lambda change: -abs(change.difference))


def null_share(groups: list[Group], column: str, days: list[str], kind: str | None) -> float | None:
    """Nulls among the rows of these days, of one kind or of all; None of no rows."""
    mine = [group for group in groups if group.day in days and kind in (None, group.kind)]
    rows = sum(group.rows for group in mine)
    return 1 - sum(group.there[column] for group in mine) / rows if rows else None


def spread_changes(groups: list[Group], numeric: list[str], days: list[str], before: list[str]) -> list[dict[str, Any]]:
    """(p10, p50, p90) by column and kind, of both spans: of each quantile the median over the days."""
    found = []
    for column in numeric:
        for kind in sorted({group.kind for group in groups if column in group.spread}):
            spans = [_spread(groups, column, kind, span) for span in (before, days)]
            if spans[1] is not None:
                found.append({"kind": kind, "column": column, "before": spans[0], "now": spans[1]})
    return found


def _spread(groups: list[Group], column: str, kind: str, days: list[str]) -> tuple[float, ...] | None:
    mine = [g.spread[column] for g in groups if g.kind == kind and g.day in days and column in g.spread]
    return tuple(median(values) for values in zip(*mine, strict=True)) if mine else None
