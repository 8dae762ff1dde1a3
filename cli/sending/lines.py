"""Lines of a file as records for the stream: as they are, or wrapped as CloudEvents."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import orjson

from contracts.errors import PipelineError
from lake.put_records import MAX_RECORD_BYTES

MAX_PARTITION_KEY_CHARACTERS = 256
ID_HEX_DIGITS = 32
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Record:
    """One record to send, and where it came from ("shop.ndjson line 7")."""

    data: bytes
    partition_key: str
    origin: str

    @property
    def size_bytes(self) -> int:
        """What Kinesis counts against its limits."""
        return len(self.data) + len(self.partition_key.encode())


@dataclass
class LineReader:
    """Turns lines into records; blank ones are passed over and counted."""

    name: str
    blank: int = 0

    def records(self, lines: Iterable[bytes]) -> Iterator[Record]:
        """A record for each line that is not blank, its bytes without the line feed."""
        for number, line in enumerate(lines, start=1):
            origin = f"{self.name} line {number}"
            if line.strip():
                yield checked(self.record(line.removesuffix(b"\n"), origin))
            else:
                self.blank += 1

    def record(self, line: bytes, origin: str) -> Record:
        """The line untouched, broken or not: judging it is ingestion's work."""
        return Record(line, _own_key(line), origin)


@dataclass
class Wrapper(LineReader):
    """Makes each line the `data` of a CloudEvent."""

    event_type: str = ""
    source: str = ""
    time_field: str = ""
    id_field: str | None = None
    _seen: Counter = field(default_factory=Counter)

    def record(self, line: bytes, origin: str) -> Record:
        """The line as a CloudEvent; PipelineError where it is no JSON object or lacks a field."""
        line = line.removeprefix(BYTE_ORDER_MARK).strip()
        document = self._read(line, origin)
        time = self._text(document, self.time_field, origin, "--time-field")
        event_id = self._text(document, self.id_field, origin, "--id-field") if self.id_field else self._derived(line)
        return Record(self._wrapped(line, event_id, time), _fitting_key(event_id), origin)

    def _read(self, line: bytes, origin: str) -> dict:
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise PipelineError(
                f"{origin} is no JSON: {error.msg} at character {error.pos}; expected one JSON object a line. "
                "Mend the line and send the file again."
            ) from None
        if not isinstance(document, dict):
            raise PipelineError(
                f"{origin} is a JSON {type(document).__name__}; expected one JSON object a line. "
                "Mend the line and send the file again."
            )
        return document

    def _text(self, document: dict, name: str, origin: str, option: str) -> str:
        value = document.get(name)
        if isinstance(value, str) and value:
            return value
        if name == self.id_field and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        found = f"holds {value!r:.80}" if name in document else "is missing"
        raise PipelineError(
            f"{origin}: field {name!r} {found}; expected a text that is not empty. "
            f"Its fields are {', '.join(list(document)[:20])}: name another with {option}, or mend the line."
        )

    def _derived(self, line: bytes) -> str:
        """Stable over sends: equal lines are told apart by their order among each other."""
        digest = hashlib.sha256(line).digest()
        self._seen[digest] += 1
        return f"{digest.hex()[:ID_HEX_DIGITS]}-{self._seen[digest]}"

    def _wrapped(self, line: bytes, event_id: str, time: str) -> bytes:
        # The line goes in as it is: numbers keep the digits that a parser would round.
        attributes = {
            "specversion": "1.0",
            "id": event_id,
            "source": self.source,
            "type": self.event_type,
            "time": time,
            "datacontenttype": "application/json",
        }
        head = json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode()
        return head[:-1] + b',"data":' + line + b"}"


def whole_file(name: str, content: bytes) -> Record:
    """A file's bytes as one record, untouched."""
    return checked(Record(content, hashlib.sha256(content).hexdigest()[:ID_HEX_DIGITS], name))


def checked(record: Record) -> Record:
    """The record, if Kinesis takes it."""
    if not record.data:
        raise PipelineError(f"{record.origin} is empty; expected at least one byte. Leave it out.")
    if record.size_bytes > MAX_RECORD_BYTES:
        raise PipelineError(
            f"{record.origin} has {record.size_bytes:,} bytes with its partition key; Kinesis takes "
            f"{MAX_RECORD_BYTES:,} at most. Put the large part into S3 and send where it lies."
        )
    return record


def _own_key(line: bytes) -> str:
    """The event's id where the line has one, so that repetitions meet in one shard; else the line's hash."""
    try:
        event_id = orjson.loads(line)["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        event_id = None
    return _fitting_key(event_id) if isinstance(event_id, str) and event_id else _hash(line)


def _fitting_key(event_id: str) -> str:
    return event_id if len(event_id) <= MAX_PARTITION_KEY_CHARACTERS else _hash(event_id.encode())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:ID_HEX_DIGITS]
