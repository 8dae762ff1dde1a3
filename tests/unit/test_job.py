"""The Glue job: arguments, what it reads and writes, and that a run again leaves the same."""

import base64
import gzip
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contracts.errors import ConfigurationError, PipelineError
from jobs.process_events import cleaning, job
from lake.manifest import Manifest, RawObjectEntry
from lake.positions import Position
from lake.raw_lines import RawObject
from lake.rejects import reject_id

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CART = {"user_id": "u", "session_id": "s", "cart_id": "c", "product_id": "p", "quantity": 1, "unit_price": 1.5}
EDIT = {"time": "2026-11-22T12:00:00.000000Z", "page": "Tea"}
WORDS = [
    "--MANIFEST",
    "s3://staging/m.json",
    "--BATCH_ID",
    "b-1",
    "--STAGING_BUCKET",
    "staging",
    "--ERROR_BUCKET",
    "error",
    "--PEPPER_SECRET_ARN",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:pepper",
    "--FILE_ROWS",
    "1000000",
    "--PARTITION_MB",
    "16",
]
SIZES = job.Sizes(file_rows=1_000_000, partition_mb=16)
MANIFEST = Manifest(
    batch_id="b-1",
    batch_date="2026-11-22",
    started_at="2026-11-22T13:00:00.000000Z",
    attempt=1,
    raw_objects=[RawObjectEntry("raw", "raw/a.ndjson.gz", "v1", 100, 3, None)],
    stored_files=[],
    snapshot_id=None,
)


def place(sequence):
    return Position("ingest", "shard-0", str(sequence), 0, NOON + timedelta(seconds=sequence))


def write_raw(folder, *events):
    """A raw object under a key as in the raw zone; events are (id, type, data, minutes after noon)."""
    raw = RawObject()
    for sequence, (event_id, event_type, data, minutes) in enumerate(events):
        time = NOON + timedelta(minutes=minutes)
        attributes = {"id": event_id, "source": "/s", "type": event_type, "time": time.isoformat()}
        raw.add(place(sequence), event_type, time, attributes, data)
    path = folder / "raw/ingest_date=2026-11-22/ingest/shard-0/0-9.ndjson.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(raw.body())
    return str(path)


def batch(tmp_path, raw, stored=(), sizes=SIZES):
    return job.Batch("b-1", [raw], list(stored), str(tmp_path / "staged"), 1000, sizes)


def staged(tmp_path):
    """Path below the staged folder -> rows, without Spark's marks."""
    files = sorted((tmp_path / "staged").rglob("*.parquet"))
    return {str(f.relative_to(tmp_path / "staged").parent): pq.ParquetFile(f).read().to_pylist() for f in files}


def test_arguments_follow_glues_convention_and_glues_own_are_passed_over():
    words = [*WORDS, "--JOB_NAME", "tributary-local-process-events", "--enable-metrics", "true", "--TempDir", "s3://x/"]
    assert job.Arguments.parse(words) == job.Arguments(*WORDS[1::2])
    assert job.Arguments.parse(words).sizes == SIZES


def test_missing_arguments_are_named():
    with pytest.raises(
        ConfigurationError,
        match="argument --BATCH_ID, --ERROR_BUCKET, --PEPPER_SECRET_ARN, --FILE_ROWS, --PARTITION_MB missing or empty",
    ):
        job.Arguments.parse(["--MANIFEST", "s3://staging/m.json", "--STAGING_BUCKET", "staging", "--BATCH_ID", ""])


@pytest.mark.parametrize("text", ["0", "-1", "1e6", "1.5", "many", "\u0661"])
def test_a_size_that_is_no_whole_number_above_0_is_refused(text):
    arguments = replace(job.Arguments.parse(WORDS), file_rows=text)
    with pytest.raises(ConfigurationError, match=f"argument --FILE_ROWS is '{text}'; expected a whole number above 0"):
        _ = arguments.sizes


@pytest.mark.parametrize(("megabytes", "partitions"), [(0, 1), (16, 1), (17, 2), (160, 10), (10_000, 625)])
def test_partitions_follow_the_size_of_the_batch(megabytes, partitions):
    assert job.partition_count(megabytes * 1024**2, SIZES) == partitions


@pytest.mark.slow
def test_a_batch_becomes_files_by_type_and_date_in_the_order_of_time(spark, tmp_path):
    raw = write_raw(
        tmp_path,
        ("e-1", "add_to_cart", CART, 2),
        ("e-2", "add_to_cart", CART, 1),
        ("e-3", "wikipedia_edit", EDIT, -13 * 60),
        ("e-1", "add_to_cart", CART, 2),
        ("e-4", "add_to_cart", CART | {"quantity": 1.0}, 3),
    )
    document, rejects = job.process(spark, batch(tmp_path, raw), "pepper")
    assert document == {
        "batch_id": "b-1",
        "raw_lines": 5,
        "rows": 3,
        "rows_by_type": {"add_to_cart": 2, "wikipedia_edit": 1},
        "redelivered": 0,
        "repeated": 1,
        "late_rows": 0,
        "identity_conflicts": 0,
        "rejected": 1,
        "rejects_by_reason": {"untypable": 1},
    }
    files = staged(tmp_path)
    assert {folder: [row["event_id"] for row in rows] for folder, rows in files.items()} == {
        "event_type=add_to_cart/event_date=2026-11-22": ["e-2", "e-1"],
        "event_type=wikipedia_edit/event_date=2026-11-21": ["e-3"],
    }
    assert files["event_type=wikipedia_edit/event_date=2026-11-21"][0]["event_time"] == NOON - timedelta(hours=13)
    assert [row.position.sequence for row in rejects.collect()] == ["4"]


@pytest.mark.slow
def test_files_hold_as_many_rows_as_configured_one_time_after_the_other(spark, tmp_path):
    raw = write_raw(tmp_path, *((f"e-{n}", "add_to_cart", CART, n * 7 % 10) for n in range(10)))
    sizes = replace(SIZES, file_rows=4)
    job.process(spark, batch(tmp_path, raw, sizes=sizes), "pepper")
    files = sorted((tmp_path / "staged").rglob("*.parquet"))
    times = [[row["event_time"] for row in pq.ParquetFile(file).read(["event_time"]).to_pylist()] for file in files]
    assert [len(found) for found in times] == [4, 4, 2]
    assert [time for found in times for time in found] == [NOON + timedelta(minutes=n) for n in range(10)]
    assert {pq.ParquetFile(file).metadata.row_group(0).column(0).compression for file in files} == {"ZSTD"}


@pytest.mark.slow
def test_a_run_again_replaces_what_the_first_one_left(spark, tmp_path):
    raw = write_raw(tmp_path, ("e-1", "add_to_cart", CART, 0), ("e-2", "wikipedia_edit", EDIT, 0))
    leftover = tmp_path / "staged/event_type=refund/event_date=2026-11-22/part-0.parquet"
    leftover.parent.mkdir(parents=True)
    leftover.touch()
    first = job.process(spark, batch(tmp_path, raw), "pepper")[0], staged(tmp_path)
    assert (job.process(spark, batch(tmp_path, raw), "pepper")[0], staged(tmp_path)) == first
    assert not leftover.exists()


@pytest.mark.slow
def test_stored_rows_are_found_in_files_of_any_partition(spark, tmp_path):
    raw = write_raw(
        tmp_path, ("e-1", "add_to_cart", CART, 0), ("e-2", "wikipedia_edit", EDIT, 0), ("e-3", "page", {}, 0)
    )
    stored = []
    for event_id, event_type, position in [("e-1", "add_to_cart", place(0)), ("e-2", "wikipedia_edit", place(9))]:
        row = {"event_id": event_id, "source": "/s", "event_type": event_type, "event_date": date(2026, 11, 22)}
        row |= {"ingest_position": position.as_text(), "event_time": NOON, "batch_id": "b-0"}
        path = tmp_path / f"data/event_type={event_type}/event_date=2026-11-22/b-0.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist([row]), path)
        stored.append(str(path))
    document, _ = job.process(spark, batch(tmp_path, raw, stored), "pepper")
    assert (document["rows"], document["redelivered"], document["repeated"], document["rejected"]) == (0, 1, 1, 1)
    assert document["identity_conflicts"] == 0
    assert staged(tmp_path) == {}


@pytest.mark.slow
def test_the_first_and_the_last_time_a_contract_allows_are_written(spark, tmp_path):
    first, last = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
    raw = write_raw(
        tmp_path,
        ("first", "wikipedia_edit", EDIT | {"time": first}, 0),
        ("last", "wikipedia_edit", EDIT | {"time": last}, 1),
    )
    job.process(spark, batch(tmp_path, raw), "pepper")
    [rows] = staged(tmp_path).values()
    found = [row["wikipedia_edit"]["time"].isoformat(timespec="microseconds").replace("+00:00", "Z") for row in rows]
    assert found == [first, last]


@pytest.mark.slow
def test_rejects_are_written_by_reason_and_day_with_their_line(spark, tmp_path, aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="error", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    raw = write_raw(tmp_path, ("e-1", "add_to_cart", CART | {"quantity": 1.0}, 0), ("e-2", "nobody_knows", {}, 0))
    with gzip.open(raw, "at") as file:
        file.write("not a line\n")
    _, rejects = job.process(spark, batch(tmp_path, raw), "pepper")
    job.write_rejects(s3, "error", MANIFEST, rejects)
    job.write_rejects(s3, "error", MANIFEST, rejects)
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket="error")["Contents"]]
    assert keys == ["rejects/stage=transform/reason=untypable/reject_date=2026-11-22/b-1.ndjson.gz"]
    body = gzip.decompress(s3.get_object(Bucket="error", Key=keys[0])["Body"].read())
    first, second, third = (json.loads(line) for line in body.splitlines())
    assert first["reject_id"] == reject_id("transform", place(0).as_text())
    assert (first["event_type"], first["sequence"], first["batch_id"]) == ("add_to_cart", "0", "b-1")
    assert json.loads(base64.b64decode(first["original_base64"]))["data"] == {"add_to_cart": CART | {"quantity": 1.0}}
    assert second["event_type"] == "nobody_knows"
    assert (third["stream"], third["event_type"], third["arrival_time"]) == ("unknown", None, MANIFEST.started_at)
    assert base64.b64decode(third["original_base64"]) == b"not a line"


def test_other_lines_than_ingestion_wrote_stop_the_batch():
    with pytest.raises(
        PipelineError, match="batch b-1: 2 raw lines read; expected the 3 that the raw objects' metadata"
    ):
        job.check_lines(MANIFEST, {"raw_lines": 2})
    job.check_lines(MANIFEST, {"raw_lines": 3})


def test_the_pepper_is_the_secrets_text(aws):
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="pepper", SecretString="hot")["ARN"]
    assert job.read_pepper(secrets, arn) == "hot"
    empty = secrets.create_secret(Name="binary", SecretBinary=b"hot")["ARN"]
    with pytest.raises(PipelineError, match=f"secret {empty} has no text; expected the pepper of the hashes"):
        job.read_pepper(secrets, empty)


@pytest.mark.slow
def test_the_pepper_is_in_no_plan_and_no_log(spark, tmp_path, capfd):
    raw = write_raw(tmp_path, ("e-1", "sign_up", {"user_id": "u", "email": "zoe@example.com"}, 0))
    _, rejects = job.process(spark, batch(tmp_path, raw), "pepper-of-this-test")
    rejects.explain("extended")
    keys = [key.hex() for key in map(bytes, cleaning.key_of("pepper-of-this-test"))]
    said = "".join(capfd.readouterr()) + (tmp_path / "staged").as_posix()
    assert "_inner_key" in said
    assert not [word for word in ("pepper-of-this-test", *keys, *map(str.upper, keys)) if word in said]
    [row] = staged(tmp_path)["event_type=sign_up/event_date=2026-11-22"]
    digest = hmac.new(b"pepper-of-this-test", b"zoe@example.com", hashlib.sha256).hexdigest()
    assert row["sign_up"]["email"] == digest and "name" not in row["sign_up"]


def test_the_manifest_of_another_batch_is_refused(aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="staging", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="staging", Key="m.json", Body=json.dumps(MANIFEST.as_document()))
    assert job.read_manifest(s3, job.Arguments.parse(WORDS)) == MANIFEST
    with pytest.raises(PipelineError, match=r"s3://staging/m.json is the manifest of batch b-1; expected b-2"):
        job.read_manifest(s3, replace(job.Arguments.parse(WORDS), batch_id="b-2"))


def test_staged_files_are_listed_with_their_partition(aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="staging", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    folder = "batches/b-1/staged/event_type=refund/event_date=2026-11-22"
    for key in (f"{folder}/part-1.parquet", f"{folder}/part-0.parquet", "batches/b-1/staged/_SUCCESS"):
        s3.put_object(Bucket="staging", Key=key, Body=b"")
    assert job.staged_files(s3, "staging", "batches/b-1/staged/") == [
        {"key": f"{folder}/part-0.parquet", "event_type": "refund", "event_date": "2026-11-22"},
        {"key": f"{folder}/part-1.parquet", "event_type": "refund", "event_date": "2026-11-22"},
    ]
