"""Rejects read back from the error zone: which are wanted, how often each counts, which are open."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from cli.rejects.found import selection_of
from contracts.errors import PipelineError
from lake import documents
from lake.fates import Fate, RejectFate, latest
from lake.rejects import Reason, Stage
from lake.stored_rejects import Selection

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_a_reject_comes_back_with_all_that_is_known_of_it(error_zone):
    stored = error_zone.reject(7, b"\xff oops\n", Reason.INVALID_UTF8, event_type="refund")
    error_zone.put(stored)
    (found,) = error_zone.found()
    assert (found.reject_id, found.stage, found.reason) == (stored.reject_id, "ingestion", "invalid_utf8")
    assert (found.reject_date, found.event_type, found.batch_id) == ("2026-11-22", "refund", None)
    assert (found.found, found.expected, found.next_step) == ("found", "expected", "next")
    assert (found.position, found.original) == (stored.position, b"\xff oops\n")


def test_only_folders_that_can_hold_wanted_rejects_are_listed(error_zone):
    early, noon, late = (error_zone.put(error_zone.reject(n, at=NOON + n * DAY)) for n in (-1, 0, 1))
    other = error_zone.put(error_zone.reject(5, reason=Reason.INVALID_DATA))
    of_transform = error_zone.put(error_zone.reject(6, stage=Stage.TRANSFORM, reason=Reason.UNTYPABLE, batch_id="b"))

    def keys(**selection):
        return set(documents.reject_keys(error_zone.s3, error_zone.error, Selection(**selection)))

    assert keys() == {early, noon, late, other, of_transform}
    assert keys(stages=frozenset({"transform"})) == {of_transform}
    assert keys(reasons=frozenset({"invalid_json"})) == {early, noon, late}
    assert keys(reasons=frozenset({"invalid_json"}), first_date="2026-11-22") == {noon, late}
    assert keys(first_date="2026-11-21", last_date="2026-11-22") == {early, noon, other, of_transform}


def test_rejects_are_chosen_by_event_type_and_id(error_zone):
    refund, untyped = error_zone.reject(1, event_type="refund"), error_zone.reject(2)
    error_zone.put(refund, untyped)
    assert error_zone.open_ids(event_types=frozenset({"refund"})) == [refund.reject_id]
    assert error_zone.open_ids(event_types=frozenset({"-"})) == [untyped.reject_id]
    assert error_zone.open_ids(reject_ids=frozenset({untyped.reject_id})) == [untyped.reject_id]


def test_a_reject_that_several_objects_hold_counts_once(error_zone):
    first, second = error_zone.reject(1), error_zone.reject(2)
    error_zone.put(first, second, name="first try")
    error_zone.put(second, name="second try")
    assert error_zone.open_ids() == [first.reject_id, second.reject_id]


def test_a_decision_on_the_first_event_of_a_record_does_not_close_the_record_that_was_given_up(error_zone):
    first_event = error_zone.reject(1, b"{broken")
    record = error_zone.reject(1, b'[{broken,{"id":"sound"}]', Reason.UNDELIVERED)
    error_zone.put(first_event)
    error_zone.decide(first_event, Fate.REPLAYED)
    error_zone.put(record)
    assert [reject.original for reject in error_zone.found().open()] == [record.original]


@pytest.mark.parametrize(
    ("status", "counts"), [("failed", 0), ("running", 0), ("committed", 1), ("published", 1), (None, 0)]
)
def test_rejects_of_the_transform_count_once_their_batch_is_visible(error_zone, status, counts):
    error_zone.put(error_zone.reject(1, b"{}", Reason.TOTAL_MISMATCH, Stage.TRANSFORM, batch_id="b-1"))
    if status:
        error_zone.record_batch("b-1", status)
    assert len(error_zone.open_ids()) == counts


def test_a_line_that_a_failed_and_a_visible_batch_refused_counts_once(error_zone):
    for batch_id, status in (("b-1", "failed"), ("b-2", "published")):
        error_zone.put(
            error_zone.reject(1, b"{}", Reason.TOTAL_MISMATCH, Stage.TRANSFORM, batch_id=batch_id), name=batch_id
        )
        error_zone.record_batch(batch_id, status)
    assert [reject.batch_id for reject in error_zone.found().open()] == ["b-2"]


def test_a_reject_with_a_fate_is_not_open(error_zone):
    one, two = error_zone.reject(1), error_zone.reject(2)
    error_zone.put(one, two)
    error_zone.decide(one, Fate.REPLAYED)
    found = error_zone.found()
    assert [(reject.reject_id, found.fate(reject)) for reject in found] == [
        (one.reject_id, Fate.REPLAYED),
        (two.reject_id, Fate.OPEN),
    ]
    assert error_zone.open_ids() == error_zone.open_ids(first_date="2026-11-22") == [two.reject_id]


def test_fates_are_read_from_the_day_before_the_first_arrival_on(error_zone):
    reject = error_zone.reject(1)
    error_zone.put(reject)
    error_zone.decide(reject, now=NOON - DAY)
    assert error_zone.open_ids(first_date="2026-11-22") == []
    read = documents.read_reject_fates(error_zone.s3, error_zone.processed, "2026-11-22")
    assert list(read) == []


def test_what_is_refused_after_the_command_began_is_not_taken_up_by_it(error_zone):
    error_zone.put(error_zone.reject(1))
    found = error_zone.found()
    error_zone.put(error_zone.reject(2), name="later")
    assert len(list(found.open())) == 1


def test_the_last_decision_counts_in_whatever_order_the_documents_come():
    early = RejectFate("r", "replayed", "2026-11-22T12:00:00.000000Z", "ops", "")
    late = RejectFate("r", "fixed", "2026-11-22T12:00:00.000001Z", "ops", "")
    assert latest([early, late]) == latest([late, early]) == {"r": late}


def test_the_same_decisions_are_the_same_document(error_zone):
    for _ in range(2):
        error_zone.decide(error_zone.reject(1), because="a test")
    (key,) = error_zone.fate_keys()
    assert key.startswith("ledger/reject_fates/fate_date=2026-11-22/")
    error_zone.decide(error_zone.reject(1), because="another test")
    assert len(error_zone.fate_keys()) == 2


def test_an_event_of_the_transform_is_the_cloudevent_again(error_zone):
    line = {
        "position": {"stream": "ingest"},
        "event": {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "refund", "traceid": "t"},
        "data": {"refund": {"amount": 1.5}},
    }
    rejects = [
        error_zone.reject(1, json.dumps(line).encode(), Reason.UNTYPABLE, Stage.TRANSFORM, batch_id="b"),
        error_zone.reject(2, b"broken", Reason.UNTYPABLE, Stage.TRANSFORM, batch_id="b"),
    ]
    error_zone.put(*rejects)
    error_zone.record_batch("b", "committed")
    first, second = error_zone.found()
    assert json.loads(first.event()) == line["event"] | {"data": {"amount": 1.5}}
    assert second.event() == b"broken"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"reasons": ["bad"]}, r"--reason is 'bad'; expected one of invalid_utf8, .*total_mismatch"),
        ({"refused_by": ["commit"]}, r"--refused-by is 'commit'; expected one of ingestion, transform"),
        ({"first": "yesterday"}, r"--from is 'yesterday'; expected a UTC day of arrival as YYYY-MM-DD"),
        ({"last": "2026-13-01"}, r"--to is '2026-13-01'"),
        ({"ids": ["e-1"]}, r"--id is 'e-1'; expected 32 hex digits, as `etl rejects --samples 3` shows them"),
    ],
)
def test_an_option_that_selects_nothing_is_refused(options, says):
    given = {"refused_by": (), "reasons": (), "types": (), "first": "", "last": "", "ids": ()} | options
    with pytest.raises(PipelineError, match=says):
        selection_of(**given)


def test_no_options_select_everything():
    assert selection_of((), (), (), "", "", ()) == Selection()
