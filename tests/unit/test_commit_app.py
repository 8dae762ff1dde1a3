import json

import pytest

from contracts.errors import ConfigurationError
from lake.documents import read_json, write_batch_record, write_json
from lake.layout import batch_document_key
from lake.ledger import BatchRecord, BatchStatus
from lambdas.commit import app

STARTED = {"batch_id": "b1", "batch_date": "2026-11-22", "started_at": "2026-11-22T12:00:00.000000Z", "attempt": 1}


@pytest.fixture
def deployed(lake, monkeypatch):
    """A lake whose function has its settings, and the batch b1 as the enrichment left it."""
    names = {"STAGING_BUCKET": lake.staging, "PROCESSED_BUCKET": lake.processed, "DATABASE": lake.database}
    for name, value in {**names, "TABLE": "events"}.items():
        monkeypatch.setenv(name, value)
    app.settings.cache_clear()
    app.s3.cache_clear()
    files = lake.write("b1", [lake.row("1"), lake.row("2", event_type="refund")])
    leave(lake, "manifest", STARTED | {"raw_objects": [], "stored_files": [], "snapshot_id": None})
    leave(lake, "enrichment", {"batch_id": "b1", "files": files, "rows": 2, "misses": {}})
    return lake


def leave(lake, name, document):
    write_json(lake.s3, lake.staging, batch_document_key("b1", name), document)


def left(lake):
    return read_json(lake.s3, lake.staging, batch_document_key("b1", "commit"))


def record(lake, status):
    counts = {"raw_lines": 2, "rows": 2, "rows_by_type": {"page_view": 1, "refund": 1}, "snapshot_id": "42"}
    known = BatchRecord(**STARTED, status=status, recorded_at="2026-11-22T12:01:00.000000Z", raw_objects=[], **counts)
    write_batch_record(lake.s3, lake.processed, known)


def test_the_document_tells_what_was_committed(deployed):
    answer = app.handler({"batch_id": "b1"}, None)
    snapshot_id = str(deployed.table().current_snapshot().snapshot_id)
    counts = {"rows": 2, "rows_by_type": {"page_view": 1, "refund": 1}, "redelivered": 0, "repeated": 0}
    assert answer == {"batch_id": "b1", "snapshot_id": snapshot_id, **counts}
    assert left(deployed) == answer | {"files": left(deployed)["files"]}
    assert [uri.split("/")[-1] for uri in left(deployed)["files"]] == ["b1-00000.parquet", "b1-00001.parquet"]


def test_a_document_that_was_not_written_is_made_from_the_snapshot(deployed):
    app.handler({"batch_id": "b1"}, None)
    first = left(deployed)
    deployed.s3.delete_object(Bucket=deployed.staging, Key=batch_document_key("b1", "commit"))
    app.handler({"batch_id": "b1"}, None)
    assert left(deployed) == first


@pytest.mark.parametrize("status", [BatchStatus.COMMITTED, BatchStatus.PUBLISHED])
def test_a_batch_that_the_ledger_holds_is_not_committed_again(deployed, status):
    record(deployed, status)
    answer = app.handler({"batch_id": "b1"}, None)
    assert (answer["snapshot_id"], answer["rows"]) == ("42", 2)
    assert deployed.visible() == []
    assert not deployed.keys(deployed.staging, "commit.json")


def test_a_batch_that_the_ledger_calls_running_is_committed(deployed):
    record(deployed, BatchStatus.RUNNING)
    app.handler({"batch_id": "b1"}, None)
    assert deployed.visible() == [("1", "b1"), ("2", "b1")]


def test_a_batch_without_rows_is_done(deployed):
    leave(deployed, "enrichment", {"batch_id": "b1", "files": [], "rows": 0, "misses": {}})
    app.handler({"batch_id": "b1"}, None)
    assert (left(deployed)["snapshot_id"], left(deployed)["rows"], left(deployed)["files"]) == (None, 0, [])
    assert deployed.table().current_snapshot() is None


def test_counts_become_metrics(deployed, capsys):
    app.handler({"batch_id": "b1"}, None)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [(line["RowsCommitted"], line["DuplicatesAtCommit"]) for line in lines] == [([2.0], [0.0])]


def test_glue_is_asked_to_commit_once_and_not_again_by_the_sdk(deployed):
    assert app.table().catalog.glue.meta.config.retries == {"mode": "standard", "total_max_attempts": 1}


def test_a_missing_variable_is_named():
    with pytest.raises(ConfigurationError, match="PROCESSED_BUCKET is missing"):
        app.Settings.from_environment({"STAGING_BUCKET": "s"})


def test_pauses_are_bounded(monkeypatch):
    slept = []
    monkeypatch.setattr(app, "sleep", slept.append)
    for failures in range(1, 11):
        app.pause(failures)
    assert max(slept) <= app.LONGEST_PAUSE_SECONDS
