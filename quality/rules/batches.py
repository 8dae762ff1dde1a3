"""Rules of the table `batches`, the ledger of what became of raw lines."""

from __future__ import annotations

from lake.ledger import BatchStatus
from quality.rules.rule import DAYS, WARN, as_before, rule, there

NOTES = (
    "One row per batch, by UTC day of its start. What every day of the ledger keeps, so that nothing is unaccounted."
)
KNOWN = [str(status) for status in BatchStatus]
RULES = [
    there(
        "batch_id",
        "Every record has a batch id.",
        "Rows lead to the record of their batch by it.",
        scope=DAYS,
    ),
    rule(
        "batch_id.unique",
        "column_values_to_be_unique",
        "A batch has one record.",
        "A batch that is recorded twice is counted twice in every sum of the ledger.",
        scope=DAYS,
        column="batch_id",
    ),
    rule(
        "status.known",
        "column_values_to_be_in_set",
        "A batch has a status that there is.",
        "The sums look at batches that are visible or kept back; an unknown status would be in none of them.",
        scope=DAYS,
        column="status",
        value_set=KNOWN,
    ),
    rule(
        "lines.accounted",
        "column_values_to_be_between",
        "Each raw line of a batch that is visible or kept back became a row, a duplicate, a reject or is quarantined.",
        "A line more is an event lost, a line less an event counted twice: no difference is too small.",
        scope=DAYS,
        column="unaccounted_lines",
        min_value=0,
        max_value=0,
    ),
    rule(
        "rows.accounted",
        "column_values_to_be_between",
        "Each row of a published batch was sent downstream, or is counted by why it was not.",
        "A row more has never reached consumers and nobody would look for it.",
        scope=DAYS,
        column="unaccounted_rows",
        min_value=0,
        max_value=0,
    ),
    rule(
        "status.mostly_not_failed",
        "column_values_to_not_be_in_set",
        "At most one batch in ten has failed.",
        "Single failures are run again by reconciliation; more of them mean that something fails for every batch.",
        WARN,
        DAYS,
        column="status",
        value_set=[str(BatchStatus.FAILED)],
        mostly=0.9,
    ),
    as_before(
        "volume",
        "table_row_count_to_be_between",
        "The day has between a quarter and four times the batches of the days before.",
        "Batches follow the window of the pipe, not the load, so their number hardly moves; fewer mean that the pipe "
        "stood still, more that deliveries come in pieces.",
        0.25,
        4,
    ),
]
