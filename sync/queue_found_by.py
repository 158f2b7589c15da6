"""What the entries of a queue are found by on the dashboard: see ``store.queue_marks``."""

from collections.abc import Mapping, Sequence

import numpy as np

from .judging import Judgement, Verdict
from .quality.records import Priority
from .store.assessments import Key
from .store.queue_marks import marks


def found_by(verdict: Verdict, entries: Sequence[Priority]) -> Mapping[Key, str]:
    """Task and control of each entry -> its marks: kinds of finding, labels of the probable answer, who answered."""
    people = {
        name: _people(one, [e.task for e in entries if e.control == name]) for name, one in verdict.controls.items()
    }
    facts = verdict.queue.facts
    return {
        (one.task, one.control): marks(
            [finding.kind for finding in one.findings] or [one.action],
            facts[one.task, one.control].labels if (one.task, one.control) in facts else (),
            people[one.control].get(one.task, ()),
        )
        for one in entries
    }


def _people(judgement: Judgement, tasks: Sequence[int]) -> dict[int, Sequence[int]]:
    """Each of the tasks -> who answered it."""
    coded = judgement.evidence.coded
    order = np.argsort(coded.task, kind="stable")
    place = {task: number for number, task in enumerate(coded.tasks)}
    wanted = np.array([place[task] for task in tasks if task in place], dtype=np.int64)
    first = np.searchsorted(coded.task[order], wanted).tolist()
    last = np.searchsorted(coded.task[order], wanted, side="right").tolist()
    who = coded.annotator[order].tolist()
    return {
        coded.tasks[one]: [coded.annotators[number] for number in who[start:end]]
        for one, start, end in zip(wanted.tolist(), first, last, strict=True)
    }
