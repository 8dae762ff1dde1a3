"""How far a part of a batch is published: what a publisher that is started again goes on from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True)
class Failure:
    """A row that no attempt can send; `row` is its number in its part."""

    row: int
    source: str
    event_id: str
    reason: str
    found: str


@dataclass(frozen=True)
class Progress:
    """Rows `0 … rows_done - 1` of a part are dealt with: rows_done = published + switched_off + failed."""

    part: int
    rows_done: int = 0
    is_done: bool = False
    published: int = 0
    switched_off: int = 0
    failed: list[Failure] = field(default_factory=list)

    def after(self, rows: int, failed: list[Failure]) -> Progress:
        """The progress once the next `rows` are sent, but for those that failed."""
        return replace(
            self,
            rows_done=self.rows_done + rows,
            published=self.published + rows - len(failed),
            failed=[*self.failed, *failed],
        )

    def after_refusal(self, failure: Failure) -> Progress:
        """The progress once a row that was among those sent turns out to be refused."""
        return replace(self, published=self.published - 1, failed=[*self.failed, failure])

    def after_again(self, tried: Iterable[int], failed: list[Failure]) -> Progress:
        """The progress once rows that had failed were tried again, by their numbers."""
        tried = set(tried)
        left = [f for f in self.failed if f.row not in tried] + failed
        return replace(self, published=self.published + len(self.failed) - len(left), failed=left)

    def without(self, rows: int) -> Progress:
        """The progress of a part whose other rows are not to be sent."""
        return replace(self, rows_done=self.rows_done + rows, switched_off=self.switched_off + rows, is_done=True)

    def at_end(self) -> Progress:
        return replace(self, is_done=True)

    def as_document(self) -> dict:
        return asdict(self)


def read_progress(document: dict) -> Progress:
    """The progress from its document."""
    return Progress(**document | {"failed": [Failure(**failure) for failure in document["failed"]]})
