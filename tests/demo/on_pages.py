"""A manager at the demo's pages: what a real Chromium shows of them, and what the command line says of the same."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page
from typer.testing import CliRunner

from sync.cli import app
from sync.dashboard.wording import coefficient, percent
from sync.demo.accounts import PASSWORD
from sync.settings import load
from sync.store.engine import open_existing
from sync.web.app import create_app

from ..dashboard.looking import served

HERE = "/projects/1"
SECONDS = 60_000
"""Milliseconds that anything may take on a busy machine."""
READ = r"""() => {
  const all = (where, within) => [...within.querySelectorAll(where)];
  const text = one => one ? one.innerText.replace(/\s+/g, ' ').trim() : '';
  const pairs = (where, word, said) => Object.fromEntries(
    all(where, document).map(one => [text(one.querySelector(word)), text(one.querySelector(said))]));
  const rows = one => all('tbody tr', one).map(row => [...row.cells].map(text));
  return {
    lead: text(document.querySelector('.lead')),
    tiles: pairs('.tile', '.term', '.figure'),
    facts: pairs('.facts > div', 'dt', 'dd'),
    tables: Object.fromEntries(all('.table-block:not(details *)', document).map(one => [one.id, rows(one)])),
  };
}"""


@dataclass(frozen=True)
class Seen:
    """What a page shows: its sentence, its tiles and facts by their words, the cells of its tables by row."""

    lead: str
    tiles: Mapping[str, str]
    facts: Mapping[str, str]
    tables: Mapping[str, Sequence[Sequence[str]]]

    def column(self, table: str, place: int) -> list[str]:
        return [row[place] for row in self.tables[f"table-{table}"]]


@dataclass(frozen=True)
class Reader:
    """Somebody who is logged in as the demo's manager; ``file`` has the demo's settings."""

    page: Page
    file: Path
    label_studio: str

    def sees(self, path: str) -> Seen:
        reply = self.page.goto(path)
        assert reply is not None
        assert reply.status == 200, path
        return self.reads()

    def reads(self) -> Seen:
        return Seen(**self.page.evaluate(READ))

    def moves(self, step: Callable[[], object]) -> Seen:
        """What the page shows that comes of a click or a choice."""
        with self.page.expect_navigation():
            step()
        return self.reads()

    def says(self, *command: str) -> str:
        done = CliRunner().invoke(app, [*command, "--config", str(self.file)])
        assert done.exit_code == 0, done.output
        return done.stdout

    def said(self, *command: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.says(*command, "--json"))

    @cached_property
    def control(self) -> Mapping[str, Any]:
        """``tiebreak agreement`` on the demo's one question."""
        (control,) = self.said("agreement", "--project", "1")["controls"].values()
        return dict(control)

    @cached_property
    def people(self) -> Mapping[str, Mapping[str, Any]]:
        """``tiebreak annotators`` by the names that Label Studio has for them."""
        accounts = json.loads((self.file.parent / "label-studio" / "tiebreak-accounts.json").read_text("utf-8"))
        names = {one["id"]: f"{one['first_name']} {one['last_name']}" for one in accounts}
        (found,) = self.said("annotators", "--project", "1")["controls"].values()
        return {names[one["annotator"]]: {**one, "id": one["annotator"]} for one in found}

    @cached_property
    def queue(self) -> Sequence[Mapping[str, Any]]:
        """``tiebreak queue``, the most urgent first."""
        return list(self.said("queue", "--project", "1")["queue"])

    @cached_property
    def scored(self) -> str:
        """The version of the last scoring round, as ``tiebreak status`` has it: tiebreak-1.1 is made by tiebreak-1."""
        return str(self.said("status")["1"]["round"]["version"])

    @cached_property
    def models(self) -> Sequence[str]:
        """The versions of the model that tiebreak-ml keeps."""
        return [place.parent.name for place in (self.file.parent / "ml").glob("1.*/versions/*/model.json")]

    def quality(self, model: str) -> Mapping[str, Any]:
        """What tiebreak-ml keeps beside a version of the model."""
        (file,) = (self.file.parent / "ml").glob(f"1.*/versions/{model}/model.json")
        (control,) = json.loads(file.read_text("utf-8"))["controls"]
        return {**control["quality"], "value": control["quality"]["accuracy"]}


@contextmanager
def reader(browser: Browser, folder: Path) -> Iterator[Reader]:
    """The dashboard of a demo's folder as it is served there, and its manager, who has just logged in."""
    file = folder / "tiebreak.toml"
    settings = load(file)
    store = open_existing(settings.store)
    with served(create_app(settings, store, lambda _: None)) as address:
        context = browser.new_context(base_url=address, locale="en-GB")
        context.set_default_timeout(SECONDS)
        context.route("**/charts/**", lambda route: route.abort())  # drawn and looked at in tests/dashboard
        page = context.new_page()
        page.goto(f"{HERE}/queue")
        page.get_by_label("Name").fill(settings.dashboard_user)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile(f"{HERE}/queue$"))
        yield Reader(page, file, settings.label_studio_url)
        context.close()
    store.close()


def share(one: Mapping[str, Any]) -> str:
    """An estimate as the tables of the pages write shares, or why there is none."""
    return _shown(one, percent)


def estimate(one: Mapping[str, Any]) -> str:
    """The same of coefficients."""
    return _shown(one, coefficient)


def _shown(one: Mapping[str, Any], written: Callable[[float | None], str]) -> str:
    if one["value"] is None:
        return str(one["reason"])
    low, high = written(one["low"]), written(one["high"])
    return f"{written(one['value'])} [{low}, {high}]".replace("\N{NO-BREAK SPACE}", " ")
