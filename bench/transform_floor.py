"""`python -m bench.transform_floor RAW OUT`: the same work by hand, in one SQL statement of DuckDB: the floor.

It knows the shop's events and no contracts, refuses without saying why, and compares with no stored rows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

from jobs.process_events.cleaning import BLANKS, FORMS, IPV4, key_of

SQL = Path(__file__).with_name("transform_floor.sql")


def main(raw: str, out: str) -> None:
    engine = duckdb.connect()
    engine.execute("SET threads = 2; SET memory_limit = '2GB'; SET TimeZone = 'UTC'")
    inner, outer = key_of("pepper")
    values = {
        "blanks": BLANKS,
        "ipv4": f"^{IPV4}$",
        "ipv6": f"^(?:{'|'.join(FORMS)})$",
        "inner_key": inner,
        "outer_key": outer,
    }
    for name, value in values.items():
        engine.execute(
            f"SET VARIABLE {name} = $value", {"value": bytes(value) if isinstance(value, bytearray) else value}
        )
    engine.execute(SQL.read_text().replace("{raw}", raw).replace("{out}", out))
    counted = f"SELECT event_type, count(*) FROM read_parquet('{out}/**/*.parquet') GROUP BY ALL ORDER BY ALL"
    print(json.dumps(dict(engine.execute(counted).fetchall())))


if __name__ == "__main__":
    main(*sys.argv[1:])
