"""The role that QuickSight asks Athena with may read what the datasets read, and nothing else."""

import base64
import json

import sqlglot
from sqlglot import exp

from contracts.contract import load_contracts
from contracts.reserved import view_name
from lake.views import view_sql
from tests.infra.quicksight_resources import data_sets, resolved

CONTRACTS = load_contracts()


def statements():
    (role,) = [p for kind, p in resolved("quicksight").values() if kind == "AWS::IAM::Role"]
    return {one["Sid"]: one for one in role["Policies"][0]["PolicyDocument"]["Statement"]}


def views_by_name():
    found = {view_name(c.event_type): view_sql(c, "tributary_dev") for c in CONTRACTS.values()}
    for _, properties in resolved("query-views").values():
        encoded = properties["TableInput"]["ViewOriginalText"].split()[3]
        found[properties["TableInput"]["Name"]] = json.loads(base64.b64decode(encoded))["originalSql"]
    return found


def tables_read(name, views):
    """A view, and the views and tables that it reads."""
    if name not in views:
        return {name}
    parsed = sqlglot.parse_one(views[name], dialect="athena")
    own = {cte.alias_or_name for cte in parsed.find_all(exp.CTE)}
    named = {table.name for table in parsed.find_all(exp.Table)} - own
    return {name} | {one for other in named for one in tables_read(other, views)}


def test_the_role_may_describe_exactly_the_tables_that_datasets_read():
    views = views_by_name()
    sources = (p["PhysicalTableMap"]["view"]["RelationalTable"]["Name"] for p in data_sets().values())
    wanted = {table for source in sources for table in tables_read(source, views)}
    allowed = [arn.rsplit("/", 1)[-1] for arn in statements()["DescribeTables"]["Resource"] if ":table/" in arn]
    assert sorted(allowed) == sorted(wanted)


def test_the_role_may_read_exactly_the_files_of_these_tables():
    described_tables = {arn.rsplit("/", 1)[-1] for arn in statements()["DescribeTables"]["Resource"]}
    locations = {location for name, location in table_locations() if name in described_tables}
    allowed = [arn.removeprefix("arn:aws:s3:::") for arn in statements()["ReadTables"]["Resource"]]
    assert sorted(allowed) == sorted(f"{location}*" for location in locations)
    prefixes = statements()["ListTables"]["Condition"]["StringLike"]["s3:prefix"]
    assert sorted(prefixes) == sorted(location.split("/", 1)[1] + "*" for location in locations)


def table_locations():
    for kind, properties in resolved("catalog").values():
        if "OpenTableFormatInput" in properties:
            iceberg = properties["OpenTableFormatInput"]["IcebergInput"]["IcebergTableInput"]
            yield properties["Name"], f"{iceberg['Location']}/".removeprefix("s3://")
        elif kind == "AWS::Glue::Table":
            table = properties["TableInput"]
            yield table["Name"], table["StorageDescriptor"]["Location"].removeprefix("s3://")
