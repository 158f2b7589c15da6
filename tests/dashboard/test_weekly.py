"""The weekly report: what it says is what the store says, in one file that loads nothing."""

import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from typer.testing import CliRunner

from sync.cli import app
from sync.dashboard.keeping import Kept
from sync.dashboard.page import Asked
from sync.dashboard.queries import source_project
from sync.errors import ExportError, NotPulled, SettingsError
from sync.logins.roles import Person
from sync.progress_report.in_words import lines
from sync.store import summaries
from sync.summaries import KINDS, summarise
from sync.weekly_report.document import html_of
from sync.weekly_report.pdf import pdf_of

from .looking import complaints_of_axe
from .stage import HOUR, START, Stage, copies, crowd, stage, texts
from .test_model import with_models

EVIL = "<script>alert(1)</script>"
NOW = START + 980 * HOUR
DAY = 24 * HOUR


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    """A project with a model, three rulings of this week, and strange words wherever people write."""
    folder = tmp_path_factory.mktemp("made")
    people = {1: f"Zoltan {EVIL}", 2: "Bo", 3: "Cy"}
    found = stage(folder, title=f"Reviews {EVIL}").people(people).create(texts(12), overlap=3)
    found.answer(crowd(12, {1: 0.9, 2: 0.6, 3: 0.5})).assess().push()
    said = {"reviewer": 1, "label": "neutral", "cause": "guideline gap"}
    found.rule([{**said, "rationale": EVIL}, {**said, "rationale": "=1+1"}, {**said, "cause": "edge case"}])
    with_models(found).assess()
    summarise(found.store, found.key, found.settings, lambda: NOW)
    return copies(found, folder)


@pytest.fixture
def one(made: Callable[[Path], Stage], tmp_path: Path) -> Stage:
    """It, for one test."""
    return made(tmp_path)


def html(one: Stage, now: int = NOW) -> str:
    with one.store.read() as connection:
        project = source_project(connection, 7)
        return html_of(Asked(connection, one.settings, Person("", "viewer"), now, {}, Kept(), project))


class Reader(HTMLParser):
    """Keeps what stands between the marks."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self._found = found

    def handle_data(self, data: str) -> None:
        self._found.append(data)


def words(text: str) -> str:
    """What a reader reads, in one line."""
    found: list[str] = []
    parser = Reader(found)
    parser.feed(text[text.index("<body>") :].replace("\N{NO-BREAK SPACE}", " "))
    return " ".join(" ".join(found).split())


def test_it_says_what_the_store_and_the_command_line_say(one: Stage) -> None:
    text = words(html(one))
    with one.store.read() as connection:
        kept = {kind: summaries.of(connection, one.key, kind) for kind in KINDS}
    told = {kind: found.body for kind, found in kept.items() if found is not None}
    for line in lines({"made_at": NOW, **told}):
        if "oldest" not in line:
            assert line.replace("\N{NO-BREAK SPACE}", " ") in text
    assert "Rulings 3" in text
    assert "Decided this week" in text
    assert "Gaps that reviewers named" in text
    assert "tiebreak-3 is right on 83 % [67 %, 92 %]" in text
    assert "Krippendorff's alpha: how far people agree beyond chance." in text


def test_the_seven_days_are_those_of_the_calendar_and_end_with_today(tmp_path: Path) -> None:
    """Eight answers within nine hours of one day: the seventh day has them, the eighth has not."""
    one = stage(tmp_path).create(texts(8), overlap=2)
    one.answer(crowd(4, {1: 0.9, 2: 0.9}, each=2)).answer([(7, 1, "neutral")], was_cancelled=True).assess()
    summarise(one.store, one.key, one.settings, lambda: START + 9 * HOUR)
    last = (START // DAY + 7) * DAY - HOUR
    assert "Answers 8 Tasks completed 4 " in words(html(one, START + 9 * HOUR))
    assert "Answers 8 Tasks completed 4 " in words(html(one, last))
    assert "Answers 0 Tasks completed 0 " in words(html(one, last + 2 * HOUR))
    assert "1 annotation counts nowhere above: 1 skipped." in words(html(one, last))
    one.store.close()


def test_rulings_of_earlier_weeks_are_left_out(one: Stage) -> None:
    text = words(html(one, NOW + 24 * 7 * HOUR))
    assert "Rulings 0" in text
    assert "Decided this week" not in text


def test_it_loads_nothing_runs_nothing_and_names_nobody(one: Stage) -> None:
    text = html(one)
    assert "<script" not in text
    assert all(source.startswith("data:image/svg+xml;base64,") for source in re.findall(r'src="([^"]*)"', text))
    assert set(re.findall(r'href="([^"]*?)/projects', text)) == {one.settings.label_studio_url}
    assert "url(" not in text
    assert "Zoltan" not in text
    drawn = [base64.b64decode(one) for one in re.findall(r'base64,([^"]+)"', text)]
    assert len(drawn) >= 3
    assert not any(b"<script" in image or b"http://" in image.replace(b"http://www.w3.org", b"") for image in drawn)


def test_a_project_without_an_assessment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotPulled, match="run `tiebreak run 7` first"):
        html(stage(tmp_path).create(texts(1)))


def written(folder: Path, *arguments: str) -> BaseException | None:
    """What the command raises, null where it does what it is asked."""
    config = folder / "tiebreak.toml"
    config.write_text(f'store = "sqlite:///{folder / "store.sqlite3"}"\n')
    return CliRunner().invoke(app, ["report", *arguments, "--config", str(config)]).exception


@pytest.mark.usefixtures("one")
def test_the_command_writes_one_file_and_replaces_it(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("old")
    assert written(tmp_path, "7", "--html", str(file)) is None
    assert file.read_text().startswith("<!doctype html>")
    assert not list(tmp_path.glob(".tiebreak-*"))


@pytest.mark.usefixtures("one")
def test_the_command_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments, kind, said in (
        (["7"], SettingsError, "say where to write the report"),
        (["9", "--html", str(tmp_path / "x")], NotPulled, "project 9 is not in the store yet"),
        (["7", "--html", str(tmp_path / "no" / "x")], ExportError, "cannot be written"),
    ):
        error = written(tmp_path, *arguments)
        assert isinstance(error, kind)
        assert said in str(error)
    monkeypatch.setenv("PATH", str(tmp_path))
    error = written(tmp_path, "7", "--pdf", str(tmp_path / "x.pdf"), "--html", str(tmp_path / "x.html"))
    assert isinstance(error, SettingsError)
    assert "install one, or write --html FILE and print that" in str(error)
    assert not (tmp_path / "x.html").exists()


def test_a_browser_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho no display >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(ExportError, match="did not print the report: no display"):
        pdf_of("<p>x</p>")


@pytest.mark.browser
def test_it_is_printed_and_axe_finds_nothing(one: Stage, tmp_path: Path, chromium: Browser) -> None:
    text = html(one)
    assert pdf_of(text).startswith(b"%PDF-")
    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    page = chromium.new_page(viewport={"width": 360, "height": 800}, bypass_csp=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    assert complaints_of_axe(page) == []
    assert complaints == []
    page.close()
