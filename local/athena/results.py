"""Results as Athena writes them: types, text of values, CSV, rows of GetQueryResults. Pure."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local.athena.errors import QueryError
from local.athena.translate import result_names

# Precision as Athena reports it for types that have no digits of their own.
TYPES = {
    "BOOLEAN": ("boolean", 0), "TINYINT": ("tinyint", 3), "SMALLINT": ("smallint", 5),
    "INTEGER": ("integer", 10), "BIGINT": ("bigint", 19), "HUGEINT": ("bigint", 19),
    "UTINYINT": ("smallint", 5), "USMALLINT": ("integer", 10), "UINTEGER": ("bigint", 19),
    "UBIGINT": ("bigint", 19), "FLOAT": ("float", 17), "DOUBLE": ("double", 17),
    "VARCHAR": ("varchar", 2147483647), "UUID": ("varchar", 36), "JSON": ("varchar", 2147483647),
    "DATE": ("date", 0), "TIME": ("time", 3), "BLOB": ("varbinary", 1073741824),
    "TIMESTAMP": ("timestamp", 3), "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3),
    "INTERVAL": ("interval day to second", 0), '"NULL"': ("unknown", 0),
}  # fmt: skip
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Column:
    """A result column as ResultSetMetadata describes it."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0

    def info(self) -> dict[str, Any]:
        """One ColumnInfo."""
        return {
            "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": self.name, "Label": self.name,
            "Type": self.type, "Precision": self.precision, "Scale": self.scale, "Nullable": "UNKNOWN",
            "CaseSensitive": self.type in ("varchar", "char", "string"),
        }  # fmt: skip


def columns_of_relation(names: list[str], types: list[Any]) -> list[Column]:
    """The columns of a DuckDB relation."""
    return [_column(name, str(type_)) for name, type_ in zip(result_names(names), types, strict=True)]


def _column(name: str, type_: str) -> Column:
    if match := re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", type_):
        return Column(name, "decimal", int(match[1]), int(match[2]))
    if type_.endswith("]"):
        return Column(name, "array")
    for prefix, kind in (("STRUCT", "row"), ("MAP", "map"), ("TIMESTAMP_", "timestamp")):
        if type_.startswith(prefix):
            return Column(name, kind, 3 if kind == "timestamp" else 0)
    return Column(name, *TYPES.get(type_, ("varchar", 2147483647)))


Text = str | None


def text_rows(table: pa.Table) -> Iterator[tuple[Text, ...]]:
    """The rows of a result, every value as Athena's text; NULL is None."""
    for batch in table.to_batches():
        yield from zip(*(column_texts(column) for column in batch.columns), strict=True)


def column_texts(column: pa.Array) -> list[Text]:
    """The values of a column as text."""
    to_text = _text_function(column.type)
    return [None if value is None else to_text(value) for value in _python_values(column)]


def _python_values(column: pa.Array) -> list[Any]:
    """Times as microseconds since 1970: Python's own cannot hold a zone without a data base of zones."""
    if pa.types.is_timestamp(column.type):
        return pc.cast(column.cast(pa.timestamp("us", column.type.tz)), pa.int64()).to_pylist()
    return column.to_pylist()


def _text_function(type_: pa.DataType) -> Callable[[Any], str]:
    if pa.types.is_timestamp(type_):
        return _zoned_time_text if type_.tz else _time_text
    for is_type, function in _BY_TYPE:
        if is_type(type_):
            return function
    if pa.types.is_map(type_):
        return _map_function(type_)
    if pa.types.is_struct(type_):
        return _struct_function(type_)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_):
        inner = _nested(type_.value_type)
        return lambda values: f"[{', '.join(map(inner, values))}]"
    return str


def _nested(type_: pa.DataType) -> Callable[[Any], str]:
    inner = _text_function(type_)
    return lambda value: "null" if value is None else inner(_as_top_level(value))


def _as_top_level(value: Any) -> Any:
    """A time inside of a nested value, in the form that top-level ones have."""
    if isinstance(value, datetime):
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
        return (naive - EPOCH) // timedelta(microseconds=1)
    return value


def _struct_function(type_: pa.StructType) -> Callable[[dict], str]:
    """Fields without a name are numbered `field0` by Athena, `_0` by DuckDB."""
    fields = [(field.name, re.sub(r"^_(\d+)$", r"field\1", field.name), _nested(field.type)) for field in type_]
    return lambda value: "{" + ", ".join(f"{label}={text(value[name])}" for name, label, text in fields) + "}"


def _map_function(type_: pa.MapType) -> Callable[[Any], str]:
    key, value = _nested(type_.key_type), _nested(type_.item_type)
    return lambda pairs: "{" + ", ".join(f"{key(k)}={value(v)}" for k, v in pairs) + "}"


def _time_text(microseconds: int) -> str:
    """Three digits of a second, six only where they are needed."""
    time = EPOCH + timedelta(microseconds=microseconds)
    return time.isoformat(sep=" ", timespec="microseconds" if microseconds % 1000 else "milliseconds")


def _zoned_time_text(microseconds: int) -> str:
    """Six digits, as of Iceberg's timestamps."""
    return f"{(EPOCH + timedelta(microseconds=microseconds)).isoformat(sep=' ', timespec='microseconds')} UTC"


def _interval_text(value: Any) -> str:
    """`3 04:00:00.000` of days and times, `1-2` of years and months."""
    months, days, nanoseconds = value
    if months and (days or nanoseconds):
        raise QueryError("NOT_SUPPORTED: an interval of months and of days; Athena has none")
    if months:
        return f"{'-' * (months < 0)}{abs(months) // 12}-{abs(months) % 12}"
    milliseconds = days * 86_400_000 + nanoseconds // 1_000_000
    sign, milliseconds = "-" * (milliseconds < 0), abs(milliseconds)
    seconds, fraction = divmod(milliseconds, 1000)
    clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{fraction:03}"
    return f"{sign}{seconds // 86_400} {clock}"


def double_text(value: float) -> str:
    """As Java writes a double: 1.0, 1.0E10, NaN, Infinity."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return _plain_decimal(value)
    mantissa, _, exponent = f"{value!r}".partition("e")
    if not exponent:
        mantissa, _, exponent = _scientific(value).partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}E{int(exponent)}"


def _plain_decimal(value: float) -> str:
    text = repr(value)
    return text if "." in text else f"{text}.0"


def _scientific(value: float) -> str:
    """The shortest digits that give the same value, in scientific form."""
    return next(text for digits in range(17) if float(text := f"{value:.{digits}e}") == value)


def _float_text(value: float) -> str:
    return double_text(float(str(np.float32(value))))


def _binary_text(value: bytes) -> str:
    return value.hex(" ")


def _is_text(type_: pa.DataType) -> bool:
    return pa.types.is_string(type_) or pa.types.is_large_string(type_)


_BY_TYPE: list[tuple[Callable[[pa.DataType], bool], Callable[[Any], str]]] = [
    (_is_text, str),
    (pa.types.is_boolean, lambda value: "true" if value else "false"),
    (pa.types.is_float32, _float_text),
    (pa.types.is_floating, double_text),
    (pa.types.is_decimal, lambda value: f"{value:f}"),
    (pa.types.is_date, date.isoformat),
    (pa.types.is_time, lambda value: value.isoformat(timespec="milliseconds")),
    (pa.types.is_binary, _binary_text),
    (pa.types.is_interval, _interval_text),
]


def csv_text(columns: Sequence[Column], rows: Iterator[tuple[Text, ...]]) -> Iterator[str]:
    """The lines of the result file: every value quoted, NULL empty."""
    yield _csv_line([column.name for column in columns])
    for row in rows:
        yield _csv_line(row)


def _csv_line(values: Sequence[Text]) -> str:
    quoted = ("" if value is None else '"' + value.replace('"', '""') + '"' for value in values)
    return ",".join(quoted) + "\n"


_CSV_VALUE = re.compile(r'(?:"((?:[^"]|"")*)")?(,|\n)')


def csv_rows(text: str) -> list[list[Text]]:
    """The rows of a result file, its header among them; unlike `csv`, it tells NULL from an empty text."""
    rows: list[list[Text]] = [[]]
    for match in _CSV_VALUE.finditer(text):
        rows[-1].append(None if match[1] is None else match[1].replace('""', '"'))
        if match[2] == "\n":
            rows.append([])
    return rows[:-1]


def result_page(columns: Sequence[Column], rows: Sequence[Sequence[Text]], start: int, count: int) -> dict:
    """One page of GetQueryResults; the next token is the number of the next row."""
    data = [{"Data": [{} if v is None else {"VarCharValue": v} for v in row]} for row in rows[start : start + count]]
    metadata = {"ColumnInfo": [column.info() for column in columns]}
    page = {"UpdateCount": 0, "ResultSet": {"Rows": data, "ResultSetMetadata": metadata}}
    return {**page, "NextToken": str(start + count)} if start + count < len(rows) else page
