from datetime import UTC, date, datetime
from decimal import Decimal

import orjson
import pytest

from contracts.contract import load_contracts
from contracts.errors import PipelineError
from contracts.validator import DataValidator
from lake.put_records import MAX_RECORDS, portions
from lambdas.publisher.batches import Backoff, send
from lambdas.publisher.encode import Message, as_message

CONTRACTS = load_contracts()
REFUND = {
    "user_id": "u-1",
    "refund_id": "r-1",
    "order_id": "o-1",
    "product_id": "p-1",
    "amount": Decimal("1234567890123456.70"),
    "currency": "EUR",
    "reason": "late",
    "comment": None,
}
ROW = {
    "event_id": "e-1",
    "source": "/shop",
    "event_type": "refund",
    "event_time": datetime(2026, 11, 22, 12, tzinfo=UTC),
    "event_date": date(2026, 11, 22),
    "subject": "u-1",
    "ingest_position": "ingest/shard/1/0",
    "batch_id": "b-1",
    "customer": None,
    "products": None,
    "refund": REFUND,
}


def encode(**changes):
    return as_message(ROW | changes, CONTRACTS["refund"])


def test_a_row_becomes_the_event_it_came_from():
    assert encode().data == (
        b'{"specversion":"1.0","id":"e-1","source":"/shop","type":"refund","time":"2026-11-22T12:00:00.000000Z",'
        b'"subject":"u-1","datacontenttype":"application/json","batchid":"b-1","ingestposition":"ingest/shard/1/0",'
        b'"data":{"user_id":"u-1","refund_id":"r-1","order_id":"o-1","product_id":"p-1",'
        b'"amount":1234567890123456.70,"currency":"EUR","reason":"late"}}'
    )


def test_enrichment_stands_beside_the_data_it_is_about():
    customer = {"customer_id": "u-1", "segment": "b2c", "home_country": None, "signed_up_on": date(2025, 1, 2)}
    products = [{"product_id": "p-1", "name": "Cup", "category": "home", "brand": "Ort"}]
    data = orjson.loads(encode(customer=customer, products=products).data)["data"]
    assert data["enrichment"] == {"customer": customer | {"signed_up_on": "2025-01-02"}, "products": products}
    assert "enrichment" not in orjson.loads(encode(products=[]).data)["data"]


def test_data_that_went_through_the_table_still_fits_its_contract():
    page = {"url": "https://shop.example", "title": "Shop", "referrer": None}
    view = {"user_id": "u-1", "session_id": "s-1", "product_id": None, "page": page, "utm": None, "duration_ms": 5}
    row = ROW | {"event_type": "page_view", "page_view": view | {"user_agent": "curl"}}
    data = orjson.loads(as_message(row, CONTRACTS["page_view"]).data)["data"]
    assert DataValidator(CONTRACTS["page_view"].document).violation(data) is None
    assert data["page"] == {"url": "https://shop.example", "title": "Shop"}


def test_a_required_member_that_was_masked_away_stays_as_null():
    data = orjson.loads(encode(refund=REFUND | {"user_id": None}).data)["data"]
    assert data["user_id"] is None


def test_what_a_contract_drops_is_not_published_from_older_rows_either():
    signed_up = {
        "user_id": "u-1",
        "name": "Zoë",
        "email": "6e0f",
        "country": "FR",
        "plan": "pro",
        "referral_code": None,
    }
    row = ROW | {"event_type": "sign_up", "sign_up": signed_up | {"has_marketing_consent": True}}
    data = orjson.loads(as_message(row, CONTRACTS["sign_up"]).data)["data"]
    expected = {"user_id": "u-1", "email": "6e0f", "country": "FR", "plan": "pro", "has_marketing_consent": True}
    assert data == expected
    assert orjson.loads(as_message(row | {"sign_up": expected}, CONTRACTS["sign_up"]).data)["data"] == expected


def test_times_in_the_data_are_utc_with_z():
    edit = {"time": datetime(2026, 11, 22, 11, 59, 0, 120000, UTC), "page": "Ort", "added": 1}
    row = ROW | {"event_type": "wikipedia_edit", "wikipedia_edit": edit}
    data = orjson.loads(as_message(row, CONTRACTS["wikipedia_edit"]).data)["data"]
    assert data == {"time": "2026-11-22T11:59:00.120000Z", "page": "Ort", "added": 1}


def test_the_partition_key_is_the_subject_or_else_the_identity():
    assert encode().partition_key == "u-1"
    assert encode(subject=None).partition_key == "e-1"
    assert "subject" not in orjson.loads(encode(subject=None).data)
    assert encode(subject="s" * 300).partition_key == "s" * 256


def message(number, size_bytes=10):
    key = str(number)
    return Message("/shop", f"e-{number}", key, b"x" * (size_bytes - len(key)))


def test_a_request_has_no_more_records_than_kinesis_takes():
    assert [len(p) for p in portions(message(n) for n in range(1001))] == [MAX_RECORDS, MAX_RECORDS, 1]


def test_a_request_has_no_more_bytes_than_kinesis_takes():
    sizes = [2_000_000, 2_000_000, 1_000_000, 1, 4_999_999]
    found = [[m.size_bytes for m in p] for p in portions(message(n, size) for n, size in enumerate(sizes))]
    assert found == [[2_000_000, 2_000_000, 1_000_000], [1, 4_999_999]]


def test_no_messages_are_no_request():
    assert list(portions([])) == []


class Stream:
    """Refuses each key as often as told, and remembers what it was asked."""

    def __init__(self, **refusals):
        self.refusals, self.requests, self.pauses = refusals, [], []

    def put(self, entries):
        self.requests.append([entry["PartitionKey"] for entry in entries])
        return {"Records": [self.answer(entry["PartitionKey"]) for entry in entries]}

    def answer(self, key):
        self.refusals[key] = self.refusals.get(key, 0) - 1
        if self.refusals[key] >= 0:
            return {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Slow down"}
        return {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}

    def send(self, keys, attempts=4):
        messages = [Message("/shop", key, key, b"{}") for key in keys]
        backoff = Backoff(attempts=attempts, first_seconds=1, longest_seconds=3)
        send(messages, self.put, self.pauses.append, lambda: 0.5, backoff)


def test_only_what_was_refused_is_sent_again():
    stream = Stream(b=1, d=2)
    stream.send("abcd")
    assert stream.requests == [["a", "b", "c", "d"], ["b", "d"], ["d"]]


def test_pauses_grow_to_a_limit_and_are_a_random_part_of_it():
    stream = Stream(a=3)
    stream.send("a")
    assert stream.pauses == [0.5, 1.0, 1.5]


def test_after_the_last_attempt_the_refusals_are_told():
    stream = Stream(b=9)
    message = (
        r"1 of 2 messages were not taken in 2 attempts: \{'ProvisionedThroughputExceededException': 1\}; "
        r"expected all to be taken\. Publish the batch again"
    )
    with pytest.raises(PipelineError, match=message):
        stream.send("ab", attempts=2)
    assert len(stream.pauses) == 1
