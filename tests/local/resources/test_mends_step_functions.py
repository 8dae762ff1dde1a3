"""State machines: what the mended interpreter does, and what moto's own still does."""

import inspect
import json
import time

import pytest
from moto.stepfunctions.parser.asl.jsonata.jsonata import JSONataException, compose_jsonata_expression
from werkzeug.wrappers import Response

from local.front import AwsError
from local.mends.step_functions import (
    api_names,
    clients,
    ecs_tasks,
    glue_runs,
    json_path,
    jsonata,
    outcomes,
    status_events,
    waiting,
)

CLUSTER = "arn:aws:ecs:eu-west-1:123456789012:cluster/c"


class FakeCompute:
    """Lambda, Glue and ECS that do at once what the names and arguments ask for."""

    def __init__(self):
        self.calls, self.stopped, self.runs, self.failures_left = [], [], {}, 0

    def invoke(self, request):
        name, payload = request.path.split("/")[3].split("%3A")[-1].split(":")[-1], json.loads(request.get_data())
        self.calls.append((name, payload, request.headers["Authorization"]))
        if name == "fails" or (name == "flaky" and self.failed_again()):
            error = {"errorType": "ValidationFailed", "errorMessage": 'expect "a"\nto be b', "stackTrace": []}
            return Response(json.dumps(error), 200, {"X-Amz-Function-Error": "Unhandled"})
        if name == "slow":
            time.sleep(1.5)
        return Response(json.dumps(payload), 200)

    def failed_again(self):
        self.failures_left -= 1
        return self.failures_left >= 0

    def start_job_run(self, body):
        self.runs[f"run-{len(self.runs)}"] = body
        return {"JobRunId": f"run-{len(self.runs) - 1}"}

    def get_job_run(self, body):
        run = {"Id": body["RunId"], "JobName": body["JobName"], "StartedOn": 1.5e9, "JobRunState": body["JobName"]}
        return {"JobRun": run}

    def stop_runs(self, body):
        self.stopped += body["JobRunIds"]
        return {"SuccessfulSubmissions": [], "Errors": []}

    def run_task(self, body):
        if "capacityProviderStrategy" not in body:
            raise AwsError("InvalidParameterException", f"no capacity in {sorted(body)}")
        task = {"taskArn": "arn:task", "clusterArn": CLUSTER, "lastStatus": "PENDING", "containers": []}
        return {"tasks": [{**task, "startedBy": body["taskDefinition"]}], "failures": []}

    def describe_tasks(self, body):
        code = int(self.exit_code)
        task = {"taskArn": "arn:task", "clusterArn": CLUSTER, "lastStatus": "STOPPED", "stoppedAt": 1.5e9}
        return {"tasks": [{**task, "containers": [{"name": "enrichment", "exitCode": code}]}], "failures": []}


@pytest.fixture(scope="module")
def compute(front):
    fake = FakeCompute()
    front._routes.insert(0, (lambda request: request.path.endswith("/invocations"), fake.invoke))
    front.json_target("AWSGlue.StartJobRun", fake.start_job_run)
    front.json_target("AWSGlue.GetJobRun", fake.get_job_run)
    front.json_target("AWSGlue.BatchStopJobRun", fake.stop_runs)
    front.json_target("AmazonEC2ContainerServiceV20141113.RunTask", fake.run_task)
    front.json_target("AmazonEC2ContainerServiceV20141113.DescribeTasks", fake.describe_tasks)
    return fake


@pytest.fixture
def execute(front, compute, eventually):
    """Runs a definition to its end; gives what DescribeExecution tells."""
    machines = front.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/machine"

    def run(definition, given=None, query_language="JSONata"):
        body = {"QueryLanguage": query_language, **definition}
        name = f"m{len(machines.list_state_machines()['stateMachines'])}"
        arn = machines.create_state_machine(name=name, definition=json.dumps(body), roleArn=role)["stateMachineArn"]
        execution = machines.start_execution(stateMachineArn=arn, name="batch-1", input=json.dumps(given))
        arn = execution["executionArn"]
        return eventually(lambda: ended(machines.describe_execution(executionArn=arn)))

    return run


def ended(execution):
    return execution if execution["status"] != "RUNNING" else None


def one(**state):
    return {"StartAt": "A", "States": {"A": {"End": True, **state}}}


def invoke(name, payload="{% $states.input %}", **rest):
    arguments = {"FunctionName": name, "Payload": payload}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": arguments, **rest}


def output(execution):
    assert execution["status"] == "SUCCEEDED", execution
    return json.loads(execution["output"])


def test_an_array_is_an_execution_input_that_expressions_can_read(execute):
    expression = "{% {'n': $count($states.input), 'keys': $states.input.key, 'name': $states.context.Execution.Name} %}"
    given = [{"key": "raw/a", "size": 1}, {"key": "raw/b", "size": 2}]
    result = output(execute(one(Type="Pass", Output=expression), given))
    assert result == {"n": 2, "keys": ["raw/a", "raw/b"], "name": "batch-1"}


def test_the_context_tells_input_and_start_of_the_execution(execute):
    expression = "{% [$states.context.Execution.Input[0].a, $toMillis($states.context.Execution.StartTime)] %}"
    value, started = output(execute(one(Type="Pass", Output=expression), [{"a": 7}]))
    assert value == 7
    assert abs(started / 1000 - time.time()) < 60


def test_arguments_assign_output_and_condition_work_together(execute):
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                **invoke("echo", {"n": "{% $states.input.n + 1 %}"}),
                "Assign": {"n": "{% $states.result.Payload.n %}"},
                "Output": {"was": "{% $states.input.n %}"},
                "Next": "B",
            },
            "B": {"Type": "Choice", "Choices": [{"Condition": "{% $n > 1 %}", "Next": "Big"}], "Default": "Small"},
            "Big": {"Type": "Succeed", "Output": {"n": "{% $n %}", "was": "{% $states.input.was %}"}},
            "Small": {"Type": "Fail"},
        },
    }
    assert output(execute(definition, {"n": 1})) == {"n": 2, "was": 1}


def test_a_lambda_error_is_caught_by_its_type_and_keeps_its_json(execute):
    definition = {
        "StartAt": "A",
        "States": {
            "A": {
                **invoke("fails"),
                "End": True,
                "Catch": [
                    {
                        "ErrorEquals": ["ValidationFailed"],
                        "Assign": {
                            "error": "{% $states.errorOutput.Error %}",
                            "cause": "{% $states.errorOutput.Cause %}",
                        },
                        "Output": {"caught": True},
                        "Next": "B",
                    }
                ],
            },
            "B": {**invoke("echo", {"cause": "{% $cause %}", "input": "{% $states.input %}"}), "Next": "C"},
            "C": {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $parse($cause).errorMessage %}"},
        },
    }
    execution = execute(definition, {})
    assert execution["status"] == "FAILED"
    assert execution["error"] == "ValidationFailed"
    assert execution["cause"] == 'expect "a"\nto be b'


def test_a_retry_with_backoff_ends_in_success(execute, compute):
    compute.failures_left = 2
    retry = [{"ErrorEquals": ["ValidationFailed"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 3}]
    result = output(execute(one(**invoke("flaky", {"a": 1}, Retry=retry))))
    assert result["Payload"] == {"a": 1}


def test_an_inline_map_keeps_the_order_of_its_items(execute):
    processor = {
        "ProcessorConfig": {"Mode": "INLINE"},
        **one(**invoke("echo", Output="{% $states.result.Payload * 2 %}")),
    }
    state = {"Type": "Map", "Items": "{% $states.input.xs %}", "MaxConcurrency": 2, "ItemProcessor": processor}
    assert output(execute(one(**state), {"xs": [1, 2, 3]})) == [2, 4, 6]


def test_a_failing_expression_can_be_caught_by_its_name(execute):
    task = invoke("echo", {"n": "{% $number('x') %}"})
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "B"}]
    definition = {
        "StartAt": "A",
        "States": {"A": {**task, "End": True, "Catch": catch}, "B": {"Type": "Succeed", "Output": "caught"}},
    }
    assert output(execute(definition)) == "caught"


def test_hash_and_uuid_are_functions(execute):
    result = output(execute(one(Type="Pass", Output="{% [$hash('a', 'SHA-256'), $string($length($uuid()))] %}")))
    assert result == ["ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", "36"]


def glue(job, **rest):
    arguments = {"JobName": job, "Arguments": {"--manifest": "{% $states.context.Execution.Name %}"}}
    return {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Arguments": arguments, **rest}


def test_a_glue_run_is_waited_for_and_its_times_are_text(execute, compute):
    result = output(execute(one(**glue("SUCCEEDED"))))
    assert result["JobRunState"] == "SUCCEEDED"
    assert result["StartedOn"] == "2017-07-14T02:40:00Z"
    assert list(compute.runs.values())[-1]["Arguments"] == {"--manifest": "batch-1"}


@pytest.mark.parametrize("state", ["FAILED", "STOPPED"])
def test_a_glue_run_that_did_not_succeed_fails_the_state(execute, state):
    execution = execute(one(**glue(state)))
    assert execution["error"] == "States.TaskFailed"
    assert json.loads(execution["cause"])["JobRunState"] == state


def test_a_glue_run_is_stopped_when_the_state_times_out(execute, compute, eventually):
    execution = execute(one(**glue("RUNNING", TimeoutSeconds=1)))
    assert execution["error"] == "States.Timeout"
    assert eventually(lambda: compute.stopped)


def run_task():
    arguments = {
        "Cluster": CLUSTER,
        "TaskDefinition": "enrichment:1",
        "CapacityProviderStrategy": [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
        "Overrides": {"ContainerOverrides": [{"Name": "enrichment", "Environment": [{"Name": "A", "Value": "b"}]}]},
    }
    return {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Arguments": arguments}


def test_an_ecs_task_that_ends_with_0_is_a_success(execute, compute):
    compute.exit_code = 0
    result = output(execute(one(**run_task())))
    assert result["Containers"][0]["ExitCode"] == 0


def test_an_ecs_task_that_ends_with_another_code_fails_the_state(execute, compute):
    compute.exit_code = 7
    execution = execute(one(**run_task()))
    assert execution["error"] == "States.TaskFailed"
    assert json.loads(execution["cause"])["Containers"][0]["ExitCode"] == 7


def test_a_state_that_takes_too_long_times_out(execute):
    assert execute(one(**invoke("slow", {}, TimeoutSeconds=1)))["error"] == "States.Timeout"


def test_an_execution_that_takes_too_long_times_out(execute):
    execution = execute({"TimeoutSeconds": 1, **one(Type="Wait", Seconds=20)})
    assert execution["status"] == "TIMED_OUT"
    assert execution["stopDate"] > execution["startDate"]


def test_a_definite_path_gives_the_value(execute):
    state = one(Type="Pass", Parameters={"one.$": "$.a[0].b", "many.$": "$.a[*].b"})
    assert output(execute(state, {"a": [{"b": 5}]}, "JSONPath")) == {"one": 5, "many": [5]}


def test_tasks_call_with_the_credentials_of_the_role(execute, compute):
    output(execute(one(**invoke("echo", {}))))
    assert "Credential=ASIA" in compute.calls[-1][2]


def test_the_end_of_an_execution_is_told_to_rules(front, execute, eventually):
    queue = front.client("sqs").create_queue(QueueName="ends")["QueueUrl"]
    pattern = {"source": ["aws.states"], "detail": {"status": ["FAILED", "TIMED_OUT"]}}
    front.client("events").put_rule(Name="ends", EventPattern=json.dumps(pattern))
    target = {"Id": "q", "Arn": "arn:aws:sqs:eu-west-1:123456789012:ends"}
    front.client("events").put_targets(Rule="ends", Targets=[target])
    execute(one(Type="Pass"))
    execute({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Boom", "Cause": "why"}}})
    messages = eventually(lambda: front.client("sqs").receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(messages[0]["Body"])["detail"]["error"] == "Boom"


class TestMotoItself:
    """Each of these fails when moto no longer needs the mend."""

    def test_has_no_jsonata_evaluator(self):
        from moto.stepfunctions.parser.asl.jsonata import jsonata as own

        assert "_eval_jsonata = None" in inspect.getsource(own.eval_jsonata_expression)

    def test_breaks_on_a_quote_in_a_text_variable(self):
        declared = jsonata.moto_declarations({"$cause": 'say "no"'})
        with pytest.raises(JSONataException):
            jsonata.evaluate(compose_jsonata_expression("$cause", [declared]))

    def test_gives_a_list_for_a_definite_path(self):
        assert json_path.moto_extract("$.a[0].b", {"a": [{"b": 5}]}) == [5]

    def test_leaves_parameters_and_answers_as_they_are(self):
        parameters = {"Cluster": "c"}
        api_names.moto_parameters(None, parameters)
        api_names.moto_response(None, parameters)
        assert parameters == {"Cluster": "c"}

    def test_lists_no_task_token_for_glue(self):
        assert {str(one) for one in glue_runs.PATTERNS} == {"sync"}

    def test_drops_the_capacity_of_a_task(self):
        assert "CapacityProviderStrategy" not in ecs_tasks.MOTO_PARAMETERS

    def test_does_not_look_at_exit_codes(self):
        assert "ExitCode" not in inspect.getsource(ecs_tasks.moto_resolver)

    def test_tells_a_text_output_as_it_is_and_no_end_of_what_timed_out(self):
        source = inspect.getsource(outcomes.moto_describe)
        assert 'response["output"] = execution.output' in source
        assert "TIMED_OUT" not in source

    def test_makes_clients_with_made_up_keys(self):
        assert '"ak"' in inspect.getsource(clients.moto_client_for)

    def test_leaves_work_going_and_looks_seldom(self):
        assert waiting.moto_seconds == 0.5
        assert "stop" not in inspect.signature(waiting.moto_wait).parameters

    def test_tells_no_rule_of_an_execution(self):
        assert "event" not in inspect.getsource(status_events.moto_reflect)
