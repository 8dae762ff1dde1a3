"""Reference data of the invented shop: customers and products, as the enrichment reads them."""

from __future__ import annotations

from typing import Any

from cli.shop_world import CUSTOMERS, REFERENCE_PRODUCTS, product, shopper
from lake.layout import reference_key


def customers():
    """One row per customer (Arrow table), in the columns of `lake.columns.CUSTOMER`."""
    import pyarrow as pa

    from lake.columns import CUSTOMER

    rows = [
        {
            "customer_id": who.user_id,
            "segment": who.segment,
            "home_country": who.country,
            "signed_up_on": who.signed_up_on,
        }
        for who in map(shopper, range(CUSTOMERS))
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(CUSTOMER)))


def products():
    """One row per product (Arrow table), in the columns of `lake.columns.PRODUCT`."""
    import pyarrow as pa

    from lake.columns import PRODUCT

    rows = [
        {"product_id": sold.product_id, "name": sold.name, "category": sold.category, "brand": sold.brand}
        for sold in map(product, range(REFERENCE_PRODUCTS))
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema(list(PRODUCT)))


def upload_reference(s3: Any, bucket: str) -> None:
    """Put both tables into the reference bucket."""
    for key, table in ((reference_key("customers"), customers()), (reference_key("products"), products())):
        s3.put_object(Bucket=bucket, Key=key, Body=as_parquet(table))


def has_reference(s3: Any, bucket: str) -> bool:
    """Whether both tables are there; they are the last thing that `etl up` brings."""
    found = {o["Key"] for p in ("customers/", "products/") for o in _listed(s3, bucket, p)}
    return {reference_key("customers"), reference_key("products")} <= found


def as_parquet(table) -> bytes:
    """The table's bytes; the same rows give the same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def _listed(s3: Any, bucket: str, prefix: str) -> list[dict]:
    return s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
