"""Columns about money: an order against its own lines, and refunds against the order that they are of."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from quality.members import Contracts, Derived, member

CENTS = pa.decimal128(28, 2)
# Flat columns of which one has the order that a row is about.
ORDER_ID = ("purchase.order_id", "refund.order_id")
# Flat columns from which is told what is left of a purchase after its refunds.
REFUNDS = (
    *("purchase.order_id", "purchase.currency", "purchase.total"),
    *("refund.order_id", "refund.currency", "refund.amount"),
)


def item_count(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Lines of an order; null in rows of other types."""
    items = member(rows, "purchase.items")
    return items if pa.types.is_null(items.type) else pc.list_value_length(items)


def total_difference(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """What an order's total is more than its lines, shipping and tax, exactly; null where one of them is."""
    items = member(rows, "purchase.items")
    if pa.types.is_null(items.type):
        return items
    parts = [member(rows, f"purchase.{name}").cast(CENTS) for name in ("shipping", "tax")]
    lines = _sums_of_lines(items.combine_chunks(), len(rows))
    difference = pc.subtract(member(rows, "purchase.total").cast(CENTS), pc.add(pc.add(*parts), lines))
    return pc.if_else(pc.is_valid(items), difference, pa.scalar(None, difference.type))


def _sums_of_lines(items: pa.ListArray, length: int) -> pa.Array:
    """Sum of `line_total` a row, 0 where it has no lines."""
    prices = pc.struct_field(pc.list_flatten(items), "line_total")
    lines = pa.table({"row": pc.list_parent_indices(items), "price": prices})
    sums = lines.group_by("row").aggregate([("price", "sum")])
    place = pc.index_in(pa.array(range(length), sums["row"].type), value_set=sums["row"].combine_chunks())
    return pc.fill_null(sums["price_sum"].combine_chunks().take(place).cast(CENTS), 0)


def left_after_refund(rows: pa.Table) -> pa.ChunkedArray:
    """In a refund's row: the order's total less this refund. Null where the purchase is not among these rows.

    A purchase in another currency is none. Needs the flat columns REFUNDS.
    """
    refunds = _keyed(rows, "refund", "amount")
    return pc.subtract(_bought(rows, refunds), refunds["money"])


def left_after_refunds(rows: pa.Table) -> pa.ChunkedArray:
    """In a refund's row: the order's total less all refunds of the order that are among these rows; null as above."""
    refunds = _keyed(rows, "refund", "amount")
    sums = refunds.group_by("order").aggregate([("money", "sum")])
    place = pc.index_in(refunds["order"], value_set=sums["order"].combine_chunks())
    return pc.subtract(_bought(rows, refunds), sums["money_sum"].take(place).cast(CENTS))


def _bought(rows: pa.Table, refunds: pa.Table) -> pa.ChunkedArray:
    """The total of the order that each refund is of."""
    orders = _keyed(rows, "purchase", "total").filter(pc.field("order").is_valid())
    return orders["money"].take(pc.index_in(refunds["order"], value_set=orders["order"].combine_chunks()))


def _keyed(rows: pa.Table, event_type: str, amount: str) -> pa.Table:
    """The amount, and the order and currency that it is of as one text."""
    order = (rows[f"{event_type}.{name}"].cast(pa.string()) for name in ("order_id", "currency"))
    return pa.table(
        {"order": pc.binary_join_element_wise(*order, "\n"), "money": rows[f"{event_type}.{amount}"].cast(CENTS)}
    )


ORDERS = {
    "purchase.item_count": Derived(lambda _: ["purchase.items"], item_count),
    "purchase.total_difference": Derived(
        lambda _: ["purchase.items", "purchase.shipping", "purchase.tax", "purchase.total"], total_difference
    ),
}
