"""The same enrichment as one hand-written Polars query, and as it is commonly written with pandas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import maxminddb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import ua_parser

from enrichment.channels import channel_of_campaign, channel_of_referrer

EVER = datetime(1970, 1, 1, tzinfo=UTC)
HOST = r"^[a-z]+://([^/:]+)"


@dataclass(frozen=True)
class Files:
    """A folder with what goes in and what comes out."""

    folder: Path

    @property
    def staged(self) -> Path:
        return self.folder / "staged.parquet"

    @property
    def customers(self) -> Path:
        return self.folder / "customers.parquet"

    @property
    def products(self) -> Path:
        return self.folder / "products.parquet"

    @property
    def rates(self) -> Path:
        return self.folder / "rates.parquet"

    @property
    def places(self) -> Path:
        return self.folder / "city.mmdb"

    @property
    def out(self) -> Path:
        return self.folder / "out.parquet"

    def write(self, staged: pa.Table, customers: pa.Table, products: pa.Table, rates: pa.Table, places: bytes) -> None:
        """Put what goes in there."""
        pq.write_table(staged, self.staged, compression="zstd", row_group_size=100_000)
        for path, table in ((self.customers, customers), (self.products, products), (self.rates, rates)):
            pq.write_table(table, path, compression="zstd")
        self.places.write_bytes(places)


def place(places: maxminddb.Reader, network: str) -> tuple[str | None, str | None]:
    """Country and city of the network's first address."""
    record = places.get(network) or {}
    return record.get("country", {}).get("iso_code"), record.get("city", {}).get("names", {}).get("en")


def families(text: str) -> tuple[str | None, ...]:
    """Browser, operating system and device."""
    found = ua_parser.parse(text)
    return tuple(part and part.family for part in (found.user_agent, found.os, found.device))


def channel(source: str | None, medium: str | None, host: str | None, own_host: str | None) -> str | None:
    """By the task's own rules, which are not what is compared."""
    if source or medium:
        return channel_of_campaign(source or "", medium or "")
    return channel_of_referrer(host or "", own_host or "")


def polars_query(files: Files) -> Callable[[], None]:
    """Joins as of the event's time; user agents, networks and channels by distinct value, joined like a table."""

    def work() -> None:
        events = pl.scan_parquet(files.staged).with_columns(
            pl.col("visit").struct.field("referrer").str.extract(HOST).alias("host"),
            pl.col("visit").struct.field("url").str.extract(HOST).alias("own_host"),
            *(pl.col("visit").struct.field(n).alias(f"_{n}") for n in ("user_id", "product_id", "ip", "user_agent")),
            *(
                pl.col("visit").struct.field(n).alias(f"_{n}")
                for n in ("utm_source", "utm_medium", "total", "currency")
            ),
        )
        made = events.join_asof(
            _versions(files.customers, "customer", "customer_id"), left_on="event_time", right_on="since",
            by_left="_user_id", by_right="key", check_sortedness=False,
        ).join_asof(
            _versions(files.products, "product", "product_id"), left_on="event_time", right_on="since",
            by_left="_product_id", by_right="key", check_sortedness=False,
        )  # fmt: skip
        made = made.join(_geo(events, files), on="_ip", how="left").join(_clients(events), on="_user_agent", how="left")
        keys = ["_utm_source", "_utm_medium", "host", "own_host"]
        made = made.join(_channels(events, keys), on=keys, how="left", nulls_equal=True)
        made = _with_amounts(made, files)
        columns = ["customer", "products", "geo", "client", "reporting", "marketing_channel"]
        first = [name for name in pq.read_schema(files.staged).names if name != "visit"]
        day = pl.col("event_time").dt.date().alias("event_date")
        made.select(*first, pl.lit("visit").alias("event_type"), day, *columns, "visit").sink_parquet(
            files.out, compression="zstd", row_group_size=100_000
        )

    return work


def _versions(path: Path, name: str, key: str) -> pl.LazyFrame:
    entry = pl.struct(pl.all().exclude("valid_from")).alias(name)
    since = pl.col("valid_from").fill_null(EVER).alias("since")
    return pl.scan_parquet(path).select(pl.col(key).alias("key"), since, entry).sort("since")


def _geo(events: pl.LazyFrame, files: Files) -> pl.LazyFrame:
    networks = events.select(pl.col("_ip").unique()).collect()["_ip"].drop_nulls().to_list()
    with maxminddb.open_database(files.places) as places:
        found = [place(places, network) for network in networks]
    return pl.LazyFrame({"_ip": networks, "country": [c for c, _ in found], "city": [c for _, c in found]}).select(
        "_ip", pl.struct("country", "city").alias("geo")
    )


def _clients(events: pl.LazyFrame) -> pl.LazyFrame:
    texts = events.select(pl.col("_user_agent").unique()).collect()["_user_agent"].drop_nulls().to_list()
    names = ("browser_family", "os_family", "device_family")
    columns = dict(zip(names, zip(*map(families, texts), strict=True), strict=True))
    return pl.LazyFrame({"_user_agent": texts, **columns}).select("_user_agent", pl.struct(*names).alias("client"))


def _channels(events: pl.LazyFrame, keys: list[str]) -> pl.LazyFrame:
    combinations = events.select(keys).unique().collect()
    judged = [channel(*row) for row in combinations.rows()]
    return combinations.lazy().with_columns(pl.Series("marketing_channel", judged, pl.String))


def _with_amounts(events: pl.LazyFrame, files: Files) -> pl.LazyFrame:
    quoted = pl.scan_parquet(files.rates).select(
        pl.col("rate_date").alias("quoted"),
        "rate_date",
        pl.col("currency").alias("code"),
        (1 / pl.col("rate")).alias("rate"),
    )
    is_base = pl.col("_currency") == "EUR"
    day = pl.col("event_time").dt.date()
    rate = pl.when(is_base).then(1.0).otherwise(pl.col("rate"))
    reporting = pl.struct(
        (pl.col("_total").cast(pl.Float64) * rate).round(2).cast(pl.Decimal(38, 2)).alias("amount"),
        pl.lit("EUR").alias("currency"),
        rate.cast(pl.Decimal(19, 12)).alias("rate"),
        pl.when(is_base).then(day).otherwise(pl.col("rate_date")).alias("rate_date"),
        (pl.col("rate_date") < day).alias("is_earlier_rate"),
    )
    return (
        events.with_columns(day.alias("day"))
        .join_asof(
            quoted.sort("quoted"), left_on="day", right_on="quoted", by_left="_currency", by_right="code",
            check_sortedness=False,
        )
        .with_columns(reporting.alias("reporting"), pl.concat_list("product").alias("products"))
    )  # fmt: skip


def naive_pandas(files: Files) -> Callable[[], None]:
    """Merges, and a function applied to every row."""

    def work() -> None:
        table = pq.read_table(files.staged)
        events = table.drop_columns(["visit"]).to_pandas()
        events = events.join(pd.DataFrame(table["visit"].to_pylist()))
        events = _merged(events, files.customers, "user_id", "customer_id", ["segment", "home_country", "signed_up_on"])
        events = _merged(events, files.products, "product_id", "product_id", ["name", "category", "brand"])
        with maxminddb.open_database(files.places) as places:
            found = events["ip"].apply(lambda network: place(places, network))
        events["country"], events["city"] = found.str[0], found.str[1]
        found = events["user_agent"].apply(families)
        events["browser"], events["os"], events["device"] = found.str[0], found.str[1], found.str[2]
        hosts = [events[name].str.extract(HOST, expand=False) for name in ("referrer", "url")]
        events["host"], events["own_host"] = (column.astype(object).where(column.notna(), None) for column in hosts)
        judged = ["utm_source", "utm_medium", "host", "own_host"]
        events["marketing_channel"] = events[judged].apply(lambda row: channel(*row), axis=1)
        _nested(_with_rates(events, files)).to_parquet(files.out, compression="zstd")

    return work


def _merged(events: pd.DataFrame, path: Path, left: str, right: str, columns: list[str]) -> pd.DataFrame:
    entries = pd.read_parquet(path)
    entries["since"] = entries["valid_from"].fillna(pd.Timestamp(EVER))
    entries = entries[[right, "since", *columns]].rename(columns={right: "key"}).sort_values("since")
    events["event_time"] = events["event_time"].astype(entries["since"].dtype)
    return pd.merge_asof(events, entries, left_on="event_time", right_on="since", left_by=left, right_by="key").drop(
        columns=["since", "key"]
    )


def _with_rates(events: pd.DataFrame, files: Files) -> pd.DataFrame:
    rates = pd.read_parquet(files.rates)
    rates["quoted"] = pd.to_datetime(rates["rate_date"], utc=True).astype(events["event_time"].dtype)
    rates = rates[["quoted", "currency", "rate"]].sort_values("quoted")
    events = pd.merge_asof(events, rates, left_on="event_time", right_on="quoted", by="currency")
    events.loc[events["currency"] == "EUR", "rate"] = 1.0
    events["amount"] = (events["total"].astype(float) / events["rate"]).round(2)
    return events


def _nested(events: pd.DataFrame) -> pd.DataFrame:
    """The columns under the names by which answers are compared."""
    known = events.astype(object).where(events.notna(), None)
    events["customer"] = [{"segment": segment} for segment in known["segment"]]
    events["products"] = [{"category": category} for category in known["category"]]
    events["geo"] = [{"country": a, "city": b} for a, b in zip(known["country"], known["city"], strict=True)]
    parts = zip(known["browser"], known["os"], known["device"], strict=True)
    events["client"] = [{"browser_family": a, "os_family": b, "device_family": c} for a, b, c in parts]
    events["reporting"] = [{"amount": amount} for amount in known["amount"]]
    return events
