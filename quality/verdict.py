"""What came of one expectation."""

from __future__ import annotations

from dataclasses import dataclass

from lake.quality_results import Severity


@dataclass(frozen=True)
class Verdict:
    """One expectation and what came of it; `found` counts values or names an aggregate, and never shows a row's value.

    `evaluated` and `unexpected` count values, `observed` is an aggregate; null where the expectation has none of it.
    """

    expectation: str
    column: str
    description: str
    notes: str
    severity: str
    success: bool
    found: str
    expectation_id: str = ""
    origin: str = ""
    evaluated: int | None = None
    unexpected: int | None = None
    observed: str | None = None

    @property
    def stops_the_batch(self) -> bool:
        return not self.success and self.severity == Severity.FAIL

    @property
    def is_unevaluated(self) -> bool:
        """Something broke where it was evaluated: the data may be sound."""
        return not self.success and self.evaluated is None and self.observed is None
