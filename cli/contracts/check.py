"""`etl contracts check`: every contract can be stored and validated, and breaks nothing of an earlier commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cli.contracts.git import contract_texts
from contracts.changes import Change
from contracts.compatibility import compare_all
from contracts.contract import Contract, read_contract, storable_contract
from contracts.errors import ContractError
from contracts.examples import check_example


@dataclass
class Result:
    """What the check found; `refusals` are contracts that cannot be stored, `notes` what could not be compared."""

    contracts: dict[str, Contract] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    against: str | None = None

    @property
    def is_sound(self) -> bool:
        return not self.refusals and all(change.is_accepted for change in self.changes)

    def as_json(self) -> dict:
        """The result for scripts."""
        return {
            "is_sound": self.is_sound,
            "contracts": {name: str(contract.version) for name, contract in self.contracts.items()},
            "against": self.against,
            "refusals": self.refusals,
            "changes": [asdict(change) | {"bump": change.bump.name} for change in self.changes],
            "notes": self.notes,
        }


def checked(root: Path, against: str | None) -> Result:
    """The contracts of a checkout, compared with those of a commit where one is named."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted((root / "contracts").glob("*.json"))}
    result = Result(against=against)
    result.contracts, result.refusals = _read_all(texts, _written_contract)
    if against is None:
        return result
    old_texts = contract_texts(root, against)
    old, unreadable = _read_all(old_texts, storable_contract)
    result.notes = [f"not compared, as at {against} it could not be stored: {refusal}" for refusal in unreadable]
    # One that is there and refused is told as such, not as removed.
    refused = {name.removesuffix(".json") for name in texts} - result.contracts.keys()
    comparable = {name: contract for name, contract in old.items() if name not in refused}
    new = {name: contract for name, contract in result.contracts.items() if _is_comparable(name, old, old_texts)}
    result.changes = compare_all(comparable, new)
    return result


def _is_comparable(event_type: str, old: dict[str, Contract], old_texts: dict[str, str]) -> bool:
    return event_type in old or f"{event_type}.json" not in old_texts


def _written_contract(file_name: str, text: str) -> Contract:
    contract = read_contract(file_name, text)
    check_example(contract)
    return contract


def _read_all(texts: dict[str, str], read: Callable[[str, str], Contract]) -> tuple[dict[str, Contract], list[str]]:
    """The contracts that can be read, and why the others cannot."""
    contracts, refusals = {}, []
    for file_name, text in texts.items():
        try:
            contract = read(file_name, text)
        except ContractError as error:
            refusals.append(str(error))
        else:
            contracts[contract.event_type] = contract
    return contracts, refusals
