"""The replay of a labeled set: what it chooses, what it says, and what it refuses."""

import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_rel
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from ml_backend.acquisition import STRATEGIES
from ml_backend.backtest.curves import difference, summaries
from ml_backend.backtest.data import labeled
from ml_backend.backtest.replay import DEFAULT, Curve, Labeled, Plan, full_accuracy, macro_f1, replay
from ml_backend.backtest.report import headline
from ml_backend.backtest.running import Backtest, backtest
from ml_backend.cli import app
from ml_backend.errors import BackendError, ExportError

from .scenes import sentence

KINDS = ("good", "bad", "unsure")
PLAN = Plan(start=10, batch=10, budget=40)


def texts(count: int, seed: int = 0, shares: Sequence[float] = (0.5, 0.3, 0.2)) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    kinds = rng.choice(KINDS, count, p=shares)
    return [(sentence([str(kind)], rng), str(kind)) for kind in kinds]


def table(place: Path, rows: Sequence[tuple[str, str]], names: tuple[str, str] = ("text", "label")) -> Path:
    with place.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, *rows])
    return place


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Labeled:
    return labeled(table(tmp_path_factory.mktemp("data") / "a.csv", texts(150)), "text", "label", None, "tfidf")


@pytest.mark.parametrize("strategy", [DEFAULT, *STRATEGIES])
def test_each_row_is_chosen_once_and_equal_runs_are_equal(strategy: str, data: Labeled) -> None:
    found = replay(data, strategy, 3, PLAN)
    assert list(found.labels) == [10, 20, 30, 40]
    assert len(set(found.chosen)) == 40
    assert all(0 <= row < len(data.classes) for row in found.chosen)
    again = replay(data, strategy, 3, PLAN)
    assert (found.chosen, found.accuracy, found.macro_f1) == (again.chosen, again.accuracy, again.macro_f1)
    alike = list(found.chosen[:10]) == list(replay(data, "random", 3, PLAN).chosen[:10])
    assert alike == (strategy != DEFAULT)
    assert list(found.chosen) != list(replay(data, strategy, 4, PLAN).chosen)


def test_the_default_begins_with_rows_of_every_kind(tmp_path: Path) -> None:
    """Of a kind that one row in twelve has, a draw of ten rows often has none."""
    rows = texts(300, shares=(0.85, 0.08, 0.07))
    found = labeled(table(tmp_path / "a.csv", rows), "text", "label", None, "tfidf")
    begun = {
        name: [len({*found.classes[replay(found, name, seed, Plan(10, 10, 10)).chosen]}) for seed in range(8)]
        for name in (DEFAULT, "random")
    }
    assert np.mean(begun[DEFAULT]) > np.mean(begun["random"])


def test_a_tenth_of_each_batch_is_drawn_at_random(data: Labeled) -> None:
    """Without a random share margin takes the least sure ones alone; with one of everything it is random."""
    alone, shared = (replay(data, "margin", 0, Plan(10, 10, 20, share)).chosen for share in (0.0, 0.1))
    assert len(set(alone[10:]) & set(shared[10:])) in (8, 9, 10)
    assert alone != shared


def test_a_budget_beyond_the_set_ends_with_all_of_it(data: Labeled) -> None:
    found = replay(data, "random", 0, Plan(100, 15, 1000))
    assert list(found.labels) == [100, 115, 120]
    assert sorted(found.chosen) == list(range(120))
    assert found.accuracy[-1] == full_accuracy(data)


def test_batches_may_grow_with_the_labels(data: Labeled) -> None:
    found = replay(data, "margin", 0, Plan(20, 10, 100, growth=0.5))
    assert list(found.labels) == [20, 30, 45, 67, 100]
    assert len(set(found.chosen)) == 100


def test_macro_f1_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    for _ in range(30):
        truth, said = rng.integers(4, size=(2, 25))
        labels = sorted(set(truth.tolist()))
        wanted = f1_score(truth, said, labels=labels, average="macro", zero_division=0)
        assert macro_f1(truth, said, 4) == pytest.approx(wanted)


def of_curves(**curves: Sequence[Sequence[float]]) -> Backtest:
    nothing = Labeled("tfidf", np.zeros((30, 1)), np.zeros(30, int), np.zeros((1, 1)), np.zeros(1, int), ("a",))
    runs = {name: [curve(one) for one in seeds] for name, seeds in curves.items()}
    return Backtest(nothing, Plan(), 0.9, runs, {})


LOW, MIDDLE, HIGH = [0.5, 0.6, 0.7], [0.5, 0.7, 0.8], [0.6, 0.8, 0.8]
"""Areas 60, 67.5 and 75 points."""


@pytest.mark.parametrize(
    ("random", "margin", "told"),
    [
        ([LOW] * 5, [*[MIDDLE] * 4, HIGH], "margin reaches with 19 labels what random needs 30 for: 37% fewer."),
        ([MIDDLE] * 3, [MIDDLE, MIDDLE, MIDDLE], "That margin saves labels is not shown: interval +0.0 to +0.0 points"),
        ([MIDDLE] * 3, [HIGH, MIDDLE, MIDDLE], "That margin saves labels is not shown: interval -8.3 to +13.3 points"),
        ([LOW] * 2, [HIGH] * 2, "So few seeds show no saving of margin: an interval takes 3, with --seeds."),
        ([LOW], [HIGH], "So few seeds show no saving of margin: an interval takes 3, with --seeds."),
        ([HIGH] * 3, [LOW, LOW, MIDDLE], "margin does not reach what random labels reach in the end."),
        (
            [[0.6, 0.8, 0.8]] * 3,
            [[0.5, 0.6, 0.8]] * 3,
            "margin reaches with 30 labels what random needs 20 for: 50% more.",
        ),
    ],
)
def test_a_saving_is_said_where_the_seeds_show_it(
    random: Sequence[Sequence[float]], margin: Sequence[Sequence[float]], told: str
) -> None:
    assert told in headline(of_curves(margin=margin, random=random))


def test_the_interval_of_the_accuracy_is_scipys() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.random((2, 6, 3))
    found = summaries({"random": [curve(list(run)) for run in one], "margin": [curve(list(run)) for run in other]})
    apart = found["margin"].accuracy_against_random
    weights = np.array([0.25, 0.5, 0.25])  # the trapezoids over 10, 20 and 30 labels
    wanted = ttest_rel(other @ weights, one @ weights).confidence_interval(0.95)
    assert apart is not None
    assert (apart.low, apart.high) == pytest.approx((100 * wanted.low, 100 * wanted.high), abs=1e-3)


def test_chance_against_chance_is_seldom_called_a_saving() -> None:
    """Two hundred backtests whose strategy is chance itself: 1 in 20 is claimed, one way or the other."""
    rng = np.random.default_rng(0)
    claimed = 0
    for _ in range(200):
        one, other = np.sort(rng.normal([0.5, 0.6, 0.7], 0.05, (2, 5, 3)))
        said = headline(of_curves(margin=other.tolist(), random=one.tolist()))
        claimed += "not shown" not in said
    assert claimed <= 20


def curve(accuracy: Sequence[float]) -> Curve:
    return Curve([10, 20, 30], accuracy, accuracy, [])


def test_a_summary_by_hand() -> None:
    found = summaries(
        {
            "random": [curve([0.5, 0.6, 0.7]), curve([0.5, 0.6, 0.7])],
            "margin": [curve([0.5, 0.7, 0.8]), curve([0.6, 0.8, 0.8])],
            "worse": [curve([0.1, 0.2, 0.3]), curve([0.1, 0.2, 0.3])],
        }
    )
    assert found["margin"].labels_needed == 18  # .55 with 10 and .75 with 20: .70 with 17.5
    assert found["random"].labels_needed == 30
    assert found["worse"].labels_needed is None
    assert found["margin"].final_accuracy == pytest.approx(0.8)
    assert found["margin"].accuracy_area == pytest.approx(0.7125)
    apart = found["margin"].against_random
    assert apart is not None
    assert apart.mean == 11.25
    assert found["random"].against_random is None
    assert difference(np.array([1.0])).low is None


def test_what_is_learned_by_doubt_beats_chance_where_one_kind_is_rare(tmp_path: Path) -> None:
    rows = texts(800, shares=(0.9, 0.05, 0.05))
    found = labeled(table(tmp_path / "a.csv", rows), "text", "label", None, "tfidf")
    done = backtest(found, ("margin", "random"), 15, Plan(20, 20, 100), processes=1)
    apart = summaries(done.curves)["margin"].against_random
    assert apart is not None
    assert apart.low is not None
    assert apart.low > 0
    assert done.full_accuracy > 0.9


def test_several_processes_give_what_one_gives(data: Labeled) -> None:
    one, two = (backtest(data, ("margin",), 2, PLAN, processes=count) for count in (1, 2))
    assert one.full_accuracy == two.full_accuracy
    assert [run.chosen for run in one.curves["margin"]] == [run.chosen for run in two.curves["margin"]]


def ran(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["backtest", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_says_it_in_json_words_and_pictures(tmp_path: Path) -> None:
    place = table(tmp_path / "a.csv", texts(120), ("what", "kind"))
    test = table(tmp_path / "t.csv", texts(60, seed=5), ("what", "kind"))
    given = [str(place), "--text", "what", "--label", "kind", "--test", str(test), "--encoder", "tfidf"]
    given += ["--start", "10", "--batch", "20", "--budget", "50", "--seeds", "2", "--processes", "1"]
    found = json.loads(ran(*given, "--json", "--strategy", "default", "--strategy", "random"))
    assert list(found) == ["full_accuracy", "strategies"]
    assert list(found["strategies"]) == ["default", "random"]
    for one in found["strategies"].values():
        assert list(one) == ["labels", "accuracy", "macro_f1", "chosen", "seconds"]
        assert one["labels"] == [10, 30, 50]
        assert [len(runs) for runs in one["accuracy"]] == [3, 3]
        assert [len(set(rows)) for rows in one["chosen"]] == [50, 50]
        assert max(max(rows) for rows in one["chosen"]) < 120
    page = tmp_path / "page.html"
    said = ran(*given, "--strategy", "margin", "--strategy", "random", "--html", str(page))
    assert "120 labeled texts to choose from, tested on 60 others" in said
    assert "A model of all labels is right on" in said
    assert "(too few seeds for an interval)" in said
    assert "The budget" not in said
    assert page.read_text(encoding="utf-8").count("<svg") == 2


def export(place: Path, answers: Sequence[tuple[str, Sequence[str]]], **more: Any) -> Path:
    def annotation(label: str) -> dict[str, Any]:
        region = {"from_name": "tone", "to_name": "t", "type": "choices", "value": {"choices": [label]}}
        return {"result": [region], "was_cancelled": False}

    tasks = [
        {"id": number, "data": {"text": text}, "annotations": [annotation(label) for label in given], **more}
        for number, (text, given) in enumerate(answers)
    ]
    place.write_text(json.dumps(tasks), encoding="utf-8")
    return place


def test_an_export_gives_each_task_its_most_frequent_answer(tmp_path: Path) -> None:
    rows = texts(70)
    answers: list[tuple[str, Sequence[str]]] = [(text, [label, label, "bad"]) for text, label in rows]
    place = export(tmp_path / "e.json", [*answers, ("tied", ["good", "bad"]), ("nobody", [])])
    found = labeled(place, "text", "tone", None, "tfidf")
    assert len(found.classes) + len(found.test_classes) == 70
    assert found.left_out == {"with a tie": 1, "without a label": 1}
    named = [found.labels[one] for one in (*found.classes, *found.test_classes)]
    assert sorted(named) == sorted(label for _, label in rows)


def test_what_is_left_out_and_where_the_budget_ends_is_said(tmp_path: Path) -> None:
    answers: list[tuple[str, Sequence[str]]] = [(text, [label]) for text, label in texts(40)]
    place = export(tmp_path / "e.json", [*answers, ("tied", ["good", "bad"]), ("nobody", []), ("", ["bad"])])
    tasks = json.loads(place.read_text(encoding="utf-8"))
    for number in (0, 1):
        tasks[number]["annotations"][0]["result"][0]["value"]["choices"] = ["good", "bad"]
    tasks[2]["annotations"][0]["was_cancelled"] = True
    place.write_text(json.dumps(tasks), encoding="utf-8")
    page = tmp_path / "page.html"
    given = [
        str(place),
        "--label",
        "tone",
        "--encoder",
        "tfidf",
        "--budget",
        "5000",
        "--seeds",
        "1",
        "--processes",
        "1",
    ]
    said = ran(*given, "--html", str(page))
    left_out = "left out: 6 (2 with several labels at once, 2 without a label, 1 with a tie, 1 without a text)"
    assert f"30 labeled texts to choose from, tested on 7 others; {left_out}" in said
    assert "The budget of 5,000 labels ends at 30: there are no more texts to label." in said
    assert "So few seeds show no saving of default" in said
    assert left_out in page.read_text(encoding="utf-8")
    assert list(json.loads(ran(*given, "--json"))) == ["full_accuracy", "strategies"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("text,label\na,b\na,\n,b\n", "20 are needed; left out: 2 (1 without a label, 1 without a text)"),
        ("text,label\na,b\n", "only 1 rows have a text and a label; 20 are needed"),
        ("words,label\na,b\n", "no column is named 'text'; there are: words, label"),
        ("", "no column is named 'text'"),
        ("text,label,text\n" + "a,b,c\n" * 60, "2 columns are named 'text': rename all but one of them"),
        ("text,label\n" + "a,b\n" * 60, "every row has the same label, 'b'"),
        ('[{"id": 1, "data": {"body": "a"}, "annotations": []}]', "no task has a field 'text'; there are: body"),
        ('[{"id": 1, "data": {"text": "a"}, "annotations": []}]', "nothing is answered by 'label'"),
        ("[{]", "a.csv: "),
    ],
)
def test_files_that_cannot_be_replayed_are_refused_in_words(tmp_path: Path, content: str, told: str) -> None:
    place = tmp_path / "a.csv"
    place.write_text(content, encoding="utf-8")
    with pytest.raises(ExportError, match=re.escape(told)):
        labeled(place, "text", "label", None, "tfidf")


def test_a_table_in_another_encoding_is_refused_with_the_place(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes("text,label\nschön,b\n".encode("latin-1"))
    with pytest.raises(ExportError, match="not UTF-8 at byte"):
        labeled(place, "text", "label", None, "tfidf")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--strategy", "vibes"], "no strategy is named 'vibes'; there are: default, variance"),
        (["--encoder", "magic"], "no encoder is named 'magic'; there are: tfidf"),
        (["--start", "30", "--budget", "20"], "--budget 20 is less than --start 30"),
    ],
)
def test_what_the_command_does_not_know_is_refused(tmp_path: Path, arguments: Sequence[str], told: str) -> None:
    done = CliRunner().invoke(app, ["backtest", str(table(tmp_path / "a.csv", texts(60))), *arguments])
    assert isinstance(done.exception, BackendError)
    assert told in str(done.exception)
