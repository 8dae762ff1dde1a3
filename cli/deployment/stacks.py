"""One CloudFormation stack brought to what its template says, by the ordinary API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from contracts.errors import PipelineError

Progress = Callable[[str, str], None]

NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")
# A stack in one of these states was never made; it can only be removed and made anew.
NEVER_MADE = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"}
LONGEST_PAUSE_SECONDS = 5.0


def apply(
    cloudformation: Any, name: str, template: Path, values: dict[str, str], tags: dict, progress: Progress
) -> str:
    """Create or update a stack by change set: "created", "updated" or "unchanged"."""
    status = _status(cloudformation, name)
    if status in NEVER_MADE:
        _remove(cloudformation, name, progress)
        status = None
    is_new = status in (None, "REVIEW_IN_PROGRESS")
    change_set = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=f"etl-{time.time_ns()}",
        ChangeSetType="CREATE" if is_new else "UPDATE",
        TemplateBody=template.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    if not _has_changes(cloudformation, name, change_set["Id"]):
        cloudformation.delete_change_set(ChangeSetName=change_set["Id"])
        return "unchanged"
    progress(name, "creating" if is_new else "updating")
    # Without it, buckets of a creation that was rolled back would stay and block the next one.
    cloudformation.execute_change_set(ChangeSetName=change_set["Id"], RetainExceptOnCreate=is_new)
    _wait(cloudformation, change_set["StackId"], name, progress)
    return "created" if is_new else "updated"


def declared_parameters(cloudformation: Any, template: Path) -> dict[str, dict]:
    """Parameters of a template by name, as CloudFormation itself reads them."""
    summary = cloudformation.get_template_summary(TemplateBody=template.read_text())
    return {parameter["ParameterKey"]: parameter for parameter in summary["Parameters"]}


def _status(cloudformation: Any, name: str) -> str | None:
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _has_changes(cloudformation: Any, name: str, change_set_id: str) -> bool:
    for _ in _pauses():
        found = cloudformation.describe_change_set(ChangeSetName=change_set_id)
        if found["Status"] == "CREATE_COMPLETE":
            return True
        if found["Status"] == "FAILED":
            break
    reason = found.get("StatusReason", "no reason given")
    if any(words in reason for words in NOTHING_TO_DO):
        return False
    raise PipelineError(f"stack {name}: CloudFormation refused the change: {reason}")


def _wait(cloudformation: Any, stack_id: str, name: str, progress: Progress) -> None:
    shown = None
    for _ in _pauses():
        status = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        if status != shown:
            progress(name, status)
            shown = status
        if not status.endswith("_IN_PROGRESS"):
            break
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise PipelineError(f"stack {name} ended as {status}. {_first_failure(cloudformation, stack_id)}")


def _first_failure(cloudformation: Any, stack_id: str) -> str:
    failed = None
    for event in _events(cloudformation, stack_id):
        if event["ResourceStatus"].endswith("_FAILED"):
            failed = event
        if _starts_the_operation(event, stack_id):
            break
    if failed is None:
        return "No resource says why: look at the stack's events."
    reason = failed.get("ResourceStatusReason", "no reason given")
    return f"{failed['LogicalResourceId']} ({failed['ResourceType']}) failed first: {reason}"


def _starts_the_operation(event: dict, stack_id: str) -> bool:
    starts = event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    return starts and event["PhysicalResourceId"] == stack_id


def _events(cloudformation: Any, stack_id: str) -> Iterator[dict]:
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        yield from page["StackEvents"]


def _remove(cloudformation: Any, name: str, progress: Progress) -> None:
    progress(name, "removing what an earlier creation left")
    stack_id = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=name)
    for _ in _pauses():
        status = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
        if status == "DELETE_COMPLETE":
            return
        if status == "DELETE_FAILED":
            raise PipelineError(f"stack {name} cannot be removed. {_first_failure(cloudformation, stack_id)}")


def _pauses() -> Iterator[None]:
    """Yield at once, then after pauses that grow from 0.1 s to a few seconds."""
    seconds = 0.1
    while True:
        yield
        time.sleep(seconds)
        seconds = min(LONGEST_PAUSE_SECONDS, seconds * 1.5)
