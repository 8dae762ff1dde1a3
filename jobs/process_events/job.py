"""Glue job: the raw lines of one batch -> staged Parquet, rejects, and the batch's document `transform`."""

from __future__ import annotations

import gzip
import math
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import boto3
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from jobs.arguments import positive, values_of
from jobs.process_events import cleaning, recompute, transform
from jobs.process_events.refused import read_reject
from jobs.spark_errors import first_cause
from lake import documents, layout
from lake.manifest import Manifest, Replacement

SPARK_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    # The size of the batch is known, so the number of partitions is set by it.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Dates before 1582 are what ISO 8601 says they are; by default Spark stops at the first one.
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    # The whole prefix of the batch is its own, also what an earlier try left there.
    "spark.sql.sources.partitionOverwriteMode": "static",
}


@dataclass(frozen=True)
class Sizes:
    """How the work is cut: rows of a file at most, MB of raw gzip that a task handles (16 are some 150 MB of text)."""

    file_rows: int
    partition_mb: int


@dataclass(frozen=True)
class Arguments:
    """Arguments of a run, by Glue's convention: --NAME value, names in capitals."""

    manifest: str
    batch_id: str
    staging_bucket: str
    error_bucket: str
    pepper_secret_arn: str
    file_rows: str
    partition_mb: str

    @classmethod
    def parse(cls, words: list[str]) -> Arguments:
        """Read the arguments; ConfigurationError where some are missing."""
        return cls(*values_of(cls.__dataclass_fields__, words))

    @property
    def sizes(self) -> Sizes:
        """How the work is cut; ConfigurationError where a size is no whole number above 0."""
        return Sizes(**{name: positive(name, getattr(self, name)) for name in Sizes.__dataclass_fields__})


@dataclass(frozen=True)
class Batch:
    """What one run reads and writes; paths are what Spark takes, `raw_bytes` the size of the raw files."""

    batch_id: str
    raw: list[str]
    stored: list[str]
    staged: str
    raw_bytes: int
    sizes: Sizes
    replaces: Replacement | None = None


def main(words: list[str]) -> None:
    """Run the transform for one batch; a run again replaces what an earlier one left."""
    arguments, s3 = Arguments.parse(words), boto3.client("s3")
    pepper = read_pepper(boto3.client("secretsmanager"), arguments.pepper_secret_arn)
    manifest = read_manifest(s3, arguments)
    staged_prefix = layout.staged_prefix(manifest.batch_id)
    staged = f"s3://{arguments.staging_bucket}/{staged_prefix}"
    batch = Batch(
        batch_id=manifest.batch_id,
        raw=manifest.raw_uris,
        stored=manifest.stored_files,
        staged=staged,
        raw_bytes=manifest.bytes,
        sizes=arguments.sizes,
        replaces=manifest.replaces,
    )
    try:
        document, rejects = process(SparkSession.builder.getOrCreate(), batch, pepper)
        check_lines(manifest, document)
        if manifest.replaces:
            document["rejected_rows"] = recompute.leave_vanishing(s3, arguments.staging_bucket, manifest, rejects)
        if document.get("rejected_rows", document["rejected"]):
            write_rejects(s3, arguments.error_bucket, manifest, rejects)
    except Py4JJavaError as error:
        raise PipelineError(
            f"batch {manifest.batch_id}: Spark failed: {first_cause(error)}. "
            "Look at the log of the job run, then run the batch again."
        ) from error
    document["staged_files"] = staged_files(s3, arguments.staging_bucket, staged_prefix)
    key = layout.batch_document_key(manifest.batch_id, "transform")
    documents.write_json(s3, arguments.staging_bucket, key, document)
    print({name: count for name, count in document.items() if name != "staged_files"})


def read_manifest(s3, arguments: Arguments) -> Manifest:
    """The batch's manifest; PipelineError where it is another batch's."""
    manifest = Manifest.from_document(documents.read_json(s3, *layout.split_uri(arguments.manifest)))
    if manifest.batch_id != arguments.batch_id:
        raise PipelineError(
            f"{arguments.manifest} is the manifest of batch {manifest.batch_id}; expected {arguments.batch_id}. "
            "Start the job run with --MANIFEST and --BATCH_ID of one batch."
        )
    return manifest


def read_pepper(secretsmanager, arn: str) -> str:
    """The key of all hashes, which stays in this process; PipelineError where the secret has no text."""
    pepper = secretsmanager.get_secret_value(SecretId=arn).get("SecretString")
    if not pepper:
        raise PipelineError(
            f"secret {arn} has no text; expected the pepper of the hashes. "
            "Restore the version it had, or deploy the storage stack, which makes one."
        )
    return pepper


def process(spark: SparkSession, batch: Batch, pepper: str) -> tuple[dict, DataFrame]:
    """Write the staged files; the batch's document and its rejects, which are not read unless asked for."""
    contracts, lines_seen, fates_seen = load_contracts(), Observation(), Observation()
    partitions = partition_count(batch.raw_bytes, batch.sizes)
    for name, value in {**SPARK_SETTINGS, "spark.sql.shuffle.partitions": str(partitions)}.items():
        spark.conf.set(name, value)
    key = F.broadcast(spark.createDataFrame([cleaning.key_of(pepper)], cleaning.KEY))
    judged = transform.judged(read_lines(spark, batch.raw), contracts, key)
    new = transform.accepted(judged.observe(lines_seen, *transform.line_counts()))
    fated = transform.with_fate(new, read_stored(spark, batch.stored))
    again = recompute.Recomputation(spark, batch.replaces, batch.stored) if batch.replaces else None
    counted = (again.settled(fated) if again else fated).observe(fates_seen, *transform.fate_counts(contracts))
    rows = transform.staged(counted, contracts, batch.batch_id)
    write_staged(again.with_their_batch(rows) if again else rows, batch.staged, partitions, batch.sizes.file_rows)
    of_lines = again.lines_within(lines_seen.get) if again else lines_seen.get
    document = transform.summary(batch.batch_id, of_lines, fates_seen.get)
    # Spark does not push a filter through an observed frame, where it would parse each line once for each rule.
    rejects = transform.rejected(judged.observe("rejects", *transform.line_counts()))
    if again:
        return document | {"outside": again.outside}, again.rejects_of_rows(rejects)
    return document, rejects


def partition_count(raw_bytes: int, sizes: Sizes) -> int:
    """As many partitions as the batch's size asks for: few files for few events, bounded memory for many."""
    return max(1, math.ceil(raw_bytes / (sizes.partition_mb * 1024**2)))


def read_lines(spark: SparkSession, paths: list[str]) -> DataFrame:
    """Raw lines as the column `value`."""
    # By default Spark ends a line at a carriage return as well.
    return spark.read.option("lineSep", "\n").text(paths)


def read_stored(spark: SparkSession, paths: list[str]) -> DataFrame:
    """Identities of the stored rows that may be the batch's events too."""
    if not paths:
        return spark.createDataFrame([], transform.STORED)
    # Spark makes columns of `name=value` folders only below a path it is given, and these are files.
    return spark.read.schema(transform.STORED).parquet(*paths)


def write_staged(rows: DataFrame, path: str, partitions: int, file_rows: int) -> None:
    """Parquet by type and date, in the order of time, so that a file's statistics say which times it can hold."""
    together = rows.repartition(partitions, "event_type", "event_date") if partitions > 1 else rows
    in_order = together.sortWithinPartitions("event_type", "event_date", "event_time", "ingest_position")
    writer = in_order.write.mode("overwrite").partitionBy("event_type", "event_date")
    writer.option("maxRecordsPerFile", file_rows).parquet(path)


def check_lines(manifest: Manifest, document: dict) -> None:
    """PipelineError where Spark read other lines than ingestion wrote."""
    found = document["raw_lines"] + document.get("outside", 0)
    if found != manifest.raw_lines:
        raise PipelineError(
            f"batch {manifest.batch_id}: {found} raw lines read; expected the {manifest.raw_lines} "
            "that the raw objects' metadata tell. Run the batch again, which plans it anew."
        )


def write_rejects(s3, bucket: str, manifest: Manifest, rejects: DataFrame) -> None:
    """One object per reason and day of arrival, named by the batch."""
    with ExitStack() as files, tempfile.TemporaryDirectory() as folder:
        opened: dict[tuple[str, str], gzip.GzipFile] = {}
        for row in rejects.toLocalIterator():
            reject = read_reject(row.asDict(recursive=True), manifest.batch_id, manifest.started_at)
            day = (str(reject.reason), reject.position.arrival_date)
            if day not in opened:
                opened[day] = files.enter_context(gzip.GzipFile(Path(folder, "-".join(day)), "wb", mtime=0))
            opened[day].write(reject.as_line() + b"\n")
        for (reason, date), file in opened.items():
            file.close()
            prefix = layout.rejects_prefix("transform", reason, date)
            s3.upload_file(file.name, bucket, f"{prefix}{manifest.batch_id}.ndjson.gz")


def staged_files(s3, bucket: str, prefix: str) -> list[dict]:
    """What lies below the prefix: key, event type and event date of each file."""
    keys = sorted(o["Key"] for o in documents.keys_below(s3, bucket, prefix) if o["Key"].endswith(".parquet"))
    return [{"key": key, **layout.partition_values(key)} for key in keys]


if __name__ == "__main__":
    main(sys.argv[1:])
