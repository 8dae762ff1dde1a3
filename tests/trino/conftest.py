"""The shipped queries on a real Trino, over the rows that the local Athena has, and the answers compared."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cli.query import FLOATING, Answer
from local.trino.jars import TrinoMissing, jars
from local.trino.server import trino_server
from tests.queries import conftest as queries
from tests.queries.conftest import ROOT, Warehouse, iceberg_catalog, json_tables
from tests.trino.tables import events_statements, json_statements, view_definition

local_warehouse = queries.warehouse
# Types that Athena calls by another name than Trino.
ATHENA_NAMES = {"real": "float"}


@dataclass(frozen=True)
class Trino:
    """One schema of a Trino server."""

    connection: Any

    def ask(self, sql: str) -> Answer:
        """Names, types as Athena tells them and values as texts; TrinoQueryError where the statement fails."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        rows = cursor.fetchall()
        columns = cursor.description or []
        types = [_athena_type(column.type_code) for column in columns]
        texts = [[_text(value) for value in row] for row in rows]
        return Answer([column.name for column in columns], types, texts, is_cut=False, scanned_bytes=0, seconds=0)


def _athena_type(trino_type: str) -> str:
    """`timestamp(6) with time zone` is `timestamp with time zone`, `decimal(38,2)` is `decimal`."""
    name, opened, rest = trino_type.partition("(")
    plain = f"{name}{rest.partition(')')[2]}" if opened and name not in ("row", "array", "map") else name
    return ATHENA_NAMES.get(plain, plain)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def typed(answer: Answer) -> list[list]:
    """Rows that are equal where both engines say the same; a double is its value, however it is written."""
    kinds = list(zip(answer.columns, answer.types, strict=True))
    return [kinds, *([_typed(text, kind) for text, kind in zip(row, answer.types, strict=True)] for row in answer.rows)]


def _typed(text: str | None, kind: str) -> Any:
    return float(text) if text is not None and kind in FLOATING else text


@dataclass(frozen=True)
class ComparedWarehouse(Warehouse):
    """Asks each shipped query of the local Athena and of Trino."""

    trino: Trino
    compared: set[str]

    def ask_shipped(self, query: str) -> Answer:
        answer = super().ask_shipped(query)
        assert typed(answer) == typed(self.trino.ask((ROOT / f"athena_queries/{query}.sql").read_text()))
        self.compared.add(query)
        return answer


@pytest.fixture(scope="session")
def trino_schema() -> Iterator[Callable[[str], Trino]]:
    """Makes a schema of a Trino server; tests are skipped where none is to be had."""
    try:
        jars("server")
    except TrinoMissing as error:
        pytest.skip(str(error))
    with trino_server() as connect:
        yield lambda name: _created(connect, name)


def _created(connect: Callable[[str], Any], name: str) -> Trino:
    default = Trino(connect("default"))
    if [name] in default.ask("SHOW SCHEMAS").rows:
        default.ask(f"DROP SCHEMA {name} CASCADE")
    default.ask(f"CREATE SCHEMA {name}")
    return Trino(connect(name))


@pytest.fixture(scope="session")
def compared() -> set[str]:
    """Names of the queries that were asked of both."""
    return set()


@pytest.fixture(scope="module")
def warehouse(local_warehouse, trino_schema, compared) -> Callable[..., ComparedWarehouse]:
    """Makes a database in both, filled with the same literal rows."""

    def filled(events=(), documents=None) -> ComparedWarehouse:
        local = local_warehouse(events, documents)
        trino = trino_schema(local.database)
        for statement in statements(local, events, documents or {}):
            trino.ask(statement)
        return ComparedWarehouse(local.front, local.database, trino, compared)

    return filled


def statements(local: Warehouse, events: Iterable[dict], documents: dict[str, list[dict]]) -> Iterator[str]:
    """Tables from the literal rows, partitions from Iceberg's metadata, views from the Glue Catalog."""
    table = iceberg_catalog(local.front).load_table(f"{local.database}.events")
    partitions = table.inspect.partitions().to_pylist() if table.current_snapshot() else []
    sized = [{**row, "total_size": row["total_data_file_size_in_bytes"]} for row in partitions]
    yield from events_statements(events, sized)
    for table_input in json_tables(local.database):
        yield from json_statements(table_input, documents)
    for view in views(local):
        yield f"CREATE VIEW {view['Name']} AS {view_definition(view)['originalSql']}"


def views(local: Warehouse) -> list[dict]:
    """The views of the Glue Catalog."""
    tables = local.front.client("glue").get_tables(DatabaseName=local.database)["TableList"]
    return [table for table in tables if table["TableType"] == "VIRTUAL_VIEW"]
