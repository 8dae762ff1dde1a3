"""What `etl contracts check --against` accepts and refuses, change by change."""

import pytest

from contracts.changes import Bump
from contracts.compatibility import compare, compare_all
from contracts.contract import Contract
from contracts.versions import Version

TEXT = {"type": "string", "maxLength": 9}
COUNT = {"type": "integer", "minimum": 0, "maximum": 9}
MONEY = {"type": "number", "x-decimal": {"precision": 9, "scale": 2}}
TIME = {"type": "string", "format": "date-time"}
KEPT = "Keep it as it was, or start an event type of its own, such as order_v2: rows of both would lie in one column."


def closed(**properties):
    return {"type": "object", "additionalProperties": False, "properties": properties}


def contract(document, version="1-0-0"):
    return Contract("order", Version(*map(int, version.split("-"))), document)


def changes(old, new, was="1-0-0", now="1-1-0"):
    """(kind, path, is accepted) of each change between two documents."""
    return [(c.kind, c.path, c.is_accepted) for c in compare(contract(old, was), contract(new, now))]


def words(old, new, was="1-0-0", now="1-1-0"):
    return [change.in_words() for change in compare(contract(old, was), contract(new, now))]


REFUSED = [
    (TEXT, COUNT, "changed type", "the type was string and is long"),
    (COUNT, {"type": "number"}, "changed type", "the type was long and is double"),
    (TEXT, TIME, "changed type", "the type was string and is timestamp"),
    (TIME, TIME | {"format": "date"}, "changed type", "the type was timestamp and is date"),
    (MONEY, {"type": "number"}, "changed type", "the type was a decimal with 2 digits behind the point and is double"),
    (
        MONEY,
        MONEY | {"x-decimal": {"precision": 9, "scale": 3}},
        "changed type",
        "the type was a decimal with 2 digits behind the point and is a decimal with 3 digits behind the point",
    ),
    (MONEY, MONEY | {"x-decimal": {"precision": 8, "scale": 2}}, "narrowed type", "the precision was 9 and is 8"),
    (TEXT, {"type": "array", "items": TEXT}, "changed type", "the type was string and is array"),
    (TEXT, TEXT | {"maxLength": 8}, "narrowed bound", "maxLength was 9 and is 8"),
    (TEXT, TEXT | {"minLength": 1}, "narrowed bound", "minLength is new: 1"),
    (COUNT, COUNT | {"maximum": 8}, "narrowed bound", "maximum was 9 and is 8"),
    (COUNT, COUNT | {"minimum": 1}, "narrowed bound", "minimum was 0 and is 1"),
    (COUNT, COUNT | {"exclusiveMinimum": -1}, "narrowed bound", "exclusiveMinimum is new: -1"),
    (COUNT, COUNT | {"multipleOf": 2}, "narrowed bound", "multipleOf is new: 2"),
    (COUNT | {"multipleOf": 2}, COUNT | {"multipleOf": 3}, "narrowed bound", "multipleOf was 2 and is 3"),
    (TEXT | {"pattern": "^a"}, TEXT | {"pattern": "^a|b"}, "changed pattern", "pattern was ^a and is ^a|b"),
    (TEXT, TEXT | {"pattern": "^a"}, "changed pattern", "pattern is new: ^a"),
    (TEXT, TEXT | {"format": "uuid"}, "changed format", "format is new: uuid"),
    (TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["a", "c"]}, "narrowed enum", '"b" is no longer allowed'),
    (TEXT, TEXT | {"enum": ["a", "b"]}, "narrowed enum", 'only "a", "b" is allowed'),
    (TEXT | {"enum": ["a", "b"]}, TEXT | {"const": "a"}, "narrowed enum", '"b" is no longer allowed'),
    (
        {"type": "array", "items": TEXT},
        {"type": "array", "items": TEXT, "maxItems": 3},
        "narrowed bound",
        "maxItems is new: 3",
    ),
    (
        {"type": "array", "items": TEXT},
        {"type": "array", "items": TEXT, "uniqueItems": True},
        "narrowed bound",
        "elements must be unique and need not have been",
    ),
]


@pytest.mark.parametrize(("old", "new", "kind", "what"), REFUSED)
def test_what_takes_less_than_before_is_refused(old, new, kind, what):
    assert changes(closed(x=old), closed(x=new)) == [(kind, "order.x", False)]
    assert words(closed(x=old), closed(x=new)) == [f"REFUSED: order.x: {what}. {KEPT}"]


WIDENED = [
    (TEXT, TEXT | {"maxLength": 10}, "widened bound", "maxLength was 9 and is 10"),
    (TEXT | {"minLength": 1}, TEXT, "widened bound", "minLength was 1 and is gone"),
    (COUNT, COUNT | {"minimum": -1}, "widened bound", "minimum was 0 and is -1"),
    (COUNT | {"multipleOf": 6}, COUNT | {"multipleOf": 3}, "widened bound", "multipleOf was 6 and is 3"),
    (TEXT | {"pattern": "^a"}, TEXT, "dropped pattern", "pattern was ^a and is gone"),
    (TEXT | {"enum": ["a"]}, TEXT | {"enum": ["a", "b"]}, "widened enum", '"b" is allowed'),
    (TEXT | {"const": "a"}, TEXT, "widened enum", "the list of values is gone"),
    (COUNT | {"enum": [1]}, COUNT | {"enum": [1.0, 2]}, "widened enum", "2 is allowed"),
    (TEXT, TEXT | {"type": ["null", "string"]}, "null allowed", "null is allowed"),
    (MONEY, MONEY | {"x-decimal": {"precision": 38, "scale": 2}}, "widened type", "the precision was 9 and is 38"),
    (TEXT, TEXT | {"x-pii": "hash"}, "masked field", "x-pii was not there and is hash"),
    (TEXT | {"x-pii": "hash"}, TEXT | {"x-pii": "drop"}, "masked field", "x-pii was hash and is drop"),
]


@pytest.mark.parametrize(("old", "new", "kind", "what"), WIDENED)
def test_what_takes_more_than_before_is_accepted_as_a_revision(old, new, kind, what):
    assert changes(closed(x=old), closed(x=new)) == [(kind, "order.x", True)]
    assert words(closed(x=old), closed(x=new), now="1-0-1") == [
        f"accepted: order.x: {what}.",
        "REFUSED: order: the contract accepts or means more than before, and the version was 1-0-0 and is 1-0-1. "
        "Set $id to urn:tributary:contract:order:1-1-0.",
    ]


def test_null_is_not_taken_back():
    assert words(closed(x=TEXT | {"type": ["string", "null"]}), closed(x=TEXT)) == [
        "REFUSED: order.x: null was allowed and is not. Allow null; rows of the past hold it."
    ]


def test_a_field_is_not_removed():
    assert words(closed(x=TEXT, y=TEXT), closed(x=TEXT)) == [
        "REFUSED: order.y: the field is gone, but rows and producers hold it. Bring it back; make it optional if "
        "nobody sends it any more."
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"userId": TEXT}, {"other": TEXT}),
        ({"userId": TEXT}, {"user_id": TEXT | {"maxLength": 99}}),
        ({"who": TEXT | {"description": "customer"}}, {"customer": TEXT | {"description": "customer", "minLength": 1}}),
    ],
)
def test_a_rename_is_recognised_by_name_words_or_schema(old, new):
    gone = next(iter(old))
    found = [change for change in changes(closed(x=COUNT, **old), closed(x=COUNT, **new)) if not change[2]]
    assert found == [("renamed field", f"order.{gone}", False)]


def test_a_rename_is_told_with_the_other_name():
    assert words(closed(userId=TEXT), closed(user_id=TEXT))[0] == (
        "REFUSED: order.userId: the field is gone and user_id, which looks like it, is new. Keep userId under its "
        "name; a nicer name belongs into a query, or add user_id beside it as optional."
    )


def test_new_optional_fields_are_an_addition_at_every_level():
    old = closed(x=closed(a=TEXT), y={"type": "array", "items": closed(a=TEXT)})
    new = closed(x=closed(a=TEXT, b=COUNT), y={"type": "array", "items": closed(a=TEXT, b=COUNT)}, z=TEXT)
    assert words(old, new, now="1-0-1") == [
        "accepted: order.x.b: the field is new and optional.",
        "accepted: order.y[].b: the field is new and optional.",
        "accepted: order.z: the field is new and optional.",
    ]
    assert words(old, new, now="1-0-0")[-1] == (
        "REFUSED: order: the contract has something new, and the version was 1-0-0 and is 1-0-0. "
        "Set $id to urn:tributary:contract:order:1-0-1."
    )


def test_new_required_fields_are_refused_at_every_level():
    old = closed(x=closed(a=TEXT))
    new = closed(x=closed(a=TEXT, b=TEXT) | {"required": ["a", "b"]})
    assert words(old, new) == [
        "REFUSED: order.x.b: the field is new and required. Make it optional: producers of the older version do not "
        "send it, and raw lines of the past lack it.",
        "REFUSED: order.x.a: the field was optional and is required. Leave it optional: producers of the older version "
        "may not send it.",
    ]
    assert changes(new, closed(x=closed(a=TEXT, b=TEXT))) == [
        ("field made optional", "order.x.a", True),
        ("field made optional", "order.x.b", True),
    ]


def test_a_new_optional_object_may_have_required_fields():
    new = closed(x=TEXT, y=closed(a=TEXT) | {"required": ["a"]})
    assert changes(closed(x=TEXT), new) == [("new field", "order.y", True)]


def test_units_do_not_change_but_may_be_named():
    size = COUNT | {"x-unit": "bytes"}
    assert changes(closed(x=COUNT), closed(x=size), now="1-0-0") == [("named unit", "order.x", True)]
    assert words(closed(x=size), closed(x=COUNT | {"x-unit": "kilobytes"})) == [
        "REFUSED: order.x: the unit was bytes and is kilobytes. Keep bytes, or add a field of its own for the other "
        "unit: rows of both would lie in one column."
    ]
    assert changes(closed(x=size), closed(x=COUNT)) == [("changed unit", "order.x", False)]


@pytest.mark.parametrize(("before", "now"), [("hash", None), ("drop", "hash"), ("hash", "truncate_ip"), ("drop", None)])
def test_a_mask_is_not_lifted(before, now):
    new = TEXT | ({"x-pii": now} if now else {})
    assert words(closed(x=TEXT | {"x-pii": before}), closed(x=new)) == [
        f"REFUSED: order.x: x-pii was {before} and is {now or 'gone'}. Keep {before}; what may be shown belongs into a "
        "new field of its own."
    ]


def test_a_reference_may_be_added_and_not_taken_away():
    key = TEXT | {"x-reference": "customers"}
    assert changes(closed(x=TEXT), closed(x=key), now="1-0-1") == [("new reference", "order.x", True)]
    assert changes(closed(x=key), closed(x=TEXT)) == [("changed reference", "order.x", False)]


@pytest.mark.parametrize(
    ("mark", "name"),
    [({"x-channel": "source"}, "channel"), ({"x-user-agent": True}, "user agent")],
)
def test_what_enrichment_looks_at_may_be_added_and_not_taken_away(mark, name):
    assert changes(closed(x=TEXT), closed(x=TEXT | mark), now="1-0-1") == [(f"new {name}", "order.x", True)]
    assert changes(closed(x=TEXT | mark), closed(x=TEXT)) == [(f"changed {name}", "order.x", False)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "is_accepted"),
    [
        ({"earliest": "2020-01-01T00:00:00Z"}, {"earliest": "2021-01-01T00:00:00Z"}, "narrowed time bounds", False),
        ({"earliest": "2020-01-01T00:00:00Z"}, {"earliest": "2019-01-01T00:00:00Z"}, "widened time bounds", True),
        ({}, {"earliest": "2020-01-01T01:00:00+01:00"}, None, None),
        ({}, {"ahead_seconds": 3599}, "narrowed time bounds", False),
        ({}, {"ahead_seconds": 3601}, "widened time bounds", True),
        ({}, {"late_after_seconds": 60}, "changed lateness", True),
    ],
)
def test_time_bounds_may_only_widen(old, new, kind, is_accepted):
    found = changes(closed(x=TEXT) | {"x-event-time": old}, closed(x=TEXT) | {"x-event-time": new})
    assert found == ([(kind, "order: x-event-time", is_accepted)] if kind else [])


def test_publication_is_a_revision():
    found = changes(closed(x=TEXT), closed(x=TEXT) | {"x-publish": False}, now="1-0-1")
    assert found == [("changed publication", "order: x-publish", True), ("version too low", "order", False)]


def test_words_may_change_under_the_same_version():
    assert changes(closed(x=TEXT), closed(x=TEXT | {"description": "d", "examples": ["a"]}), now="1-0-0") == [
        ("changed words", "order.x", True)
    ]


def test_a_version_does_not_go_back():
    assert words(closed(x=TEXT), closed(x=TEXT), was="1-1-0", now="1-0-9") == [
        "REFUSED: order: an event may name the older version, and the version was 1-1-0 and is 1-0-9. "
        "Set $id to urn:tributary:contract:order:1-1-0."
    ]


def test_another_model_needs_another_event_type():
    assert words(closed(x=TEXT), closed(x=TEXT), now="2-0-0") == [
        f"REFUSED: order: the version was 1-0-0 and is 2-0-0. {KEPT}"
    ]


def test_a_contract_is_not_removed_and_a_new_one_is_welcome():
    old, new = {"order": contract(closed(x=TEXT))}, {"basket": contract(closed(x=TEXT))}
    assert [change.in_words() for change in compare_all(old, new)] == [
        "accepted: basket: contract 1-0-0 is new.",
        "REFUSED: order: the contract is gone, but rows of its type lie in the table. Bring contracts/order.json back; "
        "a type that nobody sends any more costs nothing.",
    ]
    assert compare_all(old, old) == []


def test_the_greatest_change_decides_the_version():
    found = compare(contract(closed(x=TEXT)), contract(closed(x=TEXT | {"maxLength": 10}, y=TEXT), "1-1-0"))
    assert [change.bump for change in found] == [Bump.REVISION, Bump.ADDITION]
