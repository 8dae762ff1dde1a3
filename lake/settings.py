"""Settings of a compute unit: read once from the environment it is given, missing ones named."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.errors import ConfigurationError


def required(environment: Mapping[str, str], name: str) -> str:
    """The variable's value; ConfigurationError where it is missing or empty."""
    value = environment.get(name)
    if not value:
        raise ConfigurationError(
            f"environment variable {name} is missing or empty; expected a value. Set it where the unit is deployed."
        )
    return value


def whole_number(environment: Mapping[str, str], name: str, default: int) -> int:
    """The variable as a number that is not negative, or the default where it is not set."""
    text = environment.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        raise ConfigurationError(
            f"environment variable {name} is {text!r}; expected a whole number, 0 or more. Set it to one."
        )
    return int(text)
