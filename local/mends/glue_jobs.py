"""Glue job definitions.

moto loses properties of a job (JobRunQueuingEnabled, JobMode, MaintenanceWindow, SourceControlDetails) and has no
UpdateJob. Glue keeps every property, and UpdateJob overwrites the whole definition.
https://docs.aws.amazon.com/glue/latest/webapi/API_Job.html
"""

import time
from typing import Any

from local.front import AwsError, Front

DEFAULTS = {
    "MaxRetries": 0,
    "Timeout": 480,
    "ExecutionProperty": {"MaxConcurrentRuns": 1},
    "ExecutionClass": "STANDARD",
}


class Jobs:
    """The job definitions by name."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, Any]] = {}

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """CreateJob."""
        if body["Name"] in self._kept:
            raise AwsError("AlreadyExistsException", f"Job {body['Name']} already exists")
        now = time.time()
        kept = {name: value for name, value in body.items() if name != "Tags"}
        self._kept[body["Name"]] = {**DEFAULTS, **kept, "CreatedOn": now, "LastModifiedOn": now}
        return {"Name": body["Name"]}

    def update(self, body: dict[str, Any]) -> dict[str, Any]:
        """UpdateJob: what is not given falls back to its default."""
        before = self._find(body["JobName"])
        times = {"CreatedOn": before["CreatedOn"], "LastModifiedOn": time.time()}
        self._kept[body["JobName"]] = {"Name": body["JobName"], **DEFAULTS, **body["JobUpdate"], **times}
        return {"JobName": body["JobName"]}

    def get(self, body: dict[str, Any]) -> dict[str, Any]:
        """GetJob."""
        return {"Job": self._find(body["JobName"])}

    def get_all(self, body: dict[str, Any]) -> dict[str, Any]:
        """GetJobs, on one page."""
        return {"Jobs": list(self._kept.values())}

    def names(self, body: dict[str, Any]) -> dict[str, Any]:
        """ListJobs, on one page."""
        return {"JobNames": list(self._kept)}

    def get_some(self, body: dict[str, Any]) -> dict[str, Any]:
        """BatchGetJobs."""
        wanted = body["JobNames"]
        found = [self._kept[name] for name in wanted if name in self._kept]
        return {"Jobs": found, "JobsNotFound": [name for name in wanted if name not in self._kept]}

    def delete(self, body: dict[str, Any]) -> dict[str, Any]:
        """DeleteJob: one that is not there is no error."""
        self._kept.pop(body["JobName"], None)
        return {"JobName": body["JobName"]}

    def _find(self, name: str) -> dict[str, Any]:
        if name not in self._kept:
            raise AwsError("EntityNotFoundException", f"Job {name} not found")
        return self._kept[name]


def install(front: Front) -> None:
    """Answer the operations on job definitions; runs are the Glue runtime's."""
    jobs = Jobs()
    operations = {
        "CreateJob": jobs.create,
        "UpdateJob": jobs.update,
        "GetJob": jobs.get,
        "GetJobs": jobs.get_all,
        "ListJobs": jobs.names,
        "BatchGetJobs": jobs.get_some,
        "DeleteJob": jobs.delete,
    }
    for name, operation in operations.items():
        front.json_target(f"AWSGlue.{name}", operation)
