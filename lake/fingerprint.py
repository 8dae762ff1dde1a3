"""A fingerprint of a multiset of rows: equal for the same rows in any order, in any files, of any schema version."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.errors import PipelineError

FIELD_ID = b"PARQUET:field_id"
ROWS_AT_ONCE = 50_000
_LANES = 1 << 64


@dataclass(frozen=True)
class Fingerprint:
    """`digest` is the sum over all rows of each row's 64-bit hash; fingerprints of parts add up to the whole's."""

    rows: int = 0
    digest: int = 0

    def __add__(self, other: Fingerprint) -> Fingerprint:
        return Fingerprint(self.rows + other.rows, (self.digest + other.digest) % _LANES)


def fingerprint(rows: pa.Table, field_ids: Collection[int]) -> Fingerprint:
    """The fingerprint of the values with these field ids. A value that is null counts as one that is not there."""
    total = Fingerprint()
    for batch in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
        hashes = np.zeros(len(batch), np.uint64)
        for field, column in zip(batch.schema, batch.columns, strict=True):
            hashes += _hashes(column, field, field_ids)
        total += Fingerprint(len(batch), int(_mixed(hashes).sum(dtype=np.uint64)))
    return total


def field_id(field: pa.Field) -> int:
    """The Iceberg id that a field of a Parquet file carries."""
    found = (field.metadata or {}).get(FIELD_ID)
    if found is None:
        raise PipelineError(
            f"column {field.name} has no Iceberg field id; expected one on every field of a data file. "
            "Leave the file out of maintenance, and look at what wrote it."
        )
    return int(found)


def _hashes(values: pa.Array, field: pa.Field, known: Collection[int]) -> np.ndarray:
    """One hash a row, 0 where the value is null or of a field that is not known."""
    if field_id(field) not in known:
        return np.zeros(len(values), np.uint64)
    is_there = pc.is_valid(values).to_numpy(zero_copy_only=False)
    seed = _mixed(np.array([field_id(field)], np.uint64))
    if pa.types.is_struct(field.type):
        return np.where(is_there, seed + _members(values, known), np.uint64(0))
    if pa.types.is_list(field.type) or pa.types.is_large_list(field.type):
        return np.where(is_there, _mixed(_elements(values, known) + seed), np.uint64(0))
    return np.where(is_there, _mixed(_leaves(values) ^ seed), np.uint64(0))


def _members(values: pa.StructArray, known: Collection[int]) -> np.ndarray:
    total = np.zeros(len(values), np.uint64)
    for field, member in zip(values.type, values.flatten(), strict=True):
        total += _hashes(member, field, known)
    return total


def _elements(values: pa.Array, known: Collection[int]) -> np.ndarray:
    """Of each list, its length and its elements with their places."""
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy().astype(np.int64)
    ends = np.cumsum(lengths)
    elements = _hashes(pc.list_flatten(values), values.type.value_field, known)
    places = np.arange(len(elements)) - np.repeat(ends - lengths, lengths)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(_mixed(elements + _mixed(places.astype(np.uint64))))])
    return sums[ends] - sums[ends - lengths] + _mixed(lengths.astype(np.uint64))


def _leaves(values: pa.Array) -> np.ndarray:
    """One hash a value; the same value of a narrower and a wider type has the same."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind):
        return _texts(values)
    if pa.types.is_decimal(kind):
        return _texts(values.cast(pa.string()))
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())
    elif pa.types.is_date32(kind):
        values = values.cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        values = values.cast(pa.int64())
    elif pa.types.is_floating(kind):
        values = values.cast(pa.float64()).view(pa.int64())
    else:
        raise PipelineError(f"a column has type {kind}; expected one that contracts have. Add it to the fingerprint.")
    return pc.fill_null(values, 0).to_numpy(zero_copy_only=False).view(np.uint64)


def _texts(values: pa.Array) -> np.ndarray:
    """Each distinct text is hashed once."""
    coded = pc.fill_null(values, "" if not pa.types.is_binary(values.type) else b"").dictionary_encode()
    texts = [text.as_py() for text in coded.dictionary]
    digests = [hashlib.blake2b(t if isinstance(t, bytes) else t.encode(), digest_size=8).digest() for t in texts]
    return np.frombuffer(b"".join(digests), np.uint64)[coded.indices.to_numpy()]


def _mixed(values: np.ndarray) -> np.ndarray:
    """The finalizer of splitmix64: each bit of the input changes about half of the output's."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
