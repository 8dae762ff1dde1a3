"""The Fargate task: staged files become data files that the table can take, or nothing is written at all."""

import threading
from dataclasses import replace
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from contracts.errors import ConfigurationError, PipelineError
from enrichment import files as data_files
from enrichment import main
from enrichment.main import Settings
from lake.documents import read_json
from tests.unit.enrichment_batch import (
    ANNA,
    DAY,
    ITEM,
    NOON,
    PURCHASE,
    RATE,
    SETTINGS,
    TABLES,
    TEA,
    VIEW,
    of_share,
    put_sources,
    put_table,
    rows_of,
    stage,
    variables,
)

PREFIX = "s3://processed/events/data/event_type="


@pytest.fixture
def batch(lake, tmp_path):
    put_sources(lake.s3, tmp_path)
    return lake


def enrich(settings=SETTINGS):
    return main.run(settings, threading.Event())


def document(lake):
    return read_json(lake.s3, "staging", "batches/b-1/enrichment.json")


def test_staged_files_become_data_files_that_the_table_takes(batch):
    stranger = PURCHASE | {"user_id": "x", "items": [ITEM | {"product_id": "x"}], "currency": "USD"}
    edit = {"time": NOON, "page": "Tea"}
    stage(batch, ("purchase", [("e-1", PURCHASE), ("e-2", stranger)]), ("wikipedia_edit", [("e-3", edit)]))
    assert enrich()
    made = document(batch)
    assert made["files"] == [
        {
            "uri": f"{PREFIX}purchase/{DAY}/b-1-00000.parquet",
            "event_type": "purchase",
            "event_date": "2026-11-22",
            "rows": 2,
        },
        {
            "uri": f"{PREFIX}wikipedia_edit/{DAY}/b-1-00001.parquet",
            "event_type": "wikipedia_edit",
            "event_date": "2026-11-22",
            "rows": 1,
        },
    ]
    assert (made["batch_id"], made["rows"]) == ("b-1", 3)
    assert made["misses"] == {"customer": {"unknown": 1}, "products": {"unknown": 1}}
    table = batch.table()
    table.add_files([file["uri"] for file in made["files"]])
    stored = {row["event_id"]: row for row in table.scan().to_arrow().to_pylist()}
    assert stored["e-1"]["customer"] == ANNA and stored["e-1"]["products"] == [TEA]
    assert stored["e-1"]["purchase"]["items"][0]["name"] == "Tea" and stored["e-1"]["event_time"] == NOON
    assert (stored["e-2"]["customer"], stored["e-2"]["products"]) == (None, [None])
    assert stored["e-2"]["reporting"] == {
        "amount": Decimal("2.40"),
        "currency": "EUR",
        "rate": Decimal("0.800000000000"),
        "rate_date": RATE["rate_date"],
        "is_earlier_rate": True,
    }
    assert (stored["e-3"]["customer"], stored["e-3"]["purchase"], stored["e-3"]["geo"]) == (None, None, None)
    # pyiceberg 0.12 reads a null list of structs as an empty one, so the file itself is asked.
    assert batch.columns(made["files"][1]["uri"])["products"].to_pylist() == [None]
    assert table.scan("event_type = 'purchase' and event_date = '2026-11-22'").to_arrow().num_rows == 2


def test_a_visit_is_placed_by_its_truncated_network(batch):
    stage(batch, ("page_view", [("e-1", VIEW)]))
    enrich()
    (row,) = rows_of(batch, document(batch))
    assert (row["geo"], row["marketing_channel"]) == ({"country": "GB", "city": "London"}, "direct")
    assert row["client"] == {"browser_family": "curl", "os_family": None, "device_family": None}
    assert row["page_view"]["ip"] == "81.2.69.0"


def test_a_data_file_carries_field_ids_statistics_and_zstd(batch, monkeypatch):
    monkeypatch.setattr(data_files, "ROWS_AT_A_TIME", 2)
    stage(batch, ("purchase", [(f"e-{n}", PURCHASE) for n in range(5)]))
    enrich()
    with batch.table().io.new_input(document(batch)["files"][0]["uri"]).open() as stream:
        file = pq.ParquetFile(stream)
        groups = [file.metadata.row_group(n) for n in range(file.metadata.num_row_groups)]
        fields = {field.name: field.metadata for field in file.schema_arrow}
    assert [group.num_rows for group in groups] == [2, 2, 1]
    assert {group.column(0).compression for group in groups} == {"ZSTD"}
    assert all(group.column(0).statistics.has_min_max for group in groups)
    for field in batch.table().schema().fields:
        assert fields[field.name][b"PARQUET:field_id"] == str(field.field_id).encode()


def test_a_run_again_touches_no_finished_file_and_leaves_the_same_document(batch, monkeypatch):
    stage(batch, ("purchase", [("e-1", PURCHASE)]), ("refund", [("e-2", {"user_id": "anna"})]))

    def written():
        listed = batch.s3.list_objects_v2(Bucket="processed", Prefix="events/data/")["Contents"]
        return [(o["Key"], o["ETag"], o["LastModified"]) for o in listed]

    enrich()
    first = written(), document(batch)
    monkeypatch.setattr(main, "enrich_files", None)
    enrich()
    assert (written(), document(batch)) == first


def test_another_run_of_the_transform_is_enriched_from_the_start(batch):
    stage(batch, ("purchase", [("e-1", PURCHASE)]))
    enrich()
    stage(batch, ("purchase", [("e-1", PURCHASE)]), ("purchase", [("e-2", PURCHASE)]))
    enrich()
    assert [row["event_id"] for row in rows_of(batch, document(batch))] == ["e-1", "e-2"]


def test_a_batch_without_rows_leaves_a_document_without_files(batch):
    stage(batch)
    assert enrich()
    assert document(batch) == {"batch_id": "b-1", "files": [], "rows": 0, "misses": {}, "sources": {}, "used": {}}


def test_the_document_names_the_version_of_everything_that_was_used(batch):
    versions = {name: put_table(batch.s3, name, entry)["VersionId"] for name, entry in TABLES.items()}
    stage(batch, ("purchase", [("e-1", PURCHASE)]))
    enrich()
    made = document(batch)
    used, names = made["used"], {"customer": "customers", "products": "products", "reporting": "rates"}
    assert {name: used[name] for name in names} == {name: versions[table] for name, table in names.items()}
    assert used["client"].startswith("ua-parser-builtins 20") and used["geo"]
    assert made["sources"]["files"]["customer"]["uri"] == "s3://reference/customers/customers.parquet"
    assert made["sources"]["reporting_currency"] == "EUR"


def test_what_is_uploaded_while_the_batch_runs_is_for_the_next_batch(batch):
    stage(batch, ("purchase", [("e-1", PURCHASE)]), ("purchase", [("e-2", PURCHASE)]))
    assert enrich(of_share(0, 2))
    put_table(batch.s3, "customers", TABLES["customers"] | {"segment": "vip"})
    assert batch.keys("staging", "enrichment.json") == []
    # A deployment in between changes nothing either.
    assert enrich(replace(of_share(1, 2), enrichments="none", reporting_currency="USD"))
    assert [row["customer"]["segment"] for row in rows_of(batch, document(batch))] == ["loyal", "loyal"]


def test_a_version_that_is_gone_stops_the_retry_with_a_sentence(batch):
    version = put_table(batch.s3, "rates", RATE)["VersionId"]
    stage(batch, ("purchase", [("e-1", PURCHASE)]), ("purchase", [("e-2", PURCHASE)]))
    enrich(of_share(0, 2))
    batch.s3.delete_object(Bucket="reference", Key="rates/rates.parquet", VersionId=version)
    with pytest.raises(
        PipelineError, match=rf"rates.parquet is no longer there as version {version}; expected the ver"
    ):
        enrich(of_share(1, 2))


def test_a_bucket_without_versions_does_as_long_as_nothing_is_replaced(batch):
    batch.s3.put_bucket_versioning(Bucket="reference", VersioningConfiguration={"Status": "Suspended"})
    for name, entry in TABLES.items():
        put_table(batch.s3, name, entry)
    stage(batch, ("purchase", [("e-1", PURCHASE)]), ("purchase", [("e-2", PURCHASE)]))
    enrich(of_share(0, 2))
    put_table(batch.s3, "products", TABLES["products"] | {"brand": "Z"})
    with pytest.raises(PipelineError, match=r"products.parquet is no longer there as version"):
        enrich(of_share(1, 2))


@pytest.mark.parametrize("shares", [2, 3, 5])
def test_shares_of_a_batch_make_the_document_of_one_task(batch, shares):
    stage(batch, *(("purchase", [(f"e-{n}", PURCHASE | {"user_id": f"u{n}"})]) for n in range(4)))
    for share in range(shares):
        assert batch.keys("staging", "enrichment.json") == []
        assert enrich(of_share(share, shares))
        if len(batch.keys("processed", ".parquet")) == 4:
            break
    made = document(batch)
    assert [row["event_id"] for row in rows_of(batch, made)] == [f"e-{n}" for n in range(4)]
    assert (made["rows"], made["misses"]) == (4, {"customer": {"unknown": 4}})


BROKEN = {
    "customers": ("customers/customers.parquet", "has 1 versions that begin when another of the same key does"),
    "products": ("products/products.parquet", "has 1 versions that begin when another of the same key does"),
    "rates": ("rates/rates.parquet", "has 0 nulls, 0 rates that are not above zero, and 1 rows for a day"),
}


def nothing_is_written(lake):
    return lake.keys("processed", ".parquet") == [] and lake.keys("staging", "enrichment-plan.json") == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_table_that_is_missing_empty_or_broken_stops_the_batch_before_anything_is_written(batch, name):
    stage(batch, ("purchase", [("e-1", PURCHASE)]))
    key, complaint = BROKEN[name]
    put_table(batch.s3, name, TABLES[name], TABLES[name])
    with pytest.raises(PipelineError, match=rf"s3://reference/{key} {complaint}"):
        enrich()
    put_table(batch.s3, name)
    with pytest.raises(PipelineError, match=rf"s3://reference/{key} has no "):
        enrich()
    for body in (b"", b"not parquet"):
        batch.s3.put_object(Bucket="reference", Key=key, Body=body)
        with pytest.raises(PipelineError, match=rf"{key} cannot be read .* expected a Parquet file. Upload"):
            enrich()
    batch.s3.delete_object(Bucket="reference", Key=key)
    with pytest.raises(PipelineError, match=rf"s3://reference/{key} is not there; expected the file of the enrichment"):
        enrich()
    assert nothing_is_written(batch)
    put_table(batch.s3, name, TABLES[name])
    assert enrich() and document(batch)["rows"] == 1


@pytest.mark.parametrize("body", [b"", b"no database", b"\x00" * 5000])
def test_a_geo_database_that_is_none_stops_the_batch_before_anything_is_written(batch, body):
    stage(batch, ("purchase", [("e-1", PURCHASE)]))
    batch.s3.put_object(Bucket="reference", Key="geo/city.mmdb", Body=body)
    with pytest.raises(
        PipelineError, match=r"geo database: it cannot be opened .*; expected a MaxMind database of citi"
    ):
        enrich()
    assert nothing_is_written(batch)


def test_half_of_a_geo_database_stops_the_batch_before_anything_is_written(batch):
    stage(batch, ("purchase", [("e-1", PURCHASE)]))
    whole = batch.s3.get_object(Bucket="reference", Key="geo/city.mmdb")["Body"].read()
    batch.s3.put_object(Bucket="reference", Key="geo/city.mmdb", Body=whole[: len(whole) // 2])
    with pytest.raises(PipelineError, match=r"geo database: it cannot be opened"):
        enrich()
    batch.s3.delete_object(Bucket="reference", Key="geo/city.mmdb")
    with pytest.raises(PipelineError, match=r"or take geo out of ENRICHMENTS"):
        enrich()
    assert nothing_is_written(batch)


def test_what_is_switched_off_is_null_and_its_file_is_not_asked_for(batch):
    for key in ("geo/city.mmdb", "products/products.parquet", "rates/rates.parquet"):
        batch.s3.delete_object(Bucket="reference", Key=key)
    stage(batch, ("page_view", [("e-1", VIEW | {"product_id": "tea"})]))
    enrich(replace(SETTINGS, enrichments="customer,marketing_channel"))
    (row,) = rows_of(batch, document(batch))
    assert (row["customer"], row["marketing_channel"]) == (ANNA, "direct")
    assert (row["geo"], row["products"], row["client"], row["reporting"]) == (None, None, None, None)
    assert list(document(batch)["used"]) == ["customer"]


def test_a_batch_without_transform_is_refused(batch):
    with pytest.raises(PipelineError, match=r"s3://staging/batches/b-1/transform.json is not there; expected the doc"):
        enrich()


def test_columns_that_the_table_lacks_are_an_error_and_not_lost(batch):
    with batch.table().update_schema() as update:
        update.delete_column(("purchase", "coupon"))
    stage(batch, ("purchase", [("e-1", PURCHASE)]))
    with pytest.raises(
        PipelineError, match=r"^purchase: the table has no field coupon; expected .* Deploy, which adds"
    ):
        enrich()


def test_missing_settings_are_named():
    with pytest.raises(ConfigurationError, match="environment variable BATCH_ID is missing"):
        Settings.from_environment({})
    assert Settings.from_environment(variables()) == SETTINGS
    assert Settings.from_environment({n: v for n, v in variables().items() if "SHARE" not in n}) == SETTINGS


@pytest.mark.parametrize(("share", "shares"), [("2", "2"), ("0", "0")])
def test_a_share_is_one_of_the_shares(share, shares):
    with pytest.raises(ConfigurationError, match=rf"SHARE is {share} and SHARES is {shares}; expected a share below"):
        Settings.from_environment(variables() | {"SHARE": share, "SHARES": shares})
