"""`etl replay` from its options to what it prints."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from cli.connection import ROOT, Stage
from cli.deployment.artifacts import image_tag
from cli.deployment.deploy import stage_settings
from cli.display import Phases, console, phases, print_json, table
from cli.rejects.fate_log import FateLog
from cli.rejects.fix import load_fix
from cli.rejects.found import FoundRejects
from cli.rejects.judging import Judge, Judgement, Verdict
from cli.rejects.replay import Forecast, Replayed, send_judged
from cli.rejects.replay_display import forecast_as_json, print_forecast
from cli.sending.send import Sending, wait
from contracts.contract import load_contracts
from contracts.errors import PipelineError
from lake import documents
from lake.fates import Fate
from lake.kinesis import put_to
from lake.put_records import Backoff
from lake.stored_rejects import Selection
from lambdas.ingestion.decode import Decoder

SHOWN_EACH = 500


@dataclass(frozen=True)
class Options:
    """What the command was asked to do."""

    fix: Path | None = None
    send: bool = False
    send_refused: bool = False
    because: str = ""
    timeout_seconds: float | None = None
    samples: int = 1
    with_original: bool = False
    as_json: bool = False


def find(stage: Stage, selection: Selection) -> FoundRejects:
    """The stage's rejects of a selection."""
    return FoundRejects(stage.s3, stage.bucket("error"), stage.bucket("processed"), selection)


def fate_log(stage: Stage) -> FateLog:
    """A log that writes into the stage's ledger, in the name of whoever holds the credentials."""
    write = partial(documents.write_reject_fates, stage.s3, stage.bucket("processed"))
    who = stage.client("sts").get_caller_identity()["Arn"]
    return FateLog(write, who, lambda: datetime.now(UTC))


def run(stage: Stage, selection: Selection, options: Options) -> None:
    """Judge the open rejects; send them if that is wanted, and wait if there is a timeout to wait for."""
    if options.timeout_seconds is not None and not options.send:
        raise PipelineError("--wait waits for what --send sends. Add --send, or leave --wait out.")
    began, stream = datetime.now(UTC), stage.handed_over("ingest-stream-name")
    judge = Judge(Decoder(load_contracts()), began, stream, load_fix(options.fix) if options.fix else None)
    found = find(stage, selection)
    forecast = foresee(judge.judged(found.open()), options.samples)
    document = forecast_as_json(forecast, began, options.with_original)
    if not options.as_json:
        tell_forecast(stage, forecast, options, began)
    if options.send:
        document |= _send(stage, judge, found, forecast, options)
    if options.as_json:
        print_json(document)


def foresee(judgements: Iterable[Judgement], samples: int) -> Forecast:
    """The forecast, with progress."""
    forecast = Forecast(samples)
    with phases() as bars:
        for done, judgement in enumerate(judgements, start=1):
            forecast.add(judgement)
            if done % SHOWN_EACH == 0:
                bars.update("judged", done, None)
        bars.update("judged", forecast.rejects, forecast.rejects)
    return forecast


def tell_forecast(stage: Stage, forecast: Forecast, options: Options, now: datetime) -> None:
    """Print what sending would come to, and what to do next."""
    out = console()
    if not forecast.rejects:
        out.print("There are no open rejects of this selection. `etl rejects --fate all` counts those decided on.")
        return
    print_forecast(out, forecast, now, options.with_original)
    out.print(f"\nJudged by the contracts of this checkout. {deployed_in_words(stage)}", soft_wrap=True, markup=False)
    if not options.send:
        out.print(_next_step(forecast, options.send_refused), style="bold", soft_wrap=True)


def _next_step(forecast: Forecast, send_refused: bool) -> str:
    discarded = forecast.totals[Verdict.DISCARDED]
    also = f" and discards {discarded:,}" if discarded else ""
    others = forecast.totals[Verdict.REFUSED]
    rest = f" `--all` sends the {others:,} that would be refused again too." if others and not send_refused else ""
    return f"Nothing was sent. `--send` sends {forecast.sent(send_refused):,}{also}.{rest}"


def deployed_in_words(stage: Stage) -> str:
    """Whether the stage's functions come from this checkout, whose contracts the dry run goes by."""
    deploying = f"`etl deploy --stage {stage.name}`"
    name = f"{stage.project}-{stage.name}-ingestion"
    (found,) = stage.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in found["Parameters"]}
    if parameters["LambdaImageUri"].rpartition(":")[2] == image_tag(ROOT, "lambdas"):
        return f"Stage {stage.name} was deployed from the same."
    if "ImageTag" in stage_settings(ROOT, stage.name):
        return f"Stage {stage.name} must run the same contracts; {deploying} brings them there."
    return f"Stage {stage.name} was deployed from other sources: if contracts differ, run {deploying} before --send."


def _send(stage: Stage, judge: Judge, found: FoundRejects, forecast: Forecast, options: Options) -> dict:
    name = judge.fix.name if judge.fix else ""
    replayed = Replayed(stream=judge.stream, log=fate_log(stage), because=options.because, fix_name=name)
    put = put_to(stage.client("kinesis"), judge.stream)
    began, to_send, account = datetime.now(UTC), forecast.sent(options.send_refused), None
    with phases() as bars:
        with _told_when_interrupted(replayed, bars):
            send_judged(
                judge.judged(found.open()),
                options.send_refused,
                put,
                Backoff(time.sleep, random.random),
                replayed,
                lambda done: bars.update("sent", done, to_send),
            )
        if options.timeout_seconds is not None and replayed.records:
            account = wait(stage, Sending(replayed, began), options.timeout_seconds, bars)
    document = _result(replayed, forecast, account)
    if forecast.rejects and not options.as_json:
        print_result(document, account)
    return document


@contextmanager
def _told_when_interrupted(replayed: Replayed, bars: Phases) -> Any:
    try:
        yield
    except KeyboardInterrupt:
        bars.say(
            f"Interrupted: {replayed.log.counts.total():,} decisions are in the ledger. The same command goes on from "
            "there; a record that was sent without its decision is sent again, and counted as a duplicate."
        )
        raise


def _result(replayed: Replayed, forecast: Forecast, account: Any) -> dict:
    fates = {str(fate): replayed.log.counts[fate] for fate in (Fate.REPLAYED, Fate.FIXED, Fate.DISCARDED)}
    still_open = forecast.rejects - replayed.log.counts.total()
    result = {"sent": replayed.records, "fates": fates, "still_open": still_open}
    return result | ({"outcome": account.outcome().as_json()} if account else {})


def print_result(document: dict, account: Any) -> None:
    """What was sent and decided, and what became of it, for people."""
    out = console()
    fates = ", ".join(f"{count:,} {fate}" for fate, count in document["fates"].items() if count) or "none decided"
    out.print(f"{document['sent']:,} records sent. Rejects: {fates}, {document['still_open']:,} still open.")
    if account:
        outcome = account.outcome()
        out.print(outcome.sum_in_words(), style="bold")
        if outcome.rejects_by_reason:
            out.print(table("Refused", ("reason", "records"), outcome.rejects_by_reason.items()))
    elif document["sent"]:
        out.print("`etl status` shows what becomes of the records, `etl rejects` what is refused again.")
