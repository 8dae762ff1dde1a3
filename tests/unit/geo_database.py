"""A database in MaxMind's format with records of their published test data, GeoIP2-City-Test.

https://github.com/maxmind/MaxMind-DB/blob/main/source-data/GeoIP2-City-Test.json
"""

import maxminddb
from mmdb_writer import MMDBWriter
from netaddr import IPSet


def record(country=None, city=None):
    """A record as MaxMind lays it out, with what enrichment does not read as well."""
    found = {"continent": {"code": "EU"}, "registered_country": {"iso_code": "FR"}}
    if country:
        found["country"] = {"iso_code": country, "names": {"en": "?", "de": "?"}}
    if city:
        found["city"] = {"geoname_id": 1, "names": {"de": "?", "en": city}}
    return found


# Networks and answers as published.
PUBLISHED = {
    "2.125.160.216/29": ("GB", "Boxford"),
    "67.43.156.0/24": ("BT", None),
    "81.2.69.142/31": ("GB", "London"),
    "81.2.69.144/28": ("GB", "London"),
    "81.2.69.160/27": ("GB", "London"),
    "81.2.69.192/28": ("GB", "London"),
    "89.160.20.112/28": ("SE", "Linköping"),
    "89.160.20.128/25": ("SE", "Linköping"),
    "175.16.199.0/24": ("CN", "Changchun"),
    "216.160.83.56/29": ("US", "Milton"),
    "2001:218::/32": ("JP", None),
    "2a02:ffc0::/29": ("GI", None),
}


def write_database(path, networks, kind="GeoIP2-City", ip_version=6):
    """The file, from networks and their records."""
    writer = MMDBWriter(ip_version, kind, ["en"], "test", ipv4_compatible=ip_version == 6)
    for network, content in networks.items():
        writer.insert_network(IPSet([network]), content)
    writer.to_db_file(str(path))
    return path


def published(path):
    """The published networks."""
    return write_database(path, {network: record(*place) for network, place in PUBLISHED.items()})


def opened(path, networks, **options):
    return maxminddb.open_database(write_database(path, networks, **options))
