"""Columns that tell of a row whether it keeps a rule: null where the rule is not about it."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from contracts.contract import Contract
from contracts.expectations import has_required_fields, required_paths
from contracts.types import Array, Struct
from lake.columns import UTC_TIME
from quality.members import Contracts, Derived, member
from quality.orders import ORDERS

NOTHING = pa.scalar(None, pa.bool_())


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


def _is_customer_known(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Null where an event names no customer."""
    named = [pc.is_valid(member(rows, path)) for path in _customer_paths(contracts)]
    is_known = pc.is_valid(member(rows, "customer.customer_id"))
    return pc.if_else(reduce(pc.or_, named), is_known, NOTHING)


def _are_products_known(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Null where an event names no product: enrichment leaves an entry a product named, null if it is unknown."""
    products = member(rows, "products")
    if pa.types.is_null(products.type):
        return products.cast(pa.bool_())
    entries = products.combine_chunks()
    is_unknown = pc.is_null(pc.struct_field(pc.list_flatten(entries), "product_id"))
    unknown = pc.unique(pc.list_parent_indices(entries).filter(is_unknown))
    is_row_known = pc.invert(pc.is_in(pa.arange(0, len(rows)).cast(unknown.type), value_set=unknown))
    has_any = pc.greater(pc.list_value_length(entries), 0)
    return pa.chunked_array([pc.if_else(pc.fill_null(has_any, False), is_row_known, NOTHING)])


def _is_amount_in_reporting_currency(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Null where a row has no amount."""
    amounts = [pc.is_valid(member(rows, path)) for path in _amount_paths(contracts)]
    is_converted = pc.is_valid(member(rows, "reporting.amount"))
    return pc.if_else(reduce(pc.or_, amounts), is_converted, NOTHING)


def _days_since_sign_up(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """From the customer's sign-up to the event, in UTC days; null where either is unknown."""
    signed_up_on = member(rows, "customer.signed_up_on")
    if pa.types.is_null(signed_up_on.type):
        return signed_up_on
    return pc.days_between(signed_up_on, rows["event_date"])


def _event_hour(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Hours from midnight UTC to the event."""
    midnight = pc.floor_temporal(rows["event_time"], unit="day")
    return pc.divide(pc.microseconds_between(midnight, rows["event_time"]).cast(pa.float64()), 3.6e9)


def _is_purchase(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """1 or 0, so that its mean is the share of purchases."""
    return pc.equal(rows["event_type"], "purchase").cast(pa.float64())


def _purchase_reporting_amount(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    amount = member(rows, "reporting.amount")
    return pc.if_else(pc.equal(rows["event_type"], "purchase"), amount, pa.scalar(None, amount.type))


def required_of(contracts: Contracts) -> dict[str, Derived]:
    """One column per event type, as the expectations that contracts derive name it."""
    return {has_required_fields(name): _required(contract) for name, contract in contracts.items()}


def _required(contract: Contract) -> Derived:
    columns = [".".join((contract.event_type, *path)) for path in required_paths(contract)]

    def value(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
        is_whole = reduce(pc.and_, (pc.is_valid(member(rows, column)) for column in columns))
        return pc.if_else(pc.equal(rows["event_type"], contract.event_type), is_whole, NOTHING)

    return Derived(lambda _: ["event_type", *columns], value)


def _customer_paths(contracts: Contracts) -> list[str]:
    paths = [(c.event_type, *path) for c in contracts.values() for path in c.references("customers")]
    return [".".join(path) for path in paths if "[]" not in path]


def _amount_paths(contracts: Contracts) -> list[str]:
    return [".".join((c.event_type, *c.amount[0])) for c in contracts.values() if c.amount]


def _first_leaf(path: str, data_type: Struct) -> str:
    """A column that tells whether the struct is there, cheaper to read than the whole struct."""
    for field in data_type.fields:
        if not isinstance(field.type, Struct | Array):
            return f"{path}.{field.name}"
    return path


def _type_columns(contracts: Contracts) -> list[str]:
    return [_first_leaf(name, contract.stored_type) for name, contract in contracts.items()]


DERIVED = ORDERS | {
    "is_event_date_of_event_time": Derived(lambda _: ["event_date", "event_time"], _is_event_date_of_event_time),
    "is_data_in_its_column": Derived(lambda c: ["event_type", *_type_columns(c)], _is_data_in_its_column),
    "is_time_within_contract": Derived(
        lambda _: ["event_type", "event_time", "lateness_seconds"], _is_time_within_contract
    ),
    "is_late_as_contract_says": Derived(
        lambda _: ["event_type", "is_late", "lateness_seconds"], _is_late_as_contract_says
    ),
    "is_customer_known": Derived(lambda c: ["customer.customer_id", *_customer_paths(c)], _is_customer_known),
    # Only this member of the entries: names and brands would be most of what is read.
    "are_products_known": Derived(lambda _: ["products.list.element.product_id"], _are_products_known),
    "is_amount_in_reporting_currency": Derived(
        lambda c: ["reporting.amount", *_amount_paths(c)], _is_amount_in_reporting_currency
    ),
    "days_since_sign_up": Derived(lambda _: ["customer.signed_up_on", "event_date"], _days_since_sign_up),
    "event_hour": Derived(lambda _: ["event_time"], _event_hour),
    "is_purchase": Derived(lambda _: ["event_type"], _is_purchase),
    "purchase.reporting_amount": Derived(lambda _: ["event_type", "reporting.amount"], _purchase_reporting_amount),
}
