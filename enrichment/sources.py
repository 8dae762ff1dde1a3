"""What the enrichments of a batch look things up in: which files, in which version, read and checked.

Every task of a batch, and every retry, uses the versions that the first one found: its rows are enriched alike,
whatever is uploaded meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import maxminddb
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.errors import PipelineError
from enrichment.enrich import Sources
from enrichment.geo import Places, checked_database, corrupt
from enrichment.rates import checked_rates
from enrichment.reference import checked_reference
from lake import documents, layout
from lake.columns import CUSTOMER, PRODUCT

# The file that an enrichment needs; the others need none.
FILES = {
    "customer": layout.reference_key("customers"),
    "products": layout.reference_key("products"),
    "geo": layout.GEO_DATABASE_KEY,
    "reporting": layout.reference_key("rates"),
}
WAY_OUT = "Upload a sound file and run the batch again, or take {} out of ENRICHMENTS."
UNVERSIONED = "null"


@dataclass(frozen=True)
class FileVersion:
    """One version of one file; no version id where its bucket keeps only the latest."""

    uri: str
    version_id: str | None
    etag: str


@dataclass(frozen=True)
class Plan:
    """What a batch is enriched by: names of enrichments, the reporting currency, versions of files and of rules."""

    enrichments: list[str]
    reporting_currency: str
    files: dict[str, FileVersion]
    rules: dict[str, str]

    def as_document(self) -> dict:
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping) -> Plan:
        files = {name: FileVersion(**file) for name, file in document["files"].items()}
        return cls(**{**document, "files": files})

    def used(self) -> dict[str, str]:
        """By enrichment the version of what it looked things up in, in a few characters."""
        return {name: file.version_id or file.etag for name, file in self.files.items()} | self.rules


def found_files(s3, bucket: str, enrichments: list[str]) -> dict[str, FileVersion]:
    """The files that the enrichments need, as they are now; PipelineError where one is missing."""
    return {name: _found(s3, bucket, key, name) for name, key in FILES.items() if name in enrichments}


def _found(s3, bucket: str, key: str, name: str) -> FileVersion:
    uri = f"s3://{bucket}/{key}"
    try:
        head = s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey"):
            raise
        raise PipelineError(
            f"reference data {uri} is not there; expected the file of the enrichment {name}. {WAY_OUT.format(name)}"
        ) from error
    version_id = head.get("VersionId")
    return FileVersion(uri, None if version_id == UNVERSIONED else version_id, head["ETag"].strip('"'))


def agreed(s3, bucket: str, batch_id: str, plan: Plan) -> Plan:
    """The batch's plan: this one where no task has left one before."""
    key = layout.batch_document_key(batch_id, "enrichment-plan")
    body = json.dumps(plan.as_document(), sort_keys=True).encode()
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*")
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "ConditionalRequestConflict"):
            raise
        return Plan.from_document(documents.read_json(s3, bucket, key))
    return plan


def left_plan(s3, bucket: str, batch_id: str) -> Plan | None:
    """The plan that an earlier task of the batch has left."""
    key = layout.batch_document_key(batch_id, "enrichment-plan")
    document = documents.read_json_if_there(s3, bucket, key)
    return None if document is None else Plan.from_document(document)


def read_sources(s3, plan: Plan, folder: Path) -> Sources:
    """The files of the plan, checked; PipelineError where one is missing, corrupt or empty. `folder` is for files."""

    def read(name: str, made: Callable):
        file = plan.files.get(name)
        return None if file is None else made(file.uri, _body(s3, file, name))

    return Sources(
        customers=read("customer", lambda uri, body: checked_reference(uri, _table(uri, body), CUSTOMER)),
        products=read("products", lambda uri, body: checked_reference(uri, _table(uri, body), PRODUCT)),
        rates=read("reporting", lambda uri, body: checked_rates(uri, _table(uri, body), plan.reporting_currency)),
        geo=read("geo", lambda uri, body: _places(body, folder)),
    )


def _body(s3, file: FileVersion, name: str) -> bytes:
    bucket, key = layout.split_uri(file.uri)
    version = {"VersionId": file.version_id} if file.version_id else {}
    try:
        return s3.get_object(Bucket=bucket, Key=key, IfMatch=file.etag, **version)["Body"].read()
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("PreconditionFailed", "NoSuchVersion", "NoSuchKey", "404"):
            raise
        raise PipelineError(
            f"reference data {file.uri} is no longer there as version {file.version_id or file.etag}; expected the "
            "version that the batch began with. Reconciliation runs the batch anew with the present one."
        ) from error


def _table(uri: str, body: bytes) -> pa.Table:
    try:
        return pq.read_table(pa.BufferReader(body))
    except (OSError, pa.ArrowInvalid) as error:
        raise PipelineError(
            f"reference data {uri} cannot be read ({error}); expected a Parquet file. "
            "Upload a sound file and run the batch again."
        ) from error


def _places(body: bytes, folder: Path) -> Places:
    """A file, since the fast reader maps it into memory."""
    path = folder / "city.mmdb"
    path.write_bytes(body)
    try:
        return Places(checked_database(maxminddb.open_database(path)))
    except (maxminddb.InvalidDatabaseError, ValueError) as error:
        raise corrupt(f"it cannot be opened ({error})") from error
