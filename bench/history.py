"""A table with days of history, its catalog in moto and its files on disk."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
from moto.server import ThreadedMotoServer
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table

from contracts.contract import load_contracts
from lake.columns import table_schema

REGION, DATABASE = "eu-west-1", "bench"
KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench", "region_name": REGION}
TYPES = ("page_view", "add_to_cart", "purchase", "refund", "sign_up")


@contextmanager
def catalog() -> Iterator[Catalog]:
    """A Glue catalog with an empty database."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        boto3.client("glue", endpoint_url=endpoint, **KEYS).create_database(DatabaseInput={"Name": DATABASE})
        settings = {"access-key-id": "bench", "secret-access-key": "bench", "region": REGION, "endpoint": endpoint}
        yield load_catalog("glue", type="glue", **{f"glue.{name}": value for name, value in settings.items()})
    finally:
        server.stop()


def events_table(glue: Catalog, name: str, folder: Path) -> Table:
    """The table `events` under another name, without a row."""
    schema = table_schema(load_contracts())
    table = glue.create_table(f"{DATABASE}.{name}", schema=schema, location=f"file://{folder}/{name}")
    with table.update_spec() as spec:
        spec.add_identity("event_type").add_identity("event_date")
    return table


def add_days(table: Table, first: datetime, days: int, rows_a_file: int, files_a_day: int = 1) -> None:
    """Commit days of rows, day by day: per type so many files, each with its own part of the day."""
    for day in (first + timedelta(days=n) for n in range(days)):
        part = timedelta(days=1) / files_a_day
        for start in (day + n * part for n in range(files_a_day)):
            table.add_files([_write(table, event_type, start, part, rows_a_file) for event_type in TYPES])


def _write(table: Table, event_type: str, start: datetime, span: timedelta, rows: int) -> str:
    step = span / rows
    times = [start + n * step for n in range(rows)]
    ids = [f"{start:%Y%m%dT%H%M%S}-{n}" for n in range(rows)]
    known = {
        "event_id": ids,
        "source": ["/shop/web"] * rows,
        "event_type": [event_type] * rows,
        "event_time": times,
        "event_date": [start.date()] * rows,
        "arrival_time": times,
        "ingest_position": ids,
        "is_late": [False] * rows,
        "lateness_seconds": [0] * rows,
        "batch_id": ["history"] * rows,
    }
    schema = schema_to_pyarrow(table.schema())
    columns = [
        pa.array(known[field.name], field.type) if field.name in known else pa.nulls(rows, field.type)
        for field in schema
    ]
    path = Path(table.location().removeprefix("file://"), "data", event_type, f"{start:%Y%m%dT%H%M%S}.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), path, compression="zstd")
    return f"file://{path}"
