"""Dates and times: a date stays a date, differences are whole units, patterns are Joda's or MySQL's. Pure.

https://trino.io/docs/current/functions/datetime.html
"""

import re

from sqlglot import exp

from local.athena.errors import QueryError, position
from local.athena.trino.nodes import Mend, call, is_date, is_interval, literal_text, number, text

TIME_UNITS = ("millisecond", "second", "minute", "hour")
SPANS = {
    "millisecond": "to_milliseconds", "second": "to_seconds", "minute": "to_minutes", "hour": "to_hours",
    "day": "to_days", "week": "to_weeks", "month": "to_months", "quarter": "to_quarters", "year": "to_years",
}  # fmt: skip
FIELDS = {
    "DAY_OF_WEEK": "isodow", "DOW": "isodow", "DAYOFWEEK": "isodow", "DAY_OF_YEAR": "doy", "DAYOFYEAR": "doy",
    "DOY": "doy", "DAY_OF_MONTH": "day", "DAYOFMONTH": "day", "YEAR_OF_WEEK": "isoyear", "YOW": "isoyear",
    "WEEK": "week", "YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "DAY": "day", "HOUR": "hour",
    "MINUTE": "minute", "SECOND": "second",
}  # fmt: skip
# Letters of Joda's patterns and what strftime calls them.
# https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
JODA = {
    "yyyy": "%Y", "YYYY": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d",
    "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "ss": "%S", "SSS": "%g", "SSSSSS": "%f",
    "EEEE": "%A", "EEE": "%a", "E": "%a", "a": "%p", "DDD": "%j", "xxxx": "%G", "ww": "%V", "e": "%u",
}  # fmt: skip
JODA_PARTS = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^A-Za-z']+)")
# Functions that ask only for the time on the wall, so that the zone may be forgotten after them.
WALL_CLOCK = (
    exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Hour, exp.Minute, exp.Second, exp.DayOfWeekIso,
    exp.DayOfWeek, exp.DayOfYear, exp.DayOfMonth, exp.WeekOfYear, exp.Week, exp.Date, exp.TimeToStr, exp.LastDay,
)  # fmt: skip
WALL_CLOCK_NAMES = ("format_datetime", "year_of_week", "yow", "dow", "doy", "isoyear", "strftime", "athena_date")
KEEPS_ZONE = (exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.Paren)


def _unit(node: exp.Expression) -> str:
    unit = node.args["unit"].name.lower()
    if unit not in SPANS:
        raise QueryError(f"INVALID_FUNCTION_ARGUMENT: {position(node)}: '{unit}' is not a valid TIMESTAMP field")
    return unit


def _truncated(node: exp.Expression) -> exp.Expression:
    return call("athena_date_trunc", text(_unit(node)), node.this)


def _difference(node: exp.Expression) -> exp.Expression:
    return call("athena_date_diff", text(_unit(node)), node.expression, node.this)


def _added(node: exp.Expression) -> exp.Expression:
    unit = _unit(node)
    span = call(SPANS[unit], exp.cast(node.expression, "bigint" if unit in TIME_UNITS else "int"))
    return call("athena_plus_time" if unit in TIME_UNITS else "athena_plus", node.this, span)


def _plus(node: exp.Expression) -> exp.Expression:
    left, right = node.this, node.expression
    if is_interval(left) and not is_interval(right):
        left, right = right, left
    if not is_interval(right) or is_interval(left):
        return node
    return call("athena_plus_time" if _has_time(right) else "athena_plus", left, right)


def _minus_span(node: exp.Expression) -> exp.Expression:
    if is_interval(node.this) or not is_interval(node.expression):
        return node
    if _has_time(node.expression):
        return call("athena_plus_time", node.this, exp.Neg(this=exp.Paren(this=node.expression)))
    return call("athena_minus_span", node.this, node.expression)


def _has_time(interval: exp.Expression) -> bool:
    units = (str(found.args.get("unit") or "").lower() for found in interval.find_all(exp.Interval))
    return any(unit.rstrip("s") in TIME_UNITS for unit in units)


def _extracted(node: exp.Expression) -> exp.Expression:
    field = node.this.name.upper()
    if field not in FIELDS:
        raise QueryError(f"NOT_SUPPORTED: {position(node)}: the local Athena does not know EXTRACT of {field}")
    return exp.Extract(this=exp.var(FIELDS[field]), expression=node.expression)


def _formatted(node: exp.Expression) -> exp.Expression:
    """MySQL's %v is the week of the year by ISO; it has no %V."""
    if (pattern := literal_text(node.args.get("format"))) is not None:
        node.set("format", text(pattern.replace("%v", "%V")))
    return node


def _zoned(node: exp.Expression) -> exp.Expression:
    """The time on the wall of the zone; what has no zone is UTC first."""
    top = node
    while isinstance(top.parent, KEEPS_ZONE) and top.arg_key == "this":
        top = top.parent
    consumer = top.parent
    is_cast = isinstance(consumer, exp.Cast) and not consumer.is_type("timestamptz", "timestampltz")
    named = isinstance(consumer, exp.Anonymous) and consumer.name.lower() in WALL_CLOCK_NAMES
    if not (is_cast or named or isinstance(consumer, WALL_CLOCK)):
        raise QueryError(
            f"NOT_SUPPORTED: {position(node)}: the local Athena keeps no time zone in a value; put AT TIME ZONE inside"
            " of date, date_format, cast as date or timestamp, hour or another field"
        )
    return exp.AtTimeZone(this=exp.cast(node.this, exp.DataType.Type.TIMESTAMPTZ), zone=node.args["zone"])


def joda(pattern: str) -> str:
    """The pattern of strftime; QueryError names what it has no word for."""
    parts = []
    for match in JODA_PARTS.finditer(pattern):
        letters = match["letters"]
        if letters and letters not in JODA:
            raise QueryError(f"NOT_SUPPORTED: the local Athena does not know '{letters}' in the pattern '{pattern}'")
        plain = match["other"] or (match["quoted"] or "'").replace("''", "'")
        parts.append(JODA[letters] if letters else plain.replace("%", "%%"))
    return "".join(parts)


def _joda_call(name: str, node: exp.Expression) -> tuple[exp.Expression, exp.Expression]:
    value, pattern = (node.this, node.args["format"]) if isinstance(node, exp.ParseDatetime) else node.expressions
    if (written := literal_text(pattern)) is None:
        raise QueryError(
            f"NOT_SUPPORTED: {position(node)}: the pattern of {name} must be a literal in the local Athena"
        )
    return value, text(joda(written))


def _format_datetime(node: exp.Expression) -> exp.Expression:
    return call("strftime", *_joda_call("format_datetime", node))


def _parse_datetime(node: exp.Expression) -> exp.Expression:
    return exp.cast(call("strptime", *_joda_call("parse_datetime", node)), exp.DataType.Type.TIMESTAMPTZ)


def _sequence(node: exp.Expression) -> exp.Expression:
    start, end, step = node.args["start"], node.args["end"], node.args.get("step")
    if step is not None and is_interval(step):
        return call("athena_sequence_of_dates", start, end, step)
    if step is not None:
        return node
    if is_date(start) or is_date(end):
        return call("athena_sequence_of_dates", start, end, call("to_days", number(1)))
    return call("athena_sequence", start, end)


def _at_timezone(node: exp.Expression) -> exp.Expression:
    time, zone = node.expressions
    zoned = exp.AtTimeZone(this=time, zone=zone)
    node.replace(zoned)
    return _zoned(zoned)


MENDS: dict[type[exp.Expression], Mend] = {
    exp.TimestampTrunc: _truncated,
    exp.DateTrunc: _truncated,
    exp.DateDiff: _difference,
    exp.DateAdd: _added,
    exp.Add: _plus,
    exp.Extract: _extracted,
    exp.TimeToStr: _formatted,
    exp.AtTimeZone: _zoned,
    exp.GenerateSeries: _sequence,
    exp.ParseDatetime: _parse_datetime,
}
NAMED: dict[str, Mend] = {
    "at_timezone": _at_timezone,
    "format_datetime": _format_datetime,
    "to_iso8601": lambda node: call("athena_iso8601", *node.expressions),
    "yow": lambda node: call("isoyear", *node.expressions),
    "year_of_week": lambda node: call("isoyear", *node.expressions),
    "millisecond": lambda node: exp.Mod(this=call("millisecond", *node.expressions), expression=number(1000)),
}
minus_span = _minus_span
