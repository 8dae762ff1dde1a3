"""Events of an online shop as NDJSON CloudEvents: the same arguments give the same bytes on every machine.

Only `random()` and `getrandbits()` are drawn from, whose sequences Python keeps between versions; weights are integers.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate
from random import Random

from cli.shop.faults import BREAK, SHARES
from cli.shop.world import PRODUCTS, SHOPPERS, Product, Shopper, address, mixed, product, shopper
from lake.positions import utc_text
from lake.rejects import Reason

EVENT, LATE, DUPLICATE = "event", "late", "duplicate"
BROKEN_SHARE, DUPLICATE_SHARE, LATE_SHARE = 0.02, 0.01, 0.03
DAY_MS = 86_400_000
SESSION_MS = 1_800_000
# Where `data` names who acted: not always who was drawn, since a refund is the buyer's.
USER_ID = slice(len('{"user_id":"'), len('{"user_id":"u0000000'))
TYPES = ("page_view", "add_to_cart", "purchase", "refund", "sign_up")
TYPE_SHARES = list(accumulate((62, 20, 10, 2, 6)))
FAULTS, FAULT_SHARES = list(SHARES), list(accumulate(SHARES.values()))
SOURCES = ("/shop/web", "/shop/web", "/shop/ios", "/shop/android")
# Phones send their own clock's offset.
OFFSET_HOURS = {"/shop/web": 0, "/shop/ios": 1, "/shop/android": -5}
REFERRERS = ("null", '"https://www.google.com/"', '"https://shop.example.com/"', '"https://t.co/x9"')
CAMPAIGNS = (
    '{"source":"google","medium":"cpc","campaign":"spring_sale"}',
    '{"source":"newsletter","medium":"email","campaign":"été-2026"}',
    '{"source":"tiktok","medium":"social","campaign":"launch 🚀"}',
)
PAYMENT_METHODS = ("card", "card", "paypal", "klarna", "apple_pay", "bank_transfer")
REFUND_REASONS = ("damaged", "wrong_item", "late", "changed_mind", "other")
COMMENTS = ("null", '"Größe falsch 😞"', '"arrived \\"broken\\""', '"遅い"')
PLANS = ("free", "free", "plus", "pro")
COUPONS = ("null", "null", "null", '"WELCOME10"', '"ÉTÉ26"')
SHIPPING_CENTS = (0, 499, 999)
TAX_PERCENT = 19
USER_AGENTS = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 Safari/537.36"
    for version in range(120, 146)
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "Linux; Android 14; Pixel 8")
)


def shop_lines(events: int, seed: int, start: datetime) -> Iterator[tuple[str, bytes]]:
    """`events` lines in order of sending, spread over the day after `start`, each with what it is.

    That is event, late (one to three days), duplicate (an earlier line again), or the reason it will be refused for.
    """
    # Other arguments give other ids: one id must not stand for two events.
    rng = Random(f"tributary shop {seed} {events} {utc_text(start)}")
    shop = Shop(rng, start)
    earlier: deque[bytes] = deque(maxlen=2000)
    for number in range(events):
        chance = rng.random()
        if chance < DUPLICATE_SHARE and earlier:
            yield DUPLICATE, earlier[int(rng.random() * len(earlier))]
        elif chance > 1 - BROKEN_SHARE:
            yield shop.broken(number, events)
        else:
            kind, line = shop.sound(number, events)
            earlier.append(line)
            yield kind, line


class Shop:
    """People, products and open orders, and the events they make."""

    def __init__(self, rng: Random, start: datetime) -> None:
        self._rng = rng
        self._start = start.replace(tzinfo=None)
        self._shoppers = [shopper(n) for n in range(SHOPPERS)]
        self._products = [product(n) for n in range(PRODUCTS)]
        self._shopper_ranks = _zipf(SHOPPERS)
        self._product_ranks = _zipf(PRODUCTS)
        self._orders: deque[tuple[Shopper, str, Product, int]] = deque(maxlen=500)
        self._makers = dict(
            zip(TYPES, (self._page_view, self._add_to_cart, self._purchase, self._refund, self._sign_up), strict=True)
        )

    def sound(self, number: int, events: int) -> tuple[str, bytes]:
        """An event that becomes a row."""
        at = self._clock(number, events)
        is_late = self._rng.random() < LATE_SHARE
        if is_late:
            at -= DAY_MS + int(self._rng.random() * 2 * DAY_MS)
        return LATE if is_late else EVENT, self._event(self._drawn(TYPES, TYPE_SHARES), at).encode()

    def broken(self, number: int, events: int) -> tuple[str, bytes]:
        """An event that is refused, and the reason."""
        at = self._clock(number, events)
        reason = self._drawn(FAULTS, FAULT_SHARES)
        if reason is Reason.TOTAL_MISMATCH:
            return reason.value, self._event("purchase", at, wrong_cents=1 + int(self._rng.random() * 500)).encode()
        return reason.value, BREAK[reason](self._rng, self._event(self._drawn(TYPES, TYPE_SHARES), at))

    def _clock(self, number: int, events: int) -> int:
        """Milliseconds after the start: evenly spread, somewhere in the event's own slot."""
        low, high = number * DAY_MS // events, (number + 1) * DAY_MS // events
        return low + int(self._rng.random() * (high - low))

    def _event(self, event_type: str, at: int, **options: int) -> str:
        who = self._ranked(self._shoppers, self._shopper_ranks)
        source = self._of(SOURCES)
        session = f"s-{mixed(int(who.user_id[1:]), at // SESSION_MS):08x}"
        data = self._makers[event_type](who, session, **options)
        acted = data[USER_ID]
        h = f"{self._rng.getrandbits(128):032x}"
        return (
            f'{{"specversion":"1.0","id":"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}","source":"{source}",'
            f'"type":"{event_type}","time":"{self._time(at, OFFSET_HOURS[source])}","subject":"user/{acted}",'
            f'"datacontenttype":"application/json","data":{data}}}'
        )

    def _time(self, at: int, offset_hours: int) -> str:
        text = (self._start + timedelta(hours=offset_hours, milliseconds=at)).isoformat(timespec="milliseconds")
        return f"{text}{offset_hours:+03d}:00" if offset_hours else f"{text}Z"

    def _page_view(self, who: Shopper, session: str) -> str:
        utm = f'"utm":{self._of(CAMPAIGNS)},' if self._rng.random() < 0.3 else ""
        ip = address(int(session[2:], 16))
        quoted_ip = f'"{ip}"' if ip else "null"
        return (
            f'{{"user_id":"{who.user_id}","session_id":"{session}",{self._page()},{utm}'
            f'"duration_ms":{50 + int(self._rng.random() * 180_000)},"user_agent":"{self._of(USER_AGENTS)}",'
            f'"ip":{quoted_ip}}}'
        )

    def _page(self) -> str:
        site, referrer = "https://shop.example.com", self._of(REFERRERS)
        if self._rng.random() < 0.25:
            return f'"product_id":null,"page":{{"url":"{site}/","title":"Été · Start","referrer":{referrer}}}'
        seen = self._ranked(self._products, self._product_ranks)
        title, url = _quoted(seen.name), f"{site}/p/{seen.product_id}"
        return f'"product_id":"{seen.product_id}","page":{{"url":"{url}","title":{title},"referrer":{referrer}}}'

    def _add_to_cart(self, who: Shopper, session: str) -> str:
        added = self._ranked(self._products, self._product_ranks)
        return (
            f'{{"user_id":"{who.user_id}","session_id":"{session}","cart_id":"c-{session[2:]}",'
            f'"product_id":"{added.product_id}","quantity":{1 + int(self._rng.random() * 3)},'
            f'"unit_price":{_money(added.price_cents)},"currency":"{who.currency}"}}'
        )

    def _purchase(self, who: Shopper, session: str, wrong_cents: int = 0) -> str:
        order_id, lines, subtotal = f"o-{self._rng.getrandbits(48):012x}", [], 0
        for _ in range(1 + int(self._rng.random() * self._rng.random() * 5)):
            line, cents = self._order_line(who, order_id)
            lines.append(line)
            subtotal += cents
        shipping, tax = self._of(SHIPPING_CENTS), subtotal * TAX_PERCENT // 100
        total = subtotal + shipping + tax + wrong_cents
        return (
            f'{{"user_id":"{who.user_id}","session_id":"{session}","order_id":"{order_id}","items":[{",".join(lines)}],'
            f'"shipping":{_money(shipping)},"tax":{_money(tax)},"total":{_money(total)},'
            f'"currency":"{who.currency}","payment_method":"{self._of(PAYMENT_METHODS)}","coupon":{self._of(COUPONS)}}}'
        )

    def _order_line(self, who: Shopper, order_id: str) -> tuple[str, int]:
        bought, quantity = self._ranked(self._products, self._product_ranks), 1 + int(self._rng.random() * 3)
        cents = quantity * bought.price_cents
        self._orders.append((who, order_id, bought, cents))
        line = (
            f'{{"product_id":"{bought.product_id}","name":{_quoted(bought.name)},'
            f'"quantity":{quantity},"unit_price":{_money(bought.price_cents)},"line_total":{_money(cents)}}}'
        )
        return line, cents

    def _refund(self, who: Shopper, session: str) -> str:
        # Of an order of today where there is one; else of one before the day began.
        unknown = (who, f"o-{self._rng.getrandbits(48):012x}", self._products[0], self._products[0].price_cents)
        buyer, order_id, bought, cents = self._of(self._orders) if self._orders else unknown
        return (
            f'{{"user_id":"{buyer.user_id}","refund_id":"r-{self._rng.getrandbits(48):012x}","order_id":"{order_id}",'
            f'"product_id":"{bought.product_id}","amount":{_money(cents)},"currency":"{buyer.currency}",'
            f'"reason":"{self._of(REFUND_REASONS)}","comment":{self._of(COMMENTS)}}}'
        )

    def _sign_up(self, who: Shopper, session: str) -> str:
        consent = "true" if self._rng.random() < 0.4 else "false"
        code = f'"REF{int(self._rng.random() * 1000):03d}"' if self._rng.random() < 0.2 else "null"
        return (
            f'{{"user_id":"{who.user_id}","name":{_quoted(who.name)},"email":"{who.email}",'
            f'"country":"{who.country}","plan":"{self._of(PLANS)}","has_marketing_consent":{consent},'
            f'"referral_code":{code}}}'
        )

    def _of(self, options):
        return options[int(self._rng.random() * len(options))]

    def _drawn(self, options, shares: list[int]):
        return options[bisect(shares, int(self._rng.random() * shares[-1]))]

    def _ranked(self, options: list, ranks: list[int]):
        """Few are chosen often, many seldom; who is popular has nothing to do with the number."""
        return options[bisect(ranks, int(self._rng.random() * ranks[-1])) * 7919 % len(options)]


def _zipf(size: int) -> list[int]:
    return list(accumulate(10**9 // rank for rank in range(1, size + 1)))


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@cache
def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
