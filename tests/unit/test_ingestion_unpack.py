import hashlib

import pytest
from aws_kinesis_agg import MAGIC
from aws_kinesis_agg.aggregator import RecordAggregator

from contracts.contract import load_contracts
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import read_delivery
from lambdas.ingestion.unpack import unpack
from tests.unit.ingestion_events import POSITION


def aggregate(*user_records):
    """What a producer with the Kinesis Producer Library sends as one record."""
    aggregator = RecordAggregator()
    for number, data in enumerate(user_records):
        aggregator.add_user_record(f"key-{number}", data)
    return aggregator.clear_and_get().get_contents()[2]


def sealed(body):
    return MAGIC + body + hashlib.md5(body).digest()


def test_a_record_is_one_event():
    for record in (b'{"a":1}', b"oops", b"", b"\xff"):
        assert unpack(record) == [record]


def test_an_array_is_a_batch_whose_events_keep_their_bytes():
    assert unpack(b' \n[ {"a" : 1.0} ,"x", [1, 2],\t{"b":"\xff"}]\r\n') == [
        b'{"a" : 1.0}',
        b'"x"',
        b"[1, 2]",
        b'{"b":"\xff"}',
    ]


def test_an_empty_batch_is_no_event():
    assert unpack(b"[ ]") == []


@pytest.mark.parametrize("record", [b"[1,2", b"[1 2]", b"[", b"[1]x", b"[\xff]"])
def test_an_array_that_is_no_json_is_one_event(record):
    assert unpack(record) == [record]


def test_arrays_however_deep_are_one_event():
    assert len(unpack(b"[" * 5000 + b"]" * 5000)) == 1


def test_an_aggregate_is_its_user_records():
    assert unpack(aggregate(b'{"a":1}', b"oops", b"")) == [b'{"a":1}', b"oops", b""]


def test_batches_inside_of_an_aggregate_are_unpacked_too():
    assert unpack(aggregate(b'[{"a":1},{"a":2}]', b'{"a":3}', b"[]")) == [b'{"a":1}', b'{"a":2}', b'{"a":3}']


@pytest.mark.parametrize(
    "record",
    [
        MAGIC,
        MAGIC + b"\x00" * 16,
        aggregate(b'{"a":1}')[:-1],
        aggregate(b'{"a":1}')[:-1] + b"\x00",
        aggregate(b'{"a":1}', b'{"a":2}')[:20],
        sealed(b""),
        sealed(b"no protobuf"),
        aggregate(b'{"a":1}') + b"\n",
    ],
)
def test_what_only_looks_like_an_aggregate_is_one_event(record):
    assert unpack(record) == [record]


def test_an_aggregate_without_its_partition_keys_loses_nothing():
    # records = {partition_key_index: 7, data: "{}"}, and no table of keys.
    record = sealed(b"\x1a\x06\x08\x07\x1a\x02{}")
    assert unpack(record) == [b"{}"]


def test_events_of_one_record_are_told_apart_by_their_number():
    record = aggregate(b"[1,2]", b"3")
    delivery = read_delivery([(record, POSITION), (b"4", POSITION._replace(sequence="43"))], Decoder(load_contracts()))
    places = [(r.position.sequence, r.position.sub_sequence, r.original) for r in delivery.rejects]
    assert places == [("42", 0, b"1"), ("42", 1, b"2"), ("42", 2, b"3"), ("43", 0, b"4")]
    assert (delivery.records, delivery.receipt().events) == (2, 4)
    assert len({reject.reject_id for reject in delivery.rejects}) == 4


def test_the_size_of_an_event_counts_and_not_that_of_the_batch():
    delivery = read_delivery([(b"[" + b",".join([b" " * 600_000 + b"1"] * 2) + b"]", POSITION)], Decoder({}))
    assert {reject.reason for reject in delivery.rejects} == {"invalid_envelope"}
