"""Rules of the table `ingestions`, the ledger of what became of the stream's records."""

from __future__ import annotations

from quality.rules.rule import DAYS, WARN, as_before, rule, there, true

NOTES = (
    "One row per delivery of the stream to ingestion, by UTC day of its first record's arrival. What every day of the "
    "ledger keeps, so that no event is lost before it is a raw line."
)
PLACE = "The place in the stream is what a delivery is recognised by when it comes again."
RULES = [
    *[
        there(column, f"Every delivery has a {words}.", PLACE, scope=DAYS)
        for column, words in (("stream", "stream"), ("shard", "shard"), ("first_sequence", "first sequence number"))
    ],
    rule(
        "delivery.unique",
        "compound_columns_to_be_unique",
        "No two deliveries begin with the same record.",
        "A delivery that was stored and then came again in halves is there twice, and its events are counted twice; "
        "its rows are not, since positions are compared.",
        WARN,
        DAYS,
        column_list=["stream", "shard", "first_sequence"],
    ),
    rule(
        "events.accounted",
        "column_values_to_be_between",
        "Each event of a delivery became a raw line or a reject.",
        "An event more is lost, an event less is counted twice: no difference is too small.",
        scope=DAYS,
        column="unaccounted_events",
        min_value=0,
        max_value=0,
    ),
    true(
        "raw_key.of_lines",
        "A delivery names its raw object if it has raw lines, and none if it has none.",
        "Reconciliation looks for batches by raw objects; lines without one are lines that no batch will ever hold.",
        scope=DAYS,
        column="is_raw_key_of_lines",
    ),
    as_before(
        "volume",
        "table_row_count_to_be_between",
        "The day has between a quarter and four times the deliveries of the days before.",
        "Deliveries follow the window of the mapping and the shards, not the load; fewer mean that the stream stood "
        "still, more that deliveries are halved and tried again.",
        0.25,
        4,
    ),
]
