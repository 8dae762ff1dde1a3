"""The events that one record of the stream carries: one, a CloudEvents batch, or what the KPL aggregated.

https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#4-json-batch-format
"""

from __future__ import annotations

import hashlib

import msgspec
from aws_kinesis_agg import DIGEST_SIZE, MAGIC
from aws_kinesis_agg.deaggregator import messages_pb2
from google.protobuf.message import DecodeError

BATCH = msgspec.json.Decoder(list[msgspec.Raw])
JSON_BLANKS = b" \t\n\r"


def unpack(record: bytes) -> list[bytes]:
    """Each event's own bytes, untouched; a record that is neither batch nor sound aggregate is one event."""
    if record.startswith(b"{"):
        return [record]
    if record.startswith(MAGIC):
        return [event for user_record in _user_records(record) for event in _batched(user_record)]
    return _batched(record)


def _user_records(record: bytes) -> list[bytes]:
    # Not aws_kinesis_agg's own loop: it drops the rest of an aggregate at the first partition key that lacks.
    body, digest = record[len(MAGIC) : -DIGEST_SIZE], record[-DIGEST_SIZE:]
    if hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return [record]
    try:
        found = [user_record.data for user_record in messages_pb2.AggregatedRecord.FromString(body).records]
    except DecodeError:
        return [record]
    return found or [record]


def _batched(payload: bytes) -> list[bytes]:
    if not payload.lstrip(JSON_BLANKS).startswith(b"["):
        return [payload]
    try:
        return [bytes(event) for event in BATCH.decode(payload)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [payload]
