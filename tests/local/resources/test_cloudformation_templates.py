"""The project's own templates, all of them, as they are."""

import functools
import re
from pathlib import Path

import pytest

from local.cloudformation import template
from local.cloudformation.types import all_types

parse = functools.cache(template.parse)

INFRA = Path(__file__).parents[3] / "infra"
TEMPLATES = {path.stem: path.read_text() for path in sorted(INFRA.glob("cloudformation/*.yaml"))}
OWNERS = "arn:aws:quicksight:eu-west-1:123456789012:group/default/owners"
GIVEN = {"Project": "tributary", "Stage": "local", "StateMachineKey": "machine.json"}
GIVEN |= {"QuickSightPrincipalArn": OWNERS, "QuickSightFolderName": "Tributary", "QuickSightReaderArn": OWNERS}
ARTIFACTS = "tributary-local-artifacts-123456789012"


def parameters(body):
    """Values for the parameters that have no default."""
    for name, declared in parse(body).get("Parameters", {}).items():
        if declared["Type"].startswith("AWS::SSM::"):
            kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
            yield {"ParameterKey": name, "ParameterValue": f"/tributary/local/{kebab}"}
        elif name in GIVEN or "Default" not in declared:
            yield {"ParameterKey": name, "ParameterValue": GIVEN.get(name, f"tributary/{name.lower()}:1")}


def is_ready(front, body):
    wanted = [one["ParameterValue"] for one in parameters(body) if one["ParameterValue"].startswith("/")]
    return all(front.client("ssm").get_parameters(Names=[name])["Parameters"] for name in wanted)


@pytest.fixture(scope="module")
def stacks(front):
    """Every stack by name, made as soon as the names that it needs are there."""
    client, waiting, made = front.client("cloudformation"), dict(TEMPLATES), {}
    while waiting:
        ready = [name for name, body in waiting.items() if is_ready(front, body)]
        assert ready, f"nothing hands over what these need: {sorted(waiting)}"
        for name in ready:
            made[name] = create(client, name, waiting.pop(name))
            if name == "storage":
                definition = (INFRA / "state_machines/process_batch.asl.json").read_bytes()
                front.client("s3").put_object(Bucket=ARTIFACTS, Key="machine.json", Body=definition)
    return made


def create(client, name, body):
    values = list(parameters(body))
    client.create_stack(StackName=name, TemplateBody=body, Parameters=values, Capabilities=["CAPABILITY_NAMED_IAM"])
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event["ResourceStatusReason"] for event in events if event["ResourceStatus"].endswith("_FAILED")]
    assert not failed, failed
    return client.describe_stacks(StackName=name)["Stacks"][0]


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_type_of_a_template_is_supported(name):
    types = {resource["Type"] for resource in parse(TEMPLATES[name])["Resources"].values()}
    assert types <= set(all_types())


def test_every_stack_is_made(stacks):
    assert {stack["StackStatus"] for stack in stacks.values()} == {"CREATE_COMPLETE"}


def test_a_second_deploy_of_the_same_finds_nothing_to_do(front, stacks):
    client = front.client("cloudformation")
    for name, body in TEMPLATES.items():
        change_set = client.create_change_set(
            StackName=name,
            ChangeSetName="again",
            TemplateBody=body,
            Parameters=list(parameters(body)),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        told = client.describe_change_set(ChangeSetName=change_set["Id"])
        assert "didn't contain changes" in told["StatusReason"], (name, told["Changes"])


def test_all_stacks_can_be_deleted(front, stacks):
    client = front.client("cloudformation")
    for name, stack in reversed(stacks.items()):
        client.delete_stack(StackName=name)
        ended = client.describe_stacks(StackName=stack["StackId"])["Stacks"][0]
        assert ended["StackStatus"] == "DELETE_COMPLETE", name
    assert front.client("s3").head_bucket(Bucket=ARTIFACTS)
