"""Arguments of job runs, by Glue's convention: --NAME value, names in capitals."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from contracts.errors import ConfigurationError


def values_of(names: Iterable[str], words: list[str]) -> list[str]:
    """The values of these arguments, in this order; those of Glue itself are passed over.

    ConfigurationError where some are missing or empty.
    """
    flags = [f"--{name.upper()}" for name in names]
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in flags:
        parser.add_argument(flag)
    given = vars(parser.parse_known_args(words)[0])
    values = [given[flag.removeprefix("--")] for flag in flags]
    missing = [flag for flag, value in zip(flags, values, strict=True) if not value]
    if missing:
        raise ConfigurationError(
            f"argument {', '.join(missing)} missing or empty; expected a value. Set it where the job run is started."
        )
    return values


def positive(name: str, text: str) -> int:
    """The number that an argument is; ConfigurationError where it is no whole number above 0."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ConfigurationError(
            f"argument --{name.upper()} is {text!r}; expected a whole number above 0. "
            "Set it where the job run is started."
        )
    return int(text)
