"""Ingestion: one Kinesis delivery through the function's own code, storage left out."""

from __future__ import annotations

import base64
import gzip
from datetime import UTC, datetime

import orjson

from bench.rounds import compare
from cli.shop import shop_lines
from contracts.contract import load_contracts
from lake.raw_lines import compress
from lambdas.ingestion.decode import Decoder
from lambdas.ingestion.delivery import read_delivery
from lambdas.ingestion.records import read_records

EVENTS = 10_000
START = datetime(2026, 11, 1, tzinfo=UTC)


def delivery(lines: list[bytes]) -> dict:
    """The event that Lambda is given for these records."""
    return {
        "Records": [
            {
                "eventID": f"shardId-000000000000:{number}",
                "eventSourceARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/ingest",
                "kinesis": {
                    "data": base64.b64encode(line).decode(),
                    "sequenceNumber": str(number),
                    "approximateArrivalTimestamp": 1_795_000_000.0,
                },
            }
            for number, line in enumerate(lines)
        ]
    }


def run() -> None:
    """Compare with parsing and compressing alone, which validates nothing."""
    event, decoder = delivery([line for _, line in shop_lines(EVENTS, 1, START)]), Decoder(load_contracts())

    def floor() -> bytes:
        payloads = [payload for payload, _ in read_records(event)]
        for payload in payloads:
            try:
                orjson.loads(payload)
            except orjson.JSONDecodeError:
                continue
        return gzip.compress(b"\n".join(payloads), compresslevel=1, mtime=0)

    def ingestion() -> bytes:
        made = read_delivery(read_records(event), decoder)
        for lines in made.reject_lines().values():
            compress(lines)
        return made.raw.body()

    compare("ingestion", EVENTS, {"parse and compress only": floor, "ingestion": ingestion})
