"""The table `events` as the template makes it, on a moto server: pyarrow needs S3 over HTTP."""

import os
import threading
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from moto import mock_aws
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from pyiceberg.catalog import load_catalog
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField
from werkzeug.serving import make_server

from contracts.contract import load_contracts
from lake.catalog import open_table, sync_columns
from lake.layout import data_file_key, split_uri
from local.front import Front
from local.mends import glue_tables

TEMPLATE = Path(__file__).parents[2] / "infra/cloudformation/catalog.yaml"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class QuietHandler(MotoRequestHandler):
    """Answers over kept connections and tells no request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_request(self, code="-", size="-"):
        pass


@pytest.fixture(scope="session")
def aws_front():
    """Moto, and the compare-and-swap of Glue's UpdateTable, which it lacks and every commit leans on."""
    front = Front(DomainDispatcherApplication(create_backend_app), "")
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=QuietHandler)
    front.url = f"http://127.0.0.1:{server.server_port}"
    glue_tables.install(front)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield front
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def aws_endpoint(aws_front):
    return aws_front.url


@pytest.fixture
def aws(aws_endpoint, monkeypatch):
    """An empty AWS that only the SDK's standard variables point to."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    settings = {"AWS_ENDPOINT_URL": aws_endpoint, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    for name, value in {**settings, **dict.fromkeys(keys, "test")}.items():
        monkeypatch.setenv(name, value)
    urllib.request.urlopen(urllib.request.Request(f"{aws_endpoint}/moto-api/reset", method="POST")).close()
    return aws_endpoint


@dataclass(frozen=True)
class Lake:
    """Buckets and the table `events`, with ways to put rows into data files as the enrichment does."""

    s3: object
    database: str = "tributary_test"
    processed: str = "processed"
    staging: str = "staging"
    reports: str = "reports"

    def table(self):
        return open_table(self.database)

    def row(self, event_id, batch_id="b", event_type="page_view", at=NOON, position=None, **columns):
        """A row with all required columns."""
        return {
            "event_id": event_id,
            "source": "/shop",
            "event_type": event_type,
            "event_time": at,
            "event_date": at.date(),
            "arrival_time": at,
            "ingest_position": position or f"ingest/shard/{event_id}/0",
            "is_late": False,
            "lateness_seconds": 0,
            "batch_id": batch_id,
            **columns,
        }

    def write(self, batch_id, rows):
        """Data files, not yet visible; returns the `files` of the enrichment's document."""
        schema = schema_to_pyarrow(self.table().schema())
        order = sorted(rows, key=_partition)
        return [
            self._write(schema, batch_id, number, list(members), *key)
            for number, (key, members) in enumerate(groupby(order, key=_partition))
        ]

    def _write(self, schema, batch_id, number, rows, event_type, event_date):
        uri = f"s3://{self.processed}/{data_file_key(event_type, event_date, batch_id, number)}"
        table = pa.Table.from_pylist([{**row, "batch_id": batch_id} for row in rows], schema=schema)
        with self.table().io.new_output(uri).create(overwrite=True) as stream:
            pq.write_table(table, stream, compression="zstd")
        return {"uri": uri, "event_type": event_type, "event_date": event_date, "rows": len(rows)}

    def visible(self, *columns):
        """The table's rows, sorted."""
        columns = columns or ("event_id", "batch_id")
        return sorted(tuple(row.values()) for row in self.table().scan(selected_fields=columns).to_arrow().to_pylist())

    def keys(self, bucket, suffix=""):
        found = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [o["Key"] for o in found if o["Key"].endswith(suffix)]

    def columns(self, uri):
        bucket, key = split_uri(uri)
        return pq.read_table(pa.BufferReader(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()))


def _partition(row):
    return row["event_type"], row["event_date"].isoformat()


@pytest.fixture
def empty_lake(aws):
    """The table with the template's columns only."""
    s3 = boto3.client("s3")
    lake = Lake(s3)
    for bucket in (lake.processed, lake.staging, lake.reports):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    boto3.client("glue").create_database(DatabaseInput={"Name": lake.database})
    _create_events(lake, _iceberg_input())
    return lake


@pytest.fixture
def lake(empty_lake):
    """The table with the columns of all contracts."""
    sync_columns(empty_lake.database, load_contracts())
    return empty_lake


def _create_events(lake, table):
    fields = [NestedField(f["Id"], f["Name"], f["Type"], required=f["Required"]) for f in table["Schema"]["Fields"]]
    partition = [
        PartitionField(f["SourceId"], f["FieldId"], IdentityTransform(), f["Name"])
        for f in table["PartitionSpec"]["Fields"]
    ]
    order = [
        SortField(f["SourceId"], IdentityTransform(), direction=f["Direction"], null_order=f["NullOrder"])
        for f in table["WriteOrder"]["Fields"]
    ]
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    load_catalog("glue", type="glue", **{"s3.endpoint": endpoint, "s3.region": "eu-west-1"}).create_table(
        f"{lake.database}.events",
        schema=Schema(*fields),
        location=f"s3://{lake.processed}/events",
        partition_spec=PartitionSpec(*partition),
        sort_order=SortOrder(*order),
        properties={name: str(value) for name, value in table["Properties"].items()},
    )


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags taken as their plain value."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: node.value)


def _iceberg_input():
    template = yaml.load(TEMPLATE.read_text(), _TemplateLoader)
    table = template["Resources"]["EventsTable"]["Properties"]["OpenTableFormatInput"]
    return table["IcebergInput"]["IcebergTableInput"]


@pytest.fixture
def zones(monkeypatch):
    """The buckets that ingestion writes to, in this process; the function's memory of settings and clients is empty."""
    from lambdas.ingestion import app

    settings = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}
    buckets = {f"{zone.upper()}_BUCKET": zone for zone in ("raw", "error", "processed")}
    for name, value in (settings | buckets | {"POWERTOOLS_SERVICE_NAME": "ingestion"}).items():
        monkeypatch.setenv(name, value)
    app.settings.cache_clear()
    app.s3.cache_clear()
    with mock_aws():
        client = boto3.client("s3")
        for zone in buckets.values():
            client.create_bucket(Bucket=zone, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield client
    app.settings.cache_clear()
    app.s3.cache_clear()


@pytest.fixture
def error_zone(zones, monkeypatch):
    """An empty error zone with a ledger beside it."""
    from tests.unit.rejects_zone import ErrorZone

    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return ErrorZone(zones)
