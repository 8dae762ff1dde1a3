"""The views that datasets read: the shipped queries' answers, with the types that the datasets declare."""

import json

import pytest

from cli.quicksight.datasets import QUERIED, event_datasets
from cli.quicksight.query_views import TEMPLATE, query_views
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from local.cloudformation.intrinsics import Scope
from local.cloudformation.template import parse
from tests.queries.conftest import ROOT, rows_of
from tests.queries.shop import add_to_cart, known, page_view, purchase, refund, reported

# A text that is a date, and a sum that SPICE holds exactly, are cast by the view.
CAST = {("varchar", "date"), ("decimal", "decimal")}
EVENTS = [
    page_view("e-1", "2026-03-02 10:00:00", product="p-1", channel="email"),
    add_to_cart("e-2", "2026-03-02 10:01:00"),
    purchase("e-3", "2026-03-02 10:02:00", products=known(p_1="kitchen"), reporting=reported("10.00")),
    refund("e-4", "2026-03-03 10:00:00", "4.00", products=known(p_1="kitchen"), reporting=reported("4.00")),
]
CHECK = {
    "run_id": "r-1",
    "run_kind": "batch",
    "table_name": "events",
    "data_date": "2026-03-02",
    "expectation_id": "a",
    "severity": "fail",
    "success": True,
    "unexpected": 0,
}
DOCUMENTS = {
    "data_quality/results/run_date=2026-03-02": [
        CHECK,
        CHECK | {"expectation_id": "b", "success": False, "unexpected": 3},
        CHECK | {"expectation_id": "c", "severity": "warn", "unexpected": None},
    ],
    "data_quality/results/run_date=2026-03-03": [CHECK | {"run_id": "r-2"}],
    "rejects/stage=ingestion/reason=invalid_data/reject_date=2026-03-02": [{"reject_id": "r-1"}],
    "ledger/batches/batch_date=2026-03-02": [
        {"batch_id": "b-1", "status": "published", "recorded_at": "2026-03-02T10:05:00.000000Z"}
    ],
}


@pytest.fixture(scope="module")
def shown(warehouse):
    """A database with the views as the template makes them."""
    lake = warehouse(EVENTS, DOCUMENTS)
    template = parse((ROOT / TEMPLATE).read_text())
    scope = Scope(template, {"DatabaseName": lake.database, "AWS::AccountId": "123456789012"}, {}, lambda *_: "")
    for resource in template["Resources"].values():
        table = scope.resolve(resource["Properties"])["TableInput"]
        lake.front.client("glue").create_table(DatabaseName=lake.database, TableInput=table)
    return lake


@pytest.mark.parametrize("dataset", QUERIED, ids=lambda one: one.name)
def test_a_view_has_the_rows_of_its_query_and_the_columns_of_its_dataset(shown, dataset):
    query, view = shown.ask_shipped(dataset.view), shown.ask(f"select * from {dataset.view}")
    wanted = [(column.name, column.type.split("(")[0]) for column in dataset.columns]
    assert list(zip(view.columns, view.types, strict=True)) == wanted
    assert query.columns == view.columns
    kinds = zip(query.types, view.types, strict=True)
    assert {one for one in kinds if one[0] != one[1]} <= CAST
    assert sorted(view.rows, key=str) == sorted(query.rows, key=str) and view.rows


@pytest.mark.parametrize("dataset", event_datasets(load_contracts()), ids=lambda one: one.name)
def test_the_view_of_an_event_type_has_the_columns_of_its_dataset(shown, dataset):
    found = shown.ask(f"select {', '.join(column.name for column in dataset.columns)} from {dataset.view}")
    assert [(c.name, c.type.split("(")[0]) for c in dataset.columns] == list(
        zip(found.columns, found.types, strict=True)
    )
    assert len(found.rows) == 1


def test_checks_are_counted_by_day_table_kind_of_run_and_severity(shown):
    assert shown.answer("data_quality_by_day_and_table") == rows_of("""
        data_date  | table_name | run_kind | severity | runs | checks | passed_checks | failed_checks | pass_rate | unexpected_values
        2026-03-02 | events     | batch    | fail     | 2    | 3      | 2             | 1             | 0.6667    | 3
        2026-03-02 | events     | batch    | warn     | 1    | 1      | 1             | 0             | 1.0       | null
    """)  # noqa: E501


def test_a_query_that_a_dataset_shows_may_not_go_or_hold_what_cloudformation_fills_in(tmp_path):
    (tmp_path / "athena_queries").mkdir()
    with pytest.raises(
        PipelineError, match=r"no athena_queries/revenue_by_day_category_and_channel.sql, which a dataset"
    ):
        query_views(tmp_path)
    (tmp_path / "athena_queries/revenue_by_day_category_and_channel.sql").write_text("select '${Stage}'")
    with pytest.raises(PipelineError, match=r"has '\$\{', which CloudFormation would fill in"):
        query_views(tmp_path)


def test_every_view_keeps_the_text_of_its_query_but_for_comments():
    template = parse((ROOT / TEMPLATE).read_text())
    for resource in template["Resources"].values():
        table = resource["Properties"]["TableInput"]
        definition = json.loads(table["ViewOriginalText"]["Fn::Join"][1][1]["Fn::Base64"]["Fn::Sub"])
        sql = (ROOT / f"athena_queries/{table['Name']}.sql").read_text()
        kept = [line for line in sql.splitlines() if not line.strip().startswith("--")]
        assert "\n".join(kept) in definition["originalSql"]
