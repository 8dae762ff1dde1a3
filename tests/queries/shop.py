"""Literal rows of the table `events`: what a customer of the shop did at a time."""

import datetime as dt
from decimal import Decimal


def event(event_type, event_id, at, data, arrival_seconds=0, **columns):
    """A row; `at` is UTC such as `2026-03-02 10:00:00`, and it arrived `arrival_seconds` later."""
    event_time = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)
    common = {"event_id": event_id, "source": "/shop/web", "event_type": event_type, "ingest_position": event_id}
    times = {"event_time": event_time, "event_date": event_time.date()}
    arrival = {
        "arrival_time": event_time + dt.timedelta(seconds=arrival_seconds),
        "lateness_seconds": int(arrival_seconds),
    }
    return {**common, **times, **arrival, "is_late": False, "batch_id": "b-1", event_type: data, **columns}


def page_view(event_id, at, user="u-1", session="s-1", product=None, channel="direct", **columns):
    data = {"user_id": user, "session_id": session, "product_id": product}
    return event("page_view", event_id, at, data, marketing_channel=channel, **columns)


def add_to_cart(event_id, at, user="u-1", session="s-1", product="p-1", **columns):
    data = {"user_id": user, "session_id": session, "product_id": product, "quantity": 1}
    return event("add_to_cart", event_id, at, data, **columns)


def purchase(
    event_id, at, user="u-1", session="s-1", order="o-1", lines=(("p-1", 1, "10.00"),), currency="EUR", **columns
):
    """`lines` are product, quantity and line total."""
    items = [{"product_id": p, "name": f"{p} as sold", "quantity": n, "line_total": Decimal(t)} for p, n, t in lines]
    total = sum(item["line_total"] for item in items)
    data = {
        "user_id": user,
        "session_id": session,
        "order_id": order,
        "items": items,
        "total": total,
        "currency": currency,
    }
    return event("purchase", event_id, at, data, **columns)


def refund(event_id, at, amount, user="u-1", order="o-1", product="p-1", currency="EUR", **columns):
    data = {"user_id": user, "order_id": order, "product_id": product, "amount": Decimal(amount), "currency": currency}
    return event("refund", event_id, at, data, **columns)


def sign_up(event_id, at, user="u-1", **columns):
    return event("sign_up", event_id, at, {"user_id": user}, **columns)


def known(**categories):
    """What the product reference says: `known(p_1="kitchen")` are the categories of products."""
    return [
        {"product_id": name.replace("_", "-"), "name": f"Product {name[2:]}", "category": category, "brand": "Acme"}
        for name, category in categories.items()
    ]


def reported(amount, rate="1", currency="EUR"):
    """The amount an event is about in the reporting currency."""
    return {"amount": Decimal(amount), "currency": currency, "rate": Decimal(rate), "is_earlier_rate": False}
