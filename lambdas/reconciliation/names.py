"""Names of the executions that reconciliation starts: unique, readable, at most 80 characters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime


def start_name(identities: Iterable[tuple[str, str]], now: datetime) -> str:
    """Name of a new batch: reconcile-<time>-<8 hex digits of its objects>."""
    return f"reconcile-{now:%Y%m%dT%H%M%S}-{_digest(chr(10).join(map('@'.join, identities)))}"


def republish_name(batch_id: str, now: datetime) -> str:
    """Name of an execution that publishes a batch again; its end tells which batch."""
    return f"republish-{now:%Y%m%dT%H%M%S}{republish_suffix(batch_id)}"


def republish_suffix(batch_id: str) -> str:
    return f"-{_digest('republish ' + batch_id)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
