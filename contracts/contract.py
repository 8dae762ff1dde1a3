"""An event contract: one JSON Schema of `data` per event type, and what is derived from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from importlib.resources import files

from contracts import event_time
from contracts.errors import ContractError
from contracts.masks import stored_document
from contracts.storable import check_storable
from contracts.types import Struct, type_of
from contracts.versions import Version, contract_name

EVENT_TYPE = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Contract:
    """The schema of one event type; `document` is the JSON Schema as written."""

    event_type: str
    version: Version
    document: dict

    @cached_property
    def data_type(self) -> Struct:
        """The logical type of `data` as it is sent."""
        return type_of(self.document, self.event_type)

    @cached_property
    def stored_document(self) -> dict:
        """The JSON Schema without the fields that are never stored."""
        return stored_document(self.document, self.event_type)

    @cached_property
    def stored_type(self) -> Struct:
        """The logical type of `data` as the table holds it."""
        return type_of(self.stored_document, self.event_type)

    @cached_property
    def earliest(self) -> datetime:
        """The oldest event time this type accepts (UTC)."""
        return event_time.as_utc(self._time_bounds["earliest"])

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
        return event_time.DEFAULTS | self.document.get("x-event-time", {})

    def references(self, table: str) -> list[tuple[str, ...]]:
        """Paths of the fields that hold a key of the reference table; `[]` marks an array on the way."""
        return self.marked("x-reference", table)

    def marked(self, keyword: str, value: object) -> list[tuple[str, ...]]:
        """Paths of the stored fields that an annotation of this value marks; `[]` as above."""
        return [path for path, found in _annotated(self.stored_document, keyword, ()) if found == value]

    @property
    def amount(self) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Paths of the amount that an event is about and of its currency (`x-currency`)."""
        amounts = _annotated(self.stored_document, "x-currency", ())
        return next(((path, (*path[:-1], currency)) for path, currency in amounts), None)


def _annotated(node: dict, keyword: str, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    if keyword in node:
        yield path, node[keyword]
    for name, child in node.get("properties", {}).items():
        yield from _annotated(child, keyword, (*path, name))
    if "items" in node:
        yield from _annotated(node["items"], keyword, (*path, "[]"))


def read_contract(file_name: str, text: str) -> Contract:
    """A contract as it is written; ContractError where it can be neither stored nor validated, with the way out."""
    # Not every room that loads contracts has the validator's engine installed.
    from contracts.engine import check_engine

    contract = storable_contract(file_name, text)
    check_engine(contract.document, contract.event_type)
    return contract


def storable_contract(file_name: str, text: str) -> Contract:
    """A contract whose data the tables can hold; what only the validator's engine can tell is not checked."""
    contract = named_contract(file_name, text)
    if contract.document.get("type") != "object":
        raise ContractError(f"{file_name}: data has type {contract.document.get('type')!r}; expected 'object'.")
    check_storable(contract.document, contract.event_type)
    return contract


def named_contract(file_name: str, text: str) -> Contract:
    """A contract by its file name and $id; ContractError where they do not say which it is."""
    document = _read_json(file_name, text)
    event_type = file_name.removesuffix(".json")
    identifier = document.get("$id")
    name = contract_name(identifier) if isinstance(identifier, str) else None
    if not EVENT_TYPE.fullmatch(event_type) or not name or name.event_type != event_type:
        raise ContractError(
            f"{file_name}: $id is {identifier!r}; expected "
            f"'urn:tributary:contract:{event_type}:MODEL-REVISION-ADDITION' in a file named as the event type "
            "(lower case letters, digits, underscores)."
        )
    return Contract(event_type, name.version, document)


def _read_json(file_name: str, text: str) -> dict:
    try:
        document = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    except ValueError as error:
        raise ContractError(f"{file_name}: not JSON ({error}). Mend the file.") from error
    if not isinstance(document, dict):
        raise ContractError(f"{file_name}: a JSON {type(document).__name__}; expected an object, a JSON Schema.")
    return document


def _unique_members(members: list[tuple[str, object]]) -> dict:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def load_contracts() -> dict[str, Contract]:
    """All contracts beside this module, by event type, in alphabetical order."""
    documents = sorted((f for f in files("contracts").iterdir() if f.name.endswith(".json")), key=lambda f: f.name)
    contracts = [storable_contract(f.name, f.read_text(encoding="utf-8")) for f in documents]
    return {contract.event_type: contract for contract in contracts}
