"""What `etl replay` and `etl discard` show of what they would do and did."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cli.display import table
from cli.rejects.judging import Judgement, Verdict
from cli.rejects.replay import Forecast
from cli.rejects.summary import print_lines, print_sample, printable, sample_as_json
from lake.stored_rejects import NO_TYPE

TITLES = {
    Verdict.ACCEPTED: "would be accepted",
    Verdict.REFUSED: "would be refused again",
    Verdict.DISCARDED: "discarded by the fix",
    Verdict.FIX_FAILED: "the fix failed on",
    Verdict.NOT_SENDABLE: "not sendable",
}


def forecast_as_json(forecast: Forecast, now: datetime, with_original: bool) -> dict:
    """The forecast as one document."""
    totals = forecast.totals
    return {
        "open": forecast.rejects,
        "verdicts": {verdict.name.lower(): totals[verdict] for verdict in Verdict},
        "changed_by_fix": forecast.changed.total(),
        "by_kind": [_kind_as_json(forecast, kind) for kind in sorted(forecast.verdicts)],
        "refusals_by_reason": dict(sorted(forecast.refusals.items())),
        "refused_beside_accepted": forecast.refused_beside_accepted,
        "samples": [_judgement_as_json(judgement, now, with_original) for judgement in forecast.samples],
    }


def _kind_as_json(forecast: Forecast, kind: tuple[str, str, str]) -> dict:
    verdicts = {verdict.name.lower(): count for verdict, count in forecast.verdicts[kind].items()}
    stage, reason, event_type = kind
    names = {"stage": stage, "reason": reason, "event_type": None if event_type == NO_TYPE else event_type}
    return names | {"changed_by_fix": forecast.changed[kind]} | verdicts


def _judgement_as_json(judgement: Judgement, now: datetime, with_original: bool) -> dict:
    refusals = [{"reason": r.reason, "found": r.found, "expected": r.expected} for r in judgement.refusals]
    shown = {"verdict": judgement.verdict.name.lower(), "is_changed": judgement.is_changed, "refusals": refusals}
    if with_original and judgement.record:
        shown["would_send"] = printable(judgement.record.data)
    return sample_as_json(judgement.reject, now, with_original) | shown


def print_forecast(out: Any, forecast: Forecast, now: datetime, with_original: bool) -> None:
    """The forecast for people."""
    totals = forecast.totals
    parts = ", ".join(f"{totals[verdict]:,} {TITLES[verdict]}" for verdict in Verdict if totals[verdict])
    out.print(f"{forecast.rejects:,} open reject{'' if forecast.rejects == 1 else 's'}: {parts}.", style="bold")
    verdicts = [verdict for verdict in Verdict if totals[verdict]]
    heads = ("stage", "reason", "type", "changed by fix", *verdicts)
    rows = [
        (*kind, forecast.changed[kind], *(forecast.verdicts[kind][verdict] for verdict in verdicts))
        for kind in sorted(forecast.verdicts)
    ]
    out.print(table(None, heads, rows))
    if forecast.refused_beside_accepted:
        count = forecast.refused_beside_accepted
        out.print(f"{count:,} events beside accepted ones in the same record become rejects of their own.")
    for judgement in forecast.samples:
        _print_judgement(out, judgement, now, with_original)


def _print_judgement(out: Any, judgement: Judgement, now: datetime, with_original: bool) -> None:
    reject, lines = judgement.reject, {}
    for refusal in judgement.refusals[:1]:
        lines["now"] = f"{refusal.reason}: {refusal.found}"
        lines["expected"] = refusal.expected
        if (refusal.reason, refusal.found) == (reject.reason, reject.found):
            lines = {"now": "the same"}
    if with_original and judgement.is_changed and judgement.record:
        lines["fixed"] = printable(judgement.record.data)
    print_sample(out, reject, now, with_original, f" · {judgement.verdict}")
    print_lines(out, lines.items())
