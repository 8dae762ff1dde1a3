"""Arrays and maps: what is out of bounds fails, order is kept, null is unknown. Pure.

https://trino.io/docs/current/functions/array.html, map.html
"""

from sqlglot import exp

from local.athena.errors import QueryError, position
from local.athena.trino.nodes import Mend, around, call, is_map, number, rebuilt, text


def subscript(node: exp.Bracket, map_columns: frozenset[str]) -> exp.Expression:
    """`a[i]` fails where there is no such element; `element_at` answers null."""
    if node.args.get("safe") or len(node.expressions) != 1:
        return node
    index = node.expressions[0]
    if is_map(node.this, map_columns):
        return call("athena_at_key", node.this, _from_one(index))
    return call("athena_at", node.this, _from_one(index))


def _from_one(index: exp.Expression) -> exp.Expression:
    """The parser counts from 0."""
    if isinstance(index, exp.Literal) and index.is_string:
        return index
    if index.is_int:
        return number(int(index.to_py()) + 1)
    return exp.Add(this=exp.Paren(this=index), expression=number(1))


def cardinality(node: exp.ArraySize, map_columns: frozenset[str]) -> exp.Expression:
    """The number of elements, or of entries of a map."""
    return call("cardinality", node.this) if is_map(node.this, map_columns) else node


def _macro(name: str, *keys: str) -> Mend:
    return lambda node: call(name, *(node.args[key] for key in keys))


def _slice(node: exp.Expression) -> exp.Expression:
    return call("athena_slice", node.this, node.args["start"], node.args["end"])


def _reduced(node: exp.Expression) -> exp.Expression:
    """The last function is the identity in nearly every query; another one is refused."""
    finish = node.args["finish"]
    if not isinstance(finish, exp.Lambda) or finish.this.sql() != finish.expressions[0].sql():
        raise QueryError(f"NOT_SUPPORTED: {position(node)}: the local Athena knows reduce(…, s -> s) only")
    node.set("finish", None)
    return node


def _sorted(node: exp.Expression) -> exp.Expression:
    if node.args.get("expression") is not None:
        raise QueryError(f"NOT_SUPPORTED: {position(node)}: the local Athena sorts arrays without a lambda only")
    return call("list_sort", node.this, text("ASC"), text("NULLS LAST"))


def _matches(of_all: str, is_negated: bool = False) -> Mend:
    def mend(node: exp.Expression) -> exp.Expression:
        array, condition = node.expressions
        found = call(of_all, call("list_transform", array, condition))
        return exp.Paren(this=exp.Not(this=found)) if is_negated else found

    return mend


def _map_agg(node: exp.Expression) -> exp.Expression:
    key, value = node.expressions
    entry = call("struct_pack", exp.PropertyEQ(this=exp.to_identifier("k"), expression=key),
                 exp.PropertyEQ(this=exp.to_identifier("v"), expression=value))  # fmt: skip
    around(node).replace(call("map_from_entries", rebuilt(node, call("list", entry))))
    return node


MENDS: dict[type[exp.Expression], Mend] = {
    exp.ArrayPosition: _macro("athena_array_position", "this", "expression"),
    exp.ArrayDistinct: _macro("athena_array_distinct", "this"),
    exp.ArrayMax: _macro("athena_array_max", "this"),
    exp.ArrayMin: _macro("athena_array_min", "this"),
    exp.ArrayContains: _macro("athena_contains", "this", "expression"),
    exp.ArrayExcept: _macro("athena_array_except", "this", "expression"),
    exp.ArraySlice: _slice,
    exp.ArraySort: _sorted,
    exp.Reduce: _reduced,
}
NAMED: dict[str, Mend] = {
    "arrays_overlap": lambda node: call("athena_arrays_overlap", *node.expressions),
    "every": lambda node: call("bool_and", *node.expressions),
    "array_union": lambda node: call("athena_array_union", *node.expressions),
    "any_match": _matches("athena_any_true"),
    "all_match": _matches("athena_all_true"),
    "none_match": _matches("athena_any_true", is_negated=True),
    "map_agg": _map_agg,
}
