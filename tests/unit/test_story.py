"""The demo's story, and the commands' texts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cli.demo import generate
from cli.downstream.stream import identities
from cli.exports import as_exports
from cli.logs import as_text, chosen, seconds_of, unit_of
from cli.query import as_json, finished
from cli.reconcile import in_words
from cli.sending.accounting import Outcome
from cli.shop.events import EVENT, shop_lines
from cli.story import complaints, demo_start, pivot, pretty_row, quoted
from contracts.errors import PipelineError

UP = datetime(2026, 11, 22, 10, 0, 0, 5, tzinfo=UTC)
SOUND = Outcome(
    sent=10, rows=7, redelivered=0, repeated=1, rejects_by_reason={"invalid_json": 2}, rows_by_type={"page_view": 7},
    late_rows=0, published=7, more_in_records=0, not_of_this_sending=0, batch_ids=["b"], report_uris=[],
)  # fmt: skip


def test_the_event_that_is_shown_is_a_purchase_of_a_customer_whom_enrichment_knows(tmp_path):
    # The first purchase of this seed is of a shopper who is younger than the reference data.
    lines = [line for kind, line in shop_lines(100, 113, UP) if kind == EVENT and b'"type":"purchase"' in line]
    assert b'"user_id":"u0020330"' in lines[0]
    assert generate(tmp_path / "shop.ndjson", 100, 113, UP) == lines[1]


def test_the_demos_day_ends_when_the_local_aws_came_up_so_that_a_second_demo_sends_the_same():
    start = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert demo_start(UP, UP) == demo_start(UP, UP + timedelta(hours=5)) == start
    assert demo_start(UP, UP + timedelta(hours=25)) == start + timedelta(days=1)


def test_a_sound_demo_has_no_complaints():
    assert complaints(SOUND, True, downstream=7, rows_in_table=7) == []


def test_everything_that_does_not_add_up_is_said():
    found = complaints(replace(SOUND, rows=6), False, downstream=5, rows_in_table=7)
    assert found[0].startswith("1 lines went in and came out nowhere: 10 lines in ≠ 6 rows")
    assert found[1:] == [
        "The ledger does not balance; `etl status` shows where.",
        "5 events reached the downstream stream; expected 6, one for each row that is published.",
        "the table holds 7 rows of these batches; the ledger says 6.",
    ]


def test_rows_that_are_switched_off_are_not_missed_downstream_and_those_that_failed_are_told():
    assert complaints(replace(SOUND, unsent=2), True, downstream=5, rows_in_table=7) == []
    found = complaints(replace(SOUND, unsent=1, publish_failures=1), True, downstream=6, rows_in_table=7)
    assert found == ["1 rows could not be published; `etl publish` sends them again."]


def test_rows_by_type_and_date_as_a_table():
    rows = [["purchase", "2026-11-22", "3"], ["page_view", "2026-11-21", "4"], ["page_view", "2026-11-22", "5"]]
    assert pivot(rows) == (
        ["event_type", "2026-11-21", "2026-11-22", "all"],
        [["page_view", 4, 5, 9], ["purchase", None, 3, 3]],
    )
    assert quoted(["a", "b"]) == "'a', 'b'"
    assert quoted([]) == "''"


def test_a_row_is_shown_with_all_digits_and_without_nulls():
    row = {"at": UP, "on": date(2026, 11, 22), "paid": {"total": Decimal("12.50"), "coupon": None}, "refund": None}
    assert pretty_row(row).split() == [
        "{", '"at":', '"2026-11-22T10:00:00.000005Z",', '"on":', '"2026-11-22",', '"paid":', "{",
        '"total":', "12.50", "}", "}",
    ]  # fmt: skip


def test_downstream_records_of_other_batches_do_not_count_and_repeated_ones_once():
    events = [{"source": "/s", "id": i, "batchid": b} for i, b in (("1", "b"), ("1", "b"), ("2", "b"), ("3", "other"))]
    assert identities(iter(events), ["b"]) == (3, {("/s", "1"), ("/s", "2")})


def test_units_are_called_by_what_they_do():
    assert unit_of("/aws/lambda/tributary-local-ingestion", "tributary", "local") == "ingestion"
    assert unit_of("/aws-glue/jobs/tributary-local-process-events/output", "tributary", "local") == "transform"
    assert unit_of("/ecs/tributary-local-enrichment", "tributary", "local") == "enrichment"
    assert unit_of("/aws/lambda/tributary-prod-ingestion", "tributary", "local") is None


def test_a_unit_may_be_named_by_its_beginning():
    found = {"transform": "g1", "transform-errors": "g2", "ledger": "g3"}
    assert chosen(found, "transform") == {"transform": "g1"}
    assert chosen(found, "tra") == {"transform": "g1", "transform-errors": "g2"}
    with pytest.raises(PipelineError, match="no logs of 'x'; there are those of transform, transform-errors, ledger"):
        chosen(found, "x")


def test_spans_of_time():
    assert [seconds_of(span) for span in ("30s", "10m", "2h", "1d")] == [30, 600, 7200, 86400]
    with pytest.raises(PipelineError, match="--since is 'soon'; expected a number and s, m, h or d"):
        seconds_of("soon")
    event = {"timestamp": 1_000, "message": "done\n", "unit": "ledger"}
    assert (as_text(event, True), as_text(event, False)) == ("00:00:01.000 ledger done", "00:00:01.000 done")


def test_values_of_athena_as_json():
    pairs = [("1", "bigint"), ("1.5", "double"), ("12.50", "decimal"), ("true", "boolean"), (None, "integer")]
    assert [as_json(text, kind) for text, kind in pairs] == [1, 1.5, "12.50", True, None]


def test_a_query_that_failed_says_so_in_athenas_words():
    states = iter(["QUEUED", "RUNNING", "FAILED"])
    with pytest.raises(PipelineError, match="the query failed: line 1:8: COLUMN_NOT_FOUND"):
        finished(
            lambda: {"Status": {"State": next(states), "StateChangeReason": "line 1:8: COLUMN_NOT_FOUND"}},
            lambda seconds: None,
        )


def test_exports_quote_values_and_remove_the_users_own_credentials():
    assert as_exports({"B": "x y", "A": "1"}).splitlines() == [
        "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN",
        "export A=1",
        "export B='x y'",
    ]


def test_reconciliation_in_words():
    assert in_words({}) == "Nothing to do: every raw object is held by a batch."
    assert in_words({"StartBatch": 1, "GiveUp": 0}) == "1 batches started with raw objects that no batch held"
