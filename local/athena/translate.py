"""Athena's SQL as DuckDB's: sqlglot's translation, and the mends of where it keeps another meaning. Pure."""

from sqlglot import exp

from local.athena.errors import position
from local.athena.trino import aliases, casts, collections, functions, numbers, texts, times
from local.athena.trino.nodes import Mend
from local.athena.trino.unnesting import unnested

UNNAMED = "_col?"
MENDS: dict[type[exp.Expression], Mend] = {
    **numbers.MENDS,
    **times.MENDS,
    **casts.MENDS,
    **texts.MENDS,
    **collections.MENDS,
}
NAMED: dict[str, Mend] = {**times.NAMED, **texts.NAMED, **collections.NAMED}


def to_duckdb(tree: exp.Expression, map_columns: frozenset[str] = frozenset()) -> str:
    """The DuckDB text of a query; result columns without a name are called `_col?`.

    `map_columns` are the names of columns that hold maps.
    """
    # A root of its own, so that every node of the query has a parent to be replaced in.
    tree = tree.copy()
    aliases.hide(tree)
    root = exp.Paren(this=_with_marked_columns(tree))
    for node in reversed(list(root.this.dfs())):
        mended = _mended(node, map_columns)
        if mended is not node:
            node.replace(mended)
    return root.this.sql(dialect="duckdb")


def result_names(names: list[str]) -> list[str]:
    """What Athena calls the result columns: unnamed ones by their position."""
    return [f"_col{index}" if name.startswith(UNNAMED) else name for index, name in enumerate(names)]


def _with_marked_columns(tree: exp.Expression) -> exp.Expression:
    select = tree
    while isinstance(select, exp.SetOperation | exp.Subquery):
        select = select.this
    if isinstance(select, exp.Select):
        select.set("expressions", [_marked(column, i) for i, column in enumerate(select.expressions)])
    return tree


def _marked(column: exp.Expression, index: int) -> exp.Expression:
    is_named = column.is_star or isinstance(column, exp.Alias | exp.Column | exp.Dot | exp.Aliases)
    return column if is_named else exp.alias_(column, f"{UNNAMED}{index}", quoted=True)


def _mended(node: exp.Expression, map_columns: frozenset[str]) -> exp.Expression:
    """Children are mended already."""
    if isinstance(node, exp.Unnest) and isinstance(node.parent, exp.Join | exp.From):
        return unnested(node, map_columns)
    if isinstance(node, exp.Bracket):
        return collections.subscript(node, map_columns)
    if isinstance(node, exp.ArraySize):
        return collections.cardinality(node, map_columns)
    if isinstance(node, exp.Sub) and (shifted := times.minus_span(node)) is not node:
        return shifted
    if isinstance(node, exp.Anonymous):
        return _named(node)
    return MENDS.get(type(node), lambda same: same)(node)


def _named(node: exp.Anonymous) -> exp.Expression:
    """A function that sqlglot does not know; those without a place are mends' own."""
    if "line" in node.meta:
        functions.refuse(node.name.lower(), position(node))
    return NAMED.get(node.name.lower(), lambda same: same)(node) if "line" in node.meta else node
