"""The fields of a contract side by side, as columns of a view; arrays stay arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.reserved import VIEW_COLUMNS
from contracts.types import DataType, Struct


@dataclass(frozen=True)
class FlatColumn:
    """A field that is no object: the path to it below `data`, and its name as a column."""

    name: str
    path: tuple[str, ...]
    type: DataType
    description: str


def flat_columns(event_type: str, data_type: Struct) -> list[FlatColumn]:
    """`page.url` becomes `page_url`; a name that the lake has taken gets the event type before it."""
    return [
        FlatColumn(_name(event_type, path), path, leaf, description)
        for path, leaf, description in _leaves(data_type, ())
    ]


def _leaves(struct: Struct, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], DataType, str]]:
    for field in struct.fields:
        path = (*above, field.name)
        if isinstance(field.type, Struct):
            yield from _leaves(field.type, path)
        else:
            yield path, field.type, field.description


def _name(event_type: str, path: tuple[str, ...]) -> str:
    name = "_".join(path)
    return f"{event_type}_{name}" if name.lower() in VIEW_COLUMNS else name
