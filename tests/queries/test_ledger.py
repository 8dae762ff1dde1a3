"""Counts of events, the balance of the ledger and the rejects that stand, over literal documents."""

import pytest

from tests.queries.conftest import rows_of
from tests.queries.shop import page_view, refund


def reject(reject_id, batch_id=None, event_type="purchase", at="10:00:00"):
    arrival_time = f"2026-03-02T{at}.000000Z"
    return {"reject_id": reject_id, "batch_id": batch_id, "event_type": event_type, "arrival_time": arrival_time}


def batch(batch_id, status, raw_lines, rows, redelivered=0, repeated=0, rejected=0, quarantined=0):
    duplicates = {"redelivered": redelivered, "repeated": repeated}
    others = {"raw_lines": raw_lines, "rows": rows, "rejected": rejected, "quarantined": quarantined}
    return {"batch_id": batch_id, "status": status, **others, **duplicates}


EVENTS = [
    page_view("1", "2026-03-02 23:59:59.999999"),
    page_view("2", "2026-03-03 00:00:00", is_late=True),
    page_view("3", "2026-03-03 00:00:00"),
    refund("4", "2026-03-03 00:00:00", "1.00"),
]
TRANSFORM = "rejects/stage=transform/reason=total_mismatch"
DOCUMENTS = {
    "ledger/batches/batch_date=2026-03-02": [
        batch("b-1", "published", raw_lines=10, rows=5, redelivered=1, repeated=1, rejected=2, quarantined=1),
        batch("b-2", "committed", raw_lines=4, rows=3),
        batch("b-3", "failed", raw_lines=9, rows=0),
    ],
    "ledger/batches/batch_date=2026-03-03": [
        batch("b-4", "published", raw_lines=1, rows=1),
        batch("b-5", "quarantined", raw_lines=5, rows=0, quarantined=5),
        batch("b-6", "quarantine_rejected", raw_lines=2, rows=0, quarantined=2),
        batch("b-7", "released", raw_lines=8, rows=0),
    ],
    # Open; decided; of a batch that failed and was run again; the same record in two deliveries.
    f"{TRANSFORM}/reject_date=2026-03-02": [reject("r-1", "b-1"), reject("r-2", "b-1"), reject("r-3", "b-3")],
    "rejects/stage=ingestion/reason=invalid_json/reject_date=2026-03-02": [
        reject("r-4", event_type=None, at="09:00:00"),
        reject("r-4", event_type=None, at="11:00:00"),
    ],
    "rejects/stage=ingestion/reason=invalid_json/reject_date=2026-03-03": [reject("r-5", event_type=None)],
    "ledger/reject_fates/fate_date=2026-03-04": [
        {"reject_id": "r-2", "fate": "replayed"},
        {"reject_id": "r-2", "fate": "discarded"},
    ],
}


@pytest.fixture(scope="module")
def lake(warehouse):
    return warehouse(EVENTS, DOCUMENTS)


def test_events_count_on_the_date_of_their_own_time(lake):
    assert lake.answer("events_by_type_and_date") == rows_of("""
        event_type | event_date | events | late_events
        page_view  | 2026-03-02 | 1      | 0
        page_view  | 2026-03-03 | 2      | 1
        refund     | 2026-03-03 | 1      | 0
    """)


def test_lines_that_became_nothing_are_unaccounted_and_failed_or_released_batches_count_nowhere(lake):
    assert lake.answer("ledger_balance") == rows_of("""
        batch_date | batches | raw_lines | event_rows | duplicates | rejects | quarantined | unaccounted_lines
        2026-03-02 | 2       | 14        | 8          | 2          | 2       | 1           | 1
        2026-03-03 | 3       | 8         | 1          | 0          | 0       | 7           | 0
    """)


def test_a_reject_counts_once_a_day_by_stage_and_reason(lake):
    assert lake.answer("rejects_by_reason") == rows_of("""
        stage     | reason         | reject_date | rejects
        ingestion | invalid_json   | 2026-03-02  | 1
        ingestion | invalid_json   | 2026-03-03  | 1
        transform | total_mismatch | 2026-03-02  | 3
    """)


def test_a_reject_waits_until_it_is_decided_on_unless_its_batch_never_became_visible(lake):
    assert lake.answer("open_rejects") == rows_of("""
        stage     | reason         | event_type | open_rejects | oldest_arrival_time
        ingestion | invalid_json   | null       | 2            | 2026-03-02T09:00:00.000000Z
        transform | total_mismatch | purchase   | 1            | 2026-03-02T10:00:00.000000Z
    """)
