"""The demo as somebody runs it: one command, a real Label Studio, real services, one JSON object, and its pages."""

import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from sync.quality.consensus import every_method

from ..dashboard.looking import paths
from .on_pages import HERE, Reader, Seen, estimate, reader, share
from .running import Ran, run_demo

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def ran(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """``tiebreak demo --once --json``, run once for all that is asked of it here."""
    return run_demo(tmp_path_factory.mktemp("demo"), "--once", "--json")


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def test_the_demo_does_all_that_it_says(ran: Ran) -> None:
    assert ran.code == 0, ran.err
    report = ran.report
    assert list(report) == ["label_studio", "project", "agreement", "consensus", "model", "review", "seconds"]
    assert report["label_studio"]["version"] == "1.23.2"
    assert report["project"] == {"id": 1, "tasks": 400, "annotations": 280, "annotators": 3}


def test_agreement_is_between_its_bounds_and_the_careless_one_lowers_it(ran: Ran) -> None:
    (digit,) = ran.report["agreement"].values()
    assert set(digit) == {"krippendorff_alpha", "percent_agreement"}
    for one in digit.values():
        assert one["low"] <= one["value"] <= one["high"]
    assert 0.4 < digit["krippendorff_alpha"]["value"] < digit["percent_agreement"]["value"] < 0.95


def test_consensus_and_model_are_measured_against_the_truth(ran: Ran) -> None:
    report = ran.report
    assert report["consensus"]["method"] in every_method()
    assert report["consensus"]["accuracy"] > 0.85
    assert report["model"]["accuracy"] > 0.8
    assert 0 <= report["model"]["ece"] < 0.2


def test_one_version_everywhere_and_the_exact_order(ran: Ran) -> None:
    report = ran.report
    assert report["model"]["version"].startswith("tiebreak-")
    assert report["model"]["versions_agree"] is True
    assert report["review"]["order_exact"] is True


def test_reviews_come_back_with_reasons_and_two_are_ruled(ran: Ran) -> None:
    review = ran.report["review"]
    assert [home["title"][:4] for home in review["projects"]] == sorted(
        home["title"][:4] for home in review["projects"]
    )
    assert review["projects"][0]["title"].startswith("[P1] ")
    assert review["reasons"]["low_agreement"] > 10
    assert (review["rulings"], review["ground_truths"]) == (2, 2)


def test_seconds_are_counted_by_part(ran: Ran) -> None:
    seconds = ran.report["seconds"]
    assert set(seconds) == {"label_studio", "annotate", "train", "refresh", "sync", "total"}
    assert sum(value for part, value in seconds.items() if part != "total") <= seconds["total"]


def test_everything_that_was_started_is_stopped(ran: Ran) -> None:
    assert not listens(ran.report["label_studio"]["url"])
    settings = (ran.folder / "tiebreak.toml").read_text(encoding="utf-8")
    urls = [line.split('"')[1] for line in settings.splitlines() if line.startswith(("backend_url", "public_url"))]
    assert len(urls) == 2
    assert not any(listens(url) for url in urls)


def test_simulated_annotators_are_named_as_simulated(ran: Ran) -> None:
    people = json.loads((ran.folder / "label-studio" / "tiebreak-accounts.json").read_text(encoding="utf-8"))
    assert all("(simulated)" in one["last_name"] for one in people if one["role"] == "annotator")


@pytest.fixture(scope="module")
def boss(ran: Ran, chromium: Browser) -> Iterator[Reader]:
    """Somebody who looks after the demo's project in a browser, after the demo has ended."""
    assert ran.code == 0, ran.err
    with reader(chromium, ran.folder) as one:
        yield one


def bands(boss: Reader) -> list[str]:
    """How many entries of each band ``tiebreak queue`` has."""
    found = Counter(one["band"] for one in boss.queue)
    return [str(found[band]) for band in (1, 2, 3)]


def alpha(boss: Reader) -> str:
    return estimate(boss.control["coefficients"]["krippendorff_alpha"])


def overview(boss: Reader, seen: Seen) -> None:
    (row,) = seen.tables["table-projects"]
    told = boss.said("progress", "1")["1"]["progress"]
    reviews = sum(one["number"] for one in told["waiting"]["reviews"])
    trend = told["controls"]["digit"]["trend"]["krippendorff_alpha"]["direction"]
    assert row[2].startswith(f"{alpha(boss)} ")
    assert trend in row[2]
    assert row[3] == f"30 % {told['progress']['answers_left']} answers left"
    assert row[5] == f"{len(boss.queue)} {bands(boss)[0]} urgent"
    assert row[6].startswith(f"{reviews} oldest ")
    assert row[7] in {f"{share(boss.quality(one))} {boss.scored}" for one in boss.models}  # the next may be learned
    assert seen.tiles["To decide"] == str(len(boss.queue))
    assert seen.tiles["Answers in 7 days"] == str(told["pace"]["7"]["answers"]) == "280"


def operations(boss: Reader, seen: Seen) -> None:
    run = boss.said("status")["1"]["run"]
    (row,) = seen.tables["table-runs"]
    assert (run["ok"], run["message"]) == (True, "")
    assert row[1].split()[1:] == ["Well"]
    assert "assess: assessed anew" in seen.column("log", 5)[1]
    pulls = [event for event in boss.said("audit", "log", "--action", "pull") if event["project"] == 1]
    assert "2 new annotations" in seen.column("log", 5)[0]
    assert sum(event["subject"].get("annotations", 0) for event in pulls) == 280 + 2
    assert dict(zip(seen.column("steps", 0), seen.column("steps", 3), strict=True))["push"] == "0"


def project(boss: Reader, seen: Seen) -> None:
    told = boss.said("progress", "1")["1"]["progress"]
    (row,) = seen.tables["table-controls"]
    percents = share(boss.control["coefficients"]["percent_agreement"])
    assert row == ["digit", "Choices", alpha(boss), percents, str(boss.control["tasks"]), "3", "280", "0"]
    assert [seen.tiles[word] for word in ("Alpha", "To decide")] == [alpha(boss), str(len(boss.queue))]
    assert seen.tiles["Answers left"] == str(told["progress"]["answers_left"])
    assert seen.tiles["A label costs"] == f"{told['cost']['per_label']:.2f} min"
    confused = told["controls"]["digit"]["most_confused"]
    assert "“{}” is confused with “{}” on {tasks} of {of} tasks".format(*confused["labels"], **confused) in seen.lead
    assert "digit: whether more labels help is not known yet" in boss.page.locator("#model").inner_text()
    urgent = boss.page.locator("#queue .queue-table td[data-label=Task] b").all_inner_texts()
    assert urgent == [str(one["task"]) for one in boss.queue[:12]]


def annotators(boss: Reader, seen: Seen) -> None:
    rows = {row[0]: row for row in seen.tables["table-people"]}
    assert set(rows) == set(boss.people)
    for name, one in boss.people.items():
        assert rows[name][1:5] == [
            str(one["annotations"]),
            *(share(one[key]) for key in ("reliability", "agreement", "gold")),
        ]
    right = {name: one["reliability"] for name, one in boss.people.items()}
    below = [name for name, one in right.items() if any(one["high"] < other["low"] for other in right.values())]
    assert [name for name in right if name in seen.lead] == below  # of three people, below one is below half the others
    names = {one["id"]: name for name, one in boss.people.items()}
    said = {frozenset(names[one] for one in pair["annotators"]): pair for pair in boss.control["pairs"]}
    assert len(said) == len(seen.tables["table-pairs"]) == 3
    for first, second, tasks, kappa, agreement in seen.tables["table-pairs"]:
        pair = said[frozenset((first, second))]
        limits = {"low": pair["cohen_kappa_low"], "high": pair["cohen_kappa_high"]}
        assert [tasks, kappa] == [str(pair["tasks"]), estimate({"value": pair["cohen_kappa"], **limits})]
        assert agreement == share({**pair, "value": pair["percent_agreement"]})


def queue(boss: Reader, seen: Seen) -> None:
    assert [seen.tiles[word] for word in ("P1, urgent", "P2, soon", "P3, later")] == bands(boss)
    shown = list(zip(seen.column("queue", 0), seen.column("queue", 1), seen.column("queue", 6), strict=True))
    said = [(f"P{one['band']}", str(one["task"]), f"{one['priority']:.2f}") for one in boss.queue]
    assert shown == said[: len(shown)]
    assert len(shown) >= 10
    pushed = {one["subject"]["task"]: one["subject"] for one in boss.said("audit", "log", "--action", "push")}
    first = pushed[boss.queue[0]["task"]]
    assert boss.page.locator("#table-queue tbody td:last-child a").first.get_attribute("href") == (
        f"{boss.label_studio}/projects/{first['review_project']}/data?task={first['review_task']}"
    )


def task(boss: Reader, seen: Seen) -> None:
    assert not seen.tiles
    boss.page.get_by_label("Its number in Label Studio").fill(str(boss.queue[0]["task"]))
    seen = boss.moves(lambda: boss.page.get_by_role("button", name="Show").click())
    first = boss.queue[0]
    assert [seen.facts["Place"], seen.facts["Priority"]] == ["1", f"{first['priority']:.2f}"]
    adds = dict(zip(seen.column("derivation", 0), seen.column("derivation", 4), strict=True))
    assert adds.pop("Priority") == f"{first['priority']:.2f}"
    assert adds == {kind.replace("_", " ").capitalize(): f"{part:.2f}" for kind, part in first["parts"].items()}
    happened = boss.said("history", str(first["task"]), "--project", "1")
    assert seen.column("history", 0) == [one["what"] for one in happened]
    assert seen.column("history", 4) == [one["became"] or "–" for one in happened]


def rulings(boss: Reader, seen: Seen) -> None:
    said = {str(one["subject"]["task"]): one["why"]["cause"] for one in boss.said("audit", "log", "--action", "ruling")}
    assert dict(zip(seen.column("log", 0), seen.column("log", 3), strict=True)) == said
    assert seen.tiles["Rulings"] == str(len(said)) == "2"


def model(boss: Reader, seen: Seen) -> None:
    made, *_ = boss.scored.rsplit(".", 1)
    scored, live = boss.quality(made), boss.quality(seen.lead.split()[0])
    (row,) = [one for one in seen.tables["table-versions"] if one[0].split()[0] == made]
    assert [row[3], row[6], row[7]] == [share(scored), f"{scored['ece']:.2f}", str(scored["n"])]
    assert [seen.tiles["Accuracy"], seen.tiles["Calibration error"]] == [share(live), f"{live['ece']:.2f}"]


def versions(boss: Reader, seen: Seen) -> None:
    """A version is kept by the page's form, too."""
    assert boss.said("version", "list", "--project", "1") == []
    boss.page.get_by_label("Tag").fill("as-shown")
    seen = boss.moves(lambda: boss.page.get_by_role("button", name="Keep", exact=True).click())
    (version,) = boss.said("version", "list", "--project", "1")
    (row,) = seen.tables["table-labels"]
    assert row[:2] == [str(version["number"]), "as-shown"]
    assert row[3:5] == [str(version["tasks"]), str(version["labels"])]
    kept = boss.page.request.get(f"{HERE}/versions/tables/labels.json").json()["rows"]
    assert [one["content"] for one in kept] == [version["content_hash"]]
    assert seen.tiles["Labels"] == str(version["labels"])
    checked = boss.said("audit", "verify")
    assert checked["whole"]
    assert seen.tiles["Events"] == seen.tiles["Newest checked"] == str(checked["events"])
    events = list(boss.said("audit", "log", "--project", "1"))[::-1]
    assert [(row[0], row[3]) for row in seen.tables["table-audit"]] == [
        (str(one["number"]), one["action"]) for one in events[:20]
    ]


PAGES: dict[str, Callable[[Reader, Seen], None]] = {
    "/": overview,
    "/operations": operations,
    HERE: project,
    f"{HERE}/annotators": annotators,
    f"{HERE}/queue": queue,
    f"{HERE}/task": task,
    f"{HERE}/rulings": rulings,
    f"{HERE}/model": model,
    f"{HERE}/versions": versions,
}


@pytest.mark.browser
@pytest.mark.parametrize("path", paths(1)[:-1])
def test_a_page_shows_what_the_command_line_says(boss: Reader, path: str) -> None:
    PAGES[path](boss, boss.sees(path))


@pytest.mark.browser
def test_the_queue_is_sorted_and_filtered(boss: Reader) -> None:
    boss.sees(f"{HERE}/queue")
    seen = boss.moves(lambda: boss.page.locator("#table-queue").get_by_role("link", name="Task", exact=True).click())
    tasks = sorted(one["task"] for one in boss.queue)
    assert seen.column("queue", 1) in (
        [str(one) for one in order[: len(seen.column("queue", 1))]] for order in (tasks, tasks[::-1])
    )
    seen = boss.moves(lambda: boss.page.locator("#table-queue select[name=band]").select_option("P1"))
    urgent = {str(one["task"]) for one in boss.queue if one["band"] == 1}
    assert set(seen.column("queue", 1)) == urgent
    assert set(seen.column("queue", 0)) == {"P1"}


@pytest.mark.browser
def test_an_annotator_sees_the_own_numbers_and_nobody_else(boss: Reader) -> None:
    name, me = sorted(boss.people.items())[0]
    seen = boss.sees(boss.says("people", "link", "1", str(me["id"])).split()[-1])
    assert [seen.tiles["Your answers"], seen.tiles["With the others"]] == [
        str(me["annotations"]),
        share(me["agreement"]),
    ]
    text = boss.page.content()
    assert not [other for other in boss.people if other != name and other in text]


@pytest.mark.browser
def test_whoever_logs_out_is_out(boss: Reader) -> None:
    boss.sees(f"{HERE}/annotators")
    boss.moves(lambda: boss.page.get_by_role("button", name="Log out").click())
    assert [boss.page.request.get(path, max_redirects=0).status for path in PAGES] == [303] * len(PAGES)
