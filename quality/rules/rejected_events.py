"""Rules of the table `rejected_events`."""

from __future__ import annotations

from lake.rejects import Reason, Stage
from quality.rules.rule import DAYS, WARN, as_before, rule, there

NOTES = (
    "One row per refused record, by UTC day of arrival. What every day of the error zone keeps, so that each reject "
    "can be understood and replayed."
)
RULES = [
    there(
        "reject_id",
        "Every reject has an id.",
        "A decision on it is kept under this id; without one it stays open for ever.",
        scope=DAYS,
    ),
    rule(
        "reject_id.mostly_unique",
        "column_values_to_be_unique",
        "Rejects are stored once, at least 90 % of them.",
        "A retried delivery may store a reject again under the same id, and readers count it once; many of them mean "
        "that "
        "deliveries die again and again.",
        WARN,
        DAYS,
        column="reject_id",
        mostly=0.9,
    ),
    rule(
        "stage.known",
        "column_values_to_be_in_set",
        "A reject comes from a stage that there is.",
        "The stage is a partition: of another one the table would show nothing.",
        scope=DAYS,
        column="stage",
        value_set=[str(stage) for stage in Stage],
    ),
    rule(
        "reason.known",
        "column_values_to_be_in_set",
        "A reject has one of the reasons that there are.",
        "The reason is a partition and a metric: of another one the table would show nothing.",
        scope=DAYS,
        column="reason",
        value_set=[str(reason) for reason in Reason],
    ),
    *[
        there(
            column,
            f"Every reject says what {words}.",
            "People decide on a reject by what was found, what was expected and what to do next.",
            scope=DAYS,
        )
        for column, words in (("found", "was found"), ("expected", "was expected"), ("next_step", "to do next"))
    ],
    there(
        "original_base64",
        "Every reject holds its record.",
        "The record is what is replayed; without it the event is lost.",
        scope=DAYS,
    ),
    there(
        "arrival_time",
        "Every reject has an arrival time.",
        "It is part of the position, by which the record is found in the stream again.",
        scope=DAYS,
    ),
    as_before(
        "volume",
        "table_row_count_to_be_between",
        "The day has at most three times the rejects of the days before.",
        "Few rejects are good news, so there is no lower bound. Three times as many are a producer that has changed "
        "without its contract.",
        0,
        3,
    ),
]
