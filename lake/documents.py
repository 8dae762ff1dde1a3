"""JSON documents and ledger records in S3; every function is given its client."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import orjson

from lake import fates, layout, stored_rejects
from lake.backfills import BackfillRecord
from lake.fates import RejectFate
from lake.ledger import BatchRecord, IngestionReceipt, from_document, to_document
from lake.raw_lines import compress
from lake.stored_rejects import Selection, StoredReject

READERS = 16


def write_json(s3, bucket: str, key: str, document: dict) -> None:
    """Write a document with sorted keys, so that the same content is the same bytes."""
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=orjson.dumps(document, option=orjson.OPT_SORT_KEYS),
        ContentType="application/json",
    )


def read_json(s3, bucket: str, key: str) -> dict:
    """Read a document; botocore's NoSuchKey where there is none."""
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def read_json_if_there(s3, bucket: str, key: str) -> dict | None:
    """Read a document, or None where there is none."""
    try:
        return read_json(s3, bucket, key)
    except s3.exceptions.NoSuchKey:
        return None


def keys_below(s3, bucket: str, prefix: str, start_after: str = "") -> Iterator[dict]:
    """Objects below a prefix as S3 lists them, in the order of their keys: Key, Size, LastModified."""
    start = {"StartAfter": start_after} if start_after else {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start):
        yield from page.get("Contents", [])


def folders_below(s3, bucket: str, prefix: str) -> Iterator[str]:
    """The folders right below a prefix, with their slash."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
        yield from (found["Prefix"] for found in page.get("CommonPrefixes", []))


def write_batch_record(s3, processed_bucket: str, record: BatchRecord) -> None:
    """Write or replace the ledger's record of a batch."""
    write_json(s3, processed_bucket, layout.batch_record_key(record.batch_date, record.batch_id), to_document(record))


def read_batch_record(s3, processed_bucket: str, batch_id: str, dates: Iterable[str]) -> BatchRecord | None:
    """The ledger's record of a batch that started on one of the dates, or None where there is none."""
    keys = (layout.batch_record_key(batch_date, batch_id) for batch_date in dates)
    documents = (read_json_if_there(s3, processed_bucket, key) for key in keys)
    return next((from_document(BatchRecord, document) for document in documents if document), None)


def find_batch_record(s3, processed_bucket: str, batch_id: str) -> BatchRecord | None:
    """The ledger's record of a batch of whatever date; lists every record there is."""
    keys = (found["Key"] for found in keys_below(s3, processed_bucket, "ledger/batches/"))
    key = next((key for key in keys if key.endswith(f"/{batch_id}.json")), None)
    return from_document(BatchRecord, read_json(s3, processed_bucket, key)) if key else None


def read_batch_documents(s3, staging_bucket: str, batch_id: str, names: Iterable[str]) -> dict[str, dict]:
    """What the steps of a batch left, by name; those that are not there are left out."""
    documents = {n: read_json_if_there(s3, staging_bucket, layout.batch_document_key(batch_id, n)) for n in names}
    return {name: document for name, document in documents.items() if document is not None}


def read_batch_records(s3, processed_bucket: str, since: str = "") -> list[BatchRecord]:
    """Records of batches started on `since` (YYYY-MM-DD) or later, oldest first."""
    records = _read_ledger(s3, processed_bucket, "ledger/batches/", since, BatchRecord)
    return sorted(records, key=lambda record: record.started_at)


def write_backfill_record(s3, processed_bucket: str, record: BackfillRecord) -> None:
    """Write or replace the ledger's record of a backfill."""
    key = f"{layout.backfill_records_prefix(record.backfill_date)}{record.backfill_id}.json"
    write_json(s3, processed_bucket, key, to_document(record))


def read_backfill_records(s3, processed_bucket: str, since: str = "") -> list[BackfillRecord]:
    """Records of backfills started on `since` (YYYY-MM-DD) or later, oldest first."""
    records = _read_ledger(s3, processed_bucket, "ledger/backfills/", since, BackfillRecord)
    return sorted(records, key=lambda record: record.started_at)


def read_receipts(s3, processed_bucket: str, since: str = "") -> list[IngestionReceipt]:
    """Ingestion receipts of records that arrived on `since` (YYYY-MM-DD) or later."""
    return _read_ledger(s3, processed_bucket, "ledger/ingestions/", since, IngestionReceipt)


def reject_keys(s3, error_bucket: str, selection: Selection) -> Iterator[str]:
    """Objects of the error zone that may hold wanted rejects; no folder is listed that cannot."""
    for stage in _wanted_folders(s3, error_bucket, "rejects/", selection):
        for reason in _wanted_folders(s3, error_bucket, stage, selection):
            start_after = f"{reason}reject_date={selection.first_date}" if selection.first_date else ""
            for found in keys_below(s3, error_bucket, reason, start_after):
                if layout.partition_date(found["Key"]) > selection.last_date:
                    break
                yield found["Key"]


def _wanted_folders(s3, bucket: str, prefix: str, selection: Selection) -> Iterator[str]:
    for folder in folders_below(s3, bucket, prefix):
        if selection.wants_partition(layout.partition_values(folder)):
            yield folder


def read_rejects(s3, error_bucket: str, keys: Iterable[str], selection: Selection) -> Iterator[StoredReject]:
    """Wanted rejects of these objects, as often as the objects hold them."""
    for key, lines in _read_lines(s3, error_bucket, keys):
        partition = layout.partition_values(key)
        for line in lines:
            reject = stored_rejects.read_line(line, partition)
            if selection.wants(reject):
                yield reject


def write_reject_fates(s3, processed_bucket: str, decided: list[RejectFate]) -> str:
    """Add one document of the ledger, named by its content; nothing is ever replaced by another content."""
    lines = fates.as_lines(decided)
    name = hashlib.sha256(b"\n".join(lines)).hexdigest()[:32]
    key = f"{layout.reject_fates_prefix(decided[0].fate_time[:10])}{name}.ndjson.gz"
    s3.put_object(Bucket=processed_bucket, Key=key, Body=compress(lines), ContentType="application/x-ndjson")
    return key


def read_reject_fates(s3, processed_bucket: str, since: str = "") -> Iterator[RejectFate]:
    """Fates decided on `since` (YYYY-MM-DD) or later."""
    start_after = layout.reject_fates_prefix(since).removesuffix("/") if since else ""
    keys = (found["Key"] for found in keys_below(s3, processed_bucket, "ledger/reject_fates/", start_after))
    for _, lines in _read_lines(s3, processed_bucket, keys):
        yield from map(fates.read_line, lines)


def _read_lines(s3, bucket: str, keys: Iterable[str]) -> Iterator[tuple[str, io.BufferedIOBase]]:
    """Lines of gzip objects, a few objects read ahead; no more than these are held."""
    waiting = iter(keys)
    with ThreadPoolExecutor(READERS) as pool:
        while window := list(islice(waiting, READERS)):
            bodies = pool.map(lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read(), window)
            for key, body in zip(window, bodies, strict=True):
                yield key, gzip.GzipFile(fileobj=io.BytesIO(body))


def _read_ledger(s3, bucket: str, prefix: str, since: str, kind: type) -> list:
    keys = [o["Key"] for o in keys_below(s3, bucket, prefix) if layout.partition_date(o["Key"]) >= since]
    with ThreadPoolExecutor(READERS) as pool:
        return [from_document(kind, document) for document in pool.map(lambda key: read_json(s3, bucket, key), keys)]
