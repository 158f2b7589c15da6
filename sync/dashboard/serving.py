"""The life of a request: look up what is asked for, read, then render; or write, and lead back."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Response, current_app, make_response, redirect, render_template, request, send_file, url_for
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from ..logins.roles import Person
from ..opening import Services, for_a_page
from ..settings import Settings
from ..store import audit
from ..store.engine import Store
from ..web.guard import missing
from . import newness, queries
from .bodies import Bodies, Body
from .charts import Chart, ChartCache, Ending, Variant
from .framing import Frame, frame, place
from .keeping import Kept
from .page import Asked, Errand, Handed, Page, Sent, Told
from .tables import files
from .tables.from_url import wanted
from .tables.table import Table
from .tables.view import TableView, view

IMAGES = {"svg": "image/svg+xml", "png": "image/png"}
FOR_GOOD = "private, max-age=31536000, immutable"
"""An image's address names its content: a browser may keep it."""
FILES = {"csv": (files.as_csv, "text/csv"), "json": (files.as_json, "application/json")}
NO_TABLE = "This page has no such table now, or not for you: open the page itself, which names those that there are."
NO_CHART = "This page has no such chart now: open the page itself again, which draws the newest."
Answer = AnyResponse | tuple[str, int]


@dataclass(frozen=True, slots=True)
class ChartView:
    """A chart as the HTML needs it: the address of each variant and download, and the table of its numbers.

    ``undrawn`` are the keys of variants whose size is not known yet.
    """

    alt: str
    size: str
    keys: Sequence[tuple[str, str]]
    images: Mapping[str, str]
    sizes: Mapping[str, tuple[int, int]]
    svg: str
    png: str
    table: TableView
    undrawn: Sequence[str]


@dataclass(frozen=True)
class Desk:
    """Answers for every page; holds what is kept between requests.

    ``outside`` opens what errands ask; null: as the settings say.
    """

    settings: Settings
    store: Store
    who: Callable[[], Person]
    clock: Callable[[], int]
    pages: Sequence[Page]
    kept: Kept = field(default_factory=Kept)
    images: ChartCache = field(default_factory=ChartCache)
    bodies: Bodies = field(default_factory=Bodies)
    outside: Callable[[], AbstractContextManager[Services]] | None = None

    def show(self, page: Page, number: int | None) -> Answer:
        """The page as HTML; 304 where the reader's script has it already."""
        reader, marks = self.who(), self.bodies.marks
        with self.store.read() as connection:
            asked = self._asked(connection, number, person=reader if page.personal else marks.nameless(reader))
            if asked is None:
                return _missing(number)
            everywhere = _everywhere()
            where = request.script_root, request.full_path  # a header may say the root, which all links begin with
            name = page.name, *where, str(asked.person), everywhere["theme"], everywhere["can_log_out"]
            shown = newness.tag(connection, asked.now, *name)
            tag = newness.own(shown, reader, dict(request.cookies))
            if request.if_none_match.contains_weak(tag):
                response = Response(status=304)
            else:
                body = self.bodies.get(name, shown, lambda: self._body(page, asked), self.images.has)
                html = body.of(marks, reader.name, everywhere["form_token"], tag)
                response = Response(html, body.status, mimetype="text/html")
            response.set_etag(tag)
            return response

    def table(self, page: Page, number: int | None, name: str, ending: str) -> Answer:
        """A table of the page, whole, as it is sorted and filtered; without a name the first one."""
        args, person = request.args, self.who()
        write, kind = FILES[ending]

        def lines() -> Generator[str, None, None]:
            with self.store.read() as connection:
                asked = self._asked(connection, number, args, person)
                if asked is None:
                    return
                found = _named(_tables(page.tables(asked), page.charts(asked)), name)
                if found is None:
                    raise NotFound(NO_TABLE)
                table, prefix = found
                yield table.name
                yield from write(table, wanted(table, args, prefix, whole=True))

        pieces = lines()
        called = next(pieces, None)  # what fails at the beginning fails before the answer begins
        if called is None:
            return _missing(number)
        first = next(pieces, "")
        response = Response(chain([first], pieces), mimetype=kind)
        response.call_on_close(pieces.close)
        if ending == "csv":
            file = f"{page.name}-{number}-{called}" if number else called
            response.headers["Content-Disposition"] = f'attachment; filename="{file}.csv"'
        return response

    def chart(self, page: Page, number: int | None, key: str, ending: Ending) -> Answer:
        """An image that the page names."""
        image = self.images.get(key, ending, lambda: self.variants(page, number))
        if image is None:
            raise NotFound(NO_CHART)
        response = Response(image, mimetype=IMAGES[ending])
        response.headers["Cache-Control"] = FOR_GOOD
        return response

    def variants(self, page: Page, number: int | None, first_for: Person | None = None) -> list[Variant]:
        """Every image that the page names: to whoever asks as they ask, or at its first address to ``first_for``."""
        with self.store.read() as connection:
            asked = self._asked(connection, number, {} if first_for else None, first_for)
            charts = () if asked is None else page.charts(asked)
            return [variant for chart in charts for variant in chart.variants().values()]

    def act(self, page: Page, number: int | None, name: str, form: Mapping[str, str]) -> Answer:
        """Do it, with its event of the audit chain in the same transaction; then lead back to the page."""
        action = page.actions[name]
        if isinstance(action, Errand):
            return self._run(page, number, name, action, form)
        with self.store.begin() as connection:
            asked = self._asked(connection, number)
            if asked is None:
                return _missing(number)
            done = action.act(asked, form)
            if done is not None and not isinstance(done, Told):
                audit.record(
                    connection,
                    now=asked.now,
                    actor=asked.person.actor,
                    action=action.event,
                    project=asked.of.key if asked.of else None,
                    subject=done.subject,
                    why=done.why,
                    words=done.words,
                    person=done.person,
                )
            here = self._here(page, asked)
        if isinstance(done, Told):
            return self._told(page, asked, here, done)
        return _back(here, name, form)

    def _run(self, page: Page, number: int | None, name: str, errand: Errand, form: Mapping[str, str]) -> Answer:
        """Ask another program, while no transaction is open."""
        with self.store.read() as connection:
            asked = self._asked(connection, number)
            if asked is None:
                return _missing(number)
            here = self._here(page, asked)
        opened = for_a_page(self.settings, self.store, self.clock) if self.outside is None else self.outside()
        with opened as outside:
            done = errand.run(outside, Sent(asked.project, asked.person.actor, form))
        if isinstance(done, Told):
            with self.store.read() as connection:
                again = self._asked(connection, number)
                return _missing(number) if again is None else self._told(page, again, here, done)
        return _back(here, name, form) if done is None else _handed(done)

    def _told(self, page: Page, asked: Asked, here: str, done: Told) -> Response:
        """What is said in the answer to the form itself."""
        around = replace(self._frame(page, asked, ""), live=False)
        return make_response(_filled(done.template, done.values, frame=around, asked=asked, here=here))

    def _asked(
        self,
        connection: Connection,
        number: int | None,
        args: Mapping[str, str] | None = None,
        person: Person | None = None,
    ) -> Asked | None:
        """Null for a project that is not there."""
        project = None if number is None else queries.source_project(connection, number)
        if number is not None and project is None:
            return None
        given = request.args if args is None else args
        return Asked(connection, self.settings, person or self.who(), self.clock(), given, self.kept, project)

    def _here(self, page: Page, asked: Asked) -> str:
        """The address of the page."""
        return url_for(f"dashboard.{page.name}", **place(asked.of))

    def _frame(self, page: Page, asked: Asked, tag: str) -> Frame:
        """What stands around it."""
        return frame(self.pages, page, asked, tag)

    def _body(self, page: Page, asked: Asked) -> Body:
        """The page as everybody with the rights of who asks has it."""
        here = self._here(page, asked)
        base = here if here != "/" else page.base
        charts = page.charts(asked)
        tables = {
            table.name: view(
                table, here, f"{base}/tables/{table.name}" if prefix else base, asked.args, prefix, page.keeps
            )
            for table, prefix in _tables(page.tables(asked), charts)
        }
        chosen = urlencode({name: asked.args[name] for name in page.keeps if asked.args.get(name)})
        drawn = {one.table.name: self._shown(one, base, tables[one.table.name], chosen) for one in charts}
        marks, given = self.bodies.marks, page.read(asked)
        around = self._frame(page, asked, marks.tag)
        own = {"person": asked.person, "form_token": lambda: marks.token}
        html = _filled(f"{page.name}.html", given, **own, frame=around, asked=asked, tables=tables, charts=drawn)
        return Body(html, page.status(asked), [key for one in drawn.values() for key in one.undrawn])

    def _shown(self, chart: Chart, base: str, table: TableView, chosen: str) -> ChartView:
        query = f"?{chosen}" if chosen else ""
        variants = chart.variants()
        images = {look: f"{base}/charts/{one.key}.svg{query}" for look, one in variants.items()}
        sizes = {look: self.images.size(one) for look, one in variants.items()}
        svg, png = (f"{base}/charts/{variants[f'light-{chart.size}'].key}.{ending}{query}" for ending in ("svg", "png"))
        undrawn = [one.key for one in variants.values() if not self.images.has(one.key)]
        return ChartView(chart.alt, chart.size, chart.keys, images, sizes, svg, png, table, undrawn)


def _everywhere() -> Mapping[str, Any]:
    """What every template has."""
    found: dict[str, Any] = {}
    current_app.update_template_context(found)
    return found


def _filled(template: str, given: Mapping[str, Any], **own: Any) -> str:
    """The template with what its page gives it. Raises ValueError where that would hide what every template has."""
    if clashes := sorted(given.keys() & (own.keys() | _everywhere().keys() | current_app.jinja_env.globals.keys())):
        raise ValueError(f"{template} is given what every page has already: rename {', '.join(clashes)}")
    return render_template(template, **own, **given)


def _tables(own: Sequence[Table], charts: Sequence[Chart]) -> list[tuple[Table, str]]:
    """The tables of a page, those behind its charts last, each with what its arguments begin with."""
    behind = [chart.table for chart in charts]
    return [(table, f"{table.name}." if order or not own else "") for order, table in enumerate([*own, *behind])]


def _named(tables: Sequence[tuple[Table, str]], name: str) -> tuple[Table, str] | None:
    """The table of that name; the first one without a name."""
    return next((one for one in tables if not name or one[0].name == name), None)


def _back(here: str, name: str, form: Mapping[str, str]) -> AnyResponse:
    """To the page that the form was on, which says what was done."""
    chosen = dict(parse_qsl(form.get("back", "")[:2000])) | {"done": name}
    return redirect(f"{here}?{urlencode(chosen)}", 303)


def _handed(file: Handed) -> AnyResponse:
    """The file, piece by piece, for the reader to keep."""
    response = send_file(file.content, file.kind, as_attachment=True, download_name=file.name)
    response.headers["Cache-Control"] = "no-store"
    response.call_on_close(file.content.close)
    return response


def _missing(number: int | None) -> tuple[str, int]:
    """The answer for a project that is not there."""
    return (render_template("missing.html", label_studio_id=None), 404) if number is None else missing(number)
