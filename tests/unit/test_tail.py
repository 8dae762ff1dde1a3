"""`etl tail`: every shard, also those that come later; filters; what is shown."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.downstream.stream import Follower, downstream_records
from cli.downstream.tail import Filter, chosen, in_words, is_same, read_where, since_time
from contracts.errors import PipelineError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENT = {
    "specversion": "1.0", "id": "e-1", "source": "/shop", "type": "purchase", "time": "2026-11-22T12:00:00.000000Z",
    "subject": "u-1", "data": {"total": 12.5, "currency": "EUR", "gift": True, "items": [{"id": "p1"}, {"id": "p2"}]},
}  # fmt: skip


class FakeKinesis:
    """Shards as {name: (parents, records, is_closed)}; `expire` makes the next reading find its iterator expired."""

    class exceptions:
        class ExpiredIteratorException(Exception):
            pass

    def __init__(self, shards):
        self.shards, self.expire, self.asked = shards, False, []

    def get_paginator(self, operation):
        return self

    def paginate(self, StreamName):
        names = ("ParentShardId", "AdjacentParentShardId")
        return [
            {"Shards": [{"ShardId": s, **dict(zip(names, p, strict=False))} for s, (p, _, _) in self.shards.items()]}
        ]

    def get_shard_iterator(self, StreamName, ShardId, ShardIteratorType, **place):
        self.asked.append((ShardId, ShardIteratorType))
        after = int(place.get("StartingSequenceNumber", 0))
        return {"ShardIterator": f"{ShardId}:{after}"}

    def get_records(self, ShardIterator, Limit):
        if self.expire:
            self.expire = False
            raise self.exceptions.ExpiredIteratorException
        shard, _, start = ShardIterator.partition(":")
        _, records, is_closed = self.shards[shard]
        found = [self._record(number, data) for number, data in enumerate(records, 1) if number > int(start)]
        following = None if is_closed else f"{shard}:{len(records)}"
        return {"Records": found, "NextShardIterator": following, "MillisBehindLatest": 0}

    def _record(self, number, data):
        return {"SequenceNumber": str(number), "Data": data, "ApproximateArrivalTimestamp": NOON}


def read(follower):
    return [record["Data"] for record in follower.read()]


def test_all_shards_are_read_and_each_record_once():
    kinesis = FakeKinesis({"s-0": ((), [b"a", b"b"], False), "s-1": ((), [b"c"], False)})
    follower = Follower(kinesis, "downstream", NOON)
    assert (read(follower), read(follower)) == ([b"a", b"b", b"c"], [])
    kinesis.shards["s-1"][1].append(b"d")
    assert (read(follower), follower.is_at_end) == ([b"d"], False)


def test_shards_that_a_split_has_made_are_read_after_the_one_that_was_split():
    kinesis = FakeKinesis({"s-0": ((), [b"a"], False)})
    follower = Follower(kinesis, "downstream", NOON)
    assert read(follower) == [b"a"]
    kinesis.shards = {
        "s-0": ((), [b"a", b"b"], True),
        "s-1": (("s-0",), [b"c"], False),
        "s-2": (("s-0",), [b"d"], False),
    }
    assert (read(follower), follower.is_at_end) == ([b"b"], False)
    assert sorted(read(follower)) == [b"c", b"d"]


def test_a_shard_that_a_merge_has_made_waits_for_both():
    kinesis = FakeKinesis(
        {"s-0": ((), [b"a"], True), "s-1": ((), [b"b"], False), "s-2": (("s-0", "s-1"), [b"c"], False)}
    )
    follower = Follower(kinesis, "downstream", NOON)
    assert (read(follower), read(follower)) == ([b"a", b"b"], [])
    kinesis.shards["s-1"] = ((), [b"b"], True)
    assert (read(follower), read(follower)) == ([], [b"c"])


def test_an_iterator_that_expired_is_replaced_after_the_last_record():
    kinesis = FakeKinesis({"s-0": ((), [b"a"], False)})
    follower = Follower(kinesis, "downstream", NOON)
    assert read(follower) == [b"a"]
    kinesis.shards["s-0"][1].append(b"b")
    kinesis.expire = True
    assert (read(follower), read(follower)) == ([], [b"b"])
    assert kinesis.asked == [("s-0", "AT_TIMESTAMP"), ("s-0", "AFTER_SEQUENCE_NUMBER")]


def test_records_from_before_the_wanted_time_are_passed_over():
    kinesis = FakeKinesis({"s-0": ((), [b"a"], False)})
    assert read(Follower(kinesis, "downstream", NOON + timedelta(milliseconds=1))) == []


def test_reading_without_following_ends_at_the_end_of_a_real_stream(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        kinesis = boto3.client("kinesis", region_name="eu-west-1")
        kinesis.create_stream(StreamName="downstream", ShardCount=3)
        began = datetime.now(UTC) - timedelta(minutes=1)
        sent = [b"%d" % number for number in range(20)]
        for data in sent:
            kinesis.put_record(StreamName="downstream", Data=data, PartitionKey=data.decode())
        assert sorted(downstream_records(kinesis, "downstream", began)) == sorted(sent)
        with pytest.raises(ClientError, match="Stream nowhere"):
            list(downstream_records(kinesis, "nowhere", began))


@pytest.mark.parametrize(
    ("is_wanted", "is_shown"),
    [
        (Filter(), True),
        (Filter(types=frozenset({"purchase", "refund"})), True),
        (Filter(types=frozenset({"refund"})), False),
        (Filter(source="/shop", subject="u-1"), True),
        (Filter(subject="u-2"), False),
        (Filter(where=read_where(["currency=EUR", "total=12.50"])), True),
        (Filter(where=read_where(["currency=EUR", "total=12.51"])), False),
        (Filter(where=read_where(["items.id=p2"])), True),
        (Filter(where=read_where(["items.id.x=p2"])), False),
        (Filter(where=read_where(["nothing=1"])), False),
    ],
)
def test_filters_name_attributes_and_fields_of_the_data(is_wanted, is_shown):
    assert is_wanted(EVENT) is is_shown


def test_an_event_without_data_has_no_field():
    pointer = {name: value for name, value in EVENT.items() if name != "data"}
    assert not Filter(where=read_where(["currency=EUR"]))(pointer)


@pytest.mark.parametrize(
    ("value", "text", "same"),
    [
        ("a=b", "a=b", True),
        (True, "true", True),
        (True, "1", False),
        (1, "1.0", True),
        (None, "null", True),
        ("1", "1", True),
    ],
)
def test_values_are_compared_as_json_has_them(value, text, same):
    assert is_same(value, text) is same


@pytest.mark.parametrize("condition", ["currency", "=EUR", "a..b=1"])
def test_a_condition_that_is_none_is_named(condition):
    with pytest.raises(PipelineError, match=f"--where is '{condition}'; expected FIELD=VALUE"):
        read_where([condition])


def test_as_many_are_shown_as_the_limit_says():
    records = [json.dumps(EVENT | {"id": f"e-{n}"}).encode() for n in range(4)]
    assert [event["id"] for _, event in chosen(records, Filter(), 2)] == ["e-0", "e-1"]
    assert len(list(chosen(records, Filter(), 0))) == 4


def test_an_event_is_told_in_a_line_and_its_data_with_all_digits():
    ((_, event),) = chosen([json.dumps(EVENT).replace("12.5", "12.5000").encode()], Filter(), 0)
    head, *data = in_words(event).splitlines()
    assert head == "2026-11-22T12:00:00.000000Z  purchase  /shop e-1 · u-1"
    assert data[1] == '  "total": 12.5000,'


def test_a_pointer_says_where_its_data_is():
    event = {**EVENT, "dataref": "s3://processed/downstream/b/x.json"}
    assert in_words(event).splitlines()[1] == (
        "  too large for the stream; its data is s3://processed/downstream/b/x.json"
    )


def test_a_time_is_an_age_or_rfc_3339():
    assert since_time("10m", NOON) == NOON - timedelta(minutes=10)
    assert since_time("2026-11-22T10:00:00Z", NOON) == NOON - timedelta(hours=2)
    assert since_time("2026-11-22T10:00:00", NOON) == NOON - timedelta(hours=2)
    with pytest.raises(PipelineError, match="--since is 'noon'; expected 30s, 10m"):
        since_time("noon", NOON)
