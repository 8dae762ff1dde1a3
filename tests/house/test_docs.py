"""What the docs list is what the code has."""

from pathlib import Path

from lake.rejects import Reason

DOCS = Path(__file__).parents[2] / "docs"


def test_every_reason_of_a_reject_is_explained():
    explained = {
        line.split("|")[2].strip(" `") for line in (DOCS / "events.md").read_text().splitlines() if "| `" in line
    }
    assert set(Reason) <= explained
