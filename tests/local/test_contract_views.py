"""The views that contracts describe, in the local Glue Catalog, read by the local Athena."""

import datetime as dt
import time
from decimal import Decimal

import boto3
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog

from cli.deployment.views import sync_views
from contracts.contract import load_contracts
from lake.columns import table_schema
from local import athena

CONTRACTS = load_contracts()
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
KEYS = {"aws_access_key_id": "t", "aws_secret_access_key": "t", "region_name": "eu-west-1"}


def row(event_id, event_type, data, **columns):
    common = {"event_id": event_id, "source": "/shop", "event_type": event_type, "batch_id": "b"}
    times = {"event_time": NOON, "event_date": NOON.date(), "arrival_time": NOON, "ingest_position": event_id}
    return {**common, **times, "is_late": False, "lateness_seconds": 0, event_type: data, **columns}


ROWS = [
    row(
        "1",
        "purchase",
        {"order_id": "o-1", "total": Decimal("19.99"), "items": [{"product_id": "p-1", "quantity": 2}]},
        customer={"customer_id": "u-1", "segment": "vip"},
    ),
    row("2", "page_view", {"user_id": "u-2", "page": {"url": "/a", "title": "A"}, "utm": None}),
    row("3", "wikipedia_edit", {"time": NOON, "isRobot": True, "added": 7}),
]


@pytest.fixture(scope="module")
def query(module_front):
    """Runs a query over the table `events` with three rows, and the views of all contracts."""
    athena.install(module_front)
    module_front.client("s3").create_bucket(
        Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    module_front.client("glue").create_database(DatabaseInput={"Name": "lake"})
    create_events(module_front)
    sync_views(boto3.client("glue", endpoint_url=module_front.url, **KEYS), "lake", CONTRACTS)
    client = boto3.client("athena", endpoint_url=module_front.url, **KEYS)
    return lambda sql: answer(client, sql)


def create_events(front):
    access = {"access-key-id": "t", "secret-access-key": "t", "region": "eu-west-1", "endpoint": front.url}
    properties = {f"{service}.{name}": value for service in ("s3", "glue") for name, value in access.items()}
    catalog = load_catalog("lake", type="glue", **properties, **{"s3.force-virtual-addressing": "False"})
    schema = pa.schema([field.with_nullable(True) for field in table_schema(CONTRACTS)])
    table = catalog.create_table("lake.events", schema=schema, location="s3://lake/events")
    with table.update_spec() as spec:
        spec.add_identity("event_type")
    table.append(pa.Table.from_pylist(ROWS, schema=schema))


def answer(client, sql):
    configuration = {"OutputLocation": "s3://lake/answers/"}
    started = client.start_query_execution(
        QueryString=sql, QueryExecutionContext={"Database": "lake"}, ResultConfiguration=configuration
    )
    query_id = started["QueryExecutionId"]
    while (found := client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"])["Status"]["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(0.02)
    assert found["Status"]["State"] == "SUCCEEDED", found["Status"].get("StateChangeReason")
    result = client.get_query_results(QueryExecutionId=query_id)["ResultSet"]
    rows = [[value.get("VarCharValue") for value in row["Data"]] for row in result["Rows"]]
    return rows, found["Statistics"]["DataScannedInBytes"], result["ResultSetMetadata"]["ColumnInfo"]


@pytest.mark.parametrize("event_type", CONTRACTS)
def test_a_view_shows_the_rows_of_its_type_and_reads_no_other_files(query, event_type):
    (header, *rows), scanned, columns = query(f"SELECT * FROM {event_type}_events")
    expected = [r["event_id"] for r in ROWS if r["event_type"] == event_type]
    assert [dict(zip(header, r, strict=True))["event_id"] for r in rows] == expected
    assert (scanned > 0) == bool(expected)
    assert scanned < query("SELECT * FROM events")[1]
    assert len(columns) == len(header)


def test_fields_are_columns_and_arrays_stay_arrays(query):
    (header, found), _, columns = query("SELECT * FROM purchase_events")
    values, types = dict(zip(header, found, strict=True)), {c["Name"]: c["Type"] for c in columns}
    assert (values["total"], values["order_id"], values["customer_segment"]) == ("19.99", "o-1", "vip")
    assert (types["total"], types["event_time"], types["items"]) == ("decimal", "timestamp with time zone", "array")
    lines = """SELECT i.product_id, i.quantity FROM purchase_events
               CROSS JOIN UNNEST(items) AS i (product_id, name, quantity, unit_price, line_total)"""
    assert query(lines)[0][1:] == [["p-1", "2"]]


def test_members_of_an_object_are_columns_and_null_where_the_object_is(query):
    where = "WHERE event_date = DATE '2026-11-22'"
    sql = "SELECT page_url, page_title, utm_source, page_referrer FROM page_view_events"
    assert query(f"{sql} {where}")[0][1:] == [["/a", "A", None, None]]


def test_a_field_with_capitals_is_found_in_any_case(query):
    assert query("SELECT isRobot, isrobot, added FROM wikipedia_edit_events")[0][1:] == [["true", "true", "7"]]


def test_views_join_and_describe_themselves(query):
    sql = "SELECT count(*) FROM purchase_events p LEFT JOIN page_view_events v ON v.user_id = p.user_id"
    assert query(sql)[0][1:] == [["1"]]
    assert [r[0].split("\t")[0].strip() for r in query("DESCRIBE refund_events")[0]][-2:] == ["reason", "comment"]
