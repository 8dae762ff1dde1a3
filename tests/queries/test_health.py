"""Late events, duplicates, rejects and freshness over a literal ledger and error zone."""

import base64

from tests.queries.conftest import rows_of
from tests.queries.shop import page_view, purchase


def batch(batch_id, status="published", recorded_at="2026-03-02T10:05:00.000000Z", **counts):
    return {"batch_id": batch_id, "status": status, "recorded_at": recorded_at, **counts}


LEDGER = {
    "ledger/batches/batch_date=2026-03-02": [
        batch("b-1", raw_lines=10, rows=6, late_rows=2, redelivered=1, repeated=2, rejected=1, identity_conflicts=1),
        batch("b-2", "committed", raw_lines=6, rows=6, late_rows=1, redelivered=0, repeated=0, identity_conflicts=0),
        batch("b-3", "failed", raw_lines=100, rows=0, late_rows=0, redelivered=50, repeated=0, identity_conflicts=0),
    ],
    # All of it came again; and what was recorded before it counted late rows has null there.
    "ledger/batches/batch_date=2026-03-03": [
        batch("b-4", raw_lines=4, rows=0, late_rows=0, redelivered=4, repeated=0, identity_conflicts=0),
    ],
    "ledger/batches/batch_date=2026-03-04": [batch("b-5", raw_lines=2, rows=2, redelivered=0, repeated=0)],
}


def test_late_rows_and_duplicates_are_those_of_visible_batches(warehouse):
    assert warehouse(documents=LEDGER).answer("late_and_duplicate_events_by_day") == rows_of("""
        batch_date | raw_lines | event_rows | late_rows | redelivered | repeated | identity_conflicts | late_share | duplicate_share
        2026-03-02 | 16        | 12         | 3         | 1           | 2        | 1                  | 0.25       | 0.1875
        2026-03-03 | 4         | 0          | 0         | 4           | 0        | 0                  | null       | 1.0
        2026-03-04 | 2         | 2          | null      | 0           | 0        | null               | null       | 0.0
    """)  # noqa: E501


def reject(reject_id, original, event_type=None, at="10:00:00"):
    encoded = base64.b64encode(original).decode()
    arrival_time = f"2026-03-02T{at}.000000Z"
    return {
        "reject_id": reject_id,
        "event_type": event_type,
        "arrival_time": arrival_time,
        "original_base64": encoded,
    }


WEB = '{"source": "/shop/wéb", "data": {"source": "inner"}}'.encode()
REFUSED = {
    "rejects/stage=ingestion/reason=invalid_data/reject_date=2026-03-02": [
        reject("r-1", WEB, "refund", at="09:00:00"),
        reject("r-2", WEB, "refund"),
        reject("r-3", b'{"source": "/shop/ios"}', "refund"),
    ],
    # The same record again, of a delivery that was repeated.
    "rejects/stage=ingestion/reason=invalid_data/reject_date=2026-03-03": [
        reject("r-2", WEB, "refund", at="11:00:00"),
    ],
    "rejects/stage=transform/reason=total_mismatch/reject_date=2026-03-03": [
        reject("r-4", WEB, "purchase"),
    ],
    "rejects/stage=ingestion/reason=invalid_envelope/reject_date=2026-03-03": [
        reject("r-5", b'{"source": null}'),
        reject("r-6", b'["/shop/web"]'),
    ],
    "rejects/stage=ingestion/reason=invalid_json/reject_date=2026-03-03": [
        reject("r-7", b'{"source": "/shop/web"'),
        reject("r-8", b""),
    ],
    "rejects/stage=ingestion/reason=invalid_utf8/reject_date=2026-03-03": [reject("r-9", b"\xff\xfe")],
}


def test_a_reject_counts_once_for_the_producer_that_its_record_names(warehouse):
    assert warehouse(documents=REFUSED).answer("rejects_by_reason_and_producer") == rows_of("""
        producer  | stage     | reason           | event_type | rejects | first_arrival_time          | last_arrival_time
        /shop/ios | ingestion | invalid_data     | refund     | 1       | 2026-03-02T10:00:00.000000Z | 2026-03-02T10:00:00.000000Z
        /shop/wéb | ingestion | invalid_data     | refund     | 2       | 2026-03-02T09:00:00.000000Z | 2026-03-02T11:00:00.000000Z
        /shop/wéb | transform | total_mismatch   | purchase   | 1       | 2026-03-02T10:00:00.000000Z | 2026-03-02T10:00:00.000000Z
        null      | ingestion | invalid_envelope | null       | 2       | 2026-03-02T10:00:00.000000Z | 2026-03-02T10:00:00.000000Z
        null      | ingestion | invalid_json     | null       | 2       | 2026-03-02T10:00:00.000000Z | 2026-03-02T10:00:00.000000Z
        null      | ingestion | invalid_utf8     | null       | 1       | 2026-03-02T10:00:00.000000Z | 2026-03-02T10:00:00.000000Z
    """)  # noqa: E501


ARRIVALS = [
    # Four arrive 5, 4, 3 and 2 minutes before the record of 10:05, the first of them a day after it happened.
    page_view("1", "2026-03-01 10:00:00", arrival_seconds=86_400),
    page_view("2", "2026-03-02 10:00:59.500", arrival_seconds=0.5),
    page_view("3", "2026-03-02 10:02:00"),
    page_view("4", "2026-03-02 10:03:00"),
    # Over midnight; of batches that failed or that the ledger does not know.
    purchase("5", "2026-03-02 23:59:00", batch_id="b-2"),
    page_view("6", "2026-03-02 10:00:00", batch_id="b-3"),
    page_view("7", "2026-03-02 10:00:00", batch_id="b-0"),
]
RECORDS = {
    "ledger/batches/batch_date=2026-03-02": [batch("b-1"), batch("b-3", "failed")],
    "ledger/batches/batch_date=2026-03-03": [batch("b-2", "committed", recorded_at="2026-03-03T00:01:00.250000Z")],
}


def test_freshness_is_counted_until_the_ledger_recorded_the_batch_of_the_row(warehouse):
    assert warehouse(ARRIVALS, RECORDS).answer("freshness_percentiles") == rows_of("""
        batch_date | event_type | events | p50_since_arrival_seconds | p95_since_arrival_seconds | max_since_arrival_seconds | p50_since_event_seconds | p95_since_event_seconds | max_since_event_seconds
        2026-03-02 | page_view  | 4      | 180.0                     | 300.0                     | 300.0                     | 180.0                   | 86700.0                 | 86700.0
        2026-03-03 | purchase   | 1      | 120.25                    | 120.25                    | 120.25                    | 120.25                  | 120.25                  | 120.25
    """)  # noqa: E501


def test_an_empty_ledger_has_no_answers(warehouse):
    empty = warehouse()
    for query in ("late_and_duplicate_events_by_day", "rejects_by_reason_and_producer", "freshness_percentiles"):
        assert empty.answer(query)[1:] == []
