"""S3 bucket policies.

moto evaluates a bucket's policy without its conditions, so a policy that denies everything unless TLS is used
denies everything. AWS evaluates the conditions, and its clients use TLS. Here a statement with a condition is
left out of moto's evaluation: the loopback interface stands for TLS, and no other condition can be judged.
"""

import json
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from local.front import Front

moto_permission = FakeBucket.get_permission


def install(front: Front) -> None:
    """Leave statements with conditions out."""
    FakeBucket.get_permission = permission


def permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the unconditional statements of a bucket's policy say."""
    statements = _statements(json.loads(bucket.policy)) if bucket.policy else []
    if not statements:
        return PermissionResult.NEUTRAL
    policy = {"Version": "2012-10-17", "Statement": statements}
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    given = policy["Statement"]
    listed = given if isinstance(given, list) else [given]
    return [statement for statement in listed if "Condition" not in statement]
