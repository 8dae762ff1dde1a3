"""A contract was too narrow: its events are rejects until it is corrected, and then rows, once each."""

import json

import orjson
import pytest

from tests.unit.ingestion_events import EVENT, REFUND

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
LONG = "x" * 3000
EVENTS = [EVENT | {"id": f"r-{number}", "data": REFUND | {"comment": LONG}} for number in range(3)]


def widen(project):
    path = project / "contracts/refund.json"
    contract = json.loads(path.read_text())
    contract["$id"] = "urn:tributary:contract:refund:1-1-0"
    contract["properties"]["comment"]["maxLength"] = 4096
    path.write_text(json.dumps(contract, indent=2) + "\n")


def ask(etl, *arguments):
    return json.loads(etl(*arguments, "--json"))


def rows(etl):
    return ask(etl, "query", "SELECT count(*) AS n FROM events WHERE length(refund.comment) = 3000")[0]["n"]


def test_rejects_of_a_contract_that_was_corrected_arrive_exactly_once(project, etl_of_copy, tmp_path):
    etl = etl_of_copy
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(map(orjson.dumps, EVENTS)))
    sent = ask(etl, "send", str(tmp_path / "events.ndjson"), "--wait")
    assert (sent["rows"], sent["rejects_by_reason"]) == (0, {"invalid_data": 3})
    assert ask(etl, "replay")["verdicts"]["refused"] == 3

    widen(project)
    assert ask(etl, "replay")["verdicts"]["accepted"] == 3
    assert "etl deploy --stage local" in etl("replay")
    etl("deploy", "--stage", "local")
    replayed = ask(etl, "replay", "--send", "--wait")
    assert (replayed["outcome"]["rows"], replayed["still_open"], rows(etl)) == (3, 0, 3)

    assert ask(etl, "rejects")["rejects"] == 0
    again = ask(etl, "send", str(tmp_path / "events.ndjson"), "--wait")
    assert (again["rows"], again["duplicates"], rows(etl)) == (0, 3, 3)
    assert ask(etl, "status", "--check")["is_balanced"]
