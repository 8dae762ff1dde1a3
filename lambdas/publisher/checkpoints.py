"""The plan and the checkpoints of a publication, where the next call finds them."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lake import documents, layout
from lambdas.publisher.plan import Part, Plan, read_plan
from lambdas.publisher.progress import Progress, read_progress


@dataclass(frozen=True)
class Checkpoints:
    """One document a part, so that functions that send side by side do not overwrite each other's."""

    s3: object
    bucket: str

    def plan(self, batch_id: str) -> Plan | None:
        document = documents.read_json_if_there(self.s3, self.bucket, layout.publication_key(batch_id))
        return read_plan(document) if document else None

    def write_plan(self, plan: Plan) -> Plan:
        documents.write_json(self.s3, self.bucket, layout.publication_key(plan.batch_id), plan.as_document())
        return plan

    def progress(self, plan: Plan, parts: Iterable[Part]) -> dict[int, Progress]:
        """How far each of the parts is, by number."""
        keys = {part.number: layout.checkpoint_key(plan.batch_id, plan.snapshot_id, part.number) for part in parts}
        with ThreadPoolExecutor(documents.READERS) as pool:
            found = pool.map(lambda key: documents.read_json_if_there(self.s3, self.bucket, key), keys.values())
        read = zip(keys, found, strict=True)
        return {number: read_progress(document) if document else Progress(number) for number, document in read}

    def note(self, plan: Plan, progress: Progress) -> None:
        key = layout.checkpoint_key(plan.batch_id, plan.snapshot_id, progress.part)
        documents.write_json(self.s3, self.bucket, key, progress.as_document())
