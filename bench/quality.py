"""The gate's evaluation of a batch against the same checks as one DuckDB query over the same files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bench.rounds import compare
from bench.spark_session import spark_session
from contracts.contract import load_contracts
from jobs.evaluate_batch import job
from lake.columns import table_schema
from quality.evaluate import evaluate, spark_rows, verdicts
from quality.flatten import as_frame, columns_to_read, flatten, together
from quality.suites import columns_of, load_suite, only
from quality.verdict import Verdict

EVENTS, ROUNDS, ROWS_A_FILE = 1_000_000, 3, 100_000
CONTRACTS = load_contracts()
QUERY = (Path(__file__).parent / "quality.sql").read_text(encoding="utf-8")
START = datetime(2026, 11, 22, tzinfo=UTC)
# Of a hundred events, as in the shop: page views, purchases, refunds.
SHARES = {"page_view": 90, "purchase": 8, "refund": 2}
PARAMETERS = {"event_types": sorted(CONTRACTS)}
CHECKS = (
    *("identity.unique", "event_id.not_null", "source.not_null", "event_type.not_null", "event_time.not_null"),
    *("event_date.not_null", "arrival_time.not_null", "batch_id.not_null", "event_type.has_contract"),
    *("ingest_position.unique", "event_date.of_event_time", "is_late.as_contract_says"),
    *("purchase.total.more_than_nothing", "purchase.total.sum_of_items", "purchase.items.at_least_one"),
    *("purchase.currency.is_code", "refund.currency.is_code", "refund.amount.more_than_nothing"),
    *("refund.not_above_purchase", "customer.known"),
)
SUITE = only(load_suite("events"), CHECKS)


def run(events: int = 0) -> None:
    """Print the ratios; RuntimeError where one counts otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        files = [str(path) for path in write_files(Path(folder), events or EVENTS)]
        variants = {
            "one DuckDB query": lambda: by_query(files),
            "the gate, on pandas": lambda: by_pandas(files),
            "the gate, on Spark": lambda: by_spark(files),
        }
        expected = by_query(files)
        for variant, counted in variants.items():
            if (found := counted()) != expected:
                raise RuntimeError(f"{variant} counts {found}; expected what the query counts, {expected}.")
        compare("quality", events or EVENTS, variants, ROUNDS)


def by_query(files: list[str]) -> dict[str, int]:
    """Values that break each check."""
    with duckdb.connect(config={"threads": 2}) as connection:
        answer = connection.execute(QUERY, {"files": files})
        names = [column[0] for column in answer.description]
        return dict(zip(names, answer.fetchone(), strict=True))


def by_pandas(files: list[str]) -> dict[str, int]:
    """The same through the function's own code, from the files on."""
    names = columns_of(SUITE)
    columns = columns_to_read(names, CONTRACTS)
    parts = [flatten(pq.ParquetFile(file).read(columns=columns), names, CONTRACTS) for file in files]
    return counts(evaluate(as_frame(together(parts, names)), SUITE, PARAMETERS))


def by_spark(files: list[str]) -> dict[str, int]:
    """The same through the job's own code, in a session that is there already."""
    named = [{"uri": file, "rows": pq.ParquetFile(file).metadata.num_rows} for file in files]
    flat = job.read_flat(spark_session(), named, columns_of(SUITE), CONTRACTS).persist()
    try:
        return counts(verdicts(spark_rows(flat), SUITE, PARAMETERS))
    finally:
        flat.unpersist(blocking=True)


def counts(found: Iterable[Verdict]) -> dict[str, int]:
    """Values that break each expectation."""
    return {verdict.expectation_id: verdict.unexpected for verdict in found}


def write_files(folder: Path, events: int) -> Iterable[Path]:
    """Enriched data files, a type a file, of rows that keep every check but for one in a thousand."""
    schema, first = table_schema(CONTRACTS), 0
    for event_type, share in SHARES.items():
        left = events * share // 100
        while left:
            rows = min(left, ROWS_A_FILE)
            path = folder / f"{event_type}-{first}.parquet"
            pq.write_table(_rows(schema, event_type, first, rows), path, compression="zstd")
            yield path
            first, left = first + rows, left - rows


def _rows(schema: pa.Schema, event_type: str, first: int, rows: int) -> pa.Table:
    numbers = range(first, first + rows)
    times = [START + timedelta(milliseconds=number % 86_000_000) for number in numbers]
    known = {
        "event_id": [f"e-{number}" for number in numbers],
        "source": ["/shop/web"] * rows,
        "event_type": [event_type] * rows,
        "event_time": times,
        "event_date": [START.date()] * rows,
        "arrival_time": times,
        "ingest_position": [f"ingest/shard/{number}/0" for number in numbers],
        "is_late": [number % 1000 == 0 for number in numbers],
        "lateness_seconds": [1] * rows,
        "batch_id": ["b"] * rows,
        "customer": [None if number % 1000 == 1 else {"customer_id": f"u{number}"} for number in numbers],
        event_type: [DATA[event_type](number) for number in numbers],
    }
    columns = [pa.array(known[f.name], f.type) if f.name in known else pa.nulls(rows, f.type) for f in schema]
    return pa.Table.from_arrays(columns, schema=pa.schema([field.with_nullable(True) for field in schema]))


def _page_view(number: int) -> dict:
    return {"user_id": f"u{number}", "session_id": f"s{number}", "duration_ms": number % 100_000}


def _purchase(number: int) -> dict:
    line = Decimal(number % 20_000).scaleb(-2)
    lines = [{"product_id": "p", "quantity": 1, "unit_price": line, "line_total": line}] * (1 + number % 3)
    total = line * len(lines) + Decimal("7.90") + (number % 1000 == 2)
    parts = {"items": lines, "shipping": Decimal("4.90"), "tax": Decimal("3.00"), "total": total}
    return {"user_id": f"u{number}", "order_id": f"o-{number % 100}", "currency": "EUR"} | parts


def _refund(number: int) -> dict:
    amount = Decimal("9999.00") if number % 1000 == 3 else Decimal("1.00")
    return {"user_id": f"u{number}", "order_id": f"o-{number % 100}", "currency": "EUR", "amount": amount}


DATA = {"page_view": _page_view, "purchase": _purchase, "refund": _refund}
