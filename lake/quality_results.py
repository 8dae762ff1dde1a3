"""What validations found: one row per expectation, run, table and day, the table `dq_results`."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum

import orjson

from lake import layout
from lake.documents import keys_below
from lake.ledger import from_document
from lake.raw_lines import compress

PREFIX = "data_quality/results/"
READERS = 16


class Severity(StrEnum):
    """`fail` stops a batch, `warn` is reported."""

    FAIL = "fail"
    WARN = "warn"


class RunKind(StrEnum):
    """`batch`: the gate before the commit; `days`: a validation of whole days that are visible."""

    BATCH = "batch"
    DAYS = "days"


@dataclass(frozen=True)
class QualityResult:
    """One expectation in one run, on one table and day; members are the columns of the table, in order.

    `data_date` (YYYY-MM-DD) is the event date that was validated, of a batch its batch date. `evaluated` and
    `unexpected` count values, null where the expectation is of an aggregate; `observed` is that aggregate, never a
    value of a row. `validated_at` is UTC, as Athena reads a timestamp: see `timestamp_text`.
    """

    run_id: str
    run_kind: str
    table_name: str
    data_date: str
    expectation_id: str
    expectation: str
    column_name: str
    description: str
    severity: str
    origin: str
    success: bool
    evaluated: int | None
    unexpected: int | None
    observed: str | None
    row_count: int
    validated_at: str
    report_uri: str | None


def timestamp_text(time: datetime) -> str:
    """A time as JSON tables hold a timestamp, in UTC: 2026-11-22 10:00:00.000000."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def results_prefix(run_date: str) -> str:
    """Partition of the table `dq_results`."""
    return f"{PREFIX}run_date={run_date}/"


def results_key(run_date: str, run_id: str) -> str:
    """Key of the results of a run; a run that is repeated overwrites its own."""
    return f"{results_prefix(run_date)}{run_id}.ndjson.gz"


def as_lines(results: Iterable[QualityResult]) -> list[bytes]:
    """Lines of an object: the same results give the same bytes."""
    return [orjson.dumps(asdict(result)) for result in results]


def read_line(line: bytes) -> QualityResult:
    """A result from its line."""
    return from_document(QualityResult, orjson.loads(line))


def write_results(s3, processed_bucket: str, run_date: str, run_id: str, results: Iterable[QualityResult]) -> str:
    """Write or replace all results of a run; the key. A run that looked at nothing leaves an empty object."""
    key = results_key(run_date, run_id)
    lines = as_lines(results)
    body = compress(lines) if lines else gzip.compress(b"", mtime=0)
    s3.put_object(Bucket=processed_bucket, Key=key, Body=body, ContentType="application/x-ndjson")
    return key


def read_results(
    s3, processed_bucket: str, since: str = "", until: str = "9999-12-31", run_ids: str = ""
) -> Iterator[QualityResult]:
    """Results of runs of these dates (YYYY-MM-DD, both included), in the order of date and run id.

    `run_ids` is what the ids of wanted runs begin with: those of batches are many.
    """
    start_after = results_prefix(since).removesuffix("/") if since else ""
    keys = (found["Key"] for found in keys_below(s3, processed_bucket, PREFIX, start_after))
    wanted = [key for key in keys if layout.partition_date(key) <= until and _name(key).startswith(run_ids)]
    with ThreadPoolExecutor(READERS) as pool:
        bodies = pool.map(lambda key: s3.get_object(Bucket=processed_bucket, Key=key)["Body"].read(), wanted)
        for body in bodies:
            yield from map(read_line, gzip.decompress(body).splitlines())


def _name(key: str) -> str:
    return key.rpartition("/")[2]
