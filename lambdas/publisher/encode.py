"""Rows of the table as CloudEvents 1.0 in JSON."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import orjson

from contracts.contract import Contract
from lake.columns import ENRICHMENT
from lake.positions import utc_text

# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html
MAX_PARTITION_KEY_CHARACTERS = 256


@dataclass(frozen=True)
class Message:
    """One row as it goes downstream."""

    source: str
    event_id: str
    partition_key: str
    data: bytes

    @property
    def size_bytes(self) -> int:
        """What Kinesis counts against its limits."""
        return len(self.data) + len(self.partition_key.encode())

    def as_entry(self) -> dict:
        """The message as an entry of PutRecords."""
        return {"Data": self.data, "PartitionKey": self.partition_key}


def as_message(row: dict, contract: Contract) -> Message:
    """The row as an event with the identity, type and time it came with; `batchid` and `ingestposition` are ours."""
    key = row["subject"] or row["event_id"]
    data = orjson.dumps(as_event(row, contract), default=_exact, option=orjson.OPT_UTC_Z)
    return Message(row["source"], row["event_id"], key[:MAX_PARTITION_KEY_CHARACTERS], data)


def as_event(row: dict, contract: Contract) -> dict:
    """The CloudEvent; `data` is what the contract describes, and `enrichment` where there is any."""
    event_type = row["event_type"]
    enrichment = {name: row[name] for name in ENRICHMENT.names if row.get(name)}
    data = without_absent(row[event_type] or {}, contract.stored_document)
    return {
        "specversion": "1.0",
        "id": row["event_id"],
        "source": row["source"],
        "type": event_type,
        "time": utc_text(row["event_time"]),
        **({"subject": row["subject"]} if row["subject"] else {}),
        "datacontenttype": "application/json",
        "batchid": row["batch_id"],
        "ingestposition": row["ingest_position"],
        "data": data | ({"enrichment": enrichment} if enrichment else {}),
    }


def without_absent(value: object, schema: dict) -> object:
    """The value without optional members that are null: a column cannot tell null from absent, a contract may.

    Members that the schema does not name are left out: an older row may hold what is no longer stored.
    """
    if isinstance(value, list):
        return [without_absent(element, schema["items"]) for element in value]
    if not isinstance(value, dict):
        return value
    properties, kept = schema["properties"], schema.get("required", ())
    present = {n: member for n, member in value.items() if n in properties and (member is not None or n in kept)}
    return {name: without_absent(member, properties[name]) for name, member in present.items()}


def _exact(value: object) -> orjson.Fragment:
    """A decimal with all its digits; JSON's numbers have no limit, doubles have."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"no JSON for {type(value).__name__}")
