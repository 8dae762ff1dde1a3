"""Views per event type: the SQL, the catalog's entry, and how they come into the catalog."""

import base64
import json
import re
from pathlib import Path

import boto3
import pytest

from cli.deployment.views import sync_views
from contracts.contract import load_contracts, read_contract
from contracts.errors import PipelineError
from contracts.reserved import TABLES, VIEW_COLUMNS
from lake.columns import COMMON
from lake.views import view_columns, view_input, view_sql

CONTRACTS = load_contracts()
TEXT = {"type": "string", "maxLength": 9}
MONEY = {"type": "number", "x-decimal": {"precision": 9, "scale": 2}}


def closed(**properties):
    return {"type": "object", "additionalProperties": False, "properties": properties}


def contract(addition=0, **properties):
    document = {"$id": f"urn:tributary:contract:order:1-0-{addition}", **closed(**properties)}
    return read_contract("order.json", json.dumps(document))


ORDER = contract(
    id=TEXT | {"description": "order that was paid"},
    source=TEXT,
    isPaid={"type": "boolean"},
    ship=closed(to=closed(city=TEXT), fee=MONEY),
    lines={"type": "array", "items": closed(sku=TEXT, at={"type": "string", "format": "date-time"})},
)


def definition(table):
    return json.loads(base64.b64decode(table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")))


def test_fields_stand_side_by_side_after_the_common_columns():
    assert view_sql(ORDER, "lake").split('"batch_id" AS "batch_id",\n')[1] == (
        '  "order"."id" AS "id",\n'
        '  "order"."source" AS "order_source",\n'
        '  "order"."isPaid" AS "isPaid",\n'
        '  "order"."ship"."to"."city" AS "ship_to_city",\n'
        '  "order"."ship"."fee" AS "ship_fee",\n'
        '  "order"."lines" AS "lines"\n'
        'FROM "lake"."events"\n'
        "WHERE \"event_type\" = 'order'"
    )
    assert [column.name for column in view_columns(ORDER)][:11] == COMMON.names


def test_what_is_never_stored_is_no_column():
    secret = TEXT | {"x-pii": "drop"}
    order = contract(id=TEXT, who=closed(name=secret), tags={"type": "array", "items": closed(sku=TEXT, by=secret)})
    assert [(column.name, str(column.type)) for column in view_columns(order)[11:]] == [
        ("id", "string"),
        ("tags", "list<item: struct<sku: string>>"),
    ]


def test_what_enrichment_adds_is_there_where_the_contract_names_references():
    names = [column.name for column in view_columns(CONTRACTS["refund"])]
    assert names[11:16] == [
        "customer_customer_id", "customer_segment", "customer_home_country", "customer_signed_up_on", "products",
    ]  # fmt: skip
    assert "geo_country" not in names and "reporting_amount" in names
    assert not [c.name for c in view_columns(CONTRACTS["wikipedia_edit"]) if c.name.startswith(("customer", "product"))]


def test_names_that_fields_yield_to_are_the_views_own():
    everything = contract(
        user=TEXT | {"x-reference": "customers"},
        product=TEXT | {"x-reference": "products"},
        ip=TEXT | {"x-pii": "truncate_ip"},
        agent=TEXT | {"x-user-agent": True},
        total=MONEY | {"x-currency": "currency"},
        currency=TEXT,
        referrer=TEXT | {"x-channel": "referrer"},
    )
    assert tuple(c.name for c in view_columns(everything))[: len(VIEW_COLUMNS)] == VIEW_COLUMNS


def test_a_view_shows_what_enrichment_can_add_to_its_type_and_no_more():
    names = [column.name for column in view_columns(contract(total=MONEY | {"x-currency": "code"}, code=TEXT))]
    assert names[11:] == [
        "reporting_amount", "reporting_currency", "reporting_rate", "reporting_rate_date", "reporting_is_earlier_rate",
        "total", "code",
    ]  # fmt: skip


def test_no_view_takes_the_name_of_a_table():
    template = (Path(__file__).parents[2] / "infra/cloudformation/catalog.yaml").read_text()
    assert set(re.findall(r"^ {6,8}Name: (\w+)$", template, re.MULTILINE)) == set(TABLES)


def test_the_catalogs_entry_is_one_that_athena_reads():
    view = view_input(ORDER, "lake")
    assert (view["Name"], view["TableType"], view["ViewExpandedText"]) == (
        "order_events", "VIRTUAL_VIEW", "/* Presto View */",
    )  # fmt: skip
    assert view["Parameters"] == {
        "presto_view": "true",
        "comment": "Presto View",
        "tributary.contract": "urn:tributary:contract:order:1-0-0",
    }
    found = definition(view)
    assert (found["catalog"], found["schema"]) == ("awsdatacatalog", "lake")
    assert found["originalSql"] == view_sql(ORDER, "lake")
    assert found["columns"][3:5] + found["columns"][11:] == [
        {"name": "event_time", "type": "timestamp(6) with time zone"},
        {"name": "event_date", "type": "date"},
        {"name": "id", "type": "varchar"},
        {"name": "order_source", "type": "varchar"},
        {"name": "ispaid", "type": "boolean"},
        {"name": "ship_to_city", "type": "varchar"},
        {"name": "ship_fee", "type": "decimal(9,2)"},
        {"name": "lines", "type": 'array(row("sku" varchar, "at" timestamp(6) with time zone))'},
    ]
    columns = view["StorageDescriptor"]["Columns"]
    assert columns[11] == {"Name": "id", "Type": "string", "Comment": "order that was paid"}
    assert columns[16] == {"Name": "lines", "Type": "array<struct<sku:string,at:timestamp>>"}


@pytest.mark.parametrize("event_type", CONTRACTS)
def test_names_and_types_agree_in_glue_and_in_the_view(event_type):
    view = view_input(CONTRACTS[event_type], "lake")
    assert [c["name"] for c in definition(view)["columns"]] == [c["Name"] for c in view["StorageDescriptor"]["Columns"]]


@pytest.fixture
def glue(aws):
    client = boto3.client("glue")
    client.create_database(DatabaseInput={"Name": "tributary_test"})
    return client


def test_views_are_written_once_and_again_when_their_contract_changes(glue):
    assert sync_views(glue, "tributary_test", {"order": ORDER}) == ["order_events"]
    assert sync_views(glue, "tributary_test", {"order": ORDER}) == []
    newer = contract(addition=1, id=TEXT, note=TEXT)
    assert sync_views(glue, "tributary_test", {"order": newer}) == ["order_events"]
    found = glue.get_table(DatabaseName="tributary_test", Name="order_events")["Table"]
    assert found["Parameters"]["tributary.contract"] == "urn:tributary:contract:order:1-0-1"
    assert '"order"."note" AS "note"' in definition(found)["originalSql"]


def test_what_no_contract_made_is_not_overwritten(glue):
    glue.create_table(DatabaseName="tributary_test", TableInput={"Name": "order_events", "TableType": "EXTERNAL_TABLE"})
    with pytest.raises(PipelineError) as refused:
        sync_views(glue, "tributary_test", {"order": ORDER})
    assert str(refused.value) == (
        "tributary_test.order_events is of kind EXTERNAL_TABLE, which no contract made; expected the view of "
        "urn:tributary:contract:order:1-0-0 under that name. Rename or drop what is there, then deploy again."
    )
