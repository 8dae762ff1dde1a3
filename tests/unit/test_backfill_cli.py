"""What a backfill asks for and tells, without running one."""

import pytest

from cli.table.backfill import in_words
from lake.backfills import BackfillRecord, Scope, holding
from lake.ledger import BatchRecord

SCOPE = Scope("2026-11-21", "2026-11-22", ["purchase", "refund"])


def batch(batch_id, status, *keys):
    return BatchRecord(batch_id, "2026-11-22", status, "", "", 1, [{"key": key, "version": "1"} for key in keys], 0)


@pytest.mark.parametrize(
    ("types", "is_met"),
    [
        (None, True),
        ({}, False),
        ({"purchase": [1, "2026-11-22T23:59:59.999999Z", "2026-11-24T00:00:00.000000Z"]}, True),
        ({"purchase": [1, "2026-11-23T00:00:00.000000Z", "2026-11-24T00:00:00.000000Z"]}, False),
        ({"purchase": [1, "2026-11-01T00:00:00.000000Z", "2026-11-20T23:59:59.999999Z"]}, False),
        ({"purchase": [2, "2026-11-01T00:00:00.000000Z", "2026-11-30T00:00:00.000000Z"]}, True),
        ({"page_view": [1, "2026-11-22T00:00:00.000000Z", "2026-11-22T00:00:00.000000Z"]}, False),
    ],
)
def test_a_raw_object_is_read_if_its_spans_meet_the_scope(types, is_met):
    assert SCOPE.may_be_in(types) is is_met


def test_whole_batches_are_read_and_only_those_that_are_visible():
    batches = [
        batch("b-1", "published", "a", "b"),
        batch("b-2", "committed", "c"),
        batch("b-3", "failed", "a", "d"),
        batch("b-4", "running", "e"),
        batch("b-5", "published", "f"),
    ]
    found = holding(batches, {"a", "c", "e"})
    assert (found.batch_ids, found.keys) == (["b-1", "b-2"], ["a", "b", "c"])


def record(**changes):
    told = {"backfill_id": "backfill-1", "backfill_date": "2026-11-23", "status": "committed", "started_at": ""}
    told |= {"recorded_at": "", "from_date": "2026-11-21", "to_date": "2026-11-22", "event_types": ["refund"]}
    return BackfillRecord(**told | {"raw_objects": 3, "raw_lines": 1200, "rows_before": 1000} | changes)


def test_a_backfill_in_words():
    assert in_words(record(rows=990, rejected_rows=10)) == [
        "backfill-1: 1,000 rows of 2026-11-21 to 2026-11-22 (refund) replaced by 990, "
        "from 1,200 lines of 3 raw objects",
        "  10 rows are rejects now; see `etl rejects`",
    ]
    assert in_words(record(rows_before=0))[-1] == "  nothing was there and nothing came; no commit was made"
