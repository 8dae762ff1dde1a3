"""The raw zone's lines: `position`, the event's attributes, and `data` under the name of its type."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from lake.positions import Position, utc_text

# S3 takes 2 KiB of user metadata; what does not fit falls back on one span over all types.
METADATA_LIMIT_BYTES = 1900


@dataclass
class TimeSpan:
    """How many events of a type, and the span of their event times (UTC, both ends included)."""

    lines: int
    earliest: datetime
    latest: datetime

    def widened(self, event_time: datetime) -> TimeSpan:
        """The span with one more event."""
        return TimeSpan(self.lines + 1, min(self.earliest, event_time), max(self.latest, event_time))


@dataclass
class RawObject:
    """The accepted events of one delivery, as they go into one object."""

    lines: list[bytes] = field(default_factory=list)
    spans: dict[str, TimeSpan] = field(default_factory=dict)

    def add(self, position: Position, event: dict, event_time: datetime) -> None:
        """Append one accepted event."""
        attributes = {name: value for name, value in event.items() if name != "data"}
        event_type = event["type"]
        line = {"position": position.as_json(), "event": attributes, "data": {event_type: event["data"]}}
        self.lines.append(orjson.dumps(line))
        span = self.spans.get(event_type)
        self.spans[event_type] = span.widened(event_time) if span else TimeSpan(1, event_time, event_time)

    def body(self) -> bytes:
        """The object's bytes; the same lines give the same bytes."""
        return compress(self.lines)

    def metadata(self) -> dict[str, str]:
        """S3 user metadata: line count and, per type, count and time span; read back by `read_metadata`."""
        types = {t: [s.lines, utc_text(s.earliest), utc_text(s.latest)] for t, s in sorted(self.spans.items())}
        summary = json.dumps({"lines": len(self.lines), "types": types}, separators=(",", ":"))
        if len(summary) > METADATA_LIMIT_BYTES:
            summary = json.dumps({"lines": len(self.lines)})
        return {"summary": summary}


def read_metadata(metadata: dict[str, str]) -> dict:
    """{"lines": n, "types": {type: [lines, earliest, latest]}}; `types` is absent where it did not fit."""
    return json.loads(metadata["summary"])


def compress(lines: list[bytes]) -> bytes:
    """Lines as gzip bytes that depend on nothing but the lines."""
    return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=1, mtime=0)
