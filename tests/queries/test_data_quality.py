"""Validations over literal results: what failed, and where the reports lie."""

import pytest

from tests.queries.conftest import rows_of


def result(run_id, expectation, success=True, severity="fail", run_kind="batch", table="events", **others):
    return {
        "run_id": run_id,
        "run_kind": run_kind,
        "table_name": table,
        "data_date": "2026-03-02",
        "expectation_id": expectation,
        "column_name": expectation,
        "description": f"{expectation} is right.",
        "severity": severity,
        "success": success,
        "evaluated": 100,
        "unexpected": 0 if success else 7,
        "validated_at": "2026-03-02 10:00:00.000000",
        "report_uri": f"s3://reports/{run_id}.html",
        **others,
    }


def days(run_id, expectation, at, success=True, **others):
    return result(run_id, expectation, success, "warn", "days", validated_at=f"2026-03-03 {at}:00.000000", **others)


def batch(batch_id, status, recorded_at, report_uri):
    return {"batch_id": batch_id, "status": status, "recorded_at": recorded_at, "report_uri": report_uri}


DOCUMENTS = {
    "data_quality/results/run_date=2026-03-02": [
        result("b-1", "event_id"),
        result("b-1", "total", success=False),
        result("b-2", "event_id"),
        result("b-2", "total", success=False, severity="warn", unexpected=3),
        result("b-2", "rows", table="batches", success=False, evaluated=None, unexpected=None, severity="warn"),
    ],
    # The day is validated as a whole, fails, is mended and validated again.
    "data_quality/results/run_date=2026-03-03": [
        days("d-1", "event_id", "01:00", success=False),
        days("d-1", "total", "01:00"),
        days("d-2", "event_id", "05:00"),
        days("d-2", "total", "05:00"),
    ],
    "ledger/batches/batch_date=2026-03-02": [
        batch("b-1", "failed", "2026-03-02T10:05:00.000000Z", "s3://reports/b-1.html"),
        batch("b-2", "published", "2026-03-02T10:07:00.123456Z", "s3://reports/b-2.html"),
        batch("b-3", "running", "2026-03-03T23:00:00.000000Z", None),
    ],
}


@pytest.fixture(scope="module")
def lake(warehouse):
    return warehouse(documents=DOCUMENTS)


def test_what_failed_is_counted_by_run_and_by_value(lake):
    assert lake.answer("failed_expectations") == rows_of("""
        table_name | expectation_id | severity | description        | column_name | failed_runs | evaluated | unexpected | last_data_date
        events     | total          | fail     | total is right.    | total       | 1           | 100       | 7          | 2026-03-02
        batches    | rows           | warn     | rows is right.     | rows        | 1           | null      | null       | 2026-03-02
        events     | event_id       | warn     | event_id is right. | event_id    | 1           | 100       | 7          | 2026-03-02
        events     | total          | warn     | total is right.    | total       | 1           | 100       | 3          | 2026-03-02
    """)  # noqa: E501


def test_reports_of_batches_and_of_whole_days_come_newest_first(lake):
    assert lake.answer("newest_quality_reports") == rows_of("""
        run_kind | run_id | recorded_time       | outcome   | report_uri
        days     | d-2    | 2026-03-03 05:00:00 | passed    | s3://reports/d-2.html
        days     | d-1    | 2026-03-03 01:00:00 | passed    | s3://reports/d-1.html
        batch    | b-2    | 2026-03-02 10:07:00 | published | s3://reports/b-2.html
        batch    | b-1    | 2026-03-02 10:05:00 | failed    | s3://reports/b-1.html
    """)


def test_nothing_validated_has_no_answers(warehouse):
    empty = warehouse()
    for query in ("failed_expectations", "newest_quality_reports"):
        assert empty.answer(query)[1:] == []
