"""The shipped queries as Athena's named queries."""

import shutil
from pathlib import Path

import pytest

from cli.export.derived import derived_differences, write_derived
from cli.export.named_queries import named_queries
from contracts.errors import PipelineError
from local import cloudformation
from tests.local.conftest import running_front

ROOT = Path(__file__).parents[2]
TEMPLATE = Path("infra/cloudformation/queries.yaml")


def test_deployed_each_named_query_is_its_file_in_the_work_group():
    with running_front() as front:
        cloudformation.install(front)
        for name, value in {"/p/database-name": "shop", "/p/work-group-name": "analysts"}.items():
            front.client("ssm").put_parameter(Name=name, Value=value, Type="String")
        front.client("athena").create_work_group(Name="analysts")
        parameters = {"DatabaseName": "/p/database-name", "WorkGroupName": "/p/work-group-name"}
        stack = front.client("cloudformation").create_stack(
            StackName="queries",
            TemplateBody=(ROOT / TEMPLATE).read_text(),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        )
        front.client("cloudformation").get_waiter("stack_create_complete").wait(
            StackName=stack["StackId"], WaiterConfig={"Delay": 0.1, "MaxAttempts": 200}
        )
        athena = front.client("athena")
        ids = athena.list_named_queries(WorkGroup="analysts")["NamedQueryIds"]
        found = [athena.get_named_query(NamedQueryId=id)["NamedQuery"] for id in ids]
    texts = {file.stem: file.read_text() for file in (ROOT / "athena_queries").glob("*.sql")}
    assert {query["Name"]: query["QueryString"] for query in found} == texts
    assert {query["Database"] for query in found} == {"shop"}
    descriptions = {query["Name"]: query["Description"] for query in found}
    assert descriptions["rejects_by_reason"] == "what was refused, at which stage and why?"


def test_a_changed_query_is_told_until_it_is_exported(tmp_path):
    for folder in ("athena_queries", "infra/cloudformation"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    assert derived_differences(tmp_path) == []
    file = tmp_path / "athena_queries/rejects_by_reason.sql"
    file.write_text(file.read_text().replace("2020-01-01", "2026-01-01"))
    assert derived_differences(tmp_path) == [
        f"{TEMPLATE} differs from what the SQL files say; change the SQL file, then run `make export`."
    ]
    assert write_derived(tmp_path) == [TEMPLATE]
    assert derived_differences(tmp_path) == []


def test_a_query_without_a_question_is_refused(tmp_path):
    (tmp_path / "athena_queries").mkdir()
    (tmp_path / "athena_queries/sales.sql").write_text("select 1\n")
    message = "sales.sql begins with 'select 1'; expected `-- question: ` and what it answers. Write the header."
    with pytest.raises(PipelineError) as error:
        named_queries(tmp_path)
    assert str(error.value) == message


def test_a_changed_query_is_told_in_the_view_that_shows_it_and_a_template_changed_by_hand_too(tmp_path):
    for folder in ("athena_queries", "contracts", "docs/contracts", "expectations", "infra/cloudformation"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    assert derived_differences(tmp_path) == []
    file = tmp_path / "athena_queries/rejects_by_reason.sql"
    file.write_text(file.read_text().replace("2020-01-01", "2026-01-01"))
    (tmp_path / "infra/cloudformation/quicksight-events.yaml").write_text("by hand")
    assert derived_differences(tmp_path) == [
        f"{TEMPLATE} differs from what the SQL files say; change the SQL file, then run `make export`.",
        "infra/cloudformation/query-views.yaml differs from what the SQL files say; change the SQL file, then run "
        "`make export`.",
        "infra/cloudformation/quicksight-events.yaml differs from what the QuickSight modules say; change the "
        "QuickSight module, then run `make export`.",
    ]
