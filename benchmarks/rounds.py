"""Scoring rounds in a real Label Studio: beside its own "Retrieve predictions", beside people at work, and end to end.

The first part scores tasks that are stored in Label Studio, by our round and by Label Studio's own retrieval from the
same backend (of fewer tasks, scaled). Meanwhile an annotator asks for the next task and submits it, again and again.
The second part submits one answer and waits until a version that has learned from it orders the queue.
"""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import requests
from sqlalchemy import update

from label_config.answers import Choices
from label_config.results import write_answer
from sync.assess import assess
from sync.backend import Backend
from sync.demo.embedded import free_port
from sync.errors import DemoError, LabelStudioError
from sync.labelstudio.client import LabelStudio
from sync.opening import Services, clock
from sync.pipeline import teach
from sync.progress import Progress
from sync.pull import pull
from sync.refresh import NO_MODEL, refresh
from sync.store.tables import rounds as round_table
from sync.webhooks import webhook

from .crowd import Studio, studio
from .round_stage import CONTROL, PATIENCE, Sizes, await_learning, first_model, make_project, start_services

TODAY = 212.0
"""Seconds that "Retrieve predictions" took for 3,000 tasks, as measured when the goal was set."""
AFTER_IMPORT = 35
"""Seconds after which a pull does not look again at what was imported."""
CALM = 20
"""Seconds until both services have nothing left to do."""


@dataclass(frozen=True)
class Waits:
    """Seconds after the import, and before the answer: where tasks are few they are looked at again in no time."""

    imported: float
    calm: float


def run(*, quick: bool) -> None:
    """Print both parts."""
    scored = Sizes(60, 100, 20) if quick else Sizes(200, 3_000, 150)
    learned = Sizes(60, 100, 0) if quick else Sizes(2_000, 3_000, 0)
    waits = Waits(0, 3) if quick else Waits(AFTER_IMPORT, CALM)
    with studio() as here, ExitStack() as running:
        project = make_project(here, scored)
        outside = start_services(here, project, running, (free_port(), free_port()))
        _rounds(here, outside, project, first_model(outside, project), scored)
    with studio() as here:
        project, ports = make_project(here, learned), (free_port(), free_port())
        with ExitStack() as running:
            outside = start_services(here, project, running, ports)
            key = first_model(outside, project)
            _round(outside, key, {}, quiet=True)
            _settled(here, outside, project, waits)
            _parts(here, outside, project, key)
        with ExitStack() as running:
            _end_to_end(here, project, running, ports, waits)


def _rounds(here: Studio, outside: Services, project: int, key: int, sizes: Sizes) -> None:
    """Our round with nobody else there and with an annotator at work, and Label Studio's own retrieval."""
    tasks = [task.id for task in here.admin.tasks_after(project, 0, 100_000)][-sizes.retrieved :]
    theirs = _seconds(lambda: _retrieve(here, project, tasks)) * sizes.open / sizes.retrieved
    if len(here.admin.predictions(project=project)) != sizes.retrieved:
        raise DemoError("Label Studio did not retrieve what it was asked to")
    quiet = _next_tasks(here, project, lambda: time.sleep(5))
    steps: dict[str, float] = {}
    _round(outside, key, steps, quiet=True)
    every = [steps["scoring"] + steps["writing"]]
    for _ in range(2):
        _due(outside, key)
        _round(outside, key, steps, pause=0, part=5_000)
        every.append(steps["scoring"] + steps["writing"])
    alone = statistics.median(every)
    print(
        f"   our round                 {sizes.open:6,} tasks {alone:7.1f} s   (median of {_listed(every)}; the last: "
        f"{_spoken(steps)})",
        flush=True,
    )
    print(
        f'   "Retrieve predictions"    {sizes.open:6,} tasks {theirs:7.1f} s   (scaled from {sizes.retrieved:,}; '
        f"{TODAY:.0f} s for 3,000 when the goal was set)\n"
        f"   ratio: {theirs / alone:.0f} here, {TODAY * sizes.open / 3000 / alone:.0f} to that figure (goal: 20)",
        flush=True,
    )
    for pause in (0.0, outside.settings.pause):
        seconds: list[float] = []

        def again(pause: float = pause, seconds: list[float] = seconds) -> None:
            seconds.append(_anew(outside, key, pause))

        waited = _next_tasks(here, project, again)
        print(
            f"   with an annotator at work {sizes.open:6,} tasks {seconds[0]:7.1f} s, pause {pause:g}: a task and its "
            f"answer took {_latency(waited)}; without a round {_latency(quiet)}",
            flush=True,
        )
    cleaned = _seconds(lambda: _clean(outside, key))
    print(f"   deleting what three older versions left: {cleaned:.1f} s, when nobody is at work", flush=True)


@dataclass
class _Watch:
    """Seconds by step, as a round tells of its steps."""

    steps: dict[str, float]
    step: str = ""
    since: float = 0.0

    def begin(self, step: str) -> None:
        now = time.monotonic()
        if self.step:
            self.steps[self.step] = now - self.since
        self.step, self.since = step, now

    def tell(self, now: Progress) -> None:
        if now.step != self.step:
            self.begin(now.step)


def _round(
    outside: Services,
    key: int,
    steps: dict[str, float],
    *,
    quiet: bool = False,
    pause: float = 0,
    part: int | None = None,
) -> None:
    """One round; ``steps`` are filled with the seconds of each: the queue is in order after the writing.

    ``quiet``: as when nobody is at work. ``pause`` and ``part``: others than the settings'.
    """
    assert outside.backend is not None
    known = outside.settings
    changed = {
        "quiet_seconds": 0 if quiet else 3_600,
        "round_part": part or known.round_part,
    }
    settings = known.model_copy(update=changed)
    watch = _Watch(steps)
    outside.gateway.pause_by(lambda: pause)
    with outside.gateway.paced():
        done = refresh(outside.store, outside.gateway, outside.backend, key, settings, clock, tell=watch.tell)
    watch.begin("")
    if not done.changed:
        raise DemoError("there was nothing to score")


def _due(outside: Services, key: int) -> None:
    """Let a round be due for no reason but ours."""
    with outside.store.begin() as connection:
        connection.execute(update(round_table).where(round_table.c.project == key).values(hash="anew"))


def _anew(outside: Services, key: int, pause: float) -> float:
    """Seconds of a round like that, with the settings of people at work."""
    _due(outside, key)
    return _seconds(lambda: _round(outside, key, {}, pause=pause))


def _clean(outside: Services, key: int) -> None:
    """Delete the predictions of older rounds, as a run does when nobody is at work."""
    assert outside.backend is not None
    settings = outside.settings.model_copy(update={"quiet_seconds": 0})
    refresh(outside.store, outside.gateway, outside.backend, key, settings, clock)


def _seconds(act: Callable[[], object]) -> float:
    start = time.monotonic()
    act()
    return time.monotonic() - start


def _spoken(steps: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in steps.items())


def _listed(seconds: Sequence[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in seconds)


def _latency(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    refused = sum(one == float("inf") for one in ordered)
    return (
        f"{statistics.median(ordered):.2f} s (95 %: {ordered[int(0.95 * (len(ordered) - 1))]:.2f} s, longest "
        f"{ordered[-1]:.2f} s, refused {refused} of {len(ordered)})"
    )


def _next_tasks(here: Studio, project: int, meanwhile: Callable[[], object]) -> list[float]:
    """Seconds until an annotator has a task and its answer is stored, while something happens; inf: refused."""
    people = [one for one in here.server.people if one.role == "annotator"]
    over = threading.Event()
    waited: list[float] = []
    answer = write_answer(CONTROL, Choices((CONTROL.labels[0],)), region_id="r")

    def work() -> None:
        with LabelStudio.connect(here.server.url, people[1].token) as person:
            while not over.is_set():
                start = time.monotonic()
                try:
                    task = person.next_task(project)
                    if task is not None:
                        person.create_annotation(task.id, answer)
                    waited.append(time.monotonic() - start)
                except LabelStudioError:
                    waited.append(float("inf"))
                over.wait(0.3)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        meanwhile()
    finally:
        over.set()
        thread.join()
    return waited


def _retrieve(here: Studio, project: int, tasks: Sequence[int]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        reply = session.post(
            f"{here.server.url}/api/dm/actions?id=retrieve_tasks_predictions&project={project}",
            json={"selectedItems": {"all": False, "included": list(tasks)}, "project": str(project)},
            headers={"Authorization": f"Token {here.server.admin.token}"},
            timeout=PATIENCE,
        )
        reply.raise_for_status()


def _settled(here: Studio, outside: Services, project: int, waits: Waits) -> None:
    """The import of everything is over for a while, as it is where people work: else each pull looks at it again."""
    time.sleep(waits.imported)
    here.admin.update_task(_open_task(here, project), meta={"seen": True})
    pull(outside.store, outside.gateway, project, clock)


def _parts(here: Studio, outside: Services, project: int, key: int) -> None:
    """What the time from an answer to the new order consists of, one part after the other."""
    here.admin.create_annotation(_open_task(here, project), write_answer(CONTROL, Choices(("Neutral",)), region_id="r"))
    steps = {
        "pull": _seconds(lambda: pull(outside.store, outside.gateway, project, clock)),
        "assess": _seconds(lambda: assess(outside.store, key, outside.settings, clock)),
        "teach": _seconds(lambda: teach(outside, key)),
        "train": _seconds(lambda: await_learning(outside, key)),
    }
    _round(outside, key, steps)
    steps.pop("judging answered tasks")
    print(f"   one answer, in parts: {sum(steps.values()):.1f} s   ({_spoken(steps)})", flush=True)


def _open_task(here: Studio, project: int) -> int:
    return here.admin.tasks_after(project, 0, 100_000)[-1].id


def _end_to_end(here: Studio, project: int, running: ExitStack, ports: tuple[int, int], waits: Waits) -> None:
    """One answer is submitted; both services do the rest by themselves."""
    outside = start_services(here, project, running, ports, looking=True)
    wanted = webhook(outside.settings, project)
    assert wanted is not None and outside.backend is not None
    wanted.ensure(here.admin)
    remote = here.admin.project(project)
    name = f"{project}.{remote.created_at // 1_000_000}"
    before = _await_round(here, outside.backend, name, project, NO_MODEL, {})
    time.sleep(waits.calm)
    person = next(one for one in here.server.people if one.role == "annotator")
    with LabelStudio.connect(here.server.url, person.token) as annotator:
        task = annotator.next_task(project)
        assert task is not None
        seen: dict[str, float] = {}
        start = time.monotonic()
        annotator.create_annotation(task.id, write_answer(CONTROL, Choices(("Neutral",)), region_id="r"))
    after = _await_round(here, outside.backend, name, project, before.partition(".")[0], seen)
    spoken = _spoken({what: at - start for what, at in seen.items()})
    print(
        f"   one answer, both services by themselves: {time.monotonic() - start:.1f} s until {after} orders the queue "
        f"after {before} (goal: 15 s; {spoken})",
        flush=True,
    )


def _await_round(here: Studio, backend: Backend, name: str, project: int, model: str, seen: dict[str, float]) -> str:
    """The version that Label Studio serves by, once it is of another model than ``model`` and than none.

    ``seen`` are filled with the times when learning was first seen, and when it was over.
    """
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        state = backend.state(name)
        if state.state == "training":
            seen.setdefault("learning began", time.monotonic())
        if state.model not in (model, None):
            seen.setdefault("learned", time.monotonic())
        version = here.admin.project(project).model_version
        if version.startswith("tiebreak-") and version.partition(".")[0] not in (model, NO_MODEL):
            return version
        time.sleep(0.2)
    raise DemoError(f"no round of a newer model than {model} within {PATIENCE:.0f} s")
