"""The enrichment part of the real definition, executed: Spot, Spot again, on-demand; one task or several shares."""

import json
import threading
from pathlib import Path

import pytest

from local.front import AwsError

DEFINITION = Path(__file__).parents[3] / "infra/state_machines/process_batch.asl.json"
CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/c"
NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"
DONE, INTERRUPTED, BROKEN = ("EssentialContainerExited", 0), ("SpotInterruption", 143), ("EssentialContainerExited", 1)


class FakeEcs:
    """Tasks that end at once as the script of their share says: an end, or a refusal to start."""

    def __init__(self):
        self.scripts, self.started, self.ends, self.lock = {}, [], {}, threading.Lock()
        self.running = self.most_running = 0

    def run_task(self, body):
        (override,) = body["overrides"]["containerOverrides"]
        variables = {entry["name"]: entry["value"] for entry in override["environment"]}
        (strategy,) = body["capacityProviderStrategy"]
        with self.lock:
            self.started.append((variables["SHARE"], strategy["capacityProvider"]))
            assert (variables["BATCH_ID"], variables["SHARES"]) == ("b-1", str(len(self.scripts)))
            end = self.scripts[variables["SHARE"]].pop(0)
            if isinstance(end, str):
                raise AwsError("ClientException", end)
            arn = f"arn:task/{len(self.started)}"
            self.ends[arn] = end
            self.running += 1
            self.most_running = max(self.running, self.most_running)
        task = {"taskArn": arn, "clusterArn": CLUSTER, "lastStatus": "PENDING", "containers": []}
        return {"tasks": [task], "failures": []}

    def describe_tasks(self, body):
        (arn,) = body["tasks"]
        with self.lock:
            stop_code, exit_code = self.ends[arn]
            self.running -= 1
        task = {
            "taskArn": arn,
            "clusterArn": CLUSTER,
            "lastStatus": "STOPPED",
            "stopCode": stop_code,
            "stoppedAt": 1.5e9,
        }
        return {"tasks": [{**task, "containers": [{"name": "enrichment", "exitCode": exit_code}]}], "failures": []}


@pytest.fixture
def ecs(front):
    fake = FakeEcs()
    front.json_target("AmazonEC2ContainerServiceV20141113.RunTask", fake.run_task)
    front.json_target("AmazonEC2ContainerServiceV20141113.DescribeTasks", fake.describe_tasks)
    return fake


@pytest.fixture
def enrich(front, ecs, eventually):
    """Executes the part with a script for each share; gives what DescribeExecution tells."""
    machines = front.client("stepfunctions")

    def run(*scripts):
        ecs.scripts = {str(share): list(script) for share, script in enumerate(scripts)}
        definition = json.dumps(machine(len(scripts)))
        name = f"m{len(machines.list_state_machines()['stateMachines'])}"
        role = "arn:aws:iam::123456789012:role/machine"
        arn = machines.create_state_machine(name=name, definition=definition, roleArn=role)["stateMachineArn"]
        arn = machines.start_execution(stateMachineArn=arn, name="b-1", input="{}")["executionArn"]
        return eventually(lambda: ended(machines.describe_execution(executionArn=arn)), seconds=30)

    return run


def machine(shares):
    """The real state between a beginning and ends that tell what they were given."""
    filled = {"EnrichmentCapacity": "FARGATE_SPOT", "EnrichmentConcurrency": "2", "Cluster": "c", "TaskDefinition": "t"}
    text = DEFINITION.read_text()
    for name in ("SubnetA", "SubnetB", "SecurityGroup", *filled):
        text = text.replace(f"${{{name}}}", filled.get(name, name))
    begin = {"batch_id": "{% $states.context.Execution.Name %}", "enrichment_shares": shares}
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Assign": begin, "Next": "Enrich the staged events"},
            "Enrich the staged events": json.loads(text)["States"]["Enrich the staged events"],
            "Is this a large batch?": {"Type": "Succeed"},
            "Record the failure": {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $cause %}"},
        },
    }


def ended(execution):
    return execution if execution["status"] != "RUNNING" else None


SPOT, ON_DEMAND = "FARGATE_SPOT", "FARGATE"


@pytest.mark.parametrize(
    ("script", "capacities"),
    [
        ([DONE], [SPOT]),
        ([INTERRUPTED, DONE], [SPOT, SPOT]),
        ([INTERRUPTED, INTERRUPTED, DONE], [SPOT, SPOT, ON_DEMAND]),
        ([NO_CAPACITY, DONE], [SPOT, ON_DEMAND]),
        ([INTERRUPTED, NO_CAPACITY, DONE], [SPOT, SPOT, ON_DEMAND]),
    ],
)
def test_spot_is_tried_twice_and_then_left(enrich, ecs, script, capacities):
    execution = enrich(script)
    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", {"batch_id": "b-1"})
    assert [capacity for _, capacity in ecs.started] == capacities


@pytest.mark.parametrize(
    ("script", "started"),
    [
        ([BROKEN], 1),
        ([INTERRUPTED, BROKEN], 2),
        ([NO_CAPACITY, BROKEN], 2),
        ([INTERRUPTED, INTERRUPTED, BROKEN], 3),
    ],
)
def test_a_task_that_fails_by_itself_fails_the_batch_with_its_cause(enrich, ecs, script, started):
    execution = enrich(script)
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(execution["cause"])["Containers"][0]["ExitCode"] == 1
    assert len(ecs.started) == started


def test_no_capacity_anywhere_fails_the_batch(enrich, ecs):
    execution = enrich([NO_CAPACITY, NO_CAPACITY])
    assert execution["status"] == "FAILED" and NO_CAPACITY in execution["cause"]
    assert [capacity for _, capacity in ecs.started] == [SPOT, ON_DEMAND]


def test_the_shares_of_a_large_batch_run_side_by_side_up_to_a_limit_and_fall_back_on_their_own(enrich, ecs):
    execution = enrich([DONE], [INTERRUPTED, INTERRUPTED, DONE], [NO_CAPACITY, DONE], [DONE], [DONE])
    assert (execution["status"], json.loads(execution["output"])) == ("SUCCEEDED", {"batch_id": "b-1"})
    by_share = {share: [c for s, c in ecs.started if s == share] for share in "01234"}
    assert by_share == {
        "0": [SPOT],
        "1": [SPOT, SPOT, ON_DEMAND],
        "2": [SPOT, ON_DEMAND],
        "3": [SPOT],
        "4": [SPOT],
    }
    assert 1 <= ecs.most_running <= 2


def test_one_share_that_fails_fails_the_batch(enrich):
    execution = enrich([DONE], [BROKEN], [DONE])
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
