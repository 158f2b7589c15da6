"""A page of everything that pages are built of, for the tests of the parts."""

from collections.abc import Sequence

import altair as alt
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from sync.dashboard.charts import Chart, Look, Rows, data
from sync.dashboard.figures import Figure, estimated
from sync.dashboard.page import PROJECT, Asked, Page
from sync.dashboard.registry import all_pages
from sync.dashboard.tables.table import Column, Link, Table
from sync.quality.records import Estimate
from sync.web.app import create_app

from .stage import HOUR, START, Stage

TEMPLATE = """{% extends "layout.html" %}{% import "parts.html" as parts with context %}{% block main %}
{{ parts.hero("Everything", "One sentence of 1,234.5 words since 21 Sep 2026.", "More.") }}
{% call parts.problem("It broke") %}<p>Mend it.</p>{% endcall %}
<div class="tiles">{% for one in figures %}{{ parts.tile(one) }}{% endfor %}</div>
{% call parts.section("all", "All of it", "What it is.") %}
<dl class="facts">{% for one in figures %}{{ parts.fact(one) }}{% endfor %}</dl>
{{ parts.table(tables["people"]) }}{{ parts.table(tables["nobody"]) }}{{ parts.chart(charts["bars"]) }}
{% endcall %}
{% call parts.empty("Nothing here") %}<p>Do this.</p>{% endcall %}
{% endblock %}"""

DAY, DAYS = 24 * HOUR, START // (24 * HOUR)
FIGURES = (
    estimated("alpha", Estimate(0.7, 0.6, 0.8, 12), "coefficient", left_out="3 annotations", tasks="/projects/7#queue"),
    Figure("kappa", None, "coefficient", reason="only one person answered"),
    Figure("queue", 1234, n=1, of="project", reason="nothing was pushed"),
    Figure("assessed", START, "time"),
    Figure("forecast", DAYS * DAY, "day"),
)
COLUMNS = (
    Column("person", "Annotator", "link", search=True),
    Column("band", "Band", choices=("P1", "P2")),
    Column("right", "Right", "share", define="reliability", interval=True),
    Column("answers", "Answers", "number", define="answers"),
    Column("since", "Since", "time"),
    Column("day", "Day", "day", define="day"),
)


def tables(_: Asked) -> Sequence[Table]:
    rows = [
        {
            "person": Link(f"Person {place}", f"/projects/7?person={place}"),
            "band": f"P{1 + place % 2}",
            "right": Estimate(None, reason="too few answers") if place % 9 == 0 else Estimate(place / 250, 0, 1, 5),
            "answers": 1000 * place,
            "since": START if place % 3 else None,
            "day": DAYS * DAY if place % 3 else None,
        }
        for place in range(250)
    ]
    nobody = Table("nobody", "Nobody", COLUMNS[:1], [], empty="Invite somebody.", note="Robots were left out.")
    return [Table("people", "People", COLUMNS, rows), nobody]


def draw(rows: Rows, look: Look) -> alt.Chart:
    bars: alt.Chart = alt.Chart(data(rows)).mark_bar(color=look.theme.accent).encode(x="label:N", y="answers:Q")
    return bars


def charts(_: Asked) -> Sequence[Chart]:
    columns = (Column("label", "Label"), Column("answers", "Answers", "number", define="answers"))
    table = Table(
        "bars", "Answers by label", columns, [{"label": "good", "answers": 3}, {"label": "bad", "answers": 1}]
    )
    return [Chart(table, draw, "Three good answers and one bad one.", size="half", height=180)]


SAMPLE = Page("sample", "Sample", f"{PROJECT}/sample", lambda _: {"figures": FIGURES}, tables, charts)


def application(one: Stage) -> Flask:
    """The application with this page beside the others."""
    pages = [*all_pages(), SAMPLE]
    app = create_app(one.settings, one.store, lambda _: None, clock=lambda: START + 980 * HOUR, pages=pages)
    app.jinja_loader = ChoiceLoader([DictLoader({"sample.html": TEMPLATE})])
    return app
