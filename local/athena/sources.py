"""What DuckDB reads in place of a table of the catalog."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from local.athena.pruning import Conjunction


@dataclass(frozen=True)
class Source:
    """Arrow data, the query over it that is the table (`{data}` stands for it), and the size of its files."""

    data: Any
    query: str
    scanned_bytes: int


@dataclass(frozen=True)
class Wanted:
    """How a query uses a table: one conjunction per use, and how to evaluate a constant in it."""

    uses: list[Conjunction]
    evaluate: Callable[[exp.Expression], Any]

    def with_constants(self) -> list[tuple[Conjunction, tuple]]:
        """Each conjunction with the values of its predicates."""
        return [
            (use, tuple(tuple(self.evaluate(value) for value in predicate.values) for predicate in use))
            for use in self.uses
        ]
