"""What people feel: eight annotators at work, in turn with Tiebreak looking after their project and without it.

In the blocks with it the loop runs again two seconds after it ended, as webhooks wake it: pulls, learning in a backend
of its own, pushes, and a paced round as often as ``tiebreak serve`` makes one. It runs in a process of its own, as
people and Tiebreak do not share one. Blocks alternate, since the machine itself is not always as fast.
"""

import multiprocessing
import sqlite3
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from label_config.answers import Choices
from label_config.results import write_answer
from sync.demo.embedded import EmbeddedLabelStudio, free_port
from sync.errors import LabelStudioError
from sync.labelstudio.client import LabelStudio
from sync.opening import services
from sync.pipeline import run as run_loop
from sync.settings import Settings

from .crowd import studio
from .round_stage import CONTROL, Sizes, first_model, make_project, start_services

PEOPLE = 8
THINKING = 2.0
"""Seconds between two requests of one person."""
AWAKE = 2.0
ROUND_SECONDS = float(Settings.model_fields["round_seconds"].default)
"""Between two rounds, as ``tiebreak serve`` has it by default."""
GOAL = 1.3

Found = TypeVar("Found")


def run(*, quick: bool) -> None:
    """Print the median request time with and without, and the ratio."""
    sizes = Sizes(60, 400, 0) if quick else Sizes(200, 3_000, 0)
    blocks, seconds = (2, 4.0) if quick else (6, 40.0)
    waited: dict[bool, list[float]] = {True: [], False: []}
    runs = 0
    with studio() as here, ExitStack() as running:
        tokens = hire(here.server, PEOPLE)
        project = make_project(here, sizes)
        outside = start_services(here, project, running, (free_port(), free_port()))
        first_model(outside, project)
        run_loop(outside, project)
        look_after = running.enter_context(_looking_after(outside.settings, project))
        for block in range(blocks):
            looked_after = block % 2 == 1
            work = Work(here.server.url, project, _answer, thinking=THINKING)
            with work.of(tokens):
                if looked_after:
                    runs += look_after(seconds)
                else:
                    time.sleep(seconds)
            waited[looked_after] += work.seconds
            if work.refused:
                print(f"   refused: {len(work.refused)} requests, such as {work.refused[0]}", flush=True)
    for looked_after, words in ((False, "without Tiebreak"), (True, f"with {runs} runs of it")):
        every = sorted(waited[looked_after])
        print(
            f"   {words:22} median {statistics.median(every) * 1000:5.0f} ms, 95 %: "
            f"{every[int(0.95 * (len(every) - 1))] * 1000:5.0f} ms   ({len(every)} requests of {PEOPLE} annotators)"
        )
    ratio = statistics.median(waited[True]) / statistics.median(waited[False])
    print(f"   ratio of the medians: {ratio:.2f} (goal: at most {GOAL})")


@contextmanager
def _looking_after(settings: Settings, project: int) -> Iterator[Callable[[float], int]]:
    """A process that, when told for how many seconds, runs the loop as often as it can, and says how often that was."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_look_after, args=(settings, project, theirs))
    process.start()
    theirs.close()

    def told(seconds: float) -> int:
        ours.send(seconds)
        return int(ours.recv())

    try:
        with ours:
            ours.recv()
            yield told
    finally:
        process.join()


def _look_after(settings: Settings, project: int, line: Connection) -> None:
    outside, last = services(settings), 0.0
    line.send("ready")
    while True:
        try:
            seconds = line.recv()
        except EOFError:
            return
        end, runs = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            due = time.monotonic() - last >= ROUND_SECONDS
            with outside.gateway.paced():
                run_loop(outside, project, rounds=due)
            last = time.monotonic() if due else last
            runs += 1
            time.sleep(min(AWAKE, max(0.0, end - time.monotonic())))
        line.send(runs)


def _answer(person: int, task: int) -> list[dict[str, Any]]:
    return write_answer(CONTROL, Choices((CONTROL.labels[(person + task) % len(CONTROL.labels)],)), region_id="r")


@dataclass
class Work:
    """People at work: each takes the next task, answers it, and thinks.

    ``answer``: what the n-th person answers to a task. ``seconds``: how long each request took.
    ``given``: task, person's place and result of what Label Studio took. ``refused``: what it did not.
    """

    url: str
    project: int
    answer: Callable[[int, int], Sequence[Mapping[str, Any]]]
    thinking: float = 0.0
    seconds: list[float] = field(default_factory=list)
    given: list[tuple[int, int, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def of(self, tokens: Sequence[str]) -> Iterator[None]:
        """Everybody works until the block ends."""
        threads = [threading.Thread(target=self._work, args=one) for one in enumerate(tokens)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def _work(self, place: int, token: str) -> None:
        with LabelStudio.connect(self.url, token) as person:
            self.over.wait(self.thinking * place / PEOPLE)
            while not self.over.is_set() and self._one(person, place):
                pass

    def _one(self, person: LabelStudio, place: int) -> bool:
        """One task; false where there is none."""
        try:
            task = self._timed(lambda: person.next_task(self.project))
            self.over.wait(self.thinking)
            if task is None:
                return False
            result = self.answer(place, task.id)
            self._timed(lambda: person.create_annotation(task.id, result, unique_id=str(uuid.uuid4())))
            self.given.append((task.id, place, result))
        except LabelStudioError as error:
            self.refused.append(str(error))
        self.over.wait(self.thinking)
        return True

    def _timed(self, ask: Callable[[], Found]) -> Found:
        start = time.monotonic()
        found = ask()
        self.seconds.append(time.monotonic() - start)
        return found


def hire(server: EmbeddedLabelStudio, count: int) -> list[str]:
    """Tokens of so many new annotators, made after the first one in Label Studio's own database."""
    model = next(one for one in server.people if one.role == "annotator")
    found = []
    with closing(sqlite3.connect(server.folder / "label_studio.sqlite3", timeout=30)) as database:
        for _ in range(count):
            token = uuid.uuid4().hex + "0" * 8
            name = f"{token[:12]}@example.com"
            person = _copy(database, "htx_user", "id", model.id, {"email": name, "username": name})
            _copy(database, "organizations_organizationmember", "user_id", model.id, {"user_id": person})
            _copy(database, "authtoken_token", "user_id", model.id, {"user_id": person, "key": token})
            found.append(token)
        database.commit()
    return found


def _copy(database: sqlite3.Connection, table: str, column: str, value: int, changed: Mapping[str, Any]) -> int:
    """A row once more, with other values; its id."""
    rows = database.execute(f"SELECT * FROM {table} WHERE {column} = ?", (value,))  # noqa: S608 - our own names
    names = [one[0] for one in rows.description]
    row = {name: kept for name, kept in zip(names, rows.fetchone(), strict=True) if name != "id"} | dict(changed)
    made = database.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608 - our own names
        list(row.values()),
    )
    return int(made.lastrowid or 0)
