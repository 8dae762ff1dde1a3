"""`etl demo`: events the whole way, and the story of what became of them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.connection import ROOT, Stage
from cli.display import console, phases, table
from cli.downstream.stream import downstream_events, identities
from cli.query import ask_stage, print_answer
from cli.sending.accounting import Outcome
from cli.sending.lines import LineReader
from cli.sending.send import send_lines, wait
from cli.shop.events import EVENT, shop_lines
from cli.shop.world import is_known
from cli.story import REVENUE, ROWS_BY_DAY, complaints, demo_start, pivot, pretty_event, pretty_row, quoted
from lake.documents import read_batch_records, read_receipts
from lake.layout import split_uri
from lake.ledger import balance
from local.lifecycle import state_folder

SHOWN_TYPE = b'"type":"purchase"'


@dataclass(frozen=True)
class Demo:
    """The file that was sent, the event that is shown, and what came of it."""

    path: Path
    example: bytes
    began: datetime
    outcome: Outcome
    seconds: float


def run(stage: Stage, events: int, seed: int, timeout_seconds: float) -> Demo:
    """Generate, send, wait."""
    began, clock = datetime.now(UTC), time.monotonic()
    start = demo_start(_deployed_at(stage), began)
    path = state_folder(ROOT) / "demo" / f"shop-{events}-{seed}.ndjson"
    example = generate(path, events, seed, start)
    with phases() as bars:
        sending = send_lines(stage, str(path), LineReader(path.name), bars)
        outcome = wait(stage, sending, timeout_seconds, bars).outcome()
    return Demo(path, example, began, outcome, time.monotonic() - clock)


def generate(path: Path, events: int, seed: int, start: datetime) -> bytes:
    """Write the file; the event that the story shows: a purchase of a known customer, if there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    example = purchase = None
    with path.open("wb") as file:
        for kind, line in shop_lines(events, seed, start):
            file.write(line + b"\n")
            if kind == EVENT:
                example = example or line
                purchase = purchase or (line if _is_telling(line) else None)
    return purchase or example or b"{}"


def _is_telling(line: bytes) -> bool:
    return SHOWN_TYPE in line and is_known(json.loads(line)["data"]["user_id"])


def tell(stage: Stage, demo: Demo) -> list[str]:
    """Print the story; what does not add up in it."""
    out, outcome = console(), demo.outcome
    _heading(out, "One event before")
    out.print(pretty_event(demo.example), markup=False, soft_wrap=True)
    _tell_row(out, stage, demo.example)
    _heading(out, f"In = out ({demo.seconds:.0f} s)")
    out.print(outcome.sum_in_words(), markup=False, style="bold")
    if not outcome.rows:
        out.print("All of them were rows already: sent again, they add none.")
    rows_in_table = _tell_rows(out, stage, outcome)
    if outcome.rejects_by_reason:
        _heading(out, "Rejects by reason")
        out.print(table(None, ("reason", "records"), outcome.rejects_by_reason.items()))
    downstream = _tell_downstream(out, stage, demo)
    _heading(out, "A query: revenue by currency")
    print_answer(ask_stage(stage, REVENUE))
    _tell_reports(out, stage, outcome)
    _tell_next(out, demo)
    return complaints(outcome, _is_balanced(stage), downstream, rows_in_table)


def _tell_row(out: Any, stage: Stage, example: bytes) -> None:
    import orjson
    from pyiceberg.expressions import And, EqualTo

    from lake.catalog import open_table

    event = orjson.loads(example)
    is_it = And(
        EqualTo("event_type", event["type"]), EqualTo("source", event["source"]), EqualTo("event_id", event["id"])
    )
    rows = open_table(stage.handed_over("database-name")).scan(row_filter=is_it).to_arrow().to_pylist()
    _heading(out, "… and its row after (what is null is left out)")
    out.print("\n".join(map(pretty_row, rows)) or "It is not in the table.", markup=False, soft_wrap=True)


def _tell_rows(out: Any, stage: Stage, outcome: Outcome) -> int:
    _heading(out, "Rows by event type and date")
    answer = ask_stage(stage, ROWS_BY_DAY.format(batches=quoted(outcome.batch_ids)))
    heads, lines = pivot(answer.rows)
    out.print(table(None, heads, lines) if lines else "none")
    return sum(line[-1] for line in lines)


def _tell_downstream(out: Any, stage: Stage, demo: Demo) -> int:
    events = downstream_events(stage.client("kinesis"), stage.handed_over("downstream-stream-name"), demo.began)
    records, distinct = identities(events, demo.outcome.batch_ids)
    _heading(out, "Downstream")
    again = f", {records - len(distinct):,} of them delivered again" if records > len(distinct) else ""
    out.print(f"{records:,} records on the stream {stage.handed_over('downstream-stream-name')}{again}")
    return len(distinct)


def _tell_reports(out: Any, stage: Stage, outcome: Outcome) -> None:
    _heading(out, "Data-quality report")
    for uri in outcome.report_uris:
        bucket, key = split_uri(uri)
        path = state_folder(ROOT) / "reports" / Path(key).name
        path.parent.mkdir(parents=True, exist_ok=True)
        stage.s3.download_file(bucket, key, str(path))
        out.print(str(path), soft_wrap=True, markup=False)


def _tell_next(out: Any, demo: Demo) -> None:
    _heading(out, "Try next")
    out.print(
        "etl status\n"
        'etl query "SELECT event_type, count(*) AS events FROM events GROUP BY event_type"\n'
        f"etl send {_short(demo.path)} --wait     # the same events again: no new row\n"
        'etl logs · etl generate · eval "$(etl env)" · make notebooks',
        markup=False,
        soft_wrap=True,
    )


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _heading(out: Any, text: str) -> None:
    out.print(f"\n[bold]{text}[/bold]")


def _is_balanced(stage: Stage) -> bool:
    bucket = stage.bucket("processed")
    return balance(read_receipts(stage.s3, bucket), read_batch_records(stage.s3, bucket)).is_balanced


def _deployed_at(stage: Stage) -> datetime:
    stacks = stage.client("cloudformation").describe_stacks(StackName=f"{stage.project}-{stage.name}-storage")
    return stacks["Stacks"][0]["CreationTime"].astimezone(UTC)
