"""Records to the stream: in requests that Kinesis takes, until each one is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from cli.lines import Record
from contracts.errors import PipelineError
from lake.put_records import portions

ATTEMPTS = 10
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0

Put = Callable[[list[dict]], dict]
Sleep = Callable[[float], None]


@dataclass
class Sent:
    """Where the sent records lie: sequence numbers by shard."""

    sequences: dict[str, list[int]] = field(default_factory=dict)

    def add(self, record: Record, shard: str, sequence: str) -> None:
        """Note where the stream put a record."""
        self.sequences.setdefault(shard, []).append(int(sequence))

    @property
    def records(self) -> int:
        return sum(map(len, self.sequences.values()))


def send_all(
    records: Iterable[Record], put: Put, sleep: Sleep, jitter: Callable[[], float], sent: Sent
) -> Iterator[int]:
    """Send everything; yields how many are sent so far after each request."""
    batches = portions(records)
    while True:
        try:
            request = next(batches, None)
        except PipelineError as error:
            raise PipelineError(f"{error} {sent.records:,} records before it were sent.") from error
        if request is None:
            return
        send(request, put, sleep, jitter, sent)
        yield sent.records


def send(request: list[Record], put: Put, sleep: Sleep, jitter: Callable[[], float], sent: Sent) -> None:
    """Send one request until each of its records is taken; `put` calls PutRecords, `jitter` gives 0 to 1."""
    for attempt in range(ATTEMPTS):
        results = put([{"Data": r.data, "PartitionKey": r.partition_key} for r in request])["Records"]
        refused = []
        # Results come in the order of the request.
        for record, result in zip(request, results, strict=True):
            if result.get("ErrorCode"):
                refused.append((record, result["ErrorCode"]))
            else:
                sent.add(record, result["ShardId"], result["SequenceNumber"])
        if not refused:
            return
        request = [record for record, _ in refused]
        sleep(jitter() * min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt))
    raise PipelineError(
        f"Kinesis did not take {len(refused)} records in {ATTEMPTS} attempts "
        f"({dict(Counter(code for _, code in refused))}), the first of them {refused[0][0].origin}; "
        f"{sent.records:,} records were sent. Give the stream more shards, or send again later: "
        "what was sent already will be recognised."
    )
