"""What people see: the terminal, the table and the page."""

import csv
import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ..evidence.files import FOUR, MOOD, moods, write
from ..sync.terminal import Terminal

EVIL = '<script>alert("x")</script>'


def test_the_terminal_says_what_matters(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, FOUR))
    assert done.code == 0, done.err
    text = done.out.replace("\N{NO-BREAK SPACE}", " ")
    for part in ("mood (Choices)", "67 % of answers match", "Krippendorff's alpha", "Gwet's AC1", "1 and 2"):
        assert part in text
    assert "1 task has one answer" in text


def test_a_terminal_of_80_columns_is_enough(tmp_path: Path) -> None:
    write(tmp_path, FOUR)
    done = subprocess.run(
        [Path(sys.executable).with_name("tiebreak"), "agreement", "export.json", "--label-config", "config.xml"],
        cwd=tmp_path,
        env={"COLUMNS": "80", "PATH": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.rstrip() for line in done.stdout.splitlines()]
    assert max(len(row) for row in rows if row.startswith("    ")) <= 80


def test_that_everybody_agrees_and_kappa_is_nothing_explains_itself(tiebreak: Terminal) -> None:
    tasks = moods({n: {1: "yes", 2: "no" if n == 1 else "yes"} for n in range(1, 41)})
    done = tiebreak(*write(tiebreak.folder, tasks))
    assert "nearly all answers are the same one" in done.out


def test_the_table_is_tidy(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, FOUR), "--csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert list(rows[0]) == "control section name measure value low high n reason".split()
    numbers = {(row["section"], row["name"], row["measure"]): row for row in rows}
    assert float(numbers["coefficient", "", "krippendorff_alpha"]["value"]) == pytest.approx(4 / 9)
    assert float(numbers["pair", "1 x 2", "percent_agreement"]["value"]) == pytest.approx(2 / 3)
    assert numbers["task", "3", "agreement"]["value"] == "0.0"
    assert numbers["excluded", "", "single"]["value"] == "1"
    assert numbers["overall", "", "agreement"]["control"] == ""


class Page(HTMLParser):
    """The tags of a page and everything that they could load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]


def test_the_page_stands_alone_and_escapes_what_people_wrote(tiebreak: Terminal) -> None:
    label = EVIL.replace("<", "&lt;").replace('"', "&quot;")
    tasks = moods({1: {1: EVIL, 2: "no"}, 2: {1: "no", 2: "no"}})
    for one in tasks:
        one["data"] = {"text": EVIL, "source": EVIL}
    arguments = write(tiebreak.folder, tasks, MOOD.replace('value="yes"', f'value="{label}"'))
    done = tiebreak(*arguments, "--by", "source", "--html", "page.html")
    assert done.code == 0, done.err
    text = (tiebreak.folder / "page.html").read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags
    assert page.tags & {"img", "link", "iframe", "object", "form"} == set()
    assert [link for link in page.links if not link.startswith("#")] == []
    assert not re.search(r"https?://|url\(|@import", text)
    assert "&lt;script&gt;" in text


def test_the_page_shows_who_what_and_where(tiebreak: Terminal) -> None:
    done = tiebreak(*write(tiebreak.folder, FOUR), "--html", "page.html")
    assert "Wrote page.html" in done.out
    text = (tiebreak.folder / "page.html").read_text(encoding="utf-8")
    for part in (
        "Who agrees with whom",
        "What is answered for what",
        "Task 3",
        "text 3",
        "What was left out",
        "seed 0",
    ):
        assert part in text


def test_the_same_answers_give_the_same_page(tiebreak: Terminal) -> None:
    arguments = write(tiebreak.folder, FOUR)
    for name in ("a.html", "b.html"):
        tiebreak(*arguments, "--html", name)
    assert (tiebreak.folder / "a.html").read_bytes() == (tiebreak.folder / "b.html").read_bytes()
