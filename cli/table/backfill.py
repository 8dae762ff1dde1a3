"""`etl backfill`: partitions computed again from the raw zone, with today's rules, and replaced in one commit."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import Stage
from cli.sending.waiting import end_in_words, ended_execution
from contracts.contract import Contract, load_contracts
from contracts.errors import PipelineError
from lake.backfills import BackfillRecord, Request, Scope, holding
from lake.documents import keys_below, read_backfill_records, read_batch_records, write_json
from lake.layout import batch_document_key
from lake.raw_lines import read_metadata

HEADS_AT_ONCE = 32
Told = Callable[[str, int, int | None], None]


def read_scope(from_date: str, to_date: str, event_types: list[str], known: dict[str, Contract]) -> Scope:
    """The partitions that are asked for; PipelineError where a date or a type is none."""
    for name, text in (("--from", from_date), ("--to", to_date)):
        _require_date(name, text)
    if from_date > to_date:
        raise PipelineError(f"--from {from_date} is later than --to {to_date}; expected the first date first.")
    unknown = sorted(set(event_types) - known.keys())
    if unknown:
        raise PipelineError(f"--type {unknown[0]} has no contract; expected one of {', '.join(sorted(known))}.")
    return Scope(from_date, to_date, sorted(set(event_types)) or sorted(known))


def _require_date(name: str, text: str) -> None:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return
    except ValueError:
        pass
    raise PipelineError(f"{name} is {text!r}; expected a date such as 2026-11-22.")


def plan(stage: Stage, scope: Scope, allow_rejects: bool, told: Told) -> Request:
    """What the backfill reads: all raw objects of every committed batch that holds an event of the scope."""
    raw = stage.bucket("raw")
    since = first_ingest_date(scope)
    listed = {entry["Key"] for entry in keys_below(stage.s3, raw, "raw/", f"raw/ingest_date={since}")}
    wanted = {key for key, types in spans_of(stage.s3, raw, sorted(listed), told) if scope.may_be_in(types)}
    found = holding(read_batch_records(stage.s3, stage.bucket("processed"), since), wanted)
    if not found.keys:
        raise PipelineError(
            f"no committed batch holds raw objects with events from {scope.from_date} to {scope.to_date} of "
            f"{', '.join(scope.event_types)}; expected some. The raw zone keeps them for as long as its bucket says."
        )
    # A batch may also hold objects from before the listing's first date.
    earlier = (key for key, _ in spans_of(stage.s3, raw, sorted(set(found.keys) - listed), told))
    objects = [{"bucket": raw, "key": key} for key in sorted({*(set(found.keys) & listed), *earlier})]
    return Request(new_id(), scope, allow_rejects, found.batch_ids, objects)


def first_ingest_date(scope: Scope) -> str:
    """The first folder of the raw zone that can hold an event of the scope.

    An event may arrive before its time, and lies under the date of the first record of its delivery.
    """
    ahead = max(load_contracts()[name].ahead_seconds for name in scope.event_types)
    earliest = date.fromisoformat(scope.from_date) - timedelta(seconds=ahead) - timedelta(days=1 + (ahead % 86400 > 0))
    return earliest.isoformat()


def spans_of(s3: Any, bucket: str, keys: list[str], told: Told) -> Iterable[tuple[str, dict[str, list] | None]]:
    """Key and time spans by type of each object that is there."""

    def look(key: str) -> tuple[str, dict | None] | None:
        try:
            return key, read_metadata(s3.head_object(Bucket=bucket, Key=key)["Metadata"]).get("types")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise

    with ThreadPoolExecutor(HEADS_AT_ONCE) as pool:
        for number, found in enumerate(pool.map(look, keys)):
            told("raw objects looked at", number + 1, len(keys))
            if found:
                yield found


def new_id() -> str:
    return f"backfill-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def start(stage: Stage, request: Request) -> str:
    """Leave the request and start the state machine; the execution's ARN."""
    key = batch_document_key(request.backfill_id, "backfill")
    write_json(stage.s3, stage.bucket("staging"), key, asdict(request))
    started = stage.client("stepfunctions").start_execution(
        stateMachineArn=stage.handed_over("state-machine-arn"),
        name=request.backfill_id,
        input=json.dumps({"backfill": request.backfill_id}),
    )
    return started["executionArn"]


def wait(stage: Stage, request: Request, execution_arn: str, timeout_seconds: float) -> BackfillRecord:
    """The backfill's record once it is committed; PipelineError with the cause where it failed."""
    ended = ended_execution(stage.client("stepfunctions"), execution_arn, timeout_seconds)
    if ended is None:
        raise PipelineError(
            f"backfill {request.backfill_id} is not done after {timeout_seconds:g} s; it goes on. "
            "`etl history` shows it once it is committed."
        )
    if ended["status"] != "SUCCEEDED":
        raise PipelineError(f"backfill {request.backfill_id} {end_in_words(ended)}")
    return recorded(stage, request.backfill_id)


def recorded(stage: Stage, backfill_id: str) -> BackfillRecord:
    """What the ledger says of a backfill."""
    found = read_backfill_records(stage.s3, stage.bucket("processed"))
    return next(record for record in found if record.backfill_id == backfill_id)


def in_words(record: BackfillRecord) -> list[str]:
    """What was replaced by what."""
    types = ", ".join(record.event_types)
    lines = [
        f"{record.backfill_id}: {record.rows_before:,} rows of {record.from_date} to {record.to_date} ({types}) "
        f"replaced by {record.rows:,}, from {record.raw_lines:,} lines of {record.raw_objects:,} raw objects"
    ]
    if record.rejected_rows:
        lines.append(f"  {record.rejected_rows:,} rows are rejects now; see `etl rejects`")
    if record.rows == record.rows_before == 0:
        lines.append("  nothing was there and nothing came; no commit was made")
    return lines
