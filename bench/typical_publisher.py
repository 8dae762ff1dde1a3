"""Publishing as it is commonly written, for comparison: a dict a row, json.dumps, boto3 as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

import pyarrow.parquet as pq


def put_records_in_batches(files: dict[str, Any], kinesis: Any) -> None:
    """500 records a request."""
    records = _records(files)
    while request := list(islice(records, 500)):
        kinesis.put_records(StreamName="downstream", Records=request)


def put_record_a_row(files: dict[str, Any], kinesis: Any) -> None:
    """One record a request."""
    for record in _records(files):
        kinesis.put_record(StreamName="downstream", **record)


def _records(files: dict[str, Any]) -> Iterator[dict]:
    for event_type, file in files.items():
        for row in pq.read_table(file).to_pylist():
            data = json.dumps(event_of(row, event_type), default=as_json, ensure_ascii=False).encode()
            yield {"Data": data, "PartitionKey": row["subject"] or row["event_id"]}


def event_of(row: dict, event_type: str) -> dict:
    """The CloudEvent of a row."""
    enrichment = {name: row[name] for name in ("customer", "products") if row.get(name)}
    data = {name: value for name, value in row[event_type].items() if value is not None}
    return {
        "specversion": "1.0",
        "id": row["event_id"],
        "source": row["source"],
        "type": event_type,
        "time": row["event_time"],
        "subject": row["subject"],
        "datacontenttype": "application/json",
        "batchid": row["batch_id"],
        "ingestposition": row["ingest_position"],
        "data": data | {"enrichment": enrichment},
    }


def as_json(value: object) -> object:
    """Times as ISO has them, decimals as doubles: what most people settle for."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(type(value).__name__)
