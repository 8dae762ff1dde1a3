"""Templates: reading, parameters, intrinsic functions. No AWS needed."""

import pytest

from local.cloudformation import parameters
from local.cloudformation.capabilities import check_capabilities
from local.cloudformation.intrinsics import Scope
from local.cloudformation.refusal import Refused
from local.cloudformation.template import creation_order, parse
from local.front import AwsError

STORED = {"/p/raw": "raw-bucket", "/p/two": "a, b"}


def resolve(node, **parts):
    names = {"AWS::Region": "eu-west-1", "AWS::StackName": "s", "Bucket": "b-1", "Empty": ""}
    scope = Scope(parts, names, {"shared": "from-elsewhere"}, lambda service, name: f"{service}={name}")
    scope.attributes["Bucket"] = {"Arn": "arn:aws:s3:::b-1", "A.B": "deep"}
    return scope.resolve(node)


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Bucket"}, "b-1"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::b-1"),
        ({"Fn::GetAtt": "Bucket.A.B"}, "deep"),
        ({"Fn::Sub": "s3://${Bucket}/${AWS::Region}/${!literal}"}, "s3://b-1/eu-west-1/${literal}"),
        ({"Fn::Sub": ["${Bucket.Arn}/${x}", {"x": {"Ref": "Bucket"}}]}, "arn:aws:s3:::b-1/b-1"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Bucket"}]]}, "a-b-1"),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "eu-west-1a"),
        ({"Fn::FindInMap": ["M", "k", "v"]}, 3),
        ({"Fn::ImportValue": "shared"}, "from-elsewhere"),
        ({"Fn::Base64": "a"}, "YQ=="),
        ({"Fn::ToJsonString": {"a": {"Ref": "Bucket"}}}, '{"a": "b-1"}'),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [1, {"Ref": "AWS::NoValue"}]}, {"b": [1]}),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, {"Ref": "AWS::StackName"}]}, "s"),
        ("x {{resolve:ssm:/a/b}} y", "x ssm=/a/b y"),
    ],
)
def test_an_intrinsic_function_gives_its_value(node, value):
    conditions = {
        "Yes": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Bucket"}, ""]}]},
        "No": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Or": [{"Fn::Equals": [1, "2"]}, {"Fn::Equals": [True, "no"]}]}]},
    }
    assert resolve(node, Conditions=conditions, Mappings={"M": {"k": {"v": 3}}}) == value


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"Ref": "Nobody"}, "Ref Nobody: no such parameter"),
        ({"Fn::GetAtt": ["Bucket", "Size"]}, "Fn::GetAtt Bucket.Size: no such attribute"),
        ({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}, "does not know Fn::Cidr"),
        ({"Fn::ImportValue": "nothing"}, "No export named nothing found"),
    ],
)
def test_what_cannot_be_resolved_is_refused_with_its_name(node, reason):
    with pytest.raises(Refused, match=reason):
        resolve(node)


def test_short_tags_and_dates_are_read_as_cloudformation_does():
    parsed = parse(
        "Resources: {A: {Type: T, Properties: {V: 2012-10-17, N: !GetAtt B.C.D, S: !Sub '${B}'}}, B: {Type: T}}"
    )
    properties = parsed["Resources"]["A"]["Properties"]
    assert properties == {"V": "2012-10-17", "N": {"Fn::GetAtt": ["B", "C.D"]}, "S": {"Fn::Sub": "${B}"}}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{}", "At least one Resources member"),
        ("Resources: {A: {Type: T}}\nTransform: X", "does not process the sections"),
        ("Resources: {A: {Properties: {}}}", "A. has no Type"),
        ("Resources: {A: {Type: T, CreationPolicy: {}}}", "A: unsupported attributes"),
        ("Resources: {A: {Type: T, Properties: {X: !Ref B}}}", "Unresolved resource dependencies .'B'."),
        ("Resources: [", "Template format error"),
    ],
)
def test_a_template_that_cannot_be_processed_is_refused(body, reason):
    with pytest.raises(AwsError, match=reason):
        parse(body)


def test_resources_come_after_what_they_need():
    resources = {
        "C": {"Type": "T", "Properties": {"x": {"Fn::Sub": "${B.Arn}"}}},
        "B": {"Type": "T", "DependsOn": "A"},
        "A": {"Type": "T"},
    }
    assert creation_order({"Resources": resources}) == ["A", "B", "C"]
    resources["A"]["DependsOn"] = ["C"]
    with pytest.raises(AwsError, match="Circular dependency"):
        creation_order({"Resources": resources})


def values(declared, *entries, previous=None):
    template = {"Parameters": declared}
    given = parameters.given_values(list(entries), template, previous or {})
    return parameters.resolved_values(given, template, STORED.__getitem__)


def entry(name, value):
    return {"ParameterKey": name, "ParameterValue": value}


def test_parameters_take_defaults_previous_and_stored_values():
    declared = {
        "Size": {"Type": "Number", "Default": 3},
        "Raw": {"Type": "AWS::SSM::Parameter::Value<String>"},
        "Two": {"Type": "AWS::SSM::Parameter::Value<CommaDelimitedList>", "Default": "/p/two"},
        "Stage": {"Type": "String"},
    }
    found = values(
        declared,
        entry("Raw", "/p/raw"),
        {"ParameterKey": "Stage", "UsePreviousValue": True},
        previous={"Stage": "local"},
    )
    assert found == {"Size": "3", "Raw": "raw-bucket", "Two": ["a", "b"], "Stage": "local"}


@pytest.mark.parametrize(
    ("declaration", "value", "reason"),
    [
        ({"Type": "Number", "MinValue": 1, "MaxValue": 5}, "6", "value 6 is not between 1 and 5"),
        ({"Type": "Number"}, "six", "must be a number, not 'six'"),
        ({"Type": "String", "AllowedValues": ["a"]}, "b", "must be one of"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A1", "must match pattern"),
        ({"Type": "String", "MaxLength": 2}, "abc", "length 3"),
    ],
)
def test_a_parameter_outside_its_constraints_is_refused(declaration, value, reason):
    with pytest.raises(AwsError, match=reason):
        values({"P": declaration}, entry("P", value))


def test_missing_and_unknown_parameters_are_refused():
    with pytest.raises(AwsError, match=r"\['P'\] must have values"):
        values({"P": {"Type": "String"}})
    with pytest.raises(AwsError, match=r"\[Q\] do not exist in the template"):
        values({}, entry("Q", "1"))


def test_roles_need_the_callers_word():
    template = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}}}
    check_capabilities(template, ["CAPABILITY_NAMED_IAM"])
    with pytest.raises(AwsError, match="CAPABILITY_NAMED_IAM"):
        check_capabilities(template, ["CAPABILITY_IAM"])
