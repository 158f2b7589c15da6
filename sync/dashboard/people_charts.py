"""Charts of people: who is how reliable, and speed beside accuracy. Nobody is told from others by colour alone."""

from collections.abc import Sequence

import altair as alt

from .charts import Chart, Look, Rows, data, shares
from .people import Crowd
from .point_names import Spot, names_beside
from .tables.table import Column, Row, Table
from .wording import counted

MOST = 25
"""People in a chart."""
NAMED = 14
"""So many can be named beside their points."""
WIDEST = 110
"""Pixels at which a name is cut."""

RELIABILITY = (
    Column("person", "Annotator"),
    Column("reliability", "Reliability", "share", define="right_share", interval=True),
    Column("answers", "Answers", "number", define="answers"),
)
SPEED = (
    Column("person", "Annotator", search=True),
    Column("seconds", "Seconds", "number", define="lead_seconds", interval=True),
    Column("ratio", "Beside the others", "number", define="pace_ratio", interval=True),
    Column("fast", "Too fast", "share", define="too_fast", interval=True),
    Column("reliability", "Reliability", "share", define="right_share", interval=True),
)


def reliability_chart(rows: Sequence[Row]) -> Chart | None:
    """``rows`` as of the table of people, the least reliable first; null where nothing is known."""
    known = [row for row in rows if row["reliability"].value is not None][:MOST]
    if not known:
        return None
    shown = [
        {"person": row["person"].text, "reliability": row["reliability"], "answers": row["answers"]} for row in known
    ]
    note = f"The {MOST} least reliable." if len(rows) > MOST else ""
    table = Table("reliability", "How reliable, and how surely", RELIABILITY, shown, note=note, size=MOST)
    said = f"Reliability of {counted(len(known), 'annotator')} with its interval, the lowest first."
    return Chart(table, draw_reliability, said, size="half", height=max(260, 26 * len(known)))


def draw_reliability(rows: Rows, look: Look) -> alt.LayerChart:
    """A line a person: the interval with the value as a point on it."""
    theme = look.theme
    lowest = min(row[key] for row in rows for key in ("reliability", "reliability_low") if row[key] is not None)
    scale = alt.Scale(domain=[max(0.0, min(0.5, lowest - 0.05)), 1.0], nice=False)
    axis = shares(ticks=3 if look.narrow else 6)
    limit = 90 if look.narrow else 150
    wider = 1.3  # a browser's letters may be wider than those measured
    room = wider * min(limit, 7.5 * max(len(row["person"]) for row in rows))
    label = alt.Axis(title=None, ticks=False, domain=False, labelLimit=limit, minExtent=room, grid=False)
    base = alt.Chart(data(rows)).encode(y=alt.Y("person:N", sort=None, axis=label))
    value = alt.X("reliability:Q", scale=scale, axis=axis)
    spans = base.encode(x=alt.X("reliability_low:Q", scale=scale, axis=axis), x2="reliability_high:Q")
    return alt.LayerChart(
        layer=[
            spans.mark_rule(color=theme.accent, opacity=0.45, strokeWidth=4),
            base.encode(x=value).mark_point(color=theme.accent, filled=True, size=70, opacity=1),
        ]
    )


def speed_chart(crowd: Crowd, names: Sequence[str]) -> Chart | None:
    """``names`` of the people in their order; null where no two have both numbers."""
    rows: list[Row] = [
        {
            "person": name,
            "seconds": one.speed("median"),
            "ratio": one.speed("ratio"),
            "fast": one.speed("too_fast"),
            "reliability": one.estimate("reliability"),
        }
        for one, name in zip(crowd.people, names, strict=True)
    ]
    known = [row for row in rows if row["seconds"].value is not None and row["reliability"].value is not None]
    if len(known) < 2:
        return None
    table = Table("speed", "Speed beside accuracy", SPEED, known, note="Of everybody whose times are known.", size=20)
    said = f"Median time of an answer and reliability of {counted(len(known), 'annotator')}; nobody is ranked by speed."
    return Chart(table, draw_speed, said, size="half", height=260)


def draw_speed(rows: Rows, look: Look) -> alt.LayerChart:
    """A point a person with its interval; to the right slower, above more reliable."""
    theme = look.theme
    lowest = min(row[key] for row in rows for key in ("reliability", "reliability_low") if row[key] is not None)
    times = [row["seconds"] for row in rows]
    across, up = (min(times) * 0.85, max(times) * 1.25 or 1.0), (max(0.0, min(0.5, lowest - 0.05)), 1.0)
    room, scale = (alt.Scale(domain=list(domain), nice=False) for domain in (across, up))
    x = alt.X("seconds:Q", scale=room, axis=alt.Axis(title="seconds an answer", tickCount=4, grid=False))
    y = alt.Y("reliability:Q", scale=scale, axis=shares("reliability"))
    low = alt.Y("reliability_low:Q", scale=scale, axis=shares("reliability"))
    base = alt.Chart(data(rows)).encode(x=x)
    layers = [
        base.encode(y=low, y2="reliability_high:Q").mark_rule(color=theme.accent, opacity=0.35, strokeWidth=2),
        base.encode(y=y).mark_point(color=theme.accent, filled=True, size=70, opacity=1),
    ]
    if len(rows) <= NAMED and not look.narrow:
        names = _named(rows, look, across, up)
        for side in ("left", "right"):
            beside = alt.Chart(data([one for one in names if one["align"] == side])).encode(x=x, y=y, text="person:N")
            layers.append(beside.mark_text(align=side, color=theme.ink, limit=WIDEST, fontSize=11))
    return alt.LayerChart(layer=layers)


def _named(rows: Rows, look: Look, across: tuple[float, float], up: tuple[float, float]) -> Sequence[Row]:
    """Names with where they stand, in the numbers of the axes, whose ends are ``across`` and ``up``."""
    right, down = look.width / (across[1] - across[0]), look.height / (up[1] - up[0])

    def spot(row: Row) -> Spot:
        value = row["reliability"]
        limits = (value, row["reliability_high"], row["reliability_low"])
        y, top, bottom = (down * (up[1] - (value if one is None else one)) for one in limits)
        return Spot(right * (row["seconds"] - across[0]), y, top, bottom, row["person"])

    return [
        {
            "person": one.spot.name,
            "align": one.align,
            "seconds": across[0] + one.x / right,
            "reliability": up[1] - one.y / down,
        }
        for one in names_beside([spot(row) for row in rows], look.width, look.height, WIDEST)
    ]
