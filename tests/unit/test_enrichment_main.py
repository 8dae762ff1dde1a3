"""The Fargate task: staged files become data files that the table can take, or nothing is written at all."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.contract import load_contracts
from contracts.errors import ConfigurationError, PipelineError
from enrichment import main
from enrichment.main import Settings
from lake.columns import staged_schema
from lake.documents import read_json, write_json

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA = {"customer_id": "anna", "segment": "loyal", "home_country": "DE", "signed_up_on": date(2024, 5, 1)}
TEA = {"product_id": "tea", "name": "Tea", "category": "food", "brand": "A"}
ITEM = {"product_id": "tea", "name": "Tea", "quantity": 1, "unit_price": 3, "line_total": 3}
PURCHASE = {"user_id": "anna", "items": [ITEM], "total": 3, "currency": "EUR"}
STAGED = pa.schema([f for f in staged_schema(load_contracts()) if f.name not in ("event_type", "event_date")])
SETTINGS = Settings("b-1", "staging", "reference", "processed", "tributary_test", "events")
VARIABLES = {name.upper(): getattr(SETTINGS, name) for name in Settings.__dataclass_fields__}


def put_parquet(s3, bucket, key, table):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    s3.put_object(Bucket=bucket, Key=key, Body=sink.getvalue().to_pybytes())


@pytest.fixture
def reference(lake):
    """Sound reference data; returns a way to replace one of its files."""
    lake.s3.create_bucket(Bucket="reference", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})

    def put(name, entries):
        put_parquet(lake.s3, "reference", f"{name}/{name}.parquet", pa.Table.from_pylist(entries))

    put("customers", [ANNA])
    put("products", [TEA])
    return put


@pytest.fixture
def stage(lake):
    """Leaves staged files and the document of a transform; each file is (type, [(event id, data)])."""

    def row(event_id, event_type, data):
        columns = lake.row(event_id, batch_id="b-1", event_type=event_type) | {event_type: data}
        return {name: columns.get(name) for name in STAGED.names}

    def put(*files):
        entries = []
        for number, (event_type, events) in enumerate(files):
            key = f"batches/b-1/staged/event_type={event_type}/event_date=2026-11-22/part-{number}.parquet"
            rows = [row(event_id, event_type, data) for event_id, data in events]
            put_parquet(lake.s3, "staging", key, pa.Table.from_pylist(rows, schema=STAGED))
            entries.append({"key": key, "event_type": event_type, "event_date": "2026-11-22"})
        # The order of the document is not the order of the numbers.
        write_json(lake.s3, "staging", "batches/b-1/transform.json", {"staged_files": entries[::-1]})

    return put


def enrich():
    return main.run(SETTINGS, threading.Event())


def test_staged_files_become_data_files_that_the_table_takes(lake, reference, stage):
    stage(
        ("purchase", [("e-1", PURCHASE), ("e-2", PURCHASE | {"user_id": "x", "items": [ITEM | {"product_id": "x"}]})]),
        ("wikipedia_edit", [("e-3", {"time": NOON, "page": "Tea"})]),
    )
    assert enrich()
    prefix, day = "s3://processed/events/data/event_type=", "event_date=2026-11-22"
    document = read_json(lake.s3, "staging", "batches/b-1/enrichment.json")
    files = [
        {"uri": f"{prefix}purchase/{day}/b-1-00000.parquet", "event_type": "purchase", "rows": 2},
        {"uri": f"{prefix}wikipedia_edit/{day}/b-1-00001.parquet", "event_type": "wikipedia_edit", "rows": 1},
    ]
    assert document == {
        "batch_id": "b-1",
        "files": [{**file, "event_date": "2026-11-22"} for file in files],
        "rows": 3,
        "misses": {"customers": 1, "products": 1},
    }
    table = lake.table()
    table.add_files([file["uri"] for file in document["files"]])
    stored = {row["event_id"]: row for row in table.scan().to_arrow().to_pylist()}
    assert stored["e-1"]["customer"] == ANNA and stored["e-1"]["products"] == [TEA]
    assert stored["e-1"]["purchase"]["items"][0]["name"] == "Tea" and stored["e-1"]["event_time"] == NOON
    assert (stored["e-2"]["customer"], stored["e-2"]["products"]) == (None, [None])
    assert (stored["e-3"]["customer"], stored["e-3"]["purchase"]) == (None, None)
    # pyiceberg 0.12 reads a null list of structs as an empty one, so the file itself is asked.
    assert lake.columns(files[1]["uri"])["products"].to_pylist() == [None]
    assert table.scan("event_type = 'purchase' and event_date = '2026-11-22'").to_arrow().num_rows == 2


def test_a_data_file_carries_field_ids_statistics_and_zstd(lake, reference, stage, monkeypatch):
    monkeypatch.setattr(main, "ROWS_AT_A_TIME", 2)
    stage(("purchase", [(f"e-{n}", PURCHASE) for n in range(5)]))
    enrich()
    uri = read_json(lake.s3, "staging", "batches/b-1/enrichment.json")["files"][0]["uri"]
    with lake.table().io.new_input(uri).open() as stream:
        file = pq.ParquetFile(stream)
        groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
        fields = {field.name: field.metadata for field in file.schema_arrow}
    assert [group.num_rows for group in groups] == [2, 2, 1]
    assert {group.column(0).compression for group in groups} == {"ZSTD"}
    assert all(group.column(0).statistics.has_min_max for group in groups)
    for field in lake.table().schema().fields:
        assert fields[field.name][b"PARQUET:field_id"] == str(field.field_id).encode()


def test_a_run_again_writes_the_same_objects(lake, reference, stage):
    stage(("purchase", [("e-1", PURCHASE)]), ("refund", [("e-2", {"user_id": "anna"})]))

    def objects():
        listed = lake.s3.list_objects_v2(Bucket="processed", Prefix="events/data/")["Contents"]
        return [(o["Key"], o["ETag"]) for o in listed]

    enrich()
    first = objects(), read_json(lake.s3, "staging", "batches/b-1/enrichment.json")
    enrich()
    assert (objects(), read_json(lake.s3, "staging", "batches/b-1/enrichment.json")) == first


def test_a_batch_without_rows_leaves_a_document_without_files(lake, reference, stage):
    stage()
    assert enrich()
    document = read_json(lake.s3, "staging", "batches/b-1/enrichment.json")
    assert document == {"batch_id": "b-1", "files": [], "rows": 0, "misses": {"customers": 0, "products": 0}}


@pytest.mark.parametrize("name", ["customers", "products"])
def test_reference_data_that_is_missing_or_broken_stops_the_batch_before_anything_is_written(
    lake, reference, stage, name
):
    stage(("purchase", [("e-1", PURCHASE)]))
    reference(name, 2 * [ANNA if name == "customers" else TEA])
    with pytest.raises(
        PipelineError, match=rf"s3://reference/{name}/{name}.parquet has 0 rows without .* 1 that repeat"
    ):
        enrich()
    lake.s3.put_object(Bucket="reference", Key=f"{name}/{name}.parquet", Body=b"not parquet")
    with pytest.raises(PipelineError, match=rf"{name}.parquet cannot be read .* expected a Parquet file. Upload"):
        enrich()
    lake.s3.delete_object(Bucket="reference", Key=f"{name}/{name}.parquet")
    with pytest.raises(PipelineError, match=rf"s3://reference/{name}/{name}.parquet cannot be read"):
        enrich()
    assert lake.keys("processed", ".parquet") == [] and lake.keys("staging", "enrichment.json") == []


def test_a_batch_without_transform_is_refused(lake, reference):
    with pytest.raises(PipelineError, match=r"s3://staging/batches/b-1/transform.json is not there; expected the doc"):
        enrich()


def test_columns_that_the_table_lacks_are_an_error_and_not_lost(lake, reference, stage):
    with lake.table().update_schema() as update:
        update.delete_column(("purchase", "coupon"))
    stage(("purchase", [("e-1", PURCHASE)]))
    with pytest.raises(
        PipelineError, match=r"^purchase: the table has no field coupon; expected .* Deploy, which adds"
    ):
        enrich()


def test_when_told_to_stop_it_finishes_the_file_in_hand_and_leaves_no_document(lake, reference, stage):
    stage(("purchase", [("e-1", PURCHASE)]), ("refund", [("e-2", {"user_id": "anna"})]))
    told = iter([False, True])
    stop = threading.Event()
    stop.is_set = lambda: next(told)
    assert not main.run(SETTINGS, stop)
    day = "event_date=2026-11-22"
    assert lake.keys("processed", ".parquet") == [f"events/data/event_type=purchase/{day}/b-1-00000.parquet"]
    assert lake.keys("staging", "enrichment.json") == []


def task(variables):
    """The task as a container starts it."""
    environment = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "enrichment.main"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_process_says_in_one_sentence_what_is_missing():
    process = task({**VARIABLES, "REFERENCE_BUCKET": ""})
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2
    assert told.splitlines() == [
        "environment variable REFERENCE_BUCKET is missing or empty; expected a value. "
        "Set it where the unit is deployed."
    ]


def test_sigterm_ends_the_process_with_143(lake, reference, stage):
    stage(*(("purchase", [(f"e-{n}", PURCHASE)]) for n in range(200)))
    process = task(VARIABLES)
    assert "file 1 of 200: purchase, 1 rows" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    output, told = process.communicate(timeout=60)
    assert process.returncode == 143, told
    assert "told to stop after" in output
    assert lake.keys("staging", "enrichment.json") == []


def test_missing_settings_are_named():
    with pytest.raises(ConfigurationError, match="environment variable BATCH_ID is missing"):
        Settings.from_environment({})
    assert Settings.from_environment(VARIABLES) == SETTINGS
