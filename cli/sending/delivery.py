"""Records to the stream: in requests that Kinesis takes, until each one is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cli.sending.lines import Record
from contracts.errors import PipelineError
from lake.put_records import Backoff, Put, portions, send


@dataclass
class Sent:
    """Where the sent records lie: sequence numbers by shard."""

    sequences: dict[str, list[int]] = field(default_factory=dict)

    def add(self, record: Record, shard: str, sequence: str) -> None:
        """Note where the stream put a record."""
        self.sequences.setdefault(shard, []).append(int(sequence))

    def taken(self, record: Record, result: dict) -> None:
        """Note a result of PutRecords."""
        self.add(record, result["ShardId"], result["SequenceNumber"])

    @property
    def records(self) -> int:
        return sum(map(len, self.sequences.values()))


def send_all(records: Iterable[Record], put: Put, backoff: Backoff, sent: Sent) -> Iterator[int]:
    """Send everything; yields how many are sent so far after each request."""
    batches = portions(records)
    while True:
        try:
            request = next(batches, None)
        except PipelineError as error:
            raise PipelineError(f"{error} {sent.records:,} records before it were sent.") from error
        if request is None:
            return
        left = send(request, put, backoff, sent.taken)
        if left:
            raise PipelineError(_not_taken(left, backoff, sent))
        yield sent.records


def _not_taken(left: list[tuple[Record, str]], backoff: Backoff, sent: Sent) -> str:
    return (
        f"Kinesis did not take {len(left)} records in {backoff.attempts} attempts "
        f"({dict(Counter(code for _, code in left))}), the first of them {left[0][0].origin}; "
        f"{sent.records:,} records were sent. Give the stream more shards, or send again later: "
        "what was sent already will be recognised."
    )
