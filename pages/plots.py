"""Plots as inline SVG: small enough for a phone, coloured by the page's variables, so that one serves light and dark.

Matplotlib is needed here only; a page without plots does without.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pages.numbers import number
from pages.svg import inlined

# Colours to draw with, and the variables of page.css that take their place.
INK, SOFT, LINE, PAGE = "#a000f0", "#a000f1", "#a000f2", "#a000f3"
SERIES = tuple(f"#a0000{index}" for index in range(1, 7))
COLOURS = {INK: "ink", SOFT: "soft", LINE: "line", PAGE: "page"} | {c: f"series-{i}" for i, c in enumerate(SERIES, 1)}
WIDTH_INCHES, HEIGHT_INCHES, BAR_INCHES = 3.7, 1.75, 0.27
BARS_AT_MOST, DAY_TICKS = 45, 5
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tributary",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.edgecolor": LINE,
    "axes.titlecolor": SOFT,
    "axes.titlesize": 8,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
}
Days = Mapping[date, float]


def plain(value: float) -> str:
    """A value at an axis: short, with its thousands separated."""
    for size, name in ((1e9, "bn"), (1e6, "M")):
        if abs(value) >= size:
            return f"{value / size:,.1f}".removesuffix(".0") + f" {name}"
    return number(int(value)) if value == int(value) else f"{value:,.3g}"


def by_day(
    name: str,
    label: str,
    series: Sequence[Days],
    unit: str,
    shown: Callable[[float], str] = plain,
    is_line: bool = False,
    at_most: float | None = None,
) -> str:
    """Values by date from zero on: bars on top of each other where they are few, else lines; `label` is for ears."""
    with rc_context(SETTINGS):
        figure, axes = _axes(HEIGHT_INCHES)
        days = sorted(set().union(*series))
        draw = _lines if is_line or len(days) > BARS_AT_MOST else _stacked
        draw(axes, series)
        axes.set_title(unit, loc="left")
        _value_axis(axes, shown, _is_whole(series), at_most)
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        _date_axis(axes, days)
        return _svg(figure, name, label)


def bars(
    name: str,
    label: str,
    values: Sequence[tuple[str, float]],
    unit: str,
    shown: Callable[[float], str] = plain,
    series: int = 1,
) -> str:
    """One bar a name, downwards in the order given, each with its value."""
    with rc_context(SETTINGS):
        figure, axes = _axes(0.35 + BAR_INCHES * max(len(values), 1))
        names, lengths = [_shortened(text) for text, _ in values], [value for _, value in values]
        places = range(len(values))
        axes.barh(places, lengths, color=SERIES[series - 1], height=0.62)
        longest = max([*lengths, 0]) or 1
        for place, value in zip(places, lengths, strict=True):
            axes.text(max(value, 0) + longest * 0.02, place, shown(value), va="center", color=INK)
        axes.set_yticks(places, names, color=INK)
        axes.set_xlim(0, longest * 1.28)
        axes.set_xticks([])
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.spines["bottom"].set_visible(False)
        axes.set_title(unit, loc="left")
        return _svg(figure, name, label)


def _axes(height_inches: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
    figure.patch.set_visible(False)
    axes = figure.add_subplot()
    axes.patch.set_visible(False)
    return figure, axes


def _stacked(axes: Axes, series: Sequence[Days]) -> None:
    ground: dict[date, float] = {}
    for colour, values in zip(SERIES, series, strict=False):
        days = sorted(values)
        bottoms = [ground.get(day, 0) for day in days]
        axes.bar([day.toordinal() for day in days], [values[day] for day in days], 0.8, bottoms, color=colour)
        ground |= {day: ground.get(day, 0) + values[day] for day in days}


def _lines(axes: Axes, series: Sequence[Days]) -> None:
    for colour, values in zip(SERIES, series, strict=False):
        days = sorted(values)
        marker = {"marker": "o", "markersize": 3.5} if len(days) <= BARS_AT_MOST else {}
        heights = [values[day] for day in days]
        axes.plot([day.toordinal() for day in days], heights, color=colour, linewidth=1.6, clip_on=False, **marker)


def _is_whole(series: Sequence[Days]) -> bool:
    return all(value == int(value) for values in series for value in values.values())


def _value_axis(axes: Axes, shown: Callable[[float], str], is_whole: bool, at_most: float | None) -> None:
    """From zero to a tick above the highest value, no higher than values can be."""
    highest = max(axes.get_ylim()[1] / 1.05, 0)
    ticks = MaxNLocator(3, steps=[1, 2, 2.5, 5, 10], integer=is_whole and at_most is None).tick_values(0, highest or 1)
    ticks = [tick for tick in ticks if at_most is None or tick <= at_most]
    axes.set_yticks(ticks, [shown(tick) for tick in ticks])
    axes.set_ylim(0, ticks[-1])


def _date_axis(axes: Axes, days: Sequence[date]) -> None:
    first, last = days[0].toordinal(), days[-1].toordinal()
    # A single day would be one bar as wide as the plot.
    axes.set_xlim(first - max(0.6, (6 - (last - first)) / 2), last + max(0.6, (6 - (last - first)) / 2))
    # Evenly, the newest day among them.
    ticks = range(last, first - 1, -math.ceil((last - first + 1) / DAY_TICKS))
    has_years = days[0].year != days[-1].year
    axes.set_xticks(ticks, [_day_name(date.fromordinal(tick), has_years) for tick in ticks])


def _day_name(day: date, has_year: bool) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}" if has_year else f"{day.day} {MONTHS[day.month - 1]}"


def _shortened(text: str, longest: int = 22) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _svg(figure: Figure, name: str, label: str) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return inlined(file.getvalue(), name, label, COLOURS)


def filled(values: Days, first: date, last: date) -> dict[date, float]:
    """The values with zero for each day from `first` to `last` that has none."""
    days = (first + timedelta(offset) for offset in range((last - first).days + 1))
    return {day: values.get(day, 0) for day in days}
