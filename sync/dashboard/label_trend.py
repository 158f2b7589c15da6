"""The agreement on each label of a control over time: its table, and a small chart for each label."""

from datetime import datetime, timedelta
from itertools import groupby

import altair as alt

from ..quality.records import Estimate
from .charts import Chart, Look, Rows, data, times
from .getting_on import Numbers
from .tables.table import Column, Row, Table
from .wording import RELIABLE, counted

PER_PAGE = 12
ACROSS = 5
"""Small charts beside each other, at most."""
GAP, AXIS = 22, 30
"""Pixels between small charts, and of the axis at the left of each."""
HEIGHT = 110
NOTE = "The ten labels with the most answers, in up to twelve periods; left out are those where nobody shared a task."
LONGEST = 24
"""Characters of a label that stand above its chart."""


def label_trend_chart(control: Numbers, name: str, place: str) -> Chart | None:
    """Null where nothing is known of two periods, or of a release that did not follow labels."""
    followed = [one for one in control.get("labels") or () if one["krippendorff_alpha"]["value"] is not None]
    if len({one["from"] for one in followed}) < 2:
        return None
    labels = tuple(dict.fromkeys(one["label"] for one in control["labels"]))
    columns = (
        Column("label", "Label", choices=labels),
        Column("start", "From", "time", define="start"),
        Column("end", "To", "time", define="end"),
        Column("tasks", "Tasks", "number", define="tasks_compared"),
        Column("answers", "Answers", "number", define="label_answers"),
        Column("alpha", "Alpha", "coefficient", define="label_alpha", interval=True),
        Column("agreement", "Agreement", "share", define="label_agreement", interval=True),
    )
    rows: list[Row] = [
        {
            "label": one["label"],
            "start": one["from"],
            "end": one["to"],
            "tasks": one["tasks"],
            "answers": one["annotations"],
            "alpha": Estimate(**one["krippendorff_alpha"]),
            "agreement": Estimate(**one["percent_agreement"]),
        }
        for one in control["labels"]
    ]
    title = f"Agreement on each label of {name} over time"
    table = Table(f"labels-{place}", title, columns, rows, note=NOTE, size=PER_PAGE)
    said = f"Alpha of {counted(len(labels), 'label')} over time; the numbers are in the table below."
    keys = (("line-alpha", "alpha of the label against all others, and its interval"), ("line-bound", "0.80"))
    return Chart(table, draw_labels, said, keys=keys)


def draw_labels(rows: Rows, look: Look) -> alt.VConcatChart:
    """A small chart for each label, all on the same scales: alpha as a line in its interval, 0.80 dotted."""
    kinds = [list(some) for _, some in groupby(rows, key=lambda row: str(row["label"]))]
    across = min(len(kinds), 2 if look.narrow else ACROSS)
    width = (look.width - across * AXIS - (across - 1) * GAP) / across
    values = [row["alpha_low"] if row["alpha_low"] is not None else row["alpha"] for row in rows]
    lowest = max(-1.0, min([0.0, *(one for one in values if one is not None)]))
    ends = [at for row in rows for at in (row["start"], row["end"])]
    x = alt.X(
        "at:T",
        scale=alt.Scale(type="utc", nice=False, domain=[min(ends), max(ends)]),
        axis=times(2, _form(ends)),
    )
    y = alt.Scale(domain=[lowest, 1.0], nice=False)
    small = [_small(some, x, y, look, width) for some in kinds]
    lines = [alt.hconcat(*small[start : start + across], spacing=GAP) for start in range(0, len(small), across)]
    found: alt.VConcatChart = alt.vconcat(*lines, spacing=14)
    return found


def _small(rows: Rows, x: alt.X, scale: alt.Scale, look: Look, width: float) -> alt.LayerChart:
    theme, label = look.theme, str(rows[0]["label"])
    short = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
    axis = alt.Axis(title=None, values=[0, 0.5, 1], format=".1f", domain=False, ticks=False, minExtent=AXIS - 6)
    base = alt.Chart(data([{**row, "at": _middle(row)} for row in rows if row["alpha"] is not None]))
    alpha = base.encode(x=x, y=alt.Y("alpha:Q", scale=scale, axis=axis))
    interval = base.encode(x=x, y=alt.Y("alpha_low:Q", scale=scale, axis=axis), y2="alpha_high:Q")
    bound = alt.Chart(data([{"bound": RELIABLE}])).mark_rule(color=theme.soft, strokeDash=[2, 3], opacity=0.55)
    title = alt.TitleParams(text=short, anchor="start", fontSize=12, fontWeight=600, color=theme.ink, offset=6)
    found: alt.LayerChart = alt.LayerChart(
        layer=[
            bound.encode(y=alt.Y("bound:Q", scale=scale, axis=axis)),
            interval.mark_area(color=theme.accent, opacity=0.16),
            interval.mark_rule(color=theme.accent, opacity=0.35, strokeWidth=1.5),
            alpha.mark_line(color=theme.accent, strokeWidth=2),
            alpha.mark_point(color=theme.accent, filled=True, size=22, opacity=1),
        ]
    ).properties(width=width, height=HEIGHT, title=title)
    return found


def _middle(row: Row) -> str:
    start, end = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    return (start + (end - start) / 2).isoformat()


def _form(times: list[str]) -> str:
    """As much of the time as tells the ends apart."""
    span = datetime.fromisoformat(max(times)) - datetime.fromisoformat(min(times))
    return "%H:%M" if span < timedelta(days=1) else "%-d %b"
