"""The shop that the generator invents: who buys, what is sold. Integers only, so it is the same on every machine."""

# ruff: noqa: SIM905 (lists of words read better as text)

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

# A few shoppers and products are younger than the reference data, as in a real shop.
CUSTOMERS, SHOPPERS = 20_000, 20_400
REFERENCE_PRODUCTS, PRODUCTS = 2_000, 2_020

FIRST_NAMES = (
    "Zoë José Łukasz Anaïs Søren Ольга Дмитрий 美咲 伟 민준 محمد अनन्या Alice Bob Chloë Dave Erin François Grace Heidi "
    "Ivan Jürgen Κωνσταντίνος Mallory Ngọc Oluwaseun Priya Renée Siobhán Tomáš"
).split()
LAST_NAMES = (
    "Garçon O'Neil Núñez Kowalski Иванова 田中 王 이 الحسن Smith Jones Brown Öztürk Dvořák Åkesson Müller D'Angelo "
    "Nguyễn Papadopoulos Jensen"
).split()
COUNTRIES = "DE DE DE FR FR GB GB US US PL PL ES IT NL SE DK CZ CH JP BR IN".split()
CURRENCIES = {"GB": "GBP", "US": "USD", "PL": "PLN", "CH": "CHF", "SE": "SEK", "DK": "DKK", "CZ": "CZK"}
SEGMENTS = "new regular regular regular vip".split()
ADJECTIVES = "Ergonomic Rustic Café Crème Handmade Slim Über Naïve Sleek 日本製 Façade Jalapeño".split()
NOUNS = {
    "Chair": "home",
    "Lamp 💡": "home",
    "Mug ☕": "kitchen",
    "Kettle": "kitchen",
    "Notebook": "office",
    "Keyboard": "electronics",
    "Headphones 🎧": "electronics",
    "Socks 🧦": "fashion",
    "Backpack": "outdoor",
    "Tent ⛺": "outdoor",
    "Puzzle": "toys",
}
BRANDS = "Åland Brücke Cóndor Déjà Émile Fjord Häuschen Kōyō Søstrene Tributary".split()
FIRST_SIGN_UP = date(2021, 1, 1)
# First octets of providers' networks in Europe; IPv6 is that of documentation (RFC 3849).
FIRST_OCTETS = (31, 46, 62, 77, 78, 80, 84, 87, 91, 93, 95, 109, 176, 178, 188, 212)


@dataclass(frozen=True)
class Shopper:
    """A person who uses the shop."""

    user_id: str
    name: str
    email: str
    country: str
    currency: str
    segment: str
    signed_up_on: date


@dataclass(frozen=True)
class Product:
    """A thing that is sold; one price in whatever currency the shopper has."""

    product_id: str
    name: str
    category: str
    brand: str
    price_cents: int


def mixed(number: int, salt: int) -> int:
    """A well spread 32-bit number that depends on nothing but its arguments."""
    x = (number * 2654435761 + salt * 40503 + 12345) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 2246822519) & 0xFFFFFFFF
    x = ((x ^ (x >> 13)) * 3266489917) & 0xFFFFFFFF
    return x ^ (x >> 16)


def chosen(options: list | tuple, number: int, salt: int) -> object:
    """One of the options, always the same for the same number."""
    return options[mixed(number, salt) % len(options)]


def address(number: int) -> str | None:
    """The address that a visit comes from: mostly IPv4, sometimes as a proxy maps it, a fifth IPv6, seldom unknown."""
    kind = mixed(number, 10) % 100
    a, b, c, d = chosen(FIRST_OCTETS, number, 11), *(mixed(number, salt) % 256 for salt in (12, 13, 14))
    if kind < 20:
        return f"2001:db8:{a:x}{b:02x}:{c:x}::{1 + d:x}"
    if kind < 25:
        return f"::ffff:{a}.{b}.{c}.{d}"
    return f"{a}.{b}.{c}.{d}" if kind < 98 else None


def shopper(number: int) -> Shopper:
    """The shopper of this number, 0 to SHOPPERS - 1."""
    country = chosen(COUNTRIES, number, 1)
    return Shopper(
        user_id=f"u{number:07d}",
        name=f"{chosen(FIRST_NAMES, number, 2)} {chosen(LAST_NAMES, number, 3)}",
        email=f"user{number}@example.com",
        country=country,
        currency=CURRENCIES.get(country, "EUR"),
        segment=chosen(SEGMENTS, number, 4),
        signed_up_on=FIRST_SIGN_UP + timedelta(days=mixed(number, 5) % 2000),
    )


def is_known(user_id: str) -> bool:
    """The reference data has this shopper."""
    return int(user_id[1:]) < CUSTOMERS


def product(number: int) -> Product:
    """The product of this number, 0 to PRODUCTS - 1."""
    noun = chosen(tuple(NOUNS), number, 6)
    return Product(
        product_id=f"p{number:05d}",
        name=f"{chosen(ADJECTIVES, number, 7)} {noun}",
        category=NOUNS[noun],
        brand=chosen(BRANDS, number, 8),
        price_cents=99 + mixed(number, 9) % 19_900,
    )
