"""`etl maintain` on a real table: what it may remove, and what it must not."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from cli.connection import Stage
from cli.table import maintain
from cli.table.maintain import Wanted
from contracts.errors import PipelineError
from lake.catalog import ASK_ONCE, open_table
from lake.documents import write_batch_record
from lake.expiry import Retention, first_batch_date, named_files, orphans, plan_expiry
from lake.layout import split_uri
from lake.ledger import BatchRecord
from lambdas.commit.batch import Batch, DataFile
from lambdas.commit.commit import commit_batch

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=30)
SPANS = {"page_view": ("2026-11-22T00:00:00.000000Z", "2026-11-22T23:59:59.999999Z")}


@pytest.fixture
def stage(lake):
    ssm = boto3.client("ssm")
    for name, value in {"database-name": lake.database, "processed-bucket-name": lake.processed}.items():
        ssm.put_parameter(Name=f"/tributary/test/{name}", Value=value, Type="String")
    return Stage("test", "tributary", boto3.Session())


def commit(lake, batch_id, *event_ids, status="published"):
    planned_on = lake.table().metadata.current_snapshot_id
    files = [DataFile(**file) for file in lake.write(batch_id, [lake.row(event_id) for event_id in event_ids])]
    batch = Batch(batch_id, planned_on, SPANS, files)
    made = commit_batch(batch, lambda: open_table(lake.database, **ASK_ONCE), lambda failures: None)
    record(lake, batch_id, status)
    return int(made.snapshot_id)


def record(lake, batch_id, status):
    date, time = NOW.date().isoformat(), NOW.isoformat()
    write_batch_record(lake.s3, lake.processed, BatchRecord(batch_id, date, status, time, time, 1, [], 0))


def wanted(keep=timedelta(0), at_least=1, orphan_age=timedelta(0), is_dry_run=False):
    return Wanted(64 * 1024**2, Retention(keep, at_least), orphan_age, is_dry_run)


def run(stage, told=lambda *_: None, **options):
    return maintain.maintain(stage, wanted(**options), told)


def snapshot_ids(lake):
    return [s.snapshot_id for s in lake.table().metadata.snapshots]


def data_keys(lake):
    return sorted(key.rpartition("/")[2] for key in lake.keys(lake.processed, ".parquet"))


def test_the_table_has_fewer_files_and_the_same_rows(lake, stage):
    for number in range(4):
        commit(lake, f"b{number}", str(number))
    before, seen = lake.visible(), []
    report = run(stage, told=lambda *progress: seen.append(progress))
    assert lake.visible() == before
    assert (report["before"]["files"], report["after"]["files"]) == (4, 1)
    assert (report["before"]["rows"], report["after"]["rows"]) == (4, 4)
    assert (report["before"]["snapshots"], report["after"]["snapshots"]) == (4, 1)
    assert report["after"]["bytes"] < report["before"]["bytes"]
    assert report["compaction"]["replaced_files"] == 4
    assert report["snapshots"] == {"expired": 4, "kept_unpublished": 0}
    (key,) = data_keys(lake)
    assert key == f"{report['compaction']['run_id']}-00000.parquet"
    assert ("compacted", 1, 1) in seen
    # Four lists and four manifests, four data files, and what the commits of today's metadata log no longer need.
    assert report["orphans"]["files"] >= 12


def test_a_second_run_finds_nothing_to_do(lake, stage):
    commit(lake, "b1", "1")
    commit(lake, "b2", "2")
    run(stage)
    report = run(stage)
    assert (report["compaction"]["groups"], report["snapshots"]["expired"], report["orphans"]["files"]) == (0, 0, 0)
    assert lake.visible() == [("1", "b1"), ("2", "b2")]


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(lake, stage):
    commit(lake, "b1", "1")
    commit(lake, "b2", "2")
    lake.write("dead", [lake.row("9")])
    metadata, keys = lake.table().metadata_location, lake.keys(lake.processed)
    report = run(stage, is_dry_run=True)
    assert (lake.table().metadata_location, lake.keys(lake.processed)) == (metadata, keys)
    assert (report["compaction"]["groups"], report["compaction"]["small_files"]) == (1, 2)
    assert (report["snapshots"]["expired"], report["orphans"]["files"]) == (1, 1)
    assert report["before"] == report["after"]


def test_snapshots_are_kept_as_long_and_as_many_as_asked(lake):
    ids = [commit(lake, f"b{number}", str(number)) for number in range(4)]
    batches = [BatchRecord(f"b{n}", "", "published", "", "", 1, [], 0) for n in range(4)]

    def expired(keep, at_least, now=LATER):
        return plan_expiry(lake.table(), batches, now, Retention(keep, at_least)).expired

    assert expired(timedelta(days=7), at_least=1) == tuple(ids[:3])
    assert expired(timedelta(days=7), at_least=3) == tuple(ids[:1])
    assert expired(timedelta(days=7), at_least=1, now=datetime.now(UTC)) == ()


def test_the_snapshot_of_a_tag_is_kept(lake):
    ids = [commit(lake, f"b{number}", str(number)) for number in range(3)]
    lake.table().manage_snapshots().create_tag(ids[0], "audit").commit()
    batches = [BatchRecord(f"b{n}", "", "published", "", "", 1, [], 0) for n in range(3)]
    assert plan_expiry(lake.table(), batches, LATER, Retention(timedelta(days=7), 1)).expired == (ids[1],)


@pytest.mark.parametrize("status", ["running", "committed", "failed"])
def test_the_snapshot_of_a_batch_that_is_not_published_is_kept_and_its_files_too(lake, stage, status):
    unpublished = commit(lake, "b1", "1", status=status)
    commit(lake, "b2", "2")
    commit(lake, "b3", "3")
    report = run(stage)
    assert report["snapshots"] == {"expired": 2, "kept_unpublished": 1}
    assert unpublished in snapshot_ids(lake)
    assert "b1-00000.parquet" in data_keys(lake) and "b2-00000.parquet" not in data_keys(lake)
    record(lake, "b1", "published")
    run(stage)
    assert unpublished not in snapshot_ids(lake) and "b1-00000.parquet" not in data_keys(lake)
    assert lake.visible() == [("1", "b1"), ("2", "b2"), ("3", "b3")]


def test_a_batch_that_the_ledger_does_not_know_counts_as_unpublished(lake):
    commit(lake, "b1", "1")
    commit(lake, "b2", "2")
    found = plan_expiry(lake.table(), [], LATER, Retention(timedelta(days=7), 1))
    assert (found.expired, len(found.unpublished)) == ((), 1)


def test_the_ledger_is_read_from_before_the_oldest_snapshot(lake):
    commit(lake, "b1", "1")
    assert first_batch_date(lake.table()) <= (NOW.date() - timedelta(days=1)).isoformat()


def test_files_of_a_batch_on_its_way_survive_by_age_and_by_the_ledger(lake, stage):
    commit(lake, "b1", "1")
    lake.write("young", [lake.row("7")])
    record(lake, "running", "running")
    lake.write("running", [lake.row("8")])
    run(stage, orphan_age=timedelta(days=1))
    assert data_keys(lake) == ["b1-00000.parquet", "running-00000.parquet", "young-00000.parquet"]
    run(stage)
    assert data_keys(lake) == ["b1-00000.parquet", "running-00000.parquet"]


def test_a_batch_can_commit_after_maintenance_ran_beside_it(lake, stage):
    commit(lake, "b1", "1")
    commit(lake, "b2", "2")
    planned_on = lake.table().metadata.current_snapshot_id
    record(lake, "b3", "running")
    files = [DataFile(**file) for file in lake.write("b3", [lake.row("2"), lake.row("3")])]
    run(stage)
    batch = Batch("b3", planned_on, SPANS, files)
    made = commit_batch(batch, lambda: open_table(lake.database, **ASK_ONCE), lambda failures: None)
    # The snapshot that the batch was planned on is gone, so it is compared with all that may hold its events.
    assert (made.rows, made.redelivered) == (1, 1)
    assert lake.visible() == [("1", "b1"), ("2", "b2"), ("3", "b3")]


def test_everything_that_a_reader_of_a_kept_snapshot_opens_is_named(lake):
    commit(lake, "b1", "1")
    commit(lake, "b2", "2")
    table = lake.table()
    named = {split_uri(uri)[1] for uri in named_files(table)}
    assert named >= set(lake.keys(lake.processed, ".parquet")) | set(lake.keys(lake.processed, ".avro"))
    assert split_uri(table.metadata_location)[1] in named


def test_orphans_are_old_unnamed_and_of_no_running_batch():
    def listed(key, age_days):
        return {"Key": key, "LastModified": NOW - timedelta(days=age_days), "Size": 1}

    found = orphans(
        [
            listed("events/data/event_type=a/event_date=d/b-1-00000.parquet", 9),
            listed("events/data/event_type=a/event_date=d/b-1-00001.parquet", 1),
            listed("events/data/event_type=a/event_date=d/b-2-00000.parquet", 9),
            listed("events/data/event_type=a/event_date=d/b-3-00000-r7.parquet", 9),
            listed("events/data/event_type=a/event_date=d/b-30-00000.parquet", 9),
        ],
        "processed",
        {"s3://processed/events/data/event_type=a/event_date=d/b-2-00000.parquet"},
        {"b-3"},
        NOW - timedelta(days=3),
    )
    assert [entry["Key"].rpartition("/")[2] for entry in found] == ["b-1-00000.parquet", "b-30-00000.parquet"]


def test_an_orphan_that_cannot_be_deleted_is_named(lake):
    class Refusing:
        def delete_objects(self, Bucket, Delete):
            return {"Errors": [{"Key": "events/x.parquet", "Message": "Access Denied"}]}

    with pytest.raises(PipelineError, match=r"1 of 1 orphans were not deleted, the first events/x.parquet: Access De"):
        maintain.delete(Refusing(), "processed", ["events/x.parquet"], lambda *_: None)
