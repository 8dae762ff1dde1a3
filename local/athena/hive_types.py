"""Column types of the Glue catalog in the words of DuckDB. Pure."""

import json
import re
from typing import Any

SCALARS = {
    "boolean": "BOOLEAN", "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER",
    "integer": "INTEGER", "bigint": "BIGINT", "float": "FLOAT", "real": "FLOAT", "double": "DOUBLE",
    "string": "VARCHAR", "varchar": "VARCHAR", "char": "VARCHAR", "binary": "BLOB", "date": "DATE",
    "timestamp": "TIMESTAMP", "timestamp with time zone": "TIMESTAMPTZ", "decimal": "DECIMAL(10,0)",
}  # fmt: skip


def json_structure(hive_type: str) -> Any:
    """The structure that DuckDB's json_transform wants for a column of this type."""
    name, inside = _parts(hive_type)
    if name == "struct":
        return {field: json_structure(type_) for field, type_ in _fields(inside)}
    if name == "array":
        return [json_structure(inside)]
    if name == "map":
        key, value = split_outside(inside, ",")
        return f"MAP({duckdb_type(key)},{duckdb_type(value)})"
    return _scalar(hive_type, name, inside)


def duckdb_type(hive_type: str) -> str:
    """The DuckDB type of a column of this type."""
    name, inside = _parts(hive_type)
    if name == "struct":
        fields = (f'"{field}" {duckdb_type(type_)}' for field, type_ in _fields(inside))
        return f"STRUCT({', '.join(fields)})"
    if name == "array":
        return f"{duckdb_type(inside)}[]"
    if name == "map":
        key, value = split_outside(inside, ",")
        return f"MAP({duckdb_type(key)}, {duckdb_type(value)})"
    return _scalar(hive_type, name, inside)


def lines_structure(columns: list[dict]) -> str:
    """The structure of one JSON line with these Glue columns, as a JSON text."""
    return json.dumps({column["Name"]: json_structure(column["Type"]) for column in columns})


def split_outside(text: str, separator: str) -> list[str]:
    """Split at separators that are not inside of <> or ()."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "<(") - (character in ">)")
        if character == separator and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def _parts(hive_type: str) -> tuple[str, str]:
    match = re.fullmatch(r"\s*([a-z ]+?)\s*(?:[<(](.*)[>)])?\s*", hive_type, re.I | re.DOTALL)
    if not match:
        raise ValueError(f"type {hive_type!r} is no type of the Glue catalog")
    return match[1].lower(), match[2] or ""


def _fields(inside: str) -> list[list[str]]:
    return [field.split(":", 1) for field in split_outside(inside, ",")]


def _scalar(hive_type: str, name: str, inside: str) -> str:
    if name == "decimal" and inside:
        return f"DECIMAL({inside})"
    if name not in SCALARS:
        raise ValueError(f"type {hive_type!r} is not supported by the local Athena")
    return SCALARS[name]
