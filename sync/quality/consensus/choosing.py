"""Which algorithm fits choices, and why."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from ..evidence import ControlEvidence
from ..records import CodedAnswers, FloatArray, IntArray
from .blend import MEMBERS, pooled
from .classes import CLASSES, votes_of
from .dawid_skene import dawid_skene
from .posterior import STRENGTH, Posterior, Votes

COUNTING, WEIGHING = "wawa", "blend"
"""What is chosen where models of how annotators err predict answers hardly better than counting, and where they do."""
PAYS = 1.03
"""By what factor an answer has to be more probable under a model of annotators than by counting.

Simulated crowds who are alike but have tasks that divide them stay below 1.02, where a model costs up to 6 points of
accuracy; a rare class and annotators who differ give 1.04 and more, where it gains 2. Real crowds: benchmarks/truth.py.
"""
GOLD = 40
"""So many tasks with a known answer show which method is best."""
FOLDS = 4
ENOUGH = 60_000
"""No more answers than about so many are compared: a share of the tasks, evenly taken."""
_LEAST = 1e-9


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """Which algorithm fits the data, and why in words.

    Known answers decide where there are enough of them. Else each answer is predicted from the other ones to its task:
    by their shares, and by what Dawid and Skene's model learned of how everybody errs. Where that predicts hardly
    better, answers to a task hang together for other reasons than its class (some tasks divide everybody), which is
    what all models of annotators exclude; then they take divided tasks for a class of their own, and counting is safer.
    """
    coded = evidence.coded
    if why := _nothing_to_learn(coded):
        return "majority", why
    votes = votes_of(evidence)
    name, why = _by_prediction(votes)
    if len(known := _known(votes)) >= GOLD:
        return _by_gold(votes, known, name)
    return name, why


def _nothing_to_learn(coded: CodedAnswers) -> str:
    """Why nothing can be learned about annotators; empty where something may."""
    if not len(coded.task):
        return "nobody has answered yet"
    if len(coded.annotators) < 3:
        return "fewer than three annotators: where two differ, nothing shows who is right"
    per_task = len(coded.task) / len(np.unique(coded.task))
    if per_task < 1.2:
        return f"{per_task:.1f} answers a task are too few to compare annotators"
    return ""


def _by_prediction(votes: Votes) -> tuple[str, str]:
    mean, error = gain(votes)
    factor = float(np.exp(mean - error))
    learned = f"{100 * (np.exp(mean) - 1):.1f} % (± {100 * error:.1f})"
    if mean <= 0:
        return COUNTING, "a model of how everybody errs predicts the answers no better than counting the others does"
    if factor < PAYS:
        return COUNTING, (
            f"a model of how everybody errs makes the answers only {learned} more predictable than counting the "
            "others: too little shows that people err in ways of their own, and such a model would be misled"
        )
    return WEIGHING, (
        f"a model of how everybody errs makes the answers {learned} more predictable than counting the others, "
        "and no single one is the best for every crowd: the mean of five"
    )


def gain(votes: Votes) -> tuple[float, float]:
    """How much better a model of annotators predicts answers than counting: the mean and its standard error.

    The difference of the logarithms of the probability that each answer has, given the other answers to its task: by
    Dawid and Skene's model, and by the shares of those answers. Each answer is left out of what is learned about its
    annotator, too. Tasks with one answer say nothing; (0, 0) where there are no others.
    """
    counts = np.bincount(votes.task, minlength=votes.tasks)
    step = 1 + len(votes.task) // ENOUGH
    rows = np.flatnonzero((counts[votes.task] >= 2) & (votes.task % step == 0))
    if not len(rows):
        return 0.0, 0.0
    difference = _by_model(votes, dawid_skene(votes), rows) - _by_shares(votes, rows)
    return float(difference.mean()), float(difference.std() / np.sqrt(len(rows)))


def _by_model(votes: Votes, found: Posterior, rows: IntArray) -> FloatArray:
    """Log probability of the answers in ``rows``, their own evidence taken out of the model's."""
    task, annotator, answer = votes.task[rows], votes.annotator[rows], votes.answer[rows]
    logs = np.log(np.maximum(found.confusion, _LEAST)).transpose(0, 2, 1).reshape(-1, votes.classes)
    scores = (votes.table() @ logs)[task] + np.log(np.maximum(found.prior, _LEAST))
    scores -= np.log(np.maximum(found.confusion[annotator, :, answer], _LEAST))
    scores -= scores.max(axis=1, keepdims=True)
    without = np.exp(scores)
    without /= without.sum(axis=1, keepdims=True)
    ruled = np.isin(task, list(votes.fixed))
    without[ruled] = found.probability[task[ruled]]
    given = votes.by_annotator(votes.table().T @ found.probability).sum(axis=2)[annotator]
    return _log_mixture(without, found.confusion[annotator, :, answer], given, found.probability[task])


def _by_shares(votes: Votes, rows: IntArray) -> FloatArray:
    """The same by counting: each class is as probable as its share of the other answers to the task."""
    others = votes.tally()[votes.task]
    others[np.arange(len(others)), votes.answer] -= 1.0
    totals = others.sum(axis=1, keepdims=True)
    shares = np.divide(others, totals, out=np.full_like(others, 1 / votes.classes), where=totals > 0)
    cells = np.arange(len(shares)), votes.annotator * votes.classes + votes.answer
    table = np.zeros((votes.annotators * votes.classes, votes.classes))
    np.add.at(table, cells[1], shares)
    counts = votes.by_annotator(table)
    pooled = counts.sum(axis=0) + np.eye(votes.classes) + 0.1 / votes.classes
    smoothed = counts + STRENGTH * pooled / pooled.sum(axis=1, keepdims=True)
    given = counts.sum(axis=2)
    confusion = smoothed / smoothed.sum(axis=2, keepdims=True)
    annotator, answer = votes.annotator[rows], votes.answer[rows]
    return _log_mixture(shares[rows], confusion[annotator, :, answer], given[annotator], shares[rows])


def _log_mixture(classes: FloatArray, rate: FloatArray, given: FloatArray, own: FloatArray) -> FloatArray:
    """Log of the sum over classes of their probability times the rate of the answer there: (rows,).

    ``rate`` rests on ``given`` answers and ``STRENGTH`` more, ``own`` of which are the answer itself and go out.
    """
    total = given + STRENGTH
    cleaned = rate * total
    cleaned -= own
    np.maximum(cleaned, 0.0, out=cleaned)
    total -= own
    cleaned /= np.maximum(total, _LEAST, out=total)
    found: FloatArray = np.log(np.maximum(np.einsum("rk,rk->r", classes, cleaned), _LEAST))
    return found


def _known(votes: Votes) -> list[int]:
    """The tasks with a known class that somebody answered, in ascending order."""
    answered = set(np.unique(votes.task).tolist())
    return sorted(task for task in votes.fixed if task in answered)


def _by_gold(votes: Votes, known: list[int], usual: str) -> tuple[str, str]:
    """The method that is right most often on known answers that it was not told; ``usual`` if nearly as good."""
    votes, known = _fewer(votes, known)
    right = {name: np.zeros(len(known)) for name in _candidates(votes)}
    for fold in range(FOLDS):
        asked = known[fold::FOLDS]
        hidden = dataclasses.replace(votes, fixed={t: k for t, k in votes.fixed.items() if t not in set(asked)})
        for name, probability in _each(hidden, list(right)).items():
            right[name][fold::FOLDS] = share_right(probability[asked], votes.fixed, asked)
    best = max(right, key=lambda name: round(float(right[name].mean()), 9))
    ahead = right[best] - right[usual]
    if ahead.mean() <= ahead.std() / np.sqrt(len(known)):
        best = usual
    return best, (
        f"right on {100 * right[best].mean():.1f} % of {len(known)} known answers when it was not told them; "
        f"counting votes on {100 * right['majority'].mean():.1f} %"
    )


def _candidates(votes: Votes) -> list[str]:
    return [name for name in CLASSES if name != "crowdlab" or votes.model is not None]


def _each(votes: Votes, names: list[str]) -> dict[str, FloatArray]:
    """What each method thinks; the members of the blend are asked once."""
    found = {name: CLASSES[name](votes).probability for name in names if name != WEIGHING}
    return {**found, WEIGHING: pooled(votes, [found[name] for name in MEMBERS])}


def share_right(probability: FloatArray, truth: Mapping[int, int], tasks: list[int]) -> FloatArray:
    """1 where the most probable class (tasks, classes) is the true one, its part of a tie, else 0: (tasks,)."""
    best = probability >= probability.max(axis=1, keepdims=True) - 1e-9
    found: FloatArray = best[np.arange(len(tasks)), [truth[task] for task in tasks]] / best.sum(axis=1)
    return found


def _fewer(votes: Votes, known: list[int]) -> tuple[Votes, list[int]]:
    """A share of the tasks where there are many, known ones first to stay."""
    if len(votes.task) <= ENOUGH:
        return votes, known
    known = known[:: 1 + len(known) // 2000]
    stays = np.zeros(votes.tasks, dtype=bool)
    stays[:: 1 + len(votes.task) // ENOUGH] = True
    dropped = set(votes.fixed) - set(known)
    stays[list(dropped)] = False
    stays[known] = True
    rows = stays[votes.task]
    fixed = {task: votes.fixed[task] for task in known}
    return (
        dataclasses.replace(
            votes, task=votes.task[rows], annotator=votes.annotator[rows], answer=votes.answer[rows], fixed=fixed
        ),
        known,
    )
