"""`etl maintain`: few files instead of many, no snapshots nobody needs, no files nobody names."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.connection import Stage
from contracts.errors import PipelineError
from lake.catalog import ASK_ONCE, open_table
from lake.compaction import Group, commit_compaction, plan_compaction, rewrite
from lake.documents import keys_below, read_batch_records
from lake.expiry import Retention, first_batch_date, named_files, orphans, plan_expiry
from lake.layout import split_uri
from lake.ledger import BatchStatus
from lake.replacement import until_not_overtaken

Told = Callable[[str, int, int | None], None]
KEYS_A_REQUEST = 1000
# An execution ends within hours; Step Functions lets one be redriven for two weeks.
RUNNING_AT_MOST = timedelta(days=15)


@dataclass(frozen=True)
class Wanted:
    """What maintenance is asked to do."""

    target_bytes: int
    retention: Retention
    orphan_age: timedelta
    is_dry_run: bool


def maintain(stage: Stage, wanted: Wanted, told: Told) -> dict[str, Any]:
    """Compact, expire, remove orphans, in this order: what one step frees the next one finds."""
    database = stage.handed_over("database-name")

    def opened() -> Any:
        return open_table(database, **ASK_ONCE)

    before = state_of(opened())
    report = {
        "dry_run": wanted.is_dry_run,
        "compaction": compact(opened, wanted, told),
        "snapshots": expire(stage, opened, wanted),
        "orphans": remove_orphans(stage, opened, wanted, told),
    }
    return report | {"before": before, "after": state_of(opened())}


def state_of(table: Any) -> dict[str, int]:
    """Numbers of the table as it is now."""
    files = [task.file for task in table.scan().plan_files()]
    return {
        "rows": sum(file.record_count for file in files),
        "files": len(files),
        "bytes": sum(file.file_size_in_bytes for file in files),
        "snapshots": len(table.metadata.snapshots),
    }


def compact(opened: Callable, wanted: Wanted, told: Told) -> dict[str, Any]:
    """Rewrite group by group, then commit all that was rewritten at once."""
    table = opened()
    plan = plan_compaction(table, wanted.target_bytes)
    report = {"left_to_glue": plan.with_deletes, **planned(plan.groups)}
    if wanted.is_dry_run or not plan.groups:
        return report | {"replaced_files": 0, "gave_way": 0}
    run_id, made = new_run_id(), []
    for number, group in enumerate(plan.groups):
        made.append(rewrite(table, group, run_id, number))
        told("compacted", number + 1, len(plan.groups))
    kept, gave_way = commit_compaction(made, run_id, opened, pause)
    for one in gave_way:
        table.io.delete(one.uri)
    proof = {one.uri: f"{one.fingerprint.digest:016x}" for one in kept}
    replaced = sum(len(one.group.files) for one in kept)
    return report | {"run_id": run_id, "replaced_files": replaced, "gave_way": len(gave_way), "fingerprints": proof}


def planned(groups: tuple[Group, ...]) -> dict[str, int]:
    """What the groups are, in numbers."""
    files, size = sum(len(group.files) for group in groups), sum(group.bytes for group in groups)
    partitions = len({(group.event_type, group.event_date) for group in groups})
    return {"groups": len(groups), "partitions": partitions, "small_files": files, "small_bytes": size}


def new_run_id() -> str:
    return f"compaction-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def expire(stage: Stage, opened: Callable, wanted: Wanted) -> dict[str, int]:
    """Forget old snapshots; their files become orphans."""
    batches = read_batch_records(stage.s3, stage.bucket("processed"), first_batch_date(opened()))

    def attempt() -> dict[str, int]:
        table = opened()
        plan = plan_expiry(table, batches, datetime.now(UTC), wanted.retention)
        if plan.expired and not wanted.is_dry_run:
            table.maintenance.expire_snapshots().by_ids(list(plan.expired)).commit()
        return {"expired": len(plan.expired), "kept_unpublished": len(plan.unpublished)}

    return until_not_overtaken(attempt, pause)


def remove_orphans(stage: Stage, opened: Callable, wanted: Wanted, told: Told) -> dict[str, int]:
    """Delete old files below the table that no kept snapshot names."""
    table = opened()
    bucket, prefix = split_uri(table.location())
    # What is named is looked up after the listing: a file that is committed in between is then among them.
    listed = list(keys_below(stage.s3, bucket, f"{prefix}/"))
    since = (datetime.now(UTC) - RUNNING_AT_MOST).date().isoformat()
    running = {b.batch_id for b in read_batch_records(stage.s3, bucket, since) if b.status == BatchStatus.RUNNING}
    named = named_files(opened(), lambda done, total: told("manifests read", done, total))
    found = orphans(listed, bucket, named, running, datetime.now(UTC) - wanted.orphan_age)
    if not wanted.is_dry_run:
        delete(stage.s3, bucket, [entry["Key"] for entry in found], told)
    return {"files": len(found), "bytes": sum(entry["Size"] for entry in found)}


def delete(s3: Any, bucket: str, keys: list[str], told: Told) -> None:
    """Delete objects, a request at a time."""
    for start in range(0, len(keys), KEYS_A_REQUEST):
        portion = keys[start : start + KEYS_A_REQUEST]
        wanted = {"Objects": [{"Key": key} for key in portion], "Quiet": True}
        if refused := s3.delete_objects(Bucket=bucket, Delete=wanted).get("Errors"):
            raise PipelineError(
                f"{len(refused)} of {len(portion)} orphans were not deleted, the first {refused[0]['Key']}: "
                f"{refused[0]['Message']}; expected all to be. Mend the permission and run maintenance again."
            )
        told("orphans deleted", start + len(portion), len(keys))


def pause(failures: int) -> None:
    """Full jitter, so that commits that met do not meet again."""
    time.sleep(random.uniform(0, min(8.0, 0.25 * 2**failures)))
