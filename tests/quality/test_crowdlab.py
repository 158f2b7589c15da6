"""CROWDLAB: what cleanlab gives on the same votes, and what it does where cleanlab has no answer."""

import numpy as np
import pytest

from label_config.answers import Choices, chosen
from label_config.model import Control
from sync.quality.consensus import infer
from sync.quality.consensus.choosing import share_right
from sync.quality.consensus.crowdlab import crowdlab, weigh
from sync.quality.consensus.majority import majority
from sync.quality.consensus.posterior import Votes
from sync.quality.evidence import ControlEvidence
from sync.quality.records import FloatArray, Opinion

from .answers import single

PICTURE = ["001", "11.", "2.2", ".10", "2..", "..1", "000", "12."]
"""A line a task, a column an annotator."""
MODEL = np.array(
    [
        [0.6, 0.3, 0.1],
        [0.2, 0.7, 0.1],
        [0.1, 0.1, 0.8],
        [0.5, 0.3, 0.2],
        [0.3, 0.3, 0.4],
        [0.6, 0.2, 0.2],
        [0.8, 0.1, 0.1],
        [0.1, 0.5, 0.4],
    ]
)


def votes(picture: list[str], model: FloatArray | None, fixed: dict[int, int] | None = None, classes: int = 3) -> Votes:
    rows = [(t, a, int(said)) for t, line in enumerate(picture) for a, said in enumerate(line) if said != "."]
    task, annotator, answer = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Votes(task, annotator, answer, len(picture), len(picture[0]), classes, fixed or {}, model=model)


def test_labels_scores_weights_and_qualities_are_cleanlabs() -> None:
    """From get_label_quality_multiannotator of cleanlab 2.9.0 on these votes and probabilities."""
    found = weigh(votes(PICTURE, MODEL))
    assert found.probability.argmax(axis=1).tolist() == [0, 1, 2, 0, 2, 0, 0, 1]
    assert found.score == pytest.approx(
        [
            0.6511606597223323,
            0.7223829076185808,
            0.7948318297442938,
            0.4643206683474073,
            0.4878587370205231,
            0.5999996543035958,
            0.7936048755667778,
            0.5319755823122584,
        ],
        abs=1e-9,
    )
    assert found.probability.max(axis=1) == pytest.approx(found.score)
    assert found.model == pytest.approx(1.4142135623730951)
    assert found.annotators == pytest.approx([0.4285714285714286, 0.1428571428571428, 1e-06])
    assert found.quality == pytest.approx([0.735015758471288, 0.580432883447965, 0.5528004412864741], abs=1e-9)


def test_a_model_that_agrees_with_the_crowd_settles_its_ties_and_one_that_does_not_is_not_heard() -> None:
    crowd = ["000", "111", "000", "111", "01."]
    good = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.1, 0.9]])
    assert crowdlab(votes(crowd, good, classes=2)).probability[4].argmax() == 1
    bad = 1 - good
    assert weigh(votes(crowd, bad, classes=2)).model < 1e-5
    assert crowdlab(votes(crowd, bad, classes=2)).probability[:4].argmax(axis=1).tolist() == [0, 1, 0, 1]


def test_where_the_model_says_nothing_the_annotators_are_averaged_alone() -> None:
    silent = MODEL.copy()
    silent[4:] = 0.0
    found = crowdlab(votes(PICTURE, silent)).probability
    assert found[4].argmax() == 2
    assert found.sum(axis=1) == pytest.approx(np.ones(8))
    assert found[5].argmax() == 1  # by the one who answered, whom the model had outweighed
    none = crowdlab(votes(PICTURE, None)).probability
    assert none == pytest.approx(crowdlab(votes(PICTURE, np.zeros((8, 3)))).probability)


def test_a_model_that_was_hardly_compared_is_hardly_heard() -> None:
    """All 60 tasks have two equal answers: one shows little of the model, 40 much, and all of them everything."""
    crowd = ["00", "11"] * 30
    whole = np.array([[0.9, 0.1], [0.1, 0.9]] * 30)

    def weight(spoken: int) -> float:
        return weigh(votes(crowd, np.where(np.arange(60)[:, None] < spoken, whole, 0.0), classes=2)).model

    assert weight(60) == pytest.approx(2**0.5)
    assert weight(40) / weight(60) == pytest.approx(2 / 3 + 1 / 3 * 40 / 60)
    assert weight(1) / weight(60) == pytest.approx(1 / 60 + 59 / 60 * 1 / 21)


def few_opinions(seed: int, skill: float) -> tuple[float, float]:
    """How often CROWDLAB and the votes are right on the ten tasks of 200 that a model speaks of.

    People are right on three of four; on two tasks of five one of them answered, on the others three did. The model is
    right with ``skill`` and always sure of itself.
    """
    rng = np.random.default_rng(seed)
    truth = rng.integers(3, size=200)
    task = np.repeat(np.arange(200), np.where(rng.random(200) < 0.4, 1, 3))
    person = np.concatenate([rng.permutation(12)[:n] for n in np.bincount(task)])
    answer = np.where(rng.random(len(task)) < 0.75, truth[task], (truth[task] + rng.integers(1, 3, len(task))) % 3)
    spoken = rng.permutation(200)[:10]
    first = np.where(rng.random(10) < skill, truth[spoken], (truth[spoken] + rng.integers(1, 3, 10)) % 3)
    model = np.zeros((200, 3))
    model[spoken] = 0.05
    model[spoken, first] = 0.9
    given = Votes(task, person, answer, 200, 12, 3, {}, model=model)
    tasks, known = spoken.tolist(), dict(enumerate(truth.tolist()))
    mine, plain = (share_right(method(given).probability[spoken], known, tasks) for method in (crowdlab, majority))
    return float(mine.mean()), float(plain.mean())


@pytest.mark.parametrize(("skill", "least"), [(0.4, -0.05), (0.6, -0.04), (0.8, 0.0), (0.95, 0.04)])
def test_few_opinions_do_little_harm_and_good_ones_help(skill: float, least: float) -> None:
    """By as much against counting votes. At the paper's weight it is -11, -9, -1 and +14 points."""
    gain = np.mean([np.subtract(*few_opinions(seed, skill)) for seed in range(60)])
    assert gain >= least


@pytest.mark.parametrize(
    ("spoken", "said"),
    [
        (0, "no model's probabilities are here, the annotators are averaged alone"),
        (1, "the model could be compared with two people or a known answer on 1 task only"),
        (19, "on 19 tasks only"),
        (20, ""),
    ],
)
def test_who_asks_for_it_by_name_hears_how_little_shows_of_the_model(spoken: int, said: str) -> None:
    coded = single([(task, person, "ab"[task % 2]) for task in range(30) for person in (1, 2)], "ab")
    opinions = {task: Opinion(Choices(("a",)), {"a": 0.9, "b": 0.1}) for task in range(spoken)}
    reason = infer(ControlEvidence(Control("c", "Choices", ("t",), ("a", "b")), coded, opinions=opinions), "crowdlab")
    assert reason.reason.startswith("asked for by name")
    assert said in reason.reason
    assert bool(said) == (";" in reason.reason)


def test_a_known_class_teaches_whom_to_trust_the_model_too() -> None:
    """The second annotator is right on tasks of both classes; so is one of the models."""
    split = ["01", "10"] * 6
    ruled = {task: 1 - task % 2 for task in range(10)}
    assert crowdlab(votes(split, None, ruled, 2)).probability[10:].argmax(axis=1).tolist() == [1, 0]
    good = np.array([[0.2, 0.8], [0.8, 0.2]] * 6)
    assert weigh(votes(split, good, ruled, 2)).model > 1
    assert weigh(votes(split, 1 - good, ruled, 2)).model < 1e-5


def test_where_nobody_met_the_answers_are_compared_with_the_model() -> None:
    """Three of four answers are the model's first; an answer and the model weigh the same."""
    apart = ["0.", "1.", ".0", ".1"]
    model = np.array([[0.8, 0.2], [0.3, 0.7], [0.9, 0.1], [0.6, 0.4]])
    found = weigh(votes(apart, model, classes=2))
    assert found.probability[:, 0] == pytest.approx([(0.8 + 0.75) / 2, 0.275, (0.9 + 0.75) / 2, (0.6 + 0.25) / 2])
    alone = crowdlab(votes(apart, None, classes=2))
    assert alone.probability.argmax(axis=1).tolist() == [0, 1, 0, 1]
    assert alone.quality is not None
    assert np.all((alone.quality >= 0) & (alone.quality <= 1))


@pytest.mark.parametrize("picture", [["000"] * 3, ["0.."], ["..."]])
def test_one_class_one_answer_and_none_are_defined(picture: list[str]) -> None:
    for classes in (1, 3):
        for model in (None, np.full((len(picture), classes), 1 / classes), np.zeros((len(picture), classes))):
            found = crowdlab(votes(picture, model, classes=classes))
            assert found.probability.sum(axis=1) == pytest.approx(np.ones(len(picture)))
            assert found.quality is not None
            assert not np.isnan(found.quality).any()


def test_probabilities_that_do_not_sum_to_one_or_are_of_other_labels_are_scaled_or_left_out() -> None:
    coded = single([(1, 1, "a"), (1, 2, "b"), (2, 1, "a"), (2, 2, "a"), (3, 1, "b"), (3, 2, "b")], "ab")
    control = Control("c", "Choices", ("t",), ("a", "b"))

    def answers(**said: dict[str, float]) -> list[tuple[str, ...]]:
        opinions = {int(task[1:]): Opinion(Choices(("b",)), p) for task, p in said.items()}
        tasks = infer(ControlEvidence(control, coded, opinions=opinions), "crowdlab").tasks
        assert all(0 <= one.confidence <= 1 for one in tasks)
        return [chosen(one.answer) for one in tasks]

    assert answers(t1={"a": 1.0, "b": 3.0}, t2={"a": 5.0}, t3={"b": 0.1}) == [("b",), ("a",), ("b",)]
    assert answers(t1={"z": 1.0}, t2={"a": 0.0, "b": 0.0}) == [("a",), ("a",), ("b",)]
