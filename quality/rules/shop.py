"""Rules of the table `events` about money, reference data and what days have in common: the shop's business."""

from __future__ import annotations

from quality.rules.rule import DAYS, WARN, as_before, rule, true

OF_TYPE = {"column": {"name": "event_type"}, "operator": "==", "type": "comparison"}
MONEY = [
    rule(
        "purchase.total.not_null",
        "column_values_to_not_be_null",
        "Every purchase has a total.",
        "Revenue is the sum of this column: a null would lower it without an error.",
        column="purchase.total",
        row_condition=OF_TYPE | {"parameter": "purchase"},
    ),
    rule(
        "purchase.total.more_than_nothing",
        "column_values_to_be_between",
        "A purchase costs more than nothing, of 100 at least 95.",
        "The contract allows 0, since a coupon may pay for all of it, so this only warns: many of them point at a "
        "pricing fault.",
        WARN,
        column="purchase.total",
        min_value=0,
        strict_min=True,
        mostly=0.95,
    ),
    rule(
        "purchase.total.sum_of_items",
        "column_values_to_be_between",
        "The total of an order is the sum of its lines, shipping and tax, to the cent.",
        "The transform refuses other orders, so one that is here was changed after it was judged. Amounts are exact "
        "decimals: no difference is too small.",
        column="purchase.total_difference",
        min_value=0,
        max_value=0,
    ),
    rule(
        "purchase.items.at_least_one",
        "column_values_to_be_between",
        "A purchase has at least one item.",
        "A total without items cannot be checked, nor analysed by product.",
        column="purchase.item_count",
        min_value=1,
    ),
    rule(
        "purchase.currency.is_code",
        "column_values_to_match_regex",
        "A purchase's currency is three capital letters.",
        "An amount whose currency cannot be converted drops out of every total in one currency.",
        column="purchase.currency",
        regex="^[A-Z]{3}$",
    ),
    rule(
        "refund.currency.is_code",
        "column_values_to_match_regex",
        "A refund's currency is three capital letters.",
        "An amount whose currency cannot be converted drops out of every total in one currency.",
        column="refund.currency",
        regex="^[A-Z]{3}$",
    ),
    rule(
        "refund.amount.more_than_nothing",
        "column_values_to_be_between",
        "A refund pays back more than nothing.",
        "A refund of nothing is no refund: it would count as one in every rate.",
        column="refund.amount",
        min_value=0,
        strict_min=True,
    ),
    rule(
        "refund.not_above_purchase",
        "column_values_to_be_between",
        "A refund is no more than the order that it is of.",
        "More was paid back than came in. Asked of refunds whose purchase is among the rows, in the same currency: in "
        "a batch few, for whole days all whose purchase lies in the days that are looked at.",
        column="refund.left_after_refund",
        min_value=0,
    ),
    rule(
        "refunds.not_above_purchase",
        "column_values_to_be_between",
        "All refunds of an order together are no more than its total, of 100 at least 90.",
        "A refund that was sent twice under two ids cannot be told from two refunds of two lines, so this only warns. "
        "The shop refunds a line again now and then, for fewer than one refund in ten.",
        WARN,
        column="refund.left_after_refunds",
        min_value=0,
        mostly=0.9,
    ),
    true(
        "reporting.amount.there",
        "Amounts are there in the reporting currency too, at least 99 % of them.",
        "Reports in one currency leave the others out. Codes without a rate are rare; more of them mean that the table "
        "of rates is old or missing.",
        WARN,
        column="is_amount_in_reporting_currency",
        mostly=0.99,
    ),
]
REFERENCES = [
    true(
        "customer.known",
        "Customers that events name are in the reference data, at least 80 % of them.",
        "Fewer means that the reference data is old or missing; the rows are right, only less enriched.",
        WARN,
        column="is_customer_known",
        mostly=0.8,
    ),
    true(
        "products.known",
        "Products that events name are in the reference data, for at least 90 % of the events.",
        "New products sell before the reference data has them, at most one in ten; fewer known ones mean that it is "
        "old.",
        WARN,
        column="are_products_known",
        mostly=0.9,
    ),
    rule(
        "event.after_sign_up",
        "column_values_to_be_between",
        "No event is older than its customer's sign-up.",
        "Both are UTC dates, so the day of the sign-up itself is allowed. An older event belongs to somebody else, or "
        "the "
        "reference data is wrong about the customer; cohorts and retention count from this date.",
        WARN,
        column="days_since_sign_up",
        min_value=0,
    ),
    rule(
        "page_view.ip.share_there",
        "column_values_to_not_be_null",
        "Page views say where they come from, at least 90 % of them.",
        "The contract allows a null, and a few visits hide their address; more of them mean that a proxy before the "
        "shop "
        "has stopped passing it on, and geography is empty from that day.",
        WARN,
        DAYS,
        column="page_view.ip",
        row_condition=OF_TYPE | {"parameter": "page_view"},
        mostly=0.9,
    ),
]
DAY_BY_DAY = [
    as_before(
        "volume",
        "table_row_count_to_be_between",
        "The day has between half and twice the rows of the days before.",
        "Weekends and campaigns move the number of events by less than half; half or twice of it is a producer that "
        "has "
        "stopped, or one that sends everything twice under new ids.",
        0.5,
        2,
    ),
    as_before(
        "purchase.share",
        "column_mean_to_be_between",
        "The share of purchases among all events is between half and twice that of the days before.",
        "It moves slowly, as people do. A jump means that one of the types is missing or doubled while the whole looks "
        "right.",
        0.5,
        2,
        column="is_purchase",
    ),
    as_before(
        "purchase.mean_amount",
        "column_mean_to_be_between",
        "A purchase is worth on average between half and twice that of the days before, in the reporting currency.",
        "Amounts in cents instead of euros, or in another currency than their code says, move it by far more.",
        0.5,
        2,
        column="purchase.reporting_amount",
    ),
    as_before(
        "page_view.median_duration",
        "column_median_to_be_between",
        "Half of the page views last between half and twice as long as on the days before.",
        "A change of unit at the producer, seconds for milliseconds, moves it a thousandfold; people do not.",
        0.5,
        2,
        column="page_view.duration_ms",
    ),
]
