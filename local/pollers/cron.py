"""AWS's cron expressions: minutes hours day-of-month month day-of-week year. Pure.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
"""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MONTHS = {name.upper(): index for index, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
YEARS_AHEAD = 9  # a 29 February may be eight years away


@dataclass(frozen=True)
class Cron:
    """The minutes, hours, months and years that match, and the two day fields as written."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]


def parse_cron(fields: str) -> Cron:
    """The expression inside `cron(...)`; ValueError says which field is wrong."""
    parts = fields.upper().split()
    if len(parts) != 6:
        raise ValueError(f"cron({fields}) has {len(parts)} fields; expected 6: {__doc__.splitlines()[0]}")
    minutes, hours, day, month, weekday, year = parts
    if (day == "?") == (weekday == "?"):
        raise ValueError(f"cron({fields}): exactly one of day-of-month and day-of-week must be ?")
    cron = Cron(
        _values(minutes, 0, 59), _values(hours, 0, 23), day, _values(month, 1, 12, MONTHS), weekday,
        _values(year, 1970, 2199),
    )  # fmt: skip
    _matches_day(cron, date(2024, 1, 1))
    return cron


def next_match(cron: Cron, after: datetime) -> datetime | None:
    """The first matching minute later than `after` (both naive, in the schedule's own time zone)."""
    start = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    day, last = start.date(), date(start.year + YEARS_AHEAD, 1, 1)
    while day < last:
        if day.year in cron.years and day.month in cron.months and _matches_day(cron, day):
            earliest = start if day == start.date() else datetime.combine(day, datetime.min.time())
            if found := _first_time(cron, earliest):
                return found
        day += timedelta(days=1)
    return None


def _first_time(cron: Cron, earliest: datetime) -> datetime | None:
    times = ((hour, minute) for hour in sorted(cron.hours) for minute in sorted(cron.minutes))
    found = next((time for time in times if time >= (earliest.hour, earliest.minute)), None)
    return earliest.replace(hour=found[0], minute=found[1]) if found else None


def _matches_day(cron: Cron, day: date) -> bool:
    if cron.day_of_week == "?":
        return any(_is_day_of_month(part, day) for part in cron.day_of_month.split(","))
    return any(_is_weekday(part, day) for part in cron.day_of_week.split(","))


def _is_day_of_month(part: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == last
    if part == "LW":
        return day.day == _nearest_workday(day, last)
    if part.endswith("W"):
        return day.day == _nearest_workday(day, min(int(part[:-1]), last))
    return day.day in _values(part, 1, 31)


def _nearest_workday(day: date, wanted: int) -> int:
    """The workday nearest to a day of the month, without leaving the month."""
    last = calendar.monthrange(day.year, day.month)[1]
    weekday = calendar.weekday(day.year, day.month, wanted)
    if weekday == calendar.SATURDAY:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == calendar.SUNDAY:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _is_weekday(part: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1
    if "#" in part:
        name, nth = part.split("#")
        return weekday in _values(name, 1, 7, WEEKDAYS) and (day.day - 1) // 7 + 1 == int(nth)
    if part == "L":
        return weekday == 7
    if part.endswith("L"):
        is_last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return is_last and weekday in _values(part[:-1], 1, 7, WEEKDAYS)
    return weekday in _values(part, 1, 7, WEEKDAYS)


def _values(field: str, lowest: int, highest: int, names: dict[str, int] | None = None) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        found |= _range(part, lowest, highest, names or {})
    if not found or min(found) < lowest or max(found) > highest:
        raise ValueError(f"cron field {field!r}: expected values from {lowest} to {highest}")
    return frozenset(found)


def _range(part: str, lowest: int, highest: int, names: dict[str, int]) -> set[int]:
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if first == "*":
        start, end = lowest, highest
    else:
        start = _number(first, names)
        end = _number(last, names) if last else highest if step else start
    if start > end:  # FRI-MON, 22-2
        return {*range(start, highest + 1), *range(lowest, end + 1)}
    return set(range(start, end + 1, int(step or 1)))


def _number(text: str, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    if not text.isdigit():
        raise ValueError(f"cron value {text!r}: expected a number{' or a name' if names else ''}")
    return int(text)
