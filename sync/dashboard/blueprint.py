"""The dashboard as addresses: every page with its tables, charts and actions, and what all pages share.

The pages hold under the content security policy of ``web.guard``: style, script and images of our own, nothing inline.
"""

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ..web.guard import needs, open_to_all
from ..web.login import local
from . import wording
from .charts import Ending
from .framing import THEMES, add_context
from .page import Page
from .serving import Desk

FILTERS = (
    wording.percent,
    wording.coefficient,
    wording.thousands,
    wording.counted,
    wording.interval,
    wording.moment,
    wording.iso,
    wording.marked_day,
    wording.kind_name,
    wording.kind_meaning,
    wording.verdict,
    wording.backlog,
    wording.between,
    wording.written,
    wording.numbered,
)
YEAR = 31_536_000


def blueprint(desk: Desk) -> Blueprint:
    """Every page of the desk at its address."""
    routes = Blueprint(
        "dashboard", __name__, template_folder="templates", static_folder="static", static_url_path="/assets"
    )
    for function in FILTERS:
        routes.add_app_template_filter(function, function.__name__)
    add_context(routes, desk.settings, desk.pages)
    for page in desk.pages:
        _add(routes, desk, page)
    _keep_theme(routes)
    return routes


def _add(routes: Blueprint, desk: Desk, page: Page) -> None:
    """The addresses of a page; a project's number arrives as ``label_studio_id``."""

    @needs(page.needs)
    def show(label_studio_id: int | None = None) -> AnyResponse | tuple[str, int]:
        return desk.show(page, label_studio_id)

    @needs(page.needs)
    def table(ending: str, name: str = "", label_studio_id: int | None = None) -> AnyResponse | tuple[str, int]:
        return desk.table(page, label_studio_id, name, ending)

    @needs(page.needs)
    def chart(key: str, ending: Ending, label_studio_id: int | None = None) -> AnyResponse | tuple[str, int]:
        return desk.chart(page, label_studio_id, key, ending)

    def add(address: str, name: str, view: Callable[..., object]) -> None:
        routes.add_url_rule(address, name, view)  # type: ignore[arg-type] # Flask takes what our views give

    add(page.address, page.name, show)
    add(f"{page.base}.<any(csv, json):ending>", f"{page.name}_table", table)
    add(f"{page.base}/tables/<name>.<any(csv, json):ending>", f"{page.name}_table", table)
    add(f"{page.base}/charts/<key>.<any(svg, png):ending>", f"{page.name}_chart", chart)
    for name in page.actions:
        _add_action(routes, desk, page, name)


def _add_action(routes: Blueprint, desk: Desk, page: Page, name: str) -> None:
    @needs(page.actions[name].needs)
    def act(label_studio_id: int | None = None) -> AnyResponse | tuple[str, int]:
        return desk.act(page, label_studio_id, name, request.form)

    routes.add_url_rule(f"{page.base}/do/{name}", f"{page.name}_do_{name}", act, methods=["POST"])


def _keep_theme(routes: Blueprint) -> None:
    @routes.post("/theme")
    @open_to_all
    def theme() -> Response | AnyResponse:
        """Keep what the reader chose, and go back."""
        chosen = request.form.get("theme", "")
        done = make_response(redirect(local(request.form.get("back")), 303))
        if chosen in THEMES:
            done.set_cookie("tiebreak_theme", chosen, max_age=YEAR, httponly=True, samesite="Lax")
        else:
            done.delete_cookie("tiebreak_theme", httponly=True, samesite="Lax")
        return done
