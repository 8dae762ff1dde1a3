"""Results of validations, as they lie in the lake and as Athena's table reads them."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lake.quality_results import QualityResult, as_lines, read_line, read_results, timestamp_text, write_results

RESULT = QualityResult(
    run_id="b1",
    run_kind="batch",
    table_name="events",
    data_date="2026-11-22",
    expectation_id="refund.amount.positive",
    expectation="expect_column_values_to_be_between",
    column_name="refund.amount",
    description="A refund pays back more than nothing.",
    severity="fail",
    origin="hand-written",
    success=False,
    evaluated=9,
    unexpected=2,
    observed=None,
    row_count=12,
    validated_at="2026-11-22 12:00:00.000000",
    report_uri="s3://reports/r.html",
)


@pytest.fixture
def s3(zones):
    return zones


def test_a_line_has_every_column_and_comes_back_whole():
    (line,) = as_lines([RESULT])
    assert json.loads(line) == asdict(RESULT)
    assert read_line(line) == RESULT


def test_a_column_of_a_later_version_is_passed_over():
    assert read_line(json.dumps(asdict(RESULT) | {"mood": "calm"}).encode()) == RESULT


def test_times_are_utc_in_the_form_that_athena_reads():
    noon_in_berlin = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp_text(noon_in_berlin) == "2026-11-22 11:00:00.000000"
    assert timestamp_text(datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)) == "2026-01-02 03:04:05.000006"


def test_a_run_that_is_repeated_overwrites_its_own_results(s3):
    write_results(s3, "processed", "2026-11-22", "b1", [RESULT, RESULT])
    key = write_results(s3, "processed", "2026-11-22", "b1", [RESULT])
    assert key == "data_quality/results/run_date=2026-11-22/b1.ndjson.gz"
    assert list(read_results(s3, "processed")) == [RESULT]


def test_only_the_runs_of_the_dates_are_read(s3):
    for date in ("2026-11-20", "2026-11-21", "2026-11-22", "2026-11-23"):
        write_results(s3, "processed", date, f"run-{date}", [replace(RESULT, data_date=date)])
    found = [result.data_date for result in read_results(s3, "processed", "2026-11-21", "2026-11-22")]
    assert found == ["2026-11-21", "2026-11-22"]


def test_a_run_that_looked_at_nothing_leaves_an_empty_object(s3):
    write_results(s3, "processed", "2026-11-22", "b1", [])
    assert list(read_results(s3, "processed")) == []
    assert s3.list_objects_v2(Bucket="processed")["KeyCount"] == 1
