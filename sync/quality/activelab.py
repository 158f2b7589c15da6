"""ActiveLab (Goh and Mueller 2023): is the next answer worth more on this task, answered or not, than on another?"""

import numpy as np

from .consensus.crowdlab import weigh
from .consensus.posterior import Votes
from .records import FloatArray


def activelab(votes: Votes) -> FloatArray:
    """How much each task gains from another answer: shape (tasks,), in [0, 1], higher = ask about it first.

    1 - the mean of the quality of the consensus and of an even guess, 1 / classes; the first weighs as much as all
    voters of the task, the model among them, the second as much as an average annotator (section 3 of the paper). So
    a task with a doubtful answer and a task that nobody answered stand on one scale, and every answer that is given
    lowers the need for the next. Voters are weighed as by CROWDLAB; where no task has two answers all weigh 1 and the
    quality is the model's probability of the answer. A known class needs nothing: 0. A task that nobody answered and
    the model does not know has 1 - 1 / classes.

    >>> model = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.5, 0.5]])
    >>> task, person = np.divmod(np.arange(9), 3)
    >>> answer = np.array([0, 0, 0, 1, 1, 1, 0, 0, 1])
    >>> activelab(Votes(task, person, answer, 4, 3, 2, {}, model=model)).round(3).tolist()
    [0.147, 0.204, 0.26, 0.5]
    """
    found = weigh(votes)
    spoken = np.zeros(votes.tasks) if votes.model is None else (votes.model.sum(axis=1) > 0).astype(np.float64)
    voters = np.bincount(votes.task, found.annotators[votes.annotator], votes.tasks) + found.model * spoken
    guess = float(found.annotators.mean()) if votes.annotators else 1.0
    answered = np.bincount(votes.task, minlength=votes.tasks)
    quality = found.score
    if answered.max(initial=0) <= 1 and not votes.fixed and votes.model is not None:
        quality = quality.copy()
        rows = spoken[votes.task] > 0
        quality[votes.task[rows]] = votes.model[votes.task[rows], votes.answer[rows]]
    gain: FloatArray = 1 - (quality * voters + guess / votes.classes) / (voters + guess)
    gain[list(votes.fixed)] = 0.0
    return np.clip(gain, 0.0, 1.0)
