"""Members of nested rows by their dotted path, and what a derived column is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from contracts.contract import Contract

Contracts = dict[str, Contract]


@dataclass(frozen=True)
class Derived:
    """A column computed from others: the columns it reads, and its value."""

    reads: Callable[[Contracts], list[str]]
    value: Callable[[pa.Table, Contracts], pa.ChunkedArray]


def member(rows: pa.Table, path: str) -> pa.ChunkedArray:
    """The column or struct member at a dotted path; nulls where the file is older than it."""
    name, *steps = path.split(".")
    found = rows[name] if name in rows.column_names else None
    for step in steps:
        is_there = found is not None and found.type.get_field_index(step) >= 0
        found = pc.struct_field(found, step) if is_there else None
    return pa.chunked_array([pa.nulls(len(rows))]) if found is None else found
