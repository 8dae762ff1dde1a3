"""The local Athena as its users reach it: the AWS CLI and awswrangler, given the endpoint and nothing else."""

import datetime as dt
import json
import os
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import awswrangler as wr
import boto3
import pytest

from local import athena, mends
from tests.local.lake import create_lake

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture(scope="module")
def environment(module_front):
    """What `etl env` prints."""
    athena.install(module_front)
    mends.athena_named_queries.install(module_front)
    create_lake(module_front)
    return {"AWS_ENDPOINT_URL": module_front.url, "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "t", "AWS_SECRET_ACCESS_KEY": "t"}  # fmt: skip


@pytest.fixture
def aws(environment):
    """Runs one command of `aws athena`: its answer, or what it says on failure."""
    if not AWS.exists():
        pytest.skip("the AWS CLI is not installed")

    def run(*arguments):
        command = [AWS, "athena", *arguments, "--output", "json"]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    return run


@pytest.fixture
def read(environment, monkeypatch):
    """`read_sql_query` of the lake."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    session = boto3.Session(region_name="eu-west-1")
    settings = {"database": "lake", "workgroup": "tributary", "boto3_session": session}
    return lambda sql, **more: wr.athena.read_sql_query(sql, **{"ctas_approach": False, **settings, **more})


def execution(aws, id):
    while True:
        found = aws("get-query-execution", "--query-execution-id", id)["QueryExecution"]
        if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return found
        time.sleep(0.1)


def start(aws, sql):
    context = ("--query-execution-context", "Database=lake", "--work-group", "tributary")
    return aws("start-query-execution", "--query-string", sql, *context)


def test_the_aws_cli_asks_and_reads(aws):
    id = start(aws, "SELECT event_id, event_date FROM events WHERE event_type = 'page_view'")["QueryExecutionId"]
    assert execution(aws, id)["Status"]["State"] == "SUCCEEDED"
    result = aws("get-query-results", "--query-execution-id", id)["ResultSet"]
    rows = [[value["VarCharValue"] for value in row["Data"]] for row in result["Rows"]]
    assert rows == [["event_id", "event_date"], ["2", "2026-11-21"]]
    assert [column["Type"] for column in result["ResultSetMetadata"]["ColumnInfo"]] == ["varchar", "date"]


def test_the_aws_cli_hears_why_a_query_failed(aws):
    status = execution(aws, start(aws, "SELECT * FROM nothing")["QueryExecutionId"])["Status"]
    reason = "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.nothing' does not exist"
    assert (status["State"], status["StateChangeReason"]) == ("FAILED", reason)
    assert "(InvalidRequestException)" in start(aws, "SELEC 1")


def test_the_aws_cli_lists_named_queries(aws, module_front):
    query = {"Name": "all", "Database": "lake", "QueryString": "SELECT * FROM events", "WorkGroup": "tributary"}
    id = module_front.client("athena").create_named_query(**query)["NamedQueryId"]
    assert aws("list-named-queries", "--work-group", "tributary")["NamedQueryIds"] == [id]
    assert aws("get-named-query", "--named-query-id", id)["NamedQuery"]["QueryString"] == "SELECT * FROM events"


def test_awswrangler_reads_typed_rows(read):
    frame = read(
        "SELECT event_id, event_time, event_date, purchase.total, late_ms, event_type = 'purchase' AS is_purchase"
        " FROM events ORDER BY event_id"
    )
    assert frame["event_id"].tolist() == ["1", "2", "3"]
    assert str(frame["event_time"].dtype).startswith("datetime64")
    assert frame["total"].tolist() == [Decimal("1.10"), None, Decimal("2.20")]
    assert frame["event_date"].tolist()[0] == dt.date(2026, 11, 21)
    assert frame["is_purchase"].tolist() == [True, False, True]


def test_awswrangler_reads_only_the_partitions_that_it_asks_for(read):
    everything = read("SELECT event_id FROM events ORDER BY 1")
    one = read(
        "SELECT event_id FROM events WHERE event_type = :type AND event_date = DATE '2026-11-22'",
        params={"type": "purchase"},
    )
    asked = read(
        "SELECT event_id FROM events WHERE event_type = ? AND event_date < DATE '2026-11-22'",
        params=["'purchase'"], paramstyle="qmark",
    )  # fmt: skip
    assert [frame["event_id"].tolist() for frame in (everything, one, asked)] == [["1", "2", "3"], ["3"], ["1"]]
    scanned = [frame.query_metadata["Statistics"]["DataScannedInBytes"] for frame in (everything, one, asked)]
    assert scanned[0] > scanned[1] > 0 and scanned[0] > scanned[2] > 0


def test_awswrangler_reads_in_chunks(read):
    chunks = list(read("SELECT event_id FROM events ORDER BY 1", chunksize=2))
    assert [chunk["event_id"].tolist() for chunk in chunks] == [["1", "2"], ["3"]]


@pytest.mark.parametrize(
    ("approach", "named"),
    [({"ctas_approach": True}, "CREATE TABLE"), ({"unload_approach": True, "s3_output": "s3://results/u/"}, "UNLOAD")],
)
def test_approaches_that_write_are_refused_by_name(read, approach, named):
    with pytest.raises(Exception, match=f"{named} is not supported by the local Athena"):
        read("SELECT event_id FROM events", **approach)


def test_awswrangler_hears_why_a_query_failed(read):
    with pytest.raises(wr.exceptions.QueryFailed, match="COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be"):
        read("SELECT nothing FROM events")


def test_awswrangler_knows_the_catalog(read):
    assert wr.catalog.databases()["Database"].tolist() == ["lake"]
    tables = wr.catalog.tables(database="lake")["Table"].tolist()
    assert sorted(tables) == ["events", "purchases", "rejected_events"]
    types = wr.catalog.get_table_types(database="lake", table="rejected_events")
    assert (types["counts"], types["reject_date"]) == ("map<string,bigint>", "date")
    assert wr.catalog.does_table_exist(database="lake", table="events")
    assert not wr.catalog.does_table_exist(database="lake", table="nothing")
