"""Every number on every page says what it means, from how many, how surely, and leads to what is behind it."""

import re
from collections.abc import Mapping
from html import unescape
from typing import NamedTuple

import pytest
from sqlalchemy import select

from sync.dashboard.definitions import DEFINITIONS
from sync.dashboard.registry import all_pages
from sync.store import personal_links
from sync.store.tables import queue, tasks

from .stage import HOUR, START, browser, crowd, stage, texts

NAMES = {1: "Amara Okafor", 2: "Jonas Weber", 3: "Sofia Rossi"}
GIVEN = crowd(60, {1: 0.95, 2: 0.9, 3: 0.6})


class Number(NamedTuple):
    """A tile or a line of facts, as text; ``where`` it leads to, empty for nowhere."""

    term: str
    value: str
    meaning: str
    interval: str
    where: str


def numbers(text: str) -> list[Number]:
    """All that a page shows as a tile or as a fact."""
    found = []
    facts = re.sub(r'<dl class="meanings">.*?</dl>', "", text, flags=re.DOTALL)
    for part in re.split(r'<div class="tile[ "]|<div><dt>', facts)[1:]:
        shown = re.search(r'<p class="figure[^>]*>(.*?)</p>|<dd[^>]*>(.*?)</dd>', part, re.DOTALL)
        tip = re.search(r'role="tooltip"[^>]*>(.*?)</span></span>', part.split("<dd")[0], re.DOTALL)
        assert shown, part[:300]
        value = shown[1] or shown[2] or ""
        where = re.search(r'<a href="([^"]+)"', value)
        bounds = re.search(r'class="interval">([^<]*)', value)
        term = re.search(r"<button[^>]*>(.*?)</button>", part)
        found.append(
            Number(
                unescape(term[1]) if term else bare(part.split("<dd")[0]),
                bare(re.sub(r'<span class="interval".*', "", value)),
                bare(tip[1]) if tip else "",
                bounds[1] if bounds else "",
                unescape(where[1]) if where else "",
            )
        )
    return found


def bare(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture(scope="module")
def texts_of(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Each page of a project in which everything was done, those of one person and one task."""
    one = stage(tmp_path_factory.mktemp("numbers")).people(NAMES).create(texts(80), overlap=3).answer(GIVEN)
    one.answer([(70, 1, "positive")], was_cancelled=True).assess().score().assess().push()
    one.rule([{"label": "neutral", "reviewer": 1, "cause": "guideline gap"} for _ in range(6)]).assess().beat()
    one.attend().summarise()
    with one.store.begin() as connection:
        token = personal_links.make(connection, one.key, 1, now=START, expires_at=START + 9999 * HOUR, actor="me")
        waiting = select(tasks.c.label_studio_id).join(queue, queue.c.task == tasks.c.id)
        task = connection.execute(waiting.where(queue.c.action != "audit")).scalars().first()
    client, found = browser(one), {}
    for page in all_pages():
        address = page.address.replace("<int:label_studio_id>", "7").replace("<token>", token)
        chosen = {"annotators": "?person=3", "task": f"?task={task}"}.get(page.name, "")
        reply = client.get(address + chosen)
        assert reply.status_code == 200, address
        found[page.name] = reply.text
    return found


@pytest.fixture(scope="module")
def shown(texts_of: Mapping[str, str]) -> Mapping[str, list[Number]]:
    """Page -> its numbers."""
    return {name: numbers(text) for name, text in texts_of.items()}


TEXT = {"Version", "text"}
"""Facts that are no numbers: a version's name, what a task shows."""
NO_TASKS = {
    "Speed against accuracy": "it is about people: the chart below shows them, where there is anything to show",
    "Scored": "a moment",
    "Priority": "the parts below it add up to it",
    "Place": "the same",
    "Wrong": "the same",
    "Matters": "the policy says it",
    "To mend": "nothing was looked for yet",
}
"""Numbers that lead nowhere, and why."""
OWN = "my_work"
"""The page of an annotator, who may see no list of tasks; the rulings on their own answers stand below."""
ESTIMATES = {
    *("Alpha", "Reliability", "With the others", "On known truths", "Accepted", "At first pass", "Seconds", "Too fast"),
    *(
        "Improvement",
        DEFINITIONS["model_right"].term,
        "Accuracy",
        "Equals the consensus",
        "A task takes",
        "A review takes",
    ),
}
"""Numbers that are estimated from a part, and so have an interval."""


def test_each_number_says_what_it_means(shown: Mapping[str, list[Number]]) -> None:
    assert {name for name, every in shown.items() if every} == {page.name for page in all_pages()}
    for name, every in shown.items():
        assert [one for one in every if not one.meaning and one.term not in TEXT] == [], name


def test_each_number_says_from_how_many(shown: Mapping[str, list[Number]]) -> None:
    """A plain count is its own number."""
    for name, every in shown.items():
        without = [one for one in every if "Counted from" not in one.meaning and not re.fullmatch("[\\d,]+", one.value)]
        assert {one.term for one in without if one.value[:1] != "–"} <= {*TEXT, *NO_TASKS}, name


def test_each_estimate_has_its_interval(shown: Mapping[str, list[Number]]) -> None:
    seen = {one.term for every in shown.values() for one in every if one.term in ESTIMATES}
    assert seen == ESTIMATES
    for name, every in shown.items():
        known = [one for one in every if one.term in ESTIMATES and one.value[:1] != "–"]
        assert [one for one in known if not one.interval] == [], name


def test_each_number_leads_to_what_is_behind_it(shown: Mapping[str, list[Number]]) -> None:
    for name, every in shown.items():
        without = {one.term for one in every if not one.where and one.value[:1] not in "–0"}
        assert name == OWN or without <= {*TEXT, *NO_TASKS}, name


def test_where_a_number_leads_there_is_something(
    shown: Mapping[str, list[Number]], texts_of: Mapping[str, str]
) -> None:
    for name, every in shown.items():
        for one in every:
            page, _, part = one.where.partition("#")
            if part and (not page or page.startswith("?")):
                assert f'id="{part}"' in texts_of[name], (name, one.where)


def test_what_was_left_out_is_said_where_something_was(shown: Mapping[str, list[Number]]) -> None:
    for term in ("Alpha", "Answers in 7 days", "Answers left", "A label costs"):
        said = [one.meaning for one in shown["project"] if one.term == term]
        assert len(said) == 1
        assert "Left out: " in said[0], term
