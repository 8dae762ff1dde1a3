"""Publishing: the rows of a batch's files through the publisher's own code, the network left out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import boto3
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from botocore.awsrequest import AWSResponse

from bench.rounds import compare
from bench.typical_publisher import as_json, event_of, put_record_a_row, put_records_in_batches
from cli.shop.events import EVENT, shop_lines
from contracts.contract import load_contracts
from lake.columns import COMMON, ENRICHMENT, type_columns
from lake.kinesis import fast_client, put_to
from lake.put_records import Backoff
from lambdas.publisher.encode import events
from lambdas.publisher.plan import Part
from lambdas.publisher.progress import Progress
from lambdas.publisher.publish import Outside, publish_parts
from lambdas.publisher.rows import read_file

EVENTS = 5_000
START = datetime(2026, 11, 1, tzinfo=UTC)
CUSTOMER = {"customer_id": "u0000042", "segment": "regular", "home_country": "SE"}
PRODUCT = {"product_id": "p01554", "name": "Rustic Mug ☕", "category": "kitchen", "brand": "Åland"}
CREDENTIALS = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "eu-west-1"}


def data_files() -> dict[str, io.BytesIO]:
    """A data file per event type, as enrichment leaves them."""
    columns, rows = type_columns(load_contracts()), {}
    for kind, line in shop_lines(EVENTS, 1, START):
        if kind == EVENT:
            event = json.loads(line, parse_float=Decimal)
            rows.setdefault(event["type"], []).append(row_of(event, len(rows)))
    files = {}
    for event_type, members in rows.items():
        schema = pa.schema([*COMMON, *ENRICHMENT, columns.field(event_type)])
        files[event_type] = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(members, schema), files[event_type], compression="zstd")
    return files


def row_of(event: dict, number: int) -> dict:
    """A row of the event, enriched."""
    time = datetime.fromisoformat(event["time"]).astimezone(UTC)
    return {
        "event_id": event["id"],
        "source": event["source"],
        "event_type": event["type"],
        "event_time": time,
        "event_date": time.date(),
        "subject": event.get("subject"),
        "arrival_time": time,
        "ingest_position": f"ingest/shardId-000000000000/{number:056}/0",
        "is_late": False,
        "lateness_seconds": 0,
        "batch_id": "a6ee1af8-55b6-456d-9ca9-05666a65ca34",
        "customer": CUSTOMER,
        "products": [PRODUCT],
        event["type"]: event["data"],
    }


def without_network(client: Any) -> Any:
    """The client, its requests answered in this process as soon as they are signed."""
    client.meta.events.register("before-send.kinesis", _taken)
    return client


def _taken(request: Any, **_: object) -> AWSResponse:
    records = request.body.count(b'"PartitionKey"')
    result = {"SequenceNumber": "49590338271490256608559692538361571095921575989136588898", "ShardId": "shardId-0"}
    is_one = request.headers["X-Amz-Target"].endswith(b"PutRecord")
    answer = result if is_one else {"FailedRecordCount": 0, "Records": [result] * records}
    headers = {"content-type": "application/x-amz-json-1.1"}
    return AWSResponse(request.url, 200, headers, _Body(orjson.dumps(answer)))


class _Body(io.BytesIO):
    """What botocore reads an answer from."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


def run() -> None:
    """Compare with how it is commonly written, and with nothing but writing JSON."""
    contracts, files = load_contracts(), data_files()
    session = boto3.Session(**CREDENTIALS)
    plain = without_network(session.client("kinesis"))
    fast = without_network(fast_client(session=session))
    parts = [Part(number, kind, _rows(file), kind) for number, (kind, file) in enumerate(files.items())]
    read = {kind: pq.read_table(file) for kind, file in files.items()}
    batches = [(kind, table.combine_chunks().to_batches()[0]) for kind, table in read.items()]
    ready = [event_of(row, kind) for kind, table in read.items() for row in table.to_pylist()]

    def publisher() -> None:
        outside = Outside(
            read=lambda part, first: read_file(files[part.uri], part.event_type, first),
            put=put_to(fast, "downstream"),
            backoff=Backoff(lambda seconds: None, lambda: 1.0),
            in_parallel=map,
            store_payload=lambda source, event_id, payload: "",
            note=lambda progress: None,
            is_time_left=lambda: True,
        )
        publish_parts(parts, {part.number: Progress(part.number) for part in parts}, contracts, outside)

    variants = {
        "orjson of ready dicts": lambda: [orjson.dumps(event, default=as_json) for event in ready],
        "publisher's encoding": lambda: [events(rows, kind, contracts[kind].stored_document) for kind, rows in batches],
        "publisher": publisher,
        "row dicts, json.dumps, boto3": lambda: put_records_in_batches(files, plain),
        "one put_record a row": lambda: put_record_a_row(files, plain),
    }
    compare("publisher", len(ready), variants)


def _rows(file: io.BytesIO) -> int:
    return pq.ParquetFile(file).metadata.num_rows
