"""Which answers are given for which: two people on one task, pooled over all tasks."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from label_config.answers import Answer

from .records import CodedAnswers, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """``counts[i, j]`` is how often one person gave ``answers[i]`` where another gave ``answers[j]``.

    Each pair of people counts both ways round, so that the matrix is symmetric; the diagonal is where they agree.
    ``hidden`` answers were given too seldom to be shown.
    """

    answers: tuple[Answer, ...]
    counts: IntArray
    hidden: int


def confusion(coded: CodedAnswers, limit: int = 12) -> Confusion:
    """The confusion of the ``limit`` answers that are given most, in the order of ``coded.answers``.

    >>> from label_config.answers import Number
    >>> from label_config.model import Control, Family
    >>> from .coded_answers import encode
    >>> rows = [(1, 1, Number(1.0)), (1, 2, Number(2.0)), (2, 1, Number(1.0)), (2, 2, Number(1.0))]
    >>> confusion(encode(Control("c", "Rating", ("t",), family=Family.RATING), rows)).counts.tolist()
    [[2, 1], [1, 0]]
    """
    kinds = max(1, len(coded.answers))
    given = sparse.csr_array(
        (np.ones(len(coded.task), dtype=np.int64), (coded.task, coded.answer)), shape=(len(coded.tasks), kinds)
    )
    paired = given[np.asarray(given.sum(axis=1)).ravel() > 1]
    often = np.asarray(paired.sum(axis=0)).ravel()
    used = np.flatnonzero(often)
    shown = np.sort(used[np.argsort(-often[used], kind="stable")][:limit])
    few = paired[:, shown]
    counts = (few.T @ few).toarray() - np.diag(often[shown])
    return Confusion(tuple(coded.answers[place] for place in shown.tolist()), counts, len(used) - len(shown))
