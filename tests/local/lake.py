"""A small lake for the local Athena: an Iceberg table of three files, a table of JSON lines, a view."""

import base64
import datetime as dt
import gzip
import json
import time
from decimal import Decimal

import boto3
import pyarrow as pa
from botocore.config import Config
from pyiceberg.catalog import load_catalog
from pyiceberg.types import LongType, StringType

UTC = dt.UTC


EVENTS = pa.schema(
    [
        ("event_id", pa.string()),
        ("event_type", pa.string()),
        ("event_date", pa.date32()),
        ("event_time", pa.timestamp("us", "UTC")),
        ("purchase", pa.struct([
            ("total", pa.decimal128(18, 2)),
            ("items", pa.list_(pa.struct([("sku", pa.string()), ("quantity", pa.int32())]))),
        ])),
    ]
)  # fmt: skip


def purchase(id, day, total, *items):
    at = dt.datetime(2026, 11, day, 10, tzinfo=UTC)
    row = {"total": Decimal(total), "items": [{"sku": s, "quantity": q} for s, q in items]}
    return {"event_id": id, "event_type": "purchase", "event_date": at.date(), "event_time": at, "purchase": row}


def view(id, day):
    at = dt.datetime(2026, 11, day, 11, tzinfo=UTC)
    return {"event_id": id, "event_type": "page_view", "event_date": at.date(), "event_time": at}


def create_lake(front):
    """A database with an Iceberg table of three files, a table of rejects and a view."""
    location = {"LocationConstraint": "eu-west-1"}
    for bucket in ("processed", "error", "results"):
        front.client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=location)
    front.client("glue").create_database(DatabaseInput={"Name": "lake"})
    result = {"ResultConfiguration": {"OutputLocation": "s3://results/athena/"}}
    front.client("athena").create_work_group(Name="tributary", Configuration=result)
    create_events(front)
    create_rejects(front)
    create_view(front, "purchases", "SELECT event_id, event_date, purchase.total AS total FROM events"
                                    " WHERE event_type = 'purchase'")  # fmt: skip


def create_table(front, name):
    keys = {"s3.access-key-id": "t", "s3.secret-access-key": "t", "glue.access-key-id": "t",
            "glue.secret-access-key": "t", "glue.region": "eu-west-1", "s3.region": "eu-west-1",
            "s3.force-virtual-addressing": "False"}  # fmt: skip
    catalog = load_catalog("lake", **{"type": "glue", "glue.endpoint": front.url, "s3.endpoint": front.url, **keys})
    table = catalog.create_table(f"lake.{name}", schema=EVENTS, location=f"s3://processed/{name}")
    with table.update_spec() as spec:
        spec.add_identity("event_type")
        spec.add_identity("event_date")
    return table


def create_events(front):
    table = create_table(front, "events")
    table.append(pa.Table.from_pylist([purchase("1", 21, "1.10", ("a", 2), ("b", 1)), view("2", 21)], schema=EVENTS))
    with table.update_schema() as schema:
        schema.add_column(("purchase", "channel"), StringType())
        schema.add_column("late_ms", LongType())
    table.append(
        pa.Table.from_pylist([purchase("3", 22, "2.20", ("a", 5))], schema=EVENTS)
        .append_column("late_ms", pa.array([7], pa.int64()))
    )  # fmt: skip


def create_rejects(front):
    lines = [
        {"reason_found": "x", "position": {"shard": "s", "sequence": 1}, "tags": ["t"], "counts": {"a": 1, "b": 2}},
        {"reason_found": 5},
    ]
    body = gzip.compress("\n".join(map(json.dumps, lines)).encode())
    for day in ("2026-11-21", "2026-11-22"):
        key = f"rejects/stage=ingestion/reject_date={day}/x.ndjson.gz"
        front.client("s3").put_object(Bucket="error", Key=key, Body=body)
    front.client("s3").put_object(Bucket="error", Key="rejects/stage=other/reject_date=2026-11-22/x.gz", Body=body)
    columns = [("reason_found", "string"), ("position", "struct<shard:string,sequence:bigint>"),
               ("tags", "array<string>"), ("counts", "map<string,bigint>")]  # fmt: skip
    front.client("glue").create_table(
        DatabaseName="lake",
        TableInput={
            "Name": "rejected_events",
            "TableType": "EXTERNAL_TABLE",
            "PartitionKeys": [{"Name": "stage", "Type": "string"}, {"Name": "reject_date", "Type": "date"}],
            "StorageDescriptor": {
                "Location": "s3://error/rejects/",
                "Columns": [{"Name": name, "Type": type_} for name, type_ in columns],
                "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
            },
            "Parameters": {
                "projection.enabled": "true",
                "projection.stage.type": "enum",
                "projection.stage.values": "ingestion,transform",
                "projection.reject_date.type": "date",
                "projection.reject_date.range": "2026-01-01,NOW+1000DAYS",
            },
        },
    )


def create_view(front, name, sql):
    definition = {"originalSql": sql, "catalog": "awsdatacatalog", "schema": "lake", "columns": []}
    text = base64.b64encode(json.dumps(definition).encode()).decode()
    front.client("glue").create_table(
        DatabaseName="lake",
        TableInput={
            "Name": name, "TableType": "VIRTUAL_VIEW", "Parameters": {"presto_view": "true"},
            "ViewOriginalText": f"/* Presto View: {text} */", "ViewExpandedText": "/* Presto View */",
        },
    )  # fmt: skip


def lake_client(front, **settings):
    keys = {"aws_access_key_id": "t", "aws_secret_access_key": "t", "region_name": "eu-west-1"}
    return boto3.client("athena", endpoint_url=front.url, config=Config(**settings), **keys)


class Lake:
    """Runs queries as a user of boto3 does."""

    def __init__(self, front):
        self.client = lake_client(front)

    def execution(self, sql, **settings):
        id = self.client.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": "lake"}, **{"WorkGroup": "tributary", **settings}
        )["QueryExecutionId"]
        while True:
            found = self.client.get_query_execution(QueryExecutionId=id)["QueryExecution"]
            if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return found
            time.sleep(0.02)

    def rows(self, sql, **settings):
        found = self.execution(sql, **settings)
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"].get("StateChangeReason")
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=found["QueryExecutionId"])
        data = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        return [[value.get("VarCharValue") for value in row] for row in data]

    def failure(self, sql):
        found = self.execution(sql)
        assert found["Status"]["State"] == "FAILED"
        return found["Status"]["StateChangeReason"]
