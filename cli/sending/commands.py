"""`etl send` from its options to what it prints."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cli.connection import open_stage
from cli.display import console, phases, print_json, table
from cli.sending.send import Sending, reader_for, send_files, send_lines, wait
from contracts.errors import PipelineError


def run(
    file: str, wrapping: list[str], records: list[Path], timeout_seconds: float | None, as_json: bool, stage_name: str
) -> None:
    """Send a file's lines, or files as records; wait if there is a timeout to wait for."""
    if bool(file) == bool(records):
        raise PipelineError("name either FILE or --record FILE (as often as there are files); see `etl send --help`.")
    stage, began = open_stage(stage_name), time.monotonic()
    with phases() as bars:
        if records:
            sending = send_files(stage, records, bars)
        else:
            sending = send_lines(stage, file, reader_for(Path(file).name, *wrapping), bars)
        account = None if timeout_seconds is None else wait(stage, sending, timeout_seconds, bars)
    document = result(sending, account, time.monotonic() - began)
    if as_json:
        print_json(document)
    else:
        print_result(document, account)


def result(sending: Sending, account: Any, seconds: float) -> dict:
    """What the command did, as JSON."""
    counts = account.outcome().as_json() if account else {"sent": sending.sent.records}
    return counts | {"blank_lines": sending.blank, "seconds": round(seconds, 1)}


def print_result(document: dict, account: Any) -> None:
    """What the command did, for people."""
    out = console()
    blank = f", {document['blank_lines']:,} blank lines passed over" if document["blank_lines"] else ""
    out.print(f"{document['sent']:,} records sent in {document['seconds']} s{blank}.")
    if account is None:
        out.print("`etl status` shows what becomes of them.")
        return
    outcome = account.outcome()
    out.print(outcome.sum_in_words(), style="bold")
    if outcome.quarantined:
        out.print("`etl quarantine list` shows the batches that wait for a decision.")
    if outcome.rejects_by_reason:
        out.print(table("Rejects", ("reason", "records"), outcome.rejects_by_reason.items()))
