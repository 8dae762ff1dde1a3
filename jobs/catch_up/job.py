"""Glue job: announces raw objects that no batch holds, of any age. A bookmark spares it those it has seen.

Reconciliation looks back a few days; this job is for what an outage left behind before that. What it finds goes the way
of every raw object: queue, pipe, manifest. The bookmark saves time and decides nothing: without it, all is looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import boto3
from pyspark import SparkContext

from contracts.errors import PipelineError
from jobs.arguments import positive, values_of
from jobs.catch_up.plan import RawVersion, earliest_date, requests, settled, without_held
from lake import documents, layout

HEADS_AT_ONCE = 16
FILE = "_file"


@dataclass(frozen=True)
class Arguments:
    """Arguments of a run, by Glue's convention: --NAME value, names in capitals."""

    job_name: str
    raw_bucket: str
    processed_bucket: str
    raw_objects_queue: str
    settle_seconds: int

    @classmethod
    def parse(cls, words: list[str]) -> Arguments:
        """Read the arguments; ConfigurationError where some are missing, or the age is no whole number above 0."""
        *texts, settle_seconds = values_of(cls.__dataclass_fields__, words)
        return cls(*texts, positive("settle_seconds", settle_seconds))


def main(words: list[str]) -> None:
    """One run; the bookmark moves on once everything is announced, so that a run that dies is done again."""
    arguments, s3 = Arguments.parse(words), boto3.client("s3")
    glue, run = start_run(words)
    keys = find_keys(glue, arguments.raw_bucket)
    free = find_free(s3, arguments, keys, datetime.now(UTC)) if keys else []
    announce(boto3.client("sqs"), arguments.raw_objects_queue, free)
    run.commit()
    print({"raw_objects_new_to_the_bookmark": len(keys), "announced": len(free)})


def start_run(words: list[str]) -> tuple:
    """Glue's context and the run whose bookmark is read; PipelineError where there is no Glue."""
    try:
        # Only Glue has these; they are on no package index.
        from awsglue.context import GlueContext
        from awsglue.job import Job
        from awsglue.utils import getResolvedOptions
    except ImportError as error:
        raise PipelineError(
            "module awsglue is not there; expected a Glue job run, since bookmarks are Glue's. "
            "Run it on AWS; elsewhere `etl reconcile` finds what the last days left."
        ) from error
    options = getResolvedOptions(["catch_up", *words], ["JOB_NAME"])
    glue = GlueContext(SparkContext.getOrCreate())
    run = Job(glue)
    run.init(options["JOB_NAME"], options)
    return glue, run


def find_keys(glue, bucket: str) -> list[str]:
    """Keys of raw objects that the bookmark has not seen."""
    # The bookmark is kept under the name of the transformation: another name would begin anew.
    frame = glue.create_dynamic_frame.from_options(
        connection_type="s3",
        connection_options={"paths": [f"s3://{bucket}/raw/"], "recurse": True},
        format="json",
        format_options={"attachFilename": FILE},
        transformation_ctx="raw_objects",
    ).toDF()
    # A frame without objects has no columns.
    rows = frame.select(FILE).distinct().collect() if FILE in frame.columns else []
    return sorted(layout.split_uri(row[FILE])[1] for row in rows)


def find_free(s3, arguments: Arguments, keys: Iterable[str], now: datetime) -> list[RawVersion]:
    """Those of the raw objects that no batch holds and nobody is about to take up."""
    batches = documents.read_batch_records(s3, arguments.processed_bucket, earliest_date(keys))
    with ThreadPoolExecutor(HEADS_AT_ONCE) as pool:
        found = pool.map(lambda key: read_version(s3, arguments.raw_bucket, key), without_held(keys, batches))
        return settled(found, now, timedelta(seconds=arguments.settle_seconds))


def read_version(s3, bucket: str, key: str) -> RawVersion:
    head = s3.head_object(Bucket=bucket, Key=key)
    return RawVersion(bucket, key, head.get("VersionId"), head["ContentLength"], head["LastModified"])


def announce(sqs, queue: str, versions: list[RawVersion]) -> None:
    """Send an announcement for each; PipelineError where the queue does not take one."""
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    for entries in requests(versions):
        failed = sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed", [])
        if failed:
            raise PipelineError(
                f"queue {queue} refused {len(failed)} of {len(entries)} announcements ({failed[0]['Code']}); expected "
                "all to be taken. Run the job again: announced twice, a raw object is processed once."
            )


if __name__ == "__main__":
    main(sys.argv[1:])
