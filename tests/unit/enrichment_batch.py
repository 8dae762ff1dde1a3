"""A batch that the transform has left, and everything its enrichment looks things up in, on a moto server."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from contracts.contract import load_contracts
from enrichment.main import Settings
from lake.columns import staged_schema
from lake.documents import write_json
from tests.unit.geo_database import record, write_database

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = {"customer_id": "anna", "segment": "loyal", "home_country": "DE", "signed_up_on": date(2024, 5, 1)}
TEA = {"product_id": "tea", "name": "Tea", "category": "food", "brand": "A"}
RATE = {"rate_date": date(2026, 11, 20), "base": "EUR", "currency": "USD", "rate": 1.25}
ITEM = {"product_id": "tea", "name": "Tea", "quantity": 1, "unit_price": 3, "line_total": 3}
PURCHASE = {"user_id": "anna", "items": [ITEM], "total": 3, "currency": "EUR"}
VIEW = {
    "user_id": "anna",
    "page": {"url": "https://shop.example.com/", "referrer": None},
    "user_agent": "curl/8.5.0",
    "ip": "81.2.69.0",
}
STAGED = pa.schema([f for f in staged_schema(load_contracts()) if f.name not in ("event_type", "event_date")])
SETTINGS = Settings("b-1", "staging", "reference", "processed", "tributary_test", "events", "all", "EUR")
TABLES = {"customers": ANNA | {"valid_from": None}, "products": TEA | {"valid_from": None}, "rates": RATE}
DAY = "event_date=2026-11-22"


def of_share(share, shares):
    return replace(SETTINGS, share=share, shares=shares)


def parquet(entries, schema=None):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(entries, schema=schema), sink)
    return sink.getvalue().to_pybytes()


def put_table(s3, name, *entries):
    """A table of reference data with these rows."""
    return s3.put_object(Bucket="reference", Key=f"{name}/{name}.parquet", Body=parquet(entries))


def put_sources(s3, folder):
    """A bucket that keeps versions, with a sound file of everything."""
    s3.create_bucket(Bucket="reference", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="reference", VersioningConfiguration={"Status": "Enabled"})
    for name, entry in TABLES.items():
        put_table(s3, name, entry)
    database = write_database(folder / "city.mmdb", {"81.2.69.160/27": record("GB", "London")})
    s3.put_object(Bucket="reference", Key="geo/city.mmdb", Body=database.read_bytes())


def stage(lake, *files):
    """Staged files and the document of a transform; each file is (type, [(event id, data)])."""

    def row(event_id, event_type, data):
        columns = lake.row(event_id, batch_id="b-1", event_type=event_type) | {event_type: data}
        return {name: columns.get(name) for name in STAGED.names}

    entries = []
    for number, (event_type, events) in enumerate(files):
        # The order of the keys is that of the files given here; the order of the document is another.
        key = f"batches/b-1/staged/event_type={event_type}/{DAY}/part-{number:03d}.parquet"
        rows = [row(event_id, event_type, data) for event_id, data in events]
        lake.s3.put_object(Bucket="staging", Key=key, Body=parquet(rows, STAGED))
        entries.append({"key": key, "event_type": event_type, "event_date": "2026-11-22"})
    write_json(lake.s3, "staging", "batches/b-1/transform.json", {"staged_files": entries[::-1]})


def variables(settings=SETTINGS):
    return {name.upper(): str(getattr(settings, name)) for name in Settings.__dataclass_fields__}


def task(settings=SETTINGS, **changes):
    """The task as a container starts it."""
    environment = {**os.environ, **variables(settings), "PYTHONUNBUFFERED": "1", **changes}
    return subprocess.Popen(
        [sys.executable, "-m", "enrichment.main"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows_of(lake, document):
    """All columns of all rows that the data files hold, in order."""
    return [row for file in document["files"] for row in lake.columns(file["uri"]).to_pylist()]
