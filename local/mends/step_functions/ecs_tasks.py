"""`ecs:runTask.sync`.

moto drops a CapacityProviderStrategy and other parameters, and calls a task that ended with a non-zero exit code,
or never started, a success. Step Functions fails the state with States.TaskFailed; the cause is the task as JSON.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-ecs.html
"""

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_ecs as ecs

from local.front import Front
from local.mends.step_functions.failures import failed, task_failed
from local.mends.step_functions.waiting import Awaited

PARAMETERS = {
    "CapacityProviderStrategy",
    "Count",
    "EnableECSManagedTags",
    "ReferenceId",
    "Tags",
    "VolumeConfigurations",
}
MOTO_PARAMETERS = frozenset(ecs._SUPPORTED_API_PARAM_BINDINGS["runtask"])
moto_resolver = ecs.StateTaskServiceEcs._build_sync_resolver
moto_run = ecs.StateTaskServiceEcs._eval_service_task


def install(front: Front) -> None:
    """Take all parameters; judge how the task ended."""
    ecs._SUPPORTED_API_PARAM_BINDINGS["runtask"] |= PARAMETERS
    ecs.StateTaskServiceEcs._build_sync_resolver = resolver
    ecs.StateTaskServiceEcs._eval_service_task = run


def run(
    service: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict, state_credentials: Any
) -> None:
    """Start the task; a refusal that ECS tells in its answer fails the state."""
    try:
        moto_run(service, env, resource_runtime_part, normalised_parameters, state_credentials)
    except IndexError:
        cause = "ECS started no task: see the failures of RunTask."
        raise failed(service, env, "ECS.AmazonECSException", cause) from None


def resolver(
    service: Any, env: Any, resource_runtime_part: Any, normalised_parameters: dict, state_credentials: Any
) -> Callable[[], Any]:
    """Ask until the task has stopped, then judge it; stop it when nobody waits any longer."""
    task = env.stack[-1]["Tasks"][0]
    ask = moto_resolver(service, env, resource_runtime_part, normalised_parameters, state_credentials)
    client = ecs.boto_client_for(
        service="ecs", region=resource_runtime_part.region, state_credentials=state_credentials
    )

    def judged() -> Any:
        stopped = ask()
        if stopped and not succeeded(stopped):
            raise task_failed(service, env, stopped)
        return stopped

    return Awaited(judged, lambda: client.stop_task(cluster=task["ClusterArn"], task=task["TaskArn"]))


def succeeded(task: dict[str, Any]) -> bool:
    """Whether every container ran and ended with 0."""
    return all(container.get("ExitCode") == 0 for container in task["Containers"])
