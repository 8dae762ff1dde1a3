"""Backfills: what is stored comes out again row for row, what changed is told, and a death leaves the table whole."""

from dataclasses import replace

import boto3
import pytest
from pyspark.sql import functions as F

from cli.connection import Stage
from cli.table import backfill
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from contracts.examples import example_event
from jobs.process_events import transform
from lake import documents
from lake.data_files import read_file
from lake.fingerprint import Fingerprint, fingerprint
from lake.ledger import balance
from lake.rejects import Reason
from lambdas.commit.replacement import ReplacementRefused

pytestmark = pytest.mark.slow
CART, EDIT = (example_event(load_contracts()[name])["data"] for name in ("add_to_cart", "wikipedia_edit"))
TWO_DAYS = 2 * 24 * 60


@pytest.fixture
def stage(pipeline):
    ssm = boto3.client("ssm")
    for name in ("raw", "staging", "processed"):
        ssm.put_parameter(Name=f"/tributary/test/{name}-bucket-name", Value=name, Type="String")
    return Stage("test", "tributary", boto3.Session())


@pytest.fixture(scope="module")
def transformed():
    """What the job made of the two batches below: the same in every test."""
    return {}


@pytest.fixture
def two_batches(pipeline, transformed, monkeypatch):
    """Two batches that hold the same events, of which the later delivery was committed first."""
    early = pipeline.deliver(
        100, ("e-1", "add_to_cart", CART, 9), ("e-2", "wikipedia_edit", EDIT, 9), ("e-3", "add_to_cart", CART, TWO_DAYS)
    )
    late = pipeline.deliver(
        200,
        ("e-1", "add_to_cart", CART, 9),
        ("e-4", "add_to_cart", CART, 8),
        ("e-4", "add_to_cart", CART, 8),
        ("e-5", "add_to_cart", CART | {"quantity": 1.5}, 8),
        ("e-6", "add_to_cart", CART, TWO_DAYS),
    )
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.memory, "known", transformed)
        pipeline.run({"batch_id": "b-late", "objects": [late]})
        pipeline.run({"batch_id": "b-early", "objects": [early]})
    pipeline.drain()
    return pipeline


def event_dates(pipeline):
    return sorted({str(row["event_date"]) for row in pipeline.rows()})


def planned(stage, first, last, *event_types, allow_rejects=False):
    scope = backfill.read_scope(first, last, list(event_types), load_contracts())
    return backfill.plan(stage, scope, allow_rejects, lambda *_: None)


def contents(lake):
    """The fingerprint of all rows and all columns, as the files hold them."""
    table = lake.table()
    files = [read_file(table.io, task.file.file_path) for task in table.scan().plan_files()]
    return sum((fingerprint(rows, table.schema().field_ids) for rows in files), Fingerprint())


def files_of(lake, **partition):
    folder = "/".join(f"{name}={value}" for name, value in partition.items())
    uris = [task.file.file_path for task in lake.table().scan().plan_files()]
    return sorted(uri.rpartition("/")[2] for uri in uris if folder in uri)


def record(pipeline):
    (found,) = documents.read_backfill_records(pipeline.lake.s3, "processed")
    return found


def refuse_add_to_cart(monkeypatch, event_id):
    """A new rule: the event of this id is refused."""

    def rule():
        told = (Reason.TOTAL_MISMATCH, F.lit("a cart"), "another cart", "Mend the cart.")
        return F.when(F.col("event_id") == event_id, transform.problem(*told))

    monkeypatch.setitem(transform.TYPE_RULES, "add_to_cart", rule)


def test_a_backfill_over_unchanged_rules_reproduces_the_rows_row_for_row(two_batches, stage):
    lake = two_batches.lake
    before, visible, ledger = contents(lake), lake.visible("event_id", "batch_id", "ingest_position"), sums(two_batches)
    first, last = event_dates(two_batches)
    request = planned(stage, first, last)
    assert (request.batch_ids, len(request.objects)) == (["b-early", "b-late"], 2)
    two_batches.backfill(request)
    assert contents(lake) == before
    assert lake.visible("event_id", "batch_id", "ingest_position") == visible
    assert dict(lake.visible("event_id", "batch_id"))["e-1"] == "b-late"
    summary = lake.table().current_snapshot().summary
    assert summary["tributary.backfill-id"] == request.backfill_id
    assert (summary["deleted-records"], summary["added-records"]) == ("5", "5")
    told = record(two_batches)
    assert (told.status, told.rows_before, told.rows, told.rejected, told.rejected_rows) == ("committed", 5, 5, 1, 0)
    assert told.rows_by_type == {"add_to_cart": 4, "wikipedia_edit": 1}
    assert sums(two_batches) == ledger and two_batches.drain() == []


def sums(pipeline):
    return balance([], pipeline.batches())


def test_only_the_partitions_that_were_asked_for_are_replaced(two_batches, stage):
    lake, (day, today) = two_batches.lake, event_dates(two_batches)
    before = contents(lake)
    request = planned(stage, day, day, "add_to_cart")
    two_batches.backfill(request)
    assert contents(lake) == before
    assert files_of(lake, event_type="add_to_cart", event_date=day) == [f"{request.backfill_id}-00000.parquet"]
    assert files_of(lake, event_type="add_to_cart", event_date=today) == ["b-late-00001.parquet"]
    assert record(two_batches).rows == 2


def test_a_changed_rule_changes_the_rows_and_none_is_lost(two_batches, stage, monkeypatch):
    lake, (first, last) = two_batches.lake, event_dates(two_batches)
    positions = lake.visible("event_id", "batch_id", "ingest_position")
    with_lateness = transform.with_lateness
    monkeypatch.setattr(
        transform,
        "with_lateness",
        lambda rows, contracts: with_lateness(rows, contracts).withColumn("is_late", F.lit(True)),
    )
    # The suite knows the rule as well; it is changed with it.
    two_batches.steps["Validate the data files"] = lambda batch: None
    two_batches.backfill(planned(stage, first, last))
    assert {late for (late,) in lake.visible("is_late")} == {True}
    assert lake.visible("event_id", "batch_id", "ingest_position") == positions


def test_rows_that_a_rule_refuses_now_stop_the_backfill_unless_that_is_allowed(two_batches, stage, monkeypatch):
    lake, (first, last) = two_batches.lake, event_dates(two_batches)
    refuse_add_to_cart(monkeypatch, "e-4")
    before = contents(lake)
    with pytest.raises(
        PipelineError, match=r"1 rows would become rejects \(1 total_mismatch\); expected none. Nothing"
    ):
        two_batches.backfill(planned(stage, first, last))
    assert contents(lake) == before
    request = planned(stage, first, last, allow_rejects=True)
    two_batches.backfill(request)
    assert [event_id for (event_id,) in lake.visible("event_id")] == ["e-1", "e-2", "e-3", "e-6"]
    assert [key for key in lake.keys("error") if "backfill" in key] == [
        f"rejects/stage=transform/reason=total_mismatch/reject_date={last}/{request.backfill_id}.ndjson.gz"
    ]
    told = documents.read_backfill_records(lake.s3, "processed")[-1]
    assert (told.rows_before, told.rows, told.rejected_rows) == (5, 4, 1)


def test_a_reject_that_the_rules_accept_now_becomes_a_row_of_the_backfill(pipeline, stage, monkeypatch):
    with monkeypatch.context() as patch:
        refuse_add_to_cart(patch, "e-2")
        pipeline.run(
            {
                "batch_id": "b-1",
                "objects": [pipeline.deliver(1, ("e-1", "add_to_cart", CART, 1), ("e-2", "add_to_cart", CART, 1))],
            }
        )
    (day,) = event_dates(pipeline)
    request = planned(stage, day, day)
    pipeline.backfill(request)
    assert pipeline.lake.visible() == [("e-1", "b-1"), ("e-2", request.backfill_id)]


def test_events_whose_raw_object_is_gone_are_not_lost(two_batches, stage):
    lake, (first, last) = two_batches.lake, event_dates(two_batches)
    before = contents(lake)
    (gone,) = [o["key"] for o in two_batches.batches()[0].raw_objects]
    request = planned(stage, first, last)
    kept = [entry for entry in request.objects if entry["key"] != gone]
    with pytest.raises(
        ReplacementRefused, match=r"stored events are neither rows nor rejects of it, the first of posi"
    ):
        two_batches.backfill(replace(request, objects=kept))
    assert contents(lake) == before


def test_a_batch_that_commits_while_the_backfill_runs_keeps_its_rows(two_batches, stage):
    lake, (first, last) = two_batches.lake, event_dates(two_batches)
    request, commit = planned(stage, first, last), two_batches.steps["Commit the batch"]
    newer = two_batches.deliver(300, ("e-7", "add_to_cart", CART, 1), ("e-1", "add_to_cart", CART, 9))

    def overtaken(batch):
        two_batches.steps["Commit the batch"] = commit
        two_batches.run({"batch_id": "b-new", "objects": [newer]})
        commit(batch)

    two_batches.steps["Commit the batch"] = overtaken
    two_batches.backfill(request)
    found = dict(lake.visible())
    assert sorted(found) == ["e-1", "e-2", "e-3", "e-4", "e-6", "e-7"] and len(lake.visible()) == 6
    assert (found["e-7"], found["e-1"]) == ("b-new", "b-late")


def test_rows_that_were_deleted_while_the_backfill_runs_do_not_come_back(two_batches, stage):
    first, last = event_dates(two_batches)
    request, commit = planned(stage, first, last), two_batches.steps["Commit the batch"]

    def overtaken(batch):
        two_batches.lake.table().delete("event_id = 'e-4'")
        commit(batch)

    two_batches.steps["Commit the batch"] = overtaken
    with pytest.raises(ReplacementRefused, match="of the 5 rows that were to be replaced, 3 are in files of their own"):
        two_batches.backfill(request)
    assert "e-4" not in dict(two_batches.lake.visible())


def test_a_raw_object_that_no_committed_batch_holds_is_left_to_its_batch(two_batches, stage):
    two_batches.deliver(300, ("e-7", "add_to_cart", CART, 1))
    first, last = event_dates(two_batches)
    assert len(planned(stage, first, last).objects) == 2


def test_a_backfill_that_dies_at_any_write_of_its_commit_leaves_all_or_nothing(two_batches, stage, monkeypatch):
    lake, (first, last) = two_batches.lake, event_dates(two_batches)
    refuse_add_to_cart(monkeypatch, "e-4")
    request = planned(stage, first, last, allow_rejects=True)
    commit, states, write = two_batches.steps["Commit the batch"], set(), 0
    two_batches.steps["Commit the batch"] = lambda batch: None
    two_batches.steps["Record the commit"], record_it = (lambda batch: None), two_batches.steps["Record the commit"]
    two_batches.backfill(request)
    ready = two_batches.checkpoint()
    two_batches.steps["Commit the batch"], two_batches.steps["Record the commit"] = commit, record_it
    while True:
        write += 1
        two_batches.go_back(ready)
        batch = {"batch_id": request.backfill_id, "is_backfill": True}
        if not two_batches.step_until_killed(batch, "Commit the batch", write):
            break
        states.add(tuple(lake.visible("event_id")))
        assert tuple(lake.visible("event_id")) in {rows(5), rows(4)}
        two_batches.backfill(request, since="Commit the batch")
        assert tuple(lake.visible("event_id")) == rows(4)
        assert record(two_batches).rows == 4
    assert write > 4 and states == {rows(5), rows(4)}


def rows(count):
    return tuple((event_id,) for event_id in ("e-1", "e-2", "e-3", "e-4", "e-6") if count == 5 or event_id != "e-4")


@pytest.mark.parametrize(
    ("first", "last", "event_type", "told"),
    [
        ("2026-11-2", "2026-11-22", "refund", "--from is '2026-11-2'; expected a date such as 2026-11-22"),
        ("2026-11-23", "2026-11-22", "refund", "--from 2026-11-23 is later than --to 2026-11-22; expected the first"),
        ("2026-11-22", "2026-11-22", "other", "--type other has no contract; expected one of add_to_cart, page_view"),
    ],
)
def test_a_scope_that_is_none_is_refused(first, last, event_type, told):
    with pytest.raises(PipelineError, match=told):
        backfill.read_scope(first, last, [event_type], load_contracts())


def test_a_scope_without_raw_objects_is_refused(two_batches, stage):
    with pytest.raises(
        PipelineError, match="no committed batch holds raw objects with events from 2020-01-01 to 2020-01"
    ):
        planned(stage, "2020-01-01", "2020-01-02")


def test_raw_objects_are_looked_for_from_before_the_first_date():
    scope = backfill.read_scope("2026-11-22", "2026-11-22", ["add_to_cart"], load_contracts())
    assert backfill.first_ingest_date(scope) <= "2026-11-20"
