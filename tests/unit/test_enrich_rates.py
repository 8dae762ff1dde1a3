"""Reporting currency: one rate a currency and day, the last earlier one where a day has none, never a later one."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pyarrow as pa
import pytest

from contracts.contract import load_contracts, storable_contract
from contracts.errors import PipelineError
from enrichment.rates import checked_rates, rate_on, reporting_of
from lake.columns import REPORTING

CONTRACTS = load_contracts()
FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 3, day) for day in (6, 7, 8, 9))
QUOTED = [
    (FRIDAY, "USD", 1.25), (FRIDAY, "GBP", 0.8), (FRIDAY, "JPY", 160.0), (MONDAY, "USD", 1.2), (MONDAY, "JPY", 161.5),
]  # fmt: skip


def table(*quoted, base="EUR"):
    return pa.Table.from_pylist(
        [{"rate_date": day, "base": base, "currency": currency, "rate": rate} for day, currency, rate in quoted]
    )


RATES = checked_rates("rates", table(*QUOTED), "EUR")


def sales(day, *amounts, event_type="purchase", field="total", digits=2):
    data = pa.struct([(field, pa.decimal128(18, digits)), ("currency", pa.string())])
    at = datetime(day.year, day.month, day.day, 23, 59, 59, 999999, tzinfo=UTC)
    rows = [{field: amount and Decimal(amount), "currency": currency} for amount, currency in amounts]
    times = pa.array(len(rows) * [at], pa.timestamp("us", "UTC"))
    return pa.table({"event_time": times, event_type: pa.array(rows, data)})


def test_an_amount_is_multiplied_by_the_rate_of_its_day_and_rounded_half_to_even():
    found = reporting_of(sales(FRIDAY, ("10.00", "USD"), ("0.05", "GBP"), ("0.25", "GBP")), CONTRACTS, RATES)
    assert found.values.to_pylist()[0] == {
        "amount": Decimal("8.00"),
        "currency": "EUR",
        "rate": Decimal("0.800000000000"),
        "rate_date": FRIDAY,
        "is_earlier_rate": False,
    }
    # 0.05 * 1.25 = 0.0625, 0.25 * 1.25 = 0.3125
    assert [str(row["amount"]) for row in found.values.to_pylist()] == ["8.00", "0.06", "0.31"]
    halves = checked_rates("rates", table((FRIDAY, "XTS", 2.0)), "EUR")
    odd = reporting_of(sales(FRIDAY, ("0.05", "XTS"), ("0.15", "XTS"), ("-0.05", "XTS")), CONTRACTS, halves)
    assert [str(row["amount"]) for row in odd.values.to_pylist()] == ["0.02", "0.08", "-0.02"]


@pytest.mark.parametrize("day", [SATURDAY, SUNDAY])
def test_a_missing_day_takes_the_last_earlier_rate_and_says_so(day):
    (row,) = reporting_of(sales(day, ("10.00", "USD")), CONTRACTS, RATES).values.to_pylist()
    assert (row["amount"], row["rate_date"], row["is_earlier_rate"]) == (Decimal("8.00"), FRIDAY, True)


def test_the_reporting_currency_itself_needs_no_rate():
    (row,) = reporting_of(sales(date(1999, 1, 1), ("10.00", "EUR")), CONTRACTS, RATES).values.to_pylist()
    assert (row["rate"], row["rate_date"], row["is_earlier_rate"]) == (Decimal(1), date(1999, 1, 1), False)


def test_two_currencies_meet_over_the_base_and_the_older_day_is_told():
    pounds = checked_rates("rates", table(*QUOTED), "GBP")
    rate, day, _ = rate_on(pounds, "USD", MONDAY)
    assert (rate, day) == (Decimal("0.666666666667"), FRIDAY)
    assert rate_on(pounds, "EUR", MONDAY)[:2] == (Decimal("0.8"), FRIDAY)


def test_what_cannot_be_converted_is_null_with_a_reason():
    amounts = [("1.00", "XXX"), ("1.00", ""), ("1.00", None), ("1.00", "usd"), (None, "XXX"), ("1.00", "USD")]
    found = reporting_of(sales(FRIDAY - timedelta(days=1), *amounts), CONTRACTS, RATES)
    assert found.values.to_pylist() == 6 * [None]
    assert found.misses == {"unknown_currency": 4, "no_rate_yet": 1}


def test_a_rate_that_no_decimal_holds_is_a_reason_and_not_an_error():
    extreme = checked_rates("rates", table((FRIDAY, "XBT", 1e-8), (FRIDAY, "XTS", 1e13)), "EUR")
    found = reporting_of(sales(FRIDAY, ("1.00", "XBT"), ("1.00", "XTS"), ("1.00", "EUR")), CONTRACTS, extreme)
    assert [row and str(row["amount"]) for row in found.values.to_pylist()] == [None, None, "1.00"]
    assert found.misses == {"rate_out_of_range": 2}


def test_the_largest_amount_times_the_largest_rate_keeps_every_digit():
    large = checked_rates("rates", table((FRIDAY, "XTS", 0.0000002)), "EUR")
    found = reporting_of(sales(FRIDAY, ("9999999999999999.99", "XTS")), CONTRACTS, large)
    assert found.values.to_pylist()[0]["amount"] == Decimal("49999999999999999950000.00")


def test_amounts_of_other_scales_are_converted_too():
    money = {"type": "number", "x-decimal": {"precision": 18, "scale": 4}, "x-currency": "code"}
    fields = {"fee": money, "code": {"type": "string", "maxLength": 3}}
    document = {"$id": "urn:tributary:contract:fine:1-0-0", "type": "object", "additionalProperties": False}
    contracts = {"fine": storable_contract("fine.json", json.dumps(document | {"properties": fields}))}
    events = sales(FRIDAY, ("1.2345", "USD"), event_type="fine", field="fee", digits=4).select(["event_time", "fine"])
    data = pa.array(
        [{"fee": Decimal("1.2345"), "code": "USD"}], pa.struct([("fee", pa.decimal128(18, 4)), ("code", "string")])
    )
    found = reporting_of(events.set_column(1, "fine", data), contracts, RATES)
    assert found.values.to_pylist()[0]["amount"] == Decimal("0.99")


def test_conversion_agrees_with_a_loop_over_rows():
    chance = random.Random(3)
    days = [FRIDAY + timedelta(days=n) for n in range(6)]
    amounts = [
        (f"{chance.randrange(-(10**9), 10**9) / 100:.2f}", chance.choice(["USD", "GBP", "JPY"])) for _ in range(600)
    ]
    events = pa.concat_tables([sales(day, *amounts[n::6]) for n, day in enumerate(days)])
    expected = []
    for n, day in enumerate(days):
        for amount, currency in amounts[n::6]:
            quoted = max((d, r) for d, c, r in QUOTED if c == currency and d <= day)[1]
            rate = (1 / Decimal(str(quoted))).quantize(Decimal("1e-12"), ROUND_HALF_EVEN)
            expected.append((Decimal(amount) * rate).quantize(Decimal("0.01"), ROUND_HALF_EVEN))
    found = reporting_of(events, CONTRACTS, RATES)
    assert [row["amount"] for row in found.values.to_pylist()] == expected and not found.misses


@pytest.mark.parametrize("count", [0, 1])
def test_few_rows_have_the_type_of_many(count):
    found = reporting_of(sales(FRIDAY, *count * [("1.00", "USD")]), CONTRACTS, RATES)
    assert len(found.values) == count and found.values.type == REPORTING


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (table(*QUOTED).slice(0, 0), "has no rows; expected at least one."),
        (
            table(*QUOTED).drop_columns(["base"]),
            "has no column base; expected the columns rate_date, base, currency, rate.",
        ),
        (table((FRIDAY, "USD", "much")), "has a column of another type"),
        (
            table((FRIDAY, "USD", 0.0)),
            "has 0 nulls, 1 rates that are not above zero, and 0 rows for a day that has one;",
        ),
        (table((FRIDAY, "USD", float("nan"))), "has 0 nulls, 1 rates that are not above zero"),
        (
            table((FRIDAY, "USD", float("inf")), (FRIDAY, "USD", -1.0)),
            "has 0 nulls, 2 rates that are not above zero, and 1 rows",
        ),
        (table((FRIDAY, None, 1.0), (None, "USD", 1.0)), "has 2 nulls, 0 rates"),
        (
            pa.concat_tables([table((FRIDAY, "USD", 1.0)), table((FRIDAY, "GBP", 1.0), base="CHF")]),
            "has the bases CHF, EUR",
        ),
        (table((FRIDAY, "USD", 1.0), base="CHF"), "has no rates of EUR; expected rates of the currency that"),
    ],
)
def test_a_table_that_would_make_wrong_sums_is_refused(given, complaint):
    with pytest.raises(PipelineError) as refused:
        checked_rates("s3://r/rates.parquet", given, "EUR")
    assert str(refused.value).startswith(f"rates s3://r/rates.parquet {complaint}")
    assert str(refused.value).endswith("Upload a sound file and run the batch again.")


def test_rates_may_be_decimals_and_days_may_be_times():
    given = pa.table(
        {
            "rate_date": pa.array([datetime(2026, 3, 6)], pa.timestamp("s")),
            "base": ["EUR"],
            "currency": pa.array(["USD"]).dictionary_encode(),
            "rate": pa.array([Decimal("1.25")], pa.decimal128(10, 4)),
        }
    )
    assert rate_on(checked_rates("rates", given, "EUR"), "USD", FRIDAY) == (Decimal("0.8"), FRIDAY, None)
