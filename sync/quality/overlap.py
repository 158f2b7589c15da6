"""A new answer or another task? How many answers each task should have, by one score over answered and open tasks."""

from collections.abc import Mapping

MOST = 5
"""A task that so many answered and that is doubtful still is a case for review, not for one answer more."""


def wanted_answers(
    gain: Mapping[int, float], answers: Mapping[int, int], ahead: int, most: int = MOST
) -> dict[int, int]:
    """Task -> how many answers it should have: Label Studio's ``overlap`` of the task, at least 1.

    ``gain`` is what another answer to the task is worth, answered or open alike (ActiveLab: ``next_answer``);
    ``answers`` how many it has. The next ``ahead`` answers go where they gain most: an answered task among these asks
    for one more, every other one for what it has, and an open task for its first. Of equal gain those come first that
    have fewer answers. A task of ``most`` answers gets no more.

    >>> gain, answers = {1: 0.2, 2: 0.5, 3: 0.4, 4: 0.3}, {1: 1, 2: 2}
    >>> wanted_answers(gain, answers, ahead=2)
    {1: 1, 2: 3, 3: 1, 4: 1}
    >>> wanted_answers(gain, answers, ahead=4)
    {1: 2, 2: 3, 3: 1, 4: 1}
    """
    able = (task for task in gain if answers.get(task, 0) < most)
    first = sorted(able, key=lambda task: (-gain[task], answers.get(task, 0), task))[: max(ahead, 0)]
    chosen = set(first)
    return {task: max(1, answers.get(task, 0) + (task in chosen)) for task in sorted(gain)}
