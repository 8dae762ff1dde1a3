"""Status changes of executions on EventBridge.

moto tells nobody. Step Functions sends `Step Functions Execution Status Change` to the default bus when an execution
starts and when it ends, which is how an alarm learns of time-outs that no Catch sees.
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
import time
import uuid
from datetime import datetime
from typing import Any

from moto.events.models import events_backends
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution

from local.front import Front

moto_reflect = BaseExecutionWorkerCommunication._reflect_execution_status
moto_start = Execution.start


def install(front: Front) -> None:
    """Tell the rules when an execution starts and ends."""
    BaseExecutionWorkerCommunication._reflect_execution_status = reflect
    Execution.start = start


def start(execution: Execution) -> Any:
    """Start the execution and tell."""
    started = moto_start(execution)
    send(execution, "RUNNING")
    return started


def reflect(worker: BaseExecutionWorkerCommunication) -> None:
    """Note how the execution ended and tell."""
    moto_reflect(worker)
    send(worker.execution, str(worker.execution.exec_status.value))


def send(execution: Execution, status: str) -> None:
    """Hand the event to the rules of the default bus."""
    event = event_of(execution, status)
    backend = events_backends[execution.account_id][execution.region_name]
    for rule in list(backend.event_buses["default"].rules.values()):
        rule.send_to_targets(event)


def event_of(execution: Execution, status: str) -> dict[str, Any]:
    """The event as EventBridge delivers it."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": execution.account_id,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": execution.region_name,
        "resources": [execution.exec_arn],
        "detail": {
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine.arn,
            "name": execution.name,
            "status": status,
            "startDate": _milliseconds(execution.start_date),
            "stopDate": _milliseconds(execution.stop_date),
            "input": json.dumps(execution.input_data),
            "output": json.dumps(execution.output) if status == "SUCCEEDED" else None,
            "error": execution.error,
            "cause": execution.cause,
        },
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp() * 1000) if moment else None
