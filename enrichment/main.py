"""Fargate task: staged files of one batch -> data files of the table, not yet visible, and the document `enrichment`.

A run again writes the same files under the same names.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import schema_to_pyarrow

from contracts.contract import Contract, load_contracts
from contracts.errors import ConfigurationError, PipelineError
from enrichment.enrich import Misses, as_stored, checked_reference, count_misses, with_customer, with_products
from lake import documents, layout
from lake.catalog import open_table
from lake.columns import CUSTOMER, PRODUCT
from lake.settings import required

ROWS_AT_A_TIME = 100_000
EXIT_MISCONFIGURED = 2
EXIT_TERMINATED = 128 + signal.SIGTERM
logger = logging.getLogger("enrichment")


@dataclass(frozen=True)
class Settings:
    """The batch, the buckets it is read from and written to, and the table."""

    batch_id: str
    staging_bucket: str
    reference_bucket: str
    processed_bucket: str
    database: str
    table: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        return cls(*(required(environment, name.upper()) for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class Reference:
    """What keys are looked up in."""

    customers: pa.Table
    products: pa.Table


@dataclass(frozen=True)
class Target:
    """The table as files see it: access to them, their schema with field ids, and what the rows are enriched by."""

    io: FileIO
    schema: pa.Schema
    contracts: dict[str, Contract]
    reference: Reference


def run(settings: Settings, stop: threading.Event) -> bool:
    """Enrich the batch; False where it was told to stop before the end, which leaves no document."""
    s3 = boto3.client("s3")
    staged = read_staged_files(s3, settings)
    table = open_table(settings.database, settings.table)
    reference = read_reference(table.io, settings.reference_bucket)
    target = Target(table.io, schema_to_pyarrow(table.schema()), load_contracts(), reference)
    files, misses = [], Misses(0, 0)
    for number, file in enumerate(staged):
        if stop.is_set():
            logger.warning("told to stop after %d of %d files", number, len(staged))
            return False
        written, missed = enrich_file(target, settings, file, number)
        files, misses = [*files, written], misses + missed
        logger.info("file %d of %d: %s, %d rows", number + 1, len(staged), written["event_type"], written["rows"])
    write_document(s3, settings, files, misses)
    return True


def read_staged_files(s3, settings: Settings) -> list[dict]:
    """The files that the transform left, in the order of their keys, which numbers them."""
    key = layout.batch_document_key(settings.batch_id, "transform")
    transform = documents.read_json_if_there(s3, settings.staging_bucket, key)
    if transform is None:
        raise PipelineError(
            f"s3://{settings.staging_bucket}/{key} is not there; expected the document of the batch's transform. "
            "Run the transform first."
        )
    return sorted(transform["staged_files"], key=lambda file: file["key"])


def read_reference(io: FileIO, bucket: str) -> Reference:
    """Customers and products; PipelineError where one of them is missing or broken."""
    return Reference(
        customers=_read_reference(io, f"s3://{bucket}/{layout.reference_key('customers')}", CUSTOMER),
        products=_read_reference(io, f"s3://{bucket}/{layout.reference_key('products')}", PRODUCT),
    )


def _read_reference(io: FileIO, uri: str, entry: pa.StructType) -> pa.Table:
    try:
        with io.new_input(uri).open() as stream:
            table = pq.read_table(stream)
    except (OSError, pa.ArrowInvalid) as error:
        raise PipelineError(
            f"reference data {uri} cannot be read ({error}); expected a Parquet file. "
            "Upload a sound file and run the batch again."
        ) from error
    return checked_reference(uri, table, entry)


def enrich_file(target: Target, settings: Settings, file: dict, number: int) -> tuple[dict, Misses]:
    """Write the data file of one staged file, in pieces that fit into memory; its entry in the document."""
    event_type, event_date = file["event_type"], file["event_date"]
    key = layout.data_file_key(event_type, event_date, settings.batch_id, number)
    entry = {"uri": f"s3://{settings.processed_bucket}/{key}", "event_type": event_type, "event_date": event_date}
    rows, misses = 0, Misses(0, 0)
    with (
        target.io.new_input(f"s3://{settings.staging_bucket}/{file['key']}").open() as staged,
        target.io.new_output(entry["uri"]).create(overwrite=True) as stream,
        pq.ParquetWriter(stream, target.schema, compression="zstd", store_schema=False) as writer,
    ):
        # Without a buffer each column of each row group would be a request of its own to S3.
        for batch in pq.ParquetFile(staged, pre_buffer=True).iter_batches(ROWS_AT_A_TIME):
            enriched = enrich(with_partition(pa.Table.from_batches([batch]), event_type, event_date), target)
            writer.write_table(as_stored(enriched, target.schema), row_group_size=ROWS_AT_A_TIME)
            rows, misses = rows + len(enriched), misses + count_misses(enriched, target.contracts)
    return {**entry, "rows": rows}, misses


def enrich(events: pa.Table, target: Target) -> pa.Table:
    """The events with their customers and products."""
    with_customers = with_customer(events, target.contracts, target.reference.customers)
    return with_products(with_customers, target.contracts, target.reference.products)


def with_partition(rows: pa.Table, event_type: str, event_date: str) -> pa.Table:
    """Adds the columns that a staged file leaves to its folders; a data file must hold them itself."""
    day = pa.scalar(date.fromisoformat(event_date), pa.date32())
    with_type = rows.append_column("event_type", pa.repeat(event_type, len(rows)))
    return with_type.append_column("event_date", pa.repeat(day, len(rows)))


def write_document(s3, settings: Settings, files: list[dict], misses: Misses) -> None:
    """Leave the document `enrichment` for the next steps."""
    rows = sum(file["rows"] for file in files)
    document = {"batch_id": settings.batch_id, "files": files, "rows": rows, "misses": asdict(misses)}
    key = layout.batch_document_key(settings.batch_id, "enrichment")
    documents.write_json(s3, settings.staging_bucket, key, document)
    logger.info("%d rows in %d files, misses: %s", rows, len(files), document["misses"])


def main() -> int:
    """Exit status: 0 done, 1 the batch cannot go on, 2 misconfigured, 143 stopped by SIGTERM."""
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    stop = threading.Event()
    # Fargate Spot gives two minutes: enough for the file in hand, and the next run begins anew.
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        return 0 if run(Settings.from_environment(os.environ), stop) else EXIT_TERMINATED
    except PipelineError as error:
        print(error, file=sys.stderr)
        return EXIT_MISCONFIGURED if isinstance(error, ConfigurationError) else 1


if __name__ == "__main__":
    sys.exit(main())
