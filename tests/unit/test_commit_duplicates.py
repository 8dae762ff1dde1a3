import pyarrow as pa

from lambdas.commit.duplicates import compare

SCHEMA = pa.schema([("source", pa.string()), ("event_id", pa.string()), ("ingest_position", pa.string())])


def rows(*members):
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, member, strict=True)) for member in members], schema=SCHEMA)


STORED = rows(("/shop", "1", "p1"), ("/shop", "2", "p2"))


def test_a_row_of_the_same_position_is_redelivered():
    found = compare(rows(("/shop", "1", "p1"), ("/shop", "3", "p3")), STORED)
    assert (found.keep.to_pylist(), found.redelivered, found.repeated) == ([False, True], 1, 0)


def test_a_row_of_the_same_identity_from_elsewhere_is_repeated():
    found = compare(rows(("/shop", "2", "p9"), ("/shop", "1", "p1")), STORED)
    assert (found.keep.to_pylist(), found.redelivered, found.repeated) == ([False, False], 1, 1)


def test_the_same_id_of_another_source_is_another_event():
    assert compare(rows(("/app", "1", "p1")), STORED).dropped == 0


def test_nothing_stored_drops_nothing():
    found = compare(rows(("/shop", "1", "p1")), rows())
    assert (found.keep.to_pylist(), found.dropped) == ([True], 0)


def test_masks_keep_the_order_of_many_rows():
    many = rows(*[("/shop", str(n), f"p{n}") for n in range(5000)])
    found = compare(many, rows(*[("/shop", str(n), f"p{n}") for n in range(0, 5000, 7)]))
    assert found.keep.to_pylist() == [n % 7 != 0 for n in range(5000)]
