"""`etl discard`: open rejects that nobody will replay are no longer open."""

from __future__ import annotations

from datetime import UTC, datetime

from cli.connection import Stage
from cli.display import console, phases, print_json
from cli.rejects.fate_log import discard_all
from cli.rejects.replay_command import fate_log, find
from cli.rejects.summary import Overview, as_json, overview, print_overview
from contracts.errors import PipelineError
from lake.fates import Fate
from lake.stored_rejects import Selection

OPEN = frozenset({Fate.OPEN})


def run(stage: Stage, selection: Selection, because: str, is_sure: bool, wants_json: bool) -> None:
    """Show what would be discarded; discard it if that is wanted."""
    if not because.strip():
        raise PipelineError("--because is empty; expected why nobody needs these rejects. The ledger keeps it.")
    found, log = find(stage, selection), fate_log(stage)
    seen = overview(found, OPEN, 0)
    if not wants_json:
        print_overview(console(), seen, OPEN, datetime.now(UTC), False)
    if is_sure:
        with phases() as bars:
            discard_all(found.open(), because, log, lambda done: bars.update("discarded", done, seen.rejects))
    discarded = log.counts[Fate.DISCARDED]
    if wants_json:
        print_json(as_json(seen, datetime.now(UTC), False) | {"discarded": discarded})
    else:
        console().print(in_words(seen, discarded, is_sure), style="bold")


def in_words(seen: Overview, discarded: int, is_sure: bool) -> str:
    """What was done, or how to do it."""
    if is_sure:
        return f"{discarded:,} discarded."
    return f"Nothing was discarded. `--yes` discards {seen.rejects:,}." if seen.rejects else "Nothing to discard."
