"""How far weights are believed: simulations where it is known how often answers are wrong."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from label_config.answers import Answer, Choices, Number, Taxonomy
from ml_backend.certainty.belief import believed
from ml_backend.certainty.confidence import Outcomes
from ml_backend.labels import LabelSet
from ml_backend.learners.calibrating import Judged, calibrate
from ml_backend.questions.choices import Single
from ml_backend.records import FloatArray, TrainingRow
from ml_backend.training import learn

from . import test_rankings as rankings
from . import test_spans as spans
from .scenes import serving

LABELS = tuple("abcd")
TEXT = '<View><Text name="text" value="$text"/>{}</View>'
CHOICES = "".join(f'<Choice value="{label}"/>' for label in LABELS)
KINDS = {
    "choice": TEXT.format(f'<Choices name="control" toName="text">{CHOICES}</Choices>'),
    "several": TEXT.format(f'<Choices name="control" toName="text" choice="multiple">{CHOICES}</Choices>'),
    "taxonomy": TEXT.format(
        f'<Taxonomy name="control" toName="text"><Choice value="all">{CHOICES}</Choice></Taxonomy>'
    ),
    "rating": TEXT.format('<Rating name="control" toName="text" maxRating="4"/>'),
    "number": TEXT.format('<Number name="control" toName="text"/>'),
    "spans": spans.XML,
    "ranking": rankings.XML,
}


def said_of(kind: str, place: int, rng: np.random.Generator) -> Answer:
    """What is said of a text about the label at a place; it is only a tendency."""
    other = place if rng.random() < 0.7 else int(rng.integers(len(LABELS)))
    if kind == "choice":
        return Choices((LABELS[other],))
    if kind == "several":
        return Choices(tuple(sorted({LABELS[other]} | ({"a"} if rng.random() < 0.3 else set()))))
    if kind == "taxonomy":
        return Taxonomy((("all", LABELS[other]),))
    if kind == "rating":
        return Number(float(other + 1))
    return Number(round(20.0 * place + rng.normal(0, 8), 1))


def rows(kind: str, count: int, weight: float) -> list[TrainingRow]:
    rng = np.random.default_rng(0)
    if kind == "spans":
        found = spans.rows(count)
        for at in range(0, count, 3):  # nobody can know which of these is marked
            found[at] = dataclasses.replace(
                found[at], answer=found[at - 1].answer if rng.random() < 0.5 else spans.answer([])
            )
    elif kind == "ranking":
        found = rankings.rows(rankings.lists(count, 3, 0, noise=3.0))
    else:
        places = rng.integers(len(LABELS), size=count).tolist()
        texts = [" ".join([f"{LABELS[place] * 3} word", *rng.choice(list("xyz"), 3)]) for place in places]
        found = [
            TrainingRow(at + 1, "control", {"text": text}, said_of(kind, place, rng), 1.0, "consensus", False, at + 1)
            for at, (text, place) in enumerate(zip(texts, places, strict=True))
        ]
    return [dataclasses.replace(row, weight=weight) for row in found]


@pytest.mark.parametrize("weight", [0.26, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_doubt_of_all_answers_leaves_a_model_as_sure_as_it_is_right(
    kind: str, weight: float, tmp_path: Path
) -> None:
    """Out of fold, beside the answers that were given: a lone annotator's weight changes nothing about them."""
    outside = serving(tmp_path, encoder="tfidf")
    labels = LabelSet().merged(rows(kind, 150, weight), 1)
    (learned,) = learn(KINDS[kind], labels, outside.fetch, outside.settings).controls
    quality = learned.quality
    assert quality is not None
    sure = sum(one.n * one.confidence for one in quality.bins) / quality.n
    assert 0.3 < quality.accuracy < 0.95
    assert sure == pytest.approx(quality.accuracy, abs=0.1)


def test_few_lone_answers_promise_as_much_as_sure_ones() -> None:
    """Nine are enough for 80 %, whatever all of them weigh: they are as exchangeable with a new one."""
    question = Single(LABELS)
    given = np.arange(12) % 4
    scores = np.eye(4)[given] * 2
    answers: list[Answer] = [Choices((LABELS[one],)) for one in given]
    sets = [
        calibrate(
            Judged(question, scores, answers, np.eye(4)[given], np.full(12, weight), np.arange(12) // 4, np.zeros(12)),
            0.8,
        ).sets
        for weight in (0.26, 1.0)
    ]
    assert sets[0] is not None
    assert sets[0].problem is None
    assert sets[1] is not None
    assert sets[0].thresholds == pytest.approx(sets[1].thresholds)


def told(count: int, seed: int, weights: FloatArray, wrong: FloatArray) -> Outcomes:
    """Answers that a model with honest confidences matches, of which each is wrong with its own probability."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1.0, count)
    right = rng.random(count) < confidence
    clean = rng.random(count) >= wrong
    matches = np.where(clean, right, ~right & (rng.random(count) < 0.1)).astype(float)
    return Outcomes(confidence, matches, weights, 0.1)


MIXED = np.tile([1.0, 0.9, 0.6, 0.3], 100)


def test_weights_that_tell_how_often_answers_are_wrong_are_believed() -> None:
    for seed in range(10):
        trust = believed(told(400, seed, MIXED, 1 - MIXED)).trust
        assert np.abs(trust - MIXED).mean() < 0.12


def test_weights_that_tell_nothing_are_not() -> None:
    kept = [float(believed(told(400, seed, MIXED, np.zeros(400))).trust.min()) for seed in range(20)]
    assert kept.count(1.0) >= 19


@pytest.mark.parametrize("weight", [0.0, 0.2566, 0.7, 1.0])
def test_where_all_weigh_alike_nothing_tells(weight: float) -> None:
    alike = np.full(400, weight)
    assert (believed(told(400, 0, alike, 1 - alike)).trust == 1).all()
    assert (believed(told(0, 0, alike[:0], alike[:0])).trust == 1).all()


def test_answers_that_are_known_to_be_wrong_do_not_make_a_model_unsure() -> None:
    """Half of the answers are wrong every second time, and say so: confidence is that of the true ones."""
    rng = np.random.default_rng(0)
    honest = rng.dirichlet(np.full(4, 0.3), 600)
    truth = [int(rng.choice(4, p=row)) for row in honest]
    weights = np.tile([1.0, 0.5], 300)
    given = [
        one if rng.random() < weight else (one + int(rng.integers(1, 4))) % 4
        for one, weight in zip(truth, weights, strict=True)
    ]
    question = Single(LABELS)
    scores = np.log(np.maximum(honest, 1e-6)) * 2
    judged = Judged(
        question,
        scores,
        [Choices((LABELS[one],)) for one in given],
        np.eye(4)[given],
        weights,
        np.arange(600) % 5,
        np.zeros(600),
    )
    accuracy = float((honest.argmax(axis=1) == truth).mean())
    sure = calibrate(judged, 0.9).probabilities(question, scores).max(axis=1).mean()
    plain = (
        calibrate(dataclasses.replace(judged, weights=np.ones(600)), 0.9)
        .probabilities(question, scores)
        .max(axis=1)
        .mean()
    )
    assert sure == pytest.approx(accuracy, abs=0.04)
    assert plain < accuracy - 0.1
