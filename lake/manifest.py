"""The manifest of a batch: what it reads, and which stored files may hold the same events."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lake.ledger import from_document


@dataclass(frozen=True)
class RawObjectEntry:
    """One object of the batch; `types` is {event type: [lines, earliest, latest]}, None where it is not known."""

    bucket: str
    key: str
    version: str | None
    size: int
    lines: int
    types: dict[str, list] | None


@dataclass(frozen=True)
class Replacement:
    """Partitions that a backfill replaces: types and event dates (both included), `rows` stored in them as planned.

    `batch_ids` are the batches that the rows may be of.
    """

    from_date: str
    to_date: str
    event_types: list[str]
    allow_rejects: bool
    batch_ids: list[str]
    rows: int


@dataclass(frozen=True)
class Manifest:
    """The batch as it was planned; `snapshot_id` is the table's state that `stored_files` was planned on.

    A backfill also says what it `replaces`, a batch that runs again out of quarantine by which `release` it does.
    """

    batch_id: str
    batch_date: str
    started_at: str
    attempt: int
    raw_objects: list[RawObjectEntry]
    stored_files: list[str]
    snapshot_id: str | None
    replaces: Replacement | None = None
    release: dict | None = None

    @property
    def raw_lines(self) -> int:
        return sum(entry.lines for entry in self.raw_objects)

    @property
    def raw_uris(self) -> list[str]:
        return [f"s3://{entry.bucket}/{entry.key}" for entry in self.raw_objects]

    @property
    def bytes(self) -> int:
        return sum(entry.size for entry in self.raw_objects)

    def as_document(self) -> dict:
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict) -> Manifest:
        entries = [from_document(RawObjectEntry, entry) for entry in document["raw_objects"]]
        replaces = from_document(Replacement, document["replaces"]) if document.get("replaces") else None
        return from_document(cls, document | {"raw_objects": entries, "replaces": replaces})


def time_spans(entries: list[RawObjectEntry]) -> dict[str, tuple[str, str]] | None:
    """Per event type the earliest and latest event time of the batch; None where an object does not say."""
    spans: dict[str, tuple[str, str]] = {}
    for entry in entries:
        if entry.types is None:
            return None
        for event_type, (_, earliest, latest) in entry.types.items():
            known = spans.get(event_type, (earliest, latest))
            spans[event_type] = (min(known[0], earliest), max(known[1], latest))
    return spans
