"""Bounds of a day out of the days before it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from quality.history import HIGHEST, LOWEST, bounds_from_history, freshness_bound
from quality.suites import load_suite
from tests.unit.test_quality_results import RESULT

SUITE = {
    "name": "events",
    "expectations": [
        {"meta": {"id": "purchase.share", "history": {"days": 9, "least_days": 3, "low": 0.5, "high": 2}}},
        {"meta": {"id": "event_id.not_null"}},
    ],
}
LAST = replace(RESULT, run_kind="days", expectation_id="purchase.share", observed="0.2")


def day(before, observed, **columns):
    data_date = (date(2026, 11, 22) - timedelta(days=before)).isoformat()
    return replace(LAST, data_date=data_date, observed=observed, **columns)


def bounds(*results):
    return bounds_from_history(SUITE, "2026-11-22", results)


def test_the_bounds_are_around_the_median_of_the_days_before():
    found = bounds(day(1, "0.2"), day(2, "0.4"), day(3, "9"))
    assert found == {"purchase_share_min": 0.2, "purchase_share_max": 0.8}


def test_the_day_itself_later_days_and_days_long_ago_do_not_count():
    known = [day(1, "0.2"), day(2, "0.4"), day(8, "9")]
    assert bounds(*known, day(0, "50"), day(-1, "50"), day(10, "50")) == bounds(*known)


def test_batches_other_tables_and_other_expectations_do_not_count():
    known = [day(1, "0.2"), day(2, "0.4"), day(3, "9")]
    others = [{"run_kind": "batch"}, {"table_name": "batches"}, {"expectation_id": "volume"}]
    assert bounds(*known, *(day(4, "50", **other) for other in others)) == bounds(*known)


def test_of_a_day_validated_twice_the_newest_result_counts():
    again = day(1, "0.3", validated_at="2026-11-23 00:00:00.000000")
    assert bounds(again, day(1, "50"), day(2, "0.3"), day(3, "0.3"))["purchase_share_max"] == 0.6


def test_too_few_days_bound_nothing():
    assert bounds(day(1, "0.2"), day(2, "0.2")) == {"purchase_share_min": LOWEST, "purchase_share_max": HIGHEST}


def test_every_bound_from_history_has_a_parameter():
    asked = {
        bound["$PARAMETER"]
        for expectation in load_suite("events")["expectations"]
        for bound in expectation["kwargs"].values()
        if isinstance(bound, dict) and "$PARAMETER" in bound
    }
    now = datetime(2026, 11, 22, tzinfo=UTC)
    given = bounds_from_history(load_suite("events"), "2026-11-22", []) | freshness_bound("2026-11-22", now)
    assert asked == {*given, "event_types", "batch_ids"}


@pytest.mark.parametrize(
    ("now", "hour"),
    [((2026, 11, 23, 9), 18), ((2026, 11, 22, 9), 3), ((2026, 11, 22, 2), 0)],
)
def test_a_day_is_fresh_to_its_end_or_to_now(now, hour):
    assert freshness_bound("2026-11-22", datetime(*now, tzinfo=UTC)) == {"freshness_min": hour}
