"""Nested rows as a flat table: what the suite names, and no more.

A column is a common one (`event_id`), a member of a struct (`purchase.total`), or derived: see DERIVED, and
`has_required_fields.<event type>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from contracts.contract import Contract
from contracts.expectations import has_required_fields, required_paths
from contracts.types import Array, Struct
from lake.columns import UTC_TIME

Contracts = dict[str, Contract]


@dataclass(frozen=True)
class Derived:
    """A column computed from others: the Parquet columns it reads, and its value."""

    reads: Callable[[Contracts], list[str]]
    value: Callable[[pa.Table, Contracts], pa.ChunkedArray]


def columns_to_read(names: Iterable[str], contracts: Contracts) -> list[str]:
    """Parquet columns from which the flat ones are made."""
    derived = DERIVED | _required_of(contracts)
    needed = (derived[name].reads(contracts) if name in derived else [name] for name in names)
    return sorted({column for columns in needed for column in columns})


def flatten(rows: pa.Table, names: Iterable[str], contracts: Contracts) -> pa.Table:
    """One flat column per name; null where the file is older than the column. Decimals become doubles."""
    derived = DERIVED | _required_of(contracts)
    return pa.table({name: _column(rows, name, derived, contracts) for name in names})


def _column(rows: pa.Table, name: str, derived: dict[str, Derived], contracts: Contracts) -> pa.ChunkedArray:
    values = derived[name].value(rows, contracts) if name in derived else member(rows, name)
    # pandas compares Decimal objects one by one; for a sign or a bound a double is as good.
    return values.cast(pa.float64()) if pa.types.is_decimal(values.type) else values


def member(rows: pa.Table, path: str) -> pa.ChunkedArray:
    """The column or struct member at a dotted path."""
    name, *steps = path.split(".")
    found = rows[name] if name in rows.column_names else None
    for step in steps:
        is_there = found is not None and found.type.get_field_index(step) >= 0
        found = pc.struct_field(found, step) if is_there else None
    return pa.chunked_array([pa.nulls(len(rows))]) if found is None else found


def _is_event_date_of_event_time(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    return pc.equal(rows["event_date"], rows["event_time"].cast(pa.date32()))


def _is_data_in_its_column(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    agrees = [pc.equal(pc.is_valid(member(rows, t)), pc.equal(rows["event_type"], t)) for t in contracts]
    return reduce(pc.and_, agrees)


def _is_time_within_contract(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    def within(contract: Contract) -> pa.ChunkedArray:
        earliest = pa.scalar(contract.earliest, UTC_TIME)
        is_not_ahead = pc.greater_equal(rows["lateness_seconds"], -contract.ahead_seconds)
        return pc.and_(is_not_ahead, pc.greater_equal(rows["event_time"], earliest))

    return _by_type(rows, contracts, within)


def _is_late_as_contract_says(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    def agrees(contract: Contract) -> pa.ChunkedArray:
        return pc.equal(rows["is_late"], pc.greater(rows["lateness_seconds"], contract.late_after_seconds))

    return _by_type(rows, contracts, agrees)


def _by_type(rows: pa.Table, contracts: Contracts, rule: Callable[[Contract], pa.ChunkedArray]) -> pa.ChunkedArray:
    """The rule of each row's own contract; null where a type has none."""
    nothing = pa.chunked_array([pa.nulls(len(rows), pa.bool_())])
    return reduce(
        lambda found, c: pc.if_else(pc.equal(rows["event_type"], c.event_type), rule(c), found),
        contracts.values(),
        nothing,
    )


def _item_count(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    items = member(rows, "purchase.items")
    return items if pa.types.is_null(items.type) else pc.list_value_length(items)


def _is_customer_known(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Null where an event names no customer."""
    named = [pc.is_valid(member(rows, path)) for path in _customer_paths(contracts)]
    is_known = pc.is_valid(member(rows, "customer.customer_id"))
    return pc.if_else(reduce(pc.or_, named), is_known, pa.scalar(None, pa.bool_()))


def _required_of(contracts: Contracts) -> dict[str, Derived]:
    """One column per event type, as the expectations that contracts derive name it."""
    return {has_required_fields(name): _required(contract) for name, contract in contracts.items()}


def _required(contract: Contract) -> Derived:
    columns = [".".join((contract.event_type, *path)) for path in required_paths(contract)]

    def value(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
        is_whole = reduce(pc.and_, (pc.is_valid(member(rows, column)) for column in columns))
        return pc.if_else(pc.equal(rows["event_type"], contract.event_type), is_whole, pa.scalar(None, pa.bool_()))

    return Derived(lambda _: ["event_type", *columns], value)


def _customer_paths(contracts: Contracts) -> list[str]:
    paths = [(c.event_type, *path) for c in contracts.values() for path in c.references("customers")]
    return [".".join(path) for path in paths if "[]" not in path]


def _first_leaf(path: str, data_type: Struct) -> str:
    """A column that tells whether the struct is there, cheaper to read than the whole struct."""
    for field in data_type.fields:
        if not isinstance(field.type, Struct | Array):
            return f"{path}.{field.name}"
    return path


def _type_columns(contracts: Contracts) -> list[str]:
    return [_first_leaf(name, contract.stored_type) for name, contract in contracts.items()]


DERIVED = {
    "is_event_date_of_event_time": Derived(lambda _: ["event_date", "event_time"], _is_event_date_of_event_time),
    "is_data_in_its_column": Derived(lambda c: ["event_type", *_type_columns(c)], _is_data_in_its_column),
    "is_time_within_contract": Derived(
        lambda _: ["event_type", "event_time", "lateness_seconds"], _is_time_within_contract
    ),
    "is_late_as_contract_says": Derived(
        lambda _: ["event_type", "is_late", "lateness_seconds"], _is_late_as_contract_says
    ),
    "purchase.item_count": Derived(lambda _: ["purchase.items"], _item_count),
    "is_customer_known": Derived(lambda c: ["customer.customer_id", *_customer_paths(c)], _is_customer_known),
}
