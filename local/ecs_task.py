"""One ECS task: made from a task definition and a RunTask call, told the way DescribeTasks tells it."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from subprocess import Popen
from typing import Any

from local.front import ACCOUNT, REGION, AwsError
from local.spot import Fate

_NOT_RUN = ("secrets", "environmentFiles")


@dataclass
class Task:
    """One task: what AWS tells of it, and its process once it has one."""

    told: dict[str, Any]
    definition: dict[str, Any]
    container: dict[str, Any]
    process: Popen | None = None
    fate: Fate | None = None
    stop_code: str = "UserInitiated"
    stop_reason: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def arn(self) -> str:
        return self.told["taskArn"]

    @property
    def is_on_spot(self) -> bool:
        return self.told.get("capacityProviderName") == "FARGATE_SPOT"

    def answer(self) -> dict[str, Any]:
        """What AWS tells of it now; the caller may keep it."""
        return {**self.told, "containers": [dict(container) for container in self.told["containers"]]}


def new_task(cluster: str, definition: dict, body: dict) -> Task:
    """A task that is about to be started."""
    container = _only_container(definition)
    now, task_id = time.time(), uuid.uuid4().hex
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster.rpartition('/')[2]}/{task_id}"
    told_container = {
        "containerArn": arn.replace(":task/", ":container/") + f"/{uuid.uuid4()}",
        "taskArn": arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": "PENDING",
    }
    told = {
        "taskArn": arn,
        "clusterArn": cluster,
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "group": body.get("group", f"family:{definition['family']}"),
        "startedBy": body.get("startedBy", ""),
        "overrides": body.get("overrides", {}),
        "containers": [told_container],
        "lastStatus": "PROVISIONING",
        "desiredStatus": "RUNNING",
        "createdAt": now,
        **_launched_on(body),
    }
    return Task(told, definition, container)


def _only_container(definition: dict) -> dict:
    containers = definition["containerDefinitions"]
    if len(containers) != 1:
        names = [container["name"] for container in containers]
        raise AwsError("InvalidParameterException", f"the local AWS runs tasks of one container, found {names}")
    unknown = [name for name in _NOT_RUN if containers[0].get(name)]
    if unknown:
        raise AwsError("InvalidParameterException", f"the local AWS does not know containers with {unknown}")
    return containers[0]


def _launched_on(body: dict) -> dict[str, str]:
    strategy = body.get("capacityProviderStrategy")
    if strategy:
        preferred = max(strategy, key=lambda entry: (entry.get("base", 0), entry.get("weight", 0)))
        return {"capacityProviderName": preferred["capacityProvider"], "launchType": "FARGATE"}
    return {"launchType": body.get("launchType", "FARGATE")}


def overrides_of(task: Task) -> dict:
    """What the RunTask call overrides of the container."""
    overrides = task.told["overrides"].get("containerOverrides", [])
    return next((entry for entry in overrides if entry["name"] == task.container["name"]), {})


def variables(settings: dict) -> dict[str, str]:
    """The environment of a container definition or override."""
    return {entry["name"]: entry["value"] for entry in settings.get("environment", [])}


def role_of(task: Task) -> str:
    """The role whose credentials the container gets."""
    role = task.told["overrides"].get("taskRoleArn") or task.definition.get("taskRoleArn")
    if not role:
        raise AwsError("InvalidParameterException", f"{task.definition['family']} has no taskRoleArn")
    return role


def stopped_because(task: Task) -> dict[str, str]:
    """Why a task that ran is stopped."""
    if task.stop_reason is not None:
        return {"stopCode": task.stop_code, "stoppedReason": task.stop_reason}
    return {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
