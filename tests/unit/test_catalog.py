import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import AlwaysFalse, AlwaysTrue

from contracts.compatibility import compare
from contracts.contract import load_contracts, read_contract
from lake.added_files import files_added_since
from lake.catalog import (
    BATCH_ID,
    committed_snapshot,
    overlap,
    snapshot_files,
    stored_files,
    sync_columns,
)
from lake.layout import split_uri

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
AROUND_NOON = {"page_view": ("2026-11-22T11:00:00.000000Z", "2026-11-22T13:00:00.000000Z")}


def _head(table):
    return table.current_snapshot().snapshot_id


def commit(lake, batch_id, rows):
    files = [file["uri"] for file in lake.write(batch_id, rows)]
    lake.table().add_files(files, snapshot_properties={BATCH_ID: batch_id})
    return files


def test_a_new_table_gets_the_columns_of_the_contracts_once(empty_lake):
    added = sync_columns(empty_lake.database, load_contracts())
    assert {"customer.segment", "products.element.brand", "purchase.items.element.quantity"} <= set(added)
    assert not [name for name in added if name in ("event_id", "batch_id")]
    assert sync_columns(empty_lake.database, load_contracts()) == []


def test_columns_follow_what_a_newer_version_of_a_contract_accepts(lake):
    purchase = load_contracts()["purchase"].document
    wider, items = deepcopy(purchase["properties"]), purchase["properties"]["items"]["items"]
    wider["tax"]["x-decimal"] = {"precision": 38, "scale": 2}
    wider["payment_method"]["maxLength"] = 64
    wider["items"]["items"]["properties"]["gift"] = {"type": "boolean"}
    newer = purchase | {"$id": "urn:tributary:contract:purchase:1-1-0", "properties": wider}
    newer = read_contract("purchase.json", json.dumps(newer))
    assert not [c for c in compare(load_contracts()["purchase"], newer) if not c.is_accepted]
    assert sync_columns(lake.database, load_contracts() | {"purchase": newer}) == ["purchase.items.element.gift"]
    assert str(lake.table().schema().find_type("purchase.tax")) == "decimal(38, 2)"
    assert "gift" not in items["properties"]


def test_columns_of_the_template_stay_required(lake):
    schema = lake.table().schema()
    assert [f.name for f in schema.fields if f.required] == [
        "event_id", "source", "event_type", "event_time", "event_date", "arrival_time", "ingest_position",
        "is_late", "lateness_seconds", "batch_id",
    ]  # fmt: skip
    assert [f.field_id for f in schema.fields][:11] == list(range(1, 12))


def test_only_files_of_the_same_type_and_time_are_planned(lake):
    (noon,) = commit(lake, "b1", [lake.row("1", at=NOON)])
    commit(lake, "b2", [lake.row("2", at=NOON + timedelta(hours=3))])
    commit(lake, "b3", [lake.row("3", at=NOON - timedelta(days=1))])
    commit(lake, "b4", [lake.row("4", event_type="refund")])
    assert stored_files(lake.table(), AROUND_NOON) == [noon]


def test_manifests_of_other_days_are_not_read(lake):
    commit(lake, "b1", [lake.row("1", at=NOON - timedelta(days=1))])
    (noon,) = commit(lake, "b2", [lake.row("2", at=NOON)])
    table = lake.table()
    (other_day,) = [m for m in table.current_snapshot().manifests(table.io) if m.added_snapshot_id != _head(table)]
    lake.s3.delete_object(Bucket=lake.processed, Key=split_uri(other_day.manifest_path)[1])
    assert stored_files(table, AROUND_NOON) == [noon]


def test_a_batch_that_does_not_know_its_times_may_overlap_with_everything():
    assert overlap(None) == AlwaysTrue()
    assert overlap({}) == AlwaysFalse()


def test_an_empty_table_has_no_files(lake):
    assert stored_files(lake.table(), None) == []
    assert files_added_since(lake.table(), None, None) == []


def test_files_added_since_a_snapshot_leave_out_older_ones_and_other_times(lake):
    commit(lake, "b1", [lake.row("1")])
    planned = lake.table().current_snapshot().snapshot_id
    (newer,) = commit(lake, "b2", [lake.row("2")])
    commit(lake, "b3", [lake.row("3", at=NOON + timedelta(hours=3))])
    assert files_added_since(lake.table(), planned, AROUND_NOON) == [newer]
    assert files_added_since(lake.table(), lake.table().current_snapshot().snapshot_id, AROUND_NOON) == []


def test_files_added_since_an_empty_table_are_all_that_overlap(lake):
    files = commit(lake, "b1", [lake.row("1")])
    assert files_added_since(lake.table(), None, AROUND_NOON) == files


def test_where_the_planned_snapshot_has_expired_every_overlapping_file_counts(lake):
    files = commit(lake, "b1", [lake.row("1")])
    files += commit(lake, "b2", [lake.row("2")])
    assert files_added_since(lake.table(), 42, AROUND_NOON) == sorted(files)


def test_where_a_snapshot_in_between_has_expired_every_overlapping_file_counts(lake):
    files = commit(lake, "b1", [lake.row("1")])
    planned = _head(lake.table())
    files += commit(lake, "b2", [lake.row("2")])
    between = _head(lake.table())
    files += commit(lake, "b3", [lake.row("3")])
    lake.table().maintenance.expire_snapshots().by_id(between).commit()
    assert lake.table().snapshot_by_id(planned) and not lake.table().snapshot_by_id(between)
    assert files_added_since(lake.table(), planned, AROUND_NOON) == sorted(files)


def test_rows_that_were_rewritten_since_are_found_in_their_new_file(lake):
    commit(lake, "b1", [lake.row("1")])
    planned = lake.table().current_snapshot().snapshot_id
    commit(lake, "b2", [lake.row("2"), lake.row("3")])
    lake.table().delete("event_id = '3'")
    (uri,) = files_added_since(lake.table(), planned, AROUND_NOON)
    assert lake.columns(uri)["event_id"].to_pylist() == ["2"]


def test_a_batch_is_found_by_the_snapshot_that_made_it_visible(lake):
    files = commit(lake, "b1", [lake.row("1"), lake.row("2", event_type="refund")])
    commit(lake, "b2", [lake.row("3")])
    snapshot = committed_snapshot(lake.table(), "b1")
    assert snapshot_files(lake.table(), snapshot) == sorted(files)
    assert committed_snapshot(lake.table(), "b3") is None


def test_a_stale_handle_is_refused_and_not_retried_by_the_library(lake):
    stale = lake.table()
    commit(lake, "b1", [lake.row("1")])
    files = [file["uri"] for file in lake.write("b2", [lake.row("2")])]
    with pytest.raises(CommitFailedException, match="created concurrently"):
        stale.add_files(files, snapshot_properties={BATCH_ID: "b2"})
    assert lake.visible() == [("1", "b1")]
