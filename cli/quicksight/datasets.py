"""The datasets of the dashboard: which view each reads, its columns with their units, and how it is refreshed."""

from __future__ import annotations

from dataclasses import dataclass

from cli.quicksight.columns import Column, is_supported
from contracts.contract import Contract
from contracts.reserved import view_name
from lake.athena_types import trino_type
from lake.views import view_columns


@dataclass(frozen=True)
class DataSet:
    """A dataset over one view; rows of the last `lookback_days` of `date_column` are read again at every refresh."""

    name: str
    title: str
    view: str
    date_column: str
    lookback_days: int
    columns: tuple[Column, ...]


def _columns(text: str) -> tuple[Column, ...]:
    rows = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    return tuple(Column(*row) for row in rows)


# The view of a shipped query has the query's name and casts each column to the type said here.
QUERIED = (
    DataSet(
        "revenue",
        "Revenue by day, category and channel",
        "revenue_by_day_category_and_channel",
        "event_date",
        14,
        _columns("""
            event_date         | date          | UTC date of the order or of the refund
            category           | varchar       | product category; unknown where the reference data has none
            channel            | varchar       | marketing channel that brought the visit of the order
            reporting_currency | varchar       | ISO 4217 code of both amounts; empty where no exchange rate was known
            sold_lines         | bigint        | order lines sold, a count
            sold_amount        | decimal(18,2) | sold, in the reporting currency, without shipping and tax
            refunds            | bigint        | refunds, a count
            refunded_amount    | decimal(18,2) | given back, in the reporting currency
        """),
    ),
    DataSet(
        "funnel",
        "Funnel from view to purchase",
        "funnel_from_view_to_purchase",
        "visit_date",
        14,
        _columns("""
            visit_date           | date   | UTC date on which the visit began
            visits               | bigint | visits, by the session that the shop sends
            visits_with_product  | bigint | visits that came to a product
            visits_with_cart     | bigint | visits that then put something into the cart
            visits_with_purchase | bigint | visits that then bought
            product_share        | double | share of the visits that came to a product, 0 to 1
            cart_share           | double | share of the visits that came to the cart, 0 to 1
            purchase_share       | double | share of the visits that bought, 0 to 1
        """),
    ),
    DataSet(
        "quality",
        "Data quality by day and table",
        "data_quality_by_day_and_table",
        "data_date",
        14,
        _columns("""
            data_date         | date    | UTC day that was validated
            table_name        | varchar | table that was validated
            run_kind          | varchar | batch: before its commit; days: whole days afterwards
            severity          | varchar | fail stops a batch, warn is reported
            runs              | bigint  | validation runs, a count
            checks            | bigint  | expectations, once per run
            passed_checks     | bigint  | checks that held
            failed_checks     | bigint  | checks that did not hold
            pass_rate         | double  | share of the checks that held, 0 to 1
            unexpected_values | bigint  | values that broke an expectation
        """),
    ),
    DataSet(
        "rejects",
        "Rejects by reason",
        "rejects_by_reason",
        "reject_date",
        7,
        _columns("""
            stage       | varchar | where the record was refused: ingestion or transform
            reason      | varchar | why it was refused
            reject_date | date    | UTC date of arrival
            rejects     | bigint  | records refused, each once
        """),
    ),
    DataSet(
        "freshness",
        "Freshness percentiles",
        "freshness_percentiles",
        "batch_date",
        7,
        _columns("""
            batch_date                | date    | UTC date on which the batch began
            event_type                | varchar | type of the events
            events                    | bigint  | events that became rows
            p50_since_arrival_seconds | double  | median of the seconds from arrival in the stream to a row
            p95_since_arrival_seconds | double  | 95th percentile of the seconds from arrival in the stream to a row
            max_since_arrival_seconds | double  | longest, in seconds from arrival in the stream to a row
            p50_since_event_seconds   | double  | median of the seconds from the event's own time to a row
            p95_since_event_seconds   | double  | 95th percentile of the seconds from the event's own time to a row
            max_since_event_seconds   | double  | longest, in seconds from the event's own time to a row
        """),
    ),
)
# Single events, for those who ask what no sheet shows: name of the dataset by event type.
SHOWN_EVENTS = {"purchase": "purchases", "refund": "refunds"}
COMMON_DESCRIPTIONS = {
    "event_id": "id that the producer gave; unique with source",
    "source": "producer",
    "event_type": "type of the event",
    "event_date": "UTC date of the event's time",
    "subject": "what the event is about, as the producer names it",
    "ingest_position": "place in the ingest stream",
    "is_late": "whether it came later than its contract expects",
    "lateness_seconds": "seconds from the event's time to its arrival",
    "batch_id": "batch that made the row visible",
}


def event_dataset(contract: Contract) -> DataSet:
    """The dataset over the view of an event type: the columns that QuickSight can hold."""
    columns = tuple(
        Column(column.name, trino, column.description or COMMON_DESCRIPTIONS[column.name])
        for column in view_columns(contract)
        if is_supported(trino := trino_type(column.type))
    )
    name = SHOWN_EVENTS[contract.event_type]
    return DataSet(name, name.capitalize(), view_name(contract.event_type), "event_date", 14, columns)


def event_datasets(contracts: dict[str, Contract]) -> list[DataSet]:
    """Datasets over the views of event types, as far as there are such contracts."""
    return [event_dataset(contracts[name]) for name in SHOWN_EVENTS if name in contracts]
