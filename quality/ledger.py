"""Columns about the ledger's own tables: does a delivery or a batch add up, was all of it sent."""

from __future__ import annotations

from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from lake.ledger import ACCOUNTED, BatchStatus
from quality.members import Contracts, Derived, member

READ = ("lines", "rejected")
MADE = ("rows", "redelivered", "repeated", "rejected", "quarantined")
SENT = ("published", "switched_off", "publish_failures", "deleted_unsent")


def _unaccounted_lines(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Raw lines that a visible or kept-back batch made nothing of and did not count as quarantined; null in others."""
    return _difference(rows, "raw_lines", MADE, ACCOUNTED)


def _unaccounted_rows(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Rows of a published batch that were neither sent nor counted by why not; null in others."""
    return _difference(rows, "rows", SENT, {BatchStatus.PUBLISHED})


def _unaccounted_events(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """Events of a delivery that became neither a raw line nor a reject."""
    return _left(rows, "events", READ)


def _is_raw_key_of_lines(rows: pa.Table, contracts: Contracts) -> pa.ChunkedArray:
    """A delivery names a raw object if it has lines, and none if it has none."""
    has_lines = pc.greater(member(rows, "lines").cast(pa.int64()), 0)
    return pc.equal(has_lines, pc.is_valid(member(rows, "raw_key")))


def _difference(rows: pa.Table, whole: str, parts: tuple[str, ...], statuses: set | frozenset) -> pa.ChunkedArray:
    is_one = pc.is_in(rows["status"], value_set=pa.array(sorted(map(str, statuses))))
    return pc.if_else(is_one, _left(rows, whole, parts), pa.scalar(None, pa.int64()))


def _left(rows: pa.Table, whole: str, parts: tuple[str, ...]) -> pa.ChunkedArray:
    # A record that was written before a count was invented counts none of it.
    counts = [pc.fill_null(member(rows, part).cast(pa.int64()), 0) for part in parts]
    return reduce(pc.subtract, counts, member(rows, whole).cast(pa.int64()))


LEDGER = {
    "unaccounted_events": Derived(lambda _: ["events", *READ], _unaccounted_events),
    "is_raw_key_of_lines": Derived(lambda _: ["lines", "raw_key"], _is_raw_key_of_lines),
    "unaccounted_lines": Derived(lambda _: ["status", "raw_lines", *MADE], _unaccounted_lines),
    "unaccounted_rows": Derived(lambda _: ["status", "rows", *SENT], _unaccounted_rows),
}
