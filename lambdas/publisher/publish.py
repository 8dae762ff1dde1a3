"""Parts of a batch sent window by window; each window is noted before the next is begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import NamedTuple

import orjson
import pyarrow as pa

from contracts.contract import Contract
from contracts.errors import PipelineError
from lake.put_records import MAX_RECORDS, MAX_REQUEST_BYTES, RECORD_FAILED, Backoff, Put, portions, send
from lambdas.publisher.encode import Message
from lambdas.publisher.messages import REFUSED, contract_of, encode
from lambdas.publisher.plan import Part
from lambdas.publisher.progress import Failure, Progress
from lambdas.publisher.rows import only

# Requests that are under way at once. Their rows are in flight: those that a fault can repeat.
REQUESTS_AT_ONCE = 4
ROWS_IN_FLIGHT = REQUESTS_AT_ONCE * MAX_RECORDS
BYTES_IN_FLIGHT = REQUESTS_AT_ONCE * MAX_REQUEST_BYTES


@dataclass(frozen=True)
class Outside:
    """What publishing reads from and does to the world."""

    read: Callable[[Part, int], Iterator[pa.RecordBatch]]
    put: Put
    backoff: Backoff
    in_parallel: Callable[[Callable, Iterable], Iterator]
    store_payload: Callable[[str, str, bytes], str]
    note: Callable[[Progress], None]
    is_time_left: Callable[[], bool]


class Piece(NamedTuple):
    """The next rows of a part, ready to be sent; at its end one without rows."""

    part: int
    rows: int
    messages: list[Message]
    failed: list[Failure]
    is_end: bool = False

    @property
    def size_bytes(self) -> int:
        return sum(message.size_bytes for message in self.messages)


def publish_parts(parts: list[Part], progress: dict[int, Progress], contracts: dict[str, Contract], outside: Outside):
    """Send what is left of the parts, as far as time allows; `progress` is brought up to it."""
    note_switched_off(parts, progress, contracts, outside)
    pieces = (_pieces(part, progress[part.number], contracts, outside) for part in parts)
    for window in windows(chain.from_iterable(pieces)):
        _send_window(window, progress, outside)
        if not outside.is_time_left():
            return


def publish_failed(parts: list[Part], progress: dict[int, Progress], contracts: dict[str, Contract], outside: Outside):
    """Send rows again that could not be sent."""
    for part in parts:
        wanted = {failure.row for failure in progress[part.number].failed}
        if not wanted or not outside.is_time_left():
            continue
        rows = only(outside.read(part, 0), wanted)
        pieces = [_piece(part, number, row, contracts, outside) for number, row in rows]
        messages = [message for piece in pieces for message in piece.messages]
        failed = [failure for piece in pieces for failure in piece.failed]
        failed += [failure for _, failure in _send(messages, outside)]
        _note([progress[part.number].after_again(wanted, failed)], progress, outside)


def note_switched_off(
    parts: list[Part], progress: dict[int, Progress], contracts: dict[str, Contract], outside: Outside
) -> None:
    """Count the rows of event types whose contract says `x-publish: false`."""
    off = [part for part in parts if not is_published(contract_of(part.event_type, contracts))]
    left = [part for part in off if not progress[part.number].is_done]
    _note([progress[p.number].without(p.rows - progress[p.number].rows_done) for p in left], progress, outside)


def is_published(contract: Contract) -> bool:
    return contract.document.get("x-publish", True)


def windows(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces in order, as many at once as may be in flight."""
    window: list[Piece] = []
    rows = size = 0
    for piece in pieces:
        if window and (rows + piece.rows > ROWS_IN_FLIGHT or size + piece.size_bytes > BYTES_IN_FLIGHT):
            yield window
            window, rows, size = [], 0, 0
        window.append(piece)
        rows, size = rows + piece.rows, size + piece.size_bytes
    if window:
        yield window


def _pieces(part: Part, done: Progress, contracts: dict[str, Contract], outside: Outside) -> Iterator[Piece]:
    if done.is_done:
        return
    first = done.rows_done
    for rows in outside.read(part, first):
        yield _piece(part, first, rows, contracts, outside)
        first += rows.num_rows
    yield Piece(part.number, 0, [], [], is_end=True)


def _piece(part: Part, first: int, rows: pa.RecordBatch, contracts: dict[str, Contract], outside: Outside) -> Piece:
    schema = contract_of(part.event_type, contracts).stored_document
    messages, failed = encode(rows, part, first, schema, outside.store_payload)
    return Piece(part.number, rows.num_rows, messages, failed)


def _send_window(window: list[Piece], progress: dict[int, Progress], outside: Outside) -> None:
    refused = _send([message for piece in window for message in piece.messages], outside)
    changed: dict[int, Progress] = {}
    for piece in window:
        before = changed.get(piece.part, progress[piece.part])
        changed[piece.part] = before.at_end() if piece.is_end else before.after(piece.rows, piece.failed)
    for part, failure in refused:
        changed[part] = changed[part].after_refusal(failure)
    _note(list(changed.values()), progress, outside)


def _send(messages: list[Message], outside: Outside) -> list[tuple[int, Failure]]:
    """Send in requests side by side; the rows that were refused for good, with their parts."""
    send_one = partial(send_request, put=outside.put, backoff=outside.backoff)
    return list(chain.from_iterable(outside.in_parallel(send_one, portions(messages))))


def send_request(request: list[Message], put: Put, backoff: Backoff) -> list[tuple[int, Failure]]:
    """Send one request; PipelineError where the stream has no room or takes nothing, which is no row's fault."""
    left = send(request, put, backoff)
    codes = sorted({code for _, code in left})
    if left and (len(left) == len(request) or codes != [RECORD_FAILED]):
        raise PipelineError(
            f"{len(left)} of {len(request)} records were not taken in {backoff.attempts} attempts: {', '.join(codes)}; "
            "expected all to be taken. Publish the batch again once the downstream stream has capacity."
        )
    return [(message.part, _refusal(message, code)) for message, code in left]


def _refusal(message: Message, code: str) -> Failure:
    event = orjson.loads(message.data)
    return Failure(message.row, event["source"], event["id"], REFUSED, code)


def _note(changed: list[Progress], progress: dict[int, Progress], outside: Outside) -> None:
    # Written all at once and before anything else is sent; which of them are written does not matter to the others.
    list(outside.in_parallel(outside.note, changed))
    progress.update({p.part: p for p in changed})
