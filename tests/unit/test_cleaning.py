"""Cleaning: text is trimmed, hashes are HMAC, networks are those of Python's ipaddress, at any depth of a contract."""

import hashlib
import hmac
from ipaddress import IPv6Address, ip_address, ip_network
from random import Random

import pytest
from pyspark.sql import functions as F

from jobs.process_events import cleaning

pytestmark = pytest.mark.slow
PEPPER = "not a secret"
TEXT = {"type": "string", "maxLength": 99}
EMAIL, IP = TEXT | {"x-pii": "hash", "minLength": 3}, TEXT | {"x-pii": "truncate_ip"}


def array(items):
    return {"type": "array", "items": items}


def struct(**properties):
    return {"type": "object", "properties": properties}


@pytest.fixture
def texts(spark):
    """What a rule makes of each text."""

    def made(rule, values):
        frame = spark.createDataFrame([(value,) for value in values], "text string").coalesce(1)
        return [row.made for row in frame.select(rule(F.col("text")).alias("made")).collect()]

    return made


@pytest.fixture
def clean(spark):
    """One value of a Spark type, cleaned by a schema."""

    def made(value, spark_type, schema, pepper=PEPPER):
        key = spark.createDataFrame([cleaning.key_of(pepper)], cleaning.KEY)
        frame = spark.createDataFrame([(value,)], f"value {spark_type}").crossJoin(key)
        row = frame.select(cleaning.cleaned(F.col("value"), schema).alias("value")).first()
        return row.asDict(recursive=True)["value"]

    return made


def digest(text, pepper=PEPPER):
    return hmac.new(pepper.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_every_white_space_of_unicode_is_cut_off_and_nothing_else(texts):
    blanks = [chr(code) for code in range(0x110000) if chr(code).isspace() and not 0x1C <= code <= 0x1F]
    kept = ["", "a\tb", "\x00", "\u200b", "\ufeff", "e\u0301", "İß", "\x1f"]
    sent = [f"{blank}{text}{blank}" for blank in blanks for text in kept]
    assert len(blanks) == 25
    assert texts(cleaning.trimmed, sent) == kept * len(blanks)


@pytest.mark.parametrize("pepper", ["p", "ü" * 32, "x" * 64, "x" * 65, "x" * 200])
def test_a_hash_is_hmac_sha_256_of_the_trimmed_text(clean, pepper):
    values = ["zoë@example.com", "\x00\U0001f600", "x" * 1000, " zoë@example.com\u3000"]
    expected = [digest(value.strip(), pepper) for value in values]
    assert clean(values, "array<string>", array(EMAIL), pepper) == expected


def test_case_is_part_of_what_is_hashed(clean):
    lower, upper = clean(["a@example.com", "A@example.com"], "array<string>", array(EMAIL))
    assert lower != upper


def network(text):
    """By Python's ipaddress; None for what is no address, nor with a zone, which is a machine's own matter."""
    try:
        address = ip_address(text.replace("%", "no zone"))
    except ValueError:
        return None
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address)


def ipv6_spellings(rng):
    """An address with many zeros in all its spellings, upper case, leading zeros and a dotted tail among them."""
    groups = [rng.choice((0, 0, 0, rng.getrandbits(16), rng.getrandbits(4))) for _ in range(8)]
    plain = [f"{group:x}" for group in groups]
    yield ":".join(plain).upper()
    yield ":".join(f"{group:04x}" for group in groups)
    yield str(IPv6Address(":".join(plain)))
    yield f"{':'.join(plain[:6])}:{ip_address((groups[6] << 16) | groups[7])}"
    for start in range(8):
        for end in range(start + 1, 9):
            if not any(groups[start:end]):
                yield f"{':'.join(plain[:start])}::{':'.join(plain[end:])}"


def test_networks_are_those_of_pythons_ipaddress_in_every_spelling(texts):
    rng = Random(7)
    spellings = [text for _ in range(60) for text in ipv6_spellings(rng)]
    spellings += [str(ip_address(rng.getrandbits(32))) for _ in range(50)]
    for number in (rng.getrandbits(32) for _ in range(20)):
        dotted = str(ip_address(number))
        hexed = f"{number >> 16:x}:{number & 0xFFFF:x}"
        spellings += [f"::ffff:{dotted}", f"0:0::FFFF:{dotted}", f"::ffff:{hexed}", f"0:0:0:0:0:ffff:{hexed}"]
        spellings += [f"::fffe:{dotted}", f"::ffff:0:{dotted}", f"::1:ffff:{hexed}"]
    wrong = [
        (text, made, network(text))
        for text, made in zip(spellings, texts(cleaning.network_of, spellings), strict=True)
        if made != network(text)
    ]
    assert len(spellings) > 700 and not wrong


NO_ADDRESS = [
    "",
    "x",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4/24",
    "1.2.3.-4",
    "1 .2.3.4",
    "1.2.3.4:80",
]
NO_ADDRESS += [
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2:3:4:5:6:7:8",
    "12345::",
    "g::",
    "::1%eth0",
]
NO_ADDRESS += ["::1.2.3", "1.2.3.4::", "::1.2.3.4:5", "::256.1.1.1", "[::1]", "::ffff:", "\uff11.2.3.4", "٣.1.1.1"]


def test_what_is_no_address_has_no_network_and_is_told(texts):
    assert [network(text) for text in NO_ADDRESS] == [None] * len(NO_ADDRESS)
    assert texts(cleaning.network_of, NO_ADDRESS) == [None] * len(NO_ADDRESS)
    assert texts(cleaning.is_no_address, NO_ADDRESS) == [True] * len(NO_ADDRESS)


def test_an_address_is_never_told_to_be_none(texts):
    rng = Random(8)
    spellings = [text for _ in range(40) for text in ipv6_spellings(rng)] + [" 192.0.2.1\n"]
    assert texts(cleaning.is_no_address, spellings) == [False] * len(spellings)


def test_personal_data_is_masked_in_objects_and_arrays_of_objects(clean):
    schema = struct(
        who=struct(email=EMAIL, age={"type": "integer", "minimum": 0, "maximum": 9}), visits=array(struct(ip=IP))
    )
    value = {"who": {"email": "zoë@example.com", "age": 3}, "visits": [{"ip": " 192.0.2.7"}, None, {"ip": None}]}
    spark_type = "struct<who: struct<email: string, age: long>, visits: array<struct<ip: string>>>"
    assert clean(value, spark_type, schema) == {
        "who": {"email": digest("zoë@example.com"), "age": 3},
        "visits": [{"ip": "192.0.2.0"}, None, {"ip": None}],
    }
    assert clean({"who": None, "visits": None}, spark_type, schema) == {"who": None, "visits": None}


def test_values_of_an_enum_and_what_is_no_text_stay_as_they_are(clean):
    schema = struct(plan=TEXT | {"enum": [" pro "]}, at={"type": "string", "format": "date-time"})
    assert clean({"plan": " pro ", "at": None}, "struct<plan: string, at: timestamp>", schema)["plan"] == " pro "
