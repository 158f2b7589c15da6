"""A number leads to its tasks: as many of them as it was counted from, and the ones counted by hand."""

import re
from collections import Counter
from collections.abc import Mapping
from html import unescape
from itertools import combinations
from typing import Any

import pytest
from flask.testing import FlaskClient

from sync.progress_report.command import of_project

from .stage import Stage, browser, crowd, stage, texts

PEOPLE = {1: "Amara Okafor", 2: "Jonas Weber", 3: "Sofia Rossi", 4: "Wei <b>"}
GIVEN = [*crowd(30, {1: 0.95, 2: 0.9, 3: 0.6, 4: 0.7}), (30, 1, "positive"), (31, 2, "negative")]
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Three of four people on thirty tasks, one on two more, eight tasks to do; six rulings; what is left out."""
    one = stage(tmp_path_factory.mktemp("behind")).people(PEOPLE).create(texts(40), overlap=3).answer(GIVEN)
    one.answer([(33, 1, "positive"), (33, 2, "positive"), (34, 1, "positive")], was_cancelled=True)
    one.answer([(35, 3, "positive")], ground_truth=True)
    one.assess().push()
    one.rule([{"label": "neutral", "reviewer": 9} for _ in range(6)])
    return one.assess().beat().summarise()


@pytest.fixture(scope="module")
def client(busy: Stage) -> FlaskClient:
    return browser(busy)


@pytest.fixture(scope="module")
def progress(busy: Stage) -> Mapping[str, Any]:
    with busy.store.read() as connection:
        found: Mapping[str, Any] = of_project(connection, 7)["progress"]
    return found


def listed(client: FlaskClient, behind: str) -> Rows:
    found: Rows = client.get(f"/projects/7/task/tables/behind.json?behind={behind}").get_json()["rows"]
    return found


def places(rows: Rows) -> list[int]:
    return [int(row["task"]) - 7000 for row in rows]


def links(text: str) -> dict[str, str]:
    """The arguments of each link to tasks behind a number -> the number that it stands on."""
    found = re.findall(r'<a href="/projects/7/task\?(behind=[^"#]+)#table-behind">(.*?)</a>', text, re.DOTALL)
    return {unescape(where): " ".join(re.sub(r"<[^>]+>", " ", shown).split()) for where, shown in reversed(found)}


def test_times_and_cost_lead_to_as_many_as_they_were_counted_from(
    client: FlaskClient, progress: Mapping[str, Any]
) -> None:
    times, cost = progress["lead_times"], progress["cost"]
    shown = links(client.get("/projects/7").text)
    for behind, n in (
        ("task_time", times["tasks"]["median"]["n"]),
        ("review_time", times["reviews"]["median"]["n"]),
        ("label_cost", cost["labels"]),
    ):
        assert f"behind={behind}" in shown
        assert len(listed(client, behind)) == n > 0
    hours = [row["took"] for row in listed(client, "task_time")]
    assert len(set(places(listed(client, "task_time")))) == len(hours) == 30


def test_missing_answers_are_those_of_their_tasks(client: FlaskClient, progress: Mapping[str, Any]) -> None:
    found = listed(client, "answers_left")
    assert sum(row["missing"] for row in found) == progress["progress"]["answers_left"] == 8 * 3 + 2 * 2


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ("complete_tasks", range(30)),
        ("partly_tasks", [30, 31]),
        ("untouched_tasks", range(32, 40)),
        ("left_cancelled", [33, 34]),
        ("left_ground_truth", [35]),
        ("left_duplicates", None),
        ("left_rejected", []),
    ],
)
def test_counts_of_the_project_lead_to_their_tasks(
    client: FlaskClient, behind: str, expected: list[int] | None
) -> None:
    rows, shown = listed(client, behind), links(client.get("/projects/7").text)
    number = int(shown[f"behind={behind}"])
    counted = behind.removeprefix("left_")
    assert number == (sum(row[counted] for row in rows) if counted in (rows or [{}])[0] else len(rows))
    assert expected is None or places(rows) == [*expected]


def test_ruled_tasks_are_those_with_a_ruling(client: FlaskClient) -> None:
    assert int(links(client.get("/projects/7").text)["behind=ruled"]) == len(listed(client, "ruled")) == 6


def test_a_control_leads_to_the_tasks_of_two_people_and_of_one(client: FlaskClient) -> None:
    people = Counter(place for place, _, _ in GIVEN)
    shown = links(client.get("/projects/7").text)
    for behind, fits in (("tasks_compared", range(2, 9)), ("single", range(1, 2))):
        rows = listed(client, f"{behind}&control=sentiment")
        assert int(shown[f"behind={behind}&control=sentiment"]) == len(rows)
        assert {place for place, n in people.items() if n in fits} == set(places(rows))


def test_each_pair_leads_to_the_tasks_that_both_answered(client: FlaskClient) -> None:
    page = client.get("/projects/7/annotators").text
    assert len(links(page)) >= len(list(combinations(PEOPLE, 2)))
    for where, shown in links(page).items():
        rows = client.get(f"/projects/7/task/tables/behind.json?{where}").get_json()["rows"]
        assert int(shown.removesuffix(" tasks").split()[-1]) == len(rows), where
    found = listed(client, "tasks_in_common&control=sentiment&first=3&second=4")
    said = {(place, person): label for place, person, label in GIVEN}
    with_rulings = {place for place in places(found) if (place, 3) in said and (place, 4) in said}
    assert {place for place, person in said if person == 3 and (place, 4) in said} == with_rulings
    for row in found:
        assert (row["said-0"], row["said-1"]) == (said[int(row["task"]) - 7000, 3], said[int(row["task"]) - 7000, 4])


def test_somebodys_numbers_lead_to_all_that_they_answered(client: FlaskClient) -> None:
    page = client.get("/projects/7/annotators?person=3").text
    where = "behind=answers&control=sentiment&first=3"
    assert int(links(page[page.index('id="person"') :])[where]) == len(listed(client, where.partition("=")[2]))


def test_hidden_names_lead_to_no_answers(client: FlaskClient) -> None:
    assert "behind=" not in client.get("/projects/7/annotators?names=hidden&person=p1").text


def test_the_list_is_a_page_that_says_what_the_number_means(client: FlaskClient) -> None:
    text = client.get("/projects/7/task?behind=task_time").text
    assert "Hours from the creation of a task" in text
    assert 'href="/projects/7/task?behind=task_time&amp;behind.page=2#table-behind" rel="next"' in text
    for where in ("/projects/7/task", "http://localhost:8080/projects/7/data"):
        assert len(re.findall(rf'href="{where}\?task=70\d\d"', text)) == 25
    for wrong in ("nothing", "", "tasks_in_common&first=x&second=%F0", "answers&first=9&control=none", "answers"):
        assert client.get(f"/projects/7/task?behind={wrong}").status_code == 200
    assert "Which task?" in client.get("/projects/7/task?behind=nothing").text
    assert (
        "Wei <b>" not in client.get("/projects/7/task?behind=tasks_in_common&control=sentiment&first=3&second=4").text
    )
