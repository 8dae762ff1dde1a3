"""Deployment: keys by content, parameters by rule, stacks by change set, failures with their cause."""

import io
import zipfile

import pytest
from botocore.exceptions import ClientError

from cli.deployment.artifacts import Artifact, image_tag, library
from cli.deployment.deploy import STACKS, chosen_parameters, outermost, parameter_name, stage_settings, wanted_stacks
from cli.deployment.stacks import apply
from contracts.errors import PipelineError

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@pytest.fixture
def tree(tmp_path):
    for name in ("contracts/purchase.json", "contracts/types.py", "lake/layout.py", "jobs/process_events/job.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "lake/__pycache__").mkdir()
    (tmp_path / "lake/__pycache__/layout.pyc").write_text("compiled")
    return tmp_path


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "storage.yaml"
    path.write_text("Resources: {}")
    return path


class FakeCloudFormation:
    """Keeps one stack; a change set leads to `outcome`, or is refused for `refusal`."""

    def __init__(self, status=None, outcome="CREATE_COMPLETE", refusal="", events=()):
        self.status, self.outcome, self.refusal, self.events = status, outcome, refusal, list(events)
        self.calls = []

    def describe_stacks(self, StackName):
        if self.status is None:
            raise ClientError({"Error": {"Message": f"Stack with id {StackName} does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status, "StackId": "stack-id"}]}

    def create_change_set(self, **request):
        self.calls.append(("create_change_set", request["ChangeSetType"]))
        self.request = request
        return {"Id": "change-set-id", "StackId": "stack-id"}

    def describe_change_set(self, ChangeSetName):
        status = "FAILED" if self.refusal else "CREATE_COMPLETE"
        return {"Status": status, "StatusReason": self.refusal}

    def execute_change_set(self, ChangeSetName, RetainExceptOnCreate):
        self.calls.append(("execute_change_set", RetainExceptOnCreate))
        self.status = self.outcome

    def delete_change_set(self, ChangeSetName):
        self.calls.append(("delete_change_set", ChangeSetName))

    def delete_stack(self, StackName):
        self.calls.append(("delete_stack", StackName))
        self.status = "DELETE_COMPLETE"

    def get_paginator(self, operation):
        return self

    def paginate(self, StackName):
        return [{"StackEvents": self.events}]


def applied(cloudformation, template):
    told = []
    outcome = apply(
        cloudformation, "p-s-storage", template, {"Stage": "s"}, {"project": "p"}, lambda *t: told.append(t)
    )
    return outcome, told


def event(resource, status, reason=None, physical="other"):
    kind = "AWS::CloudFormation::Stack" if physical == "stack-id" else "AWS::S3::Bucket"
    found = {"LogicalResourceId": resource, "ResourceType": kind, "ResourceStatus": status}
    return found | {"PhysicalResourceId": physical, "ResourceStatusReason": reason or "-"}


def test_the_same_content_has_the_same_key_and_other_content_another():
    one, same, other = (Artifact("K", "jobs/library.zip", body) for body in (b"a", b"a", b"b"))
    assert one.key == same.key == "jobs/library-ca978112ca1bbdca.zip"
    assert other.key != one.key


def test_the_library_holds_modules_and_contracts_and_is_the_same_bytes_every_time(tree):
    names = zipfile.ZipFile(io.BytesIO(library(tree))).namelist()
    assert names == ["contracts/purchase.json", "contracts/types.py", "jobs/process_events/job.py", "lake/layout.py"]
    first = library(tree)
    (tree / "lake/layout.py").touch()
    assert library(tree) == first


def test_an_image_tag_follows_what_the_image_copies_and_nothing_else(tree):
    before = image_tag(tree, "enrichment")
    (tree / "jobs/process_events/job.py").write_text("changed")
    assert image_tag(tree, "enrichment") == before
    (tree / "lake/layout.py").write_text("changed")
    assert image_tag(tree, "enrichment") != before


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("RawBucketName", "/tributary/dev/raw-bucket-name"),
        ("SubnetAId", "/tributary/dev/subnet-a-id"),
        ("KeyArn", "/tributary/dev/key-arn"),
    ],
)
def test_a_name_that_is_handed_over_stands_at_its_kebab(name, expected):
    assert parameter_name("tributary", "dev", name) == expected


def test_parameters_are_given_or_handed_over_or_left_to_their_default(template):
    declared = {
        "Stage": {"ParameterType": "String"},
        "KeyArn": {"ParameterType": "AWS::SSM::Parameter::Value<String>"},
        "LogRetentionDays": {"ParameterType": "Number", "DefaultValue": "30"},
    }
    values = {"Project": "p", "Stage": "s"}
    assert chosen_parameters(template, declared, values) == {"Stage": "s", "KeyArn": "/p/s/key-arn"}


def test_a_parameter_without_value_is_named_with_the_file_it_belongs_in(template):
    declared = {"AlarmEmail": {"ParameterType": "String"}}
    with pytest.raises(PipelineError) as raised:
        chosen_parameters(template, declared, {"Project": "p", "Stage": "s"})
    assert str(raised.value) == (
        "storage.yaml needs a value for AlarmEmail, and stage s has none. Add it to infra/stages/s.json."
    )


def test_an_unknown_stage_is_refused_with_the_known_ones(root):
    with pytest.raises(PipelineError, match=r"no stage 'nowhere'; there are \['dev', 'local', 'prod'\]"):
        stage_settings(root, "nowhere")


def test_a_new_stack_is_created_and_its_progress_told(template):
    cloudformation = FakeCloudFormation()
    outcome, told = applied(cloudformation, template)
    assert outcome == "created"
    assert told == [("p-s-storage", "creating"), ("p-s-storage", "CREATE_COMPLETE")]
    assert cloudformation.calls == [("create_change_set", "CREATE"), ("execute_change_set", True)]
    assert cloudformation.request["Tags"] == [{"Key": "project", "Value": "p"}]


def test_a_stack_that_stands_is_updated(template):
    cloudformation = FakeCloudFormation("CREATE_COMPLETE", outcome="UPDATE_COMPLETE")
    assert applied(cloudformation, template)[0] == "updated"
    assert cloudformation.calls == [("create_change_set", "UPDATE"), ("execute_change_set", False)]


def test_no_changes_are_a_success_that_leaves_nothing_behind(template):
    cloudformation = FakeCloudFormation("CREATE_COMPLETE", refusal=NO_CHANGES)
    assert applied(cloudformation, template) == ("unchanged", [])
    assert cloudformation.calls[-1] == ("delete_change_set", "change-set-id")


def test_a_refused_change_says_why(template):
    with pytest.raises(PipelineError, match="CloudFormation refused the change: Template error"):
        applied(FakeCloudFormation(refusal="Template error"), template)


def test_what_a_failed_creation_left_is_removed_before_the_next(template):
    cloudformation = FakeCloudFormation("ROLLBACK_COMPLETE")
    assert applied(cloudformation, template)[0] == "created"
    assert cloudformation.calls[0] == ("delete_stack", "p-s-storage")


def test_a_failed_stack_names_the_resource_that_failed_first_in_this_operation(template):
    events = [  # newest first, as CloudFormation tells them
        event("p-s-storage", "ROLLBACK_COMPLETE", physical="stack-id"),
        event("Later", "CREATE_FAILED", "Resource creation cancelled"),
        event("RawBucket", "CREATE_FAILED", "The bucket name is taken."),
        event("p-s-storage", "CREATE_IN_PROGRESS", "User Initiated", physical="stack-id"),
        event("Older", "CREATE_FAILED", "Of an earlier deployment."),
    ]
    with pytest.raises(PipelineError) as raised:
        applied(FakeCloudFormation(outcome="ROLLBACK_COMPLETE", events=events), template)
    assert str(raised.value) == (
        "stack p-s-storage ended as ROLLBACK_COMPLETE. "
        "RawBucket (AWS::S3::Bucket) failed first: The bucket name is taken."
    )


def test_new_columns_are_told_without_the_members_of_new_structs():
    assert outermost(["a.b", "a", "c.d", "ab"]) == ["a", "c.d", "ab"]


def test_quicksight_is_off_until_a_stage_names_who_owns_it(root):
    left_off = [name for name in STACKS if name not in wanted_stacks({"Stage": "dev"})]
    assert left_off == [name for name in STACKS if name.startswith("quicksight")] and len(left_off) == 5
    owner = "arn:aws:quicksight:eu-west-1:123456789012:group/default/owners"
    assert wanted_stacks({"QuickSightPrincipalArn": owner}) == list(STACKS)
    assert wanted_stacks({"QuickSightPrincipalArn": ""}) == wanted_stacks({})
    for stage in ("local", "dev", "prod"):
        assert "QuickSightPrincipalArn" not in stage_settings(root, stage), stage
