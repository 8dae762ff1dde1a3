"""Arrow columns as JSON texts, a column at a time: the work per value is Arrow's, not Python's.

Numbers keep all their digits (JSON's have no limit, doubles have), times are RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from contracts.errors import PipelineError

TEXT = pa.large_string()
# What JSON writes with a backslash: https://www.rfc-editor.org/rfc/rfc8259#section-7
ESCAPED = r'["\\\x00-\x1f]'
NULL = pa.scalar("null", TEXT)
EMPTY = pa.scalar("", TEXT)
COMMA = pa.scalar(",", TEXT)

Piece = pa.Array | pa.Scalar | str


def joined(*pieces: Piece) -> pa.Array:
    """Texts side by side, row by row; at least one piece is a column."""
    return pc.binary_join_element_wise(*[pa.scalar(p, TEXT) if isinstance(p, str) else p for p in pieces], EMPTY)


def quoted(text: str) -> str:
    """A JSON string."""
    return orjson.dumps(text).decode()


def json_texts(column: pa.Array, schema: dict | None = None) -> pa.Array:
    """The JSON of each value; `schema` says which null members of objects stay, every one where there is none."""
    kind = column.type
    if kinds.is_struct(kind):
        texts = objects(members(column, schema), len(column))
    elif kinds.is_list(kind) or kinds.is_large_list(kind):
        texts = _lists(column, None if schema is None else schema["items"])
    else:
        texts = _scalars(column)
    return pc.if_else(column.is_valid(), pc.fill_null(texts, NULL), NULL) if column.null_count else texts


def members(column: pa.Array, schema: dict | None) -> list[Piece]:
    """Members of a struct's objects, each with a comma before it; empty where a null one is left out.

    A column cannot tell null from absent, a contract may: optional members that are null are absent. Members that the
    schema does not name are left out: an older row may hold what is no longer stored.
    """
    named = zip(column.type.fields, column.flatten(), strict=True)
    if schema is None:
        return [member(field.name, value, None, True) for field, value in named]
    properties, kept = schema["properties"], schema.get("required", ())
    return [
        member(field.name, value, properties[field.name], field.name in kept)
        for field, value in named
        if field.name in properties
    ]


def member(name: str, value: pa.Array, schema: dict | None, is_kept: bool) -> Piece:
    """`,"name":value`, or nothing where the value is null and need not be kept."""
    if value.null_count == len(value) and not is_kept:
        return EMPTY
    text = joined(f",{quoted(name)}:", json_texts(value, schema))
    return text if is_kept or not value.null_count else pc.if_else(value.is_valid(), text, EMPTY)


def objects(pieces: Sequence[Piece], length: int) -> pa.Array:
    """Objects of members that have a comma before them."""
    blank = pa.repeat(EMPTY, length)
    return joined("{", pc.ascii_ltrim(joined(blank, *pieces), characters=","), "}")


def _lists(column: pa.Array, schema: dict | None) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(column), 0).cast(pa.int64())
    ends = pc.cumulative_sum(lengths)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
    return joined(
        "[", pc.binary_join(pa.ListArray.from_arrays(offsets, json_texts(column.flatten(), schema)), COMMA), "]"
    )


def _scalars(column: pa.Array) -> pa.Array:
    kind = column.type
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return _strings(column)
    if kinds.is_timestamp(kind) and kind.tz:
        utc = column.cast(pa.timestamp(kind.unit, "UTC")).cast(TEXT)
        return joined('"', pc.replace_substring(utc, " ", "T", max_replacements=1), '"')
    if kinds.is_date(kind):
        return joined('"', column.cast(TEXT), '"')
    if kinds.is_floating(kind):
        return pc.if_else(pc.is_finite(column), column.cast(TEXT), NULL)
    if kinds.is_integer(kind) or kinds.is_decimal(kind) or kinds.is_boolean(kind):
        return column.cast(TEXT)
    if kinds.is_null(kind):
        return pa.repeat(NULL, len(column))
    raise PipelineError(f"a column has type {kind}; expected one that contracts have. Teach the publisher to write it.")


def _strings(column: pa.Array) -> pa.Array:
    texts = column.cast(TEXT)
    is_escaped = pc.fill_null(pc.match_substring_regex(texts, ESCAPED), False)
    plain = joined('"', texts, '"')
    if not pc.any(is_escaped).as_py():
        return plain
    escaped: Iterable[str] = map(quoted, texts.filter(is_escaped).to_pylist())
    return pc.replace_with_mask(plain, is_escaped, pa.array(escaped, TEXT))
