"""The state machine: nothing can hang, nothing can fail in silence, and its names meet the template's."""

import json
import re

import pytest
from jsonata.jsonata import Jsonata
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

OBJECT = {"bucket": "b", "key": "raw/k", "version": "1", "size": 3}
NOT_RETRIED = {"States.ALL", "States.TaskFailed", "ValidationFailed"}


@pytest.fixture(scope="module")
def text(root):
    return (root / "infra/state_machines/process_batch.asl.json").read_text()


@pytest.fixture(scope="module")
def states(text):
    return json.loads(text)["States"]


@pytest.fixture(scope="module")
def tasks(states):
    inner = [s for state in states.values() if state["Type"] == "Map" for s in state["ItemProcessor"]["States"].items()]
    return {name: state for name, state in [*states.items(), *inner] if state["Type"] == "Task"}


def following(state):
    choices = [rule["Next"] for rule in state.get("Choices", [])]
    caught = [catch["Next"] for catch in state.get("Catch", [])]
    return {state[member] for member in ("Next", "Default") if member in state} | {*choices, *caught}


def evaluated(expression, **variables):
    """The value of `{% … %}`, with the variables bound as Step Functions binds them."""
    bound = "".join(f"${name} := {json.dumps(value)};" for name, value in variables.items())
    return Jsonata(f"({bound}{expression[2:-2]})").evaluate(None)


def test_the_definition_parses(text):
    AmazonStateLanguageParser.parse(text)


def test_the_comment_says_what_starts_it_and_what_success_means(text):
    comment = json.loads(text)["Comment"]
    assert "Started by" in comment and "Success means" in comment


def test_every_state_can_be_reached_and_none_leads_nowhere(text, states):
    reached, waiting = set(), [json.loads(text)["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += following(states[name])
    assert reached == set(states)


def test_every_task_ends_by_a_timeout_at_the_latest(text, tasks):
    whole = json.loads(text)["TimeoutSeconds"]
    for name, task in tasks.items():
        assert 0 < task["TimeoutSeconds"] < whole, name


def test_every_task_retries_named_transient_errors_only(tasks):
    for name, task in tasks.items():
        assert task["Retry"], name
        for retry in task["Retry"]:
            assert not NOT_RETRIED & set(retry["ErrorEquals"]), name
            assert retry["JitterStrategy"] == "FULL", name


def test_every_state_that_can_fail_catches_everything_and_ends_in_a_fail_with_error_and_cause(states):
    for name, task in states.items():
        if task["Type"] not in ("Task", "Map"):
            continue
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert ends_after_failure(states, task["Catch"][-1]["Next"]), name


def ends_after_failure(states, name):
    state = states[name]
    if state["Type"] == "Choice":
        return ends_after_failure(states, state["Default"])
    if state["Type"] == "Fail":
        return bool(state["Error"] and state["Cause"])
    return ends_after_failure(states, state["Next"]) and ends_after_failure(states, state["Catch"][-1]["Next"])


def test_every_choice_is_a_question_with_a_default_that_fails(states):
    for name, state in states.items():
        assert name.endswith("?") == (state["Type"] == "Choice"), name
        if state["Type"] == "Choice":
            assert ends_after_failure(states, state["Default"]), name


def test_a_failure_after_the_commit_does_not_mark_the_batch_as_failed(states):
    after_the_commit = [
        "Record the commit",
        "Publish the rows",
        "Send the shares side by side",
        "Record the publication",
    ]
    assert {states[name]["Catch"][-1]["Next"] for name in after_the_commit} == {"The batch was not published"}
    assert states["The batch was not published"]["Type"] == "Fail"


def test_the_failure_of_the_failure_record_keeps_the_first_error(states):
    assert states["Record the failure"]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "The batch failed"}]


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ([OBJECT], 0),
        ({"objects": [OBJECT], "attempt": 2}, 1),
        ({"republish": "b-1"}, 2),
        ({"backfill": "backfill-1"}, 3),
        ({"other": 1}, None),
        ("text", None),
    ],
)
def test_each_input_takes_its_own_way_and_any_other_fails(states, given, taken):
    rules = states["Is this a new batch?"]["Choices"]
    true = [at for at, rule in enumerate(rules) if evaluated(rule["Condition"], states={"input": given})]
    assert true == ([] if taken is None else [taken])


def test_the_manifest_gets_a_list_even_of_one_object(states):
    pipe, reconciliation, *_ = states["Is this a new batch?"]["Choices"]
    handed_on = evaluated(pipe["Output"]["objects"], states={"input": [OBJECT]})
    assert handed_to_the_manifest(states, {"objects": handed_on})["objects"] == [OBJECT]
    assert "Output" not in reconciliation


def handed_to_the_manifest(states, given):
    known = {"batch_id": "b-1", "started_at": "2026-11-22T12:00:00Z", "attempt": 2}
    return evaluated(states["Write the manifest"]["Arguments"]["Payload"], states={"input": given}, **known)


def test_the_manifest_gets_what_started_the_execution_and_who_it_is(states):
    known = {"batch_id": "b-1", "started_at": "2026-11-22T12:00:00Z", "attempt": 2}
    assert handed_to_the_manifest(states, {"objects": [OBJECT], "attempt": 2}) == {"objects": [OBJECT], **known}
    assert handed_to_the_manifest(states, {"backfill": "b-1"}) == {"backfill": "b-1", **known}


def test_a_backfill_is_committed_but_not_published_and_runs_on_spare_capacity(states):
    ways = states["Is this a new batch?"]["Choices"]
    classes = [way["Assign"].get("execution_class") for way in ways]
    assert classes == ["STANDARD", "STANDARD", None, "FLEX"]
    rules = states["Are the rows new?"]["Choices"]
    taken = {flag: [r["Next"] for r in rules if evaluated(r["Condition"], is_backfill=flag)] for flag in (True, False)}
    assert taken == {True: ["The partitions are replaced"], False: ["Publish the rows"]}
    assert states["The partitions are replaced"]["Type"] == "Succeed"


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ({"is_published": True, "shares": []}, "Record the publication"),
        ({"is_published": False, "shares": [{"batch_id": "b-1", "parts": [0]}]}, "Send the shares side by side"),
        ({"is_published": False, "shares": []}, None),
        ({"batch_id": "b-1", "published": 3}, None),
    ],
)
def test_an_answer_of_the_publisher_is_followed_or_fails(states, answer, taken):
    rules = states["Are all rows sent?"]["Choices"]
    true = [rule["Next"] for rule in rules if evaluated(rule["Condition"], states={"input": answer}) is True]
    assert true == ([taken] if taken else [])


def test_shares_are_sent_a_bounded_number_at_a_time_and_the_publisher_is_asked_again(states):
    shares = states["Send the shares side by side"]
    assert evaluated(shares["MaxConcurrency"].replace("${PublisherConcurrency}", "5")) == 5
    assert (shares["Next"], states["Publish the rows"]["Next"]) == ("Publish the rows", "Are all rows sent?")


def test_what_failed_before_is_tried_again_once_and_only_when_a_batch_is_republished(states):
    republish = states["Is this a new batch?"]["Choices"][2]
    again = [state["Assign"]["again"] for state in (republish, states["Record the commit"], states["Publish the rows"])]
    assert again == [True, False, False]


def test_a_commit_of_unknown_outcome_is_not_recorded_as_a_failure(states):
    assert states["Commit the batch"]["Catch"][-1]["Next"] == "The outcome of the commit is unknown"
    assert states["The outcome of the commit is unknown"]["Type"] == "Fail"


@pytest.mark.parametrize(
    ("lines", "following"), [(499_999, "Validate the data files"), (500_000, "Evaluate the suite on Spark")]
)
def test_spark_is_asked_about_a_batch_past_the_threshold_alone(states, lines, following):
    threshold = states["Write the manifest"]["Assign"]["is_large"].replace("${ValidationSparkLines}", "500000")
    is_large = evaluated(threshold, states={"result": {"Payload": {"raw_lines": lines}}})
    assert is_large is (following == "Evaluate the suite on Spark")
    rules = states["Is this a large batch?"]["Choices"]
    assert [rule["Next"] for rule in rules if evaluated(rule["Condition"], is_large=is_large)] == [following]
    handed_on = states["Validate the data files"]["Arguments"]["Payload"]["is_evaluated"]
    assert evaluated(handed_on, is_large=is_large) is is_large


INTERRUPTED = '{"StopCode":"SpotInterruption","StoppedReason":"Your Spot Task was interrupted."}'


@pytest.fixture(scope="module")
def of_a_share(states):
    return states["Enrich the staged events"]["ItemProcessor"]["States"]


@pytest.mark.parametrize(
    ("cause", "interruptions", "following"),
    [
        (INTERRUPTED, 1, "Enrich the share"),
        (INTERRUPTED, 2, "Enrich the share without Spot"),
        ("Capacity is unavailable at this time. Please try again later", 0, "Enrich the share without Spot"),
        ('{"StopCode":"EssentialContainerExited","Containers":[{"ExitCode":1}]}', 2, "The share was not enriched"),
        ("No cause was given.", 0, "The share was not enriched"),
    ],
)
def test_spot_is_tried_again_once_and_left_when_taken_away_twice_or_not_to_be_had(
    of_a_share, cause, interruptions, following
):
    question = of_a_share["Was Spot taken away or not to be had?"]
    known = {"share_cause": cause, "interruptions": interruptions}
    true = [rule["Next"] for rule in question["Choices"] if evaluated(rule["Condition"], **known)]
    assert [*true, question["Default"]][0] == following
    on_demand = of_a_share["Enrich the share without Spot"]["Arguments"]["CapacityProviderStrategy"]
    assert on_demand == [{"CapacityProvider": "FARGATE", "Weight": 1}]


def test_every_failure_of_a_share_ends_in_a_fail_with_error_and_cause(of_a_share):
    for name, state in of_a_share.items():
        if state["Type"] == "Task":
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
    ends = {
        "Enrich the share": "Was Spot taken away or not to be had?",
        "Enrich the share without Spot": "The share was not",
    }
    assert all(of_a_share[name]["Catch"][-1]["Next"].startswith(end) for name, end in ends.items())
    assert of_a_share["The share was not enriched"]["Type"] == "Fail"


@pytest.mark.parametrize(
    ("lines", "shares"),
    [(0, [0]), (1, [0]), (2_000_000, [0]), (2_000_001, [0, 1]), (10**9, [*range(16)])],
)
def test_a_small_batch_is_one_task_and_a_large_one_several(states, lines, shares):
    filled = {"EnrichmentMostShares": "16", "EnrichmentShareLines": "2000000"}
    counted = states["Write the manifest"]["Assign"]["enrichment_shares"]
    for name, value in filled.items():
        counted = counted.replace(f"${{{name}}}", value)
    number = evaluated(counted, states={"result": {"Payload": {"raw_lines": lines}}})
    assert evaluated(states["Enrich the staged events"]["Items"], enrichment_shares=number) == shares


@pytest.mark.parametrize(
    ("answer", "is_backfill", "taken", "error"),
    [
        ({"success": True}, False, "Commit the batch", None),
        ({"success": True}, True, "Commit the batch", None),
        ({"success": False, "cause": "why"}, False, "Quarantine the batch", "Quarantined"),
        ({"success": False, "cause": "why"}, True, "Record the failure", "ValidationFailed"),
        ({"rows": 3}, False, None, None),
    ],
)
def test_data_that_fails_is_kept_back_and_a_backfill_that_fails_is_a_failure(states, answer, is_backfill, taken, error):
    rules = states["May the rows become visible?"]["Choices"]
    known = {"states": {"input": answer}, "is_backfill": is_backfill}
    true = [rule for rule in rules if evaluated(rule["Condition"], **known) is True]
    assert [rule["Next"] for rule in true] == ([taken] if taken else [])
    assert [rule.get("Assign", {}).get("error") for rule in true] == ([error] if taken else [])
    assert all(evaluated(r["Assign"]["cause"], **known) == "why" for r in true if "Assign" in r)


def test_a_batch_that_is_kept_back_is_recorded_and_ends_as_a_failure(states):
    kept_back = states["Quarantine the batch"]
    payload = evaluated_payload(kept_back)
    assert payload == {
        "batch_id": "b-1",
        "started_at": "2026-11-22T12:00:00Z",
        "status": "quarantined",
        "error": "Quarantined",
        "cause": "why",
    }
    assert states[kept_back["Next"]]["Type"] == "Fail"
    assert states[kept_back["Catch"][-1]["Next"]]["Type"] == "Fail"


def evaluated_payload(state):
    known = {"batch_id": "b-1", "started_at": "2026-11-22T12:00:00Z", "error": "Quarantined", "cause": "why"}
    payload = state["Arguments"]["Payload"]
    return {name: evaluated(value, **known) if "{%" in value else value for name, value in payload.items()}


def test_a_release_reaches_the_manifest(states):
    release = {"batch_id": "b-0", "accepted": []}
    given = {"objects": [OBJECT], "attempt": 1, "release": release}
    assert handed_to_the_manifest(states, given)["release"] == release


def test_an_error_without_a_cause_still_gives_the_fail_state_one(states):
    cause = states["Commit the batch"]["Catch"][-1]["Assign"]["cause"]
    assert evaluated(cause, states={"errorOutput": {"Error": "States.Timeout"}}) == "No cause was given."


def test_placeholders_are_exactly_what_the_template_fills_in(text, templates):
    machine = templates["processing"]["Resources"]["StateMachine"]["Properties"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine["DefinitionSubstitutions"])


def test_the_role_may_call_every_function_that_the_definition_calls(text, templates):
    resources = templates["processing"]["Resources"]
    filled = resources["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    called = [filled[name] for name in sorted(set(re.findall(r"\$\{(\w+Function)\}", text)))]
    (policy,) = resources["StateMachineRole"]["Properties"]["Policies"]
    (allowed,) = [s["Resource"] for s in policy["PolicyDocument"]["Statement"] if s["Sid"] == "CallTheSteps"]
    assert sorted(map(str, called)) == sorted(map(str, allowed))
