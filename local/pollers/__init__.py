"""What moves data between deployed services: stream mappings, pipes and schedules, over public APIs only."""

from local.front import Front
from local.pollers.discovery import Discovery, start_discovery


def start(front: Front) -> Discovery:
    """Run every deployed event source mapping, pipe and schedule until `stop()` of what is returned."""
    return start_discovery(front)
