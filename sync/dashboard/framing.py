"""What stands around every page: navigation, theme, and where Label Studio is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, request, url_for

from ..logins.roles import Person
from ..settings import Settings
from .page import Asked, Page
from .queries import Place, Project

THEMES = ("light", "dark")
"""What a reader may choose; without a choice the browser says which."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One place of the navigation."""

    title: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What the layout knows of the page that it stands around; ``tag`` names what the page shows (see newness).

    ``own`` is what the window is called, before the project.
    """

    page: Page
    project: Project | None
    tabs: Sequence[Tab]
    said: str
    tag: str
    live: bool
    own: str

    @property
    def title(self) -> str:
        """What the window is called."""
        where = [self.project.title or "Untitled"] if self.project else []
        own = [] if self.page.name == "project" else [self.own]
        return " · ".join([*own, *where, "Tiebreak"])

    def action(self, name: str) -> str:
        """Where the form of an action is sent."""
        return url_for(f"dashboard.{self.page.name}_do_{name}", **place(self.project))


def frame(pages: Sequence[Page], page: Page, asked: Asked, tag: str) -> Frame:
    """The frame of a page as who asks may see it."""
    done = page.actions.get(asked.args.get("done", ""))
    tabs = project_tabs(pages, page, asked) if asked.of else []
    own = page.window(asked) if page.window else page.title
    return Frame(page, asked.of, tabs, done.said if done else "", tag, page.live, own)


def project_tabs(pages: Sequence[Page], current: Page, asked: Asked) -> list[Tab]:
    """The pages of the project."""
    return [
        Tab(one.title, url_for(f"dashboard.{one.name}", **place(asked.of)), one is current)
        for one in pages
        if one.of_project and asked.may(one.needs)
    ]


def global_tabs(pages: Sequence[Page], person: Person | None) -> list[Tab]:
    """The pages that are about no single project."""
    return [
        Tab(one.title, url_for(f"dashboard.{one.name}"), request.endpoint == f"dashboard.{one.name}")
        for one in pages
        if not one.of_project and person is not None and (one.needs == "anybody" or person.may(one.needs))
    ]


def place(project: Project | None) -> dict[str, Any]:
    """The project as addresses name it."""
    return {} if project is None else {"label_studio_id": project.label_studio_id}


def chosen_theme() -> str:
    """The theme that the reader chose; empty without a choice."""
    theme = request.cookies.get("tiebreak_theme", "")
    return theme if theme in THEMES else ""


def add_context(routes: Blueprint, settings: Settings, pages: Sequence[Page]) -> None:
    """What every template may use, those of errors too; no secret is among it."""
    base = label_studio(settings)

    @routes.app_context_processor
    def context() -> dict[str, object]:
        return {
            "label_studio_url": base,
            "coverage": settings.confidence,
            "has_backend": bool(settings.backend_url),
            "address": lambda where: address(base, where),
            "theme": chosen_theme(),
            "navigation": lambda person: global_tabs(pages, person),
        }

    @routes.app_template_global()
    def fresh_id() -> str:
        """An id that nothing else on the page has; the same one for the same page."""
        g.ids = g.get("ids", 0) + 1
        return f"id-{g.ids}"


def label_studio(settings: Settings) -> str:
    """Where people's browsers reach Label Studio."""
    return settings.label_studio_url_for_people or settings.label_studio_url


def address(label_studio_url: str, where: Place) -> str:
    """Where Label Studio shows a task, or all tasks of a project."""
    base = f"{label_studio_url}/projects/{where.project}/data"
    return base if where.task is None else f"{base}?task={where.task}"
