"""On what people disagree on a control: how the tasks are distributed, and which labels are taken for each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import altair as alt

from .charts import Chart, Look, Rows, counts, data
from .getting_on import Numbers
from .listed_tasks import PLACE, SHOWS, TASK, Reader
from .matrix import shade
from .tables.table import Column, Found, Link, Row, Table, Wanted
from .wording import counted

PER_PAGE = 10

DISTRIBUTION = (
    Column("low", "Agreement from", "share", define="task_agreement"),
    Column("high", "To", "share", define="task_agreement"),
    Column("tasks", "Tasks", "number", define="tasks_here"),
)
PAIRS = (
    Column("first", "Label"),
    Column("second", "And"),
    Column("tasks", "Tasks", "number", define="confused_tasks"),
    Column("of", "Of", "number", define="confused_of"),
    Column("share", "Share", "share", define="confused_share"),
    Column("where", "These tasks", "link", sort=False),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two labels that are taken for each other; ``name`` is theirs in addresses, ``where`` leads to the tasks.

    ``examples`` are the store's keys of tasks, ``tasks`` counts all of them.
    """

    name: str
    labels: tuple[str, str]
    tasks: int
    of: int
    examples: Sequence[int]
    where: str

    @property
    def share(self) -> float:
        """Of the tasks with either label, those on which they are taken for each other."""
        return self.tasks / self.of


@dataclass(frozen=True, slots=True)
class Square:
    """The pairs as rows and columns of ``labels``; a cell is a pair and its step of the colour scale, null for none."""

    labels: Sequence[str]
    rows: Sequence[Sequence[tuple[Pair, int | None] | None]]


def pairs_of(control: Numbers, place: str, here: str) -> Sequence[Pair]:
    """The pairs of a control, the most confused first; ``place`` names its tables, ``here`` is the page's path."""
    found = []
    for one in control["confused"] or ():
        first, second = one["labels"]
        name = f"{first} / {second}"
        where = f"{here}?{urlencode({f'tasks-{place}.pair': name})}#table-tasks-{place}"
        found.append(Pair(name, (first, second), one["tasks"], one["of"], one["examples"], where))
    return found


def square_of(pairs: Sequence[Pair], order: Sequence[str]) -> Square:
    """The matrix of the pairs, its labels in that order; both halves say the same.

    >>> one = Pair("a / b", ("a", "b"), 3, 10, (7,), "/here")
    >>> [[cell and cell[1] for cell in row] for row in square_of([one], ["b", "a"]).rows]
    [[None, 2], [2, None]]
    """
    place = {label: number for number, label in enumerate(order)}
    named = dict.fromkeys(label for one in pairs for label in one.labels)
    labels = sorted(named, key=lambda label: place.get(label, len(place)))
    known = {frozenset(one.labels): (one, shade(one.share)) for one in pairs}
    return Square(labels, [[known.get(frozenset((row, column))) for column in labels] for row in labels])


def distribution_chart(control: Numbers, name: str, place: str) -> Chart | None:
    """How the tasks are distributed by the agreement of their answers; null where none has two."""
    found = control["distribution"]
    if not found["tasks"]:
        return None
    rows = [
        {"low": tenth / 10, "high": (tenth + 1) / 10, "tasks": number} for tenth, number in enumerate(found["counts"])
    ]
    left_out = f"{counted(found['single'], 'task')} with one answer left out."
    some = (
        f" {found['tasks']:,} of {counted(found['of'], 'task')}, evenly chosen." if found["of"] > found["tasks"] else ""
    )
    note = f"All agree wholly on {found['all_agree']:,} of {counted(found['tasks'], 'task')}; {left_out}{some}"
    said = f"{note} The numbers are in the table below."
    table = Table(f"distribution-{place}", f"How tasks agree on {name}", DISTRIBUTION, rows, note=note)
    return Chart(table, draw_distribution, said, size="half", height=220)


def confusion_chart(pairs: Sequence[Pair], name: str, place: str) -> Chart | None:
    """The pairs as a matrix; null without any."""
    if not pairs:
        return None
    rows: list[Row] = [
        {
            "first": one.labels[0],
            "second": one.labels[1],
            "tasks": one.tasks,
            "of": one.of,
            "share": one.share,
            "where": Link(counted(one.tasks, "task"), one.where),
        }
        for one in pairs
    ]
    note = f"The {len(rows)} pairs with the most tasks; a label confuses nobody where both people gave it."
    worst = pairs[0]
    said = (
        f"“{worst.labels[0]}” and “{worst.labels[1]}” are confused most, on {counted(worst.tasks, 'task')}; "
        "the numbers are in the table below."
    )
    table = Table(f"confused-{place}", f"Labels that are confused on {name}", PAIRS, rows, note=note)
    return Chart(table, draw_confusion, said, size="half", height=220)


def tasks_table(reader: Reader, pairs: Sequence[Pair], name: str, place: str) -> Table:
    """The tasks behind the pairs, with links; only those of a page are read."""
    columns = (
        Column("pair", "Labels", choices=tuple(one.name for one in pairs), sort=False),
        *(TASK, SHOWS, PLACE),
    )
    every = [(key, {"pair": one.name}) for one in pairs for key in one.examples]

    def find(wanted: Wanted) -> Found:
        chosen = (wanted.filters or {}).get("pair")
        return reader.page([one for one in every if chosen in (None, one[1]["pair"])], wanted)

    note = "Up to 100 tasks of each pair; deleted ones are left out."
    title = f"Tasks on which labels are confused on {name}"
    return Table(f"tasks-{place}", title, columns, find, size=PER_PAGE, note=note)


def draw_distribution(rows: Rows, look: Look) -> alt.LayerChart:
    """A bar for each tenth, its number of tasks above it."""
    bars = [{**row, "middle": (row["low"] + row["high"]) / 2} for row in rows]
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(title=None, format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1], grid=False)
    tasks = alt.Y("tasks:Q", **counts(max(one["tasks"] for one in bars), 4))
    x = alt.X("middle:Q", scale=scale, axis=axis)
    bar = alt.Chart(data(bars)).encode(x=x, y=tasks)
    text = alt.Chart(data([one for one in bars if one["tasks"]])).encode(
        x=x, y=tasks, text=alt.Text("tasks:Q", format=",")
    )
    return alt.LayerChart(
        layer=[
            bar.mark_bar(color=look.theme.accent, cornerRadiusEnd=3, size=0.088 * look.width),
            text.mark_text(dy=-7, color=look.theme.ink, fontSize=10),
        ]
    )


def draw_confusion(rows: Rows, look: Look) -> alt.LayerChart:
    """A square for each pair, darker the more tasks, with their number; both halves show the same."""
    both = [
        {"row": row[a], "column": row[b], "tasks": row["tasks"], "dark": row["tasks"] > 0.55 * rows[0]["tasks"]}
        for row in rows
        for a, b in (("first", "second"), ("second", "first"))
    ]
    labels = len({one["row"] for one in both})
    across = alt.Axis(
        title=None, ticks=False, domain=False, grid=False, labelAngle=0, labelLimit=look.width // labels, labelPadding=6
    )
    down = alt.Axis(title=None, ticks=False, domain=False, grid=False, labelLimit=100, minExtent=80, labelPadding=6)
    scale = alt.Scale(padding=0.06)
    base = alt.Chart(data(both)).encode(
        x=alt.X("column:N", axis=across, scale=scale), y=alt.Y("row:N", axis=down, scale=scale)
    )
    shade = alt.Color("tasks:Q", legend=None, scale=alt.Scale(range=[look.theme.grid, look.theme.accent], domainMin=0))
    ink = alt.condition("datum.dark", alt.value(look.theme.paper), alt.value(look.theme.ink))
    return alt.LayerChart(
        layer=[
            base.mark_rect(cornerRadius=4).encode(color=shade),
            base.mark_text(fontWeight=600).encode(text=alt.Text("tasks:Q", format=","), color=ink),
        ]
    )
