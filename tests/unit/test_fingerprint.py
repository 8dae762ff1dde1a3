from decimal import Decimal

import pyarrow as pa
import pytest

from contracts.errors import PipelineError
from lake.data_files import with_schema
from lake.fingerprint import Fingerprint, fingerprint


def field(name, kind, number):
    return pa.field(name, kind, metadata={b"PARQUET:field_id": str(number).encode()})


ITEM = pa.struct([field("x", pa.string(), 5), field("y", pa.decimal128(9, 2), 6)])
SCHEMA = pa.schema(
    [field("id", pa.string(), 1), field("n", pa.int32(), 2), field("items", pa.list_(field("element", ITEM, 4)), 3)]
)
WIDER_ITEM = pa.struct(
    [field("y", pa.decimal128(18, 2), 6), field("x", pa.large_string(), 5), field("new", pa.int64(), 7)]
)
WIDER = pa.schema(
    [
        field("items", pa.large_list(field("element", WIDER_ITEM, 4)), 3),
        field("added", pa.struct([field("z", pa.int64(), 9)]), 8),
        field("n", pa.int64(), 2),
        field("renamed", pa.large_string(), 1),
    ]
)
KNOWN = range(20)
A = {"x": "a", "y": None}
ROWS = [
    {"id": "1", "n": None, "items": None},
    {"id": "1", "n": 0, "items": None},
    {"id": "1", "n": None, "items": []},
    {"id": "1", "n": None, "items": [None]},
    {"id": "1", "n": None, "items": [{"x": None, "y": None}]},
    {"id": "1", "n": None, "items": [A, None]},
    {"id": "1", "n": None, "items": [None, A]},
    {"id": "1", "n": None, "items": [A, A]},
    {"id": "1", "n": None, "items": [{"x": "a", "y": Decimal("1.10")}]},
    {"id": "1", "n": None, "items": [{"x": "", "y": Decimal("1.10")}]},
    {"id": "", "n": None, "items": None},
    {"id": None, "n": None, "items": None},
]


def rows(*members):
    return pa.Table.from_pylist(list(members), schema=SCHEMA)


def test_rows_that_differ_in_anything_have_other_fingerprints():
    assert len({fingerprint(rows(row), KNOWN) for row in ROWS}) == len(ROWS)


def test_order_and_files_make_no_difference_and_parts_add_up():
    whole = fingerprint(rows(*ROWS), KNOWN)
    assert fingerprint(rows(*ROWS[::-1]), KNOWN) == whole
    assert fingerprint(rows(*ROWS[:5]), KNOWN) + fingerprint(rows(*ROWS[5:]), KNOWN) == whole
    assert fingerprint(rows(), KNOWN) == Fingerprint()


def test_values_that_are_exchanged_between_rows_are_noticed():
    one, two = {"id": "1", "n": 1, "items": None}, {"id": "2", "n": 2, "items": None}
    exchanged = fingerprint(rows(one | {"n": 2}, two | {"n": 1}), KNOWN)
    assert exchanged != fingerprint(rows(one, two), KNOWN)


def test_a_row_that_is_there_twice_is_not_a_row_that_is_there_once():
    assert fingerprint(rows(ROWS[0], ROWS[0]), KNOWN) != fingerprint(rows(ROWS[0], ROWS[1]), KNOWN)
    assert fingerprint(rows(ROWS[0], ROWS[0]), KNOWN).rows == 2


def test_a_wider_schema_found_by_field_id_keeps_every_value_and_every_null():
    made = with_schema(rows(*ROWS), WIDER)
    made.validate(full=True)
    assert made.schema.equals(WIDER, check_metadata=True)
    assert made["items"].to_pylist()[4:6] == [
        [{"y": None, "x": None, "new": None}],
        [{"y": None, "x": "a", "new": None}, None],
    ]
    assert made["items"].to_pylist()[1:3] == [None, []]
    assert made["added"].null_count == len(ROWS)
    assert fingerprint(made, KNOWN) == fingerprint(rows(*ROWS), KNOWN)


def test_slices_are_read_from_where_they_begin():
    sliced = rows(*ROWS).slice(3, 5)
    assert fingerprint(with_schema(sliced, WIDER), KNOWN) == fingerprint(rows(*ROWS[3:8]), KNOWN)


def test_a_column_that_the_table_has_dropped_does_not_count():
    known = set(KNOWN) - {2}
    assert fingerprint(rows(ROWS[0]), known) == fingerprint(rows(ROWS[1]), known)


def test_a_file_without_field_ids_is_refused():
    with pytest.raises(PipelineError, match="column id has no Iceberg field id; expected one on every field"):
        fingerprint(pa.table({"id": ["1"]}), KNOWN)


def test_a_type_that_no_contract_has_is_refused():
    times = pa.table([pa.array([1], pa.duration("s"))], schema=pa.schema([field("d", pa.duration("s"), 1)]))
    with pytest.raises(PipelineError, match=r"a column has type duration\[s\]; expected one that contracts have"):
        fingerprint(times, KNOWN)
