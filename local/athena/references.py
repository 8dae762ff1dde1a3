"""Which tables and views of the catalog a query names. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from local.athena.errors import QueryError, position

CATALOG = "awsdatacatalog"


class TableName(NamedTuple):
    """A table or view of the Glue catalog, in lower case as Glue keeps it."""

    database: str
    name: str


def table_nodes(tree: exp.Expression) -> list[exp.Table]:
    """The nodes that name something of the catalog, not a common table expression."""
    found: dict[int, exp.Table] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
                found[id(source)] = source
    return list(found.values())


def name_of(node: exp.Table, database: str) -> TableName:
    """The full name of a node, where `database` is the one of the query."""
    if node.catalog and node.catalog.lower() != CATALOG:
        raise QueryError(f"CATALOG_NOT_FOUND: {position(node.this)}: Catalog '{node.catalog}' does not exist")
    return TableName((node.db or database).lower(), node.name.lower())


def qualified(tree: exp.Expression, database: str) -> exp.Expression:
    """A copy in which every name of the catalog is written in full; its alias stays the plain name."""
    tree = tree.copy()
    for node in table_nodes(tree):
        name = name_of(node, database)
        node.set("this", exp.to_identifier(name.name, quoted=True))
        node.set("db", exp.to_identifier(name.database, quoted=True))
        node.set("catalog", exp.to_identifier(CATALOG, quoted=True))
    return tree


def table_names(tree: exp.Expression, database: str) -> Iterator[tuple[TableName, exp.Table]]:
    """Every name of the catalog with the node that bears it."""
    for node in table_nodes(tree):
        yield name_of(node, database), node
