"""The raw zone's lines: `position`, the event's attributes, and `data` under the name of its type."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from isal import igzip

from lake.positions import Position, utc_text

# S3 takes 2 KiB of user metadata, names included.
METADATA_LIMIT_BYTES = 1900
# A quarter of the time of zlib's fastest level, at the same size.
ISAL_LEVEL = 1
ENCODER = msgspec.json.Encoder()


class LinePosition(msgspec.Struct, gc=False):
    """A position, member by member as in `Position.as_json`; a struct is what msgspec writes fastest."""

    stream: str
    shard: str
    sequence: str
    sub_sequence: int
    arrival_time: datetime


class Line(msgspec.Struct, gc=False):
    """A raw line; attributes and data are dicts or structs, `data` has one member, named as the event type."""

    position: LinePosition
    event: Any
    data: dict[str, Any]


@dataclass
class RawObject:
    """The accepted events of one delivery, as they go into one object; event times by type are UTC."""

    lines: list[bytes] = field(default_factory=list)
    times: dict[str, list[datetime]] = field(default_factory=dict)

    def add(self, position: Position, event_type: str, event_time: datetime, attributes: Any, data: Any) -> None:
        """Append one accepted event; attributes and data are dicts or msgspec structs."""
        line = Line(LinePosition(*position), attributes, {event_type: data})
        self.lines.append(ENCODER.encode(line))
        self.times.setdefault(event_type, []).append(event_time)

    def body(self) -> bytes:
        """The object's bytes; the same lines give the same bytes."""
        return compress(self.lines)

    def metadata(self, receipt: str = "") -> dict[str, str]:
        """S3 user metadata: the delivery's receipt, line count and, per type, count and time span.

        The spans are left out where they do not fit; read back by `read_metadata`.
        """
        types = {t: [len(times), utc_text(min(times)), utc_text(max(times))] for t, times in sorted(self.times.items())}
        summary = json.dumps({"lines": len(self.lines), "types": types}, separators=(",", ":"))
        if len(summary) + len(receipt) > METADATA_LIMIT_BYTES:
            summary = json.dumps({"lines": len(self.lines)})
        return {"summary": summary} | ({"receipt": receipt} if receipt else {})


def read_metadata(metadata: dict[str, str]) -> dict:
    """{"lines": n, "types": {type: [lines, earliest, latest]}}; `types` is absent where it did not fit."""
    return json.loads(metadata["summary"])


def compress(lines: list[bytes]) -> bytes:
    """Lines as gzip bytes that depend on nothing but the lines."""
    return igzip.compress(b"\n".join(lines) + b"\n", compresslevel=ISAL_LEVEL, mtime=0)
