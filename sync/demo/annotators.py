"""Simulated annotators: they take what ``next`` serves them and answer with mistakes of their own."""

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from label_config.answers import Choices
from label_config.model import Control
from label_config.results import write_answer

from ..errors import DemoError
from ..labelstudio.client import LabelStudio
from .accounts import Account

NAMESPACE = uuid.UUID("3c9a54be-1f0e-5a67-9d3b-52f4a1e6c80d")


@dataclass(frozen=True, slots=True)
class Habit:
    """How somebody answers: mixes up pairs of labels, slips at random, takes so many seconds a task."""

    mixes: Mapping[str, tuple[str, float]]
    slips: float
    seconds: float


HABITS = (
    Habit({"1": ("7", 0.30), "8": ("3", 0.10)}, 0.02, 4.0),
    Habit({"3": ("8", 0.25), "9": ("4", 0.20)}, 0.03, 6.0),
    Habit({}, 0.35, 1.2),  # the careless one: fast, and wrong at random
)


def answer(habit: Habit, labels: Sequence[str], truth: str, rng: random.Random) -> str:
    """What somebody with that habit answers where ``truth`` is right."""
    if rng.random() < habit.slips:
        return rng.choice([label for label in labels if label != truth])
    other, chance = habit.mixes.get(truth, ("", 0.0))
    return other if rng.random() < chance else truth


def annotate(
    url: str,
    project: int,
    control: Control,
    people: Sequence[Account],
    truths: Mapping[int, str],
    seed: int,
    progress: Callable[[int], None],
) -> int:
    """Let everybody answer in turn, with their own tokens, until nobody is served any more.

    ``truths`` maps Label Studio's task ids to the right label. Returns how many answers were given. One at a time:
    Label Studio on SQLite is no faster with several, and the same seed gives the same answers.
    """
    with ExitStack() as open_clients:
        waiting = [_Annotator(url, person, place, seed, open_clients) for place, person in enumerate(people)]
        given = 0
        while waiting:
            served = [one for one in waiting if one.answer_next(project, control, truths)]
            waiting = served
            given += len(served)
            progress(len(served))
            if given > len(truths) * len(people):
                raise DemoError("Label Studio serves more tasks than there are")
        return given


class _Annotator:
    """One simulated person at work."""

    def __init__(self, url: str, person: Account, place: int, seed: int, open_clients: ExitStack) -> None:
        self._gateway = open_clients.enter_context(LabelStudio.connect(url, person.token))
        self._habit = HABITS[place % len(HABITS)]
        self._rng = random.Random(f"{seed}/{place}")  # noqa: S311 - a simulation
        self._place = place

    def answer_next(self, project: int, control: Control, truths: Mapping[int, str]) -> bool:
        """Take the next task and answer it; false when there is none."""
        task = self._gateway.next_task(project)
        if task is None:
            return False
        label = answer(self._habit, control.labels, truths[task.id], self._rng)
        self._gateway.create_annotation(
            task.id,
            write_answer(control, Choices((label,)), region_id=f"answer-{task.id}"),
            unique_id=str(uuid.uuid5(NAMESPACE, f"{project}/{task.id}/{self._place}")),
            lead_time=round(self._habit.seconds * self._rng.lognormvariate(0, 0.4), 2),
        )
        return True
