"""Names of executions: AWS gives one to an execution that is started without; moto calls all of those None."""

import uuid
from typing import Any

from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local.front import Front

moto_start = StepFunctionsParserBackend.start_execution


def install(front: Front) -> None:
    """Name what has no name."""
    StepFunctionsParserBackend.start_execution = start_execution


def start_execution(
    backend: StepFunctionsParserBackend, state_machine_arn: str, name: str | None = None, *rest: Any, **options: Any
) -> Any:
    """Start under the name given, or a new one."""
    return moto_start(backend, state_machine_arn, name or str(uuid.uuid4()), *rest, **options)
