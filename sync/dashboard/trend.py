"""The agreement on one control over time: its table and its chart."""

from datetime import datetime, timedelta

import altair as alt

from .charts import Chart, Look, Rows, data, times
from .report import ControlReport
from .tables.table import Column, Table
from .wording import RELIABLE, TENTATIVE, counted

FEW = 6
"""Up to so many windows each gets its interval as a line too: an area through one or two says nothing."""

COLUMNS = (
    Column("start", "From", "time", define="start"),
    Column("end", "To", "time", define="end"),
    Column("tasks", "Tasks", "number", define="tasks_compared"),
    Column("alpha", "Alpha", "coefficient", define="alpha", interval=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True),
)


def trend_chart(control: ControlReport, name: str) -> Chart | None:
    """Null without a period that has a value."""
    if not any(one.alpha.value is not None or one.percent.value is not None for one in control.trend):
        return None
    rows = [
        {"start": one.start, "end": one.end, "tasks": one.tasks, "alpha": one.alpha, "agreement": one.percent}
        for one in control.trend
    ]
    return Chart(
        Table(name, f"Agreement on {control.name} over time", COLUMNS, rows),
        draw,
        f"Agreement on {control.name} over {counted(len(rows), 'period')}; the numbers are in the table below.",
        keys=(
            ("line-alpha", "alpha and its interval"),
            ("line-percent", "agreement"),
            ("line-bound", "0.80 and 0.67"),
        ),
    )


def draw(rows: Rows, look: Look) -> alt.LayerChart:
    """Alpha as a line in its interval, the share of equal answers as a dashed one, Krippendorff's bounds dotted."""
    theme = look.theme
    values = [{**row, "at": _middle(row["start"], row["end"]).isoformat()} for row in rows]
    lowest = min([0.0, *(row[key] for row in rows for key in ("alpha", "alpha_low") if row[key] is not None)])
    x = alt.X(
        "at:T",
        scale=alt.Scale(type="utc", nice=False, padding=14),
        axis=times(4 if look.narrow else 9, _time_format(rows)),
    )
    scale = alt.Scale(domain=[max(-1.0, lowest), 1.0], nice=False)
    axis = alt.Axis(title=None, tickCount=6, format=".1f", domain=False, ticks=False)
    base = alt.Chart(data(values))
    alpha = base.encode(x=x, y=alt.Y("alpha:Q", scale=scale, axis=axis))
    interval = base.encode(x=x, y=alt.Y("alpha_low:Q", scale=scale, axis=axis), y2="alpha_high:Q")
    percent = base.encode(x=x, y=alt.Y("agreement:Q", scale=scale, axis=axis))
    return alt.LayerChart(
        layer=[
            _bound(RELIABLE, look),
            _bound(TENTATIVE, look),
            interval.mark_area(color=theme.accent, opacity=0.16),
            *([interval.mark_rule(color=theme.accent, opacity=0.5, strokeWidth=2)] if len(rows) <= FEW else []),
            percent.mark_line(color=theme.warm, strokeWidth=1.75, strokeDash=[5, 4]),
            percent.mark_point(color=theme.warm, filled=True, size=16, opacity=1),
            alpha.mark_line(color=theme.accent, strokeWidth=2.5),
            alpha.mark_point(color=theme.accent, filled=True, size=34, opacity=1),
        ]
    )


def _bound(value: float, look: Look) -> alt.Chart:
    rule: alt.Chart = alt.Chart(data([{"bound": value}])).mark_rule(
        color=look.theme.soft, strokeDash=[2, 3], opacity=0.55
    )
    return rule.encode(y=alt.Y("bound:Q"))


def _middle(start: str, end: str) -> datetime:
    return datetime.fromisoformat(start) + (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / 2


def _time_format(rows: Rows) -> str:
    """As much of the time as tells the ticks apart."""
    span = datetime.fromisoformat(rows[-1]["end"]) - datetime.fromisoformat(rows[0]["start"])
    if span < timedelta(minutes=30):
        return "%H:%M:%S"
    return "%H:%M" if span < timedelta(days=1) else "%-d %b, %H:%M" if span < timedelta(days=4) else "%-d %b"
