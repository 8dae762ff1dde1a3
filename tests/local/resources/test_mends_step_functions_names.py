"""Names that moto's interpreter lacks or refuses; each mend beside what moto does by itself."""

import json

import pytest
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName

from local.mends.step_functions import fail_errors

FAILS = {"StartAt": "End", "States": {"End": {"Type": "Fail", "Error": "States.TaskFailed", "Cause": "it broke"}}}


@pytest.fixture
def started(front, eventually):
    """Runs the machine without a name; gives what DescribeExecution tells."""
    machines = front.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/machine"

    def run(definition):
        machine = machines.create_state_machine(name="fails", definition=json.dumps(definition), roleArn=role)
        arn = machines.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]
        return eventually(lambda: _ended(machines.describe_execution(executionArn=arn)))

    return run


def _ended(execution):
    return None if execution["status"] == "RUNNING" else execution


def test_an_execution_started_without_a_name_is_given_one(started):
    execution = started(FAILS)
    assert execution["executionArn"].endswith(f":{execution['name']}")
    assert len(execution["name"]) == 36


def test_a_fail_state_may_end_with_an_error_of_the_service(started):
    execution = started(FAILS)
    assert (execution["error"], execution["cause"]) == ("States.TaskFailed", "it broke")


def test_moto_by_itself_refuses_such_an_error():
    with pytest.raises(ValueError, match="MUST NOT begin with the prefix"):
        fail_errors.moto_init(CustomErrorName.__new__(CustomErrorName), "States.TaskFailed")
