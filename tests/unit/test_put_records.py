"""Requests for PutRecords: cut, sent, and sent again where they were refused."""

from dataclasses import dataclass

import boto3
import pytest
from botocore.exceptions import ClientError

from lake import kinesis
from lake.put_records import MAX_RECORDS, Backoff, portions, send
from tests.unit import fake_stream
from tests.unit.fake_stream import FakeStream

ENTRIES = "abcd"


@dataclass(frozen=True)
class Entry:
    partition_key: str
    size_bytes: int = 10

    @property
    def data(self):
        return b'{"id":"%b"}' % self.partition_key.encode()


class Stream:
    """Refuses each key as often as told, and remembers what it was asked."""

    def __init__(self, **refusals):
        self.refusals, self.requests, self.pauses = refusals, [], []

    def put(self, entries):
        self.requests.append("".join(entry.partition_key for entry in entries))
        return [self.answer(entry.partition_key) for entry in entries]

    def answer(self, key):
        self.refusals[key] = self.refusals.get(key, 0) - 1
        return {"ErrorCode": "InternalFailure"} if self.refusals[key] >= 0 else {"SequenceNumber": "1"}

    def send(self, keys, attempts=4, taken=None):
        backoff = Backoff(self.pauses.append, lambda: 0.5, attempts, first_seconds=1, longest_seconds=3)
        left = send([Entry(key) for key in keys], self.put, backoff, taken)
        return [(entry.partition_key, code) for entry, code in left]


def test_a_request_has_no_more_records_than_kinesis_takes():
    assert [len(p) for p in portions(Entry(str(n)) for n in range(1001))] == [MAX_RECORDS, MAX_RECORDS, 1]


def test_a_request_has_no_more_bytes_than_kinesis_takes():
    sizes = [2_000_000, 2_000_000, 1_000_000, 1, 4_999_999]
    found = [[e.size_bytes for e in p] for p in portions(Entry("k", size) for size in sizes)]
    assert found == [[2_000_000, 2_000_000, 1_000_000], [1, 4_999_999]]


def test_no_entries_are_no_request():
    assert list(portions([])) == []


def test_only_what_was_refused_is_sent_again():
    stream, taken = Stream(b=1, d=2), []
    assert stream.send(ENTRIES, taken=lambda entry, result: taken.append(entry.partition_key)) == []
    assert (stream.requests, taken) == (["abcd", "bd", "d"], ["a", "c", "b", "d"])


def test_pauses_grow_to_a_limit_and_are_a_random_part_of_it():
    stream = Stream(a=3)
    stream.send("a")
    assert stream.pauses == [0.5, 1.0, 1.5]


def test_what_is_refused_as_often_as_allowed_is_left_with_its_error():
    stream = Stream(b=9)
    assert stream.send("ab", attempts=2) == [("b", "InternalFailure")]
    assert (stream.requests, len(stream.pauses)) == (["ab", "b", "b"], 2)


def test_a_stream_that_takes_some_each_time_is_not_given_up():
    stream = Stream(a=1, b=2, c=3, d=4)
    assert stream.send("abcd", attempts=2) == []


@pytest.fixture(params=["fast", "plain"])
def put(request, monkeypatch):
    """Both clients do the same: the fast one, and botocore's own."""
    for name, value in {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "DEFAULT_REGION": "eu-west-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    client = kinesis.fast_client() if request.param == "fast" else boto3.client("kinesis", config=once())
    stream = FakeStream()
    stream.attach(client)
    return stream, kinesis.put_to(client, "downstream")


def once():
    return kinesis.Config(retries=kinesis.ASK_ONCE)


def entries():
    return [Entry(key) for key in ENTRIES]


def test_what_is_put_arrives_as_it_is(put):
    stream, ask = put
    results = ask([Entry('ß"1'), Entry("b")])
    assert stream.taken == [('ß"1', b'{"id":"\xc3\x9f"1"}'), ("b", b'{"id":"b"}')]
    assert [result["SequenceNumber"] for result in results] == ["1", "2"]


def test_refusals_stand_where_their_records_stood(put):
    stream, ask = put
    stream.faults = [fake_stream.every_other_refused]
    assert ["ErrorCode" in result for result in ask(entries())] == [False, True, False, True]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (fake_stream.throttled, "ProvisionedThroughputExceededException"),
        (fake_stream.internal_failure, "InternalFailure"),
        (fake_stream.answer_lost, "ReadTimeoutError"),
    ],
)
def test_a_request_that_fails_for_a_while_is_refused_whole(put, fault, code):
    stream, ask = put
    stream.faults = [fault]
    assert [result["ErrorCode"] for result in ask(entries())] == [f"{code} (whole request)"] * 4
    assert len(stream.requests) == 1


def test_a_request_that_would_fail_again_raises(put):
    stream, ask = put
    stream.faults = [fake_stream.not_there]
    with pytest.raises(ClientError, match="Stream downstream not found"):
        ask(entries())
