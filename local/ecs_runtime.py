"""ECS tasks as real processes: RunTask, DescribeTasks, ListTasks, StopTask.

A task has one container, whose image is staged from its Dockerfile; CPU, memory and network are not enforced.
"""

import queue
import signal
import threading
import time

from local import sandbox
from local.children import Children, send
from local.ecs_task import Task, new_task, overrides_of, role_of, stopped_because, variables
from local.front import AwsError, Front
from local.images import Image, Images
from local.log_sink import LogPipe, LogSink
from local.spot import STOP_CODE, STOPPED_REASON, SpotMarket

DEFAULT_STOP_TIMEOUT_SECONDS = 30
_TARGET = "AmazonEC2ContainerServiceV20141113"


def install(front: Front, images: Images, children: Children, logs: LogSink) -> "EcsRuntime":
    """Let the front run tasks; clusters and task definitions stay moto's."""
    runtime = EcsRuntime(front, images, children, logs)
    front.json_target(f"{_TARGET}.RunTask", runtime.run_task)
    front.json_target(f"{_TARGET}.DescribeTasks", runtime.describe_tasks)
    front.json_target(f"{_TARGET}.ListTasks", runtime.list_tasks)
    front.json_target(f"{_TARGET}.StopTask", runtime.stop_task)
    runtime.spot.install(front)
    return runtime


class EcsRuntime:
    """The tasks of this local AWS, and the operations on them."""

    def __init__(self, front: Front, images: Images, children: Children, logs: LogSink):
        self._front, self._images, self._children, self._logs = front, images, children, logs
        self._tasks: dict[str, Task] = {}
        self.spot = SpotMarket()

    def run_task(self, body: dict) -> dict:
        """RunTask."""
        cluster = self._cluster(body.get("cluster", "default"))
        described = self._front.client("ecs").describe_task_definition(taskDefinition=body["taskDefinition"])
        definition = described["taskDefinition"]
        tasks = [new_task(cluster, definition, body) for _ in range(body.get("count", 1))]
        for task in tasks:
            task.fate = self.spot.next() if task.is_on_spot else None
        answers = [task.answer() for task in tasks]
        for task in tasks:
            self._tasks[task.arn] = task
            threading.Thread(target=self._execute, args=(task,), daemon=True).start()
        return {"tasks": answers, "failures": []}

    def describe_tasks(self, body: dict) -> dict:
        """DescribeTasks: by ARN or id; unknown ones are failures."""
        found = {name: self._find(name) for name in body["tasks"]}
        missing = [{"arn": name, "reason": "MISSING"} for name, task in found.items() if task is None]
        return {"tasks": [task.answer() for task in found.values() if task], "failures": missing}

    def list_tasks(self, body: dict) -> dict:
        """ListTasks: the running ones unless desiredStatus says STOPPED."""
        cluster, wanted = self._cluster(body.get("cluster", "default")), body.get("desiredStatus", "RUNNING")
        family = body.get("family")
        return {
            "taskArns": [
                task.arn
                for task in list(self._tasks.values())
                if task.told["clusterArn"] == cluster
                and task.told["desiredStatus"] == wanted
                and family in (None, task.definition["family"])
            ]
        }

    def stop_task(self, body: dict) -> dict:
        """StopTask: SIGTERM now, SIGKILL after the container's stopTimeout."""
        task = self._find(body["task"])
        if task is None:
            raise AwsError("InvalidParameterException", "The referenced task was not found.")
        _stop(task, "UserInitiated", body.get("reason", "Task stopped by user"))
        return {"task": task.answer()}

    def stop(self) -> None:
        """Nothing of its own to stop; the processes are ended by whoever stops the children."""

    def _cluster(self, name_or_arn: str) -> str:
        found = self._front.client("ecs").describe_clusters(clusters=[name_or_arn])["clusters"]
        if not found:
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        return found[0]["clusterArn"]

    def _find(self, arn_or_id: str) -> Task | None:
        tasks = list(self._tasks.values())
        return next((task for task in tasks if arn_or_id in (task.arn, task.arn.rpartition("/")[2])), None)

    def _execute(self, task: Task) -> None:
        exited: queue.Queue[int] = queue.Queue()
        try:
            pipe = self._start(task, exited)
        except Exception as error:
            reason = f"CannotStartContainerError: {type(error).__name__}: {error}"
            _end(task, stopCode="TaskFailedToStart", stoppedReason=reason)
            return
        code = exited.get()
        pipe.close()
        task.told["containers"][0]["exitCode"] = code if code >= 0 else 128 - code
        _end(task, **stopped_because(task))

    def _start(self, task: Task, exited: "queue.Queue[int]") -> LogPipe:
        container, overrides = task.container, overrides_of(task)
        image = self._images.get(container["image"])
        command = image.argv(
            tuple(container.get("entryPoint", ())),
            tuple(overrides.get("command") or container.get("command", ())),
        )
        pipe = self._log_pipe(task)
        try:
            with task.lock:
                task.process = self._children.start(
                    command,
                    cwd=image.inside(container.get("workingDirectory", str(image.workdir))),
                    env=self._environment(task, image),
                    output=pipe.fd,
                    on_exit=exited.put,
                )
                _running(task)
        except OSError:
            pipe.close()
            raise
        return pipe

    def _environment(self, task: Task, image: Image) -> dict[str, str]:
        family = task.definition["family"]
        return {
            **image.variables,
            **variables(task.container),
            **variables(overrides_of(task)),
            **sandbox.environment(self._front, role_of(task), family, image.python_path),
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        }

    def _log_pipe(self, task: Task) -> LogPipe:
        settings = task.container.get("logConfiguration", {})
        options, name = settings.get("options", {}), task.container["name"]
        group, stream = "/ecs/without-log-configuration", task.arn.rpartition("/")[2]
        if settings.get("logDriver") == "awslogs":
            group, stream = options["awslogs-group"], f"{options.get('awslogs-stream-prefix', 'ecs')}/{name}/{stream}"
        return LogPipe(self._logs.stream(group, stream), on_line=lambda line: _taken_away(task, line))


def _taken_away(task: Task, line: str) -> None:
    if task.fate and task.fate.at in line:
        _stop(task, STOP_CODE, STOPPED_REASON)


def _stop(task: Task, code: str, reason: str) -> None:
    with task.lock:
        if task.told["lastStatus"] != "STOPPED" and task.stop_reason is None:
            task.stop_code, task.stop_reason = code, reason
            task.told.update(desiredStatus="STOPPED", stoppingAt=time.time())
            if task.process:
                _terminate(task)


def _running(task: Task) -> None:
    task.told.update(lastStatus="RUNNING", startedAt=time.time())
    task.told["containers"][0]["lastStatus"] = "RUNNING"
    if task.stop_reason is not None:
        _terminate(task)


def _terminate(task: Task) -> None:
    seconds = task.container.get("stopTimeout", DEFAULT_STOP_TIMEOUT_SECONDS)
    task.process.send_signal(signal.SIGTERM)  # as a container's first process gets it, not its children
    killer = threading.Timer(seconds, send, (task.process, signal.SIGKILL))
    killer.daemon = True
    killer.start()


def _end(task: Task, **why: str) -> None:
    task.told["containers"][0]["lastStatus"] = "STOPPED"
    task.told.update(desiredStatus="STOPPED", stoppedAt=time.time(), **why)
    task.told["lastStatus"] = "STOPPED"  # last: whoever waits for it then reads the rest
