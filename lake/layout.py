"""Where everything lies in the buckets: one function a key, the same for writers and readers."""

from __future__ import annotations

import hashlib

from lake.ledger import IngestionReceipt
from lake.positions import Position

# Below the reference bucket, in MaxMind's format.
GEO_DATABASE_KEY = "geo/city.mmdb"


def raw_key(first: Position, last: Position) -> str:
    """Key of the raw object of one delivery: the same records give the same key, whoever retries."""
    prefix = raw_prefix(first.arrival_date, first.stream, first.shard)
    return f"{prefix}{first.sequence}-{last.sequence}.ndjson.gz"


def raw_prefix(ingest_date: str, stream: str, shard: str) -> str:
    """Where the raw objects of a shard lie whose first record arrived on a date (YYYY-MM-DD)."""
    return f"raw/ingest_date={ingest_date}/{stream}/{shard}/"


def delivery_span(key: str) -> tuple[int, int]:
    """(first, last sequence number) of a delivery, told by the key of its raw object or receipt alone."""
    name = key.rpartition("/")[2].partition(".")[0]
    first, last = name.rsplit("-", 2)[-2:]
    return int(first), int(last)


def ingestion_rejects_key(reason: str, first: Position, last: Position) -> str:
    """Key of the rejects that one delivery has for one reason."""
    delivery = f"{first.stream}-{first.shard}-{first.sequence}-{last.sequence}"
    return f"{rejects_prefix('ingestion', reason, first.arrival_date)}{delivery}.ndjson.gz"


def rejects_prefix(stage: str, reason: str, reject_date: str) -> str:
    """Partition of the table `rejected_events`."""
    return f"rejects/stage={stage}/reason={reason}/reject_date={reject_date}/"


def receipt_key(receipt: IngestionReceipt) -> str:
    """Key of the ingestion receipt of one delivery."""
    prefix = shard_receipts_prefix(receipt.first_arrival_time[:10], receipt.stream, receipt.shard)
    return f"{prefix}{receipt.first_sequence}-{receipt.last_sequence}.json"


def shard_receipts_prefix(ingest_date: str, stream: str, shard: str) -> str:
    """Where the receipts of a shard lie whose first record arrived on a date (YYYY-MM-DD)."""
    return f"{receipts_prefix(ingest_date)}{stream}-{shard}-"


def receipts_prefix(ingest_date: str) -> str:
    """Where the receipts of records that arrived on a date lie (YYYY-MM-DD)."""
    return f"ledger/ingestions/ingest_date={ingest_date}/"


def receipt_span(key: str) -> tuple[str, str, str]:
    """(stream and shard, first, last sequence) of a receipt, told by its key alone."""
    name = key.rpartition("/")[2].removesuffix(".json")
    place, first, last = name.rsplit("-", 2)
    return place, first, last


def reject_fates_prefix(fate_date: str) -> str:
    """Partition of the table `reject_fates`."""
    return f"ledger/reject_fates/fate_date={fate_date}/"


def batch_records_prefix(batch_date: str) -> str:
    """Where the ledger's records of batches started on a date lie (YYYY-MM-DD)."""
    return f"ledger/batches/batch_date={batch_date}/"


def batch_record_key(batch_date: str, batch_id: str) -> str:
    """Key of the ledger's record of a batch."""
    return f"{batch_records_prefix(batch_date)}{batch_id}.json"


def backfill_records_prefix(backfill_date: str) -> str:
    """Where the ledger's records of backfills started on a date lie (YYYY-MM-DD)."""
    return f"ledger/backfills/backfill_date={backfill_date}/"


def batch_document_key(batch_id: str, name: str) -> str:
    """Key of what a step of the batch leaves for the next: manifest, transform, enrichment, …"""
    return f"batches/{batch_id}/{name}.json"


def publication_key(batch_id: str) -> str:
    """Key of what the publication of a batch consists of."""
    return batch_document_key(batch_id, "publication")


def checkpoint_key(batch_id: str, snapshot_id: str, part: int) -> str:
    """Key of how far one part of a batch is published, by the snapshot that it is read from."""
    return f"batches/{batch_id}/publication/{snapshot_id}/{part:05d}.json"


def published_data_key(batch_id: str, source: str, event_id: str) -> str:
    """Key of the data of an event that is too large for the downstream stream, below the processed bucket."""
    identity = hashlib.sha256(f"{source}\n{event_id}".encode()).hexdigest()
    return f"downstream/{batch_id}/{identity[:32]}.json"


def staged_prefix(batch_id: str) -> str:
    """Where the transform leaves a batch's typed rows."""
    return f"batches/{batch_id}/staged/"


def enriched_prefix(batch_id: str, made: str) -> str:
    """Where enrichment leaves a checkpoint per finished file of one run of the transform."""
    return f"batches/{batch_id}/enriched/{made}/"


def data_file_key(event_type: str, event_date: str, batch_id: str, number: int) -> str:
    """Key of a data file of the table `events`, below the processed bucket."""
    return f"events/data/event_type={event_type}/event_date={event_date}/{batch_id}-{number:05d}.parquet"


def reference_key(table: str) -> str:
    """Key of a table of reference data (`customers`, `products`, `rates`), below the reference bucket."""
    return f"{table}/{table}.parquet"


def report_key(batch_date: str, batch_id: str) -> str:
    """Key of the data-quality report of a batch, below the reports bucket."""
    return f"data-quality/batch_date={batch_date}/{batch_id}.html"


def quarantine_key(batch_date: str, batch_id: str) -> str:
    """Key of what is known of a batch that was kept back, below the error bucket; its date is the batch's."""
    return f"quarantine/quarantine_date={batch_date}/{batch_id}.json"


def validation_key(run_date: str, run_id: str, suffix: str) -> str:
    """Key of what a validation of whole days leaves (`.ipynb`, `.notebook.html`, `.html`), below the reports bucket."""
    return f"data-quality/runs/run_date={run_date}/{run_id}{suffix}"


def data_docs_key(run_date: str, run_id: str, day: str) -> str:
    """Key of a day's page of Great Expectations' Data Docs, below the reports bucket."""
    return f"data-quality/docs/run_date={run_date}/{run_id}/{day}.html"


def partition_values(key: str) -> dict[str, str]:
    """The `name=value` folders of a key: `a/b=1/c.parquet` -> {"b": "1"}."""
    return dict(folder.split("=", 1) for folder in key.split("/")[:-1] if "=" in folder)


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/key` -> (bucket, key)."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def partition_date(key: str) -> str:
    """The value of the key's date folder, "" where it has none."""
    return next((value for name, value in partition_values(key).items() if name.endswith("_date")), "")
