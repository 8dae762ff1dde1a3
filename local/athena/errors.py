"""What can be wrong with a query, in the words of Athena engine version 3. Pure."""

import re

import duckdb
from sqlglot import exp


class QueryError(Exception):
    """The query failed; the text is Athena's StateChangeReason."""


class ScanLimitExceeded(Exception):
    """The files that the query reads are larger than its work group allows."""


class InvalidRequest(Exception):
    """The statement is refused before it is queued."""


def position(node: exp.Expression | None) -> str:
    """Where a name stands in the statement, as `line 1:8`."""
    meta = node.meta if node is not None else {}
    if "line" not in meta:
        return "line 1:1"
    length = meta["end"] - meta["start"] + 1
    return f"line {meta['line']}:{meta['col'] - length + 1}"


def query_error(error: duckdb.Error, tree: exp.Expression) -> QueryError:
    """DuckDB's error as Athena would put it; what is not known keeps DuckDB's first line."""
    text = str(error)
    for pattern, describe in _KNOWN:
        if match := re.search(pattern, text):
            return QueryError(describe(match, tree))
    kind = "TYPE_MISMATCH: " if isinstance(error, duckdb.BinderException) else "GENERIC_INTERNAL_ERROR: "
    return QueryError(kind + text.splitlines()[0])


def _column_not_found(match: re.Match, tree: exp.Expression) -> str:
    name = match[1]
    where = position(_named(tree, name, exp.Identifier))
    return f"COLUMN_NOT_FOUND: {where}: Column '{name}' cannot be resolved or requester is not authorized to access requested resources"  # noqa: E501


def _function_not_found(match: re.Match, tree: exp.Expression) -> str:
    return f"FUNCTION_NOT_FOUND: Function '{match[1]}' not registered"


def _group_by(match: re.Match, tree: exp.Expression) -> str:
    where = position(_named(tree, match[1], exp.Identifier))
    return (
        f"EXPRESSION_NOT_AGGREGATE: {where}: '{match[1]}' must be an aggregate expression or appear in GROUP BY clause"
    )


def _overflow(match: re.Match, tree: exp.Expression) -> str:
    kind = {"INT32": "integer", "INT64": "bigint", "INT16": "smallint", "INT8": "tinyint"}.get(match[2], "bigint")
    return f"NUMERIC_VALUE_OUT_OF_RANGE: {kind} {match[1]} overflow: {match[3]}"


def _ambiguous(match: re.Match, tree: exp.Expression) -> str:
    where = position(_named(tree, match[1], exp.Identifier))
    return f"AMBIGUOUS_NAME: {where}: Column '{match[1]}' is ambiguous"


def _named(tree: exp.Expression, name: str, kind: type[exp.Expression]) -> exp.Expression | None:
    wanted = name.split(".")[-1].lower()
    found = (node for node in tree.find_all(kind) if node.name.lower() == wanted and "line" in node.meta)
    return min(found, key=lambda node: node.meta["start"], default=None)


_KNOWN = [
    # What a macro refuses; DuckDB says it as a text that is no boolean.
    (r"Could not convert string '([A-Z_]+: [\s\S]*)' to BOOL", lambda match, tree: match[1]),
    (r'Referenced column "([^"]+)" not found', _column_not_found),
    (r'"[^"]+" does not have a column named "([^"]+)"', _column_not_found),
    (r'Could not find key "([^"]+)" in struct', _column_not_found),
    (r"Function with name \"?(\w+)\"? does not exist", _function_not_found),
    (r'column "([^"]+)" must appear in the GROUP BY', _group_by),
    (r'Ambiguous reference to column name "([^"]+)"', _ambiguous),
    (r"Division by zero", lambda match, tree: "DIVISION_BY_ZERO: Division by zero"),
    (r"Overflow in (addition|subtraction|multiplication|negation) of (INT\d+) \(([^)]*)\)", _overflow),
    (
        r"Type \w+ with value (\S+) can't be cast because the value is out of range for the destination type (\w+)",
        lambda match, tree: f"INVALID_CAST_ARGUMENT: Out of range for {_trino_name(match[2]).lower()}: {match[1]}",
    ),
    (
        r"Could not convert string '([^']*)' to (\w+)",
        lambda match, tree: f"INVALID_CAST_ARGUMENT: Cannot cast '{match[1]}' to {_trino_name(match[2])}",
    ),
    (
        r"(date|timestamp) field value out of range: \"([^\"]*)\"",
        lambda match, tree: f"INVALID_CAST_ARGUMENT: Value cannot be cast to {match[1]}: {match[2]}",
    ),
    (
        r"invalid (date|timestamp) field format: \"([^\"]*)\"",
        lambda match, tree: f"INVALID_CAST_ARGUMENT: Value cannot be cast to {match[1]}: {match[2]}",
    ),
    (
        r"Cannot compare values of type (.+?) and (?:type )?(.+?) - an explicit cast",
        lambda match, tree: f"TYPE_MISMATCH: Cannot apply operator: {match[1].lower()} and {match[2].lower()}",
    ),
    (
        r"Could not parse string \"([^\"]*)\" according to format specifier",
        lambda match, tree: f'INVALID_FUNCTION_ARGUMENT: Invalid format: "{match[1]}"',
    ),
    (
        r'table "(\w+)" has (\d+) columns available but (\d+) columns specified',
        lambda match, tree: (
            "MISMATCHED_COLUMN_ALIASES: line 1:1: Column alias list has"
            f" {match[3]} entries but '{match[1]}' has {match[2]} columns available"
        ),
    ),
    (
        r"(?:Malformed|malformed) JSON[^\n]*",
        lambda match, tree: f"HIVE_BAD_DATA: Error parsing a row: {match[0]}",
    ),
]


def _trino_name(duckdb_type: str) -> str:
    names = {"INT64": "BIGINT", "INT32": "INT", "INT16": "SMALLINT", "INT8": "TINYINT", "BOOL": "BOOLEAN"}
    return names.get(duckdb_type, duckdb_type)
