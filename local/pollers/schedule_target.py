"""What a schedule calls: a boto3 service, an operation and its parameters. Pure.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets.html
"""

import json
from dataclasses import dataclass
from typing import Any

from local.pollers.settings import UnsupportedSetting, refuse_unknown

KNOWN = {"Arn", "RoleArn", "Input", "RetryPolicy", "DeadLetterConfig", "EcsParameters"}
UNIVERSAL = "arn:aws:scheduler:::aws-sdk:"
# Universal targets write the services their own way.
SERVICE_NAMES = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}


@dataclass(frozen=True)
class TargetCall:
    """A call to make; names of parameters are matched to the API's without regard to case."""

    service: str
    operation: str
    parameters: dict[str, Any]


def check_target(owner: str, target: dict) -> None:
    """Refuse a target that the local AWS cannot call."""
    refuse_unknown(owner, target, KNOWN)
    target_call(owner, target, {})


def target_call(owner: str, target: dict, context: dict[str, str]) -> TargetCall:
    """The call of `target`; `<aws.scheduler.…>` in its input is replaced from `context`."""
    arn, text = target["Arn"], with_context(target.get("Input") or "{}", context)
    if arn.startswith(UNIVERSAL):
        return _universal(arn, text)
    service = arn.split(":")[2]
    if service == "lambda":
        parameters = {"FunctionName": arn, "InvocationType": "Event", "Payload": text}
        return TargetCall("lambda", "Invoke", parameters)
    if service == "states":
        return TargetCall("stepfunctions", "StartExecution", {"stateMachineArn": arn, "input": text})
    if service == "ecs":
        return TargetCall("ecs", "RunTask", _run_task(target, text))
    raise UnsupportedSetting(
        f"{owner}: target {arn}; supported: Lambda, Step Functions, ECS and {UNIVERSAL}<service>:<action>"
    )


def with_context(text: str, context: dict[str, str]) -> str:
    """The input with the scheduler's context attributes filled in."""
    for name, value in context.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _universal(arn: str, text: str) -> TargetCall:
    service, _, action = arn.removeprefix(UNIVERSAL).partition(":")
    return TargetCall(SERVICE_NAMES.get(service, service), action[:1].upper() + action[1:], json.loads(text))


def _run_task(target: dict, text: str) -> dict[str, Any]:
    ecs = dict(target.get("EcsParameters") or {})
    renamed = {"taskDefinition": ecs.pop("TaskDefinitionArn"), "count": ecs.pop("TaskCount", 1)}
    return {"cluster": target["Arn"], **renamed, **ecs, "overrides": json.loads(text)}
