from dataclasses import replace

import pytest

from contracts.errors import PipelineError
from lake.batch_outcome import Outcome, compose_record
from lake.ledger import BatchRecord, BatchStatus

MANIFEST = {
    "batch_id": "b-1",
    "batch_date": "2026-11-22",
    "started_at": "2026-11-22T12:00:00.000000Z",
    "attempt": 2,
    "raw_objects": [{"bucket": "raw", "key": "raw/1", "version": "v1", "size": 9, "lines": 10, "types": None}],
    "stored_files": [],
    "snapshot_id": None,
}
TRANSFORM = {
    "batch_id": "b-1",
    "raw_lines": 10,
    "rows": 6,
    "redelivered": 1,
    "repeated": 1,
    "rejected": 2,
    "rejects_by_reason": {"total_mismatch": 2},
    "late_rows": 3,
    "identity_conflicts": 1,
}
COMMIT = {
    "batch_id": "b-1",
    "snapshot_id": "77",
    "rows": 4,
    "rows_by_type": {"refund": 4},
    "redelivered": 1,
    "repeated": 1,
    "files": [],
}
DOCUMENTS = {
    "manifest": MANIFEST,
    "transform": TRANSFORM,
    "validation": {"report_uri": "s3://reports/b-1.html"},
    "commit": COMMIT,
}
UNSENT = {"source": "/shop", "event_id": "e-1", "reason": "too_large"}
PUBLISH = {"batch_id": "b-1", "rows": 4, "published": 2, "switched_off": 1, "publish_failures": 1, "deleted_unsent": 0}
SENT = {"published": 2, "switched_off": 1, "publish_failures": 1, "unsent_events": [UNSENT]}
PUBLISH |= {"unsent_events": [UNSENT]}
VERSIONS = {"refund": "1-0-0"}
COMMITTED = BatchRecord(
    batch_id="b-1",
    batch_date="2026-11-22",
    status="committed",
    started_at="2026-11-22T12:00:00.000000Z",
    recorded_at="2026-11-22T12:05:00.000000Z",
    attempt=2,
    raw_objects=[{"key": "raw/1", "version": "v1"}],
    raw_lines=10,
    rows=4,
    rows_by_type={"refund": 4},
    redelivered=2,
    repeated=2,
    rejected=2,
    rejects_by_reason={"total_mismatch": 2},
    late_rows=3,
    identity_conflicts=1,
    snapshot_id="77",
    report_uri="s3://reports/b-1.html",
    contract_versions=VERSIONS,
)
RUNNING = replace(COMMITTED, status="running", rows=0, rows_by_type={}, redelivered=0, repeated=0, rejected=0)


def outcome(status, **changes):
    return replace(
        Outcome("b-1", BatchStatus(status), MANIFEST["started_at"], "2026-11-22T12:05:00.000000Z"), **changes
    )


def compose(status, documents, existing=None, **changes):
    return compose_record(outcome(status, **changes), documents, existing, VERSIONS)


def test_a_committed_batch_counts_duplicates_of_transform_and_commit():
    assert compose("committed", DOCUMENTS, RUNNING) == COMMITTED
    assert COMMITTED.imbalance == 0


def test_lines_that_do_not_add_up_are_told_with_their_numbers():
    message = (
        r"batch b-1: 10 raw lines, but 3 rows \+ 2 redelivered \+ 2 repeated \+ 2 rejected \+ 0 quarantined; "
        r"expected both sides equal\. Compare the documents of the batch: 1 lines are unaccounted for\."
    )
    with pytest.raises(PipelineError, match=message):
        compose("committed", DOCUMENTS | {"commit": COMMIT | {"rows": 3}}, RUNNING)


def test_a_batch_is_not_committed_without_a_commit():
    documents = {name: document for name, document in DOCUMENTS.items() if name != "commit"}
    with pytest.raises(PipelineError, match="batch b-1: document commit missing; expected what every earlier step"):
        compose("committed", documents, RUNNING)


def test_a_published_batch_keeps_its_numbers_and_says_how_many_were_sent():
    published = compose("published", {"publish": PUBLISH}, COMMITTED, recorded_at="2026-11-22T12:06:00.000000Z")
    assert published == replace(COMMITTED, status="published", recorded_at="2026-11-22T12:06:00.000000Z", **SENT)


def test_a_batch_is_not_published_without_its_progress():
    with pytest.raises(PipelineError, match="batch b-1: document publish missing"):
        compose("published", DOCUMENTS, COMMITTED)


def test_a_batch_may_be_published_although_its_commit_was_never_recorded():
    published = compose("published", DOCUMENTS | {"publish": PUBLISH}, RUNNING)
    assert published == replace(COMMITTED, status="published", **SENT)


def test_rows_that_were_sent_again_are_no_longer_failures():
    failed = replace(COMMITTED, status="published", **SENT)
    again = PUBLISH | {"published": 3, "publish_failures": 0, "unsent_events": []}
    published = compose("published", {"publish": again}, failed)
    assert (published.published, published.publish_failures, published.unsent_events) == (3, 0, [])


def test_a_published_batch_does_not_fall_back():
    published = replace(COMMITTED, status="published", published=4)
    assert compose("committed", DOCUMENTS, published) == published


def test_a_failure_names_its_error_and_frees_nothing_it_did_not_hold():
    failed = compose("failed", {"manifest": MANIFEST}, RUNNING, error="Glue.Failed", cause="Out of memory")
    assert (failed.status, failed.error, failed.cause) == ("failed", "Glue.Failed", "Out of memory")
    assert (failed.raw_objects, failed.attempt, failed.rows) == (RUNNING.raw_objects, 2, 0)


def test_a_failure_does_not_overwrite_a_visible_batch():
    assert compose("failed", DOCUMENTS, COMMITTED, error="States.Timeout") == COMMITTED


def test_a_batch_that_failed_after_its_commit_is_committed():
    record = compose("failed", DOCUMENTS, RUNNING, error="States.Timeout", cause="Too slow")
    assert (record.status, record.rows, record.error) == ("committed", 4, "States.Timeout")


def test_a_batch_that_failed_before_its_manifest_keeps_the_objects_it_claimed():
    claimed = replace(RUNNING, raw_lines=0)
    assert compose("failed", {}, claimed).raw_objects == [{"key": "raw/1", "version": "v1"}]


def test_a_batch_that_failed_before_it_claimed_anything_is_recorded_all_the_same():
    failed = compose("failed", {}, error="Lambda.Unknown")
    assert (failed.batch_id, failed.batch_date, failed.status) == ("b-1", "2026-11-22", "failed")
    assert (failed.raw_objects, failed.raw_lines, failed.attempt) == ([], 0, 1)


def test_a_batch_without_rows_balances():
    transform = TRANSFORM | {"rows": 0, "repeated": 7}
    commit = COMMIT | {"snapshot_id": None, "rows": 0, "rows_by_type": {}, "redelivered": 0, "repeated": 0}
    record = compose("committed", DOCUMENTS | {"transform": transform, "commit": commit}, RUNNING)
    assert (record.rows, record.repeated, record.snapshot_id, record.imbalance) == (0, 7, None, 0)


FAILED = {"failed": [{"expectation_id": "refund.amount.more_than_nothing"}], "report_uri": "s3://reports/b-1.html"}
FAILED |= {"quarantine_uri": "s3://error/quarantine/b-1.json"}


def test_a_batch_is_kept_back_whole_whatever_its_transform_dropped_or_refused():
    documents = {"manifest": MANIFEST, "transform": TRANSFORM, "validation": FAILED}
    kept_back = compose("quarantined", documents, RUNNING, error="Quarantined", cause="why")
    assert (kept_back.status, kept_back.quarantined, kept_back.imbalance) == ("quarantined", 10, 0)
    assert (kept_back.rows, kept_back.redelivered, kept_back.repeated, kept_back.rejected) == (0, 0, 0, 0)
    assert (kept_back.rejects_by_reason, kept_back.late_rows, kept_back.cause) == ({}, 0, "why")
    assert kept_back.failed_expectations == ["refund.amount.more_than_nothing"]
    assert kept_back.quarantine_uri == "s3://error/quarantine/b-1.json"


def test_a_batch_is_not_kept_back_without_a_validation():
    with pytest.raises(PipelineError, match="batch b-1: document validation missing"):
        compose("quarantined", {"manifest": MANIFEST}, RUNNING)


def test_what_people_decided_stands_against_a_late_word_of_the_execution():
    decided = replace(RUNNING, status="quarantine_rejected", quarantined=10, decisions=[{"decision": "rejected"}])
    assert compose("quarantined", {"manifest": MANIFEST, "validation": FAILED}, decided) == decided


def test_a_release_that_failed_keeps_the_release():
    release = {"batch_id": "b-0", "accepted": []}
    failed = compose("failed", {"manifest": MANIFEST | {"release": release}}, RUNNING, error="States.Timeout")
    assert (failed.status, failed.release) == ("failed", release)
