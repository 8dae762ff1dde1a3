"""External tables of the catalog: JSON lines or Parquet under a location, in partitions or not."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from local.athena.errors import QueryError
from local.athena.hive_types import duckdb_type, lines_structure
from local.athena.partitions import PartitionKey, is_projected, is_wanted, location_pattern
from local.athena.sources import Source, Wanted
from local.athena.storage import Storage, StoredObject

JSON_SERDES = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")
PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

PartitionedObject = tuple[StoredObject, dict[str, str]]


def external_source(table: dict, wanted: Wanted, storage: Storage) -> Source:
    """The rows of the table; files of partitions that no use wants are not read."""
    objects = list(_objects(table, wanted, storage))
    serde = table["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"]
    scanned = sum(item.size for item, _ in objects)
    if serde in JSON_SERDES:
        return Source(_lines(table, objects, storage), json_query(table), scanned)
    if serde == PARQUET_SERDE:
        return Source(_parquet(table, objects, storage), "SELECT * FROM {data}", scanned)
    expected = ", ".join([*JSON_SERDES, PARQUET_SERDE])
    raise QueryError(f"NOT_SUPPORTED: {table['Name']}: SerDe {serde}; the local Athena reads {expected}")


def _keys(table: dict) -> list[PartitionKey]:
    return [PartitionKey(key["Name"], key["Type"].lower()) for key in table.get("PartitionKeys", [])]


def _objects(table: dict, wanted: Wanted, storage: Storage) -> Iterator[PartitionedObject]:
    keys, uses = _keys(table), wanted.with_constants()
    for item, texts in _found(table, keys, storage):
        values = {key.name: key.value(texts[key.name]) for key in keys}
        if is_wanted(values, uses):
            yield item, texts


def _found(table: dict, keys: list[PartitionKey], storage: Storage) -> Iterator[PartitionedObject]:
    parameters = table.get("Parameters", {})
    location = table["StorageDescriptor"]["Location"]
    if not keys:
        yield from ((item, {}) for item in storage.objects(location))
    elif parameters.get("projection.enabled", "").lower() == "true":
        yield from _projected(location, parameters, keys, storage)
    else:
        yield from _registered(table, keys, storage)


def _projected(
    location: str, parameters: dict, keys: list[PartitionKey], storage: Storage
) -> Iterator[PartitionedObject]:
    template, now = parameters.get("storage.location.template"), datetime.now(UTC).replace(tzinfo=None)
    pattern = location_pattern(location, template, keys)
    for item in storage.objects((template or location).split("${")[0].rsplit("/", 1)[0]):
        match = pattern.fullmatch(item.uri)
        if match and all(is_projected(key.name, match[key.name], parameters, now) for key in keys):
            yield item, match.groupdict()


def _registered(table: dict, keys: list[PartitionKey], storage: Storage) -> Iterator[PartitionedObject]:
    pages = storage.client("glue").get_paginator("get_partitions")
    for page in pages.paginate(DatabaseName=table["DatabaseName"], TableName=table["Name"]):
        for partition in page["Partitions"]:
            texts = dict(zip((key.name for key in keys), partition["Values"], strict=True))
            for item in storage.objects(partition["StorageDescriptor"]["Location"]):
                yield item, texts


def _lines(table: dict, objects: list[PartitionedObject], storage: Storage) -> pa.Table:
    """One row per line, its text in `line`, its partition beside it."""
    keys = _keys(table)
    schema = pa.schema([("line", pa.large_string()), *((key.name, pa.string()) for key in keys)])
    tables = [_lines_of(item, texts, schema, storage) for item, texts in objects]
    return pa.concat_tables([schema.empty_table(), *tables])


def _lines_of(item: StoredObject, texts: dict[str, str], schema: pa.Schema, storage: Storage) -> pa.Table:
    content = storage.read(item.uri)
    if item.uri.endswith(".gz"):
        content = gzip.decompress(content)
    lines = [line for line in content.decode().split("\n") if line.strip()]
    columns: list[Any] = [lines, *([texts[name]] * len(lines) for name in schema.names[1:])]
    return pa.table(columns, schema=schema)


def json_query(table: dict) -> str:
    """The columns of the table out of its lines; a value of another type than the column's is NULL. Pure."""
    columns = table["StorageDescriptor"]["Columns"]
    structure = lines_structure(columns).replace("'", "''")
    fields = [f'j."{column["Name"]}" AS "{column["Name"]}"' for column in columns]
    keys = [f'CAST("{key.name}" AS {duckdb_type(key.type)}) AS "{key.name}"' for key in _keys(table)]
    return (
        f"SELECT {', '.join([*fields, *keys])}"
        f" FROM (SELECT json_transform(line, '{structure}') AS j, * EXCLUDE (line) FROM {{data}})"
    )


def _parquet(table: dict, objects: list[PartitionedObject], storage: Storage) -> pa.Table:
    """Read by name; columns as the files have them, partition columns from the paths."""
    keys = _keys(table)
    names = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    tables = []
    for item, texts in objects:
        read = ds.dataset(item.path, format="parquet", filesystem=storage.filesystem).to_table()
        read = read.select([name for name in names if name in read.column_names])
        for key in keys:
            read = read.append_column(key.name, pa.array([key.value(texts[key.name])] * len(read)))
        tables.append(read)
    return pa.concat_tables(tables, promote_options="permissive") if tables else pa.table({n: [] for n in names})
