"""Files that follow from the contracts (reference pages, the baseline of the expectations), from the queries and from
what QuickSight shows."""

from __future__ import annotations

import json
from pathlib import Path

from cli.export.named_queries import TEMPLATE, named_queries
from cli.quicksight.query_views import TEMPLATE as QUERY_VIEWS
from cli.quicksight.templates import quicksight_templates
from contracts.contract import Contract, read_contract
from contracts.pages import index, page
from quality.rules import TABLES, written_suite

CONTRACTS, PAGES, SUITES = Path("contracts"), Path("docs/contracts"), Path("expectations")


def contracts_in(root: Path) -> dict[str, Contract]:
    """The contracts of a checkout as they are written, by event type; ContractError for the first that is none."""
    files = sorted((root / CONTRACTS).glob("*.json"))
    contracts = [read_contract(file.name, file.read_text(encoding="utf-8")) for file in files]
    return {contract.event_type: contract for contract in contracts}


def derived_files(root: Path) -> dict[Path, str]:
    """What each of these files must hold, by path below the checkout."""
    contracts = contracts_in(root)
    if not contracts:
        return named_queries(root)
    pages = {PAGES / f"{name}.md": page(contract) for name, contract in contracts.items()}
    templates = {**named_queries(root), **quicksight_templates(root, contracts)}
    return {PAGES / "README.md": index(contracts), **pages, **_suites(root, contracts), **templates}


def _suites(root: Path, contracts: dict[str, Contract]) -> dict[Path, str]:
    if not (root / SUITES).is_dir():
        return {}
    suites = {table: written_suite(table, contracts) for table in TABLES}
    return {SUITES / f"{table}.json": suite_text(suite) for table, suite in suites.items()}


def suite_text(suite: dict) -> str:
    """The suite as its file holds it: nothing but an edit of its sources changes a byte."""
    return json.dumps(suite, indent=2, sort_keys=True) + "\n"


def write_derived(root: Path) -> list[Path]:
    """Write what follows from contracts and queries, and remove pages of none; the files that changed."""
    wanted, written = derived_files(root), []
    for path, text in wanted.items():
        if not _holds(root / path, text):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
            written.append(path)
    for path in stale_pages(root, wanted):
        (root / path).unlink()
    return written


def derived_differences(root: Path) -> list[str]:
    """One sentence per file that is not what its source says."""
    wanted = derived_files(root)
    differing = [
        f"{path} differs from what the {_source(path)}s say; change the {_source(path)}, then run `make export`."
        for path, text in wanted.items()
        if not _holds(root / path, text)
    ]
    return differing + [f"{path} is the page of no contract; run `make export`." for path in stale_pages(root, wanted)]


def _source(path: Path) -> str:
    if path.name.startswith("quicksight-"):
        return "QuickSight module"
    return "SQL file" if path in (TEMPLATE, QUERY_VIEWS) else "contract"


def stale_pages(root: Path, wanted: dict[Path, str]) -> list[Path]:
    """Pages of event types that are gone."""
    return [path for found in sorted((root / PAGES).glob("*.md")) if (path := found.relative_to(root)) not in wanted]


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text
