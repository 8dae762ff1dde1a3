"""Stacks as a client sees them: creation, refusals, roll-back, updates, change sets, deletion."""

import json

import pytest
from botocore.exceptions import ClientError, WaiterError

TOPIC = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "alarms"}}


def parameter(name, value="1", **rest):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Name": name, "Value": value}, **rest}


def events(front, stack):
    found = front.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [(one["LogicalResourceId"], one["ResourceStatus"]) for one in reversed(found)]


def exists(front, name):
    return bool(front.client("ssm").get_parameters(Names=[name])["Parameters"])


def test_a_stack_tells_outputs_resources_and_events(front, deploy):
    stack, _ = deploy(
        "good", {"T": TOPIC, "P": parameter("/good", {"Ref": "T"})}, Outputs={"Arn": {"Value": {"Ref": "T"}}}
    )
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Outputs"][0]["OutputValue"] == "arn:aws:sns:eu-west-1:123456789012:alarms"
    resources = front.client("cloudformation").describe_stack_resources(StackName="good")["StackResources"]
    assert {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}["P"] == "/good"
    assert events(front, "good")[0] == ("good", "CREATE_IN_PROGRESS")
    assert ("T", "CREATE_COMPLETE") in events(front, "good")


def test_an_unknown_type_fails_the_stack_and_is_named(front, deploy):
    stack, reasons = deploy("unknown", {"P": parameter("/u"), "Q": {"Type": "AWS::Quantum::Ledger"}})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Q (AWS::Quantum::Ledger): the local AWS has no resource type AWS::Quantum::Ledger" in reasons
    assert not exists(front, "/u")
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        waiter = front.client("cloudformation").get_waiter("stack_create_complete")
        waiter.wait(StackName="unknown", WaiterConfig={"Delay": 1, "MaxAttempts": 1})


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({"Type": "AWS::SNS::Topic", "Properties": {"Colour": "red"}}, "X (AWS::SNS::Topic): property Colour"),
        (
            {"Type": "AWS::Glue::Job", "Properties": {"Role": "r", "Command": {"Nane": "glueetl"}}},
            "X (AWS::Glue::Job): property Command.Nane is not supported",
        ),
        (
            {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {"Rules": [{"Staus": "Enabled"}]}}},
            "X (AWS::S3::Bucket): property LifecycleConfiguration.Rules[0]: ['Staus'] not supported",
        ),
        (
            {"Type": "AWS::Scheduler::Schedule", "Properties": {"FlexibleTimeWindow": {"Mode": False}}},
            "property FlexibleTimeWindow.Mode must be one of ['FLEXIBLE', 'OFF'], not False",
        ),
    ],
)
def test_an_unknown_property_fails_the_stack_and_is_named(deploy, resource, reason):
    stack, reasons = deploy(resource["Type"].replace("::", "-"), {"X": resource})
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in reasons


def test_a_failed_creation_removes_what_was_made_but_keeps_what_is_retained(front, deploy):
    resources = {
        "A": parameter("/gone"),
        "B": parameter("/kept", DeletionPolicy="Retain"),
        "C": {
            "Type": "AWS::SNS::Subscription",
            "DependsOn": ["A", "B"],
            "Properties": {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:none", "Protocol": "sqs", "Endpoint": "x"},
        },
    }
    stack, _ = deploy("half", resources)
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert (exists(front, "/gone"), exists(front, "/kept")) == (False, True)
    assert ("B", "DELETE_SKIPPED") in events(front, "half")


def test_a_caller_can_have_retained_resources_of_a_failed_creation_removed(front):
    resources = {
        "A": parameter("/anew", DeletionPolicy="Retain"),
        "B": {"Type": "AWS::SSM::Parameter", "DependsOn": "A"},
    }
    client, body = front.client("cloudformation"), json.dumps({"Resources": resources})
    client.create_stack(StackName="anew", TemplateBody=body, RetainExceptOnCreate=True)
    assert client.describe_stacks(StackName="anew")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    assert not exists(front, "/anew")


def test_conditions_decide_which_resources_exist(front, deploy):
    conditions = {"HasMail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Mail"}, ""]}]}}
    resources = {"A": parameter("/always"), "B": parameter("/mail", Condition="HasMail")}
    rest = {"Parameters": {"Mail": {"Type": "String", "Default": ""}}, "Conditions": conditions}
    deploy("mail", resources, **rest)
    assert not exists(front, "/mail")
    deploy("mail", resources, change=True, values={"Mail": "a@b.c"}, **rest)
    assert exists(front, "/mail")
    deploy("mail", resources, change=True, values={"Mail": ""}, **rest)
    assert not exists(front, "/mail")


def test_an_update_adds_changes_and_removes(front, deploy):
    deploy("update", {"A": parameter("/up/a"), "B": parameter("/up/b")})
    stack, _ = deploy("update", {"A": parameter("/up/a", "2"), "C": parameter("/up/c")}, change=True)
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert front.client("ssm").get_parameter(Name="/up/a")["Parameter"]["Value"] == "2"
    assert (exists(front, "/up/b"), exists(front, "/up/c")) == (False, True)


def test_an_update_without_changes_is_refused_as_aws_does(deploy):
    deploy("same", {"A": parameter("/same")})
    with pytest.raises(ClientError, match="No updates are to be performed"):
        deploy("same", {"A": parameter("/same")}, change=True)


def test_a_change_that_needs_a_replacement_is_refused_and_rolled_back(front, deploy):
    deploy("replace", {"A": parameter("/re/a"), "T": TOPIC | {"Properties": {"TopicName": "t1"}}})
    changed = {"A": parameter("/re/a", "2"), "T": TOPIC | {"Properties": {"TopicName": "t2"}, "DependsOn": "A"}}
    stack, reasons = deploy("replace", changed, change=True)
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "T (AWS::SNS::Topic): the local AWS cannot change ['TopicName'] in place" in reasons
    assert front.client("ssm").get_parameter(Name="/re/a")["Parameter"]["Value"] == "1"


def test_an_update_never_deletes_what_holds_data(front, deploy):
    stream = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "precious", "ShardCount": 1}}
    deploy("data", {"S": stream, "A": parameter("/data")})
    deploy("data", {"A": parameter("/data")}, change=True)
    assert ("S", "DELETE_SKIPPED") in events(front, "data")
    assert front.client("kinesis").describe_stream_summary(StreamName="precious")


def test_deletion_removes_resources_and_respects_retain(front, deploy):
    deploy("delete", {"A": parameter("/de/a"), "B": parameter("/de/b", DeletionPolicy="Retain")})
    client = front.client("cloudformation")
    client.delete_stack(StackName="delete")
    assert (exists(front, "/de/a"), exists(front, "/de/b")) == (False, True)
    with pytest.raises(ClientError, match="Stack with id delete does not exist"):
        client.describe_stacks(StackName="delete")
    deploy("delete", {"A": parameter("/de/a")})


def test_a_bucket_with_objects_is_not_deleted(front, deploy):
    deploy("full", {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full-bucket"}}})
    front.client("s3").put_object(Bucket="full-bucket", Key="a", Body=b"1")
    front.client("cloudformation").delete_stack(StackName="full")
    stack = front.client("cloudformation").describe_stacks(StackName="full")["Stacks"][0]
    assert stack["StackStatus"] == "DELETE_FAILED"


def test_exports_reach_other_stacks_and_are_guarded(front, deploy):
    told = {"Name": {"Value": "shared-value", "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-name"}}}}
    deploy("exporter", {"A": parameter("/ex")}, Outputs=told)
    deploy("importer", {"B": parameter("/im", {"Fn::ImportValue": "exporter-name"})})
    assert front.client("ssm").get_parameter(Name="/im")["Parameter"]["Value"] == "shared-value"
    client = front.client("cloudformation")
    assert client.list_exports()["Exports"][0]["Name"] == "exporter-name"
    assert client.list_imports(ExportName="exporter-name")["Imports"] == ["importer"]
    with pytest.raises(ClientError, match="in use by"):
        client.delete_stack(StackName="exporter")


def test_stored_parameters_are_read_at_every_deploy(front, deploy):
    deploy("writer", {"A": parameter("/from/writer", "one")})
    declared = {"Name": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/from/writer"}}
    resources = {"B": parameter("/reader", {"Fn::Sub": "got ${Name}"})}
    deploy("reader", resources, Parameters=declared)
    deploy("writer", {"A": parameter("/from/writer", "two")}, change=True)
    deploy("reader", resources, change=True, Parameters=declared)
    assert front.client("ssm").get_parameter(Name="/reader")["Parameter"]["Value"] == "got two"
    declared["Name"]["Default"] = "/from/nobody"
    with pytest.raises(ClientError, match="Unable to fetch parameters"):
        deploy("other", resources, Parameters=declared)


def propose(client, kind, resources, **rest):
    body = json.dumps({"Resources": resources, "Parameters": {"V": {"Type": "String", "Default": "1"}}})
    request = {"StackName": "sets", "ChangeSetName": "c", "ChangeSetType": kind, "TemplateBody": body, **rest}
    client.create_change_set(**request)
    return client.describe_change_set(StackName="sets", ChangeSetName="c")


def test_change_sets_deploy_as_the_command_line_does(front):
    client, resources = front.client("cloudformation"), {"A": parameter("/set", {"Ref": "V"})}
    proposal = propose(client, "CREATE", resources)
    assert proposal["Changes"][0]["ResourceChange"]["Action"] == "Add"
    assert client.describe_stacks(StackName="sets")["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    client.execute_change_set(StackName="sets", ChangeSetName=proposal["ChangeSetId"])
    client.get_waiter("stack_create_complete").wait(StackName="sets")
    same = propose(client, "UPDATE", resources, Parameters=[{"ParameterKey": "V", "UsePreviousValue": True}])
    assert same["Status"] == "FAILED"
    assert "didn't contain changes" in same["StatusReason"]
    changed = propose(client, "UPDATE", resources, Parameters=[{"ParameterKey": "V", "ParameterValue": "2"}])
    assert changed["Changes"][0]["ResourceChange"]["Action"] == "Modify"
    client.execute_change_set(StackName="sets", ChangeSetName=changed["ChangeSetId"])
    client.get_waiter("stack_update_complete").wait(StackName="sets")
    assert front.client("ssm").get_parameter(Name="/set")["Parameter"]["Value"] == "2"


def test_a_template_may_lie_in_a_bucket(front):
    s3 = front.client("s3")
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="templates", Key="t.json", Body=json.dumps({"Resources": {"A": parameter("/in/s3")}}))
    url = "https://s3.eu-west-1.amazonaws.com/templates/t.json"
    front.client("cloudformation").create_stack(StackName="stored", TemplateURL=url)
    assert exists(front, "/in/s3")
    summary = front.client("cloudformation").validate_template(TemplateURL=url)
    assert summary["Parameters"] == []


def test_a_template_with_roles_needs_the_callers_word(front):
    body = json.dumps({"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}}})
    client = front.client("cloudformation")
    with pytest.raises(client.exceptions.InsufficientCapabilitiesException, match="CAPABILITY_NAMED_IAM"):
        client.create_stack(StackName="roles", TemplateBody=body)
