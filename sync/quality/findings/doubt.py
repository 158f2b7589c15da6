"""The probability that the consensus on a task is wrong: what disputes are measured by."""

import math
from collections import Counter
from collections.abc import Mapping

from label_config.answers import Answer, Choices

from ..consensus.classes import class_name
from ..records import TaskConsensus
from .case import Case

POOLED = frozenset({"majority", "wawa", "blend"})
"""Methods whose posterior is a mean of opinions: of people or of models. It is taken at its word."""
LEAST = 1e-6
"""The probability that is left to what nobody gave or the method rules out."""


def doubts(case: Case) -> dict[int, float]:
    """The doubt of each task that somebody answered, in [0, 1].

    Of one of several classes it is 1 - the posterior probability of the answer, where the posterior is a mean of
    opinions (``POOLED``): on the 16 crowds of benchmarks/routing.py its first tenth held more wrong answers than that
    of a dozen mixtures with the votes, though hardly more than some. The posterior of a single model is too sure where
    annotators err together or their qualities were learned from few answers, and the shares of the votes alone don't
    know who is good; there the doubt is that of their logarithmic pool with equal weights (Genest and Zidek 1986,
    section 3), in other words of the normalised geometric mean, a hedge between the two.
    """
    classes = not case.evidence.coded.multiple
    hedged = case.consensus.method not in POOLED
    given = _given(case) if classes and hedged else {}
    return {
        one.task: (
            of_answer(one, case.agreement.get(one.task))
            if not classes or one.posterior is None or not isinstance(one.answer, Choices)
            else of_class(one.posterior, given[one.task], one.answer)
            if hedged
            else 1 - one.confidence
        )
        for one in case.consensus.tasks
        if one.annotations
    }


def _given(case: Case) -> dict[int, Counter[Answer]]:
    coded = case.evidence.coded
    found: dict[int, Counter[Answer]] = {task: Counter() for task in coded.tasks}
    for task, answer in zip(coded.task.tolist(), coded.answer.tolist(), strict=True):
        found[coded.tasks[task]][coded.answers[answer]] += 1
    return found


def of_class(posterior: Mapping[str, float], given: Mapping[Answer, int], answer: Answer) -> float:
    """The doubt of one of several classes by one model. ``given`` counts the answers.

    >>> a, b = Choices(("a",)), Choices(("b",))
    >>> round(of_class({"a": 0.5, "b": 0.5}, {a: 1, b: 1}, a), 5)
    0.5
    >>> round(of_class({"a": 0.9, "b": 0.1}, {a: 1, b: 1}, a), 5)  # odds of 9 to 1 and 1 to 1: 3 to 1
    0.25
    """
    total = sum(given.values())
    names = {class_name(one): count / total for one, count in given.items()}
    pooled = {
        name: math.sqrt(max(posterior.get(name, 0.0), LEAST) * max(names.get(name, 0.0), LEAST))
        for name in (*posterior, *(name for name in names if name not in posterior))
    }
    return 1 - pooled.get(class_name(answer), LEAST) / math.fsum((*pooled.values(), LEAST))


def of_answer(one: TaskConsensus, agreement: float | None) -> float:
    """The doubt of an answer that is no class, from its confidence and the share of answers like any one of them.

    With n answers whose pairs agree by ``agreement`` that share is (1 + (n - 1) x agreement) / n, itself included.
    Null: fewer than two answered, and the confidence is all there is.

    >>> two = TaskConsensus(7, Choices(("a", "b")), 0.5, None, 2)
    >>> of_answer(two, 0.0), of_answer(two, 1.0) < 0.01
    (0.5, True)
    """
    if agreement is None or one.annotations < 2:
        return 1 - one.confidence
    share = (1 + (one.annotations - 1) * agreement) / one.annotations
    sure, unsure = (max(value, LEAST) for value in (one.confidence * share, (1 - one.confidence) * (1 - share)))
    return math.sqrt(unsure) / (math.sqrt(sure) + math.sqrt(unsure))
