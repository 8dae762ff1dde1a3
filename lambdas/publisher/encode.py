"""Rows of the table as CloudEvents 1.0 in JSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.columns import ENRICHMENT
from lake.put_records import MAX_PARTITION_KEY_CHARACTERS
from lambdas.publisher.json_columns import EMPTY, TEXT, Piece, joined, json_texts, member, members, objects, quoted

ATTRIBUTES = ("event_id", "source", "event_time", "subject", "ingest_position", "batch_id")


@dataclass(slots=True)
class Message:
    """One row as it goes downstream; `row` is its number in the part that it belongs to."""

    part: int
    row: int
    partition_key: str
    data: bytes

    @property
    def size_bytes(self) -> int:
        """What Kinesis counts against its limits."""
        return len(self.data) + len(self.partition_key.encode())


def partition_keys(rows: pa.RecordBatch) -> list[str]:
    """The subject, or where there is none the id."""
    subject = rows["subject"].cast(TEXT)
    has_subject = pc.fill_null(pc.not_equal(subject, ""), False)
    keys = pc.if_else(has_subject, subject, rows["event_id"].cast(TEXT))
    return pc.utf8_slice_codeunits(keys, 0, MAX_PARTITION_KEY_CHARACTERS).to_numpy(zero_copy_only=False).tolist()


def events(rows: pa.RecordBatch, event_type: str, schema: dict) -> list[bytes]:
    """The rows, all of one type, as the events they came as; `batchid` and `ingestposition` are ours."""
    return _as_bytes(joined(*_head(rows, event_type), ',"data":', payloads(rows, event_type, schema), "}"))


def payloads(rows: pa.RecordBatch, event_type: str, schema: dict) -> pa.Array:
    """`data`: what the contract describes, and `enrichment` where there is any."""
    pieces = _contract_members(rows[event_type], schema) if event_type in rows.schema.names else []
    return objects([*pieces, _enrichment(rows)], len(rows))


def _contract_members(column: pa.Array, schema: dict) -> list[Piece]:
    pieces = members(column, schema)
    return [pc.if_else(column.is_valid(), joined(*pieces), EMPTY)] if column.null_count else pieces


def pointer(row: pa.RecordBatch, event_type: str, uri: str) -> bytes:
    """The event of a row (a batch of one) whose data lies elsewhere.

    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/dataref.md
    """
    return _as_bytes(joined(*_head(row, event_type), f',"dataref":{quoted(uri)}}}'))[0]


def _head(rows: pa.RecordBatch, event_type: str) -> list[Piece]:
    text = {name: json_texts(rows[name]) for name in ATTRIBUTES if name != "subject"}
    subject = rows["subject"]
    has_subject = pc.fill_null(pc.not_equal(subject, ""), False)
    return [
        '{"specversion":"1.0","id":',
        text["event_id"],
        ',"source":',
        text["source"],
        f',"type":{quoted(event_type)},"time":',
        text["event_time"],
        pc.if_else(has_subject, joined(',"subject":', json_texts(subject)), EMPTY),
        ',"datacontenttype":"application/json","batchid":',
        text["batch_id"],
        ',"ingestposition":',
        text["ingest_position"],
    ]


def _enrichment(rows: pa.RecordBatch) -> Piece:
    """`,"enrichment":{…}` where enrichment found something; a null or an empty list is left out."""
    found = [member(name, _filled(rows[name]), None, False) for name in ENRICHMENT.names if name in rows.schema.names]
    inner = objects(found, len(rows))
    return pc.if_else(pc.equal(inner, "{}"), EMPTY, joined(',"enrichment":', inner))


def _filled(column: pa.Array) -> pa.Array:
    is_list = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
    if not is_list:
        return column
    return pc.if_else(pc.equal(pc.list_value_length(column), 0), pa.scalar(None, column.type), column)


def _as_bytes(texts: pa.Array) -> list[bytes]:
    return texts.cast(pa.large_binary()).to_numpy(zero_copy_only=False).tolist()
