"""Columns of the table `events`: common ones, what enrichment adds, and one struct per event type."""

from __future__ import annotations

import pyarrow as pa

from contracts.arrow import arrow_type
from contracts.contract import Contract
from contracts.errors import ContractError
from contracts.keywords import CHANNEL_PARTS
from contracts.masks import TRUNCATE_IP

UTC_TIME = pa.timestamp("us", tz="UTC")

# Grain: one row per event, identified by source and event_id.
COMMON = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("event_time", UTC_TIME, nullable=False),
        pa.field("event_date", pa.date32(), nullable=False),
        pa.field("subject", pa.string()),
        pa.field("arrival_time", UTC_TIME, nullable=False),
        pa.field("ingest_position", pa.string(), nullable=False),
        pa.field("is_late", pa.bool_(), nullable=False),
        pa.field("lateness_seconds", pa.int64(), nullable=False),
        pa.field("batch_id", pa.string(), nullable=False),
    ]
)

CUSTOMER = pa.struct(
    [
        pa.field("customer_id", pa.string()),
        pa.field("segment", pa.string()),
        pa.field("home_country", pa.string()),
        pa.field("signed_up_on", pa.date32()),
    ]
)
PRODUCT = pa.struct(
    [
        pa.field("product_id", pa.string()),
        pa.field("name", pa.string()),
        pa.field("category", pa.string()),
        pa.field("brand", pa.string()),
    ]
)
# Where the truncated network of an event lies: ISO 3166-1 alpha-2 code, English name of the city.
GEO = pa.struct([pa.field("country", pa.string()), pa.field("city", pa.string())])
# What sent the event, by its user agent.
CLIENT = pa.struct(
    [
        pa.field("browser_family", pa.string()),
        pa.field("os_family", pa.string()),
        pa.field("device_family", pa.string()),
    ]
)
# The amount an event is about in the reporting currency; its other amounts become so by the same rate.
REPORTING = pa.struct(
    [
        pa.field("amount", pa.decimal128(38, 2)),
        pa.field("currency", pa.string()),
        pa.field("rate", pa.decimal128(19, 12)),
        pa.field("rate_date", pa.date32()),
        pa.field("is_earlier_rate", pa.bool_()),
    ]
)
# `products` has one entry per distinct product an event names, in the order it names them.
ENRICHMENT = pa.schema(
    [
        pa.field("customer", CUSTOMER),
        pa.field("products", pa.list_(PRODUCT)),
        pa.field("geo", GEO),
        pa.field("client", CLIENT),
        pa.field("reporting", REPORTING),
        pa.field("marketing_channel", pa.string()),
    ]
)

IDENTITY = ["source", "event_id"]


def enrichments_of(contract: Contract) -> list[str]:
    """The columns of enrichment that rows of this type can have a value in, by what the contract marks."""
    marks = {
        "customer": contract.references("customers"),
        "products": contract.references("products"),
        "geo": contract.marked("x-pii", TRUNCATE_IP),
        "client": contract.marked("x-user-agent", True),
        "reporting": contract.amount,
        "marketing_channel": [path for part in CHANNEL_PARTS for path in contract.marked("x-channel", part)],
    }
    return [name for name in ENRICHMENT.names if marks[name]]


def type_columns(contracts: dict[str, Contract]) -> pa.Schema:
    """One struct column per event type, named as the type; null in rows of other types."""
    taken = {*COMMON.names, *ENRICHMENT.names} & contracts.keys()
    if taken:
        raise ContractError(f"event type {sorted(taken)} has the name of a common column. Rename the event type.")
    return pa.schema([pa.field(name, arrow_type(contract.stored_type)) for name, contract in contracts.items()])


def staged_schema(contracts: dict[str, Contract]) -> pa.Schema:
    """What the transform leaves: common columns and the types'."""
    return pa.schema([*COMMON, *type_columns(contracts)])


def table_schema(contracts: dict[str, Contract]) -> pa.Schema:
    """All columns of the table."""
    return pa.schema([*COMMON, *ENRICHMENT, *type_columns(contracts)])
