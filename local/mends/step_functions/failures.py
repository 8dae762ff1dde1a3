"""How a task's failure is told to moto's interpreter."""

from typing import Any

from moto.stepfunctions.parser.api import EvaluationFailedEventDetails, HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str


def task_failed(service: Any, env: Any, outcome: dict) -> FailureEventException:
    """States.TaskFailed with the outcome of the work as its cause."""
    name = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
    return _failure(service, env, name, StatesErrorNameType.StatesTaskFailed.to_name(), to_json_str(outcome))


def failed(service: Any, env: Any, error: str, cause: str) -> FailureEventException:
    """A failure under an error name of the service."""
    return _failure(service, env, CustomErrorName(error), error, cause)


def _failure(service: Any, env: Any, name: Any, error: str, cause: str) -> FailureEventException:
    details = TaskFailedEventDetails(
        resource=service._get_sfn_resource(),
        resourceType=service._get_sfn_resource_type(),
        error=error,
        cause=cause,
    )
    event_details = EventDetails(taskFailedEventDetails=details)
    return FailureEventException(
        FailureEvent(env=env, error_name=name, event_type=HistoryEventType.TaskFailed, event_details=event_details)
    )


def evaluation_failed(env: Any, cause: str) -> FailureEvent:
    """States.QueryEvaluationError: an expression that could not be evaluated."""
    name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
    details = EvaluationFailedEventDetails(error=name.error_name, cause=cause)
    return FailureEvent(
        env=env,
        error_name=name,
        event_type=HistoryEventType.EvaluationFailed,
        event_details=EventDetails(evaluationFailedEventDetails=details),
    )
