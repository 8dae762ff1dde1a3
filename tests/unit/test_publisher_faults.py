"""The publisher under faults: every row arrives, little arrives twice, and the count is the rows."""

from collections import Counter
from decimal import Decimal

import pytest

from lake.catalog import BATCH_ID
from lake.documents import read_json, write_json
from lambdas.publisher import app, publish, rows
from tests.unit import fake_stream
from tests.unit.fake_stream import FakeStream

EVENTS = 38
REFUNDS = 20
IN_FLIGHT = 8


class Death(BaseException):
    """The process is gone: nothing in it can catch this."""


class Calls:
    """Every call that changes something outside, numbered; the process dies before or after one of them."""

    def __init__(self, dies_at=None, is_done_first=False):
        self.made, self.dies_at, self.is_done_first = 0, dies_at, is_done_first

    def before(self, **_):
        self.made += 1
        if self.made == self.dies_at and not self.is_done_first:
            raise Death

    def after(self, **_):
        if self.made == self.dies_at and self.is_done_first:
            raise Death


class Time:
    def get_remaining_time_in_millis(self):
        return 900_000


@pytest.fixture
def batch(lake, monkeypatch):
    """Rows of two types in two files and several shares; eight rows in flight, two a request."""
    settings = {"STAGING_BUCKET": lake.staging, "PROCESSED_BUCKET": lake.processed, "DATABASE": lake.database}
    for name, value in {**settings, "TABLE": "events", "DOWNSTREAM_STREAM": "downstream"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(app, "sleep", lambda seconds: None)
    monkeypatch.setenv("ROWS_PER_SHARE", "25")
    monkeypatch.setattr(publish, "ROWS_IN_FLIGHT", IN_FLIGHT)
    monkeypatch.setattr(rows, "ROWS_AT_ONCE", 4)
    monkeypatch.setattr("lake.put_records.MAX_RECORDS", 2)
    monkeypatch.setattr("lambdas.publisher.messages.MAX_RECORD_BYTES", 2_000)
    lake_rows = [refund(lake, n) for n in range(REFUNDS)] + [lake.row(f"p-{n}") for n in range(EVENTS - REFUNDS)]
    files = lake.write("b-1", lake_rows)
    table = lake.table()
    table.add_files([file["uri"] for file in files], snapshot_properties={BATCH_ID: "b-1"})
    left = {"batch_id": "b-1", "snapshot_id": str(table.current_snapshot().snapshot_id)}
    write_json(lake.s3, lake.staging, "batches/b-1/commit.json", left | {"rows_by_type": {}})
    return lake


def refund(lake, number):
    data = {"user_id": "u-1", "refund_id": "r-1", "order_id": "o-1", "product_id": "p-1", "currency": "EUR"}
    comment = "x" * 2_000 if number % 11 == 0 else "late"
    return lake.row(f"r-{number}", event_type="refund", refund=data | {"amount": Decimal("1.10"), "comment": comment})


def expected():
    return {f"r-{n}" for n in range(REFUNDS)} | {f"p-{n}" for n in range(EVENTS - REFUNDS)}


def new_process(stream, calls):
    """A function that has just been started, whose calls are counted."""
    for remembered in (app.settings, app.s3, app.kinesis):
        remembered.cache_clear()
    for client, name in ((app.s3(), "s3.PutObject"), (app.kinesis(), "kinesis.PutRecords")):
        client.meta.events.register(f"before-call.{name}", calls.before)
        client.meta.events.register(f"after-call.{name}", calls.after)
    stream.attach(app.kinesis())


def run_to_the_end(stream, calls):
    """What the state machine and reconciliation do: calls again and again, by new processes after a death."""
    new_process(stream, calls)
    waiting = [{"batch_id": "b-1"}]
    while waiting:
        try:
            answer = app.handler(waiting[0], Time())
        except Death:
            new_process(stream, Calls())
            waiting = [{"batch_id": "b-1"}]
            continue
        waiting = waiting[1:] + answer.get("shares", [])
        if not waiting and not answer.get("is_published"):
            waiting = [{"batch_id": "b-1"}]
    return answer


def is_sound(lake, stream, answer):
    """Every row arrived, and the ledger is told as many as there are."""
    assert set(stream.ids) == expected()
    told = read_json(lake.s3, lake.staging, "batches/b-1/publish.json")
    assert (told["published"], told["rows"], told["publish_failures"]) == (EVENTS, EVENTS, 0)
    assert answer["published"] == EVENTS


def repeats(stream):
    return sum(times - 1 for times in Counter(stream.ids).values())


@pytest.mark.parametrize("is_done_first", [False, True], ids=["before", "after"])
def test_death_at_any_call_loses_nothing_and_repeats_no_more_than_was_in_flight(batch, is_done_first):
    stream, calls, found = FakeStream(), Calls(), []
    is_sound(batch, stream, run_to_the_end(stream, calls))
    assert (repeats(stream), calls.made > 25) == (0, True)
    for number in range(1, calls.made + 1):
        forget_publication(batch)
        stream = FakeStream()
        is_sound(batch, stream, run_to_the_end(stream, Calls(number, is_done_first)))
        found.append(repeats(stream))
        assert found[-1] <= IN_FLIGHT, f"death at call {number}"
    print(f"{len(found)} deaths, {sum(found)} rows sent twice, at most {max(found)} of {IN_FLIGHT} in flight")
    assert any(found)


def forget_publication(lake):
    for key in lake.keys(lake.staging):
        if not key.endswith("commit.json"):
            lake.s3.delete_object(Bucket=lake.staging, Key=key)


@pytest.mark.parametrize(
    ("faults", "allowed"),
    [
        ([fake_stream.every_other_refused] * 20, 0),
        ([fake_stream.throttled, None, fake_stream.throttled] * 5, 0),
        ([fake_stream.internal_failure] * 6, 0),
        ([fake_stream.answer_lost], 2),
        ([None, fake_stream.answer_lost, fake_stream.every_other_refused] * 4, 8),
    ],
    ids=["partial failures", "throttling", "internal failures", "a lost answer", "lost answers and partial failures"],
)
def test_what_was_taken_is_not_sent_again_unless_its_answer_was_lost(batch, faults, allowed):
    stream = FakeStream()
    stream.faults = list(faults)
    is_sound(batch, stream, run_to_the_end(stream, Calls()))
    assert not stream.faults
    assert repeats(stream) <= allowed


def test_death_under_faults_loses_nothing_either(batch):
    stream = FakeStream()
    stream.faults = [fake_stream.every_other_refused, fake_stream.answer_lost, fake_stream.throttled] * 4
    is_sound(batch, stream, run_to_the_end(stream, Calls(20, is_done_first=True)))
    assert repeats(stream) <= IN_FLIGHT + 2 * 4
