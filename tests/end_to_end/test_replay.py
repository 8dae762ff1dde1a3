"""Rejects mended and sent again: each event is one row, whatever is interrupted or repeated."""

import json

import boto3
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SIGN_UP = {"name": "Jane", "mail": "jane@example.com", "country": "IE", "plan": "pro", "has_marketing_consent": True}
PURCHASE = {
    "user_id": "u0007919", "session_id": "s-1", "order_id": "o-1", "shipping": 4.99, "tax": 75.33, "total": 1.0,
    "items": [{"product_id": "p01313", "name": "Chair", "quantity": 2, "unit_price": 198.25, "line_total": 396.5}],
    "currency": "SEK", "payment_method": "klarna",
}  # fmt: skip
FIX = """
import json


def fix(event, reject):
    document = json.loads(event)
    data = document["data"]
    if reject.reason == "total_mismatch":
        data["total"] = round(sum(item["line_total"] for item in data["items"]) + data["shipping"] + data["tax"], 2)
    else:
        data["email"] = data.pop("mail")
    return json.dumps(document).encode()
"""


def event(number, event_type, data):
    attributes = {"specversion": "1.0", "id": f"e-{number}", "source": "/replay", "type": event_type}
    return json.dumps(attributes | {"time": f"2026-11-20T09:00:0{number}Z", "data": data})


@pytest.fixture(scope="module")
def rejected(etl):
    """Three sign-ups with a field that the contract calls otherwise, and a purchase that does not add up."""
    events = [event(number, "sign_up", SIGN_UP | {"user_id": f"u-{number}"}) for number in range(3)]
    sent = etl.folder / "events.ndjson"
    sent.write_text("\n".join([*events, event(3, "purchase", PURCHASE)]))
    (etl.folder / "mend.py").write_text(FIX)
    return json.loads(etl("send", str(sent), "--wait", "--json"))["rejects_by_reason"]


def replay(etl, *options):
    return json.loads(etl("replay", "--fix", str(etl.folder / "mend.py"), "--json", *options))


def count(etl, *options):
    return json.loads(etl("rejects", "--json", *options))["rejects"]


def stored(etl):
    rows = json.loads(etl("query", "--json", "SELECT event_id FROM events WHERE source = '/replay' ORDER BY event_id"))
    return [row["event_id"] for row in rows]


def forget_fates(etl):
    """What a crash leaves that comes after the sending and before the ledger."""
    client = json.loads(etl("env", "--json"))
    keys = {"aws_access_key_id": client["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": client["AWS_SECRET_ACCESS_KEY"]}
    s3 = boto3.client("s3", endpoint_url=client["AWS_ENDPOINT_URL"], region_name=client["AWS_REGION"], **keys)
    (bucket,) = [b["Name"] for b in s3.list_buckets()["Buckets"] if "-processed-" in b["Name"]]
    found = s3.list_objects_v2(Bucket=bucket, Prefix="ledger/reject_fates/")["Contents"]
    for entry in found:
        s3.delete_object(Bucket=bucket, Key=entry["Key"])
    return len(found)


def test_rejects_are_mended_and_arrive_exactly_once_whatever_is_repeated(etl, rejected):
    assert rejected == {"invalid_data": 3, "total_mismatch": 1}
    assert (count(etl), stored(etl)) == (4, [])
    assert json.loads(etl("replay", "--json"))["verdicts"]["refused"] == 4

    dry = replay(etl)
    assert (dry["verdicts"]["accepted"], dry["changed_by_fix"], count(etl), stored(etl)) == (4, 4, 4, [])

    sent = replay(etl, "--send", "--wait")
    assert (sent["fates"], sent["still_open"]) == ({"replayed": 0, "fixed": 4, "discarded": 0}, 0)
    assert (sent["outcome"]["rows"], sent["outcome"]["rejects"], sent["outcome"]["unaccounted"]) == (4, 0, 0)
    assert (count(etl), count(etl, "--fate", "fixed"), stored(etl)) == (0, 4, ["e-0", "e-1", "e-2", "e-3"])

    again = replay(etl, "--send", "--wait")
    assert (again["open"], again["sent"]) == (0, 0)

    assert forget_fates(etl) == 1
    assert count(etl) == 4
    repeated = replay(etl, "--send", "--wait")
    assert (repeated["outcome"]["rows"], repeated["outcome"]["duplicates"]) == (0, 4)
    assert (count(etl), stored(etl)) == (0, ["e-0", "e-1", "e-2", "e-3"])
    assert json.loads(etl("status", "--json", "--check"))["lag"]["pending_lines"] == 0
