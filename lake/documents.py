"""JSON documents and ledger records in S3; every function is given its client."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import orjson

from lake import layout
from lake.ledger import BatchRecord, IngestionReceipt, from_document, to_document

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


def keys_below(s3, bucket: str, prefix: str) -> Iterator[dict]:
    """Objects below a prefix as S3 lists them: Key, Size, LastModified."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        yield from page.get("Contents", [])


def write_batch_record(s3, processed_bucket: str, record: BatchRecord) -> None:
    """Write or replace the ledger's record of a batch."""
    write_json(s3, processed_bucket, layout.batch_record_key(record.batch_date, record.batch_id), to_document(record))


def read_batch_record(s3, processed_bucket: str, batch_id: str, dates: Iterable[str]) -> BatchRecord | None:
    """The ledger's record of a batch that started on one of the dates, or None where there is none."""
    keys = (layout.batch_record_key(batch_date, batch_id) for batch_date in dates)
    documents = (read_json_if_there(s3, processed_bucket, key) for key in keys)
    return next((from_document(BatchRecord, document) for document in documents if document), None)


def read_batch_documents(s3, staging_bucket: str, batch_id: str, names: Iterable[str]) -> dict[str, dict]:
    """What the steps of a batch left, by name; those that are not there are left out."""
    documents = {n: read_json_if_there(s3, staging_bucket, layout.batch_document_key(batch_id, n)) for n in names}
    return {name: document for name, document in documents.items() if document is not None}


def read_batch_records(s3, processed_bucket: str, since: str = "") -> list[BatchRecord]:
    """Records of batches started on `since` (YYYY-MM-DD) or later, oldest first."""
    records = _read_ledger(s3, processed_bucket, "ledger/batches/", since, BatchRecord)
    return sorted(records, key=lambda record: record.started_at)


def read_receipts(s3, processed_bucket: str, since: str = "") -> list[IngestionReceipt]:
    """Ingestion receipts of records that arrived on `since` (YYYY-MM-DD) or later."""
    return _read_ledger(s3, processed_bucket, "ledger/ingestions/", since, IngestionReceipt)


def _read_ledger(s3, bucket: str, prefix: str, since: str, kind: type) -> list:
    keys = [o["Key"] for o in keys_below(s3, bucket, prefix) if layout.partition_date(o["Key"]) >= since]
    with ThreadPoolExecutor(READERS) as pool:
        return [from_document(kind, document) for document in pool.map(lambda key: read_json(s3, bucket, key), keys)]
