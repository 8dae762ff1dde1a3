"""Which snapshots of the table nobody needs any more, and which files no kept snapshot names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from lake.catalog import BATCH_ID
from lake.ledger import BatchRecord, BatchStatus


@dataclass(frozen=True)
class Retention:
    """How long snapshots are kept, and how many of the newest in any case."""

    keep: timedelta
    at_least: int


@dataclass(frozen=True)
class Expiry:
    """Snapshots to be forgotten; `unpublished` are old ones that a publisher may still read."""

    expired: tuple[int, ...]
    unpublished: tuple[int, ...]


def plan_expiry(table: Table, batches: Iterable[BatchRecord], now: datetime, retention: Retention) -> Expiry:
    """Snapshots older than what is kept, but for those whose batch the ledger does not call published."""
    published = {b.batch_id for b in batches if b.status == BatchStatus.PUBLISHED}
    old = [s for s in _by_age(table)[: -retention.at_least or None] if _is_older(s, now - retention.keep)]
    named = {ref.snapshot_id for ref in table.refs().values()}
    free = [s for s in old if s.snapshot_id not in named]
    waiting = {s.snapshot_id for s in free if _batch_of(s) and _batch_of(s) not in published}
    expired = tuple(s.snapshot_id for s in free if s.snapshot_id not in waiting)
    return Expiry(expired, tuple(sorted(waiting)))


def first_batch_date(table: Table) -> str:
    """The ledger's first date that can hold a batch of a kept snapshot: an execution takes hours, not days."""
    oldest = min((s.timestamp_ms for s in table.metadata.snapshots), default=0)
    return (datetime.fromtimestamp(oldest / 1000).date() - timedelta(days=2)).isoformat()


def _by_age(table: Table) -> list[Snapshot]:
    return sorted(table.metadata.snapshots, key=lambda snapshot: (snapshot.timestamp_ms, snapshot.sequence_number))


def _is_older(snapshot: Snapshot, limit: datetime) -> bool:
    return snapshot.timestamp_ms < limit.timestamp() * 1000


def _batch_of(snapshot: Snapshot) -> str | None:
    return snapshot.summary.additional_properties.get(BATCH_ID) if snapshot.summary else None


def named_files(table: Table, told: Callable[[int, int], None] = lambda done, total: None) -> set[str]:
    """Every file that some kept snapshot needs: metadata, lists, manifests, data."""
    metadata = table.metadata
    named = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    named |= {statistics.statistics_path for statistics in metadata.statistics}
    manifests = {}
    for snapshot in metadata.snapshots:
        named.add(snapshot.manifest_list)
        manifests.update({manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)})
    for number, (path, manifest) in enumerate(manifests.items()):
        named.add(path)
        named |= {entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)}
        told(number + 1, len(manifests))
    return named


def orphans(
    listed: Iterable[Mapping], bucket: str, named: Collection[str], running: Collection[str], older_than: datetime
) -> list[Mapping]:
    """Objects, as S3 lists them, that no snapshot names and no batch can still mean to commit.

    `running` are ids of batches that the ledger calls running: their files may be old and yet become visible.
    """
    return [
        entry
        for entry in listed
        if entry["LastModified"] < older_than
        and f"s3://{bucket}/{entry['Key']}" not in named
        and not _is_of(entry["Key"], running)
    ]


def _is_of(key: str, batch_ids: Collection[str]) -> bool:
    # Data files are called <batch id>-<number>.parquet, rewritten ones <batch id>-<number>-r<state>.parquet.
    name = key.rpartition("/")[2]
    return any(name.startswith(f"{batch_id}-") for batch_id in batch_ids)
