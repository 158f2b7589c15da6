"""CROWDLAB (Goh, Tkachenko and Mueller 2022): a classifier's probabilities as one more voter, weighed by agreement."""

from dataclasses import dataclass

import numpy as np

from ..evidence import ControlEvidence
from ..records import BoolArray, FloatArray
from .posterior import Posterior, Votes

FEW = 20
"""Tasks on which a model was compared with people; after fewer it is doubted more than believed."""
_LEAST = 1e-6
"""No voter weighs less, and no class error is taken to be less."""
_DIGITS = 9
"""Probabilities are rounded before a class is picked, so that rounding errors break no ties."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What CROWDLAB makes of votes and a model.

    ``probability`` (tasks, classes) sums to 1. ``score`` (tasks,) in [0, 1] is what the second pass gives to the class
    of the first (the mean where the first is tied): the quality of the consensus. ``annotators`` (annotators,) and
    ``model`` are the weights of the voters; the model's counts only on tasks of which it says something. ``quality``
    (annotators,) in [0, 1], NaN of annotators of whom nothing shows how good they are.
    """

    probability: FloatArray
    score: FloatArray
    annotators: FloatArray
    model: float
    quality: FloatArray


def crowdlab(votes: Votes) -> Posterior:
    """Average the model and the annotators of each task, each with the weight of how often others agree with it.

    Everybody's weight is 1 - error / error of always saying the commonest class, the model's times the root of the
    mean number of answers a task. An annotator's error is how often others on the same task differ, the model's how
    often the consensus does; the consensus is first the majority (ties go to the class the model finds more
    probable, else are shared), then the most probable class of a first pass. Where the second pass finds another class
    more probable, the first stands. A vote says that its class is true with the probability that any annotator agrees
    with the consensus. Sections 3 and 4 of the paper.

    The paper's model speaks of every task. One that was compared with people on some of those that could show how good
    it is, and not on all, weighs less: see ``_seen``.

    A known class takes the place of the others' answers and of the consensus: it teaches whom to trust, the model
    too, and how probably those are right who are trusted. What is believed beforehand counts as so many answers.
    Without a model the annotators are averaged alone. Where no task has two answers, annotators are compared with the
    model instead, and without one their answers stand.

    >>> model = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    >>> task, person = np.divmod(np.arange(9), 3)
    >>> answer = np.array([0, 0, 0, 1, 1, 1, 0, 0, 1])
    >>> crowdlab(Votes(task, person, answer, 3, 3, 2, {}, model=model)).probability.round(3).tolist()
    [[0.896, 0.104], [0.167, 0.833], [0.769, 0.231]]
    """
    found = weigh(votes)
    prior = found.probability.mean(axis=0)
    confusion = votes.confusion(found.probability, prior)
    usual = np.einsum("k,akk->a", prior, confusion)
    return Posterior(found.probability, prior, confusion, np.where(np.isnan(found.quality), usual, found.quality))


def weigh(votes: Votes) -> Weighed:
    """The weights of all voters, and what they come to together."""
    tally = _tally(votes)
    first = _average(votes, tally, _majority(votes, tally))[0]
    consensus = votes.with_fixed(_best(first))
    second, annotators, model = _average(votes, tally, consensus)
    votes.with_fixed(second)
    quality = _quality(votes, tally, consensus, second, annotators, model)
    agree = np.all(_best(second) == consensus, axis=1, keepdims=True)
    score: FloatArray = (second * consensus).sum(axis=1)
    return Weighed(np.where(agree, second, first), score, annotators, model, quality)


@dataclass(frozen=True, slots=True, eq=False)
class _Tally:
    """``counts`` (tasks, classes) of votes; ``model`` (tasks, classes), zeros where it says nothing; ``spoken``.

    ``shown`` is true for tasks that show who is right: with two or more answers, or a known class.
    """

    counts: FloatArray
    answers: FloatArray
    model: FloatArray
    spoken: BoolArray
    shown: BoolArray


def _tally(votes: Votes) -> _Tally:
    counts = votes.tally().astype(np.float64)
    answers = counts.sum(axis=1)
    model = np.zeros(counts.shape) if votes.model is None else votes.model
    shown = answers > 1
    shown[list(votes.fixed)] = True
    return _Tally(counts, answers, model, model.sum(axis=1) > 0, shown)


def _shared(values: FloatArray) -> FloatArray:
    """1 for the largest of each row; several largest share it."""
    largest = (values == values.max(axis=1, keepdims=True)).astype(np.float64)
    shares: FloatArray = largest / largest.sum(axis=1, keepdims=True)
    return shares


def _best(probability: FloatArray) -> FloatArray:
    return _shared(np.round(probability, _DIGITS))


def _majority(votes: Votes, tally: _Tally) -> FloatArray:
    """The classes with most votes; of several the most probable one by the model."""
    most = tally.counts == tally.counts.max(axis=1, keepdims=True)
    return votes.with_fixed(_shared(np.where(most, tally.model, -1.0)))


def _average(votes: Votes, tally: _Tally, consensus: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """The probabilities, and the weights of the annotators and of the model."""
    annotators, model, right = _weights(votes, tally, consensus)
    wrong = (1 - right) / max(votes.classes - 1, 1)
    given = votes.tally(annotators[votes.annotator])
    total = given.sum(axis=1, keepdims=True)
    heard = total + model * tally.spoken[:, None]
    said = (right - wrong) * given + wrong * total + model * tally.model
    equal = np.full(said.shape, 1 / votes.classes)
    probability: FloatArray = np.divide(said, heard, out=equal, where=heard > 0)
    return probability, annotators, model


def _weights(votes: Votes, tally: _Tally, consensus: FloatArray) -> tuple[FloatArray, float, float]:
    """The annotators' weights, the model's, and how probable it is that an answer is right."""
    answered = tally.answers > 0
    per_task = float(tally.answers[answered].mean()) if answered.any() else 0.0
    if not tally.shown.any():
        return np.ones(votes.annotators), float(tally.spoken.any()), _agreement_with_model(votes, tally)
    error = max(1 - float(consensus[tally.shown].mean(axis=0).max()), _LEAST)
    annotators = np.maximum(1 - (1 - _agreement(votes, tally)) / error, _LEAST)
    both = tally.shown & tally.spoken
    model = 0.0
    if both.any():
        agreed = float((_shared(tally.model[both]) * consensus[both]).sum(axis=1).mean())
        model = max(1 - (1 - agreed) / error, _LEAST) * per_task**0.5 * _seen(int(both.sum()), int(tally.shown.sum()))
    many = tally.shown & answered
    if not many.any():
        return annotators, model, 1.0
    return annotators, model, float(_agreeing(votes, tally, consensus, annotators)[many].mean())


def _seen(compared: int, tasks: int) -> float:
    """How much of a model's weight is left that was compared on so many of the tasks that show who is right, (0, 1].

    Its agreement on the others is not known. It is estimated by what was seen, drawn towards that of a model of no use
    (always the commonest class, of weight 0) as strongly as ``FEW`` tasks would: the posterior mean of a proportion.
    Where the model spoke of all of them nothing is estimated, and the weight is the paper's.

    >>> [round(_seen(*each), 2) for each in ((1, 100), (20, 100), (80, 100), (3, 3))]
    [0.06, 0.6, 0.96, 1.0]
    """
    share = compared / tasks
    return share + (1 - share) * compared / (compared + FEW)


def few_compared(evidence: ControlEvidence) -> str:
    """That a model's voice rests on fewer than ``FEW`` comparisons with people, or that none is heard; else empty."""
    coded = evidence.coded
    shown = {coded.tasks[place] for place in np.flatnonzero(np.bincount(coded.task, minlength=len(coded.tasks)) > 1)}
    shown |= {coded.tasks[place] for place in coded.fixed}
    spoken = {task for task, opinion in evidence.opinions.items() if opinion.probabilities}
    if not spoken:
        return "no model's probabilities are here, the annotators are averaged alone"
    compared = len(spoken & shown)
    if compared >= FEW:
        return ""
    tasks = "1 task" if compared == 1 else f"{compared} tasks"
    return f"the model could be compared with two people or a known answer on {tasks} only, which shows little of it"


def _agreeing(votes: Votes, tally: _Tally, consensus: FloatArray, annotators: FloatArray) -> FloatArray:
    """(tasks,): the share of the answers that are the consensus; of a known class by the weight of who gave them."""
    agree = (tally.counts * consensus).sum(axis=1)
    total = tally.answers.copy()
    known = list(votes.fixed)
    weight = annotators[votes.annotator]
    heavy = np.bincount(votes.task, weight * consensus[votes.task, votes.answer], votes.tasks)
    agree[known], total[known] = heavy[known], np.bincount(votes.task, weight, votes.tasks)[known]
    agreeing: FloatArray = np.divide(agree, total, out=np.zeros(votes.tasks), where=total > 0)
    return agreeing


def _agreement_with_model(votes: Votes, tally: _Tally) -> float:
    """How often an answer is the model's first: all there is to go by where nobody met; at least as by chance."""
    spoken = tally.spoken[votes.task]
    if not spoken.any():
        return 1.0
    agreed = float(_shared(tally.model)[votes.task, votes.answer][spoken].mean())
    return max(agreed, 1 / votes.classes)


def _agreement(votes: Votes, tally: _Tally) -> FloatArray:
    """(annotators,): how often others on the same task, or the known class, say the same.

    Of annotators who met nobody it is the mean of the others. A known class counts like all others of the task.
    """
    others = tally.answers[votes.task] - 1.0
    same = tally.counts[votes.task, votes.answer] - 1.0
    known = np.full(votes.tasks, -1)
    known[list(votes.fixed.keys())] = list(votes.fixed.values())
    ruled = known[votes.task] >= 0
    others[ruled] = np.maximum(others[ruled], 1)
    same[ruled] = (others * (known[votes.task] == votes.answer))[ruled]
    believed = np.zeros((votes.annotators, 2)) if votes.trust is None else votes.trust
    agreed = np.bincount(votes.annotator, same, votes.annotators) + believed[:, 0]
    of = np.bincount(votes.annotator, others, votes.annotators) + believed.sum(axis=1)
    met = of > 0
    mean = float((agreed[met] / of[met]).mean()) if met.any() else 1.0
    agreement: FloatArray = np.divide(agreed, of, out=np.full(votes.annotators, mean), where=met)
    return agreement


def _quality(
    votes: Votes, tally: _Tally, consensus: FloatArray, probability: FloatArray, annotators: FloatArray, model: float
) -> FloatArray:
    """(annotators,): how probable an annotator's answers are, and how often they are the consensus.

    The two are averaged by the weight of the model and that of the annotators of a task (section 5 of the paper).
    """
    agreed = _mean_of(votes, consensus, tally.shown)
    probable = _mean_of(votes, probability, tally.spoken)
    per_task = float(tally.answers[tally.answers > 0].mean()) if len(votes.task) else 0.0
    crowd = float(annotators.sum()) * per_task / max(votes.annotators, 1)
    share = model / (model + crowd) if model > 0 else 0.0
    both = share * probable + (1 - share) * agreed
    alone = agreed if model == 0 else np.where(np.isnan(agreed), probable, agreed)
    quality: FloatArray = np.where(np.isnan(both) | (model == 0), alone, both)
    return quality


def _mean_of(votes: Votes, values: FloatArray, where: BoolArray) -> FloatArray:
    """(annotators,): the mean over their answers of the values of those, NaN where there are none."""
    rows = np.flatnonzero(where[votes.task])
    person = votes.annotator[rows]
    total = np.bincount(person, values[votes.task[rows], votes.answer[rows]], votes.annotators)
    count = np.bincount(person, minlength=votes.annotators)
    mean: FloatArray = np.divide(total, count, out=np.full(votes.annotators, np.nan), where=count > 0)
    return mean
