from dataclasses import replace
from datetime import UTC, datetime, timedelta

from lake.ledger import BatchRecord
from lake.positions import utc_text
from lambdas.reconciliation.names import republish_name, start_name
from lambdas.reconciliation.plan import (
    GiveUp,
    Limits,
    RawVersion,
    RecordCommitted,
    RecordFailed,
    Republish,
    StartBatch,
    plan,
    suspects,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(minutes=16)
JUST_NOW = NOW - timedelta(minutes=14)
RELEASE = {"batch_id": "b-1", "accepted": ["x"]}
LIMITS = Limits(settle=timedelta(minutes=15), max_attempts=3)


def raw(key, version="v1", last_modified=LONG_AGO):
    return RawVersion("raw", key, version, 9, last_modified)


def batch(batch_id, status, *objects, attempt=1, recorded_at=LONG_AGO):
    held = [{"key": entry.key, "version": entry.version} for entry in objects]
    time = utc_text(recorded_at)
    return BatchRecord(batch_id, "2026-11-22", status, time, time, attempt, held, raw_lines=0)


def actions(objects=(), batches=(), executing=(), visible=(), limits=LIMITS):
    return plan(objects, list(batches), executing, visible, NOW, limits)


def test_an_object_that_no_batch_holds_is_started():
    assert actions([raw("a")]) == [StartBatch((raw("a"),), attempt=1)]


def test_a_young_object_may_still_be_on_its_way():
    assert actions([raw("a", last_modified=JUST_NOW)]) == []


def test_an_object_of_a_running_committed_or_published_batch_is_held():
    batches = [
        batch("b-1", "running", raw("a")),
        batch("b-2", "committed", raw("b")),
        batch("b-3", "published", raw("c")),
    ]
    assert actions([raw("a"), raw("b"), raw("c")], batches, executing={"b-1", "b-2"}) == []


def test_an_object_that_people_keep_back_or_reject_is_held():
    batches = [batch("b-1", "quarantined", raw("a")), batch("b-2", "quarantine_rejected", raw("b"))]
    assert actions([raw("a"), raw("b")], batches) == []


def test_an_object_that_was_released_is_held_by_the_batch_that_runs_it_and_free_once_that_has_failed():
    released, again = batch("b-1", "released", raw("a")), batch("b-2", "running", raw("a"))
    assert actions([raw("a")], [released, again], executing={"b-2"}) == []
    failed = replace(again, status="failed", release=RELEASE)
    assert actions([raw("a")], [released, failed]) == [StartBatch((raw("a"),), attempt=2, release=RELEASE)]


def test_attempts_before_a_release_no_longer_count_and_those_after_it_do():
    before = batch("b-1", "failed", raw("a"), attempt=3)
    failed = replace(batch("b-3", "failed", raw("a"), attempt=1), release=RELEASE)
    assert actions([raw("a")], [before, failed]) == [StartBatch((raw("a"),), attempt=2, release=RELEASE)]
    given_up = replace(failed, attempt=3)
    for batches in ([before, given_up, failed], [failed, given_up, before]):
        assert actions([raw("a")], batches) == [GiveUp((raw("a"),))]


def test_objects_of_different_releases_do_not_share_a_batch():
    failed = batch("b-1", "failed", raw("a"))
    released = replace(batch("b-2", "failed", raw("b")), release=RELEASE)
    assert actions([raw("a"), raw("b")], [failed, released]) == [
        StartBatch((raw("a"),), attempt=2),
        StartBatch((raw("b"),), attempt=2, release=RELEASE),
    ]


def test_another_version_of_a_held_object_is_not_held():
    newer = raw("a", version="v2")
    assert actions([newer], [batch("b-1", "published", raw("a"))]) == [StartBatch((newer,), attempt=1)]


def test_a_bucket_without_versions_is_understood():
    record = replace(batch("b-1", "published"), raw_objects=[{"key": "a", "version": None}])
    assert actions([raw("a", version="null")], [record]) == []


def test_objects_of_a_failed_batch_are_tried_again():
    failed = [batch("b-1", "failed", raw("a"), attempt=1), batch("b-2", "failed", raw("a"), raw("b"), attempt=2)]
    assert actions([raw("a"), raw("b"), raw("c")], failed) == [
        StartBatch((raw("c"),), attempt=1),
        StartBatch((raw("a"), raw("b")), attempt=3),
    ]


def test_a_later_batch_that_succeeded_holds_what_an_earlier_one_failed_with():
    batches = [batch("b-1", "failed", raw("a")), batch("b-2", "published", raw("a"))]
    assert actions([raw("a")], batches) == []


def test_objects_that_failed_too_often_are_given_up():
    failed = batch("b-1", "failed", raw("a"), attempt=3)
    assert actions([raw("a"), raw("b")], [failed]) == [StartBatch((raw("b"),), attempt=1), GiveUp((raw("a"),))]


def test_a_batch_whose_execution_ended_is_recorded_as_failed_and_its_objects_are_free():
    died = batch("b-1", "running", raw("a"))
    assert actions([raw("a")], [died]) == [RecordFailed("b-1"), StartBatch((raw("a"),), attempt=2)]


def test_a_batch_that_died_after_its_commit_is_recorded_and_published():
    died = batch("b-1", "running", raw("a"))
    assert actions([raw("a")], [died], visible={"b-1"}) == [RecordCommitted("b-1"), Republish("b-1")]


def test_a_failed_batch_whose_rows_are_visible_holds_its_objects():
    failed = batch("b-1", "failed", raw("a"), attempt=3)
    assert actions([raw("a")], [failed], visible={"b-1"}) == [RecordCommitted("b-1"), Republish("b-1")]


def test_a_young_record_is_not_taken_for_dead():
    batches = [batch("b-1", "running", recorded_at=JUST_NOW), batch("b-2", "committed", recorded_at=JUST_NOW)]
    assert actions([], batches) == []
    assert suspects(batches, set(), NOW, LIMITS) == []


def test_a_committed_batch_that_nobody_publishes_is_published():
    batches = [batch("b-1", "committed"), batch("b-2", "committed")]
    assert actions([], batches, executing={"b-2"}) == [Republish("b-1")]


def test_a_batch_is_not_published_twice_at_once():
    committed = batch("b-1", "committed")
    assert actions([], [committed], executing={republish_name("b-1", LONG_AGO)}) == []
    assert actions([], [committed], executing={republish_name("b-2", LONG_AGO)}) == [Republish("b-1")]


def test_suspects_are_batches_that_failed_or_died():
    batches = [batch("b-1", "running"), batch("b-2", "running"), batch("b-3", "failed"), batch("b-4", "committed")]
    assert suspects(batches, {"b-2"}, NOW, LIMITS) == ["b-3", "b-1"]


def test_a_batch_has_no_more_objects_than_allowed():
    limits = replace(LIMITS, objects_per_batch=2)
    assert actions([raw("a"), raw("b"), raw("c")], limits=limits) == [
        StartBatch((raw("a"), raw("b")), attempt=1),
        StartBatch((raw("c"),), attempt=1),
    ]


def test_the_input_of_a_batch_stays_below_its_limit():
    limits = replace(LIMITS, input_bytes=140)
    assert actions([raw("a"), raw("b"), raw("c")], limits=limits) == [
        StartBatch((raw("a"), raw("b")), attempt=1),
        StartBatch((raw("c"),), attempt=1),
    ]


def test_names_of_executions_tell_when_and_what():
    assert start_name([("a", "v1")], NOW) == "reconcile-20261122T120000-d80d9e6e"
    assert start_name([("a", "v2")], NOW) != start_name([("a", "v1")], NOW)
    name = republish_name("0" * 73, NOW)
    assert name.startswith("republish-20261122T120000-")
    assert len(name) <= 80
