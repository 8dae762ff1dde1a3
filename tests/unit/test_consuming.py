"""The examples of docs/consuming.md do what the page says."""

import io
import json
import re
import sqlite3
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/consuming.md").read_text()
PURCHASE = {"id": "e-1", "source": "/shop", "time": "2026-11-21T23:59:59.000000Z"}
PURCHASE |= {"data": {"total": 19.99, "currency": "EUR"}}


@pytest.fixture(scope="module")
def examples():
    found = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, found)
    return found


def test_an_event_that_comes_again_is_added_once(examples):
    database = sqlite3.connect(":memory:")
    for statement in re.findall(r"`(CREATE TABLE [^`]+)`", PAGE):
        database.execute(statement)
    records = [json.dumps(PURCHASE | {"id": event_id}).encode() for event_id in ("e-1", "e-2", "e-1", "e-1")]
    assert [examples["total_up"](database, record) for record in records] == [True, True, False, False]
    assert database.execute("SELECT * FROM revenue").fetchall() == [("2026-11-21", "EUR", 3998)]


def test_an_event_whose_effect_fails_is_not_remembered(examples):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE seen (source TEXT, id TEXT, PRIMARY KEY (source, id))")
    with pytest.raises(sqlite3.OperationalError, match="no such table: revenue"):
        examples["total_up"](database, json.dumps(PURCHASE).encode())
    assert database.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_data_is_found_behind_its_reference(examples):
    class Store:
        def get_object(self, Bucket, Key):
            assert (Bucket, Key) == ("processed", "downstream/b/x.json")
            return {"Body": io.BytesIO(b'{"total": 1}')}

    pointer = {"dataref": "s3://processed/downstream/b/x.json"}
    assert examples["data_of"](pointer, Store()) == {"total": 1}
    assert examples["data_of"](PURCHASE, None) == PURCHASE["data"]
