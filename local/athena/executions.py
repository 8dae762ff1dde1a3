"""Query executions: their states, times and places, and what GetQueryExecution says about them."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from local.athena.results import Column
from local.athena.session import Session
from local.athena.statements import Statement

FINAL_STATES = ("SUCCEEDED", "FAILED", "CANCELLED")
# https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
SYSTEM_ERROR = {"ErrorCategory": 1, "ErrorType": 200, "Retryable": True}
USER_ERROR = {"ErrorCategory": 2, "ErrorType": 1000, "Retryable": False}
ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}


@dataclass
class Execution:
    """One query execution."""

    id: str
    sql: str
    statement: Statement
    workgroup: str
    context: dict[str, str]
    result_configuration: dict[str, Any]
    parameters: list[str]
    most_bytes: int | None = None
    state: str = "QUEUED"
    reason: str | None = None
    submitted_at: float = field(default_factory=time.time)
    started_at: float | None = None
    completed_at: float | None = None
    engine_ms: int = 0
    scanned_bytes: int = 0
    columns: list[Column] = field(default_factory=list)
    session: Session | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def database(self) -> str:
        return self.context.get("Database", "default").lower()

    @property
    def output_location(self) -> str:
        """The result file: CSV for queries, plain text for the rest."""
        folder = self.result_configuration["OutputLocation"].rstrip("/")
        return f"{folder}/{self.id}.{'csv' if self.statement.has_header else 'txt'}"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_STATES

    def begin(self) -> bool:
        """Start to run, unless it was stopped while it waited."""
        with self._lock:
            if not self.is_final:
                self.started_at, self.state = time.time(), "RUNNING"
            return not self.is_final

    def finish(self, state: str, reason: str | None = None) -> None:
        """Reach a final state; the first one stays."""
        with self._lock:
            if not self.is_final:
                self.completed_at = time.time()
                self.state, self.reason = state, reason

    def described(self) -> dict[str, Any]:
        """The QueryExecution of the API."""
        described = {
            "QueryExecutionId": self.id,
            "Query": self.sql,
            "StatementType": self.statement.type,
            "ResultConfiguration": {**self.result_configuration, "OutputLocation": self.output_location},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.context,
            "Status": self._status(),
            "Statistics": self._statistics(),
            "WorkGroup": self.workgroup,
            "EngineVersion": ENGINE,
            "SubstatementType": "SELECT" if self.statement.kind == "query" else self.statement.kind.upper(),
        }
        return {**described, "ExecutionParameters": self.parameters} if self.parameters else described

    def _status(self) -> dict[str, Any]:
        status = {
            "State": self.state,
            "StateChangeReason": self.reason,
            "SubmissionDateTime": self.submitted_at,
            "CompletionDateTime": self.completed_at,
            "AthenaError": self._error() if self.state == "FAILED" else None,
        }
        return {name: value for name, value in status.items() if value is not None}

    def _error(self) -> dict[str, Any]:
        is_internal = (self.reason or "").startswith("GENERIC_INTERNAL_ERROR")
        return {**(SYSTEM_ERROR if is_internal else USER_ERROR), "ErrorMessage": self.reason}

    def _statistics(self) -> dict[str, Any]:
        started, ended = self.started_at or time.time(), self.completed_at or time.time()
        return {
            "EngineExecutionTimeInMillis": self.engine_ms,
            "DataScannedInBytes": self.scanned_bytes,
            "TotalExecutionTimeInMillis": int((ended - self.submitted_at) * 1000),
            "QueryQueueTimeInMillis": int((started - self.submitted_at) * 1000),
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": False},
        }
