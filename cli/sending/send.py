"""`etl send`: files to the ingest stream, and the wait for what becomes of them."""

from __future__ import annotations

import gzip
import io
import random
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from cli.connection import Stage
from cli.display import Phases
from cli.sending.accounting import Account
from cli.sending.delivery import Sent, send_all
from cli.sending.lines import LineReader, Record, Wrapper, whole_file
from cli.sending.waiting import phases, wait_until_published
from contracts.errors import PipelineError
from lake.kinesis import put_to
from lake.put_records import Backoff

GZIP_MAGIC = b"\x1f\x8b"
STDIN = "-"


@dataclass
class Sending:
    """One use of the command: what was sent when."""

    sent: Sent
    began: datetime
    blank: int = 0


def reader_for(name: str, event_type: str, source: str, time_field: str, id_field: str) -> LineReader:
    """How to read the lines of a file; the options come all or not at all."""
    given = {"--type": event_type, "--source": source, "--time-field": time_field}
    missing = [option for option, value in given.items() if not value]
    if len(missing) == len(given) and not id_field:
        return LineReader(name)
    if missing:
        raise PipelineError(
            f"{', '.join(missing)} missing; lines that are no CloudEvents need --type, --source and --time-field. "
            "Add them, or leave all of them out to send CloudEvents as they are."
        )
    return Wrapper(name, event_type=event_type, source=source, time_field=time_field, id_field=id_field or None)


def send_lines(stage: Stage, path: str, reader: LineReader, bars: Phases) -> Sending:
    """Send a file line by line."""
    with opened(path) as (lines, position, size):
        sending = _send(stage, reader.records(_unspoiled(lines, path)), bars, position, size)
    sending.blank = reader.blank
    return sending


def send_files(stage: Stage, paths: list[Path], bars: Phases) -> Sending:
    """Send each file as one record."""
    return _send(stage, (whole_file(str(path), _read(path)) for path in paths), bars, lambda: 0, None)


def wait(stage: Stage, sending: Sending, timeout_seconds: float, bars: Phases) -> Account:
    """The account of what was sent, once all of it is published."""

    def shown(account: Account) -> None:
        for phase, done in phases(account).items():
            bars.update(phase, done, account.sent)

    return wait_until_published(stage, sending.sent.sequences, sending.began, timeout_seconds, shown, bars.say)


def _send(
    stage: Stage, records: Iterable[Record], bars: Phases, position: Callable[[], int], size: int | None
) -> Sending:
    put = put_to(stage.client("kinesis"), stage.handed_over("ingest-stream-name"))
    sending = Sending(Sent(), datetime.now(UTC))
    done = 0
    for done in send_all(records, put, Backoff(time.sleep, random.random), sending.sent):
        bars.update("sent", done, estimated(done, position(), size))
    bars.update("sent", done, done)
    return sending


def estimated(done: int, position: int, size: int | None) -> int | None:
    """Records in the whole file, going by the part that was read."""
    return round(done * size / position) if size and position else None


@contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO, Callable[[], int], int | None]]:
    """Lines of a file or of stdin, gunzipped where they are gzip; how far it was read, and its size."""
    raw = sys.stdin.buffer if path == STDIN else _opened(Path(path))
    size = None if path == STDIN else Path(path).stat().st_size
    with raw:
        buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw)
        is_gzip = buffered.peek(2)[:2] == GZIP_MAGIC
        lines = gzip.GzipFile(fileobj=buffered) if is_gzip else buffered
        yield lines, (raw.tell if size else lambda: 0), size


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise PipelineError(f"{path} cannot be read: {error.strerror}. Name a file that is there.") from None


def _read(path: Path) -> bytes:
    with _opened(path) as file:
        return file.read()


def _unspoiled(lines: Iterable[bytes], path: str) -> Iterator[bytes]:
    try:
        yield from lines
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise PipelineError(f"{path} is not sound gzip: {error}. Fetch or make the file again.") from None
