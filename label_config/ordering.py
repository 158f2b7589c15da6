"""The one place where our numbers become Label Studio's ``score``.

Inside Tiebreak a higher number needs a human more, and place 0 comes first. Label Studio serves the lowest
prediction score first, so both are turned round here and nowhere else.
"""

_TIE_STEP = 1e-13
"""Smaller than any difference between two rounded priorities for up to 10 million tasks."""


def score_from_priority(priority: float, task: int) -> float:
    """The score of a review task, in [0, 1], low = served first.

    ``priority`` in [0, 1] is rounded to six places. Equal priorities are served in the order of ``task`` (the
    store's key of the source task), so that the order is total and the same on every machine.

    >>> score_from_priority(0.9, 1) < score_from_priority(0.9, 2) < score_from_priority(0.8, 1)
    True
    """
    if not 0 <= priority <= 1:
        raise ValueError(f"priority must be in [0, 1], not {priority}")
    return min(1.0, round(1 - priority, 6) + task * _TIE_STEP)


def score_from_place(place: int, tasks: int) -> float:
    """The score of the task at ``place`` (0 first) among ``tasks``, in [0, 1), low = served first.

    >>> [score_from_place(place, 4) for place in range(4)]
    [0.0, 0.25, 0.5, 0.75]
    """
    if not 0 <= place < tasks:
        raise ValueError(f"place must be in [0, {tasks}), not {place}")
    return place / tasks
