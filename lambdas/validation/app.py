"""Lambda of the state machine: checks a batch's data files against the suite before anyone can read them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
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
from lake.layout import batch_document_key, quarantine_key, report_key
from lake.quality_results import RunKind, write_results
from lake.settings import required
from lambdas.validation.outcome import answer, as_document, with_accepted
from lambdas.validation.quarantine import quarantine_document
from lambdas.validation.report import Report, page
from quality.evaluate import pandas_rows
from quality.flatten import as_frame, columns_to_read, flatten, together
from quality.gate import NAME, TABLE, Evaluation, evaluate_batch, parameters, suite
from quality.results import Run, as_results
from quality.suites import columns_of

READERS = 8
# Read when Great Expectations is imported.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

logger = Logger()
metrics = Metrics(namespace="Tributary")


@dataclass(frozen=True)
class Settings:
    """Buckets of the steps' documents, of the reports, of the results, and of what is kept back."""

    staging_bucket: str
    reports_bucket: str
    processed_bucket: str
    error_bucket: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        names = ("STAGING_BUCKET", "REPORTS_BUCKET", "PROCESSED_BUCKET", "ERROR_BUCKET")
        return cls(*(required(environment, name) for name in names))


@cache
def settings() -> Settings:
    return Settings.from_environment(os.environ)


@cache
def s3():
    return boto3.client("s3")


@cache
def contracts() -> dict[str, Contract]:
    return load_contracts()


@metrics.log_metrics
def handler(event: dict, context: object) -> dict:
    """Validate a batch. Data that fails is an answer, not an error: what is wrong with it is written before.

    `is_evaluated` says that a job has asked the suite and left what it found, as it does for a large batch.
    """
    outcome = validate(event["batch_id"], event.get("is_evaluated", False))
    metrics.add_metric("ExpectationsFailed", MetricUnit.Count, len(outcome["failed"]))
    metrics.add_metric("ExpectationsWarned", MetricUnit.Count, len(outcome["warnings"]))
    logger.info("batch validated", **{name: outcome[name] for name in ("batch_id", "success", "rows", "report_uri")})
    return answer(outcome)


def validate(batch_id: str, is_evaluated: bool) -> dict:
    """Write the report, the results, what is kept back, and last the step's document; the document."""
    manifest = document(batch_id, "manifest")
    files = [file for file in document(batch_id, "enrichment")["files"] if file["rows"]]
    found = evaluation(manifest, files, is_evaluated)
    report = Report(batch_id, manifest["batch_date"], files, with_accepted(found.verdicts, manifest.get("release")))
    report_uri = write_report(report)
    run = Run(batch_id, RunKind.BATCH, TABLE, report.batch_date, report.rows, datetime.now(UTC), report_uri)
    results = as_results(run, found.verdicts)
    write_results(s3(), settings().processed_bucket, report.batch_date, batch_id, results)
    outcome = as_document(report, report_uri, keep_back(report, manifest, found.samples, report_uri))
    write_json(s3(), settings().staging_bucket, batch_document_key(batch_id, "validation"), outcome)
    return outcome


def write_report(report: Report) -> str:
    """Write the page that people read; its URI."""
    bucket, key = settings().reports_bucket, report_key(report.batch_date, report.batch_id)
    html = {"Body": page(report).encode(), "ContentType": "text/html; charset=utf-8"}
    s3().put_object(Bucket=bucket, Key=key, **html)
    return f"s3://{bucket}/{key}"


def keep_back(report: Report, manifest: dict, samples: dict[str, list[dict]], report_uri: str) -> str | None:
    """Write what people decide by; None where the batch passes, or is a backfill: its partitions stay as they were."""
    if not report.stopping or manifest.get("replaces"):
        return None
    bucket, key = settings().error_bucket, quarantine_key(report.batch_date, report.batch_id)
    write_json(s3(), bucket, key, quarantine_document(report, manifest, samples, report_uri))
    return f"s3://{bucket}/{key}"


def evaluation(manifest: dict, files: list[dict], is_evaluated: bool) -> Evaluation:
    """What the suite says of the rows, asked here unless a job has asked already; nothing of no rows."""
    count = sum(file["rows"] for file in files)
    if not files:
        return Evaluation(count, [], {})
    if is_evaluated:
        return Evaluation.from_document(document(manifest["batch_id"], NAME), count)
    rows = pandas_rows(read_rows([file["uri"] for file in files], columns_of(suite())))
    return evaluate_batch(rows, count, parameters(manifest, contracts()))


def read_rows(uris: list[str], names: Iterable[str]) -> pd.DataFrame:
    """These flat columns of all files."""
    columns = columns_to_read(names, contracts())
    with ThreadPoolExecutor(READERS) as pool:
        files = pool.map(partial(read_file, columns=columns), uris)
        flat = [flatten(rows, names, contracts()) for rows in files]
    return as_frame(together(flat, names))


def read_file(uri: str, columns: list[str]) -> pa.Table:
    with file_access().new_input(uri).open() as stream:
        # Dotted names of a ParquetFile are members of structs, and those the file lacks are passed over.
        return pq.ParquetFile(stream, pre_buffer=True).read(columns=columns)


def document(batch_id: str, name: str) -> dict:
    return read_json(s3(), settings().staging_bucket, batch_document_key(batch_id, name))
