"""CloudFormation of the local AWS: stacks made over the public APIs, nothing unknown ignored."""

from local.cloudformation.service import Service, is_for_cloudformation
from local.cloudformation.stacks import Stacks
from local.cloudformation.types import all_types
from local.front import Front


def install(front: Front) -> Stacks:
    """Let the front answer CloudFormation itself."""
    stacks = Stacks(front, all_types())
    front.route(is_for_cloudformation, Service(stacks).answer)
    return stacks
