"""The settings of an EventBridge pipe from SQS to Step Functions, as `describe_pipe` returns them."""

from dataclasses import dataclass

from local.pollers.batches import Limits
from local.pollers.input_template import check_template
from local.pollers.settings import UnsupportedSetting, refuse_unknown

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
EXECUTION_INPUT_BYTES = 256 * 1024
DEFAULT_BATCH_SIZE = 10

KNOWN = {
    "Arn", "Name", "Description", "DesiredState", "CurrentState", "StateReason", "CreationTime", "Tags",
    "LastModifiedTime", "RoleArn", "Source", "SourceParameters", "Target", "TargetParameters",
    "ResponseMetadata", "LogConfiguration", "KmsKeyIdentifier",
}  # fmt: skip


@dataclass(frozen=True)
class PipeSettings:
    """One pipe; an empty template hands the events over as they are."""

    arn: str
    name: str
    queue_arn: str
    state_machine_arn: str
    input_template: str
    limits: Limits


def pipe_settings(pipe: dict) -> PipeSettings:
    """The settings of `pipe`; UnsupportedSetting names what the local AWS does not do."""
    owner = f"pipe {pipe['Name']}"
    refuse_unknown(owner, pipe, KNOWN)
    _refuse_other_services(owner, pipe)
    source, target = pipe.get("SourceParameters") or {}, pipe.get("TargetParameters") or {}
    refuse_unknown(owner, source, {"SqsQueueParameters"})
    refuse_unknown(owner, target, {"InputTemplate", "StepFunctionStateMachineParameters"})
    _refuse_waiting(owner, target.get("StepFunctionStateMachineParameters") or {})
    check_template(owner, target.get("InputTemplate") or "")
    return PipeSettings(
        arn=pipe["Arn"],
        name=pipe["Name"],
        queue_arn=pipe["Source"],
        state_machine_arn=pipe["Target"],
        input_template=target.get("InputTemplate") or "",
        limits=_limits(owner, source.get("SqsQueueParameters") or {}),
    )


def _refuse_other_services(owner: str, pipe: dict) -> None:
    for role, service in (("Source", "sqs"), ("Target", "states")):
        if pipe[role].split(":")[2] != service:
            raise UnsupportedSetting(f"{owner}: {role} = {pipe[role]}; the local AWS runs SQS -> Step Functions")


def _refuse_waiting(owner: str, parameters: dict) -> None:
    invocation = parameters.get("InvocationType", "FIRE_AND_FORGET")
    if invocation != "FIRE_AND_FORGET":
        raise UnsupportedSetting(f"{owner}: InvocationType = {invocation}; supported: FIRE_AND_FORGET")


def _limits(owner: str, parameters: dict) -> Limits:
    refuse_unknown(owner, parameters, {"BatchSize", "MaximumBatchingWindowInSeconds"})
    return Limits(
        max_count=parameters.get("BatchSize") or DEFAULT_BATCH_SIZE,
        max_bytes=EXECUTION_INPUT_BYTES,
        window_seconds=parameters.get("MaximumBatchingWindowInSeconds") or 0,
    )
