"""What the backend thinks of the tasks of a round, kept as it comes."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from label_config.canonical import answer_as_json
from label_config.errors import LabelConfigError
from label_config.model import LabelConfig
from label_config.parse import parse
from label_config.suggestions import suggestion

from .backend import Backend, Scored
from .errors import BackendError
from .labelstudio.client import LabelStudio
from .progress import Meter, Progress, Tell
from .sampling import is_holdout
from .settings import Settings
from .store import round_tasks, rounds, run_log
from .store.engine import Store
from .store.lease import beat
from .store.projects import StoredProject
from .store.round_tasks import Unscored

Item = TypeVar("Item")

READ_AT_ONCE = 500
KEPT_AT_ONCE = 1_000
"""Tasks read from the store, and lines of the backend written to it, in one go: what a round takes of memory."""
ASIDE_AT_ONCE = 2_000
"""Tasks without a place in the queue that are scored in one request."""


@dataclass(frozen=True, slots=True)
class Work:
    """One round at work, and what it works with."""

    store: Store
    gateway: LabelStudio
    backend: Backend
    settings: Settings
    clock: Callable[[], int]
    source: StoredProject
    current: rounds.Round
    tell: Tell
    meter: Meter = field(default_factory=Meter)

    def say(self, progress: Progress) -> None:
        """To whoever listens, and into the store for those who look later."""
        self.tell(progress)
        number, version, now = self.source.label_studio_id, self.current.version, self.clock()
        with self.store.begin() as connection:
            beat(connection, f"project:{number}:round", now, True, f"{version}, {progress.in_words()}")
            run_log.tell(connection, number, version, run_log.Line(now, progress.step, progress.in_words()))


def project_key(project: StoredProject) -> str:
    """The project as Label Studio names it to its backends: id and the second of its creation."""
    return f"{project.label_studio_id}.{project.created_at // 1_000_000}"


def score_servable(work: Work) -> None:
    """Places are given among all servable tasks, so they are asked about in one request, also when it is repeated."""
    with work.store.read() as connection:
        if round_tasks.is_scored(connection, work.current):
            return
        total = sum(round_tasks.counts(connection, work.current).values())
    work.say(work.meter.begin("scoring", 0, total))
    _ask(work, _unscored(work, again=True), servable=True, upto=None)


def score_others(work: Work) -> None:
    """What the model thinks of the tasks that nobody is served any more: nobody waits for that."""
    work.tell(work.meter.begin("judging answered tasks", 0, 0))
    for part in _in_parts(_unscored(work, again=False, servable=False), ASIDE_AT_ONCE):
        _ask(work, iter(part), servable=False, upto=part[-1].key)


def _in_parts(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _unscored(work: Work, *, again: bool, servable: bool = True) -> Iterator[Unscored]:
    after = 0
    while True:
        with work.store.read() as connection:
            page = round_tasks.unscored(connection, work.current, after, READ_AT_ONCE, servable=servable, again=again)
        if not page:
            return
        yield from page
        after = page[-1].key


def _ask(work: Work, tasks: Iterator[Unscored], *, servable: bool, upto: int | None) -> None:
    """One request to the backend, its answers kept as they come."""
    source, share = work.source, work.settings.holdout_share
    bodies = (
        {
            "id": task.label_studio_id,
            "data": task.data,
            "blind": task.blind,
            "holdout": is_holdout(source.label_studio_id, task.label_studio_id, task.created_at, share=share),
        }
        for task in tasks
    )
    name = work.current.version if servable else None
    found = work.backend.score(project_key(source), source.label_config, bodies, model=work.current.model, round=name)
    config = parse(source.label_config)
    for lines in _in_parts(found, KEPT_AT_ONCE):
        with work.store.begin() as connection:
            keys = round_tasks.keys(connection, work.current, source.key, sorted({one.task for one in lines}))
            rows = [_kept(work, config, keys[one.task], one) for one in lines if one.task in keys]
            round_tasks.keep(connection, work.current, rows)
        if servable:
            work.tell(work.meter.advance(len({one.task for one in lines})))
    with work.store.begin() as connection:
        round_tasks.settle_places(connection, work.current, servable=servable, upto=upto)


def _kept(work: Work, config: LabelConfig, task: tuple[int, bool], one: Scored) -> dict[str, Any]:
    """A line of the backend as it is stored; raises BackendError where it does not fit the interface."""
    key, servable = task
    regions: list[dict[str, Any]] = []
    try:
        if one.answer is not None and servable:
            regions = suggestion(
                config.control(one.control),
                one.answer,
                confidence=one.confidence,
                signals=one.signals,
                parts=one.parts,
            )
    except LabelConfigError as error:
        raise BackendError(
            f"ML backend {work.backend.url}/score: an answer does not fit the labeling interface of project "
            f"{work.source.label_studio_id}: {error}",
            url=work.backend.url,
        ) from error
    return {
        "task": key,
        "control": one.control,
        "answer": None if one.answer is None else answer_as_json(one.answer),
        "probabilities": dict(one.probabilities),
        "confidence": one.confidence,
        "signals": dict(one.signals),
        "out_of_sample": one.out_of_sample,
        "place": one.place if servable else None,
        "result": regions,
    }
