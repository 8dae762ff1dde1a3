"""The operations of Athena's API about query executions; moto keeps work groups and named queries."""

import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from botocore.exceptions import ClientError

from local.athena.catalog import Catalog
from local.athena.errors import InvalidRequest, QueryError, ScanLimitExceeded
from local.athena.executions import Execution
from local.athena.results import csv_rows, csv_text, result_page, text_rows
from local.athena.session import Answer, Session
from local.athena.statements import Statement, read_statement
from local.athena.storage import Storage
from local.front import AwsError, Front

log = logging.getLogger(__name__)

QUERIES_AT_ONCE = 4
MOST_ROWS_A_PAGE = 1000
MOST_EXECUTIONS_A_PAGE = 50
INTERRUPT_SECONDS = 0.05
NO_OUTPUT_LOCATION = (
    "No output location provided. An output location is required either through the Workgroup result"
    " configuration setting or as an API input."
)


def install(front: Front) -> "AthenaService":
    """Let the front answer what is about query executions."""
    service = AthenaService(front)
    for name, operation in {
        "StartQueryExecution": service.start,
        "GetQueryExecution": service.get,
        "BatchGetQueryExecution": service.batch_get,
        "ListQueryExecutions": service.list_executions,
        "GetQueryResults": service.results,
        "StopQueryExecution": service.stop,
    }.items():
        front.json_target(f"AmazonAthena.{name}", operation)
    return service


class AthenaService:
    """Runs queries in a few threads; results live in S3 only."""

    def __init__(self, front: Front):
        self._front = front
        self._storage = Storage(front)
        self._executions: dict[str, Execution] = {}
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(QUERIES_AT_ONCE, thread_name_prefix="athena")
        self._rows = lru_cache(maxsize=4)(self._read_rows)

    def start(self, body: dict) -> dict:
        """StartQueryExecution; the same client request token starts nothing twice."""
        token = body.get("ClientRequestToken", str(uuid.uuid4()))
        with self._lock:
            if token not in self._tokens:
                execution = self._new_execution(body)
                self._tokens[token] = execution.id
                self._executions[execution.id] = execution
                self._pool.submit(self._run, execution)
            return {"QueryExecutionId": self._tokens[token]}

    def get(self, body: dict) -> dict:
        """GetQueryExecution."""
        return {"QueryExecution": self._execution(body).described()}

    def batch_get(self, body: dict) -> dict:
        """BatchGetQueryExecution."""
        known = [self._executions[id] for id in body["QueryExecutionIds"] if id in self._executions]
        unknown = [id for id in body["QueryExecutionIds"] if id not in self._executions]
        return {
            "QueryExecutions": [execution.described() for execution in known],
            "UnprocessedQueryExecutionIds": [{"QueryExecutionId": id} for id in unknown],
        }

    def list_executions(self, body: dict) -> dict:
        """ListQueryExecutions of a work group, newest first; the next token is the number of the next one."""
        workgroup, start = body.get("WorkGroup", "primary"), int(body.get("NextToken") or 0)
        found = [e.id for e in self._executions.values() if e.workgroup == workgroup][::-1]
        end = start + (body.get("MaxResults") or MOST_EXECUTIONS_A_PAGE)
        page = {"QueryExecutionIds": found[start:end]}
        return {**page, "NextToken": str(end)} if end < len(found) else page

    def stop(self, body: dict) -> dict:
        """StopQueryExecution; without effect on one that has ended."""
        execution = self._execution(body)
        execution.finish("CANCELLED", "Query cancelled by user")
        threading.Thread(target=_interrupt, args=(execution,), daemon=True).start()
        return {}

    def results(self, body: dict) -> dict:
        """GetQueryResults: the header is the first row of a query's first page."""
        execution = self._execution(body)
        if not execution.is_final:
            raise _invalid(f"Query has not yet finished. Current state: {execution.state}")
        if execution.state != "SUCCEEDED":
            raise _invalid(f"Query did not finish successfully. Final query state: {execution.state}")
        count = body.get("MaxResults") or MOST_ROWS_A_PAGE
        if count > MOST_ROWS_A_PAGE:
            raise _invalid(f"MaxResults is more than maximum allowed length {MOST_ROWS_A_PAGE}.")
        rows = self._rows(execution.id)
        return result_page(execution.columns, rows, int(body.get("NextToken") or 0), count)

    def _execution(self, body: dict) -> Execution:
        id = body["QueryExecutionId"]
        if id not in self._executions:
            raise _invalid(f"QueryExecution {id} was not found")
        return self._executions[id]

    def _new_execution(self, body: dict) -> Execution:
        name, parameters = body.get("WorkGroup", "primary"), body.get("ExecutionParameters", [])
        settings = self._work_group(name)
        return Execution(
            id=str(uuid.uuid4()),
            sql=body["QueryString"],
            statement=_read(body["QueryString"], parameters),
            workgroup=name,
            context=body.get("QueryExecutionContext", {}),
            result_configuration=_result_configuration(settings, body.get("ResultConfiguration") or {}),
            parameters=parameters,
            most_bytes=settings.get("BytesScannedCutoffPerQuery"),
        )

    def _work_group(self, name: str) -> dict:
        found = self._front.client("athena").get_work_group(WorkGroup=name).get("WorkGroup")
        if not found:
            raise _invalid(f"WorkGroup {name} is not found.")
        if found.get("State") == "DISABLED":
            raise _invalid(f"WorkGroup {name} is disabled.")
        return found.get("Configuration") or {}

    def _run(self, execution: Execution) -> None:
        if not execution.begin():
            return
        try:
            self._answer(execution)
        except QueryError as error:
            execution.finish("FAILED", str(error))
        except ScanLimitExceeded as error:
            execution.finish("CANCELLED", str(error))
        except ClientError as error:
            execution.finish("FAILED", f"GENERIC_USER_ERROR: {error}")
        except Exception as error:
            log.exception("query %s", execution.id)
            execution.finish("FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}")

    def _answer(self, execution: Execution) -> None:
        session = Session(Catalog(self._front.client("glue")), self._storage, execution.most_bytes)
        execution.session = session
        try:
            if execution.is_final:
                return
            answer = session.run(execution.statement, execution.database)
            execution.engine_ms = int((time.time() - (execution.started_at or 0)) * 1000)
            execution.columns, execution.scanned_bytes = answer.columns, answer.scanned_bytes
            if not execution.is_final:
                self._store(execution, answer)
            execution.finish("SUCCEEDED")
        finally:
            execution.session = None
            session.close()

    def _store(self, execution: Execution, answer: Answer) -> None:
        rows = text_rows(answer.rows)
        if execution.statement.has_header:
            text = "".join(csv_text(answer.columns, rows))
        else:
            text = "".join(f"{row[0]}\n" for row in rows)
        bucket, _, key = execution.output_location.removeprefix("s3://").partition("/")
        encryption = _encryption(execution.result_configuration)
        self._front.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode(), **encryption)

    def _read_rows(self, id: str) -> list[list[str | None]]:
        execution = self._executions[id]
        text = self._storage.read(execution.output_location).decode()
        if execution.statement.has_header:
            return csv_rows(text)
        return [[line] for line in text.splitlines()]


def _interrupt(execution: Execution) -> None:
    """Until it has ended: an interrupt between two statements of DuckDB has no effect."""
    while session := execution.session:
        session.cancel()
        time.sleep(INTERRUPT_SECONDS)


def _read(sql: str, parameters: list[str]) -> Statement:
    try:
        return read_statement(sql, parameters)
    except InvalidRequest as error:
        raise _invalid(str(error)) from error


def _result_configuration(work_group: dict, asked: dict) -> dict:
    """The work group's, where it enforces its own or the request has none."""
    own = work_group.get("ResultConfiguration") or {}
    enforced = work_group.get("EnforceWorkGroupConfiguration", True) and own.get("OutputLocation")
    chosen = own if enforced else {**own, **asked}
    if not chosen.get("OutputLocation"):
        raise _invalid(NO_OUTPUT_LOCATION)
    return chosen


def _encryption(configuration: dict) -> dict[str, str]:
    asked = configuration.get("EncryptionConfiguration") or {}
    if asked.get("EncryptionOption") == "SSE_KMS":
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": asked["KmsKey"]}
    return {"ServerSideEncryption": "AES256"} if asked.get("EncryptionOption") == "SSE_S3" else {}


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
