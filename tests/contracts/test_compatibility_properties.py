"""What the comparison accepts keeps its promise: every event of the old version stays valid."""

import json
from functools import reduce
from itertools import pairwise
from operator import or_

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from contracts.compatibility import compare
from contracts.contract import storable_contract
from contracts.errors import ContractError
from contracts.validator import DataValidator

WORDS = ["", "a", "b", "aa", "ab", "abc", "2026-11-22", "0123456789"]
NUMBERS = [-2, -1, 0, 1, 2, 3, 4, 6, 9]
AMOUNTS = [-9.99, -1, 0, 0.01, 0.5, 1, 2.25, 9.99, 99.9]
NAMES = ["a", "b", "c"]


def some(**keywords):
    """An object with any of these keywords."""
    return st.fixed_dictionaries({}, optional=keywords)


CALM = {
    "max_examples": 1000,
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate, Phase.shrink],
}


def null_or_not(kind):
    return st.sampled_from([kind, [kind, "null"]])


def listed(values):
    return st.lists(st.sampled_from(values), min_size=1, max_size=4, unique_by=repr)


def texts():
    rules = some(
        minLength=st.integers(0, 3),
        pattern=st.sampled_from(["^a", "b"]),
        format=st.just("uuid"),
        enum=listed([*WORDS, None]),
        const=st.sampled_from(WORDS),
    )
    fixed = st.fixed_dictionaries({"type": null_or_not("string"), "maxLength": st.integers(1, 12)})
    return st.builds(lambda a, b: a | b, fixed, rules)


def integers():
    bounds = st.fixed_dictionaries(
        {"type": null_or_not("integer"), "minimum": st.integers(-3, 1), "maximum": st.integers(2, 10)}
    )
    rules = some(
        exclusiveMinimum=st.integers(-3, 1),
        exclusiveMaximum=st.integers(2, 10),
        multipleOf=st.integers(1, 6),
        enum=listed([*NUMBERS, 1.0]),
    )
    return st.builds(lambda a, b: a | b, bounds, rules)


def amounts():
    decimals = st.fixed_dictionaries({"precision": st.integers(2, 5), "scale": st.integers(1, 2)})
    rules = some(
        minimum=st.sampled_from(AMOUNTS),
        maximum=st.sampled_from(AMOUNTS),
        exclusiveMinimum=st.sampled_from([-1000, -9, 0]),
        exclusiveMaximum=st.sampled_from([1, 9.5, 1000]),
        **{"x-decimal": decimals},
    )
    return st.builds(lambda a, b: a | b, st.fixed_dictionaries({"type": null_or_not("number")}), rules)


def objects(children):
    def closed(properties, required, kind):
        names = [name for name in required if name in properties]
        return {"type": kind, "additionalProperties": False, "properties": properties, "required": names}

    fields = st.dictionaries(st.sampled_from(NAMES), children, min_size=1, max_size=3)
    return st.builds(closed, fields, st.lists(st.sampled_from(NAMES), unique=True), null_or_not("object"))


def arrays(children):
    rules = some(minItems=st.integers(0, 2), maxItems=st.integers(1, 3), uniqueItems=st.booleans())
    return st.builds(lambda a, b: {"type": "array", "items": a} | b, children, rules)


SCALARS = texts() | integers() | amounts()
FIELDS = SCALARS | arrays(SCALARS) | objects(SCALARS)
SAME_KIND = {
    "string": texts(),
    "integer": integers(),
    "number": amounts(),
    "array": arrays(SCALARS),
    "object": objects(SCALARS),
}


@st.composite
def changed(draw, node):
    """The schema with a keyword or two moved, dropped or added; below it, with fields gone or new."""
    new, other = dict(node), draw(SAME_KIND[_kind(node)])
    keywords = sorted((node.keys() | other.keys()) - {"properties", "items", "additionalProperties"})
    for keyword in draw(st.lists(st.sampled_from(keywords), min_size=1, max_size=2)):
        if keyword in other:
            new[keyword] = other[keyword]
        else:
            new.pop(keyword, None)
    if "properties" in node:
        fresh = other["properties"] if draw(st.booleans()) else {}
        new["properties"] = fresh | {name: draw(changed(child)) for name, child in node["properties"].items()}
        demanded = other["required"] if draw(st.booleans()) else []
        names = {*new["required"], *(name for name in demanded if name in fresh)}
        new["required"] = sorted(names & new["properties"].keys())
    if "items" in node:
        new["items"] = draw(changed(node["items"]))
    return new


def _kind(node):
    return node["type"] if isinstance(node["type"], str) else node["type"][0]


def values(node):
    """Values near every bound, of every length a list or an object of them can have; many are not valid."""
    if _kind(node) in POOLS:
        return [None, *POOLS[_kind(node)]]
    if _kind(node) == "array":
        elements = values(node["items"])
        return [
            None,
            [],
            *([e] for e in elements),
            *([e, f] for e, f in pairwise(elements)),
            *([e, e] for e in elements),
        ]
    members = {name: values(child) for name, child in node["properties"].items()}
    pools = [[{}, *({name: value} for value in found)] for name, found in members.items()]
    longest = max(map(len, pools))
    return [None, *(reduce(or_, (pool[n % len(pool)] for pool in pools)) for n in range(longest * len(pools)))]


POOLS = {"string": WORDS, "integer": [*NUMBERS, 5, 10, 2.0], "number": [*AMOUNTS, 999.99, -999.5, 1e4]}


def contract(field):
    """A contract of one field, or None where nobody could have written it."""
    document = {"type": "object", "additionalProperties": False, "properties": {"x": field}}
    try:
        return storable_contract("order.json", json.dumps(document | {"$id": "urn:tributary:contract:order:1-0-0"}))
    except ContractError:
        return None


@settings(**CALM)
@given(st.data())
def test_an_event_of_the_old_version_is_accepted_by_every_accepted_new_one(data):
    field = data.draw(FIELDS)
    old, new = contract(field), contract(data.draw(changed(field)))
    if old is None or new is None or any(not c.is_accepted and c.kind != "version too low" for c in compare(old, new)):
        return
    judge, judge_anew = DataValidator(old.document), DataValidator(new.document)
    accepted = [value for value in values(field) if judge.violation({"x": value}) is None]
    event(f"{'changed' if compare(old, new) else 'same'}, {'judged' if accepted else 'nothing to judge'}")
    for value in accepted:
        assert judge_anew.violation({"x": value}) is None, (old.document, new.document, value)
