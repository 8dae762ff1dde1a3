import pytest

from contracts.versions import ContractName, Version, contract_name


def test_a_contract_is_named_by_type_and_version():
    assert contract_name("urn:tributary:contract:refund:1-2-10") == ContractName("refund", Version(1, 2, 10))


@pytest.mark.parametrize(
    "uri",
    ["https://example.com/refund.json", "urn:tributary:contract:refund:1-2", "urn:tributary:contract:refund:1-0-x"],
)
def test_another_schema_names_no_contract(uri):
    assert contract_name(uri) is None


@pytest.mark.parametrize(
    ("written_for", "is_read"),
    [("1-2-9", True), ("1-1-11", True), ("1-2-10", True), ("1-2-11", False), ("1-3-0", False), ("0-2-10", False)],
)
def test_a_contract_reads_its_own_model_up_to_its_own_version(written_for, is_read):
    assert Version(1, 2, 10).reads(contract_name(f"urn:tributary:contract:refund:{written_for}").version) is is_read
