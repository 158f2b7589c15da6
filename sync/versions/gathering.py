"""The labels of a project at a moment, as the store tells them: the answers of then, judged by the policy of now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection

from label_config.answers import Answer, Choices
from label_config.misfit import misfit
from label_config.model import Control, LabelConfig
from label_config.parse import parse
from label_config.results import canonical, in_order

from ..evidence.gathering import image_size
from ..evidence.stored import fixed_of, opinions_of
from ..quality.coded_answers import encode
from ..quality.consensus import infer, methods
from ..quality.evidence import ControlEvidence
from ..quality.records import ControlConsensus, Opinion
from ..settings import Settings
from ..store import label_history, projects
from ..store.annotations import AnswerRow, answers_of
from ..store.label_history import Decided, KnownTask
from .content import Content, Decision, Given, Label, Place, Task, label_text, millionths, task_text

Fixed = dict[str, dict[int, tuple[Answer, str]]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the store tells of a moment; tasks are the store's keys. ``fixed`` is as in ``evidence.stored``."""

    config: LabelConfig
    tasks: Sequence[KnownTask]
    answers: Sequence[AnswerRow]
    fixed: Mapping[str, Mapping[int, tuple[Answer, str]]]
    decisions: Sequence[Decided]
    sizes: Mapping[int, tuple[float, float]]
    opinions: Mapping[str, Mapping[int, Opinion]] = field(default_factory=dict)


def gather(connection: Connection, project: int, moment: int | None) -> Gathered:
    """The evidence of a moment (microseconds since 1970); null: of now, as an assessment takes it.

    What a model thought then is not kept: the consensus of an earlier moment is of people alone.
    """
    there = label_history.tasks_at(connection, project, moment)
    decided = label_history.decisions(connection, project, moment)
    if moment is None:
        config = parse(projects.label_config(connection, project))
        answers = answers_of(connection, project)[0]
        fixed = fixed_of(connection, project, config)
        opinions = opinions_of(connection, project, config)
    else:
        config = parse(label_history.interface_at(connection, project, moment))
        answers, truths = label_history.answers_at(connection, project, moment)
        certain = [(one.task, one.control, one.answer, "ground_truth") for one in truths]
        certain += [(one.task, one.control, one.answer, "ruling") for one in decided]
        fixed = _fixed(config, certain)
        opinions = {}
    return Gathered(config, there, answers, fixed, decided, _sizes(connection, project, config), opinions)


def _fixed(config: LabelConfig, rows: Sequence[tuple[int, str, Answer, str]]) -> Fixed:
    found: Fixed = {control.name: {} for control in config.controls}
    controls = {control.name: control for control in config.controls}
    for task, name, answer, source in rows:
        if name in controls and (asked := as_asked(controls[name], answer)) is not None:
            found[name][task] = (asked, source)
    return found


def as_asked(control: Control, answer: Answer) -> Answer | None:
    """The answer as the control has it, null where it cannot: the interface may have been another when it was given."""
    if misfit(control, answer) is not None:
        return None
    return in_order(control, answer.labels) if isinstance(answer, Choices) and not control.dynamic else answer


def _sizes(connection: Connection, project: int, config: LabelConfig) -> dict[int, tuple[float, float]]:
    """Label Studio's id of a task -> the size of its image, where something was drawn on one."""
    if not any(one.tag == "Image" for one in config.objects):
        return {}
    sizes = {task: image_size(found) for task, found in label_history.results_of(connection, project).items()}
    return {task: size for task, size in sizes.items() if size is not None}


def content_of(gathered: Gathered, settings: Settings) -> Content:
    """The labels that the evidence gives, judged as the settings say."""
    ids = {task.key: task.id for task in gathered.tasks}
    entries = {
        (task.id, ""): task_text(Task(task.id, task.created_at, task.data, gathered.sizes.get(task.id)))
        for task in gathered.tasks
    }
    confidences: dict[Place, int] = {}
    used: dict[str, str] = {}
    for control in gathered.config.controls:
        said = _Said(control, gathered, ids)
        if not said.rows and not said.fixed:
            continue
        found = said.consensus(gathered, settings)
        used[control.name] = found.method
        for one in found.tasks:
            entries[(one.task, control.name)] = label_text(said.label(one.task, one.answer, one.tie))
            confidences[(one.task, control.name)] = millionths(one.confidence)
    return Content(gathered.config.xml, entries, confidences, used)


class _Said:
    """What was said about one control; tasks are Label Studio's ids, so that no order depends on the store's keys."""

    def __init__(self, control: Control, gathered: Gathered, ids: Mapping[int, int]) -> None:
        self._control = control
        mine = [(ids[row.task], row) for row in gathered.answers if row.control == control.name and row.task in ids]
        mine.sort(key=lambda one: (one[0], one[1].annotator))
        said = [(task, row, as_asked(control, row.answer)) for task, row in mine]
        self.rows = [(task, row, answer) for task, row, answer in said if answer is not None]
        fixed = gathered.fixed.get(control.name, {})
        self.fixed = {ids[task]: one for task, one in fixed.items() if task in ids}
        self._given: dict[int, list[Given]] = {}
        for task, row, answer in self.rows:
            self._given.setdefault(task, []).append(Given(row.annotator, canonical(answer), row.updated_at))
        self._decided = {
            ids[one.task]: one for one in gathered.decisions if one.control == control.name and one.task in ids
        }
        self._ids = ids

    def consensus(self, gathered: Gathered, settings: Settings) -> ControlConsensus:
        opinions = gathered.opinions.get(self._control.name, {})
        fixed = {task: answer for task, (answer, _) in sorted(self.fixed.items())}
        times = [row.lead_time for _, row, _ in self.rows]
        evidence = ControlEvidence(
            self._control,
            encode(self._control, [(task, row.annotator, answer) for task, row, answer in self.rows], fixed),
            truths=fixed,
            opinions={self._ids[task]: one for task, one in opinions.items() if task in self._ids},
            trust=settings.trust(),
            given_at=np.array([row.updated_at for _, row, _ in self.rows], dtype=np.int64),
            lead_time=np.array([np.nan if time is None else time for time in times], dtype=np.float64),
        )
        wanted = settings.consensus_method
        return infer(evidence, wanted if wanted in methods(self._control) else "auto")

    def label(self, task: int, answer: Answer, tie: bool) -> Label:
        source = self.fixed[task][1] if task in self.fixed else "consensus"
        known = self._decided.get(task)
        decision = None
        if source == "ruling" and known is not None and known.answer == answer:
            decision = Decision(known.kind, known.by, known.at, known.verdict, known.cause)
        return Label(canonical(answer), source, tie, tuple(self._given.get(task, ())), decision)
