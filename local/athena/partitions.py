"""Partitions of external tables: by projection, or as registered in the catalog. Pure.

https://docs.aws.amazon.com/athena/latest/ug/partition-projection.html
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from local.athena.pruning import Conjunction, matches

UNITS = {"YEARS": 365, "MONTHS": 30, "WEEKS": 7, "DAYS": 1}
JAVA_DATES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


@dataclass(frozen=True)
class PartitionKey:
    """A partition column and its type in the catalog."""

    name: str
    type: str

    def value(self, text: str) -> Any:
        """The value of the column that `text` in a path stands for."""
        if self.type in ("tinyint", "smallint", "int", "integer", "bigint"):
            return int(text)
        return date.fromisoformat(text) if self.type == "date" else text


def location_pattern(location: str, template: str | None, keys: list[PartitionKey]) -> re.Pattern:
    """What the URI of an object of a projected table looks like; groups are named as the keys."""
    hive_style = "/".join(f"{key.name}=${{{key.name}}}" for key in keys)
    path = template or f"{location.rstrip('/')}/{hive_style}"
    escaped = re.escape(path.rstrip("/"))
    for key in keys:
        escaped = escaped.replace(re.escape(f"${{{key.name}}}"), f"(?P<{key.name}>[^/]+)")
    return re.compile(escaped + "/.+")


def is_projected(name: str, text: str, parameters: dict[str, str], now: datetime) -> bool:
    """Whether the projection of column `name` covers the value; what it does not cover is never read."""
    kind, limits = parameters.get(f"projection.{name}.type"), parameters.get(f"projection.{name}.range", "")
    if kind == "enum":
        return text in parameters.get(f"projection.{name}.values", "").split(",")
    if kind == "integer":
        low, high = map(int, limits.split(","))
        return text.lstrip("-").isdigit() and low <= int(text) <= high
    if kind == "date":
        return _is_in_dates(text, limits, parameters.get(f"projection.{name}.format", "yyyy-MM-dd"), now)
    if kind == "injected":
        return True
    raise ValueError(f"projection.{name}.type = {kind!r}; expected enum, integer, date or injected")


def _is_in_dates(text: str, limits: str, java_format: str, now: datetime) -> bool:
    format_ = java_format
    for java, python in JAVA_DATES.items():
        format_ = format_.replace(java, python)
    try:
        value = datetime.strptime(text, format_)
    except ValueError:
        return False
    low, high = (_limit(limit.strip(), format_, now) for limit in limits.split(","))
    return low <= value <= high


def _limit(limit: str, format_: str, now: datetime) -> datetime:
    match = re.fullmatch(r"NOW(?:([+-]\d+)(YEARS|MONTHS|WEEKS|DAYS|HOURS))?", limit)
    if not match:
        return datetime.strptime(limit, format_)
    if match[2] == "HOURS":
        return now + timedelta(hours=int(match[1]))
    return now + timedelta(days=int(match[1]) * UNITS[match[2]]) if match[1] else now


def is_wanted(values: dict[str, Any], uses: list[tuple[Conjunction, tuple]]) -> bool:
    """Whether any use of the table can want a partition with these values.

    `uses` pairs a conjunction with the values of its predicates; without uses all is wanted.
    """
    return not uses or any(_satisfies(values, conjunction, constants) for conjunction, constants in uses)


def _satisfies(values: dict[str, Any], conjunction: Conjunction, constants: tuple) -> bool:
    return all(
        predicate.column not in values or matches(values[predicate.column], predicate, constant)
        for predicate, constant in zip(conjunction, constants, strict=True)
    )
