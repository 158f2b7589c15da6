"""The page of the model: what it says equals what the store and the backend say; strange words break nothing."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from sync.dashboard import queries
from sync.store.lease import beat, model_beat
from sync.store.tables import corrections, round_tasks, rounds

from .stage import HOUR, START, TOLD, Stage, browser, copies, crowd, stage, texts, unmarked

EVIL = "<script>alert(1)</script>"
FIGURES = ((0.70, 0.55, 0.82), (0.78, 0.66, 0.87), (0.83, 0.67, 0.92))
BINS = [
    {"low": 0.5, "high": 0.7, "n": 11, "confidence": 0.62, "accuracy": 0.55},
    {"low": 0.9, "high": 1.0, "n": 20, "confidence": 0.97, "accuracy": 0.95},
]
CURVE = {"labels": [10, 40, 160], "accuracy": [0.6, 0.7, 0.8], "low": [0.5, 0.62, 0.74], "high": [0.69, 0.78, 0.85]}
PROOF = {
    "chosen": 160,
    "random": 90,
    "level": 0.72,
    "majority": 0.5,
    "saved": {"value": 41.0, "low": 12.0, "high": 70.0},
}
PAIRED = {
    "live": "tiebreak-2",
    "tasks": 40,
    "difference": 0.06,
    "low": 0.01,
    "high": 0.11,
    "published": True,
    "reason": "r",
}
DECISION = {"live": "tiebreak-2", "tasks": 31, "difference": -0.05, "low": -0.11, "high": 0.02, "published": False}


def with_models(one: Stage) -> Stage:
    """Three versions of the model, the second of which scored twice; between the last two came three decisions."""
    told: dict[str, Any] = {**TOLD, "versions": ["tiebreak-2", "tiebreak-3"], "state": "training"}
    told |= {"metrics": {**TOLD["metrics"], "bins": BINS}, "decision": {**TOLD["decision"], **DECISION}}  # type: ignore[dict-item]
    told["worth"] = {
        "labels_saved": {"sentiment": "41 labels saved [12, 70]", EVIL: "0"},
        "more_labels": {"sentiment": {"unlikely_to_help": True, "words": "labeling more is unlikely to help"}},
        "proofs": {
            "sentiment": {**PROOF, "chosen_curve": CURVE, "random_curve": {"labels": [10, 45], "accuracy": [0.5, 0.72]}}
        },
    }
    told["decisions"] = {"tiebreak-3": PAIRED, "tiebreak-2": {**PAIRED, "live": "tiebreak-0"}, EVIL: 3}
    with one.store.begin() as connection:
        for number, place in enumerate((0, 1, 1, 2), 1):
            model, (accuracy, low, high) = f"tiebreak-{place + 1}", FIGURES[place]
            metrics = {"accuracy": accuracy, "low": low, "high": high, "ece": 0.04, "n": 31, "source": "holdout"}
            row = {"number": number, "model": model, "version": f"{model}.{number}", "hash": "h", "state": "done"}
            at = START + (900 + 10 * number) * HOUR
            connection.execute(insert(rounds).values(project=one.key, made_at=at, metrics=metrics, **row))
        beat(connection, model_beat(one.number), START + 950 * HOUR, True, json.dumps(told))
        for place, hour in enumerate((905, 931, 932, 933, 945)):
            given = {"batch": 1, "control": "sentiment", "answer": '["neutral"]', "reason": "r", "proposed_in": "g"}
            row = {**given, "task": one.task_keys[place], "applied_at": START + hour * HOUR}
            connection.execute(insert(corrections).values(project=one.key, **row))
    return one.summarise()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Stage]:
    folder = tmp_path_factory.mktemp("made")
    people = {1: "Ann", 2: "Bo", 3: "Cy"}
    one = stage(folder).people(people).create(texts(12), overlap=3)
    return copies(with_models(one.answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5})).assess()), folder)


@pytest.fixture
def learned(made: Callable[[Path], Stage], tmp_path: Path) -> Stage:
    """It, for one test."""
    return made(tmp_path)


def page(one: Stage, path: str = "/projects/7/model") -> str:
    reply = browser(one).get(path)
    assert reply.status_code == 200
    return unmarked(reply.text)


def rows(one: Stage, path: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = browser(one).get(path).get_json()["rows"]
    return found


def test_each_version_has_its_figures_and_what_changed_since_the_one_before(learned: Stage) -> None:
    found = rows(learned, "/projects/7/model.json")
    assert [(row["model"], row["rounds"], row["decisions"]) for row in found] == [
        ("tiebreak-3", 1, 3),
        ("tiebreak-2", 2, 0),
        ("tiebreak-1", 1, 1),
    ]
    assert [(row["accuracy"], row["accuracy_low"], row["accuracy_high"]) for row in found] == [*FIGURES[::-1]]
    assert [row["change"] for row in found] == [pytest.approx(0.05), pytest.approx(0.08), None]
    assert {(row["accuracy_n"], row["n"], row["source"], row["ece"]) for row in found} == {
        (31, 31, "the random share", 0.04)
    }
    assert [row["corrections"] for row in found] == [3, 0, 1]
    assert [(row["paired"], row["paired_low"], row["paired_high"], row["paired_n"]) for row in found] == [
        (0.06, 0.01, 0.11, 40),
        (None, None, None, 0),
        (None, None, None, 0),
    ]
    assert [row["paired_reason"] for row in found[1:]] == ["not compared", "not told"]
    assert next(row["model"] for row in rows(learned, "/projects/7/model.json?sort=accuracy")) == "tiebreak-1"
    assert [row["model"] for row in rows(learned, "/projects/7/model.json?search=K-2")] == ["tiebreak-2"]


def test_after_going_back_it_says_which_version_is_live_and_which_was_decided_about(learned: Stage) -> None:
    assert [row["live"] for row in rows(learned, "/projects/7/model.json")] == ["live", "", ""]
    assert "somebody went back" not in page(learned)
    told = {**TOLD, "model": "tiebreak-1", "versions": ["tiebreak-1", "tiebreak-2", "tiebreak-3"]}
    with learned.store.begin() as connection:
        beat(connection, model_beat(7), START + 960 * HOUR, True, json.dumps(told))
    assert [row["live"] for row in rows(learned, "/projects/7/model.json")] == ["", "", "live"]
    text = page(learned)
    assert text.count('<span class="band band-3">live</span>') == 1
    assert "tiebreak-1 is live, not tiebreak-3, which was published after it: somebody went back." in text
    assert "tiebreak-3 was published: right on 5" in text


def test_the_tile_of_the_project_says_what_the_page_of_the_model_says(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(2)).answer([(0, 1, "positive")]).assess()
    assert "no model has been measured yet" in page(one, "/projects/7")
    with one.store.begin() as connection:
        beat(connection, model_beat(7), START + 950 * HOUR, True, json.dumps(TOLD))
    text = page(one, "/projects/7")
    assert "no model has been" not in text
    assert "31 answers, the random share" in text[: text.index('id="queue"')]
    one.store.close()


def test_the_page_says_how_good_it_is_and_whether_more_labels_help(learned: Stage) -> None:
    text = page(learned)
    for said in (
        "tiebreak-3 is right on 83 % [67 %, 92 %] of answers that it has not learned from.",
        "Labeling more is unlikely to help on sentiment.",
        "Counted from 31 answers.",
        "Not published: right on 5 holdout answers",
        "Accuracy beside that of tiebreak-2: −0.05 [−0.11, 0.02], on 31 tasks of the random share.",
        "mood: 3 of 54 labeled tasks taught nothing: they could not be read",
        "is learning",
        f"tiebreak-ml proof 7.{START // 1_000_000}",
    ):
        assert said in text, said
    found = rows(learned, "/projects/7/model/tables/worth.json")
    worth = {row["control"]: (row["saved"], row["signal"]) for row in found}
    (proven,) = [row for row in found if row["control"] == "sentiment"]
    assert [proven[key] for key in ("labels", "labels_low", "labels_high", "labels_n")] == [41, 12, 70, 90]
    assert worth["sentiment"] == ("41 labels saved [12, 70]", "stop, or label what is hard")
    assert EVIL in worth
    assert EVIL not in text


def test_the_charts_show_the_numbers_of_the_backend(learned: Stage) -> None:
    assert rows(learned, "/projects/7/model/tables/calibration.json") == BINS
    drawn = rows(learned, "/projects/7/model/tables/accuracy.json")
    assert [row["accuracy"] for row in drawn] == [one[0] for one in FIGURES]


def test_what_the_model_says_otherwise_than_people_is_a_click_away(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(12), overlap=3).answer(crowd(12, {1: 0.9, 2: 0.8, 3: 0.5}))
    one.assess().score().assess().summarise()
    found = re.search(r'<a href="(/projects/7/queue[^"]*)"><data value="([^"]*)">', page(one))
    assert found is not None
    with one.store.read() as connection:
        check = queries.model_check(connection, queries.Project(one.key, 7, "", None))
    assert check is not None
    assert float(found[2]) == check.accuracy
    assert browser(one).get(found[1]).status_code == 200
    one.store.close()


def test_both_learning_curves_are_drawn_with_their_intervals_and_have_a_table(learned: Stage) -> None:
    found = rows(learned, "/projects/7/model/tables/learning-1.json")
    assert [(row["labels"], row["how"], row["right"], row["right_low"], row["right_high"]) for row in found] == [
        *((*point[:1], "chosen", *point[1:]) for point in zip(*CURVE.values(), strict=True)),
        (10, "random share", 0.5, None, None),  # of a proof of before, which told no interval
        (45, "random share", 0.72, None, None),
    ]
    assert {(row["usual"], row["right_n"]) for row in found} == {(0.5, 90)}
    client = browser(learned)
    images = set(re.findall(r'href="(/projects/7/model/charts/\w+\.(?:svg|png))" download="learning-1', page(learned)))
    assert len(images) == 2
    for image in images:
        content = client.get(image).data
        assert content.startswith(b"<svg" if image.endswith("svg") else b"\x89PNG")


def test_what_the_last_decisions_did_is_said_on_the_same_tasks(learned: Stage) -> None:
    text = page(learned)
    part = text[text.index('id="effect"') : text.index('id="live"')]
    said = re.sub(r"<[^>]*>", " ", part)
    assert "Decided between tiebreak-2 and tiebreak-3" in said
    assert re.search(r"Corrections .* 3 ", said)
    assert re.search(r"0\.06\s+\[0\.01, 0\.11\]", said)
    assert "Counted from 40 tasks." in said


def test_only_a_refused_version_is_offered_for_publishing(learned: Stage) -> None:
    assert "No ML backend is set" in page(learned)
    learned.settings = learned.settings.model_copy(update={"backend_url": "http://localhost:9090"})
    text = page(learned)
    assert "Learn and publish" in text
    assert re.search(r"In place of tiebreak-3 <select name=.version.><option>tiebreak-2</option></select>", text)
    with learned.store.begin() as connection:
        beat(connection, model_beat(7), START + 950 * HOUR, True, json.dumps(TOLD | {"versions": ["tiebreak-3"]}))
    assert "Learn and publish" not in page(learned)
    assert "there is nothing to go back to" in page(learned)


def test_a_round_that_is_not_over_shows_how_far_it_is(learned: Stage) -> None:
    with learned.store.begin() as connection:
        row = {"number": 9, "model": "tiebreak-4", "version": "tiebreak-4.9", "hash": "h", "state": "intended"}
        made = connection.execute(
            insert(rounds).values(project=learned.key, made_at=START, **row).returning(rounds.c.id)
        )
        key = made.scalar_one()
        given = [
            {"round": key, "task": task, "servable": True, "blind": False, "place": place, "state": state}
            for place, (task, state) in enumerate(zip(learned.task_keys, ["sent"] * 3 + ["waiting"] * 9, strict=True))
        ]
        connection.execute(insert(round_tasks), given)
        beat(connection, "project:7:round", START, True, "tiebreak-4.9, writing: 3 of 12 tasks")
    text = page(learned)
    assert "Scores of tiebreak-4.9: 3 of 12 predictions are in Label Studio" in text
    assert '<progress max="12" value="3"' in text
    assert "Last step: tiebreak-4.9, writing: 3 of 12 tasks" in text


def test_without_a_model_it_says_what_to_do(tmp_path: Path) -> None:
    one = stage(tmp_path).create(texts(1))
    assert "Start it: <code>tiebreak-ml serve</code>" in page(one)
    one.settings = one.settings.model_copy(update={"backend_url": "http://localhost:9090"})
    assert "Look whether the backend answers" in page(one)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "[]",
        '{"worth": {"labels_saved": {"c": "x"}, "proofs": {"c": {"random_curve": [1]}}}}',
        '{"metrics": {"bins": [3]}}',
        '{"decision": {"reason": 1, "tasks": "x"}}',
    ],
)
def test_what_cannot_be_read_breaks_nothing(learned: Stage, told: str) -> None:
    with learned.store.begin() as connection:
        beat(connection, model_beat(7), 1, True, told)
        metrics: Any = {"accuracy": "good", "n": None, "source": EVIL}
        row = {"number": 9, "model": EVIL, "version": "v", "hash": "h", "state": "done", "metrics": metrics}
        connection.execute(insert(rounds).values(project=learned.key, made_at=START, **row))
    text = page(learned)
    assert "not measured" in text
    assert EVIL not in text
