"""What pages are built of, as HTML."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .sample import application
from .stage import stage, texts


@pytest.fixture
def get(tmp_path: Path) -> Callable[[str], str]:
    client = application(stage(tmp_path).create(texts(1))).test_client()

    def read(path: str) -> str:
        reply = client.get(path)
        assert reply.status_code == 200
        return " ".join(reply.get_data(as_text=True).replace("\N{NO-BREAK SPACE}", " ").split())

    return read


def part(text: str, start: str, end: str) -> str:
    begun = text[text.index(start) :]
    return begun[: begun.index(end)]


def test_a_figure_says_all_about_itself(get: Callable[[str], str]) -> None:
    text = get("/projects/7/sample")
    tiles = part(text, 'class="tiles"', "<section")
    assert '<a href="/projects/7#queue"><data value="0.7">0.70</data></a> <span class="interval">[0.60, 0.80]' in tiles
    for said in (
        "Counted from 12 tasks.",
        '95 % interval <span class="numbers">[0.60, 0.80]</span>.',
        "Left out: 3 annotations.",
    ):
        assert said in tiles
    assert "Only one person answered." in tiles
    assert '<p class="meta">only one person answered</p>' in tiles
    assert '<data value="1234">1,234</data>' in tiles
    assert "othing was pushed" not in tiles  # why it is unknown is said of what is unknown
    assert '<time datetime="2026-09-21T' in tiles


def test_a_table_is_cut_into_pages_sorted_searched_and_filtered(get: Callable[[str], str]) -> None:
    text = get("/projects/7/sample")
    people = part(text, 'id="table-people"', 'id="table-nobody"')
    assert people.count("<tr>") == 101
    assert "too few answers" in people
    assert 'href="/projects/7/sample?page=2#table-people" rel="next"' in people
    last = part(get("/projects/7/sample?page=3&sort=-answers"), 'id="table-people"', 'id="table-nobody"')
    assert last.count("<tr>") == 51
    assert 'aria-sort="descending"' in last
    assert 'rel="next"' not in last
    found = part(get("/projects/7/sample?search=person+12&band=P1&page=7"), 'id="table-people"', 'id="table-nobody"')
    assert 'value="person 12"' in found
    assert '<option selected value="P1">' in found
    assert "Person 128" in found  # there are no seven pages: what fits stands on the last
    assert "Nothing fits" not in found
    found = part(get("/projects/7/sample?search=nobody&band=P1"), 'id="table-people"', 'id="table-nobody"')
    assert 'Nothing fits. <a href="/projects/7/sample#table-people">Show all</a>' in found


def test_a_table_without_rows_says_what_to_do(get: Callable[[str], str]) -> None:
    nobody = part(get("/projects/7/sample"), 'id="table-nobody"', "<figure")
    assert "Invite somebody." in nobody
    assert "Robots were left out." in nobody


def test_a_chart_has_its_numbers_and_downloads(get: Callable[[str], str]) -> None:
    figure = part(get("/projects/7/sample"), "<figure", "</figure>")
    assert 'alt="Three good answers and one bad one."' in figure
    assert "/projects/7/sample/tables/bars.csv" in figure
    assert 'download="bars.svg"' in figure
    assert 'download="bars.png"' in figure
    assert figure.count("<tr>") == 3
