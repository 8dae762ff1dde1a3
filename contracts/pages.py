"""The reference pages in docs/contracts/: what an event type says, in Markdown."""

from __future__ import annotations

import json

from contracts.contract import Contract
from contracts.examples import example_event
from contracts.field_rows import FieldRow, field_rows
from contracts.reserved import view_name

WRITTEN_BY = "<!-- Written by `make export` from the contracts; changes made here are lost. -->"
HEADER = ("field", "type", "required", "unit", "personal data", "description")


def page(contract: Contract) -> str:
    """The page of one event type."""
    return "\n\n".join(
        [
            WRITTEN_BY,
            f"# {contract.event_type}",
            contract.document.get("description", "No description yet."),
            _facts(contract),
            "## Fields of `data`",
            _table(HEADER, [_cells(row) for row in field_rows(contract)]),
            "## Example",
            f"```json\n{json.dumps(example_event(contract), ensure_ascii=False, indent=2)}\n```\n",
        ]
    )


def index(contracts: dict[str, Contract]) -> str:
    """The page that leads to the others, and says how an event names its contract."""
    rows = [_index_cells(contract) for contract in contracts.values()]
    return "\n\n".join(
        [
            WRITTEN_BY,
            "# Event types",
            "One contract each, `contracts/<event type>.json`: the source of every type, check, view and page.",
            _table(("event type", "version", "fields", "what it says"), rows),
            _DATASCHEMA,
        ]
    )


_DATASCHEMA = """\
## Which contract an event is written for

An event may name its contract in the CloudEvents attribute `dataschema`:

```
urn:tributary:contract:<event type>:<MODEL>-<REVISION>-<ADDITION>
```

| `dataschema` | what happens |
|---|---|
| left out, or another schema's | the event is judged by the current contract of its type |
| the same model, this version or an older one | it is read: what an older revision or addition took, this one takes |
| a newer version, another model, another type's contract | it is a reject, `unknown_contract_version` |

Once the newer contract is deployed, such a reject can be replayed. What an event must be beside its data:
[events.md](../events.md).

An ADDITION adds optional fields, a REVISION accepts more values. A MODEL does not change: what breaks it is a new event
type, since rows of both would lie in one column. `etl contracts check --against REF` tells them apart.
"""


def _facts(contract: Contract) -> str:
    facts = [
        ("contract", f"`{contract.document['$id']}`"),
        ("column of `events`", f"`{contract.event_type}`"),
        ("view", f"`{view_name(contract.event_type)}`"),
        ("event time", f"from {contract.earliest:%Y-%m-%d %H:%M} UTC, up to {_span(contract.ahead_seconds)} ahead"),
        ("late", f"when it arrives more than {_span(contract.late_after_seconds)} after its event time"),
        ("published downstream", "yes" if contract.document.get("x-publish", True) else "no"),
    ]
    return _table(("", ""), facts)


def _span(seconds: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size:,} {unit}"
    return f"{seconds:,} s"


def _index_cells(contract: Contract) -> tuple[str, ...]:
    link = f"[{contract.event_type}]({contract.event_type}.md)"
    return link, str(contract.version), str(len(field_rows(contract))), contract.document.get("description", "")


def _cells(row: FieldRow) -> tuple[str, ...]:
    key = f" (key of `{row.reference}`)" if row.reference else ""
    required = "yes" if row.is_required else ""
    return f"`{row.path}`", row.type, required, row.unit, row.pii, f"{row.description}{key}"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in line) + "|" for line in lines)
