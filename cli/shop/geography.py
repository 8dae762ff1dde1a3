"""Where the networks of the invented visitors lie: a small database in MaxMind's format."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from cli.shop.world import FIRST_OCTETS, mixed

CITIES = (
    *(("DE", "Berlin"), ("DE", "Köln"), ("DE", "München"), ("FR", "Paris"), ("FR", "Lyon"), ("GB", "London")),
    *(("PL", "Kraków"), ("ES", "Sevilla"), ("IT", "Milano"), ("NL", "Utrecht"), ("SE", "Göteborg"), ("DK", "Århus")),
)
# Each /8 in blocks that share a city; the last ones are on no map, as some networks always are.
BLOCKS, MAPPED_BLOCKS = 16, 15


def places() -> Iterator[tuple[str, str, str]]:
    """Network, country and city. An IPv6 network lies where the IPv4 network it was made from does."""
    for octet in FIRST_OCTETS:
        for block in range(MAPPED_BLOCKS):
            country, city = CITIES[mixed(octet * BLOCKS + block, 40) % len(CITIES)]
            second = block * 256 // BLOCKS
            yield f"{octet}.{second}.0.0/12", country, city
            yield f"2001:db8:{octet:x}{second:02x}::/44", country, city


def city_database() -> bytes:
    """The database; the same networks give the same answers, only its build time differs."""
    from mmdb_writer import MMDBWriter
    from netaddr import IPSet

    writer = MMDBWriter(6, "Tributary-Shop-City", ipv4_compatible=True, languages=["en"], description="Invented places")
    for network, country, city in places():
        record = {"country": {"iso_code": country}, "city": {"names": {"en": city}}}
        writer.insert_network(IPSet([network]), record)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "city.mmdb")
        writer.to_db_file(str(path))
        return path.read_bytes()
