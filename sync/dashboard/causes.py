"""Why answers were disputed: the causes of rulings by week, as a chart."""

from collections import Counter
from collections.abc import Sequence

import altair as alt

from label_config.review import CAUSES

from .charts import APART, Chart, Look, Rows, counts, data
from .tables.table import Column, Row, Table
from .wording import counted

DRAWN = 26
"""Weeks in the chart, the newest."""
MANY = 12
"""From so many weeks on the bars are thin."""
NONE, OTHER = "no cause named", "another cause"
ORDER = (*CAUSES, NONE, OTHER)

BY_WEEK = (
    Column("week", "Week from", "day", define="week"),
    Column("cause", "Cause"),
    Column("rulings", "Rulings", "number", define="rulings_count"),
)


def cause_rows(found: Sequence[tuple[int, str | None, int]]) -> Sequence[Row]:
    """How many rulings a week had each cause, the oldest week first: of (week, what was said, rulings).

    >>> cause_rows([(0, "edge case", 2), (0, None, 1), (0, "", 3)])[1]
    {'week': 0, 'cause': 'no cause named', 'rulings': 4}
    """
    counts: Counter[tuple[int, str]] = Counter()
    for week, said, many in found:
        counts[(week, _cause(said))] += many
    order = sorted(counts, key=lambda one: (one[0], ORDER.index(one[1])))
    return [{"week": week, "cause": cause, "rulings": counts[(week, cause)]} for week, cause in order]


def _cause(said: str | None) -> str:
    """One of those that reviewers are offered; an interface of another release offered others."""
    return NONE if not said else said if said in CAUSES else OTHER


def causes_chart(rows: Sequence[Row]) -> Chart | None:
    """Causes by week; null without any ruling."""
    if not rows:
        return None
    since = sorted({row["week"] for row in rows})[-DRAWN:][0]
    shown = [row for row in rows if row["week"] >= since]
    table = Table(
        "causes", "Why answers were disputed, by week", BY_WEEK, shown, note=f"The last {DRAWN} weeks with rulings."
    )
    total = sum(row["rulings"] for row in shown)
    return Chart(
        table, draw_causes, f"Causes of {counted(total, 'ruling')} by week; the numbers are in the table below."
    )


def draw_causes(rows: Rows, look: Look) -> alt.Chart:
    """Bars stacked by cause, in the order of the legend."""
    inks = dict(zip(ORDER, (*look.theme.series, look.theme.ink), strict=True))
    known = [one for one in ORDER if any(row["cause"] == one for row in rows)]
    values = [{**row, "place": ORDER.index(row["cause"])} for row in rows]
    weeks: Counter[str] = Counter()
    for row in rows:
        weeks[row["week"]] += row["rulings"]
    legend = alt.Legend(
        title=None, orient="top", columns=2 if look.narrow else 7, columnPadding=18, symbolType="square"
    )
    day = "utcFormat(toDate(datum.value), '%-d %b')"
    axis = alt.Axis(
        title=None,
        labelExpr=day,
        labelAngle=0,
        labelOverlap="greedy",
        labelSeparation=APART,
        labelPadding=6,
        ticks=False,
        grid=False,
    )
    scale = alt.Scale(domain=known, range=[inks[one] for one in known])
    bars: alt.Chart = (
        alt.Chart(data(values))
        .mark_bar(size=8 if len(weeks) > MANY else 26, stroke=look.theme.paper, strokeWidth=1)
        .encode(
            x=alt.X("week:O", axis=axis),
            y=alt.Y("rulings:Q", **counts(max(weeks.values()))),
            color=alt.Color("cause:N", scale=scale, legend=legend),
            order=alt.Order("place:O"),
        )
    )
    return bars
