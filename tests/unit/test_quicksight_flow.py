"""Values on one line of a template."""

import pytest

from cli.quicksight.flow import flow
from local.cloudformation.template import parse


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Ref": "Stage"}, "!Ref Stage"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "!GetAtt Role.Arn"),
        ({"A": "true", "B": True, "C": "05:30", "D": ["x y", "12", "no", "null-able"]}, None),
        ({"Fn::If": ["Has", ["a"], {"Ref": "AWS::NoValue"}]}, "!If [Has, [a], !Ref AWS::NoValue]"),
        ({"Text": "a \"b\": #c, 'ü'", "Empty": "", "Number": 1.5}, None),
    ],
)
def test_a_value_on_one_line_is_read_back_as_it_was(value, text):
    line = flow(value)
    assert parse(f"Parameters:\n  Stage: {{}}\nResources:\n  Role: {{Type: T}}\nMetadata: {line}")["Metadata"] == value
    assert text in (None, line)
