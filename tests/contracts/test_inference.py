"""`etl contracts new`: a contract from sample lines, which can be stored and accepts every line."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.contracts.check import checked
from cli.contracts.new import new_contract
from contracts.errors import ContractError, PipelineError
from contracts.inference import Inference, infer_contract
from contracts.samples import read_sample
from contracts.validator import DataValidator

WIKIPEDIA = Path(__file__).parents[3] / "shared/data/wikipedia-edits-2015-09-12.json.gz"


def inferred(*lines, with_enums=False, event_type="order"):
    """The document of a sample, and what was guessed."""
    encoded = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    inference = Inference(with_enums)
    document = infer_contract(event_type, read_sample(encoded, "s.ndjson", event_type), inference)
    return document, inference.guesses


def field(*values, **options):
    """What is inferred of one field."""
    return inferred(*({"x": value} for value in values), **options)[0]["properties"]["x"]


def refusal(*lines):
    with pytest.raises(ContractError) as refused:
        inferred(*lines)
    return str(refused.value)


@pytest.mark.parametrize(
    ("values", "node"),
    [
        (["a", "Größe"], {"type": "string", "maxLength": 16}),
        (["a" * 9], {"type": "string", "maxLength": 32}),
        (["a" * 300], {"type": "string", "maxLength": 1024}),
        (["a", None], {"type": ["string", "null"], "maxLength": 16}),
        (["2026-11-22", "2024-02-29"], {"type": "string", "format": "date"}),
        (["2026-11-22", "2026-02-30"], {"type": "string", "maxLength": 32}),
        (["2026-11-22T10:00:00.5+01:00"], {"type": "string", "format": "date-time"}),
        (["2026-11-22T10:00:00"], {"type": "string", "maxLength": 64}),
        ([True, False], {"type": "boolean"}),
        ([0, 7], {"type": "integer", "minimum": 0, "maximum": 1000}),
        ([500, -70], {"type": "integer", "minimum": -1000, "maximum": 1_000_000}),
        ([-5], {"type": "integer", "minimum": -1000, "maximum": 1000}),
        ([2**62], {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}),
        ([-(2**63)], {"type": "integer", "minimum": -(2**63), "maximum": 1000}),
        ([19.99, 5], {"type": "number", "x-decimal": {"precision": 18, "scale": 2}}),
        ([0.1234], {"type": "number", "x-decimal": {"precision": 18, "scale": 4}}),
        ([0.12345], {"type": "number"}),
        ([1e20, 0.5], {"type": "number"}),
        ([[1], [2, 3], []], {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1000}}),
        ([[1, None]], {"type": "array", "items": {"type": ["integer", "null"], "minimum": 0, "maximum": 1000}}),
    ],
)
def test_values_of_a_field_give_its_type_with_room_to_grow(values, node):
    assert field(*values) == node


def test_what_is_in_every_line_is_required_at_every_level():
    document, _ = inferred({"a": 1, "o": {"b": 1, "c": 1}}, {"a": None, "o": {"b": 1}}, {"a": 1, "o": None, "d": True})
    assert document["required"] == ["a", "o"]
    assert document["properties"]["o"]["required"] == ["b"]
    assert document["properties"]["o"]["type"] == ["object", "null"]
    assert list(document["properties"]) == ["a", "o", "d"]


def test_fields_of_elements_are_those_of_all_elements():
    document, _ = inferred({"lines": [{"sku": "a", "n": 1}]}, {"lines": [{"sku": "b"}, {"sku": "c"}]})
    items = document["properties"]["lines"]["items"]
    assert (items["required"], list(items["properties"])) == (["sku"], ["sku", "n"])


def test_few_values_are_all_there_are_only_if_asked_for():
    values = ["card", "cash"] * 10
    assert "enum" not in field(*values)
    assert field(*values, with_enums=True)["enum"] == ["card", "cash"]
    assert field(*values, None, with_enums=True)["enum"] == ["card", "cash", None]
    assert "enum" not in field(*values[:19], with_enums=True)
    assert "enum" not in field(*map(str, range(200)), with_enums=True)


def test_guesses_are_told():
    document, guesses = inferred(*[{"a": None, "b": [], "c": 1.5, "d": "x"}] * 10, with_enums=True)
    assert guesses == [
        "order.a: only null in the sample, taken for a string",
        "order.b: only empty arrays in the sample, taken for arrays of strings",
        "order.c: numbers with 2 digits behind the point at most, taken for exact ones",
        "order.d: 1 values in the sample, taken for all there are",
    ]
    assert document["properties"]["a"] == {"type": ["string", "null"], "maxLength": 16}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [{"x": 1}, {"x": 2}, {"x": "3"}],
            "order.x: the sample has integer in line 1, string in line 3; expected one type. Mend the producer, or "
            "leave those lines out.",
        ),
        (
            [{"x": [1]}, {"x": [[1]]}],
            "order.x[]: the sample has integer in line 1, array in line 2; expected one",
        ),
        ([{"x": {"y": True}}, {"x": {"y": 1}}], "order.x.y: the sample has boolean in line 1, integer in line 2;"),
        ([{"x": {}}], "order.x: line 1 has an object without fields; expected some, since an empty struct cannot be"),
        ([{}], "order: line 1 has an object without fields;"),
        ([{"x": 1}, {"x": 2**63}], "order.x: line 2 has 9223372036854775808, which does not fit 64 bits; expected"),
        (
            [b'{"x": 1e999}'],
            "order.x: line 1 has 1E+999, which no double can hold; expected less. Send it as",
        ),
        ([{"x": 1}, b"{"], "s.ndjson line 2 is no JSON in UTF-8 (Expecting property name"),
        ([b'{"x": "\xff"}'], "s.ndjson line 1 is no JSON in UTF-8 ('utf-8' codec can't decode byte 0xff"),
        ([b'{"x": "\\ud800"}'], "s.ndjson line 1 is no JSON in UTF-8 ('utf-8' codec can't encode character"),
        ([b'{"x": NaN}'], "s.ndjson line 1 is no JSON in UTF-8 (NaN is no number); expected one JSON object a line."),
        ([[1]], "s.ndjson line 1 is a JSON list; expected one JSON object. Mend the line or leave it out."),
        ([b" ", b""], "s.ndjson: no line is data of order; expected one JSON object a line. Name another file."),
        (
            [{"specversion": "1.0", "type": "refund", "data": {}}],
            "s.ndjson: no line is data of order (1 are CloudEvents of other types); expected",
        ),
        (
            [{"specversion": "1.0", "type": "order", "data_base64": "e30="}],
            "s.ndjson line 1 is a CloudEvent whose data is no JSON object; expected one.",
        ),
    ],
)
def test_a_sample_that_gives_no_contract_is_refused_with_its_line(lines, message):
    assert refusal(*lines).startswith(message)


def test_cloudevents_of_the_type_give_their_data_and_their_first_year():
    events = [
        {"specversion": "1.0", "type": "order", "time": "2015-09-12T00:00:00Z", "data": {"id": "a"}},
        {"specversion": "1.0", "type": "refund", "time": "2001-09-12T00:00:00Z", "data": {"x": 1}},
        {"specversion": "1.0", "type": "order", "time": "2026-09-12T00:00:00Z", "data": {"id": "b"}},
    ]
    document, _ = inferred(*events)
    assert list(document["properties"]) == ["id"]
    assert document["x-event-time"]["earliest"] == "2015-01-01T00:00:00Z"
    assert inferred(events[2])[0]["x-event-time"]["earliest"] == "2020-01-01T00:00:00Z"


NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-(10**9), 10**9, places=2).map(float)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.dates().map(str)
)
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=6)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.dictionaries(NAMES, DATA, min_size=1), min_size=1, max_size=4))
def test_a_contract_can_be_stored_and_accepts_every_line_of_its_sample(lines):
    try:
        document, _ = inferred(*lines)
    except ContractError:
        return
    validator = DataValidator(document)
    assert [validator.violation(line) for line in lines] == [None] * len(lines)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "contracts").mkdir()
    return tmp_path


@pytest.mark.parametrize("compressed", [False, True])
def test_the_file_that_is_written_passes_the_check(checkout, compressed):
    sample = checkout / "sample.ndjson"
    lines = b'\xef\xbb\xbf{"id": "a", "paid": 19.99}\r\n\r\n{"id": "b", "paid": 5}\n'
    sample.write_bytes(gzip.compress(lines) if compressed else lines)
    path, read, guesses = new_contract(checkout, "order", str(sample), with_enums=False)
    assert path == checkout / "contracts/order.json"
    assert (len(read.data), len(guesses)) == (2, 1)
    assert checked(checkout, None).is_sound
    before = path.read_text()
    with pytest.raises(PipelineError) as refused:
        new_contract(checkout, "order", str(sample), with_enums=False)
    assert str(refused.value).startswith("contracts/order.json exists; expected an event type without a contract.")
    assert path.read_text() == before


def test_a_sample_whose_contract_could_not_be_stored_writes_nothing(checkout):
    sample = checkout / "sample.ndjson"
    sample.write_text('{"unit price": 1}\n')
    with pytest.raises(ContractError, match="order: field 'unit price' is no name for a column"):
        new_contract(checkout, "order", str(sample), with_enums=False)
    with pytest.raises(ContractError, match=r"Order\.json: \$id is 'urn:tributary:contract:Order:1-0-0'; expected"):
        new_contract(checkout, "Order", str(sample), with_enums=False)
    with pytest.raises(PipelineError, match=r"there is no file gone\.ndjson; expected NDJSON, plain or gzip, or -"):
        new_contract(checkout, "order", "gone.ndjson", with_enums=False)
    assert not list((checkout / "contracts").iterdir())


@pytest.mark.skipif(not WIKIPEDIA.is_file(), reason=f"{WIKIPEDIA.name} is not beside the repository")
def test_a_day_of_wikipedia_edits_gives_a_contract_that_accepts_them(checkout):
    _, sample, guesses = new_contract(checkout, "edit", str(WIKIPEDIA), with_enums=True)
    assert len(sample.data) == 39_244
    document = checked(checkout, None).contracts["edit"].document
    assert document["properties"]["time"] == {"type": "string", "format": "date-time"}
    assert document["properties"]["metroCode"]["type"] == ["integer", "null"]
    assert {"user", "page", "delta"} <= set(document["required"])
    assert not [guess for guess in guesses if "only null" in guess]
