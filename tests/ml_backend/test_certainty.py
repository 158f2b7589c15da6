"""How sure the models of controls are: what they promise of new tasks holds, and is told."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save

from label_config.answers import Answer, Choices, Number
from ml_backend import certainty as certainties
from ml_backend.certainty import Certainty, Sets
from ml_backend.certainty.confidence import Line
from ml_backend.certainty.fusion import Fusion
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners import control_model
from ml_backend.learners.calibrating import Judged, calibrate
from ml_backend.learners.control_model import ControlModel
from ml_backend.questions import QUESTIONS, Question
from ml_backend.questions.choices import Several, Single
from ml_backend.records import FloatArray, Opinion, Task, TrainingRow
from ml_backend.training import learn

from .scenes import SENTIMENT, TOPICS, only, sentiment_rows, serving, topic_rows

LABELS = tuple("abcdef")


def judged(question: Question, scores: FloatArray, answers: list[Answer]) -> Judged:
    truth = np.array([[name in question.told(answer) for name in question.outcomes] for answer in answers], dtype=float)
    rows = len(answers)
    return Judged(question, scores, answers, truth, np.ones(rows), np.arange(rows) % 5, np.zeros(rows))


def drawn(count: int, seed: int, *, sharper: float = 1.0) -> tuple[FloatArray, list[Answer]]:
    """Scores that are the logs of true probabilities times ``sharper``, and answers drawn from these."""
    rng = np.random.default_rng(seed)
    honest = rng.dirichlet(np.full(6, 0.4), count)
    answers: list[Answer] = [Choices((LABELS[rng.choice(6, p=row)],)) for row in honest]
    return np.log(np.maximum(honest, 1e-6)) * sharper, answers


def holds(named: list[tuple[str, ...] | None], answers: list[Answer]) -> float:
    question = Single(LABELS)
    return float(
        np.mean([question.told(answer)[0] in (held or ()) for held, answer in zip(named, answers, strict=True)])
    )


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_sets_of_new_tasks_hold_the_right_label_as_often_as_promised(coverage: float) -> None:
    question = Single(LABELS)
    found = []
    for seed in range(8):
        certainty = calibrate(judged(question, *drawn(60, seed, sharper=3.0)), coverage)
        scores, answers = drawn(200, 1000 + seed, sharper=3.0)
        found.append(holds(certainty.named(question, certainty.probabilities(question, scores)), answers))
    assert np.mean(found) >= coverage - 3 * np.std(found) / np.sqrt(8)


def test_confidences_and_predicted_errors_are_right_as_often_as_they_say() -> None:
    question = Single(LABELS)
    certainty = calibrate(judged(question, *drawn(2000, 0, sharper=3.0)), 0.9)
    assert certainty.temperatures == pytest.approx([3.0], rel=0.15)
    scores, answers = drawn(4000, 1, sharper=3.0)
    shares = certainty.probabilities(question, scores)
    right = [question.right(question.answer(row)[0], answer) for row, answer in zip(shares, answers, strict=True)]
    assert shares.max(axis=1).mean() == pytest.approx(np.mean(right), abs=0.03)
    nothing = np.zeros(len(shares))
    fused = certainty.signals(question, shares, nothing, nothing)["fused"]
    assert fused.mean() == pytest.approx(1 - np.mean(right), abs=0.03)


def test_labels_that_no_other_answer_names_lower_the_confidence_and_leave_nothing_to_promise() -> None:
    # A third of the answers names a label that stands there once: so will a third of the new ones.
    names = tuple(f"label {place}" for place in range(130))
    question = Single(names)
    rng = np.random.default_rng(0)
    usual = rng.integers(0, 30, 200)
    answers: list[Answer] = [Choices((names[place],)) for place in [*usual.tolist(), *range(30, 130)]]
    scores = rng.normal(0, 0.5, (300, 130))
    scores[np.arange(200), usual] += 9.0
    scores[:, 30:] -= 12.0
    scores[200:, :30][np.arange(100), rng.integers(0, 30, 100)] += 9.0
    certainty = calibrate(judged(question, scores, answers), 0.9)
    sure = certainty.probabilities(question, scores).max(axis=1).mean()
    assert sure == pytest.approx(2 / 3, abs=0.05)
    assert certainty.sets is not None
    assert certainty.sets.problem == "100 of 300 answers named what no other answer names"
    assert certainty.named(question, np.full((2, 130), 1 / 130)) == [None, None]


def test_of_several_labels_each_has_its_promise() -> None:
    question = Several(("x", "y"))
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 2, (2000, 2))
    chosen = rng.random((2000, 2)) < 1 / (1 + np.exp(-scores))
    answers: list[Answer] = [Choices(tuple(np.array(["x", "y"])[row].tolist())) for row in chosen]
    certainty = calibrate(judged(question, scores[:500], answers[:500]), 0.9)
    named = certainty.named(question, certainty.probabilities(question, scores[500:]))
    for place, name in enumerate(("x", "y")):
        held = [name in (one or ()) for one, row in zip(named, chosen[500:], strict=True) if row[place]]
        assert np.mean(held) == pytest.approx(0.9, abs=0.05)


def test_of_numbers_there_is_an_interval(tmp_path: Path) -> None:
    xml = '<View><Text name="text" value="$text"/><Number name="n" toName="text"/></View>'
    rng = np.random.default_rng(0)
    levels = {"tiny": 0.0, "small": 10.0, "large": 20.0, "huge": 30.0}

    def rows(count: int) -> list[TrainingRow]:
        found = []
        for place in range(count):
            word = str(rng.choice(list(levels)))
            answer = Number(round(levels[word] + float(rng.normal(0, 2)), 2))
            data = {"text": f"{word} thing {rng.integers(10**6)}"}
            found.append(TrainingRow(place + 1, "n", data, answer, 1.0, "consensus", False, place + 1))
        return found

    outside = serving(tmp_path)
    model = only(learn(xml, LabelSet().merged(rows(200), 1), outside.fetch, outside.settings))
    new = rows(300)
    said = opinions(model, new)
    inside = [
        one.interval is not None and isinstance(row.answer, Number) and one.interval[0] <= row.answer.value
        and row.answer.value <= one.interval[1]
        for one, row in zip(said, new, strict=True)
    ]  # fmt: skip
    assert np.mean(inside) >= 0.85
    assert all(one.possible is None for one in said)
    assert all(one.interval is not None and one.interval[1] - one.interval[0] < 15 for one in said)


def opinions(model: ControlModel, rows: list[TrainingRow]) -> list[Opinion]:
    tasks = [Task(10**6 + row.task, row.data) for row in rows]
    return list(model.think(tasks, Material([task.data for task in tasks], lambda _: b""), "fused")[0])


def test_a_coverage_that_is_asked_for_is_kept_on_new_texts(tmp_path: Path) -> None:
    outside = serving(tmp_path, coverage=0.8)
    rng = np.random.default_rng(0)
    labels = ["good", "bad", "unsure"]

    def noisy(rows: list[TrainingRow]) -> list[TrainingRow]:
        answers = [row.answer if rng.random() > 0.3 else Choices((labels[rng.integers(3)],)) for row in rows]
        return [dataclasses.replace(row, answer=answer) for row, answer in zip(rows, answers, strict=True)]

    model = only(learn(SENTIMENT, LabelSet().merged(noisy(sentiment_rows(150)), 1), outside.fetch, outside.settings))
    new = noisy(sentiment_rows(400, seed=3))
    held = [
        set(model.question.told(row.answer)) <= set(one.possible or ())
        for one, row in zip(opinions(model, new), new, strict=True)
        if row.answer is not None
    ]
    assert np.mean(held) >= 0.76


def test_what_it_is_worth_may_be_the_predicted_error(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    model = only(learn(SENTIMENT, LabelSet().merged(sentiment_rows(120), 1), outside.fetch, outside.settings))
    for one in opinions(model, sentiment_rows(20, seed=5)):
        assert one.utility == one.signals["fused"]
        assert one.signals["least_confidence"] == pytest.approx(1 - (one.confidence or 0), abs=2e-6)


@pytest.mark.parametrize("xml", [SENTIMENT, TOPICS])
def test_it_survives_the_disk_and_a_version_from_before_is_read(tmp_path: Path, xml: str) -> None:
    outside = serving(tmp_path)
    rows = sentiment_rows(80) if xml == SENTIMENT else topic_rows(80)
    model = only(learn(xml, LabelSet().merged(rows, 1), outside.fetch, outside.settings))
    words, arrays = control_model.saved(model)
    words, arrays = json.loads(json.dumps(words)), load(save({name: np.asarray(one) for name, one in arrays.items()}))
    again = control_model.restored(words, arrays)
    new = rows[:7]
    assert [one.possible for one in opinions(again, new)] == [one.possible for one in opinions(model, new)]
    assert again.certainty.as_json() == model.certainty.as_json()
    earlier = control_model.restored({**words, "certainty": None}, arrays)
    assert all(one.possible is None and one.confidence is not None for one in opinions(earlier, new))


def test_a_map_of_confidences_is_kept_as_it_was() -> None:
    one = Certainty(np.array([1.5]), Line(0.5, -1.0), {"temperature": 0.7}, Fusion(0.9, 0.1, {"margin": 0.2}, 40))
    sets = Sets(0.9, np.array([np.inf, 0.3]), 50)
    for certainty in (one, dataclasses.replace(one, sets=sets)):
        words, arrays = certainties.saved(certainty)
        again = certainties.restored(json.loads(json.dumps(words)), arrays)
        assert again.as_json() == certainty.as_json()
        assert again.mapped == certainty.mapped
    scores = np.array([[3.0, 0.0, 0.0]])
    question = Single(("a", "b", "c"))
    assert one.probabilities(question, scores).max() < question.probabilities(scores, np.array([1.5])).max()


def test_too_few_answers_promise_nothing_and_say_so() -> None:
    question = Single(LABELS)
    certainty = calibrate(judged(question, *drawn(30, 0)), 0.99)
    assert certainty.sets is not None
    assert certainty.sets.problem == "a coverage of 0.99 needs 99 answers that are sure; there are 30"
    assert certainty.named(question, np.full((1, 6), 1 / 6)) == [None]


def test_labels_that_were_hardly_ever_chosen_are_promised_nothing() -> None:
    question = Several(("x", "y"))
    answers: list[Answer] = [*[Choices(("x",))] * 5, *[Choices(("y",))] * 8, *[Choices(())] * 30]
    certainty = calibrate(judged(question, np.zeros((43, 2)), answers), 0.9)
    assert certainty.sets is not None
    assert certainty.sets.problem == (
        "a coverage of 0.9 needs 9 answers that are sure, of one label at least; there are 43 of all"
    )
    assert certainty.named(question, np.full((1, 2), 0.5)) == [None]


def test_every_question_can_be_asked_how_sure_it_is() -> None:
    assert set(QUESTIONS) == {"single", "several", "taxonomy", "ordered"}, "a new kind needs a look at certainty.py"
