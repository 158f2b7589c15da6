"""Which encoder and head a control is learned by: the usual ones, unless others are clearly better in time."""

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save
from sklearn.metrics import roc_auc_score

from label_config.answers import Choices
from label_config.parse import parse
from label_config.templates import template
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners import control_model
from ml_backend.learners.control_model import ControlModel
from ml_backend.models import HEADS
from ml_backend.models.options import Options, OutOfTime
from ml_backend.records import Task, TrainingRow
from ml_backend.thinking import certainty_of
from ml_backend.training import learn
from sync.demo.digits import digits

from .scenes import SENTIMENT, TOPICS, only, sentiment_rows, serving, topic_rows

# Long on a busy machine, and so among the first.
pytestmark = pytest.mark.timeout(300)

USUAL = "logistic on tfidf+wordllama"
PATIENT = 3600
"""Seconds to choose in that no machine is too busy for."""
MEANINGS = {
    "good": "delighted pleased glad cheerful joyful content thrilled merry happy blissful elated jolly".split(),
    "bad": "furious angry mad enraged irate livid outraged annoyed cross fuming irritated hostile".split(),
}


def meant(count: int) -> list[TrainingRow]:
    """Texts whose words say the answer by what they mean, among digits that say nothing."""
    rng = np.random.default_rng(0)
    found = []
    for place in range(count):
        label = str(rng.choice(["good", "bad"]))
        noise = " ".join(str(one) for one in rng.integers(100, 200, 12))
        data = {"text": f"{rng.choice(MEANINGS[label])} {noise}"}
        found.append(TrainingRow(place + 1, "sentiment", data, Choices((label,)), 1.0, "consensus", False, place + 1))
    return found


def taught(folder: Path, rows: list[TrainingRow], **given: object) -> ControlModel:
    outside = serving(folder, **given)
    return only(learn(SENTIMENT, LabelSet().merged(rows, 1), outside.fetch, outside.settings))


def test_all_that_read_the_texts_are_compared_and_told(tmp_path: Path) -> None:
    outside = serving(tmp_path, choose_seconds=PATIENT)
    model = learn(SENTIMENT, LabelSet().merged(sentiment_rows(230), 1), outside.fetch, outside.settings)
    choice = only(model).choice
    assert choice is not None
    assert set(choice.losses) == {USUAL, "logistic on tfidf", "logistic on wordllama", "ensemble on wordllama"}
    assert choice.left_out == ()
    best = min(choice.losses.values())
    assert choice.losses[choice.chosen] <= choice.losses[USUAL]
    assert choice.chosen == USUAL or choice.losses[choice.chosen] == pytest.approx(best)
    assert certainty_of(model)["sentiment"]["choice"] == choice.as_json()


@pytest.fixture(scope="module")
def clear(tmp_path_factory: pytest.TempPathFactory) -> ControlModel:
    """What was learned where meanings tell and words do not."""
    return taught(tmp_path_factory.mktemp("clear"), meant(240), choose_seconds=PATIENT)


def test_what_is_clearly_better_is_learned_and_survives_the_disk(clear: ControlModel) -> None:
    model = clear
    assert model.choice is not None
    assert model.choice.chosen != USUAL
    head, _, encoder = model.choice.chosen.partition(" on ")
    assert model.view.parts[0].encoder == encoder
    assert model.head_name == head
    words, arrays = control_model.saved(model)
    arrays = load(save({name: np.ascontiguousarray(one) for name, one in arrays.items()}))
    again = control_model.restored(json.loads(json.dumps(words)), arrays)
    assert again.choice == model.choice
    assert (again.known.probabilities == model.known.probabilities).all()


def test_without_time_the_usual_one_stays_and_the_others_are_named(tmp_path: Path) -> None:
    model = taught(tmp_path, meant(300), choose_seconds=1e-6)
    assert model.choice is not None
    assert model.choice.chosen == USUAL
    assert model.choice.left_out == ("logistic on tfidf", "logistic on wordllama", "ensemble on wordllama")


@pytest.mark.parametrize("given", [{"choose_seconds": 0.0}, {"encoder": "tfidf+wordllama"}])
def test_who_wants_no_choice_gets_none(tmp_path: Path, given: dict[str, object]) -> None:
    assert taught(tmp_path, sentiment_rows(230), **given).choice is None


def test_few_labels_make_nothing_clear(tmp_path: Path) -> None:
    assert taught(tmp_path, meant(199)).choice is None


def test_labels_by_themselves_are_compared_as_well(tmp_path: Path) -> None:
    outside = serving(tmp_path, choose_seconds=PATIENT)
    choice = only(learn(TOPICS, LabelSet().merged(topic_rows(220), 1), outside.fetch, outside.settings)).choice
    assert choice is not None
    assert len(choice.losses) == 4
    assert all(0 < loss < 3 for loss in choice.losses.values())


@pytest.mark.parametrize("name", ["logistic", "ridge", "ensemble"])
def test_a_head_that_is_out_of_time_stops(name: str) -> None:
    rng = np.random.default_rng(0)
    rows, targets = rng.normal(size=(40, 5)), np.eye(2)[np.arange(40) % 2]
    with pytest.raises(OutOfTime):
        HEADS[name].fit(rows, targets, np.ones((2, 40)), Options(until=0.0))


def test_equal_labels_make_an_equal_choice(clear: ControlModel, tmp_path: Path) -> None:
    first = clear.choice
    assert first == taught(tmp_path, meant(240), choose_seconds=PATIENT).choice
    assert list(itertools.islice(first.losses if first else (), 1)) == [USUAL]


def by_chance(datas: list[dict[str, str]], control: str, labels: list[str]) -> list[TrainingRow]:
    rng = np.random.default_rng(1)
    answers = [Choices((str(rng.choice(labels)),)) for _ in datas]
    return [
        TrainingRow(place + 1, control, data, answer, 1.0, "consensus", False, place + 1)
        for place, (data, answer) in enumerate(zip(datas, answers, strict=True))
    ]


def tells_of_errors(model: ControlModel, rows: list[TrainingRow]) -> float:
    """How well disagreement out of fold tells what is wrong there: 0.5 is chance."""
    answers = {row.task: row.answer for row in rows}
    wrong = [
        model.question.answer(model.known.probabilities[place])[0] != answers[task]
        for task, place in model.known.tasks.items()
    ]
    return float(roc_auc_score(wrong, model.known.disagreement))


def test_the_folds_models_disagree_where_a_label_surprised_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    words = [*MEANINGS["good"], *MEANINGS["bad"]]
    texts = [" ".join([*rng.choice(words, 2), *map(str, rng.integers(10**6, size=4))]) for _ in range(150)]
    rows = by_chance([{"text": text} for text in texts], "sentiment", ["good", "bad"])
    model = taught(tmp_path, rows)
    assert len(model.members) == 5
    assert tells_of_errors(model, rows) > 0.6  # so it may not predict errors; on real texts it is 0.95 and more
    assert "disagreement" not in model.certainty.fusion.weights


def test_an_ensemble_disagrees_by_its_own_members_which_have_not_seen_the_task(tmp_path: Path) -> None:
    rows = by_chance([{"image": one.image} for one in digits(90, seed=3)], "digit", ["1", "2"])
    outside = serving(tmp_path)
    xml = template("digits")
    rows = [dataclasses.replace(row, control=parse(xml).controls[0].name) for row in rows]
    model = only(learn(xml, LabelSet().merged(rows, 1), outside.fetch, outside.settings))
    assert (model.head_name, model.members) == ("ensemble", ())
    assert tells_of_errors(model, rows) == pytest.approx(0.5, abs=0.2)
    assert "disagreement" in model.certainty.fusion.weights
    material = Material([rows[0].data], outside.fetch)
    (opinion,), _ = model.think([Task(10**6, rows[0].data)], material, "disagreement")
    assert 0 < opinion.utility <= 1
