from dataclasses import replace

import pytest

from lake.manifest import Manifest, RawObjectEntry
from lambdas.commit.batch import Batch, counted, read_batch, snapshot_properties, told_by_snapshot

FILES = [
    {"uri": "s3://p/a.parquet", "event_type": "refund", "event_date": "2026-11-22", "rows": 2},
    {"uri": "s3://p/b.parquet", "event_type": "refund", "event_date": "2026-11-21", "rows": 1},
    {"uri": "s3://p/c.parquet", "event_type": "page_view", "event_date": "2026-11-22", "rows": 0},
]


def manifest(types, snapshot_id="7"):
    entry = RawObjectEntry("raw", "k", None, 1, 1, types)
    return Manifest("b1", "2026-11-22", "2026-11-22T12:00:00.000000Z", 1, [entry], [], snapshot_id)


def test_the_spans_are_those_of_the_raw_objects():
    batch = read_batch(
        manifest({"refund": [3, "2026-11-21T10:00:00.000000Z", "2026-11-22T10:00:00.000000Z"]}), {"files": FILES}
    )
    assert batch.spans == {"refund": ("2026-11-21T10:00:00.000000Z", "2026-11-22T10:00:00.000000Z")}
    assert batch.planned_on == 7


def test_where_raw_objects_do_not_tell_their_times_the_files_dates_do():
    batch = read_batch(manifest(None, snapshot_id=None), {"files": FILES})
    assert batch.spans == {"refund": ("2026-11-21T00:00:00.000000Z", "2026-11-22T23:59:59.999999Z")}
    assert batch.planned_on is None


def test_types_that_came_to_no_rows_are_not_looked_for():
    types = {"sign_up": [3, "2026-11-21T10:00:00.000000Z", "2026-11-22T10:00:00.000000Z"]}
    assert list(read_batch(manifest(types), {"files": FILES}).spans) == ["refund"]


def test_files_without_rows_are_left_out():
    assert len(read_batch(manifest(None), {"files": FILES}).files) == 2


def test_a_snapshot_tells_the_outcome_again():
    made = counted(replace(read_batch(manifest(None), {"files": FILES}), redelivered=1, repeated=2))
    told = told_by_snapshot("b1", 9, snapshot_properties(made), made.files)
    assert told.as_document() == {
        "batch_id": "b1",
        "snapshot_id": "9",
        "rows": 3,
        "rows_by_type": {"refund": 3},
        "redelivered": 1,
        "repeated": 2,
        "files": ["s3://p/a.parquet", "s3://p/b.parquet"],
    }


@pytest.mark.parametrize("name", ["tributary.batch-id", "tributary.counts"])
def test_snapshot_properties_are_named(name):
    assert name in snapshot_properties(counted(Batch("b1", None, {}, [])))
