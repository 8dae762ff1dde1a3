"""What DescribeExecution tells of an execution's end.

moto tells an output that is a text without its quotes (which is no JSON), leaves out an output of null, and gives an
execution that timed out no stop date. Step Functions tells JSON and always the date.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.responses import StepFunctionResponse

from local.front import Front

moto_describe = StepFunctionResponse.describe_execution


def install(front: Front) -> None:
    """Tell what the interpreter knows."""
    StepFunctionResponse.describe_execution = describe


def describe(response: StepFunctionResponse) -> Any:
    """DescribeExecution of an execution that was really executed."""
    execution = response.stepfunction_backend.describe_execution(response._get_param("executionArn"))
    if not isinstance(execution, Execution):
        return moto_describe(response)
    return ActionResult(execution.to_describe_output())
