"""Casts: text is read strictly, times are written as Athena writes them, halves round up. Pure.

https://trino.io/docs/current/functions/conversion.html
"""

import re

from sqlglot import exp

from local.athena.errors import QueryError, position
from local.athena.trino.macros import NO_ZONE, ZONE
from local.athena.trino.nodes import Mend, call, literal_text, number, text

Type = exp.DataType.Type
INTEGERS = {Type.TINYINT: "TINYINT", Type.SMALLINT: "SMALLINT", Type.INT: "INT", Type.BIGINT: "BIGINT"}
TIMES = {
    Type.DATE: ("athena_date", re.compile(r"\d{4,}-\d{1,2}-\d{1,2}")),
    Type.TIMESTAMP: ("athena_timestamp", re.compile(NO_ZONE)),
    Type.TIMESTAMPTZ: ("athena_timestamptz", re.compile(NO_ZONE + ZONE)),
}


# Half of the last digit that a timestamp of this precision keeps, in microseconds, and that digit's unit.
HALVES = {0: (500_000, "second"), 3: (500, "millisecond")}


def _cast(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.TryCast) and _is_no_literal_of(node.to, node.this):
        return exp.cast(exp.null(), node.to)
    mended = _mended(node.this, node.to, node)
    if mended is None:
        return node
    return exp.Try(this=mended) if isinstance(node, exp.TryCast) else mended


def _mended(value: exp.Expression, to: exp.DataType, node: exp.Expression) -> exp.Expression | None:
    if to.this in INTEGERS:
        return call("athena_integer", value, exp.cast(exp.null(), to.copy()), text(INTEGERS[to.this]))
    if to.this in TIMES:
        return _time(value, to, node)
    if to.this in (Type.CHAR, Type.NCHAR):
        raise QueryError(f"NOT_SUPPORTED: {position(node)}: the local Athena has no char(n); use varchar(n)")
    if to.this == Type.VARCHAR:
        written = value if literal_text(value) is not None else call("athena_to_varchar", value)
        return call("left", written, to.expressions[0].this) if to.expressions else written
    return None


def _time(value: exp.Expression, to: exp.DataType, node: exp.Expression) -> exp.Expression:
    """Of a literal, or by a macro; a precision rounds, where the value is not written with it."""
    macro, pattern = TIMES[to.this]
    written = literal_text(value)
    if written is not None and pattern.fullmatch(written):
        return exp.Cast(this=value, to=exp.DataType(this=to.this))
    digits = int(to.expressions[0].name) if to.expressions else 6
    if digits >= 6:
        return call(macro, value)
    if digits not in HALVES:
        raise QueryError(f"NOT_SUPPORTED: {position(node)}: the local Athena has no timestamp({digits}); use 0, 3 or 6")
    half, unit = HALVES[digits]
    return call(
        "date_trunc", text(unit), exp.Add(this=call(macro, value), expression=call("to_microseconds", number(half)))
    )


def _is_no_literal_of(to: exp.DataType, value: exp.Expression) -> bool:
    """Whether the value is a text that Trino does not read as the type; DuckDB fails on such a constant in TRY."""
    written = literal_text(value)
    if written is None or to.this not in (*INTEGERS, *TIMES):
        return False
    return not (TIMES[to.this][1] if to.this in TIMES else re.compile(r"[+-]?\d+")).fullmatch(written)


MENDS: dict[type[exp.Expression], Mend] = {exp.Cast: _cast, exp.TryCast: _cast}
