"""A raw zone on disk: the shop's events as ingestion writes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.shop.events import LATE, shop_lines
from contracts.contract import load_contracts
from lake.positions import Position
from lake.raw_lines import RawObject
from lambdas.ingestion.decode import Accepted, Decoder

START = datetime(2026, 11, 2, tzinfo=UTC)
LINES_A_FILE = 10_000


def write_raw_zone(folder: Path, events: int, with_late: bool = True) -> tuple[list[Path], list[dict]]:
    """Raw objects of a day's events and their metadata, without what ingestion refuses; late events are an option."""
    folder.mkdir(parents=True)
    decoder, raw, metadata = Decoder(load_contracts()), RawObject(), []
    for sequence, (kind, payload) in enumerate(shop_lines(events, 1, START)):
        position = Position("ingest", "shardId-000000000000", str(sequence), 0, START + timedelta(days=1))
        outcome = decoder.decode(payload, position)
        if isinstance(outcome, Accepted) and (with_late or kind != LATE):
            raw.add(position, *outcome)
        if len(raw.lines) == LINES_A_FILE:
            metadata.append(_write(folder, len(metadata), raw))
            raw = RawObject()
    if raw.lines:
        metadata.append(_write(folder, len(metadata), raw))
    return list(files(folder)), metadata


def _write(folder: Path, number: int, raw: RawObject) -> dict:
    (folder / f"{number:05d}.ndjson.gz").write_bytes(raw.body())
    return raw.metadata()


def files(folder: Path) -> Iterator[Path]:
    """The raw objects of a zone, in order."""
    return iter(sorted(folder.glob("*.ndjson.gz")))
