"""The weekly report as one HTML file that loads nothing: style and charts are in it, and no script."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import Flask, render_template

from .. import dashboard
from ..dashboard import wording
from ..dashboard.blueprint import FILTERS
from ..dashboard.charts import Chart
from ..dashboard.page import Asked
from ..dashboard.tables.table import Table, Wanted
from .content import Weekly, weekly

PLACE = Path(dashboard.__file__).parent


def html_of(asked: Asked) -> str:
    """The report of the project, and of the seven days before ``asked.now``."""
    return written(weekly(asked), asked.settings.confidence)


def written(report: Weekly, coverage: float) -> str:
    """The document; ``coverage`` is that of its intervals."""
    app = Flask(__name__, template_folder=str(PLACE / "templates"))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for function in FILTERS:
        app.add_template_filter(function, function.__name__)
    style = (PLACE / "static" / "weekly.css").read_text(encoding="utf-8")
    given: dict[str, Any] = {"report": report, "style": style, "coverage": coverage, "rows": _rows, "image": _image}
    with app.app_context():
        return render_template("weekly.html", **given, day=_day)


def _rows(table: Table) -> Sequence[Any]:
    return table.find(Wanted()).rows


def _image(chart: Chart) -> str:
    """It as an address that holds it."""
    drawn = chart.variants()[f"light-{chart.size}"].svg()
    return f"data:image/svg+xml;base64,{b64encode(drawn).decode()}"


def _day(at: int) -> str:
    return wording.moment(at).rsplit(",", 1)[0]
