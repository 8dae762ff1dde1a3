"""The settings of a Kinesis event source mapping, as `list_event_source_mappings` returns them."""

from dataclasses import dataclass
from typing import Any

from local.pollers.batches import Limits
from local.pollers.settings import UnsupportedSetting, refuse_unknown

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
PAYLOAD_BYTES = 6 * 1024 * 1024
ENVELOPE = (b'{"Records":[', b"]}")
DEFAULT_BATCH_SIZE = 100

KNOWN = {
    "UUID", "EventSourceMappingArn", "EventSourceArn", "FunctionArn", "LastModified", "LastProcessingResult",
    "State", "StateTransitionReason", "StartingPosition", "StartingPositionTimestamp", "BatchSize",
    "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "FunctionResponseTypes", "Tags",
    "BisectBatchOnFunctionError", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "DestinationConfig",
    "KMSKeyArn", "MetricsConfig",
}  # fmt: skip


@dataclass(frozen=True)
class StreamSettings:
    """One mapping; None for retries or age means without limit, as AWS's -1 does."""

    uuid: str
    stream_arn: str
    function_arn: str
    limits: Limits
    starting_position: str
    starting_timestamp: Any
    reports_item_failures: bool
    bisects: bool
    max_retries: int | None
    max_age_seconds: int | None
    on_failure_arn: str | None


def stream_settings(mapping: dict) -> StreamSettings:
    """The settings of `mapping`; UnsupportedSetting names what the local AWS does not do."""
    owner = f"event source mapping {mapping['UUID']}"
    refuse_unknown(owner, mapping, KNOWN)
    if mapping.get("ParallelizationFactor", 1) != 1:
        found = mapping["ParallelizationFactor"]
        raise UnsupportedSetting(f"{owner}: ParallelizationFactor = {found}; the local AWS runs 1 per shard")
    return StreamSettings(
        uuid=mapping["UUID"],
        stream_arn=mapping["EventSourceArn"],
        function_arn=mapping["FunctionArn"],
        limits=_limits(mapping),
        starting_position=mapping.get("StartingPosition") or "TRIM_HORIZON",
        starting_timestamp=mapping.get("StartingPositionTimestamp"),
        reports_item_failures="ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []),
        bisects=bool(mapping.get("BisectBatchOnFunctionError")),
        max_retries=_limit_or_none(mapping.get("MaximumRetryAttempts")),
        max_age_seconds=_limit_or_none(mapping.get("MaximumRecordAgeInSeconds")),
        on_failure_arn=_on_failure_arn(mapping),
    )


def _limits(mapping: dict) -> Limits:
    return Limits(
        max_count=mapping.get("BatchSize") or DEFAULT_BATCH_SIZE,
        max_bytes=PAYLOAD_BYTES,
        window_seconds=mapping.get("MaximumBatchingWindowInSeconds") or 0,
        envelope_bytes=sum(map(len, ENVELOPE)),
    )


def _limit_or_none(value: int | None) -> int | None:
    return None if value is None or value < 0 else value


def _on_failure_arn(mapping: dict) -> str | None:
    destinations = mapping.get("DestinationConfig") or {}
    if any((destinations.get("OnSuccess") or {}).values()):
        raise UnsupportedSetting(f"event source mapping {mapping['UUID']}: OnSuccess is not for streams")
    return (destinations.get("OnFailure") or {}).get("Destination")
