"""One stack and all that is told about it: resources, outputs, events."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local.cloudformation.resource import Made


@dataclass
class Deployed:
    """A resource of a stack as it was last made."""

    type: str
    made: Made
    properties: dict[str, Any]
    deletion_policy: str
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    changed_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Stack:
    """A stack and all that is told about it."""

    name: str
    id: str
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    description: str = ""
    body: str = ""
    template: dict[str, Any] = field(default_factory=lambda: {"Resources": {}})
    values: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    resources: dict[str, Deployed] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    imports: set[str] = field(default_factory=set)
    disable_rollback: bool = False
    retain_except_on_create: bool = False

    def note(self, status: str, reason: str = "") -> None:
        """Enter a status of the whole stack."""
        self.status, self.reason = status, reason
        self.record(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def record(self, logical_id: str, physical_id: str, kind: str, status: str, reason: str = "") -> None:
        """Add an event."""
        event = {
            "StackId": self.id, "StackName": self.name, "EventId": str(uuid.uuid4()),
            "LogicalResourceId": logical_id, "PhysicalResourceId": physical_id, "ResourceType": kind,
            "Timestamp": datetime.now(UTC), "ResourceStatus": status,
        }  # fmt: skip
        self.events.append({**event, "ResourceStatusReason": reason} if reason else event)
