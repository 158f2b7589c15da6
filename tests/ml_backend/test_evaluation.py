"""``tiebreak-ml score`` and ``evaluate``: their figures beside those of other libraries and of known truths."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.dummy import DummyRegressor
from sklearn.metrics import (
    brier_score_loss,
    mean_absolute_error,
    median_absolute_error,
    precision_recall_fscore_support,
)
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from label_config.answers import Number
from ml_backend.exports.evaluation import Answered, evaluated
from ml_backend.exports.figures import median
from ml_backend.exports.tables import csv_text
from ml_backend.records import FloatArray

from .commands import run
from .scenes import SENTIMENT, label_of, learned, sentiment_rows, serving
from .test_belief import KINDS, rows
from .test_export_file import annotation, task

KEY = "4.17"


def answered(labels: list[str], said: list[str], confidence: list[float]) -> list[Answered]:
    return [
        Answered(one == other, sure, (sure - (one == other)) ** 2, frozenset([other]), frozenset([one]))
        for one, other, sure in zip(labels, said, confidence, strict=True)
    ]


def test_the_figures_are_those_of_scikit_learn_and_scipy() -> None:
    rng = np.random.default_rng(4)
    truth, said = (rng.choice(["a", "b", "c"], 80, p=[0.6, 0.3, 0.1]).tolist() for _ in range(2))
    sure = rng.random(80).tolist()
    found = evaluated(answered(truth, said, sure), 3, rng)
    hits = sum(one == other for one, other in zip(truth, said, strict=True))
    wilson = binomtest(hits, 80).proportion_ci(method="wilson")
    assert found.accuracy is not None
    assert (found.accuracy.value, found.accuracy.low, found.accuracy.high) == pytest.approx(
        (hits / 80, wilson.low, wilson.high), abs=1e-6
    )
    precision, recall, _, support = precision_recall_fscore_support(truth, said, labels=["a", "b", "c"])
    for place, label in enumerate("abc"):
        own = found.labels[label]
        assert own.precision is not None
        assert own.recall is not None
        assert (own.answers, own.precision.value, own.recall.value) == pytest.approx(
            (support[place], precision[place], recall[place]), abs=1e-6
        )
    assert found.brier is not None
    right = [one == other for one, other in zip(truth, said, strict=True)]
    assert found.brier.value == pytest.approx(brier_score_loss(right, sure), abs=1e-6)
    assert (found.n, found.abstained) == (80, 3)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e5])
def test_the_figures_of_numbers_are_those_of_scikit_learn(scale: float) -> None:
    rng = np.random.default_rng(3)
    truth = rng.gamma(2, scale, 60)
    said = truth + rng.normal(0, scale, 60)
    pairs = list(zip(said.tolist(), truth.tolist(), strict=True))
    found = evaluated([Answered(False, 0.5, 0.25, numbers=one) for one in pairs], 0, rng, scale).numbers
    assert found is not None
    assert found.median_error is not None
    assert found.tolerance == scale
    assert found.mean_error.value == pytest.approx(mean_absolute_error(truth, said), rel=1e-5)
    assert found.median_error.value == pytest.approx(median_absolute_error(truth, said), rel=1e-5)
    means = cross_val_predict(DummyRegressor(), np.zeros((60, 1)), truth, cv=LeaveOneOut())
    assert found.error_of_the_mean.value == pytest.approx(mean_absolute_error(truth, means), rel=1e-5)
    ends = bootstrap((np.abs(said - truth),), np.mean, rng=rng).confidence_interval
    assert (found.mean_error.low, found.mean_error.high) == pytest.approx((ends.low, ends.high), rel=0.1)


@pytest.mark.parametrize("count", [6, 7, 20, 101])
def test_the_interval_of_a_median_holds_it_as_often_as_said(count: int) -> None:
    rng = np.random.default_rng(1)
    values: FloatArray = rng.exponential(size=(2000, count))
    draws = [median(values[at]) for at in range(2000)]
    inside = [one is not None and one.low <= np.log(2) <= one.high for one in draws]
    assert 0.94 <= np.mean(inside) <= 0.99
    assert median(np.zeros(5)) is None


def test_labels_that_are_numbers_stand_by_their_size() -> None:
    one = Answered(False, 0.5, 0.5, frozenset(["10"]), frozenset(["9"]), (10.0, 9.0))
    assert list(evaluated([one], 0, np.random.default_rng(0)).labels) == ["9", "10"]
    assert evaluated([one], 0, np.random.default_rng(0)).numbers is None


@pytest.mark.parametrize("kind", ["number", "rating"])
def test_evaluate_tells_how_far_off_numbers_are(kind: str, tmp_path: Path) -> None:
    known = rows(kind, 160, 1.0)
    learned(serving(tmp_path / "ml", encoder="tfidf"), known[:100], KINDS[kind], KEY)
    told = {}
    tasks = []
    for row in known[100:]:
        assert isinstance(row.answer, Number)
        told[row.task] = row.answer.value
        result = {"from_name": "control", "to_name": "text", "type": kind, "value": {kind: row.answer.value}}
        tasks.append(task(row.task, {**annotation("good"), "result": [result]}, text=row.data["text"]))
    (tmp_path / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    there = tmp_path / "ml", tmp_path / "export.json"
    one = json.loads(asked(there, "evaluate", "--json"))["controls"]["control"]
    said = {line["task"]: line["answer"]["Number"][0] for line in json.loads(asked(there, "score", "--json"))}
    errors = np.array([abs(said[number] - value) for number, value in told.items()])
    figures = one["numbers"]
    assert figures["mean_error"]["value"] == pytest.approx(errors.mean(), rel=1e-5)
    assert figures["median_error"]["value"] == pytest.approx(np.median(errors), rel=1e-5)
    assert figures["mean_error"]["value"] < figures["error_of_the_mean"]["value"]
    assert one["accuracy"]["value"] == pytest.approx((errors <= (figures["tolerance"] or 0)).mean(), rel=1e-5)
    assert list(one["labels"]) == ([] if kind == "number" else ["1", "2", "3", "4"])
    words = asked(there, "evaluate").splitlines()
    assert words[2].startswith("  mean absolute error ")
    assert words[2].endswith(" if the mean is said of all")
    assert max(map(len, words)) < 110


def test_what_nobody_can_know_is_null() -> None:
    nothing = evaluated([], 5, np.random.default_rng(0))
    assert (nothing.n, nothing.accuracy, nothing.ece, nothing.brier, nothing.labels) == (0, None, None, None, {})
    one = evaluated(answered(["a"], ["b"], [0.5]), 0, np.random.default_rng(0))
    assert one.labels["a"].precision is None
    assert one.labels["b"].recall is None


@pytest.mark.parametrize(("count", "sharpness"), [(40, 1.0), (200, 1.0), (40, 0.5), (200, 0.8)])
def test_the_intervals_hold_the_truth_as_often_as_said(count: int, sharpness: float) -> None:
    """Confidences even over [0, 1] that are right with probability 0.5 + sharpness (c - 0.5)."""
    rng = np.random.default_rng(6)
    grid = (np.arange(100_000) + 0.5) / 100_000
    rate = 0.5 + sharpness * (grid - 0.5)
    true = (
        np.abs(np.bincount((grid * 10).astype(int), grid - rate)).sum() / len(grid),
        (rate * (grid - 1) ** 2 + (1 - rate) * grid**2).mean(),
    )
    inside = np.zeros(2)
    for _ in range(100):
        confidence = rng.random(count)
        right = rng.random(count) < 0.5 + sharpness * (confidence - 0.5)
        beside = zip(right.tolist(), confidence.tolist(), strict=True)
        found = evaluated([Answered(hit, sure, (sure - hit) ** 2) for hit, sure in beside], 0, rng)
        for place, figure in enumerate((found.ece, found.brier)):
            assert figure is not None
            inside[place] += figure.low - 1e-9 <= true[place] <= figure.high + 1e-9
    assert (inside >= 88).all(), inside  # of 100, 95 expected


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of models with one project, and an export: 60 tasks with answers that taught nothing, 5 without."""
    folder = tmp_path_factory.mktemp("export")
    learned(serving(folder / "ml"), sentiment_rows(80), SENTIMENT, KEY)
    rows = sentiment_rows(60, seed=9, first=1000)
    tasks = [task(row.task, annotation(label_of(row)), text=row.data["text"]) for row in rows]
    tasks += [task(2000 + number, text=f"great broken {number}") for number in range(5)]
    (folder / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    return folder / "ml", folder / "export.json"


def asked(trained: tuple[Path, Path], command: str, *options: str) -> str:
    done = run(command, str(trained[1]), "--project", KEY, "--data", str(trained[0]), *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_score_tells_what_to_label_next_in_every_form(trained: tuple[Path, Path]) -> None:
    lines = json.loads(asked(trained, "score", "--json"))
    assert [line["place"] for line in lines] == list(range(65))
    assert {line["task"] for line in lines} == {*range(1000, 1060), *range(2000, 2005)}
    rows = list(csv.DictReader(io.StringIO(asked(trained, "score", "--csv"))))
    assert [(row["task"], row["answer"], float(row["confidence"])) for row in rows] == [
        (str(line["task"]), line["answer"][0], line["confidence"]) for line in lines
    ]
    assert [float(row["margin"]) for row in rows] == [line["signals"]["margin"] for line in lines]
    shown = asked(trained, "score").splitlines()
    assert len(shown) == 22
    assert shown[-1] == "and 45 more: --json or --csv prints all of them"
    assert [line.split()[1] for line in shown[1:21]] == [row["task"] for row in rows[:20]]
    unlabeled = json.loads(asked(trained, "score", "--unlabeled", "--json"))
    assert sorted(line["task"] for line in unlabeled) == list(range(2000, 2005))


def test_one_form_at_a_time(trained: tuple[Path, Path]) -> None:
    done = run("score", str(trained[1]), "--data", str(trained[0]), "--json", "--csv")
    told = "tiebreak-ml: --json and --csv both print: name one of them\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", told)


def test_evaluate_tells_how_right_the_model_is(trained: tuple[Path, Path]) -> None:
    found = json.loads(asked(trained, "evaluate", "--json"))
    assert found["version"] == "tiebreak-1"
    one = found["controls"]["sentiment"]
    lines = {line["task"]: line for line in json.loads(asked(trained, "score", "--json"))}
    truth = {row.task: label_of(row) for row in sentiment_rows(60, seed=9, first=1000)}
    right = [lines[task_]["answer"] == [label] for task_, label in truth.items()]
    squared = [
        sum((value - (name == label)) ** 2 for name, value in lines[task_]["probabilities"].items())
        for task_, label in truth.items()
    ]
    assert (one["n"], one["abstained"]) == (60, 0)
    assert one["accuracy"]["value"] == pytest.approx(np.mean(right), abs=1e-6)
    assert one["brier"]["value"] == pytest.approx(np.mean(squared), abs=1e-6)
    assert {label: of["answers"] for label, of in one["labels"].items()} == {
        label: list(truth.values()).count(label) for label in ("good", "bad", "unsure")
    }
    words = asked(trained, "evaluate", "--version", "tiebreak-1")
    assert words.startswith("sentiment: tiebreak-1 beside 60 answers, 0 more without a suggestion\n  accuracy ")


def test_answers_that_do_not_fit_the_interface_are_told(trained: tuple[Path, Path], tmp_path: Path) -> None:
    tasks = json.loads(trained[1].read_text(encoding="utf-8"))
    tasks[0]["annotations"][0]["result"][0]["value"] = {"choices": ["gone"]}
    spoiled = trained[0], tmp_path / "export.json"
    spoiled[1].write_text(json.dumps(tasks), encoding="utf-8")
    told = "1 of 60 annotations are left out, since they do not fit the interface, such as: task 1000: "
    assert asked(spoiled, "evaluate").splitlines()[-1].startswith(told)
    found = json.loads(asked(spoiled, "evaluate", "--json"))
    assert found["left_out"].startswith(told)
    assert found["controls"]["sentiment"]["n"] == 59
    assert json.loads(asked(trained, "evaluate", "--json"))["left_out"] == ""


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_a_task_that_stands_there_twice_is_refused(trained: tuple[Path, Path], tmp_path: Path, command: str) -> None:
    twice = tmp_path / "twice.json"
    twice.write_text(json.dumps(json.loads(trained[1].read_text(encoding="utf-8")) * 2), encoding="utf-8")
    done = run(command, str(twice), "--project", KEY, "--data", str(trained[0]))
    assert (done.returncode, done.stderr) == (
        1,
        f"tiebreak-ml: {twice}: two tasks have the same id, 1000; leave one of them out\n",
    )


@pytest.mark.parametrize(
    ("command", "key", "more", "told"),
    [
        ("score", "9.9", (), "project 9.9: nothing was learned in"),
        ("evaluate", KEY, ("--version", "tiebreak-7"), "tiebreak-7 is not there (any more); there are: tiebreak-1"),
        ("score", "nine", (), "is no project key"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(
    trained: tuple[Path, Path], command: str, key: str, more: tuple[str, ...], told: str
) -> None:
    done = run(command, str(trained[1]), "--project", key, "--data", str(trained[0]), *more)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["score", "evaluate"])
def test_an_export_without_a_task_is_refused(trained: tuple[Path, Path], tmp_path: Path, command: str) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text("[]", encoding="utf-8")
    done = run(command, str(empty), "--project", KEY, "--data", str(trained[0]))
    assert done.returncode == 1
    assert f"{empty}: there is no task in it" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_spreadsheet_takes_no_answer_for_a_formula() -> None:
    line: dict[str, Any] = {
        "place": 0,
        "task": 1,
        "control": "c",
        "answer": ["=1+1"],
        "confidence": 0.5,
        "signals": {},
    }
    assert csv_text([line]).splitlines()[1] == "0,1,c,'=1+1,0.5"
    assert csv_text([{**line, "answer": None, "confidence": None}]).splitlines()[1] == "0,1,c,,"
