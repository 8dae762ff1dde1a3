"""An event contract: one JSON Schema of `data` per event type, and what is derived from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files

from contracts.errors import ContractError
from contracts.types import Struct, type_of
from contracts.versions import Version, contract_name

EVENT_TYPE = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
DEFAULT_TIME_BOUNDS = {"earliest": "2020-01-01T00:00:00Z", "ahead_seconds": 3600, "late_after_seconds": 86400}


@dataclass(frozen=True)
class Contract:
    """The schema of one event type; `document` is the JSON Schema as written."""

    event_type: str
    version: Version
    document: dict

    @cached_property
    def data_type(self) -> Struct:
        """The logical type of `data`."""
        return type_of(self.document, self.event_type)

    @cached_property
    def earliest(self) -> datetime:
        """The oldest event time this type accepts (UTC)."""
        return datetime.fromisoformat(self._time_bounds["earliest"])

    @property
    def ahead_seconds(self) -> int:
        """How far an event time may lie after the arrival."""
        return self._time_bounds["ahead_seconds"]

    @property
    def late_after_seconds(self) -> int:
        """An event is late when it arrives more than this after its event time."""
        return self._time_bounds["late_after_seconds"]

    @property
    def _time_bounds(self) -> dict:
        return DEFAULT_TIME_BOUNDS | self.document.get("x-event-time", {})

    def references(self, table: str) -> list[tuple[str, ...]]:
        """Paths of the fields that hold a key of the reference table; `[]` marks an array on the way."""
        return list(_annotated(self.document, "x-reference", table, ()))


def _annotated(node: dict, keyword: str, value: str, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if node.get(keyword) == value:
        yield path
    for name, child in node.get("properties", {}).items():
        yield from _annotated(child, keyword, value, (*path, name))
    if "items" in node:
        yield from _annotated(node["items"], keyword, value, (*path, "[]"))


def read_contract(file_name: str, text: str) -> Contract:
    """A contract from its file; ContractError where name, id or types are not what storage needs."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ContractError(f"{file_name}: not JSON ({error}). Mend the file.") from error
    event_type = file_name.removesuffix(".json")
    name = contract_name(document.get("$id", ""))
    if not EVENT_TYPE.match(event_type) or not name or name.event_type != event_type:
        raise ContractError(
            f"{file_name}: $id is {document.get('$id')!r}; expected "
            f"'urn:tributary:contract:{event_type}:MODEL-REVISION-ADDITION' in a file named as the event type "
            "(lower case letters, digits, underscores)."
        )
    contract = Contract(event_type, name.version, document)
    if not isinstance(contract.data_type, Struct):
        raise ContractError(f"{file_name}: data has type {document.get('type')!r}; expected 'object'.")
    return contract


def load_contracts() -> dict[str, Contract]:
    """All contracts beside this module, by event type, in alphabetical order."""
    documents = sorted((f for f in files("contracts").iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    contracts = [read_contract(f.name, f.read_text(encoding="utf-8")) for f in documents]
    return {contract.event_type: contract for contract in contracts}
