"""The tables as the templates make them, filled with literal rows, and the shipped queries asked of them."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
import yaml
from pyiceberg.catalog import load_catalog

from cli.deployment.views import sync_views
from cli.query import Answer, ask
from contracts.contract import load_contracts
from lake.columns import table_schema
from local import athena
from local.front import Front
from tests.local.conftest import running_front

ROOT = Path(__file__).parents[2]
CONTRACTS = load_contracts()
WORK_GROUP = "tributary"
ACCESS = {"aws_access_key_id": "t", "aws_secret_access_key": "t", "region_name": "eu-west-1"}


@dataclass(frozen=True)
class Warehouse:
    """One database of the local Athena."""

    front: Front
    database: str

    def ask(self, sql: str) -> Answer:
        client = boto3.client("athena", endpoint_url=self.front.url, **ACCESS)
        return ask(client, sql, self.database, WORK_GROUP)

    def ask_shipped(self, query: str) -> Answer:
        return self.ask((ROOT / f"athena_queries/{query}.sql").read_text())

    def answer(self, query: str) -> list[list[str]]:
        """Names of the columns and then all rows of a shipped query, in the query's order; null is `null`."""
        answer = self.ask_shipped(query)
        return [answer.columns, *([text if text is not None else "null" for text in row] for row in answer.rows)]


def rows_of(text: str) -> list[list[str]]:
    """A table drawn with `|` between its columns, a line a row."""
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


@pytest.fixture(scope="module")
def warehouse():
    """Makes a database that holds these events, and documents of the ledger and the error zone by their partition."""
    with running_front() as front:
        athena.install(front)
        front.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        configuration = {"ResultConfiguration": {"OutputLocation": "s3://lake/answers/"}}
        front.client("athena").create_work_group(Name=WORK_GROUP, Configuration=configuration)
        numbers = itertools.count()
        yield lambda events=(), documents=None: _filled(front, f"lake_{next(numbers)}", events, documents or {})


def _filled(front, database, events, documents):
    glue = front.client("glue")
    glue.create_database(DatabaseInput={"Name": database})
    _create_events(front, database, events)
    for table in json_tables(database):
        glue.create_table(DatabaseName=database, TableInput=table)
    for partition, lines in documents.items():
        body = "".join(json.dumps(line) + "\n" for line in lines)
        front.client("s3").put_object(Bucket="lake", Key=f"{database}/{partition}/documents.json", Body=body.encode())
    sync_views(boto3.client("glue", endpoint_url=front.url, **ACCESS), database, CONTRACTS)
    return Warehouse(front, database)


def iceberg_catalog(front):
    access = {"access-key-id": "t", "secret-access-key": "t", "region": "eu-west-1", "endpoint": front.url}
    properties = {f"{service}.{name}": value for service in ("s3", "glue") for name, value in access.items()}
    return load_catalog("lake", type="glue", **properties, **{"s3.force-virtual-addressing": "False"})


def _create_events(front, database, events):
    schema = table_schema(CONTRACTS)
    table = iceberg_catalog(front).create_table(
        f"{database}.events", schema=schema, location=f"s3://lake/{database}/events"
    )
    with table.update_spec() as spec:
        spec.add_identity("event_type")
        spec.add_identity("event_date")
    if events:
        table.append(pa.Table.from_pylist(list(events), schema=schema))


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's tags taken as their plain value."""


_TemplateLoader.add_multi_constructor("!", lambda loader, suffix, node: node.value)


def json_tables(database):
    """Tables of JSON documents, as the template has them; buckets are folders here."""
    names = {"${!": "{!", "${ErrorBucketName}": f"lake/{database}", "${ProcessedBucketName}": f"lake/{database}"}
    names |= {"${FirstDate}": "2025-01-01", "{!": "${"}
    text = (ROOT / "infra/cloudformation/catalog.yaml").read_text()
    for name, value in names.items():
        text = text.replace(name, value)
    resources = yaml.load(text, _TemplateLoader)["Resources"].values()
    tables = (r["Properties"].get("TableInput") for r in resources if r["Type"] == "AWS::Glue::Table")
    return [table for table in tables if table]
