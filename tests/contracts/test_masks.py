import pytest

from contracts.contract import Contract, load_contracts
from contracts.errors import ContractError
from contracts.masks import stored_document
from contracts.types import Array, Field, Scalar, Struct
from contracts.versions import Version
from lake.columns import staged_schema, table_schema

TEXT = {"type": "string", "maxLength": 9}
SECRET = TEXT | {"x-pii": "drop"}


def struct(**properties):
    return {"type": "object", "required": list(properties), "properties": properties}


def stored_type(document):
    return Contract("order", Version(1, 0, 0), document).stored_type


def test_a_dropped_field_is_sent_and_not_stored():
    contract = Contract("order", Version(1, 0, 0), struct(name=SECRET, note=TEXT))
    assert [field.name for field in contract.data_type.fields] == ["name", "note"]
    assert contract.stored_type == Struct((Field("note", Scalar("string"), ""),))
    assert contract.stored_document["required"] == ["note"]
    assert contract.document["required"] == ["name", "note"]


def test_what_holds_nothing_but_dropped_fields_is_dropped_with_them():
    document = struct(who=struct(name=SECRET), all=TEXT, names={"type": "array", "items": SECRET})
    assert [field.name for field in stored_type(document).fields] == ["all"]


def test_a_field_is_dropped_from_every_element_of_an_array():
    people = {"type": "array", "items": struct(name=SECRET, note=TEXT)}
    inside = Struct((Field("note", Scalar("string"), ""),))
    assert stored_type(struct(people=people)) == Struct((Field("people", Array(inside), ""),))


def test_other_masks_keep_their_field():
    masked = {mask: TEXT | {"x-pii": mask} for mask in ("hash", "truncate_ip")}
    assert stored_document(struct(**masked), "order") == struct(**masked)


def test_a_contract_that_drops_everything_is_refused():
    with pytest.raises(ContractError, match=r"^order: x-pii drops every field; expected at least one that is stored"):
        stored_document(struct(name=SECRET), "order")


def test_a_reference_by_a_dropped_field_is_none():
    document = struct(name=SECRET | {"x-reference": "customers"}, user=TEXT | {"x-reference": "customers"})
    assert Contract("order", Version(1, 0, 0), document).references("customers") == [("user",)]


def test_no_table_has_a_column_for_what_is_dropped():
    contracts = load_contracts()
    for schema in (staged_schema(contracts), table_schema(contracts)):
        names = [field.name for field in schema.field("sign_up").type]
        assert "email" in names and "name" not in names
