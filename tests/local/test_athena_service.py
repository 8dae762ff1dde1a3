"""Athena's API as the local Athena answers it: states, errors, pages, limits of a work group."""

import pytest
from botocore.exceptions import ClientError

from local import athena
from tests.local.lake import Lake, create_lake, lake_client

ENDLESS = (
    "SELECT count(*) FROM UNNEST(sequence(1, 100000)) a (x), UNNEST(sequence(1, 1000000)) b (y) WHERE x % 7 = y % 3"
)


@pytest.fixture(scope="module")
def service(module_front):
    return athena.install(module_front)


@pytest.fixture(scope="module")
def lake(service, module_front):
    create_lake(module_front)
    return Lake(module_front)


def start(lake, sql, **settings):
    return lake.client.start_query_execution(QueryString=sql, **{"WorkGroup": "tributary", **settings})[
        "QueryExecutionId"
    ]


def test_results_are_a_csv_in_the_work_group_s_location(lake, module_front):
    found = lake.execution("SELECT 1 AS a, CAST(NULL AS varchar) AS b, 'x' AS c")
    location = found["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://results/athena/{found['QueryExecutionId']}.csv"
    key = location.removeprefix("s3://results/")
    body = module_front.client("s3").get_object(Bucket="results", Key=key)["Body"].read()
    assert body.decode() == '"a","b","c"\n"1",,"x"\n'
    assert found["Statistics"]["TotalExecutionTimeInMillis"] >= found["Statistics"]["EngineExecutionTimeInMillis"]
    assert (found["StatementType"], found["SubstatementType"]) == ("DML", "SELECT")


def test_the_work_group_s_location_is_enforced_where_it_says_so(lake):
    asked = {"ResultConfiguration": {"OutputLocation": "s3://results/mine/"}}
    configuration = {"OutputLocation": "s3://results/ours/"}
    for name, is_enforced, folder in (("strict", True, "ours"), ("lax", False, "mine")):
        settings = {"ResultConfiguration": configuration, "EnforceWorkGroupConfiguration": is_enforced}
        lake.client.create_work_group(Name=name, Configuration=settings)
        found = lake.execution("SELECT 1", WorkGroup=name, **asked)["ResultConfiguration"]["OutputLocation"]
        assert found.startswith(f"s3://results/{folder}/")
    group = lake.client.get_work_group(WorkGroup="lax")["WorkGroup"]
    assert (group["Name"], group["Configuration"]["ResultConfiguration"]) == ("lax", configuration)


def test_a_query_over_the_work_group_s_limit_is_cancelled(lake, module_front):
    result = {"OutputLocation": "s3://results/athena/"}
    settings = {"ResultConfiguration": result, "BytesScannedCutoffPerQuery": 10}
    unchecked = lake_client(module_front, parameter_validation=False)  # ten million is the least that AWS takes
    unchecked.create_work_group(Name="thrifty", Configuration=settings)
    status = lake.execution("SELECT * FROM events", WorkGroup="thrifty")["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Bytes scanned limit was exceeded")
    assert "AthenaError" not in status
    assert lake.rows("SELECT 1 AS a", WorkGroup="thrifty") == [["a"], ["1"]]


def test_pages_of_results(lake):
    id = lake.execution("SELECT n FROM UNNEST(sequence(1, 2500)) AS t (n) ORDER BY n")["QueryExecutionId"]
    pages = list(lake.client.get_paginator("get_query_results").paginate(QueryExecutionId=id))
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [1000, 1000, 501]
    first = lake.client.get_query_results(QueryExecutionId=id, MaxResults=2)
    assert [row["Data"][0]["VarCharValue"] for row in first["ResultSet"]["Rows"]] == ["n", "1"]
    second = lake.client.get_query_results(QueryExecutionId=id, MaxResults=1, NextToken=first["NextToken"])
    assert [row["Data"][0]["VarCharValue"] for row in second["ResultSet"]["Rows"]] == ["2"]
    with pytest.raises(ClientError, match="MaxResults"):
        lake.client.get_query_results(QueryExecutionId=id, MaxResults=1001)


def test_pages_of_executions(lake):
    ids = [lake.execution(f"SELECT {n}")["QueryExecutionId"] for n in range(3)]
    first = lake.client.list_query_executions(WorkGroup="tributary", MaxResults=2)
    assert first["QueryExecutionIds"] == ids[:0:-1]
    rest = lake.client.list_query_executions(WorkGroup="tributary", MaxResults=1, NextToken=first["NextToken"])
    assert rest["QueryExecutionIds"] == ids[:1]


def test_a_running_query_stops_when_it_is_told_to(lake, service, eventually):
    id = start(lake, ENDLESS)
    eventually(lambda: service._executions[id].session is not None)
    lake.client.stop_query_execution(QueryExecutionId=id)
    status = lake.client.get_query_execution(QueryExecutionId=id)["QueryExecution"]["Status"]
    assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query cancelled by user")
    eventually(lambda: service._executions[id].session is None)
    with pytest.raises(ClientError, match=r"Query did not finish successfully\. Final query state: CANCELLED"):
        lake.client.get_query_results(QueryExecutionId=id)


def test_a_waiting_query_that_is_stopped_never_runs(lake, service, eventually):
    running = [start(lake, ENDLESS) for _ in range(4)]
    waiting = start(lake, "SELECT 1")
    eventually(lambda: all(service._executions[id].session for id in running))
    assert lake.client.get_query_execution(QueryExecutionId=waiting)["QueryExecution"]["Status"]["State"] == "QUEUED"
    for id in [waiting, *running]:
        lake.client.stop_query_execution(QueryExecutionId=id)
    assert lake.rows("SELECT 1 AS a") == [["a"], ["1"]]
    found = lake.client.get_query_execution(QueryExecutionId=waiting)["QueryExecution"]
    assert (found["Status"]["State"], service._executions[waiting].started_at) == ("CANCELLED", None)


def test_a_failure_has_a_category_and_a_reason(lake):
    status = lake.execution("SELECT nothing FROM events")["Status"]
    reason = (
        "COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved or requester is not authorized to access"
        " requested resources"
    )
    assert (status["State"], status["StateChangeReason"]) == ("FAILED", reason)
    assert status["AthenaError"] == {
        "ErrorCategory": 2, "ErrorType": 1000, "Retryable": False, "ErrorMessage": reason,
    }  # fmt: skip


def test_the_same_token_starts_one_execution(lake):
    token = "a" * 32
    assert start(lake, "SELECT 1", ClientRequestToken=token) == start(lake, "SELECT 1", ClientRequestToken=token)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda lake: lake.execution("DROP TABLE events"), "DROP TABLE is not supported by the local Athena"),
        (lambda lake: lake.execution("SELECT a, FROM t"), "line 1:11: mismatched input 'FROM'"),
        (lambda lake: lake.execution("SELECT ?"), "Incorrect number of parameters: expected 1 but found 0"),
        (lambda lake: lake.client.start_query_execution(QueryString="SELECT 1"), "No output location provided"),
        (lambda lake: lake.execution("SELECT 1", WorkGroup="none"), "WorkGroup none is not found"),
        (lambda lake: lake.client.get_query_execution(QueryExecutionId="x"), "QueryExecution x was not found"),
        (lambda lake: lake.client.get_query_results(QueryExecutionId="x"), "QueryExecution x was not found"),
        (lambda lake: lake.client.stop_query_execution(QueryExecutionId="x"), "QueryExecution x was not found"),
    ],
)
def test_invalid_requests_are_refused(lake, call, message):
    with pytest.raises(ClientError, match=message) as error:
        call(lake)
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"


def test_results_are_not_there_before_the_end(lake):
    id = start(lake, ENDLESS)
    with pytest.raises(ClientError, match=r"Query has not yet finished\. Current state: (QUEUED|RUNNING)"):
        lake.client.get_query_results(QueryExecutionId=id)
    lake.client.stop_query_execution(QueryExecutionId=id)


def test_several_executions_are_described_at_once(lake):
    id = lake.execution("SELECT 1")["QueryExecutionId"]
    found = lake.client.batch_get_query_execution(QueryExecutionIds=[id, "x"])
    assert [execution["Query"] for execution in found["QueryExecutions"]] == ["SELECT 1"]
    assert found["UnprocessedQueryExecutionIds"] == [{"QueryExecutionId": "x"}]
