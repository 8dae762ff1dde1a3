"""Rows that keep every expectation of a suite, and for each expectation what breaks it."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa

from contracts.contract import load_contracts
from contracts.examples import example_of
from contracts.expectations import required_paths
from lake.columns import table_schema
from quality.flatten import as_frame, flatten, together
from quality.history import FRESHNESS, bound_names
from quality.suites import columns_of, load_suite

CONTRACTS = load_contracts()
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = NOON.date()


def event(number, event_type):
    """A row with the contract's own example in it, enriched."""
    data = json.loads(json.dumps(example_of(CONTRACTS[event_type].document)), parse_float=Decimal)
    row = {"event_id": str(number), "source": "/shop", "batch_id": "b1", "ingest_position": f"p{number}"}
    times = {"event_time": NOON, "event_date": DAY, "arrival_time": NOON, "is_late": False, "lateness_seconds": 0}
    return {**row, **times, "event_type": event_type, event_type: data}


def enriched(row):
    known = {"customer": {"customer_id": "u", "signed_up_on": date(2026, 1, 1)}, "products": [{"product_id": "p00012"}]}
    return row | known | {"reporting": {"amount": Decimal("44.88"), "currency": "EUR"}}


def events():
    types = [name for name in CONTRACTS if name != "wikipedia_edit"]
    rows = [enriched(event(number, name)) for number, name in enumerate(types)]
    edit = event(len(types), "wikipedia_edit")
    rows = [*rows, edit | {"wikipedia_edit": edit["wikipedia_edit"] | {"time": NOON}}]
    of(rows, "page_view")["page_view"]["ip"] = "192.0.2.0"
    of(rows, "purchase")["purchase"] |= {"order_id": "o", "total": Decimal("52.04")}
    of(rows, "refund")["refund"] |= {"order_id": "o", "amount": Decimal("19.99")}
    return rows


def of(rows, event_type):
    return next(row for row in rows if row["event_type"] == event_type)


REJECT = {
    "reject_id": "r1", "stage": "ingestion", "reason": "invalid_json", "found": "a comma", "expected": "JSON",
    "next_step": "Mend it.", "original_base64": "e30=", "arrival_time": "2026-11-22T12:00:00.000000Z",
}  # fmt: skip
BATCH = {
    "batch_id": "b1", "status": "published", "raw_lines": 10, "rows": 6, "redelivered": 1, "repeated": 1, "rejected": 2,
    "quarantined": 0, "published": 4, "switched_off": 1, "publish_failures": 1, "deleted_unsent": 0,
}  # fmt: skip
DELIVERY = {
    "stream": "ingest", "shard": "shard-0", "first_sequence": "1", "last_sequence": "9", "events": 9, "lines": 8,
    "rejected": 1, "raw_key": "raw/1-9.json.gz",
}  # fmt: skip
SOUND = {
    "events": events,
    "rejected_events": lambda: [dict(REJECT), REJECT | {"reject_id": "r2", "stage": "transform"}],
    "batches": lambda: [dict(BATCH), BATCH | {"batch_id": "b2"}],
    "ingestions": lambda: [
        dict(DELIVERY),
        DELIVERY | {"first_sequence": "10", "events": 1, "lines": 0, "raw_key": None},
    ],
}


def sound(table):
    return SOUND[table]()


def parameters(table):
    """Parameters that bound the sound rows from both sides."""
    rows = len(sound(table))
    bounds = {"volume": rows, "purchase.share": 1 / rows, "purchase.mean_amount": 44.88}
    duration = example_of(CONTRACTS["page_view"].document)["duration_ms"]
    bounds["page_view.median_duration"] = duration
    low = {bound_names(name)[0]: 0.9 * value for name, value in bounds.items()}
    high = {bound_names(name)[1]: 1.1 * value for name, value in bounds.items()}
    return {"event_types": sorted(CONTRACTS), "batch_ids": ["b1"], FRESHNESS: 11.5, **low, **high}


def frame(table, rows, expectations=None):
    """The rows as a suite's columns; without `expectations`, those of the whole suite."""
    suite = load_suite(table)
    names = columns_of(suite if expectations is None else suite | {"expectations": expectations})
    schema = pa.schema([f.with_nullable(True) for f in table_schema(CONTRACTS)]) if table == "events" else None
    # A column that a suite of the table alone needs is taken for the number of rows.
    names = names or ["event_id" if table == "events" else next(iter(rows[0]))]
    return as_frame(together([flatten(pa.Table.from_pylist(rows, schema=schema), names, CONTRACTS)], names))


def broken(table, expectation):
    """The sound rows, broken in the place that the expectation is about."""
    rows = deepcopy(sound(table))
    if expectation["meta"]["origin"] == "contract":
        return broken_contract(rows, expectation["kwargs"])
    change = BROKEN[table][expectation["meta"]["id"]]
    return change(rows) or rows


def broken_contract(rows, kwargs):
    prefix, _, rest = kwargs["column"].partition(".")
    if prefix == "has_required_fields":
        event_type, path, value = rest, required_paths(CONTRACTS[rest])[-1], None
    else:
        event_type, path = prefix, rest.split(".")
        value = kwargs["min_value"] - 1 if "min_value" in kwargs else "no such value"
    inner = of(rows, event_type)[event_type]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return rows


def first(**columns):
    return lambda rows: rows[0].update(columns)


def data(event_type, **fields):
    return lambda rows: of(rows, event_type)[event_type].update(fields)


def enrichment(event_type, **columns):
    return lambda rows: of(rows, event_type).update(columns)


def nulls(*columns):
    return {f"{column}.not_null": first(**{column: None}) for column in columns}


def twice(rows):
    return [*rows, *(row | {"event_id": f"again {n}"} for n, row in enumerate(rows))]


BROKEN = {
    "events": {
        **nulls("event_id", "source", "event_type", "event_time", "event_date", "arrival_time"),
        **nulls("ingest_position", "batch_id"),
        "identity.unique": first(event_id="1"),
        "event_type.has_contract": first(event_type="wish_list_shared"),
        "batch_id.of_this_batch": first(batch_id="b2"),
        "ingest_position.unique": first(ingest_position="p1"),
        "event_date.of_event_time": first(event_date=date(2026, 11, 23)),
        "data.in_its_column": enrichment("purchase", purchase=None),
        "event_time.within_contract": first(lateness_seconds=-3601),
        "is_late.as_contract_says": first(is_late=True),
        "freshness": lambda rows: [row.update(event_time=datetime(2026, 11, 22, 11, tzinfo=UTC)) for row in rows][:0],
        "lateness.median": lambda rows: [row.update(lateness_seconds=601) for row in rows][:0],
        "purchase.total.not_null": data("purchase", total=None),
        "purchase.total.more_than_nothing": data("purchase", total=Decimal(0)),
        "purchase.total.sum_of_items": data("purchase", total=Decimal("52.05")),
        "purchase.items.at_least_one": data("purchase", items=[]),
        "purchase.currency.is_code": data("purchase", currency="€"),
        "refund.currency.is_code": data("refund", currency="eur"),
        "refund.amount.more_than_nothing": data("refund", amount=Decimal(0)),
        "refund.not_above_purchase": data("refund", amount=Decimal("52.05")),
        "refunds.not_above_purchase": data("refund", amount=Decimal("52.05")),
        "reporting.amount.there": enrichment("purchase", reporting=None),
        "customer.known": lambda rows: [row.update(customer=None) for row in rows][:0],
        "products.known": enrichment("purchase", products=[None]),
        "event.after_sign_up": enrichment("purchase", customer={"signed_up_on": date(2026, 11, 23)}),
        "page_view.ip.share_there": data("page_view", ip=None),
        "volume": twice,
        "purchase.share": lambda rows: rows[:-2],
        "purchase.mean_amount": enrichment("purchase", reporting={"amount": Decimal("4488.00")}),
        "page_view.median_duration": data("page_view", duration_ms=1),
    },
    "rejected_events": {
        **nulls("reject_id", "found", "expected", "next_step", "original_base64", "arrival_time"),
        "reject_id.mostly_unique": first(reject_id="r2"),
        "stage.known": first(stage="publishing"),
        "reason.known": first(reason="a bad day"),
        "volume": lambda rows: rows * 2,
    },
    "ingestions": {
        **nulls("stream", "shard", "first_sequence"),
        "delivery.unique": first(first_sequence="10"),
        "events.accounted": first(rejected=0),
        "raw_key.of_lines": first(raw_key=None),
        "volume": lambda rows: rows * 2,
    },
    "batches": {
        **nulls("batch_id"),
        "batch_id.unique": first(batch_id="b2"),
        "status.known": first(status="lost"),
        "lines.accounted": first(raw_lines=11),
        "rows.accounted": first(published=3),
        "status.mostly_not_failed": first(status="failed"),
        "volume": lambda rows: rows * 2,
    },
}
