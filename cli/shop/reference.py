"""Reference data of the invented shop, as enrichment reads it: versions of customers and products, rates, places."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cli.shop.geography import city_database
from cli.shop.world import CUSTOMERS, REFERENCE_PRODUCTS, Shopper, mixed, product, shopper
from lake.layout import GEO_DATABASE_KEY, reference_key

BASE = "EUR"
# Units of the currency for one euro, about which the invented rates swing.
RATES = {"CHF": 0.95, "CZK": 25.0, "DKK": 7.46, "GBP": 0.85, "PLN": 4.3, "SEK": 11.2, "USD": 1.09}
FIRST_RATE, LAST_RATE = date(2020, 1, 1), date(2030, 12, 31)
FIRST_PROMOTION, SATURDAY = date(2022, 1, 1), 5
KEYS = (reference_key("customers"), reference_key("products"), reference_key("rates"), GEO_DATABASE_KEY)


def customers():
    """One row per version of a customer (Arrow table): each tenth customer once was new, and is no longer."""
    rows = [version for number in range(CUSTOMERS) for version in _versions(number, shopper(number))]
    return _table(rows, "CUSTOMER")


def _versions(number: int, who: Shopper) -> Iterator[dict]:
    entry = {"customer_id": who.user_id, "home_country": who.country, "signed_up_on": who.signed_up_on}
    promoted = None
    if number % 10 == 0:
        promoted = _midnight(FIRST_PROMOTION + timedelta(days=mixed(number, 20) % 1500))
        yield entry | {"segment": "new", "valid_from": None}
    yield entry | {"segment": who.segment, "valid_from": promoted}


def products():
    """One row per product (Arrow table); none of them ever changed."""
    sold = map(product, range(REFERENCE_PRODUCTS))
    rows = [{"product_id": p.product_id, "name": p.name, "category": p.category, "brand": p.brand} for p in sold]
    return _table(rows, "PRODUCT")


def rates():
    """One row per currency and working day (Arrow table), in the columns that `enrichment/rates.py` reads."""
    import pyarrow as pa

    days = [FIRST_RATE + timedelta(days=n) for n in range((LAST_RATE - FIRST_RATE).days + 1)]
    rows = [
        {"rate_date": day, "base": BASE, "currency": currency, "rate": _rate(day, n, middle)}
        for day in days
        if day.weekday() < SATURDAY
        for n, (currency, middle) in enumerate(RATES.items())
    ]
    return pa.Table.from_pylist(rows)


def _rate(day: date, currency: int, middle: float) -> float:
    """Within five per cent of the middle, in four digits behind the point, as published rates have."""
    return round(middle * (0.95 + mixed(day.toordinal(), 30 + currency) % 1000 / 10_000), 4)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _table(rows: list[dict], entry: str):
    import pyarrow as pa

    from lake import columns

    fields = [*getattr(columns, entry), pa.field("valid_from", columns.UTC_TIME)]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def upload_reference(s3: Any, bucket: str) -> None:
    """Put all of it into the reference bucket."""
    bodies = (as_parquet(customers()), as_parquet(products()), as_parquet(rates()), city_database())
    for key, body in zip(KEYS, bodies, strict=True):
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def has_reference(s3: Any, bucket: str) -> bool:
    """Whether all of it is there; it is the last thing that `etl up` brings."""
    return {*KEYS} <= {found["Key"] for key in KEYS for found in _listed(s3, bucket, key)}


def as_parquet(table) -> bytes:
    """The table's bytes; the same rows give the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _listed(s3: Any, bucket: str, prefix: str) -> list[dict]:
    return s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
