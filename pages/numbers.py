"""Numbers as people read them, each with its unit."""

from __future__ import annotations

from decimal import Decimal

SIZES = ("B", "kB", "MB", "GB", "TB")
MINUTE, HOUR, DAY = 60, 3600, 86_400
# Minus, not hyphen: it is as wide as a plus.
MINUS = "\N{MINUS SIGN}"


def number(value: int | float | Decimal) -> str:
    """All digits, thousands separated."""
    return f"{value:,}".replace("-", MINUS)


def percent(share: float) -> str:
    """A share from 0 to 1; one that is not whole never reads as 0 % or 100 %."""
    if share not in (0, 1) and round(share, 3) in (0, 1):
        return "< 0.1 %" if share < 0.5 else "> 99.9 %"
    return f"{100 * share:.1f} %".replace(".0 %", " %").replace("-", MINUS)


def size(byte_count: float) -> str:
    """Bytes in units of a thousand, as Athena bills them."""
    unit = 0
    while byte_count >= 1000 and unit < len(SIZES) - 1:
        byte_count, unit = byte_count / 1000, unit + 1
    return f"{byte_count:,.0f} {SIZES[unit]}" if unit == 0 or byte_count >= 100 else f"{byte_count:.1f} {SIZES[unit]}"


def duration(seconds: float) -> str:
    """The two largest units of a time span."""
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, smaller, name, smaller_name in (
        (DAY, HOUR, "d", "h"),
        (HOUR, MINUTE, "h", "min"),
        (MINUTE, 1, "min", "s"),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit:,} {name}" + (f" {rest} {smaller_name}" if rest else "")
    raise AssertionError("unreachable: a span below a minute was returned above")
