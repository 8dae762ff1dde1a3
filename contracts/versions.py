"""Versions of contracts, the SchemaVer way, and the `dataschema` by which an event names one.

https://docs.snowplow.io/docs/pipeline-components-and-applications/iglu/common-architecture/schemaver/
"""

from __future__ import annotations

import re
from typing import NamedTuple

URN = re.compile(
    r"urn:tributary:contract:(?P<event_type>[a-z0-9_]+):(?P<model>\d+)-(?P<revision>\d+)-(?P<addition>\d+)", re.ASCII
)


class Version(NamedTuple):
    """MODEL-REVISION-ADDITION, ordered; data of one model and an earlier or equal version can be read."""

    model: int
    revision: int
    addition: int

    def __str__(self) -> str:
        return f"{self.model}-{self.revision}-{self.addition}"

    def reads(self, other: Version) -> bool:
        """Whether the contract of this version reads data written for the other one."""
        return self.model == other.model and other <= self


class ContractName(NamedTuple):
    """What a contract's `$id` says."""

    event_type: str
    version: Version


def contract_name(uri: str) -> ContractName | None:
    """The contract that a URI names; None where it is another schema's."""
    match = URN.fullmatch(uri)
    if not match:
        return None
    numbers = (int(match[name]) for name in ("model", "revision", "addition"))
    return ContractName(match["event_type"], Version(*numbers))
