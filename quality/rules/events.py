"""Rules of the table `events`; what its contracts say is added by the export."""

from __future__ import annotations

from quality.history import FRESHNESS
from quality.rules.rule import BATCH, DAYS, WARN, rule, there, true
from quality.rules.shop import DAY_BY_DAY, MONEY, REFERENCES

NOTES = (
    "One row per event. What every batch keeps before it becomes visible, and what whole days keep: critical stops a "
    "batch, warning is reported. Columns that the table does not have are computed by quality/flatten.py."
)

OF_IDENTITY = "Half of the identity: without it neither a redelivery nor a replay can be recognised."
SHAPE = [
    rule(
        "identity.unique",
        "compound_columns_to_be_unique",
        "No two rows are the same event.",
        "Source and id are the identity of a CloudEvent; a second row would be counted twice in every sum.",
        column_list=["source", "event_id"],
    ),
    there("event_id", "Every row has an event id.", OF_IDENTITY),
    there("source", "Every row has a source.", OF_IDENTITY),
    there(
        "event_type",
        "Every row has an event type.",
        "It decides the partition, the typed column and the view a row is read by.",
    ),
    there(
        "event_time",
        "Every row has an event time.",
        "Files are sorted and pruned by it; a row without it would be looked for everywhere and found nowhere.",
    ),
    there(
        "event_date",
        "Every row has an event date.",
        "It decides the partition, and every query of ours names it.",
    ),
    there(
        "arrival_time",
        "Every row has an arrival time.",
        "Lateness and the order among duplicates come from it.",
    ),
    there(
        "ingest_position",
        "Every row has a position in the stream.",
        "It tells a redelivery from a repetition, and leads from a row back to its raw line.",
    ),
    there(
        "batch_id",
        "Every row has a batch id.",
        "It leads from a row to the ledger's record and to the batch's report.",
    ),
    rule(
        "event_type.has_contract",
        "column_values_to_be_in_set",
        "Every event type has a contract.",
        "A type without a contract has no column to hold its data and no view to read it.",
        column="event_type",
        value_set={"$PARAMETER": "event_types"},
    ),
    rule(
        "batch_id.of_this_batch",
        "column_values_to_be_in_set",
        "Every row belongs to the batch under validation.",
        "A row of another batch means that two runs wrote over each other's files.",
        scope=BATCH,
        column="batch_id",
        value_set={"$PARAMETER": "batch_ids"},
    ),
    rule(
        "ingest_position.unique",
        "column_values_to_be_unique",
        "No position in the stream became two rows.",
        "One event of the stream is one row at most; the ledger's sums rest on it.",
        column="ingest_position",
    ),
    true(
        "event_date.of_event_time",
        "The event date is the UTC date of the event time.",
        "A row in the wrong partition is missed by every query that names a date.",
        column="is_event_date_of_event_time",
    ),
    true(
        "data.in_its_column",
        "A row has data in the column of its type and in no other.",
        "Views per type read one column; data elsewhere, or nowhere, would be lost without an error.",
        column="is_data_in_its_column",
    ),
]
TIMES = [
    true(
        "event_time.within_contract",
        "Event times are within the bounds of the contract: not before the earliest, not further ahead of the arrival "
        "than allowed.",
        "A wrong clock at the producer fills partitions of the past or the future, which nobody looks at.",
        column="is_time_within_contract",
    ),
    true(
        "is_late.as_contract_says",
        "The late flag agrees with the lateness and the contract.",
        "Late rows are counted by the flag; were it wrong, closed days would change unnoticed.",
        column="is_late_as_contract_says",
    ),
    rule(
        "freshness",
        "column_max_to_be_between",
        "Events of the day reach to its end.",
        "The validation asks for the last event 6 hours before the end of the day, or before now where the day is not "
        "over: even at night the shop is not silent for longer, so a producer or the stream has stopped.",
        WARN,
        DAYS,
        column="event_hour",
        min_value={"$PARAMETER": FRESHNESS},
    ),
    rule(
        "lateness.median",
        "column_median_to_be_between",
        "Half of the events arrive within ten minutes.",
        "Producers send at once. A day whose median is later was delivered by a backlog, and what was read of it "
        "before "
        "was incomplete. Events that were loaded from an archive are late by nature.",
        WARN,
        DAYS,
        column="lateness_seconds",
        max_value=600,
    ),
]
RULES = [*SHAPE, *TIMES, *MONEY, *REFERENCES, *DAY_BY_DAY]
