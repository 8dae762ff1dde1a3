from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from lake.ledger import (
    ACCOUNTED,
    Balance,
    BatchRecord,
    BatchStatus,
    IngestionReceipt,
    balance,
    from_document,
    to_document,
)
from lake.settings import required, whole_number

RECEIPT = IngestionReceipt(
    stream="ingest",
    shard="shard",
    first_sequence="9",
    last_sequence="101",
    first_arrival_time="2026-11-22T12:00:00.000000Z",
    last_arrival_time="2026-11-22T12:00:01.000000Z",
    records=10,
    events=10,
    lines=8,
    rejected=2,
    rejects_by_reason={"invalid_json": 2},
    raw_key="raw/1",
)
BATCH = BatchRecord(
    batch_id="b-1",
    batch_date="2026-11-22",
    status="published",
    started_at="2026-11-22T12:01:00.000000Z",
    recorded_at="2026-11-22T12:02:00.000000Z",
    attempt=1,
    raw_objects=[{"key": "raw/1", "version": "v1"}],
    raw_lines=8,
    rows=4,
    redelivered=1,
    repeated=1,
    rejected=1,
    rejects_by_reason={"total_mismatch": 1},
    quarantined=1,
    published=4,
)


def test_the_sums_run_over_receipts_and_visible_batches():
    failed = replace(BATCH, batch_id="b-0", status="failed")
    assert balance([RECEIPT], [failed, BATCH]) == Balance(
        records=10,
        events=10,
        raw_lines=8,
        ingestion_rejects=2,
        batched_lines=8,
        rows=4,
        redelivered=1,
        repeated=1,
        transform_rejects=1,
        quarantined=1,
        sendable=4,
        published=4,
        switched_off=0,
        publish_failures=0,
        deleted_unsent=0,
        rejects_by_reason={"invalid_json": 2, "total_mismatch": 1},
    )


def test_every_row_of_a_published_batch_was_sent_or_is_counted_by_why_it_was_not():
    told = replace(BATCH, published=1, switched_off=1, publish_failures=1, deleted_unsent=1)
    assert (told.unsent, balance([RECEIPT], [told]).is_balanced) == (3, True)
    assert not balance([RECEIPT], [replace(told, switched_off=0)]).is_balanced
    assert balance([RECEIPT], [replace(BATCH, status="committed", published=0)]).is_balanced


def test_everything_read_is_accounted_for():
    found = balance([RECEIPT], [BATCH])
    assert (found.is_balanced, found.duplicates) == (True, 2)


def test_lines_that_no_batch_holds_yet_are_no_imbalance():
    found = balance([RECEIPT], [replace(BATCH, status="running")])
    assert (found.is_balanced, found.raw_lines, found.rows) == (True, 8, 0)


def test_a_lost_event_unbalances_the_first_sum():
    assert not balance([replace(RECEIPT, events=11)], [BATCH]).is_balanced


@pytest.mark.parametrize("column", ["rows", "redelivered", "repeated", "rejected", "quarantined"])
def test_a_lost_line_unbalances_the_second_sum(column):
    short = replace(BATCH, **{column: getattr(BATCH, column) - 1})
    assert not balance([RECEIPT], [short]).is_balanced
    assert (BATCH.imbalance, short.imbalance) == (0, 1)


@pytest.mark.parametrize("status", ["quarantined", "quarantine_rejected"])
def test_lines_that_are_kept_back_are_in_the_sum_as_such(status):
    kept_back = replace(BATCH, batch_id="b-2", status=status, rows=0, redelivered=0, repeated=0, rejected=0)
    found = balance([RECEIPT], [BATCH, replace(kept_back, quarantined=8, rejects_by_reason={}, published=0)])
    assert (found.is_balanced, found.batched_lines, found.quarantined, found.sendable) == (True, 16, 9, 4)
    assert not balance([RECEIPT], [BATCH, kept_back]).is_balanced


def test_lines_of_a_released_batch_are_counted_by_the_batch_that_runs_them():
    released = replace(BATCH, batch_id="b-0", status="released")
    assert balance([RECEIPT], [released, BATCH]) == balance([RECEIPT], [BATCH])


KINDS = ("rows", "redelivered", "repeated", "rejected", "quarantined")


@given(
    st.lists(st.tuples(st.sampled_from(sorted(BatchStatus)), st.lists(st.integers(0, 50), min_size=5, max_size=5))),
    st.integers(-3, 3),
)
def test_the_second_sum_holds_exactly_where_no_line_of_an_accounted_batch_is_lost(told, lost):
    batches = [
        replace(
            BATCH,
            status=str(status),
            raw_lines=sum(counts),
            published=counts[0],
            **dict(zip(KINDS, counts, strict=True)),
        )
        for status, counts in told
    ]
    assert balance([], batches).is_balanced
    for number, batch in enumerate(batches):
        others = [*batches[:number], replace(batch, raw_lines=batch.raw_lines + lost), *batches[number + 1 :]]
        assert balance([], others).is_balanced == (lost == 0 or batch.status not in ACCOUNTED)


def test_an_empty_ledger_is_balanced():
    assert balance([], []).is_balanced


@pytest.mark.parametrize("record", [RECEIPT, BATCH])
def test_records_survive_being_written_and_pass_over_what_they_do_not_know(record):
    assert from_document(type(record), to_document(record) | {"of_a_later_version": 1}) == record


def test_settings_that_are_missing_or_malformed_are_named():
    assert required({"STAGE": "local"}, "STAGE") == "local"
    for environment in ({}, {"STAGE": ""}):
        with pytest.raises(
            ConfigurationError, match="environment variable STAGE is missing or empty; expected a value"
        ):
            required(environment, "STAGE")
    assert (whole_number({}, "DAYS", 3), whole_number({"DAYS": "0"}, "DAYS", 3)) == (3, 0)
    for text in ("", "-1", "1.5", "²"):
        with pytest.raises(
            ConfigurationError, match=r"environment variable DAYS is .*; expected a whole number, 0 or more"
        ):
            whole_number({"DAYS": text}, "DAYS", 3)
