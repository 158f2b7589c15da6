"""How a project gets on day by day: what came, and what is left until when."""

import altair as alt

from .charts import Chart, Look, Rows, by_day, counts, data
from .getting_on import Numbers
from .tables.table import Column, Row, Table
from .wording import counted

DAY = 86_400_000_000
"""Microseconds."""
SHOWN = 92
"""Days of the chart of what came."""
PER_PAGE = 14

CAME = (
    Column("day", "Day", "day", define="day"),
    Column("answers", "Answers", "number", define="day_answers"),
    Column("completed", "Tasks completed", "number", define="day_completed"),
)
LEFT = (
    Column("day", "Day", "day", define="day"),
    Column("left", "Answers left", "number", define="day_left"),
    Column("likely", "Likely", "number", define="day_forecast"),
    Column("earliest", "Earliest", "number", define="day_forecast"),
    Column("latest", "Latest", "number", define="day_forecast"),
)


def came_chart(days: Numbers) -> Chart | None:
    """What came on each of the last days; null where nothing ever came."""
    if not any(days["answers"]):
        return None
    rows = [
        {"day": days["from"] + place * DAY, "answers": answers, "completed": completed}
        for place, (answers, completed) in enumerate(zip(days["answers"], days["completed"], strict=True))
    ][-SHOWN:]
    note = (
        f"The last {SHOWN} days; today is not over yet." if len(days["answers"]) > SHOWN else "Today is not over yet."
    )
    total = sum(row["answers"] for row in rows)
    said = f"{counted(total, 'answer')} in {counted(len(rows), 'day')}; the numbers are in the table below."
    keys = (("line-block", "answers"), ("line-percent", "tasks completed"))
    table = Table("throughput", "What came each day", CAME, rows[::-1], size=PER_PAGE, note=note)
    return Chart(table, draw_came, said, size="half", keys=keys)


def left_chart(days: Numbers, forecast: Numbers) -> Chart | None:
    """The burn-down with its forecast; null where nothing ever came."""
    if not any(days["answers"]):
        return None
    rows = _left(days, forecast)
    said = f"{counted(forecast['remaining'], 'answer')} left; the numbers are in the table below."
    keys = [("line-alpha", "left")]
    if forecast["day"] is not None:
        keys += [("line-percent", "likely"), ("line-band", "in 4 of 5 cases")]
    note = "By the overlaps of today; the forecast is drawn in straight lines."
    table = Table("burn-down", "What is left", LEFT, rows[::-1], size=PER_PAGE, note=note)
    return Chart(table, draw_left, said, size="half", keys=keys)


def _left(days: Numbers, forecast: Numbers) -> list[Row]:
    """The days that were, then those at which a line of the forecast ends; the last day that was begins them all."""
    nothing = dict.fromkeys(("left", "likely", "earliest", "latest"))
    left, remaining = days["answers_left"], forecast["remaining"]
    rows: list[Row] = [
        {**nothing, "day": days["from"] + place * DAY, "left": number} for place, number in enumerate(left)
    ]
    today = days["from"] + (len(left) - 1) * DAY
    if not remaining or forecast["day"] is None:
        return rows
    ends = {"earliest": forecast["low"], "likely": forecast["day"], "latest": forecast["high"]}
    stops = sorted({today, *(at for at in ends.values() if at is not None and at > today)})
    lines = [{"day": at, **{name: _on_line(remaining, today, end, at) for name, end in ends.items()}} for at in stops]
    return [*rows[:-1], {**rows[-1], **lines[0]}, *({**nothing, **line} for line in lines[1:])]


def _on_line(remaining: int, today: int, end: int | None, at: int) -> int:
    """What is left ``at`` a time on the straight line from today to the end; all of it where the end is not known.

    >>> [_on_line(100, 0, 10, at) for at in (0, 5, 10, 20)], _on_line(100, 0, None, 5), _on_line(100, 7, 7, 7)
    ([100, 50, 0, 0], 100, 0)
    """
    if end is None:
        return remaining
    return round(remaining * max(0, end - at) / (end - today)) if end > today else 0


def draw_came(rows: Rows, look: Look) -> alt.LayerChart:
    """A bar for the answers of each day, a dashed line for the tasks completed."""
    theme = look.theme
    height = counts(max(row[key] for row in rows for key in ("answers", "completed")))
    base = alt.Chart(data(rows)).encode(x=_x(rows, look))
    bars = base.encode(y=alt.Y("answers:Q", **height))
    line = base.encode(y=alt.Y("completed:Q", **height))
    width = max(1.0, min(16.0, 0.7 * look.width / max(1, len(rows))))
    # A line needs two days to be seen.
    points = {"color": theme.warm, "filled": True, "size": 40} if len(rows) <= PER_PAGE else False
    return alt.LayerChart(
        layer=[
            bars.mark_bar(color=theme.accent, opacity=0.55, size=width),
            line.mark_line(color=theme.warm, strokeWidth=1.75, strokeDash=[5, 4], point=points),
        ]
    )


def draw_left(rows: Rows, look: Look) -> alt.LayerChart:
    """What was left as a line, then the likely days to come as a dashed one within the band of the forecast."""
    theme = look.theme
    height = counts(max(row[key] for row in rows for key in ("left", "latest") if row[key] is not None))
    past = alt.Chart(data([row for row in rows if row["left"] is not None]))
    was = past.encode(x=_x(rows, look), y=alt.Y("left:Q", **height))
    alone = alt.OverlayMarkDef(color=theme.accent, filled=True, size=60) if _is_first(rows) else False
    layers = [was.mark_line(color=theme.accent, strokeWidth=2.5, point=alone)]
    coming = [row for row in rows if row["likely"] is not None]
    if coming:
        future = alt.Chart(data(coming)).encode(x=_x(rows, look))
        band = future.encode(y=alt.Y("earliest:Q", **height), y2="latest:Q")
        likely = future.encode(y=alt.Y("likely:Q", **height))
        layers = [
            band.mark_area(color=theme.warm, opacity=0.18),
            *layers,
            likely.mark_line(color=theme.warm, strokeWidth=1.75, strokeDash=[5, 4]),
        ]
    return alt.LayerChart(layer=layers)


def _is_first(rows: Rows) -> bool:
    """Whether there is one day so far, of which no line can be drawn."""
    return sum(row["left"] is not None for row in rows) == 1


def _x(rows: Rows, look: Look) -> alt.X:
    return alt.X(
        "day:T", scale=alt.Scale(type="utc", nice=False, padding=10), axis=by_day(rows, 4 if look.narrow else 5)
    )
