"""One rule as Great Expectations reads it."""

from __future__ import annotations

from contracts.expectations import BOTH, ORIGIN, WRITTEN
from lake.quality_results import RunKind, Severity
from quality.history import bound_names

FAIL, WARN = Severity.FAIL, Severity.WARN
BATCH, DAYS = (RunKind.BATCH,), (RunKind.DAYS,)
EVERY_RUN = tuple(BOTH)
GREAT_EXPECTATIONS_WORDS = {FAIL: "critical", WARN: "warning"}


def rule(
    name: str,
    expectation: str,
    says: str,
    why: str,
    severity: Severity = FAIL,
    scope: tuple[RunKind, ...] = EVERY_RUN,
    history: dict | None = None,
    **kwargs: object,
) -> dict:
    """An expectation; `name` is its id, `expectation` its type without `expect_`, `why` the reason of its bounds."""
    meta = {"id": name, ORIGIN: WRITTEN, "scope": [str(kind) for kind in scope]}
    return {
        "description": says,
        "kwargs": kwargs,
        "meta": meta | ({"history": history} if history else {}),
        "notes": why,
        "severity": GREAT_EXPECTATIONS_WORDS[severity],
        "type": f"expect_{expectation}",
    }


def true(name: str, says: str, why: str, severity: Severity = FAIL, **kwargs: object) -> dict:
    """A derived column is true wherever it is not null."""
    return rule(name, "column_values_to_be_in_set", says, why, severity, value_set=[True], **kwargs)


def there(column: str, says: str, why: str, **kwargs: object) -> dict:
    """A column is never null."""
    return rule(f"{column}.not_null", "column_values_to_not_be_null", says, why, column=column, **kwargs)


def as_before(name: str, expectation: str, says: str, why: str, low: float, high: float, **kwargs: object) -> dict:
    """An aggregate of a day is between `low` and `high` times its median of up to 28 days before."""
    history = {"days": 28, "least_days": 7, "low": low, "high": high}
    least, most = bound_names(name)
    bounds = {"min_value": {"$PARAMETER": least}, "max_value": {"$PARAMETER": most}}
    return rule(name, expectation, says, why, WARN, DAYS, history, **bounds, **kwargs)
