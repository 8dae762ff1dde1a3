"""Ingestion: one Kinesis delivery through the function's own code, storage left out."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import orjson
from isal import igzip

from bench.rounds import compare
from bench.typical_ingestion import json_and_jsonschema, powertools_and_pydantic
from cli.shop.events import shop_lines
from contracts.contract import load_contracts
from lake.positions import Position
from lake.raw_lines import ISAL_LEVEL, compress
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import read_delivery
from lambdas.ingestion.records import read_records

EVENTS = 10_000
START = datetime(2026, 11, 1, tzinfo=UTC)
FIRST_SEQUENCE = 49590338271490256608559692538361571095921575989136588898


def delivery(lines: list[bytes]) -> dict:
    """The event that Lambda is given for these records, as they arrive at a full shard: one a millisecond."""
    return {
        "Records": [
            {
                "eventID": f"shardId-000000000000:{FIRST_SEQUENCE + number}",
                "eventSource": "aws:kinesis",
                "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/ingest",
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": f"user-{number % 997}",
                    "data": base64.b64encode(line).decode(),
                    "sequenceNumber": str(FIRST_SEQUENCE + number),
                    "approximateArrivalTimestamp": 1_795_000_000 + number / 1000,
                },
            }
            for number, line in enumerate(lines)
        ]
    }


def run() -> None:
    """Compare with parsing alone, with the same lines written unchecked, and with how it is commonly written."""
    contracts = load_contracts()
    event, decoder = delivery([line for _, line in shop_lines(EVENTS, 1, START)]), Decoder(contracts)

    def parse_and_compress() -> bytes:
        payloads = [payload for payload, _ in read_records(event)]
        for payload in payloads:
            _parsed(payload)
        return igzip.compress(b"\n".join(payloads), compresslevel=ISAL_LEVEL, mtime=0)

    def same_lines_unchecked() -> bytes:
        lines = []
        for payload, position in read_records(event):
            found = _parsed(payload)
            if found is not None:
                lines.append(orjson.dumps(_line(found, position)))
        return compress(lines)

    def ingestion() -> bytes:
        made = read_delivery(read_records(event), decoder)
        for lines in made.reject_lines().values():
            compress(lines)
        return made.raw.body()

    variants = {
        "parse and compress only": parse_and_compress,
        "the same lines, unchecked": same_lines_unchecked,
        "ingestion": ingestion,
        "Powertools batch + Pydantic": powertools_and_pydantic(event),
        "json + jsonschema": json_and_jsonschema(event, contracts, read_records),
    }
    compare("ingestion", EVENTS, variants)


def _parsed(payload: bytes) -> dict | None:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None


def _line(event: dict, position: Position) -> dict:
    data = event.pop("data", None)
    place = position._asdict()
    return {"position": place, "event": event, "data": {event.get("type", ""): data}}
