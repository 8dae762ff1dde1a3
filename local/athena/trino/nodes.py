"""How mends write calls and what they ask of a tree. Pure."""

from collections.abc import Callable

from sqlglot import exp

Mend = Callable[[exp.Expression], exp.Expression]
# Functions whose answer is a map, as sqlglot reads them.
MAPS = (exp.Map, exp.MapFromEntries)
MAP_NAMES = frozenset({"map_agg", "histogram", "map_concat", "map_from_entries"})


def call(name: str, *arguments: exp.Expression) -> exp.Anonymous:
    """A call of a function or macro of DuckDB."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def text(value: str) -> exp.Literal:
    """A literal of text."""
    return exp.Literal.string(value)


def number(value: int) -> exp.Literal:
    """A literal of a whole number."""
    return exp.Literal.number(value)


def literal_text(node: exp.Expression | None) -> str | None:
    """The text of a literal, or None for any other expression."""
    return node.name if isinstance(node, exp.Literal) and node.is_string else None


def around(aggregate: exp.Expression) -> exp.Expression:
    """The aggregate with its FILTER, IGNORE NULLS and OVER."""
    top = aggregate
    while (
        isinstance(top.parent, exp.Filter | exp.Window | exp.IgnoreNulls | exp.RespectNulls) and top.arg_key == "this"
    ):
        top = top.parent
    return top


def rebuilt(aggregate: exp.Expression, other: exp.Expression) -> exp.Expression:
    """A copy of the aggregate's surroundings with another aggregate in its place."""
    top = around(aggregate)
    if top is aggregate:
        return other
    copy = top.copy()
    inner = copy
    while isinstance(inner, exp.Filter | exp.Window | exp.IgnoreNulls | exp.RespectNulls):
        inner = inner.this
    inner.replace(other)
    return copy


def is_map(node: exp.Expression, map_columns: frozenset[str]) -> bool:
    """Whether the expression is known to be a map: by what makes it, or by the column's type in the catalog."""
    if isinstance(node, exp.Column):
        return node.name.lower() in map_columns
    return isinstance(node, MAPS) or (isinstance(node, exp.Anonymous) and node.name.lower() in MAP_NAMES)


def is_interval(node: exp.Expression) -> bool:
    """Whether the expression is an interval, written as one or as its multiple."""
    if isinstance(node, exp.Paren | exp.Neg):
        return is_interval(node.this)
    if isinstance(node, exp.Mul | exp.Add | exp.Sub):
        return is_interval(node.this) and (isinstance(node, exp.Mul) or is_interval(node.expression))
    return isinstance(node, exp.Interval)


def is_date(node: exp.Expression) -> bool:
    """Whether the expression is a date by how it is written."""
    if isinstance(node, exp.Cast):
        return node.to.this in (exp.DataType.Type.DATE,)
    return isinstance(node, exp.CurrentDate | exp.Date) or (
        isinstance(node, exp.Anonymous) and node.name.lower() == "athena_date"
    )
