"""The Glue catalog as queries see it: databases, tables, columns, views."""

import base64
import fnmatch
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from sqlglot import exp

from local.athena.errors import QueryError, position
from local.athena.references import CATALOG, TableName

PRESTO_VIEW = re.compile(r"^/\* Presto View: (\S+) \*/$")


@dataclass(frozen=True)
class View:
    """A view's own SQL and the database that its bare names are in."""

    sql: str
    database: str


class Catalog:
    """Looks up what a query names; what is missing fails the query where it is named."""

    def __init__(self, glue: Any):
        self._glue = glue

    def table(self, name: TableName, node: exp.Table | None = None) -> dict:
        """The entry of a table or view; `events$files` is found as `events`."""
        where = position(node.this if node is not None else None)
        try:
            return self._glue.get_table(DatabaseName=name.database, Name=re.split("[$@]", name.name)[0])["Table"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
        if name.database not in self.databases():
            raise QueryError(f"SCHEMA_NOT_FOUND: {where}: Schema '{name.database}' does not exist")
        raise QueryError(f"TABLE_NOT_FOUND: {where}: Table '{CATALOG}.{name.database}.{name.name}' does not exist")

    def databases(self, like: str | None = None) -> list[str]:
        """Names of all databases that match."""
        pages = self._glue.get_paginator("get_databases").paginate()
        return _matching([d["Name"] for page in pages for d in page["DatabaseList"]], like)

    def tables(self, database: str, like: str | None = None) -> list[str]:
        """Names of all tables and views of a database that match."""
        if database not in self.databases():
            raise QueryError(f"SCHEMA_NOT_FOUND: line 1:1: Schema '{database}' does not exist")
        pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return _matching([table["Name"] for page in pages for table in page["TableList"]], like)


def columns_of(table: dict) -> list[dict]:
    """Columns and then partition columns of an entry. Pure."""
    return [*table.get("StorageDescriptor", {}).get("Columns", []), *table.get("PartitionKeys", [])]


def map_columns(tables: Iterable[dict]) -> frozenset[str]:
    """Names of columns that are maps in any of the entries. Pure."""
    columns = (column for table in tables for column in columns_of(table))
    return frozenset(column["Name"].lower() for column in columns if column["Type"].lower().startswith("map<"))


def view_of(table: dict) -> View | None:
    """The view that an entry holds, or None for a table. Pure."""
    if table.get("TableType") != "VIRTUAL_VIEW":
        return None
    match = PRESTO_VIEW.match(table.get("ViewOriginalText", "").strip())
    if not match:
        raise QueryError(f"INVALID_VIEW: View '{table['Name']}' has no Presto view text")
    definition = json.loads(base64.b64decode(match[1]))
    return View(definition["originalSql"], definition.get("schema") or table["DatabaseName"])


def _matching(names: list[str], like: str | None) -> list[str]:
    """Hive's patterns: `*` for anything, `|` between alternatives."""
    patterns = (like or "*").lower().split("|")
    return sorted(name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns))
