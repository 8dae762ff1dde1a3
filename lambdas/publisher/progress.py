"""How far a batch is published: what a publisher that is started again goes on from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Progress:
    """`failed` are rows that no attempt can send, as {"source", "event_id", "size_bytes"}."""

    batch_id: str
    published: int = 0
    files_done: list[str] = field(default_factory=list)
    failed: list[dict] = field(default_factory=list)

    def after(self, uri: str, published: int, failed: list[dict]) -> Progress:
        """The progress once a file is done."""
        return Progress(self.batch_id, self.published + published, [*self.files_done, uri], [*self.failed, *failed])

    def as_document(self) -> dict:
        return asdict(self)
