"""Enrichment: one staged file through the task's own code, every enrichment on, local files in place of S3."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import maxminddb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import PyArrowFileIO

from bench.rounds import compare
from bench.typical_enrichment import Files, naive_pandas, polars_query
from cli.shop import reference
from cli.shop.geography import city_database
from cli.shop.world import CUSTOMERS, FIRST_OCTETS
from contracts.contract import Contract, storable_contract
from enrichment.enrich import ENRICHMENTS, Sources
from enrichment.files import Target, enrich_file
from enrichment.geo import Places
from enrichment.progress import StagedFile
from enrichment.rates import checked_rates
from enrichment.reference import checked_reference
from lake.columns import CUSTOMER, PRODUCT, table_schema

EVENTS = 100_000
START = datetime(2026, 3, 7, tzinfo=UTC)
DAY_US = 86_400_000_000
# As many as a day of a large site brings: 690 distinct user agents in 100,000 events would be too kind.
USER_AGENTS, NETWORKS = 5_000, 50_000
# What every variant must answer alike; the amount to the cent, since the floor reckons in doubles.
ANSWERS = ("segment", "category", "country", "city", "browser", "os", "device", "channel")

TEXT = {"type": "string", "maxLength": 1024}
FIELDS = {
    "user_id": TEXT | {"x-reference": "customers"},
    "product_id": TEXT | {"x-reference": "products"},
    "ip": TEXT | {"x-pii": "truncate_ip"},
    "user_agent": TEXT | {"x-user-agent": True},
    "utm_source": TEXT | {"x-channel": "source"},
    "utm_medium": TEXT | {"x-channel": "medium"},
    "referrer": TEXT | {"x-channel": "referrer"},
    "url": TEXT | {"x-channel": "page"},
    "total": {"type": "number", "x-decimal": {"precision": 18, "scale": 2}, "x-currency": "currency"},
    "currency": TEXT,
}
SYSTEMS = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "Linux; Android 14; Pixel 8",
    "X11; Linux",
)
CAMPAIGNS = ((None, None), (None, None), (None, None), ("google", "cpc"), ("newsletter", "email"), ("tiktok", "social"))
REFERRERS = (None, "https://www.google.com/", "https://shop.example.com/", "https://t.co/x9", "https://blog.example/")


def contract() -> Contract:
    """A visit that has something for every enrichment."""
    document = {"$id": "urn:tributary:contract:visit:1-0-0", "type": "object", "additionalProperties": False}
    return storable_contract("visit.json", json.dumps(document | {"properties": FIELDS}))


def staged(events: int) -> pa.Table:
    """The rows of a staged file, in the order of time."""
    rng = np.random.default_rng(1)
    table = table_schema({"visit": contract()})
    columns = {
        "event_id": pa.array([f"e-{n}" for n in range(events)]),
        "source": pa.repeat("/shop/web", events),
        "event_time": _times(rng, events),
        "subject": pa.nulls(events, pa.string()),
        "arrival_time": _times(rng, events),
        "ingest_position": pa.array([f"ingest/shard/{n}/0" for n in range(events)]),
        "is_late": pa.repeat(pa.scalar(False), events),
        "lateness_seconds": pa.repeat(pa.scalar(1, pa.int64()), events),
        "batch_id": pa.repeat("b", events),
        "visit": _visits(rng, events, table.field("visit").type),
    }
    return pa.table({name: column.cast(table.field(name).type) for name, column in columns.items()})


def _times(rng: np.random.Generator, events: int) -> pa.Array:
    start = int(START.timestamp()) * 1_000_000
    return pa.array(start + np.sort(rng.integers(0, DAY_US, events)), pa.timestamp("us", "UTC"))


def _visits(rng: np.random.Generator, events: int, data_type: pa.StructType) -> pa.Array:
    campaigns = rng.integers(0, len(CAMPAIGNS), events)
    members = {
        "user_id": _drawn(rng, events, [f"u{n:07d}" for n in range(CUSTOMERS + 400)]),
        "product_id": _drawn(rng, events, [f"p{n:05d}" for n in range(2_020)]),
        "ip": _drawn(rng, events, _networks(rng)),
        "user_agent": _drawn(rng, events, [_user_agent(n) for n in range(USER_AGENTS)]),
        "utm_source": pa.array([source for source, _ in CAMPAIGNS]).take(pa.array(campaigns)),
        "utm_medium": pa.array([medium for _, medium in CAMPAIGNS]).take(pa.array(campaigns)),
        "referrer": _drawn(rng, events, list(REFERRERS)),
        "url": _drawn(rng, events, [f"https://shop.example.com/p/{n}" for n in range(2_000)]),
        "total": pc.divide(pa.array(rng.integers(100, 100_000, events)).cast(pa.float64()), 100.0),
        "currency": _drawn(rng, events, [*reference.RATES, "EUR", "XXX"]),
    }
    return pa.StructArray.from_arrays([members[f.name].cast(f.type) for f in data_type], fields=list(data_type))


def _drawn(rng: np.random.Generator, events: int, options: list) -> pa.Array:
    """Few often, many seldom, as visitors and their browsers are."""
    ranks = np.minimum((len(options) * rng.random(events) ** 3).astype(np.int64), len(options) - 1)
    return pa.array(options, pa.string()).take(pa.array(ranks))


def _networks(rng: np.random.Generator) -> list[str]:
    parts = zip(rng.choice(FIRST_OCTETS, NETWORKS), *rng.integers(0, 256, (2, NETWORKS)), strict=True)
    return [f"{a}.{b}.{c}.0" for a, b, c in parts]


def _user_agent(number: int) -> str:
    system, version = SYSTEMS[number % len(SYSTEMS)], 80 + number % 60
    return f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.{number}.0 Safari/537.36"


def run(events: int | None = None) -> None:
    """Compare with one hand-written query and with how it is commonly written; all answer alike."""
    events = events or EVENTS
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        files.write(staged(events), reference.customers(), reference.products(), reference.rates(), city_database())
        task = enrichment(files)
        variants = {
            "one Polars query": polars_query(files),
            "enrichment": task,
            "pandas, row by row": naive_pandas(files),
        }
        check_alike(files, variants)
        compare("enrichment", events, variants, rounds=5 if events <= EVENTS else 3)


def enrichment(files: Files) -> Callable[[], None]:
    """The task's work on one file, with its sources read each time."""
    contracts = {"visit": contract()}
    staged_file = StagedFile(0, str(files.staged), "visit", START.date().isoformat())

    def work() -> None:
        with maxminddb.open_database(files.places) as places:
            sources = Sources(
                checked_reference("customers", pq.read_table(files.customers), CUSTOMER),
                checked_reference("products", pq.read_table(files.products), PRODUCT),
                Places(places),
                checked_rates("rates", pq.read_table(files.rates), "EUR"),
            )
            target = Target(PyArrowFileIO(), table_schema(contracts), contracts, sources, list(ENRICHMENTS))
            enrich_file(target, str(files.staged), staged_file, str(files.out), lambda: False)

    return work


def check_alike(files: Files, variants: dict[str, Callable[[], None]]) -> None:
    """Stop where two variants give different answers."""
    answers = {name: _answers(files, variant) for name, variant in variants.items()}
    first, expected = next(iter(answers.items()))
    for name, found in answers.items():
        wrong = [column for column in ANSWERS if found[column] != expected[column]]
        cents = zip(found["amount"], expected["amount"], strict=True)
        far = [
            pair
            for pair in cents
            if (pair[0] is None) != (pair[1] is None) or abs((pair[0] or 0) - (pair[1] or 0)) > 0.011
        ]
        if wrong or far:
            raise AssertionError(f"{name} and {first} differ in {wrong}, and in {len(far)} amounts: {far[:3]}")


def _answers(files: Files, variant: Callable[[], None]) -> dict[str, list]:
    variant()
    table = pq.read_table(files.out).sort_by("event_id")
    paths = {
        "segment": ("customer", "segment"),
        "category": ("products", "category"),
        "country": ("geo", "country"),
        "city": ("geo", "city"),
        "browser": ("client", "browser_family"),
        "os": ("client", "os_family"),
        "device": ("client", "device_family"),
        "channel": ("marketing_channel",),
        "amount": ("reporting", "amount"),
    }
    return {name: [_found(row, path) for row in table[path[0]].to_pylist()] for name, path in paths.items()}


def _found(value: object, path: tuple[str, ...]) -> object:
    found = value[0] if isinstance(value, list) else value
    for step in path[1:]:
        found = found and found[step]
    return float(found) if path[0] == "reporting" and found is not None else found
