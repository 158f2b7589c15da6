"""A new answer or another task? How many answers each task is to have, decided anew in each run, where that is wanted.

The tasks' own ``overlap`` in Label Studio says it; the project's stays 1, since the order would be chance with more.
A task that is to have one more is first scored, without a suggestion, and then opened again: nobody who gives the
second answer sees what the first said, or what a model that learned from it suggests.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .errors import NotFound
from .evidence.of_project import evidence_by_control, gather
from .labelstudio.client import LabelStudio
from .quality.evidence import ControlEvidence
from .quality.informativeness import next_answer
from .quality.overlap import wanted_answers
from .quality.priority import policy_of
from .settings import AS_SET, BY_DISPUTE, BY_GAIN, Settings
from .store import acts, assessments, overlaps, projects
from .store.engine import Store
from .store.overlaps import Answered

RELABEL = "relabel"
"""The action of a dispute that one more annotator is asked about."""
CHANGES_AT_ONCE = 200
"""Tasks that are changed in one run, one request each: the others wait for the next one."""


@dataclass(frozen=True, slots=True)
class Change:
    """A task (the store's key and Label Studio's id), its new overlap, and whether it is open again with that.

    ``answers`` are those that it has.
    """

    key: int
    label_studio_id: int
    overlap: int
    answers: int

    @property
    def more(self) -> bool:
        """Whether it was finished and is to have one more answer."""
        return 0 < self.answers < self.overlap


@dataclass(frozen=True, slots=True)
class OverlapReport:
    """What a run changed: tasks that are to have one more answer, tasks that need no more, and changes that wait.

    ``undecided`` says why nothing can be decided, null where it can; ``reset``: somebody had set the project's own
    number, which is 1 again. ``how`` is the setting.
    """

    raised: int
    lowered: int
    left: int
    reset: bool
    undecided: str | None = None
    how: str = BY_GAIN

    def complaints(self) -> list[str]:
        """What must be told, in words."""
        found = [f"overlap {self.how}: annotations per task were set for the whole project: they are 1 again"]
        return [*(found if self.reset else []), *([] if self.undecided is None else [self.undecided])]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be changed, the greatest gain first; ``reset`` and ``undecided`` as in the report."""

    changes: Sequence[Change]
    reset: bool
    undecided: str | None

    @property
    def raised(self) -> tuple[int, ...]:
        """Tasks (the store's keys) that will be open again."""
        return tuple(one.key for one in self.changes[:CHANGES_AT_ONCE] if one.more)


def decide(store: Store, gateway: LabelStudio, project: int, settings: Settings) -> Decision | None:
    """Which tasks (of the store's key of a project) are to have another overlap; null where the setting leaves it."""
    if settings.overlap == AS_SET:
        return None
    reset = _one_by_project(store, gateway, project)
    if settings.overlap == BY_DISPUTE:
        return Decision(_where_few_differ(store, project, settings), reset, None)
    with store.read() as connection:
        answered = overlaps.answered(connection, project)
        evidence = gather(connection, project)
    gain = _gains(evidence_by_control(evidence, settings)[0], answered)
    if gain is None:
        return Decision((), reset, "overlap by gain: no question of the interface is a choice of one of several labels")
    answers = {task: one.answers for task, one in answered.items()}
    costly = {task: value / settings.extra_answer_cost if answers[task] else value for task, value in gain.items()}
    wanted = wanted_answers(costly, answers, settings.answers_ahead, settings.most_answers)
    order = sorted(wanted, key=lambda task: (-costly[task], task))
    return Decision([change for task in order if (change := _change(answered[task], wanted[task]))], reset, None)


def _where_few_differ(store: Store, project: int, settings: Settings) -> list[Change]:
    """One more answer to each task whose few answers differ, the most urgent first; those that agree have enough."""
    with store.read() as connection:
        answered = overlaps.answered(connection, project)
        queue = assessments.queue_of(connection, project)
    enough = policy_of(settings.policy).enough
    others = {entry.task for entry in queue if entry.action != RELABEL}
    disputed = dict.fromkeys(entry.task for entry in queue if entry.task not in others)
    wanted = {task: one.answers + (task in disputed and one.answers < enough) for task, one in answered.items()}
    order = [*disputed, *(task for task in sorted(answered) if task not in disputed)]
    changes = (_change(answered[task], wanted[task]) for task in order if answered[task].answers)
    return [change for change in changes if change is not None]


def _one_by_project(store: Store, gateway: LabelStudio, project: int) -> bool:
    """Annotations per task are 1 by project; setting that makes them 1 for every task, too."""
    with store.read() as connection:
        number = projects.get(connection, project).label_studio_id
    if gateway.project(number).maximum_annotations == 1:
        return False
    gateway.update_project(number, maximum_annotations=1)
    with store.begin() as connection:
        overlaps.forget(connection, project)
    return True


def _gains(said: Mapping[str, ControlEvidence], answered: Mapping[int, Answered]) -> dict[int, float] | None:
    """Task -> what another answer gains on the control where it gains most; null where that is defined for none.

    Of a task that neither people nor the model know anything about, as much as of any such task.
    """
    found: dict[int, float] = {}
    defined = False
    for evidence in said.values():
        try:
            gain = next_answer(evidence)
        except ValueError:
            continue
        defined = True
        unknown = 1 - 1 / max(2, len(evidence.control.labels))
        for task in answered:
            found[task] = max(found.get(task, 0.0), gain.get(task, unknown))
    return found if defined else None


def _change(task: Answered, wanted: int) -> Change | None:
    """Only what decides whether somebody is asked again is changed."""
    more = wanted > task.answers
    right = task.overlap == wanted if more else task.overlap <= task.answers
    return None if right else Change(task.key, task.label_studio_id, wanted, task.answers)


def carry_out(
    store: Store,
    gateway: LabelStudio,
    decision: Decision,
    settings: Settings,
    clock: Callable[[], int],
) -> OverlapReport:
    """Change the tasks in Label Studio; those that were changed are so in the store, too."""
    raised = lowered = 0
    for one in decision.changes[:CHANGES_AT_ONCE]:
        try:
            gateway.update_task(one.label_studio_id, overlap=one.overlap)
            if one.answers:  # the overlap alone neither opens a task again nor closes it
                gateway.update_task(one.label_studio_id, is_labeled=not one.more)
        except NotFound:
            continue
        with store.begin() as connection:
            overlaps.write(connection, one.key, one.overlap)
            acts.overlap_changed(connection, one.key, one.overlap, one.answers, clock())
        raised += one.more
        lowered += not one.more
    left = max(0, len(decision.changes) - CHANGES_AT_ONCE)
    return OverlapReport(raised, lowered, left, decision.reset, decision.undecided, settings.overlap)
