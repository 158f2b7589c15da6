"""The page of a project says what the store, the command and a count by hand say."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus, urlencode

import pytest

from sync.dashboard.label_trend import label_trend_chart
from sync.dashboard.wording import coefficient
from sync.progress_report.command import of_project
from sync.progress_report.in_words import date, duration
from sync.settings import Settings
from sync.store import logins, summaries
from sync.summaries import AGREEMENT
from sync.web.app import create_app

from .stage import HOUR, START, Stage, browser, crowd, stage, texts, unmarked

NOW = START + 980 * HOUR
EVIL = "<script>alert(1)</script>"
GOOD, BAD = dict.fromkeys((1, 2, 3, 4), 0.97), dict.fromkeys((1, 2, 3, 4), 0.34)
GIVEN = [*crowd(60, GOOD), *((place + 60, one, label) for place, one, label in crowd(60, BAD, seed=2))]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """People who agree on sixty tasks and guess on sixty more; reviews that wait; thirty tasks to do."""
    folder = tmp_path_factory.mktemp("project")
    one = stage(folder, settings=Settings(bootstrap=100, hourly_cost=30.0)).people({1: "A", 2: "B", 3: "C", 4: EVIL})
    one.create([{"text": f"{EVIL} {place}"} for place in range(150)], overlap=3)
    return one.answer(GIVEN).answer([(140, 1, "positive")], was_cancelled=True).assess().push().beat().summarise()


@pytest.fixture(scope="module")
def said(busy: Stage) -> Mapping[str, Any]:
    """What ``tiebreak progress --json`` says."""
    with busy.store.read() as connection:
        return of_project(connection, 7)


def page(one: Stage, path: str = "/projects/7") -> str:
    reply = browser(one).get(path)
    assert reply.status_code == 200
    assert EVIL not in reply.text
    return re.sub(r"</?data[^>]*>", "", unmarked(reply.text))


def rows(one: Stage, name: str, query: str = "") -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = browser(one).get(f"/projects/7/tables/{name}.json{query}").get_json()["rows"]
    return found


def confused_by_hand() -> dict[frozenset[str], set[int]]:
    """Two labels -> the places of the tasks to which one person gave the one and another person the other."""
    labels = defaultdict(set)
    for place, _, label in GIVEN:
        labels[place].add(label)
    found = defaultdict(set)
    for place, given in labels.items():
        for pair in permutations(given, 2):
            found[frozenset(pair)].add(place)
    return found


def test_the_first_sentence_says_what_the_store_knows(busy: Stage, said: Mapping[str, Any]) -> None:
    control = said["progress"]["controls"]["sentiment"]
    alpha, trend, pair = control["krippendorff_alpha"], control["trend"]["krippendorff_alpha"], control["most_confused"]
    urgent = next(one for one in said["progress"]["waiting"]["reviews"] if one["band"] == 1)
    assert trend["direction"] == "falling"
    limits = f"{coefficient(alpha['low'])} to {coefficient(alpha['high'])}"
    first, second = pair["labels"]
    assert (
        f"alpha {coefficient(alpha['value'])}, 95 % interval {limits}, falling since {date(trend['since'])}; "
        f"“{first}” is confused with “{second}” on {pair['tasks']} of {pair['of']} tasks; {urgent['number']} urgent "
        f"reviews wait, the oldest {duration((NOW - urgent['oldest']) / 3.6e9)}. "
    ) in page(busy)


def test_the_first_sentence_is_written_in_the_readers_form(busy: Stage, said: Mapping[str, Any]) -> None:
    control = said["progress"]["controls"]["sentiment"]
    text = browser(busy).get("/projects/7").text
    lead = text[text.index('<p class="lead">') :].split("</p>")[0]
    assert f'alpha <span class="numbers">{coefficient(control["krippendorff_alpha"]["value"])}</span>' in lead
    assert re.search(r'falling since <time datetime="\d{4}-\d\d-\d\d">', lead)


def test_the_tiles_are_those_of_the_command(busy: Stage, said: Mapping[str, Any]) -> None:
    text, progress = page(busy), said["progress"]
    forecast, cost, times = progress["forecast"], progress["cost"], progress["lead_times"]["tasks"]
    for words in (
        f"{progress['progress']['tasks_left']} tasks of 150 not complete",
        f"in 28 days {progress['pace']['28']['answers']} answers",
        f"{date(forecast['low'])} to",
        f"from {forecast['days']} working days",
        f"nine of ten within {duration(times['ninetieth'])}; {times['median']['n']} tasks",
        f"{cost['per_label']:.2f} min",
        f"{cost['money']:.2f} in money; {cost['labels']} labels from {cost['answers']} answers and 0 rulings",
        "Left out: 1 skipped.",
        "fewer than 5 are over",
    ):
        assert words in text, words
    assert cost["money"] == pytest.approx(cost["per_label"] / 60 * 30)


def test_each_day_is_counted(busy: Stage, said: Mapping[str, Any]) -> None:
    found = {row["day"]: row for row in rows(busy, "throughput")}
    by_hand: dict[str, int] = defaultdict(int)
    for order in range(1, len(GIVEN) + 1):
        at = (START + order * HOUR) // 1_000_000
        by_hand[day_of(at)] += 1
    assert {day: row["answers"] for day, row in found.items() if row["answers"]} == dict(by_hand)
    assert sum(row["completed"] for row in found.values()) == said["progress"]["progress"]["complete"] == 120


def test_the_burn_down_ends_on_the_days_of_the_forecast(busy: Stage, said: Mapping[str, Any]) -> None:
    found = rows(busy, "burn-down")[::-1]
    forecast, left = said["progress"]["forecast"], said["progress"]["progress"]["answers_left"]
    past = [row["left"] for row in found if row["left"] is not None]
    assert past == said["days"]["answers_left"]
    assert past[-1] == left == 90
    for name, end in (("earliest", "low"), ("likely", "day"), ("latest", "high")):
        line = [row[name] for row in found if row[name] is not None]
        assert line[0] == left
        assert all(one >= other for one, other in pairwise(line))
        if forecast[end] is not None:
            assert {row["day"]: row[name] for row in found}[day_of(forecast[end] // 1_000_000)] == 0


def test_tasks_are_distributed_and_labels_confused_as_counted_by_hand(busy: Stage, said: Mapping[str, Any]) -> None:
    known = said["agreement"]["controls"]["sentiment"]
    assert [row["tasks"] for row in rows(busy, "distribution-1")] == known["distribution"]["counts"]
    assert sum(known["distribution"]["counts"]) == 120
    by_hand = confused_by_hand()
    found = rows(busy, "confused-1")
    assert {frozenset((row["first"], row["second"])): row["tasks"] for row in found} == {
        pair: len(places) for pair, places in by_hand.items()
    }
    assert [row["share"] for row in found] == [pytest.approx(row["tasks"] / row["of"]) for row in found]


def test_a_pair_leads_to_its_tasks_and_these_to_label_studio(busy: Stage) -> None:
    worst = rows(busy, "confused-1")[0]
    pair = f"{worst['first']} / {worst['second']}"
    query = urlencode({"tasks-1.pair": pair})
    assert worst["where_address"] == f"/projects/7?{query}#table-tasks-1"
    found = rows(busy, "tasks-1", f"?{query}")
    places = confused_by_hand()[frozenset((worst["first"], worst["second"]))]
    assert {row["pair"] for row in found} == {pair}
    assert {int(row["task"]) for row in found} == {7000 + place for place in places}
    assert all(row["place_address"].endswith(f"/projects/7/data?task={row['task']}") for row in found)
    assert all(row["task_address"] == f"/projects/7/task?task={row['task']}" for row in found)
    text = page(busy, f"/projects/7?{query}")
    assert "<details open><summary>These tasks</summary>" in text
    shown = text[text.index('id="table-tasks-1"') :]
    assert shown.count("/projects/7/data?task=") >= 10
    assert f"1 to 10 of {len(places)}" in shown


def test_every_cell_of_the_matrix_of_labels_leads_to_its_tasks(busy: Stage) -> None:
    text = browser(busy).get("/projects/7").text
    square = text[text.index('<table class="matrix leading') :].partition("</table>")[0]
    cells = re.findall(r'<a href="([^"]+)"[^>]*aria-label="(\d+) tasks? on which (\w+) and (\w+) are', square)
    by_hand = confused_by_hand()
    assert len(cells) == 2 * len(by_hand)
    for address, number, first, second in cells:
        assert int(number) == len(by_hand[frozenset((first, second))])
        assert address == f"/projects/7?{urlencode({'tasks-1.pair': f'{first} / {second}'})}#table-tasks-1"


def test_each_label_is_followed_over_time_as_the_summary_says(busy: Stage, said: Mapping[str, Any]) -> None:
    known = said["agreement"]["controls"]["sentiment"]["labels"]
    found = rows(busy, "labels-1")
    assert [(row["label"], row["tasks"], row["alpha"], row["alpha_low"], row["agreement"]) for row in found] == [
        (
            one["label"],
            one["tasks"],
            one["krippendorff_alpha"]["value"],
            one["krippendorff_alpha"]["low"],
            one["percent_agreement"]["value"],
        )
        for one in known
    ]
    amounts = {label: sum(given == label for _, _, given in GIVEN) for label in ("positive", "neutral", "negative")}
    for label, amount in amounts.items():
        alphas = [row["alpha"] for row in found if row["label"] == label]
        assert sum(row["answers"] for row in found if row["label"] == label) == amount
        assert min(alphas[:4]) > max(alphas[-4:]), "they guess in the second half"
    only = rows(busy, "labels-1", "?labels-1.label=neutral")
    assert {row["label"] for row in only} == {"neutral"}
    assert "Agreement on each label of sentiment over time" in page(busy)


def test_labels_are_drawn_apart_from_two_periods_on(busy: Stage, said: Mapping[str, Any]) -> None:
    control = said["agreement"]["controls"]["sentiment"]
    chart = label_trend_chart(control, "sentiment", "1")
    assert chart is not None
    for variant in chart.variants().values():
        image = variant.svg().decode()
        assert all(f">{label}</text>" in image for label in ("positive", "neutral", "negative"))
    first = [one for one in control["labels"] if one["from"] == control["labels"][0]["from"]]
    assert label_trend_chart({"labels": first}, "sentiment", "1") is None
    assert label_trend_chart({}, "sentiment", "1") is None, "what an older release kept"


def test_numbers_of_the_queue_lead_into_it(busy: Stage) -> None:
    text = browser(busy).get("/projects/7").text
    for link, number in re.findall(r'<a href="/projects/7/queue(\?band=P\d)" aria-label="(\d+) entr', text):
        assert len(rows_of_queue(busy, link)) == int(number)
    reasons = re.findall(r'<a href="/projects/7/queue(\?reasons=[^"]+)" aria-label="(\d+) findings?: ([^"]+)"', text)
    assert reasons
    for link, number, kind in reasons:
        assert unquote_plus(link) == f"?reasons={kind}"
        assert 0 < len(rows_of_queue(busy, link)) <= int(number), "an entry may have several findings of a kind"


def test_what_adds_nothing_to_a_priority_has_no_number(busy: Stage) -> None:
    chips = set(re.findall(r'<span class="meta">(Low agreement|Low confidence)( 0\.\d\d)?</span>', page(busy)))
    assert ("Low confidence", "") in chips
    assert ("Low confidence", " 0.00") not in chips
    assert {kind for kind, adds in chips if adds} == {"Low agreement"}


def rows_of_queue(one: Stage, query: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = browser(one).get(f"/projects/7/queue.json{query}").get_json()["rows"]
    return found


@pytest.mark.parametrize("path", ["/", "/operations", "/projects/7", "/projects/7/queue", "/projects/7/annotators"])
def test_every_number_that_leads_somewhere_on_its_page_leads_to_something(busy: Stage, path: str) -> None:
    text = browser(busy).get(path).text
    ids = set(re.findall(r'\bid="([^"]+)"', text))
    places = re.findall(r'<p class="figure[^"]*"><a href="(?:\?[^"#]*)?#([^"]+)"', text)
    assert places
    assert set(places) <= ids


def test_the_queue_says_how_long_its_oldest_waits(busy: Stage, said: Mapping[str, Any]) -> None:
    band = next(one for one in said["progress"]["waiting"]["queue"] if one["number"])
    assert f"oldest {duration((NOW - band['oldest']) / 3.6e9)}" in page(busy)


def test_before_the_first_summary_it_says_what_to_do(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(8), overlap=3).answer(crowd(8, GOOD)).assess()
    text = page(one)
    assert "Not counted yet" in text
    assert "tiebreak run 7" in text
    assert "throughput" not in text


def test_a_summary_of_nothing_is_shown(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(3), overlap=3).assess().summarise()
    text = page(one)
    assert "6 answers" not in text
    assert "3 tasks of 3 not complete" in text
    assert "<picture>" not in text


def test_labels_that_are_no_words_harm_neither_page_nor_chart_nor_file(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(3), overlap=3).answer(crowd(3, GOOD)).assess().summarise()
    pair = {"labels": [EVIL, "=1+1"], "tasks": 1, "of": 3, "examples": [one.task_keys[0]]}
    with one.store.begin() as connection:
        kept = summaries.of(connection, one.key, AGREEMENT)
        assert kept is not None
        control = {**kept.body["controls"]["sentiment"], "confused": [pair]}
        summaries.write(connection, one.key, {AGREEMENT: {"controls": {"sentiment": control}}}, "s", NOW)
    text = page(one)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    figure = text[text.index("Labels that are confused on sentiment") :]
    image = re.findall(r'href="(/projects/7/charts/[^"]+svg)"', figure)[0]
    assert "<script" not in browser(one).get(image).text
    assert "'=1+1" in browser(one).get("/projects/7/tables/confused-1.csv").text
    found = rows(one, "tasks-1", f"?{urlencode({'tasks-1.pair': f'{EVIL} / =1+1'})}")
    assert [row["task"] for row in found] == ["7000"]


def test_who_has_no_role_in_it_gets_neither_page_nor_tables(busy: Stage) -> None:
    settings = Settings(login_header="X-User", trusted_proxies=["127.0.0.1"])
    with busy.store.begin() as connection:
        logins.add(connection, "out", None, None, START)
    client = create_app(settings, busy.store, lambda _: None, clock=lambda: NOW).test_client()
    client.environ_base["HTTP_X_USER"] = "out"
    paths = ("", "/tables/tasks-1.json", "/tables/burn-down.csv")
    refused = {client.get(f"/projects/7{path}").status_code for path in paths}
    assert refused == {client.get("/projects/99").status_code}
    assert refused <= {403, 404}


def day_of(seconds: int) -> str:
    """The day of a time in seconds since 1970, UTC."""
    return str(datetime.fromtimestamp(seconds, UTC).date())
