from pathlib import Path

import pytest
from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def templates():
    """Every template by name, its intrinsic functions in the long form."""
    return {path.stem: cfn_yaml.load(str(path)) for path in sorted(INFRA.glob("cloudformation/*.yaml"))}


@pytest.fixture(scope="session")
def resources(templates):
    """Every resource as (template.LogicalId, type, properties)."""
    return [
        (f"{name}.{logical}", resource["Type"], resource.get("Properties", {}))
        for name, template in templates.items()
        for logical, resource in template["Resources"].items()
    ]
