"""ECS tasks are real processes of the image's entry point, stopped and told as on AWS."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.server import Server

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/tributary/enrichment:one"
DOCKERFILE = """
FROM python:3.11-slim
WORKDIR /app
ENV GREETING=hello
RUN pip install everything
COPY enrichment ./enrichment
ENTRYPOINT ["python", "-m", "enrichment.main"]
CMD ["tell"]
"""
MAIN = """
import os, signal, sys, time
do = sys.argv[1]
print("doing", do, flush=True)
if do == "exit":
    sys.exit(7)
if do == "import":
    import local.front
if do == "sleep":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    time.sleep(60)
if do == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ready", flush=True)
    time.sleep(60)
if do == "tell":
    import json, boto3
    boto3.client("s3").put_object(Bucket="ecs", Key="told.json", Body=json.dumps(dict(os.environ)))
"""


@pytest.fixture(scope="module", autouse=True)
def cluster(repository: Path, server: Server, role: str) -> None:
    (repository / "enrichment").mkdir()
    (repository / "enrichment/Dockerfile").write_text(DOCKERFILE)
    (repository / "enrichment/main.py").write_text(MAIN)
    server.front.client("ecs").create_cluster(clusterName="enrichment")
    server.front.client("s3").create_bucket(Bucket="ecs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    options = {"awslogs-group": "/ecs/enrichment", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "task"}
    server.front.client("ecs").register_task_definition(
        family="enrichment",
        taskRoleArn=role,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "enrichment",
                "image": IMAGE,
                "essential": True,
                "stopTimeout": 2,
                "environment": [{"name": "COLOUR", "value": "red"}, {"name": "SIZE", "value": "big"}],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }
        ],
    )


@pytest.fixture
def run(server: Server):
    def run(*command: str, environment: dict[str, str] | None = None, **settings) -> str:
        override = {
            "name": "enrichment",
            "environment": [{"name": key, "value": value} for key, value in (environment or {}).items()],
            **({"command": list(command)} if command else {}),
        }
        answer = server.front.client("ecs").run_task(
            cluster="enrichment",
            taskDefinition="enrichment",
            overrides={"containerOverrides": [override]},
            **(settings or {"launchType": "FARGATE"}),
        )
        assert answer["tasks"][0]["lastStatus"] == "PROVISIONING"
        return answer["tasks"][0]["taskArn"]

    return run


@pytest.fixture
def when(server: Server):
    def when(arn: str, status: str) -> dict:
        deadline = time.monotonic() + 60
        while True:
            task = server.front.client("ecs").describe_tasks(cluster="enrichment", tasks=[arn])["tasks"][0]
            if task["lastStatus"] == status:
                return task
            assert time.monotonic() < deadline, task
            time.sleep(0.02)

    return when


def printed(server: Server, arn: str) -> list[str]:
    stream = f"task/enrichment/{arn.rpartition('/')[2]}"
    logs = server.front.client("logs")
    try:
        events = logs.get_log_events(logGroupName="/ecs/enrichment", logStreamName=stream)["events"]
    except ClientError:
        return []
    return [event["message"] for event in events]


def test_a_task_runs_the_images_entry_point_with_the_merged_environment(server, run, when):
    task = when(run(environment={"SIZE": "small"}), "STOPPED")
    container = task["containers"][0]
    assert (container["exitCode"], task["stopCode"]) == (0, "EssentialContainerExited")
    told = json.loads(server.front.client("s3").get_object(Bucket="ecs", Key="told.json")["Body"].read())
    assert (told["GREETING"], told["COLOUR"], told["SIZE"]) == ("hello", "red", "small")
    assert told["AWS_ENDPOINT_URL"] == server.url


def test_the_exit_code_is_told_and_the_output_is_in_the_log_group(server, run, when):
    arn = run("exit")
    task = when(arn, "STOPPED")
    assert task["containers"][0]["exitCode"] == 7
    assert task["stoppedReason"] == "Essential container in task exited"
    assert printed(server, arn) == ["doing exit"]


def test_a_room_that_the_image_does_not_copy_cannot_be_imported(server, run, when):
    arn = run("import")
    assert when(arn, "STOPPED")["containers"][0]["exitCode"] == 1
    assert printed(server, arn)[-1] == "ModuleNotFoundError: No module named 'local'"


def test_a_stopped_task_gets_sigterm_and_may_end_well(server, run, when):
    arn = run("sleep")
    assert when(arn, "RUNNING")["desiredStatus"] == "RUNNING"
    assert server.front.client("ecs").list_tasks(cluster="enrichment")["taskArns"] == [arn]
    _until(lambda: printed(server, arn))
    server.front.client("ecs").stop_task(cluster="enrichment", task=arn, reason="Spot interruption")
    task = when(arn, "STOPPED")
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "Spot interruption")
    assert task["containers"][0]["exitCode"] == 0


def test_a_task_that_ignores_sigterm_is_killed_after_its_stop_timeout(server, run, when):
    arn = run("deaf")
    _until(lambda: "ready" in printed(server, arn))
    server.front.client("ecs").stop_task(cluster="enrichment", task=arn)
    assert when(arn, "STOPPED")["containers"][0]["exitCode"] == 137


def test_a_task_that_cannot_start_tells_why(server, run, when):
    ecs = server.front.client("ecs")
    known = ecs.describe_task_definition(taskDefinition="enrichment")["taskDefinition"]
    container = {**known["containerDefinitions"][0], "image": "registry/nowhere:one", "memory": 512}
    ecs.register_task_definition(family="imageless", taskRoleArn=known["taskRoleArn"], containerDefinitions=[container])
    answer = ecs.run_task(cluster="enrichment", taskDefinition="imageless")
    task = when(answer["tasks"][0]["taskArn"], "STOPPED")
    assert task["stopCode"] == "TaskFailedToStart"
    assert "no nowhere/Dockerfile in" in task["stoppedReason"]


def test_the_capacity_provider_is_told(run, when):
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    assert when(run("exit", capacityProviderStrategy=spot), "STOPPED")["capacityProviderName"] == "FARGATE_SPOT"


def test_unknown_clusters_and_tasks_are_told_as_on_aws(server):
    ecs = server.front.client("ecs")
    with pytest.raises(ClientError, match="ClusterNotFoundException"):
        ecs.run_task(cluster="nothing", taskDefinition="enrichment")
    assert ecs.describe_tasks(cluster="enrichment", tasks=["x"])["failures"] == [{"arn": "x", "reason": "MISSING"}]


def _until(holds) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


SPOT = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}


def ask_for(server, *fates):
    request = urllib.request.Request(f"{server.front.url}/_local/spot", json.dumps(fates).encode(), method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def test_spot_without_capacity_refuses_one_task_and_on_demand_none(server, run, when):
    assert ask_for(server, {"fate": "no capacity"}) == {"fates": 1}
    assert when(run("tell"), "STOPPED")["containers"][0]["exitCode"] == 0
    with pytest.raises(ClientError, match=r"ClientException.*Capacity is unavailable at this time\. Please try again"):
        run("tell", **SPOT)
    assert when(run("tell", **SPOT), "STOPPED")["stopCode"] == "EssentialContainerExited"


def test_a_task_that_spot_takes_away_gets_sigterm_when_it_has_come_so_far(server, run, when):
    ask_for(server, {"fate": "taken away", "at": "ready"}, {"fate": "taken away"})
    deaf, sleeping = (when(run(do, **SPOT), "STOPPED") for do in ("deaf", "sleep"))
    assert (deaf["stopCode"], deaf["containers"][0]["exitCode"]) == ("SpotInterruption", 137)
    assert sleeping["stopCode"] == "SpotInterruption"
    assert sleeping["stoppedReason"] == "Your Spot Task was interrupted."
    assert sleeping["capacityProviderName"] == "FARGATE_SPOT"


def test_a_fate_that_is_none_is_refused(server):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask_for(server, {"fate": "struck by lightning"})
