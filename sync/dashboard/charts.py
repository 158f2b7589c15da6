"""Charts as SVG: drawn when they are first asked for, kept under the hash of what they show.

The SVG holds no script, no style element and no style attribute, so it passes `default-src 'none'`.
"""

import dataclasses
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import altair as alt
import vl_convert

from .report import ControlReport, Window
from .wording import RELIABLE, TENTATIVE

FORMAT = 2
"""Part of every hash: raise it when the drawing changes, so that no browser shows an old one."""

CAPACITY = 256
FEW = 6
"""Up to so many windows each gets its interval as a line too: an area through one or two says nothing."""

FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
HOUR, DAY = 3_600_000_000, 86_400_000_000
SIZES = {"wide": (1090, 250), "narrow": (320, 210)}


@dataclass(frozen=True, slots=True)
class Theme:
    """The inks of a chart; its background is always transparent."""

    ink: str
    grid: str
    alpha: str
    percent: str


THEMES = {
    "light": Theme(ink="#566176", grid="#e3e7ee", alpha="#2f5fd0", percent="#b4560b"),
    "dark": Theme(ink="#9aa6ba", grid="#2a3342", alpha="#82a8ff", percent="#f0a35e"),
}


@dataclass(frozen=True, slots=True)
class TrendChart:
    """The agreement on one control over time, in one theme and size."""

    windows: tuple[Window, ...]
    theme: str
    size: str

    @property
    def key(self) -> str:
        """The hash of everything that it shows."""
        text = json.dumps([FORMAT, dataclasses.asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def svg(self) -> str:
        """Draw it."""
        return draw(_trend(self))


def trend_charts(control: ControlReport) -> dict[str, TrendChart]:
    """The variants of a control's trend, "light-wide" to "dark-narrow"; none without a window that has a value."""
    if not any(one.alpha.value is not None or one.percent.value is not None for one in control.trend):
        return {}
    return {f"{theme}-{size}": TrendChart(control.trend, theme, size) for theme in THEMES for size in SIZES}


def draw(chart: alt.LayerChart) -> str:
    """An Altair chart as SVG."""
    return str(vl_convert.vegalite_to_svg(chart.to_dict()))


def _trend(chart: TrendChart) -> alt.LayerChart:
    theme, (width, height) = THEMES[chart.theme], SIZES[chart.size]
    rows = [_row(window) for window in chart.windows]
    lowest = min([0.0, *(row[key] for row in rows for key in ("alpha", "low") if row[key] is not None)])
    x = alt.X(
        "at:T",
        scale=alt.Scale(type="utc", nice=False, padding=14),
        axis=alt.Axis(
            title=None,
            format=_time_format(chart.windows),
            tickCount=4 if chart.size == "narrow" else 9,
            labelFlush=False,
            labelOverlap="greedy",
            grid=False,
        ),
    )
    scale = alt.Scale(domain=[max(-1.0, lowest), 1.0], nice=False)
    axis = alt.Axis(title=None, tickCount=6, format=".1f", domain=False, ticks=False)
    base = alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]
    y = alt.Y("alpha:Q", scale=scale, axis=axis)
    alpha = base.encode(x=x, y=y)
    interval = base.encode(x=x, y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
    percent = base.encode(x=x, y=alt.Y("percent:Q", scale=scale, axis=axis))
    layers = [
        _bound(RELIABLE, theme),
        _bound(TENTATIVE, theme),
        interval.mark_area(color=theme.alpha, opacity=0.16),
        *([interval.mark_rule(color=theme.alpha, opacity=0.5, strokeWidth=2)] if len(rows) <= FEW else []),
        percent.mark_line(color=theme.percent, strokeWidth=1.75, strokeDash=[5, 4]),
        percent.mark_point(color=theme.percent, filled=True, size=16, opacity=1),
        alpha.mark_line(color=theme.alpha, strokeWidth=2.5),
        alpha.mark_point(color=theme.alpha, filled=True, size=34, opacity=1),
    ]
    return _finished(alt.LayerChart(layer=layers, width=width, height=height), theme)


def _time_format(windows: Sequence[Window]) -> str:
    """As much of the time as tells the ticks apart."""
    span = windows[-1].end - windows[0].start
    return (
        "%H:%M:%S" if span < HOUR // 2 else "%H:%M" if span < DAY else "%-d %b, %H:%M" if span < 4 * DAY else "%-d %b"
    )


def _row(window: Window) -> dict[str, Any]:
    return {
        "at": (window.start + window.end) / 2000,
        "alpha": window.alpha.value,
        "low": window.alpha.low,
        "high": window.alpha.high,
        "percent": window.percent.value,
    }


def _bound(value: float, theme: Theme) -> alt.Chart:
    data = alt.Data(values=[{"bound": value}])  # type: ignore[no-untyped-call]
    rule: alt.Chart = alt.Chart(data).mark_rule(color=theme.ink, strokeDash=[2, 3], opacity=0.55)
    return rule.encode(y=alt.Y("bound:Q"))


def _finished(chart: alt.LayerChart, theme: Theme) -> alt.LayerChart:
    done: alt.LayerChart = (
        chart.properties(background="transparent", padding=4)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=theme.ink, labelFontSize=12, gridColor=theme.grid, domainColor=theme.grid, tickColor=theme.grid
        )
    )
    return done


class ChartCache:
    """The SVG of each chart that was drawn lately, by its key. Safe to use from several threads."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._drawn: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str, known: Callable[[], Iterable[TrendChart]]) -> str | None:
        """The SVG of that key: from the cache, else drawn from ``known``; null when no known chart has the key."""
        with self._lock:
            if key in self._drawn:
                self._drawn.move_to_end(key)
                return self._drawn[key]
        chart = next((one for one in known() if one.key == key), None)
        if chart is None:
            return None
        svg = chart.svg()
        with self._lock:
            self._drawn[key] = svg
            while len(self._drawn) > self._capacity:
                self._drawn.popitem(last=False)
        return svg
