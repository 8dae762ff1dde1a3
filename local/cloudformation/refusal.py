"""Why a template, a stack or a resource was not done."""

from local.front import AwsError


class Refused(Exception):
    """A resource that cannot be made as the template asks; the message becomes the event's reason."""


def invalid(message: str) -> AwsError:
    """The error that CloudFormation answers to a request it cannot accept."""
    return AwsError("ValidationError", message)
