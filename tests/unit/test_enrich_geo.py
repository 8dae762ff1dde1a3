"""Geography: MaxMind's answers unchanged, for whole networks; what cannot be told is null with a reason."""

import json

import maxminddb
import pyarrow as pa
import pytest

from contracts.contract import storable_contract
from contracts.errors import PipelineError
from enrichment.geo import BITS, MOST_PARTS, Places, checked_database, geo_of, network_of, place_of
from tests.unit.geo_database import opened, published, record, write_database

IP = {"type": ["string", "null"], "maxLength": 45, "x-pii": "truncate_ip"}


def contract(**fields):
    document = {"type": "object", "additionalProperties": False, "properties": fields}
    return storable_contract("visit.json", json.dumps({"$id": "urn:tributary:contract:visit:1-0-0", **document}))


CONTRACTS = {"visit": contract(ip=IP)}


@pytest.fixture
def database(tmp_path):
    with maxminddb.open_database(published(tmp_path / "city.mmdb")) as reader:
        yield reader


def visits(*addresses):
    return pa.table({"visit": pa.array([{"ip": address} for address in addresses], pa.struct([("ip", pa.string())]))})


@pytest.mark.parametrize(
    ("address", "country", "city"),
    [
        ("81.2.69.160", "GB", "London"),
        ("2.125.160.216", "GB", "Boxford"),
        ("89.160.20.112", "SE", "Linköping"),
        ("216.160.83.56", "US", "Milton"),
        ("175.16.199.1", "CN", "Changchun"),
        ("67.43.156.1", "BT", None),
        ("2001:218::1", "JP", None),
    ],
)
def test_maxminds_own_answers_come_through_unchanged_though_the_address_is_truncated(database, address, country, city):
    assert place_of(database, address)[:2] == (country, city)
    truncated = network_of(address).text
    assert truncated != address
    assert place_of(database, truncated) == place_of(database, address)
    assert geo_of(visits(truncated), CONTRACTS, Places(database)).values.to_pylist() == [
        {"country": country, "city": city}
    ]


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("81.2.69.0", "81.2.69.0/24"),
        ("81.2.69.0/24", "81.2.69.0/24"),
        ("::ffff:81.2.69.0", "81.2.69.0/24"),
        ("2001:db8::", "2001:db8::/48"),
        ("2001:DB8:1:2:3::4", "2001:db8:1::/48"),
        ("81.2.69", None),
        ("081.2.69.1", None),
        ("fe80::1%eth0", "fe80::/48"),
        ("", None),
        ("localhost", None),
    ],
)
def test_an_address_is_looked_up_as_its_network(written, network):
    found = network_of(written)
    assert (found and f"{found.text}/{BITS[found.version]}") == network


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("10.1.2.0", "private"),
        ("192.168.0.0", "private"),
        ("127.0.0.0", "private"),
        ("169.254.1.0", "private"),
        ("fe80::", "private"),
        ("fd00:1:2::", "private"),
        ("::", "private"),
        ("9.9.9.0", "unknown"),
        ("2a00:1450:4001::", "unknown"),
        ("300.1.1.1", "malformed"),
        ("2001:db8:::", "malformed"),
        ("2a02:ffc0::", "city_unknown"),
    ],
)
def test_what_cannot_be_told_has_a_reason(database, address, reason):
    found = geo_of(visits(address, None, address), CONTRACTS, Places(database))
    assert found.misses == {reason: 2}
    place = {"country": "GI", "city": None} if reason == "city_unknown" else None
    assert found.values.to_pylist() == [place, None, place]


def test_a_network_in_two_cities_has_a_country_and_one_in_two_countries_has_nothing(tmp_path):
    networks = {
        "5.0.0.0/25": record("DE", "Köln"),
        "5.0.0.128/25": record("DE", "Bonn"),
        "5.0.1.0/25": record("DE", "Köln"),
        "5.0.1.128/25": record("NL", "Venlo"),
        "5.0.2.0/25": record("DE", "Köln"),
        "5.0.2.128/25": record("DE"),
        "5.0.3.64/26": record("DE", "Köln"),
    }
    found = geo_of(
        visits("5.0.0.0", "5.0.1.0", "5.0.2.0", "5.0.3.0"), CONTRACTS, Places(opened(tmp_path / "a.mmdb", networks))
    )
    divided, known = {"country": "DE", "city": None}, {"country": "DE", "city": "Köln"}
    assert found.values.to_pylist() == [divided, None, divided, known]
    assert found.misses == {"city_divided": 2, "country_divided": 1}


def test_a_network_in_more_parts_than_are_read_is_divided(tmp_path):
    networks = {f"2a02:1:1:{n * 2:x}::/64": record("DE", "Köln") for n in range(MOST_PARTS + 1)}
    database = opened(tmp_path / "a.mmdb", networks)
    assert place_of(database, "2a02:1:1::") == (None, None, ("country_divided",))
    fewer = opened(tmp_path / "b.mmdb", dict(list(networks.items())[:MOST_PARTS]))
    assert place_of(fewer, "2a02:1:1::") == ("DE", "Köln", ())


def test_a_record_without_a_country_is_unknown(tmp_path):
    database = opened(tmp_path / "a.mmdb", {"5.0.0.0/24": record(), "5.0.1.0/24": "text"})
    found = geo_of(visits("5.0.0.0", "5.0.1.0"), CONTRACTS, Places(database))
    assert found.values.to_pylist() == [None, None] and found.misses == {"unknown": 2}


def test_a_database_of_ipv4_only_knows_nothing_of_ipv6(tmp_path):
    database = opened(tmp_path / "a.mmdb", {"5.0.0.0/24": record("DE", "Köln")}, ip_version=4)
    found = geo_of(visits("5.0.0.0", "2a02:1::"), CONTRACTS, Places(database))
    assert found.values.to_pylist() == [{"country": "DE", "city": "Köln"}, None]
    assert found.misses == {"unknown": 1}


def test_the_first_address_that_is_there_counts_and_arrays_do_not(database):
    several = {"visit": contract(proxies={"type": "array", "items": IP}, client=IP, edge=IP)}
    data = [
        {"proxies": ["216.160.83.0"], "client": "81.2.69.0", "edge": "175.16.199.0"},
        {"proxies": ["216.160.83.0"], "client": None, "edge": "175.16.199.0"},
        {"proxies": ["216.160.83.0"], "client": None, "edge": None},
    ]
    found = geo_of(pa.table({"visit": data}), several, Places(database))
    assert [place and place["city"] for place in found.values.to_pylist()] == ["London", "Changchun", None]


def test_each_distinct_network_is_looked_up_once(database):
    class Counting:
        asked = 0

        def get_with_prefix_len(self, address):
            self.asked += 1
            return database.get_with_prefix_len(address)

        def metadata(self):
            return database.metadata()

    counting = Counting()
    places = Places(counting)
    for _ in range(2):
        found = geo_of(visits(*(1000 * ["175.16.199.0", "67.43.156.0"])), CONTRACTS, places)
        assert len(found.values) == 2000 and found.misses == {"city_unknown": 1000}
    assert counting.asked == 2


def test_networks_without_end_do_not_fill_the_memory(database):
    places = Places(database, kept=10)
    geo_of(visits(*(f"9.9.{n}.0" for n in range(95))), CONTRACTS, places)
    assert len(places._known) <= 10 and places.place("81.2.69.0") == ("GB", "London", ())


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_have_the_type_of_many(database, count):
    found = geo_of(visits(*count * ["81.2.69.0"]), CONTRACTS, Places(database))
    assert len(found.values) == count and found.values.type == pa.struct([("country", "string"), ("city", "string")])


@pytest.mark.parametrize(
    ("networks", "kind", "complaint"),
    [({}, "GeoIP2-City", "it has no networks"), ({"5.0.0.0/24": {"asn": 1}}, "GeoLite2-ASN", "its type is 'Geo")],
)
def test_a_database_that_could_only_miss_is_refused(tmp_path, networks, kind, complaint):
    with pytest.raises(PipelineError) as refused:
        checked_database(opened(tmp_path / "a.mmdb", networks, kind=kind))
    assert str(refused.value).startswith(f"geo database: {complaint}")
    assert str(refused.value).endswith("Upload a sound file and run the batch again.")


def test_a_database_whose_tree_leads_nowhere_is_refused(tmp_path):
    path = write_database(tmp_path / "a.mmdb", {f"{n}.0.0.0/8": record("DE", "Köln") for n in range(5, 9)})
    content = bytearray(path.read_bytes())
    content[: len(content) // 2] = b"\xfe" * (len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(PipelineError, match="geo database: it cannot be read"):
        checked_database(maxminddb.open_database(path))


def test_a_record_that_is_corrupt_stops_the_batch_with_a_sentence(tmp_path):
    database = opened(tmp_path / "a.mmdb", {"5.0.0.0/24": {"country": "DE"}})
    with pytest.raises(PipelineError, match="geo database: a record cannot be read"):
        geo_of(visits("5.0.0.0"), CONTRACTS, Places(database))
