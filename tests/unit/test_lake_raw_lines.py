import gzip
import json
from datetime import UTC, datetime

from lake.manifest import Manifest, RawObjectEntry, time_spans
from lake.positions import Position
from lake.raw_lines import METADATA_LIMIT_BYTES, RawObject, compress, read_metadata

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
POSITION = Position("ingest", "shard", "1", 0, NOON)
ATTRIBUTES = {"specversion": "1.0", "id": "e-1", "source": "/shop"}


def raw_object(*events):
    raw = RawObject()
    for event_type, time in events:
        raw.add(POSITION, event_type, time, ATTRIBUTES | {"type": event_type}, {"amount": 1.5})
    return raw


def test_a_line_has_position_attributes_and_data_under_its_type():
    (line,) = raw_object(("refund", NOON)).lines
    assert json.loads(line) == {
        "position": POSITION.as_json() | {"arrival_time": "2026-11-22T12:00:00Z"},
        "event": {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "refund"},
        "data": {"refund": {"amount": 1.5}},
    }


def test_the_body_is_one_line_an_event_and_always_the_same_bytes():
    bodies = {raw_object(("refund", NOON), ("refund", NOON)).body() for _ in range(3)}
    assert len(bodies) == 1
    assert len(gzip.decompress(bodies.pop()).splitlines()) == 2
    assert gzip.decompress(compress([b"a", b"b"])) == b"a\nb\n"


def test_the_metadata_has_count_and_span_of_each_type():
    raw = raw_object(("refund", NOON), ("sign_up", NOON), ("refund", NOON.replace(hour=11)))
    noon = "2026-11-22T12:00:00.000000Z"
    assert read_metadata(raw.metadata()) == {
        "lines": 3,
        "types": {"refund": [2, "2026-11-22T11:00:00.000000Z", noon], "sign_up": [1, noon, noon]},
    }


def test_metadata_that_s3_would_not_take_leaves_the_types_out():
    raw = raw_object(*((f"type_{number}", NOON) for number in range(40)))
    assert read_metadata(raw.metadata()) == {"lines": 40}
    few = raw_object(*((f"type_{number}", NOON) for number in range(20)))
    assert "types" in read_metadata(few.metadata())
    assert len(few.metadata()["summary"]) <= METADATA_LIMIT_BYTES


def test_the_receipt_in_the_metadata_goes_before_the_types():
    few = raw_object(*((f"type_{number}", NOON) for number in range(20)))
    receipt = "r" * (METADATA_LIMIT_BYTES - 40)
    assert few.metadata(receipt) == {"summary": '{"lines": 20}', "receipt": receipt}


def entry(lines, types, key="raw/1"):
    return RawObjectEntry("raw", key, "v1", 9, lines, types)


def test_the_spans_of_a_batch_cover_all_its_objects():
    entries = [entry(2, {"refund": [2, "11", "13"]}), entry(3, {"refund": [1, "10", "12"], "sign_up": [2, "1", "2"]})]
    assert time_spans(entries) == {"refund": ("10", "13"), "sign_up": ("1", "2")}


def test_a_batch_has_no_spans_where_one_object_does_not_say():
    assert time_spans([entry(2, {"refund": [2, "11", "13"]}), entry(40, None)]) is None


def test_a_manifest_survives_being_written():
    raw_objects = [entry(2, None, "raw/1"), entry(3, None, "raw/2")]
    manifest = Manifest("b-1", "2026-11-22", "2026-11-22T12:00:00Z", 1, raw_objects, [], "7")
    assert Manifest.from_document(json.loads(json.dumps(manifest.as_document()))) == manifest
    assert (manifest.raw_lines, manifest.bytes, manifest.raw_uris) == (5, 18, ["s3://raw/raw/1", "s3://raw/raw/2"])
