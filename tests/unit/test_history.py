import boto3
import pytest

from cli.connection import Stage
from cli.table.history import print_history, read_history
from cli.table.maintain_display import in_words
from lake.catalog import BATCH_ID
from lake.compaction import MAINTENANCE_ID


@pytest.fixture
def stage(lake):
    boto3.client("ssm").put_parameter(Name="/tributary/test/database-name", Value=lake.database, Type="String")
    return Stage("test", "tributary", boto3.Session())


def commit(lake, batch_id, *event_ids):
    files = [file["uri"] for file in lake.write(batch_id, [lake.row(event_id) for event_id in event_ids])]
    lake.table().add_files(files, snapshot_properties={BATCH_ID: batch_id})


def test_each_snapshot_says_when_by_what_and_how_many_rows_and_files(lake, stage):
    commit(lake, "b1", "1", "2")
    commit(lake, "b2", "3")
    lake.table().delete("event_id = '1'")
    first, second, third = read_history(stage, batches_only=False)
    assert (first["operation"], first["batch_id"], first["rows_added"], first["total_rows"]) == ("append", "b1", 2, 2)
    assert (second["batch_id"], second["total_rows"], second["total_files"]) == ("b2", 3, 2)
    assert (third["operation"], third["batch_id"], third["rows_removed"]) == ("overwrite", None, 2)
    assert (third["rows_added"], third["total_rows"], third["is_current"]) == (1, 2, True)
    assert first["committed_at"] < second["committed_at"] and first["committed_at"].endswith("Z")


def test_batches_alone_can_be_asked_for(lake, stage):
    commit(lake, "b1", "1")
    lake.table().delete("event_id = '1'")
    assert [entry["batch_id"] for entry in read_history(stage, batches_only=True)] == ["b1"]


def test_a_maintenance_run_is_named(lake, stage, capsys):
    files = [file["uri"] for file in lake.write("b1", [lake.row("1")])]
    lake.table().add_files(files, snapshot_properties={MAINTENANCE_ID: "compaction-1"})
    print_history(read_history(stage, batches_only=False))
    told = capsys.readouterr().out
    assert "compaction-1" in told
    assert "etl query \"SELECT count(*) FROM events FOR TIMESTAMP AS OF TIMESTAMP '20" in told


def test_a_table_without_snapshots_says_so(lake, stage, capsys):
    print_history(read_history(stage, batches_only=False))
    assert capsys.readouterr().out == "The table has no snapshot: nothing was committed yet.\n"


def test_a_maintenance_report_in_words():
    report = {
        "dry_run": False,
        "compaction": {"small_files": 1200, "small_bytes": 5000, "partitions": 3, "groups": 4, "gave_way": 1,
                       "left_to_glue": 2, "fingerprints": {"a": "0", "b": "1", "c": "2"}},
        "snapshots": {"expired": 7, "kept_unpublished": 1},
        "orphans": {"files": 9, "bytes": 10},
    }  # fmt: skip
    assert in_words(report) == [
        "compaction: 1,200 small files (5,000 bytes) of 3 partitions made into 4",
        "  2 files with row-level deletes are left to Glue's optimizer",
        "  1 gave way to commits that came first; run again",
        "  the rows of all 3 new files are those of the old, by fingerprint",
        "snapshots: 7 forgotten, 1 kept for the publisher",
        "orphans: 9 files (10 bytes) deleted",
    ]
    report["dry_run"] = True
    assert in_words(report)[-1] == "orphans: 9 files (10 bytes) would be deleted"
