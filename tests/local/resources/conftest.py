"""A front over moto with its mends and CloudFormation, without compute or pollers, one for each test module."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core.base_backend import BackendDict
from moto.core.config import default_user_config
from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from local import cloudformation, mends
from local.front import Front


class QuickHandler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    executing = default_user_config["stepfunctions"]["execute_state_machine"]
    default_user_config["stepfunctions"]["execute_state_machine"] = True
    front = Front(DomainDispatcherApplication(create_backend_app), "")
    server = make_server("127.0.0.1", 0, front, threaded=True, request_handler=QuickHandler)
    front.url = f"http://127.0.0.1:{server.server_port}"
    mends.install(front)
    cloudformation.install(front)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield front
    server.shutdown()
    server.server_close()
    BackendDict.reset()
    default_user_config["stepfunctions"]["execute_state_machine"] = executing


@pytest.fixture
def eventually() -> Callable:
    """Waits until `condition()` is true and gives its value."""

    def wait(condition: Callable, seconds: float = 10) -> Any:
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"not true within {seconds} s"
            time.sleep(0.02)
        return value

    return wait


@pytest.fixture
def deploy(front: Front) -> Callable:
    """Makes or changes a stack as a client does; gives the stack and the reasons of its failures."""

    def run(name: str, resources: dict[str, Any], change: bool = False, **rest: Any) -> tuple[dict[str, Any], str]:
        client = front.client("cloudformation")
        parameters = rest.pop("values", {})
        request = {
            "StackName": name,
            "TemplateBody": json.dumps({"Resources": resources, **rest}),
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        (client.update_stack if change else client.create_stack)(**request)
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]]
        return client.describe_stacks(StackName=name)["Stacks"][0], " ".join(failed)

    return run


@pytest.fixture
def outputs(deploy: Callable) -> Callable:
    """Makes a stack that must succeed; gives its outputs."""

    def run(name: str, resources: dict[str, Any], values: dict[str, Any]) -> dict[str, str]:
        told = {key: {"Value": value} for key, value in values.items()}
        stack, reasons = deploy(name, resources, Outputs=told)
        assert stack["StackStatus"] == "CREATE_COMPLETE", reasons
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}

    return run
