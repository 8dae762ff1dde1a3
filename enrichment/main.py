"""Fargate task: staged files of one batch -> data files of the table, not yet visible, and the document `enrichment`.

A run again leaves finished files alone and writes the others under the same names. Several tasks may share a batch.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import boto3
from pyiceberg.io.pyarrow import schema_to_pyarrow

from contracts.contract import load_contracts
from contracts.errors import ConfigurationError, PipelineError
from enrichment import progress, sources
from enrichment.enrich import chosen
from enrichment.files import Interrupted, Target, enrich_file
from enrichment.sources import Plan
from lake import documents, layout
from lake.catalog import open_table
from lake.settings import required, whole_number

RULES = {"client": "ua-parser-builtins"}
EXIT_MISCONFIGURED = 2
EXIT_TERMINATED = 128 + signal.SIGTERM
logger = logging.getLogger("enrichment")


@dataclass(frozen=True)
class Settings:
    """The batch and the part of it that is this task's, where it is read and written, and what it is enriched by."""

    batch_id: str
    staging_bucket: str
    reference_bucket: str
    processed_bucket: str
    database: str
    table: str
    enrichments: str
    reporting_currency: str
    share: int = 0
    shares: int = 1

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        *texts, _, _ = cls.__dataclass_fields__
        share, shares = whole_number(environment, "SHARE", 0), whole_number(environment, "SHARES", 1)
        if share >= shares:
            raise ConfigurationError(
                f"environment variable SHARE is {share} and SHARES is {shares}; expected a share below their number. "
                "Set both where the task is started."
            )
        return cls(*(required(environment, name.upper()) for name in texts), share, shares)


def run(settings: Settings, stop: threading.Event) -> bool:
    """Enrich the task's share of the batch; False where it was told to stop before the end."""
    s3 = boto3.client("s3")
    staged = progress.read_staged(s3, settings.staging_bucket, settings.batch_id)
    done = progress.read_checkpoints(s3, settings.staging_bucket, settings.batch_id, staged)
    mine = progress.of_share(staged.files, settings.share, settings.shares)
    left = [file for file in mine if file.number not in done]
    logger.info("%d files, %d of them to do, %d done before", len(staged.files), len(left), len(mine) - len(left))
    if left and not enrich_files(s3, settings, staged, left, stop):
        return False
    return finish(s3, settings, staged)


def enrich_files(s3, settings: Settings, staged: progress.Staged, left: list, stop: threading.Event) -> bool:
    """Write the files that are left, each with its checkpoint; False where it was told to stop."""
    with tempfile.TemporaryDirectory() as folder:
        target = read_target(s3, settings, Path(folder))
        for number, file in enumerate(left, start=1):
            uri = f"s3://{settings.processed_bucket}/{data_file_key(settings, file)}"
            staged_uri = f"s3://{settings.staging_bucket}/{file.key}"
            try:
                finished = enrich_file(target, staged_uri, file, uri, stop.is_set)
            except Interrupted as told:
                logger.warning("told to stop at file %d of %d: %s", number, len(left), told)
                return False
            progress.write_checkpoint(s3, settings.staging_bucket, settings.batch_id, staged, finished)
            logger.info("file %d of %d: %s, %d rows", number, len(left), file.event_type, finished.rows)
    return True


def read_target(s3, settings: Settings, folder: Path) -> Target:
    """The table and everything that rows are looked up in, read and checked before anything is written."""
    bucket, batch_id = settings.staging_bucket, settings.batch_id
    table = open_table(settings.database, settings.table)
    plan = sources.left_plan(s3, bucket, batch_id)
    if plan is None:
        own = planned(s3, settings)
        read = sources.read_sources(s3, own, folder)
        # Left only now: a plan with a broken file would break every retry.
        plan = sources.agreed(s3, bucket, batch_id, own)
        read = read if plan == own else sources.read_sources(s3, plan, folder)
    else:
        read = sources.read_sources(s3, plan, folder)
    return Target(table.io, schema_to_pyarrow(table.schema()), load_contracts(), read, plan.enrichments)


def planned(s3, settings: Settings) -> Plan:
    """What the settings ask for, with everything in its present version."""
    names = list(chosen(settings.enrichments))
    files = sources.found_files(s3, settings.reference_bucket, names)
    rules = {name: f"{package} {version(package)}" for name, package in RULES.items() if name in names}
    return Plan(names, settings.reporting_currency, files, rules)


def data_file_key(settings: Settings, file: progress.StagedFile) -> str:
    return layout.data_file_key(file.event_type, file.event_date, settings.batch_id, file.number)


def finish(s3, settings: Settings, staged: progress.Staged) -> bool:
    """Leave the batch's document once every file of every share is finished: whoever is last sees them all."""
    bucket, batch_id = settings.staging_bucket, settings.batch_id
    done = progress.read_checkpoints(s3, bucket, batch_id, staged)
    if len(done) < len(staged.files):
        logger.info("share done; %d of %d files of the batch are", len(done), len(staged.files))
        return True
    document = progress.document_of(batch_id, done, sources.left_plan(s3, bucket, batch_id))
    documents.write_json(s3, bucket, layout.batch_document_key(batch_id, "enrichment"), document)
    logger.info("%d rows in %d files, misses: %s", document["rows"], len(done), document["misses"])
    return True


def main() -> int:
    """Exit status: 0 done, 1 the batch cannot go on, 2 misconfigured, 143 stopped by SIGTERM."""
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", stream=sys.stdout)
    logger.setLevel(logging.INFO)
    stop = threading.Event()
    # Fargate Spot gives two minutes; files that are finished by then are not written again.
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        return 0 if run(Settings.from_environment(os.environ), stop) else EXIT_TERMINATED
    except PipelineError as error:
        print(error, file=sys.stderr)
        return EXIT_MISCONFIGURED if isinstance(error, ConfigurationError) else 1


if __name__ == "__main__":
    sys.exit(main())
