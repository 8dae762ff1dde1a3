"""The resource types that the local AWS can make, by the room of AWS that they belong to."""

from local.cloudformation.resource import ResourceType
from local.cloudformation.types import (
    analytics,
    containers,
    events,
    glue,
    iam,
    kms,
    lambda_functions,
    messaging,
    monitoring,
    network,
    quicksight,
    s3,
    security_groups,
    settings,
    streams,
)

ROOMS = (
    analytics,
    containers,
    events,
    glue,
    iam,
    kms,
    lambda_functions,
    messaging,
    monitoring,
    network,
    quicksight,
    s3,
    security_groups,
    settings,
    streams,
)


def all_types() -> dict[str, ResourceType]:
    """Every resource type by its name."""
    return {one.type: one for room in ROOMS for one in room.TYPES}
