"""Nested rows as a flat table: what a suite names, and no more.

A column is one of the table (`event_id`), a member of a struct (`purchase.total`), derived row by row (`quality.rows`,
`quality.orders`, `quality.ledger`), or derived across rows: ACROSS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from quality.ledger import LEDGER
from quality.members import Contracts, Derived, member
from quality.orders import ORDER_ID, REFUNDS, left_after_refund, left_after_refunds
from quality.rows import DERIVED, required_of


@dataclass(frozen=True)
class Across:
    """A column that looks at several rows at once: the flat columns it reads, and its value.

    Rows that it looks at together agree in the first of the columns `key` that is not null.
    """

    key: tuple[str, ...]
    reads: tuple[str, ...]
    value: Callable[[pa.Table], pa.ChunkedArray]


ACROSS = {
    "refund.left_after_refund": Across(ORDER_ID, REFUNDS, left_after_refund),
    "refund.left_after_refunds": Across(ORDER_ID, REFUNDS, left_after_refunds),
}


def columns_to_read(names: Iterable[str], contracts: Contracts) -> list[str]:
    """Parquet columns from which the flat ones are made."""
    derived = _derived(contracts)
    needed = (derived[name].reads(contracts) if name in derived else [name] for name in row_columns(names))
    return sorted({column for columns in needed for column in columns})


def row_columns(names: Iterable[str]) -> list[str]:
    """The flat columns that are made row by row, for all of `names`."""
    needed = (ACROSS[name].reads if name in ACROSS else (name,) for name in names)
    return sorted({column for columns in needed for column in columns})


def flatten(rows: pa.Table, names: Iterable[str], contracts: Contracts) -> pa.Table:
    """The flat columns of these rows that are made row by row; null where the file is older than the column."""
    derived = _derived(contracts)
    return pa.table({name: _column(rows, name, derived, contracts) for name in row_columns(names)})


def together(parts: Iterable[pa.Table], names: Iterable[str], earlier: pa.Table | None = None) -> pa.Table:
    """Flat parts as one table with the columns `names`.

    `earlier` are flat rows of days before (REFUNDS) that columns across rows look at; they are not validated.
    """
    flat = pa.concat_tables(parts, promote_options="permissive")
    return pa.table({name: _across(flat, name, earlier) if name in ACROSS else flat[name] for name in names})


def as_frame(flat: pa.Table) -> pd.DataFrame:
    """The table as pandas validates it."""
    return with_doubles(flat).to_pandas()


def with_doubles(flat: pa.Table) -> pa.Table:
    """The table without decimals: engines compare them one by one, and a double is as good for a bound."""
    columns = [c.cast(pa.float64()) if pa.types.is_decimal(c.type) else c for c in flat.columns]
    return pa.table(columns, flat.column_names)


def _across(flat: pa.Table, name: str, earlier: pa.Table | None) -> pa.ChunkedArray:
    rows = flat.select(ACROSS[name].reads)
    if earlier is not None:
        rows = pa.concat_tables([rows, earlier.select(rows.column_names)], promote_options="permissive")
    return ACROSS[name].value(rows).slice(0, len(flat))


def _column(rows: pa.Table, name: str, derived: dict[str, Derived], contracts: Contracts) -> pa.ChunkedArray:
    return derived[name].value(rows, contracts) if name in derived else member(rows, name)


def _derived(contracts: Contracts) -> dict[str, Derived]:
    return DERIVED | LEDGER | required_of(contracts)
