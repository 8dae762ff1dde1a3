"""One query from statement to result: its tables opened, its views defined, its SQL run by DuckDB."""

from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot
from sqlglot import exp

from local.athena.catalog import Catalog, View, columns_of, map_columns, view_of
from local.athena.errors import QueryError, ScanLimitExceeded, query_error
from local.athena.external_table import external_source
from local.athena.iceberg_table import iceberg_source, is_iceberg
from local.athena.pruning import table_uses
from local.athena.references import CATALOG, TableName, name_of, qualified, table_names, table_nodes
from local.athena.results import Column, columns_of_relation
from local.athena.sources import Source, Wanted
from local.athena.statements import Statement
from local.athena.storage import Storage
from local.athena.time_travel import MARK, pinned
from local.athena.translate import to_duckdb
from local.athena.trino.functions import refuse_unknown
from local.athena.trino.macros import definitions

# What Athena means by `1 / 2`, by `1e0 / 0` and by a time without zone.
ENGINE_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET integer_division = true",
    "SET ieee_floating_point_ops = false",
    "SET python_enable_replacements = false",
    # It computes what occurs twice outside of TRY and CASE, where its errors are no longer caught.
    "SET disabled_optimizers = 'common_subexpressions'",
    f"ATTACH ':memory:' AS {CATALOG}",
    "SET enable_external_access = false",
)
ROWS_A_BATCH = 20_000


@dataclass
class Answer:
    """What a statement came to: columns, rows in Arrow, bytes read."""

    columns: list[Column]
    rows: pa.Table
    scanned_bytes: int = 0


@dataclass
class Session:
    """The DuckDB connection of one statement."""

    catalog: Catalog
    storage: Storage
    most_bytes: int | None = None
    connection: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    _scanned: int = 0
    _defined: set[TableName] = field(default_factory=set)
    _macros: set[str] = field(default_factory=set)

    def run(self, statement: Statement, database: str) -> Answer:
        """The answer; QueryError says why there is none."""
        if statement.kind in _CATALOG_ANSWERS:
            return _CATALOG_ANSWERS[statement.kind](self.catalog, statement, database)
        assert statement.tree is not None
        refuse_unknown(statement.sql)
        try:
            return self._query(statement, database)
        except duckdb.Error as error:
            raise query_error(error, statement.tree) from error

    def cancel(self) -> None:
        """Interrupt what runs."""
        self.connection.interrupt()

    def close(self) -> None:
        """Free the memory of the query."""
        self.connection.close()

    def _query(self, statement: Statement, database: str) -> Answer:
        for setting in ENGINE_SETTINGS:
            self.connection.execute(setting)
        tree = pinned(statement.tree, self._constant)
        entries = self._entries(tree, database)
        self._define_all(tree, database, entries)
        sql = self._translated(qualified(tree, database), entries)
        if statement.kind == "explain":
            plan = self.connection.sql(f"EXPLAIN {sql}").fetchall()
            return _text_answer("Query Plan", [line for row in plan for line in row[1].splitlines()])
        relation = self.connection.sql(sql)
        columns = columns_of_relation(relation.columns, relation.types)
        rows = relation.to_arrow_reader(ROWS_A_BATCH).read_all()
        _refuse_huge_numbers(rows, [str(type_) for type_ in relation.types])
        return Answer(columns, rows, self._scanned)

    def _define_all(self, tree: exp.Expression, database: str, entries: dict[TableName, dict]) -> None:
        written_out = _with_views(tree, database, entries)
        nodes: dict[TableName, list[exp.Table]] = {}
        for name, node in _all_names(written_out, database):
            nodes.setdefault(name, []).append(node)
        uses = table_uses(written_out)
        for name, entry in entries.items():
            if not view_of(entry):
                self._define_table(name, entry, Wanted(uses.of(nodes.get(name, [])), self._constant))
        for name, entry in entries.items():
            if view := view_of(entry):
                self._define_view(name, view, entries)

    def _entries(self, tree: exp.Expression, database: str) -> dict[TableName, dict]:
        """The catalog's entries of all tables and views that the query needs, views' own ones too."""
        entries: dict[TableName, dict] = {}
        waiting = list(table_names(tree, database))
        while waiting:
            name, node = waiting.pop()
            if name in entries:
                continue
            entries[name] = self.catalog.table(name, node)
            if view := view_of(entries[name]):
                waiting += table_names(_parsed(view), view.database)
        return entries

    def _define_table(self, name: TableName, entry: dict, wanted: Wanted) -> None:
        source = self._source(name, entry, wanted)
        self._scanned += source.scanned_bytes
        if self.most_bytes is not None and self._scanned > self.most_bytes:
            raise ScanLimitExceeded("Bytes scanned limit was exceeded")
        data = f"data of {name.database}.{name.name}"
        self.connection.register(data, source.data)
        self._create_view(name, source.query.replace("{data}", f'"{data}"'))

    def _source(self, name: TableName, entry: dict, wanted: Wanted) -> Source:
        plain, _, place = name.name.partition(MARK)
        if is_iceberg(entry):
            return iceberg_source(entry, plain.partition("$")[2], place, wanted, self.storage)
        if place:
            raise QueryError("NOT_SUPPORTED: line 1:1: This connector does not support versioned tables")
        return external_source(entry, wanted, self.storage)

    def _define_view(self, name: TableName, view: View, entries: dict[TableName, dict]) -> None:
        """Views that this one reads come first."""
        if name in self._defined:
            return
        self._defined.add(name)
        tree = _parsed(view)
        for other, _ in table_names(tree, view.database):
            if inner := view_of(entries[other]):
                self._define_view(other, inner, entries)
        self._create_view(name, self._translated(qualified(tree, view.database), entries))

    def _translated(self, tree: exp.Expression, entries: dict[TableName, dict]) -> str:
        """The query in DuckDB's words, after the macros in it are defined."""
        sql = to_duckdb(tree, map_columns(entries.values()))
        for definition in definitions(sql, self._macros):
            self.connection.execute(definition)
        return sql

    def _create_view(self, name: TableName, sql: str) -> None:
        self.connection.execute(f'CREATE SCHEMA IF NOT EXISTS {CATALOG}."{name.database}"')
        self.connection.execute(f'CREATE VIEW {CATALOG}."{name.database}"."{name.name}" AS {sql}')

    def _constant(self, expression: exp.Expression) -> Any:
        """The value of an expression without columns; None where it has none."""
        try:
            rows = self.connection.sql(f"SELECT {expression.sql(dialect='duckdb')}").fetchall()
        except duckdb.Error:
            return None
        return rows[0][0]


def _parsed(view: View) -> exp.Expression:
    return sqlglot.parse_one(view.sql, read="athena")


def _with_views(tree: exp.Expression, database: str, entries: dict[TableName, dict]) -> exp.Expression:
    """The query with its views written out as subqueries: only to plan what must be read."""
    tree = qualified(tree, database)
    for node in table_nodes(tree):
        if view := view_of(entries[name_of(node, database)]):
            inner = _with_views(_parsed(view), view.database, entries)
            alias = exp.TableAlias(this=exp.to_identifier(node.alias_or_name, quoted=True))
            node.replace(exp.Subquery(this=inner, alias=alias))
    return tree


def _all_names(tree: exp.Expression, database: str) -> list[tuple[TableName, exp.Table]]:
    named = [node for node in tree.find_all(exp.Table) if node.db]
    return [(name_of(node, database), node) for node in named]


def _refuse_huge_numbers(rows: pa.Table, types: list[str]) -> None:
    """A sum of whole numbers is a bigint in Athena, and wider in DuckDB."""
    for column, type_ in zip(rows.columns, types, strict=True):
        low, high = pc.min_max(column).as_py().values() if type_ == "HUGEINT" else (None, None)
        if low is not None and not -(2**63) <= low <= high < 2**63:
            raise QueryError("NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow")


def _text_answer(title: str, lines: list[str]) -> Answer:
    return Answer([Column(title, "string")], pa.table({title: pa.array(lines, pa.string())}))


def _show_databases(catalog: Catalog, statement: Statement, database: str) -> Answer:
    return _text_answer("database_name", catalog.databases(statement.like))


def _show_tables(catalog: Catalog, statement: Statement, database: str) -> Answer:
    return _text_answer("tab_name", catalog.tables(statement.database or database, statement.like))


def _show_columns(catalog: Catalog, statement: Statement, database: str) -> Answer:
    return _text_answer("field", [column["Name"] for column in _columns(catalog, statement, database)])


def _describe(catalog: Catalog, statement: Statement, database: str) -> Answer:
    """One tab-separated text per column, padded as Hive does."""
    lines = [
        f"{column['Name']:<20}\t{column['Type']:<20}\t{column.get('Comment', ''):<20}"
        for column in _columns(catalog, statement, database)
    ]
    return _text_answer("col_name", lines)


def _columns(catalog: Catalog, statement: Statement, database: str) -> list[dict]:
    if statement.name is None:
        raise QueryError("SYNTAX_ERROR: line 1:1: a table must be named")
    return columns_of(catalog.table(TableName(statement.database or database, statement.name)))


_CATALOG_ANSWERS = {
    "show_databases": _show_databases,
    "show_tables": _show_tables,
    "show_columns": _show_columns,
    "describe": _describe,
}
