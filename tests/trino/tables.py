"""The tables and views of a database, made again in Trino's memory from the same literal rows."""

import base64
import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from contracts.contract import load_contracts
from lake.athena_types import trino_type
from lake.columns import table_schema

# https://trino.io/docs/435/connector/iceberg.html#partitions-table
PARTITIONS = pa.schema(
    [
        ("partition", pa.struct([("event_type", pa.string()), ("event_date", pa.date32())])),
        ("record_count", pa.int64()),
        ("file_count", pa.int64()),
        ("total_size", pa.int64()),
    ]
)


def events_statements(events: Iterable[dict], partitions: Iterable[dict]) -> Iterator[str]:
    """The table `events` and what Iceberg tells of its partitions."""
    yield from _table("events", table_schema(load_contracts()), list(events))
    yield from _table("events$partitions", PARTITIONS, list(partitions))


def _table(name: str, schema: pa.Schema, rows: list[dict]) -> Iterator[str]:
    columns = ", ".join(f'"{field.name}" {trino_type(field.type)}' for field in schema)
    yield f'CREATE TABLE "{name}" ({columns})'
    if rows:
        values = ",\n".join(
            f"({', '.join(_cell(row.get(field.name), field.type) for field in schema)})" for row in rows
        )
        yield f'INSERT INTO "{name}" VALUES {values}'


def _cell(value: Any, data_type: pa.DataType) -> str:
    return f"CAST({literal(value, data_type)} AS {trino_type(data_type)})"


def literal(value: Any, data_type: pa.DataType) -> str:
    """A value in SQL."""
    if value is None:
        return "NULL"
    if pa.types.is_struct(data_type):
        return f"ROW({', '.join(literal(value.get(field.name), field.type) for field in data_type)})"
    if pa.types.is_list(data_type):
        return f"ARRAY[{', '.join(literal(member, data_type.value_type) for member in value)}]"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP '{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f} UTC'"
    if isinstance(value, bool):
        return str(value).lower()
    words = {pa.string(): "VARCHAR", pa.date32(): "DATE", pa.int64(): "BIGINT", pa.float64(): "DOUBLE"}
    quoted = str(value).replace("'", "''")
    return f"{words.get(data_type, 'DECIMAL')} '{quoted}'"


def json_statements(table: dict, documents: dict[str, list[dict]]) -> Iterator[str]:
    """A table of JSON documents, by the TableInput of Glue and the documents by their partition."""
    columns = {
        c["Name"]: _trino_type(c["Type"]) for c in table["StorageDescriptor"]["Columns"] + table["PartitionKeys"]
    }
    defined = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    yield f"CREATE TABLE {table['Name']} ({defined})"
    # `s3://lake/db/ledger/batches/batch_date=${batch_date}` begins with the bucket and the database's folder.
    folder = table["Parameters"]["storage.location.template"].split("/", 4)[4].partition("/$")[0].split("=")[0]
    folder = folder.rpartition("/")[0]
    rows = [
        {**line, **dict(part.split("=") for part in partition.split("/") if "=" in part)}
        for partition, lines in documents.items()
        if partition.startswith(f"{folder}/")
        for line in lines
    ]
    if rows:
        values = ",\n".join(
            f"({', '.join(_from_json(row.get(n), kind) for n, kind in columns.items())})" for row in rows
        )
        yield f"INSERT INTO {table['Name']} VALUES {values}"


def _trino_type(hive: str) -> str:
    """`array<struct<key:string>>` is `array(row("key" varchar))`."""
    named = re.sub(r"(\w+):", r'"\1" ', hive).replace("struct<", "row(").replace("string", "varchar")
    return named.replace("<", "(").replace(">", ")")


def _from_json(value: Any, kind: str) -> str:
    if kind in ("date", "timestamp"):
        # Not by JSON, which has neither.
        return f"CAST({literal(value, pa.string())} AS {kind})"
    quoted = json.dumps(value, ensure_ascii=False).replace("'", "''")
    # JSON has no dates and times: they are texts in it, which Trino casts, but not from JSON.
    text = f"CAST(JSON '{quoted}' AS varchar)" if kind in ("date", "timestamp") else f"JSON '{quoted}'"
    return f"CAST({text} AS {kind})"


def view_definition(view: dict) -> dict:
    """What Athena keeps in a view of the Glue Catalog."""
    encoded = re.fullmatch(r"/\* Presto View: (\S+) \*/", view["ViewOriginalText"])[1]
    return json.loads(base64.b64decode(encoded))


def columns_of(rows: Iterable[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Names and types; for people Trino writes `row(a decimal(38, 2))` where a view has `row("a" decimal(38,2))`."""
    return [(name, kind.replace(", ", ",").replace('"', "")) for name, kind, *_ in rows]
