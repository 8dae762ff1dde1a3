"""Glue job: asks the suite of a batch that is too large for a function -> the batch's document `evaluation`.

What follows from it, the function does for every batch: report, results, and what is kept back.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import boto3
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from jobs.arguments import values_of
from jobs.evaluate_batch.flat_rows import flat_rows, partition_count
from jobs.spark_errors import first_cause
from lake.documents import read_json, write_json
from lake.layout import batch_document_key
from quality.evaluate import spark_rows
from quality.gate import NAME, Evaluation, evaluate_batch, parameters, suite
from quality.members import Contracts
from quality.suites import columns_of

SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    # The size of the batch is known, so the number of partitions is set by it.
    "spark.sql.adaptive.enabled": "false",
    # Dates before 1582 are what ISO 8601 says they are; by default Spark stops at the first one.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
}
# Read when Great Expectations is imported.
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")


@dataclass(frozen=True)
class Arguments:
    """Arguments of a run."""

    batch_id: str
    staging_bucket: str

    @classmethod
    def parse(cls, words: list[str]) -> Arguments:
        """Read the arguments; ConfigurationError where some are missing."""
        return cls(*values_of(cls.__dataclass_fields__, words))


def main(words: list[str]) -> None:
    """Evaluate one batch; a run again overwrites what an earlier one left."""
    arguments, s3 = Arguments.parse(words), boto3.client("s3")

    def document(name: str) -> dict:
        return read_json(s3, arguments.staging_bucket, batch_document_key(arguments.batch_id, name))

    files = [file for file in document("enrichment")["files"] if file["rows"]]
    try:
        found = evaluate(SparkSession.builder.getOrCreate(), document("manifest"), files)
    except (Py4JJavaError, PySparkException) as error:
        raise PipelineError(
            f"batch {arguments.batch_id}: Spark failed: {first_cause(error)}. "
            "Look at the log of the job run, then run the batch again."
        ) from error
    refuse_unevaluated(arguments.batch_id, found)
    key = batch_document_key(arguments.batch_id, NAME)
    write_json(s3, arguments.staging_bucket, key, found.as_document(arguments.batch_id))
    failed = [verdict.expectation_id for verdict in found.verdicts if not verdict.success]
    print({"batch_id": arguments.batch_id, "rows": found.rows, "evaluated": len(found.verdicts), "failed": failed})


def evaluate(spark: SparkSession, manifest: dict, files: list[dict]) -> Evaluation:
    """What the suite says of the rows of these files, {"uri", "rows"}; nothing of no rows."""
    if not files:
        return Evaluation(0, [], {})
    contracts = load_contracts()
    flat = read_flat(spark, files, columns_of(suite()), contracts).persist()
    return evaluate_batch(spark_rows(flat), flat.count(), parameters(manifest, contracts))


def refuse_unevaluated(batch_id: str, evaluation: Evaluation) -> None:
    """PipelineError where Spark broke over an expectation: Great Expectations would have it as data that fails."""
    for verdict in evaluation.verdicts:
        if verdict.is_unevaluated:
            raise PipelineError(
                f"batch {batch_id}: {verdict.expectation_id} {verdict.found}. "
                "Look at the log of the job run, then run the batch again."
            )


def read_flat(spark: SparkSession, files: list[dict], names: list[str], contracts: Contracts) -> DataFrame:
    """These flat columns of the rows of these files, {"uri", "rows"}."""
    rows = sum(file["rows"] for file in files)
    for name, value in {**SPARK_SETTINGS, "spark.sql.shuffle.partitions": str(partition_count(rows))}.items():
        spark.conf.set(name, value)
    return flat_rows(spark, [file["uri"] for file in files], rows, names, contracts)


if __name__ == "__main__":
    main(sys.argv[1:])
