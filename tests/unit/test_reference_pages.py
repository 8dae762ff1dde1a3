"""What the reference pages show can be sent as it stands."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.contract import load_contracts
from lake.positions import Position
from lambdas.ingestion.decode import Accepted, Decoder

PAGES = Path(__file__).parents[2] / "docs/contracts"
CONTRACTS = load_contracts()


@pytest.mark.parametrize("event_type", CONTRACTS)
def test_the_example_of_a_page_passes_the_decoder(event_type):
    text = (PAGES / f"{event_type}.md").read_text().split("```json\n")[1].split("```")[0]
    position = Position("ingest", "shardId-000000000000", "1", 0, datetime(2026, 11, 22, 10, tzinfo=UTC))
    outcome = Decoder(CONTRACTS).decode(text.encode(), position)
    assert isinstance(outcome, Accepted), outcome
    assert outcome.event_type == event_type
    assert json.loads(text)["data"].keys() == CONTRACTS[event_type].document["properties"].keys()
