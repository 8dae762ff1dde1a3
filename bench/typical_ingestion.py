"""Ingestion as it is commonly written, for comparison: Powertools with a model a record, and plain JSON Schema."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from contracts.contract import Contract
from contracts.validator import with_storage_bounds

Key = Annotated[str, Field(min_length=1, max_length=64)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Money = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]
Pieces = Annotated[int, Field(ge=1, le=10_000)]


class Strict(BaseModel):
    """A model that refuses what it does not know."""

    model_config = ConfigDict(extra="forbid")


class Page(Strict):
    url: Annotated[str, Field(min_length=1, max_length=2048)]
    title: Annotated[str, Field(max_length=512)]
    referrer: Annotated[str, Field(max_length=2048)] | None = None


class Utm(Strict):
    source: Annotated[str, Field(max_length=128)]
    medium: Annotated[str, Field(max_length=128)]
    campaign: Annotated[str, Field(max_length=128)]


class PageView(BaseModel):
    user_id: Key
    session_id: Key
    product_id: Key | None = None
    page: Page
    utm: Utm | None = None
    duration_ms: Annotated[int, Field(ge=0, le=86_400_000)]
    user_agent: Annotated[str, Field(max_length=1024)]


class AddToCart(Strict):
    user_id: Key
    session_id: Key
    cart_id: Key
    product_id: Key
    quantity: Pieces
    unit_price: Money
    currency: Currency


class Item(Strict):
    product_id: Key
    name: Annotated[str, Field(max_length=256)]
    quantity: Pieces
    unit_price: Money
    line_total: Money


class Purchase(Strict):
    user_id: Key
    session_id: Key
    order_id: Key
    items: Annotated[list[Item], Field(min_length=1, max_length=500)]
    shipping: Money
    tax: Money
    total: Money
    currency: Currency
    payment_method: Literal["apple_pay", "bank_transfer", "card", "klarna", "paypal"]
    coupon: Annotated[str, Field(max_length=64)] | None = None


class Refund(Strict):
    user_id: Key
    refund_id: Key
    order_id: Key
    product_id: Key
    amount: Money
    currency: Currency
    reason: Literal["changed_mind", "damaged", "late", "other", "wrong_item"]
    comment: Annotated[str, Field(max_length=2048)] | None = None


class SignUp(Strict):
    user_id: Key
    name: Annotated[str, Field(min_length=1, max_length=256)]
    email: Annotated[str, Field(min_length=3, max_length=320)]
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    plan: Literal["free", "plus", "pro"]
    has_marketing_consent: bool
    referral_code: Annotated[str, Field(max_length=64)] | None = None


class CloudEvent(BaseModel):
    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    time: datetime
    subject: str | None = None
    datacontenttype: str | None = None


class PageViewed(CloudEvent):
    type: Literal["page_view"]
    data: PageView


class AddedToCart(CloudEvent):
    type: Literal["add_to_cart"]
    data: AddToCart


class Purchased(CloudEvent):
    type: Literal["purchase"]
    data: Purchase


class Refunded(CloudEvent):
    type: Literal["refund"]
    data: Refund


class SignedUp(CloudEvent):
    type: Literal["sign_up"]
    data: SignUp


ShopEvent = Annotated[PageViewed | AddedToCart | Purchased | Refunded | SignedUp, Field(discriminator="type")]


def powertools_and_pydantic(event: dict) -> Callable[[], bytes]:
    """The batch utility with one model a record; failed records are reported, good ones compressed."""
    model, processor = TypeAdapter(ShopEvent), BatchProcessor(event_type=EventType.KinesisDataStreams)

    def run() -> bytes:
        good: list[str] = []

        def record_handler(record) -> None:
            found = record.kinesis.data_as_json()
            model.validate_python(found)
            good.append(json.dumps(found))

        process_partial_response(event=event, record_handler=record_handler, processor=processor, context=None)
        return gzip.compress("\n".join(good).encode())

    return run


def json_and_jsonschema(event: dict, contracts: dict[str, Contract], payloads: Callable) -> Callable[[], bytes]:
    """The standard library's json and compiled JSON Schemas."""
    validators = {name: Draft202012Validator(with_storage_bounds(c.document)) for name, c in contracts.items()}

    def run() -> bytes:
        good, bad = [], []
        for payload, _ in payloads(event):
            try:
                found = json.loads(payload)
                validators[found["type"]].validate(found["data"])
                good.append(json.dumps(found))
            except Exception as error:
                bad.append(str(error))
        return gzip.compress("\n".join(good).encode())

    return run
