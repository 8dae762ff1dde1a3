"""Lambda of the state machine: checks a batch's data files against the suite before anyone can read them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial

import boto3
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from contracts.contract import Contract, load_contracts
from lake.catalog import file_access
from lake.documents import read_json, write_json
from lake.layout import batch_document_key, report_key
from lake.quality_results import RunKind, write_results
from lake.settings import required
from lambdas.validation.outcome import as_document, require_success
from lambdas.validation.report import Report, page
from quality.evaluate import evaluate
from quality.flatten import as_frame, columns_to_read, flatten, together
from quality.results import Run, as_results
from quality.suites import columns_of, load_suite, of_scope
from quality.verdict import Verdict

READERS = 8
TABLE = "events"
# Read when Great Expectations is imported.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

logger = Logger()
metrics = Metrics(namespace="Tributary")


@dataclass(frozen=True)
class Settings:
    """Buckets of the steps' documents, of the reports and of the results."""

    staging_bucket: str
    reports_bucket: str
    processed_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("STAGING_BUCKET", "REPORTS_BUCKET", "PROCESSED_BUCKET")
        return cls(*(required(environment, name) for name in names))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def suite() -> dict:
    return of_scope(load_suite(TABLE), RunKind.BATCH)


@cache
def contracts() -> dict[str, Contract]:
    return load_contracts()


@metrics.log_metrics
def handler(event: dict, context: object) -> dict:
    """Validate a batch; report, results and document are written before a failure is raised."""
    outcome = validate(event["batch_id"])
    metrics.add_metric("ExpectationsFailed", MetricUnit.Count, len(outcome["failed"]))
    metrics.add_metric("ExpectationsWarned", MetricUnit.Count, len(outcome["warnings"]))
    logger.info("batch validated", **{name: outcome[name] for name in ("batch_id", "success", "rows", "report_uri")})
    require_success(outcome)
    return {name: outcome[name] for name in ("batch_id", "success", "rows", "evaluated", "report_uri")}


def validate(batch_id: str) -> dict:
    """Write the report, the results and the step's document; the document."""
    manifest = document(batch_id, "manifest")
    batch_date = manifest["batch_date"]
    files = [file for file in document(batch_id, "enrichment")["files"] if file["rows"]]
    # Rows of a backfill keep the batch that they came with.
    batch_ids = (manifest.get("replaces") or {}).get("batch_ids", [batch_id])
    report = Report(batch_id, batch_date, files, verdicts(batch_ids, files))
    key = report_key(batch_date, batch_id)
    html = {"Body": page(report).encode(), "ContentType": "text/html; charset=utf-8"}
    s3().put_object(Bucket=settings().reports_bucket, Key=key, **html)
    report_uri = f"s3://{settings().reports_bucket}/{key}"
    run = Run(batch_id, RunKind.BATCH, TABLE, batch_date, report.rows, datetime.now(UTC), report_uri)
    write_results(s3(), settings().processed_bucket, batch_date, batch_id, as_results(run, report.verdicts))
    outcome = as_document(report, report_uri)
    write_json(s3(), settings().staging_bucket, batch_document_key(batch_id, "validation"), outcome)
    return outcome


def verdicts(batch_ids: list[str], files: list[dict]) -> list[Verdict]:
    """What the suite says of the rows; nothing of no rows."""
    if not files:
        return []
    parameters = {"event_types": sorted(contracts()), "batch_ids": batch_ids}
    return evaluate(read_rows([file["uri"] for file in files]), suite(), parameters)


def read_rows(uris: list[str]) -> pd.DataFrame:
    """The columns that the suite names, flat, of all files."""
    names = columns_of(suite())
    columns = columns_to_read(names, contracts())
    with ThreadPoolExecutor(READERS) as pool:
        files = pool.map(partial(read_file, columns=columns), uris)
        flat = [flatten(rows, names, contracts()) for rows in files]
    return as_frame(together(flat, names))


def read_file(uri: str, columns: list[str]) -> pa.Table:
    with file_access().new_input(uri).open() as stream:
        # Dotted names of a ParquetFile are members of structs, and those the file lacks are passed over.
        return pq.ParquetFile(stream).read(columns=columns)


def document(batch_id: str, name: str) -> dict:
    return read_json(s3(), settings().staging_bucket, batch_document_key(batch_id, name))
