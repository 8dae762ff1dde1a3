"""Names of parameters and answers.

A state machine writes `Cluster`, the API wants `cluster`; objects are sent where the API wants text. moto has the
translation in both directions but its two hooks are empty.
"""

from functools import lru_cache
from typing import Any

import botocore.session
from botocore.model import OperationModel
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (
    StateTaskService,
)

from local.front import Front

moto_parameters = StateTaskService._normalise_parameters
moto_response = StateTaskService._normalise_response


def install(front: Front) -> None:
    """Fill the hooks."""
    StateTaskService._normalise_parameters = to_api
    StateTaskService._normalise_response = from_api


def to_api(
    task: StateTaskService,
    parameters: dict,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Rename parameters in place."""
    shape = _operation(task, boto_service_name, service_action_name).input_shape
    if shape is not None:
        task._to_boto_request(parameters, shape)


def from_api(
    task: StateTaskService, response: Any, boto_service_name: str | None = None, service_action_name: str | None = None
) -> None:
    """Rename an answer's members in place."""
    shape = _operation(task, boto_service_name, service_action_name).output_shape
    if shape is not None:
        task._from_boto_response(response, shape)


def _operation(task: StateTaskService, service: str | None, action: str | None) -> OperationModel:
    return operation(task._get_boto_service_name(service), task._get_boto_service_action(action))


@lru_cache(maxsize=256)
def operation(service: str, action: str) -> OperationModel:
    """An operation by a service's name and an action in snake case."""
    model = botocore.session.get_session().get_service_model(service)
    names = {name.lower(): name for name in model.operation_names}
    return model.operation_model(names[action.replace("_", "")])
