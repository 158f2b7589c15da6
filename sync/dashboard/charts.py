"""Charts as SVG and PNG, kept under the hash of what they show: one whose numbers are the same is not drawn again.

The SVG holds no script, no style element and no style attribute, so it passes `default-src 'none'`.
"""

import hashlib
import inspect
import json
import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from threading import Lock
from typing import Any, Literal

import altair as alt
import vl_convert

from .keeping import Kept
from .tables.table import Table, Wanted, plain
from .wording import SPACE

CAPACITY = 64 * 1024 * 1024
"""Bytes of images that are kept."""
FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica, Arial, sans-serif"
PNG_SCALE = 2
BESIDE, BELOW = 45, 32
"""Pixels that axes add to the width and the height of a chart, about."""
LOCALE: dict[str, Any] = {
    "decimal": ".",
    "thousands": ",",
    "grouping": [3],
    "currency": ["", ""],
    "percent": f"{SPACE}%",
}
"""How numbers are written, as on the pages."""
APART = 10
"""Pixels between the labels of an axis of times, at least; a browser's letters may be wider than those measured."""
SIZE = re.compile(rb'<svg[^>]*? width="([\d.]+)" height="([\d.]+)"')


@dataclass(frozen=True, slots=True)
class Theme:
    """The inks of a chart. ``paper`` is drawn for downloads alone; on a page the background is transparent.

    ``series`` are told apart by the colour-blind too; give each a shape, a dash or a label of its own all the same.
    """

    ink: str
    soft: str
    grid: str
    paper: str
    accent: str
    warm: str
    good: str
    bad: str
    series: tuple[str, ...]


THEMES = {
    "light": Theme(
        *("#172033", "#566176", "#e6eaf0", "#ffffff", "#2f5fd0", "#b4560b", "#1a6b4b", "#b3261e"),
        series=("#2f5fd0", "#b4560b", "#1a6b4b", "#8a3ffc", "#a0285a", "#566176"),
    ),
    "dark": Theme(
        *("#e9edf5", "#9aa6ba", "#2a3342", "#171e29", "#82a8ff", "#f0a35e", "#6fd3a7", "#ffaaa1"),
        series=("#82a8ff", "#f0a35e", "#6fd3a7", "#c5a3ff", "#ff9ec4", "#9aa6ba"),
    ),
}
WIDTHS = {"wide": 1090, "half": 520, "narrow": 320}
NARROW_HEIGHT = 210


@dataclass(frozen=True, slots=True)
class Look:
    """How a chart is drawn once: in which theme, and how large (pixels without the axes)."""

    theme: Theme
    width: int
    height: int

    @property
    def narrow(self) -> bool:
        """Whether it is for a telephone: a few ticks, short labels."""
        return self.width == WIDTHS["narrow"]


Drawing = alt.Chart | alt.LayerChart | alt.HConcatChart | alt.VConcatChart
Rows = Sequence[Mapping[str, Any]]
Draw = Callable[[Rows, Look], Drawing]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of the numbers of a table.

    ``draw`` is a function at the top of a module: rows (as in the CSV, times ISO 8601) and a look -> an Altair chart;
    sizes, fonts and axes are set afterwards. ``alt`` says in a sentence what is to be seen. ``keys`` is the legend: (a
    class of lines in the style, what it is). Name and title are the table's.
    """

    table: Table
    draw: Draw
    alt: str
    size: Literal["wide", "half"] = "wide"
    height: int = 250
    keys: Sequence[tuple[str, str]] = ()

    @property
    def rows(self) -> Rows:
        """The numbers that are drawn."""
        return [plain(self.table.columns, row) for row in self.table.find(Wanted()).rows]

    def variants(self) -> dict[str, "Variant"]:
        """It in every theme and size: "light-wide" (or "light-half") to "dark-narrow"."""
        rows = self.rows
        text = json.dumps([_source(self.draw), rows, self.height], sort_keys=True)
        drawn = {}
        for theme in THEMES:
            for size in (self.size, "narrow"):
                height = NARROW_HEIGHT if size == "narrow" else self.height
                look = Look(THEMES[theme], WIDTHS[size], height)
                key = hashlib.sha256(f"{theme} {size}\n{text}".encode()).hexdigest()[:24]
                drawn[f"{theme}-{size}"] = Variant(key, self.draw, rows, look)
        return drawn


@dataclass(frozen=True, slots=True)
class Variant:
    """A chart in one look; the key is the hash of everything that it shows, and of the code that draws it."""

    key: str
    draw: Draw
    rows: Rows
    look: Look

    def svg(self) -> bytes:
        """Draw it for a page."""
        drawn = vl_convert.vegalite_to_svg(self._specification("transparent"), format_locale=LOCALE)
        return str(drawn).encode()

    def png(self) -> bytes:
        """Draw it for a document, on paper."""
        drawing = self._specification(self.look.theme.paper)
        return bytes(vl_convert.vegalite_to_png(drawing, scale=PNG_SCALE, format_locale=LOCALE))

    def _specification(self, background: str) -> dict[str, Any]:
        return _finished(self.draw(self.rows, self.look), self.look, background).to_dict()


@lru_cache
def _source(draw: Draw) -> str:
    """The code that draws: when it changes no browser shows what it kept."""
    modules = (sys.modules[__name__], sys.modules[draw.__module__])
    code = "".join(inspect.getsource(module) for module in modules)
    return hashlib.sha256(f"{draw.__qualname__}\n{code}".encode()).hexdigest()


def _finished(chart: Drawing, look: Look, background: str) -> Drawing:
    if isinstance(chart, alt.Chart | alt.LayerChart):
        chart = chart.properties(width=look.width, height=look.height)
    theme = look.theme
    done: Drawing = (
        chart.properties(background=background, padding=4)
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=theme.soft,
            titleColor=theme.soft,
            titleFontWeight="normal",
            labelFontSize=12,
            titleFontSize=12,
            gridColor=theme.grid,
            domainColor=theme.grid,
            tickColor=theme.grid,
        )
        .configure_text(color=theme.ink, fontSize=12)
        .configure_legend(labelColor=theme.soft, titleColor=theme.soft, labelFontSize=12)
        .configure_header(labelColor=theme.soft, titleColor=theme.soft)
    )
    return done


def data(rows: Iterable[Mapping[str, Any]]) -> alt.Data:
    """Rows as Altair takes them."""
    return alt.Data(values=list(rows))  # type: ignore[no-untyped-call]


def counts(highest: float, ticks: int = 5) -> dict[str, Any]:
    """Scale and axis of numbers of things from 0, written in full, with room above the highest.

    >>> [counts(highest)["axis"].values for highest in (0, 1, 7, 1250)]
    [[0, 1], [0, 1], [0, 2, 4, 6], [0, 250, 500, 750, 1000, 1250]]
    """
    top = max(1, math.ceil(highest))
    places = (factor * 10.0**power for power in range(len(str(top))) for factor in (1, 2, 2.5, 5))
    step = next(int(one) for one in places if one.is_integer() and top / one <= ticks)
    axis = alt.Axis(title=None, values=list(range(0, top + 1, step)), format=",d", domain=False, ticks=False)
    return {"scale": alt.Scale(domain=[0, 1.08 * top], nice=False), "axis": axis}


def shares(title: str | None = None, ticks: int = 5) -> alt.Axis:
    """An axis of shares, as percentages."""
    return alt.Axis(title=title, tickCount=ticks, format=".0%", domain=False, ticks=False)


def times(ticks: int | alt.TimeIntervalStep, form: str) -> alt.Axis:
    """An axis of times below a chart: about so many, as ``form`` of strftime writes them."""
    return alt.Axis(
        title=None,
        format=form,
        tickCount=ticks,
        labelFlush=False,
        labelOverlap="greedy",
        labelSeparation=APART,
        grid=False,
    )


def by_day(rows: Rows, ticks: int) -> alt.Axis:
    """An axis of the days of rows below a chart: about so many, each once."""
    found = [date.fromisoformat(row["day"][:10]) for row in rows]
    few = (max(found) - min(found)).days < ticks
    return times(alt.TimeIntervalStep(interval="day", step=1) if few else ticks, "%-d %b")


Ending = Literal["svg", "png"]
Paint = Callable[[Variant, Ending], bytes]


def painted(variant: Variant, ending: Ending) -> bytes:
    """The image, drawn here and now."""
    return variant.png() if ending == "png" else variant.svg()


class ChartCache:
    """The image of each chart that was drawn lately, by its key and kind. One is drawn at a time, and none twice.

    ``capacity`` is in bytes. ``paint`` draws; it may raise what it likes, and nothing is kept then.
    """

    def __init__(self, capacity: int = CAPACITY, paint: Paint = painted) -> None:
        self._drawn = Kept(capacity, len)
        self._paint = paint
        self._lock = Lock()

    def get(self, key: str, ending: Ending, known: Callable[[], Iterable[Variant]]) -> bytes | None:
        """The image of that key, "svg" or "png": kept, else drawn from ``known``; null when none there has the key."""
        found: bytes | None = self._drawn.peek((key, ending))
        if found is not None:
            return found
        variant = next((one for one in known() if one.key == key), None)
        if variant is None:
            return None
        with self._lock:
            image: bytes = self._drawn.get((key, ending), None, lambda: self._paint(variant, ending))
            return image

    def has(self, key: str) -> bool:
        """Whether the SVG of that key is kept."""
        return self._drawn.peek((key, "svg")) is not None

    def size(self, variant: Variant) -> tuple[int, int]:
        """Width and height in pixels: as it was drawn, else about as it will be, so that a page leaves room for it."""
        drawn: bytes | None = self._drawn.peek((variant.key, "svg"))
        found = SIZE.search(drawn) if drawn else None
        if found:
            return round(float(found[1])), round(float(found[2]))
        return variant.look.width + BESIDE, variant.look.height + BELOW
