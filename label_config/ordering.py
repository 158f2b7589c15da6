"""The one place where our numbers become Label Studio's ``score``.

Inside Tiebreak a higher number needs a human more, and place 0 comes first. Label Studio serves the lowest
prediction score first, so both are turned round here and nowhere else.
"""

STEPS = 10**6
"""Priorities are told apart to six places."""

TASKS = 2**30
"""Tasks of equal priority are told apart up to this key: steps x tasks stays below 2**53, so every score is exact."""


def score_from_priority(priority: float, task: int) -> float:
    """The score of a review task, in [0, 1), low = served first: 1 - priority within a millionth.

    ``priority`` in [0, 1] is rounded to six places. Equal priorities are served in the order of ``task`` (the
    store's key of the source task), so that the order is total and the same on every machine: different tasks never
    have the same score. Raises ValueError for a priority outside [0, 1] and a task outside [0, TASKS).

    >>> score_from_priority(0.9, 1) < score_from_priority(0.9, 2) < score_from_priority(0.8, 1)
    True
    >>> score_from_priority(0.0, 1) < score_from_priority(0.0, 2) < 1
    True
    """
    if not 0 <= priority <= 1:
        raise ValueError(f"priority must be in [0, 1], not {priority}")
    if not 0 <= task < TASKS:
        raise ValueError(f"task must be in [0, {TASKS}), not {task}")
    return (round((1 - priority) * STEPS) * TASKS + task) / ((STEPS + 1) * TASKS)


def score_from_place(place: int, tasks: int) -> float:
    """The score of the task at ``place`` (0 first) among ``tasks``, in [0, 1), low = served first.

    >>> [score_from_place(place, 4) for place in range(4)]
    [0.0, 0.25, 0.5, 0.75]
    """
    if not 0 <= place < tasks:
        raise ValueError(f"place must be in [0, {tasks}), not {place}")
    return place / tasks
