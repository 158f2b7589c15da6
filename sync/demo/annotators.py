"""Simulated annotators: they take what ``next`` serves them and answer with mistakes of their own."""

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from label_config.model import Choices, Control
from label_config.results import write_answer

from ..errors import DemoError
from ..labelstudio.client import LabelStudio
from .accounts import Account


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
    """Let everybody answer, at the same time and with their own tokens, until nobody is served any more.

    ``truths`` maps Label Studio's task ids to the right label. Returns how many answers were given.
    """
    lock = threading.Lock()

    def work(place: int) -> int:
        habit, rng = HABITS[place % len(HABITS)], random.Random(f"{seed}/{place}")  # noqa: S311 - a simulation
        given = 0
        with LabelStudio.connect(url, people[place].token) as gateway:
            while (task := gateway.next_task(project)) is not None:
                if given > len(truths):
                    raise DemoError(f"Label Studio serves {people[place].name} more tasks than there are")
                label = answer(habit, control.labels, truths[task.id], rng)
                result = write_answer(control, Choices((label,)), region_id=f"answer-{task.id}")
                seconds = round(habit.seconds * rng.lognormvariate(0, 0.4), 2)
                gateway.create_annotation(task.id, result, lead_time=seconds)
                given += 1
                with lock:
                    progress(1)
        return given

    with ThreadPoolExecutor(len(people)) as pool:
        return sum(pool.map(work, range(len(people))))
