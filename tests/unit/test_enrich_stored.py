"""The form of the table: its columns, order, types and ids; what it cannot take is refused and not dropped."""

import pyarrow as pa
import pytest

from contracts.errors import PipelineError
from enrichment.stored import as_stored
from lake.columns import PRODUCT

TEA = {"product_id": "tea", "name": "Tea", "category": "food", "brand": "A"}
CUP = {"product_id": "cup", "name": "Cup", "category": "home", "brand": "B"}


def products_of(*lists):
    return pa.table({"products": pa.array(lists, pa.list_(PRODUCT))})


def test_columns_take_the_tables_order_types_and_ids():
    schema = pa.schema(
        [
            pa.field("products", pa.large_list(pa.field("element", PRODUCT, metadata={"PARQUET:field_id": "9"}))),
            pa.field("event_type", pa.large_string(), nullable=False, metadata={"PARQUET:field_id": "3"}),
            pa.field("subject", pa.string()),
        ]
    )
    types = pa.array(["purchase", "sign_up"])
    stored = as_stored(products_of([TEA, None], None).append_column("event_type", types), schema)
    assert stored.schema.equals(schema, check_metadata=True)
    assert stored.to_pylist() == [
        {"products": [TEA, None], "event_type": "purchase", "subject": None},
        {"products": None, "event_type": "sign_up", "subject": None},
    ]


def test_a_slice_keeps_its_rows_when_it_takes_the_tables_form():
    events = products_of([TEA], [CUP, TEA], [], [None])
    schema = pa.schema([pa.field("products", pa.large_list(PRODUCT))])
    assert as_stored(events.slice(1, 3), schema).to_pylist() == [
        {"products": [CUP, TEA]},
        {"products": []},
        {"products": [None]},
    ]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ({"colour": ["red"]}, "the rows: the table has no field colour; expected the table to know all fields"),
        ({"page": [{"url": "/", "depth": 1}]}, "page: the table has no field depth;"),
        ({"pages": [[{"depth": 1}]]}, "pages[]: the table has no field depth;"),
        (
            {"event_type": pa.array([None], pa.string())},
            "column event_type has rows without a value; expected one in every",
        ),
    ],
)
def test_what_the_table_cannot_take_is_refused_and_not_dropped(column, message):
    page = pa.struct([("url", pa.string())])
    schema = pa.schema([("event_type", pa.string()), ("page", page), ("pages", pa.list_(page))])
    schema = schema.set(0, schema.field(0).with_nullable(False))
    with pytest.raises(PipelineError) as refused:
        as_stored(pa.table({"event_type": ["page_view"]} | column), schema)
    assert str(refused.value).startswith(message)
