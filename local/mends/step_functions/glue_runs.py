"""`glue:startJobRun.sync`.

moto crashes when the run has ended: it interrupts a callback that is made only for services which list task tokens.
It also counts a stopped run as a success and leaves the run going when the state has timed out.
Step Functions fails the state with States.TaskFailed; the cause is the run as JSON.
"""

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_glue as glue
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition

from local.front import Front
from local.mends.step_functions.failures import task_failed
from local.mends.step_functions.waiting import Awaited

PATTERNS = frozenset(glue._SUPPORTED_INTEGRATION_PATTERNS)
moto_resolver = glue.StateTaskServiceGlue._build_sync_resolver


def install(front: Front) -> None:
    """List the task token, judge how the run ended, stop it when nobody waits."""
    glue._SUPPORTED_INTEGRATION_PATTERNS.add(ResourceCondition.WaitForTaskToken)
    glue.StateTaskServiceGlue._build_sync_resolver = resolver


def resolver(
    service: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict, state_credentials: Any
) -> Callable[[], Any]:
    """Ask until the run has ended; stop it when nobody waits any longer."""
    started = env.stack[-1]
    ask = moto_resolver(service, env, resource_runtime_part, normalised_parameters, state_credentials)
    client = service._get_glue_client(resource_runtime_part, state_credentials)

    def judged() -> Any:
        ended = ask()
        if ended and ended["JobRunState"] != "SUCCEEDED":
            raise task_failed(service, env, ended)
        return ended

    stop = {"JobName": started["JobName"], "JobRunIds": [started["JobRunId"]]}
    return Awaited(judged, lambda: client.batch_stop_job_run(**stop))
