"""Glue job runs as real Spark processes.

At most SPARK_PROCESSES run at a time, the others are WAITING, whatever the job allows.
"""

import logging
import queue
import shutil
import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

from local.children import Children, send
from local.front import AwsError, Front
from local.glue_job import error_of, prepare
from local.log_sink import LogPipe, LogSink

SPARK_PROCESSES = 1  # each takes the two cores and 2 GB
DEFAULT_TIMEOUT_MINUTES = 480  # https://docs.aws.amazon.com/glue/latest/webapi/API_Job.html, Glue 5.0 and later
_ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")
_COPIED = ("GlueVersion", "WorkerType", "NumberOfWorkers", "MaxCapacity", "SecurityConfiguration")

log = logging.getLogger(__name__)


def install(front: Front, children: Children, logs: LogSink, folder: Path) -> "GlueRuntime":
    """Let the front run jobs instead of pretending that they ran."""
    runtime = GlueRuntime(front, children, logs, folder)
    front.json_target("AWSGlue.StartJobRun", runtime.start_job_run)
    front.json_target("AWSGlue.GetJobRun", runtime.get_job_run)
    front.json_target("AWSGlue.GetJobRuns", runtime.get_job_runs)
    front.json_target("AWSGlue.BatchStopJobRun", runtime.batch_stop_job_run)
    return runtime


@dataclass
class JobRun:
    """One run of a job: what AWS tells of it, and its process once it has one."""

    job: dict[str, Any]
    arguments: dict[str, str]
    told: dict[str, Any]
    process: Popen | None = None
    is_stopped: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def state(self) -> str:
        return self.told["JobRunState"]

    def become(self, state: str, **more: Any) -> None:
        """Change the state, as later calls will tell it."""
        self.told.update(JobRunState=state, LastModifiedOn=time.time(), **more)

    def end(self, state: str, **more: Any) -> None:
        """Change to a last state."""
        now = time.time()
        self.become(state, CompletedOn=now, ExecutionTime=int(now - self.told["StartedOn"]), **more)


class GlueRuntime:
    """The job runs of this local AWS, and the operations on them."""

    def __init__(self, front: Front, children: Children, logs: LogSink, folder: Path):
        self._front, self._children, self._logs, self._folder = front, children, logs, folder.resolve()
        self._runs: dict[str, JobRun] = {}
        self._lock = threading.Lock()
        self._slots = ThreadPoolExecutor(max_workers=SPARK_PROCESSES, thread_name_prefix="glue")

    def start_job_run(self, body: dict) -> dict:
        """StartJobRun."""
        job = self._front.client("glue").get_job(JobName=body["JobName"])["Job"]
        with self._lock:
            self._refuse_too_many(job, body)
            run = _new_run(job, body)
            self._runs[run.told["Id"]] = run
        self._slots.submit(self._execute, run)
        return {"JobRunId": run.told["Id"]}

    def get_job_run(self, body: dict) -> dict:
        """GetJobRun."""
        return {"JobRun": dict(self._run(body["JobName"], body["RunId"]).told)}

    def get_job_runs(self, body: dict) -> dict:
        """GetJobRuns: the newest first."""
        self._front.client("glue").get_job(JobName=body["JobName"])
        newest = reversed(list(self._runs.values()))
        runs = [dict(run.told) for run in newest if run.job["Name"] == body["JobName"]]
        start = int(body.get("NextToken") or 0)
        end = start + body.get("MaxResults", 200)
        return {"JobRuns": runs[start:end], **({"NextToken": str(end)} if end < len(runs) else {})}

    def batch_stop_job_run(self, body: dict) -> dict:
        """BatchStopJobRun."""
        name, stopped, errors = body["JobName"], [], []
        for run_id in body["JobRunIds"]:
            try:
                _stop(self._run(name, run_id))
                stopped.append({"JobName": name, "JobRunId": run_id})
            except AwsError as error:
                detail = {"ErrorCode": error.code, "ErrorMessage": error.message}
                errors.append({"JobName": name, "JobRunId": run_id, "ErrorDetail": detail})
        return {"SuccessfulSubmissions": stopped, "Errors": errors}

    def stop(self) -> None:
        """Start no more of the waiting runs; the processes are ended by whoever stops the children."""
        self._slots.shutdown(wait=False, cancel_futures=True)

    def _run(self, job_name: str, run_id: str) -> JobRun:
        run = self._runs.get(run_id)
        if run is None or run.job["Name"] != job_name:
            raise AwsError("EntityNotFoundException", f"Job Run {run_id} of job {job_name} not found")
        return run

    def _refuse_too_many(self, job: dict, body: dict) -> None:
        is_queued = body.get("JobRunQueuingEnabled", job.get("JobRunQueuingEnabled", False))
        limit = job.get("ExecutionProperty", {}).get("MaxConcurrentRuns", 1)
        runs = self._runs.values()
        active = sum(run.job["Name"] == job["Name"] and run.state not in _ENDED for run in runs)
        if active >= limit and not is_queued:
            raise AwsError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {job['Name']}")

    def _execute(self, run: JobRun) -> None:
        """A run from its slot to its last state; nothing that goes wrong may leave it in between."""
        folder = self._folder / run.told["Id"]
        try:
            if not run.is_stopped:
                run.become("STARTING", StartedOn=time.time())
                self._execute_in(run, folder)
        except Exception as error:
            log.exception("Glue job run %s could not be run", run.told["Id"])
            run.end("FAILED", ErrorMessage=f"{type(error).__name__}: {error}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if run.is_stopped:
            run.end("STOPPED")

    def _execute_in(self, run: JobRun, folder: Path) -> None:
        command, environment = prepare(self._front, run.job, run.arguments, folder)
        pipe = LogPipe(self._logs.stream(run.told["LogGroupName"], run.told["Id"]))
        exited: queue.Queue[int] = queue.Queue()
        with run.lock:
            run.process = self._children.start(command, cwd=folder, env=environment, output=pipe.fd, on_exit=exited.put)
            if run.is_stopped:
                send(run.process, signal.SIGKILL)
        run.become("RUNNING")
        code = self._await(run, exited)
        pipe.close()
        _end(run, code, pipe)

    def _await(self, run: JobRun, exited: "queue.Queue[int]") -> int | None:
        """The exit code; None when the run's time limit came first."""
        try:
            return exited.get(timeout=run.told["Timeout"] * 60)
        except queue.Empty:
            send(run.process, signal.SIGKILL)
            exited.get()
            return None


def _end(run: JobRun, code: int | None, pipe: LogPipe) -> None:
    if run.is_stopped:
        return
    if code is None:
        run.end("TIMEOUT", ErrorMessage=f"Job run timed out after {run.told['Timeout']} minutes")
    elif code:
        run.end("FAILED", ErrorMessage=error_of(pipe.tail, code))
    else:
        run.end("SUCCEEDED")


def _stop(run: JobRun) -> None:
    with run.lock:
        if run.state in _ENDED:
            raise AwsError("InvalidInputException", f"Job run {run.told['Id']} is {run.state}")
        run.is_stopped = True
        if run.process is None:
            run.become("STOPPED")
        else:
            run.become("STOPPING")
            send(run.process, signal.SIGKILL)


def _new_run(job: dict, body: dict) -> JobRun:
    run_id = f"jr_{uuid.uuid4().hex}{uuid.uuid4().hex}"
    given = {**job.get("DefaultArguments", {}), **body.get("Arguments", {})}
    given |= job.get("NonOverridableArguments") or {}
    told = {
        "Id": run_id,
        "Attempt": 0,
        "JobName": job["Name"],
        "Arguments": body.get("Arguments", {}),
        "JobRunState": "WAITING",
        "StartedOn": time.time(),
        "LastModifiedOn": time.time(),
        "ExecutionTime": 0,
        "Timeout": body.get("Timeout") or job.get("Timeout") or DEFAULT_TIMEOUT_MINUTES,
        "LogGroupName": _log_group(given),
        "PredecessorRuns": [],
        **{name: job[name] for name in _COPIED if job.get(name)},
    }
    return JobRun(job, {"--JOB_NAME": job["Name"], "--JOB_RUN_ID": run_id, **given}, told)


def _log_group(arguments: dict) -> str:
    # Glue 5 takes a prefix, earlier versions took the whole name.
    # https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
    prefix = arguments.get("--custom-logGroup-prefix", "/aws-glue/jobs")
    return arguments.get("--continuous-log-logGroup", f"{prefix}/output")
