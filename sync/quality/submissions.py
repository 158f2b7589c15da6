"""One person's answers to one task over all controls: what rules are about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from label_config.answers import Answer, Answers

from .evidence import ControlEvidence
from .records import ControlConsensus


@dataclass(frozen=True, slots=True)
class Submission:
    """What one annotator said about one task, by control; ``annotator`` is null for the consensus.

    A control that was not answered is absent.
    """

    task: int
    annotator: int | None
    answers: Answers


def submissions(evidence: Iterable[ControlEvidence]) -> tuple[Submission, ...]:
    """The latest answers of everybody who answered any of the controls, by task and annotator."""
    found: dict[tuple[int, int], dict[str, Answer]] = {}
    for one in evidence:
        coded = one.coded
        rows = zip(coded.task.tolist(), coded.annotator.tolist(), coded.answer.tolist(), strict=True)
        for task, person, answer in rows:
            said = found.setdefault((coded.tasks[task], coded.annotators[person]), {})
            said[one.control.name] = coded.answers[answer]
    return tuple(Submission(task, person, found[task, person]) for task, person in sorted(found))


def concluded(consensus: Iterable[ControlConsensus]) -> tuple[Submission, ...]:
    """The consensus of all controls, by task; answers that nobody gave are left out."""
    found: dict[int, dict[str, Answer]] = {}
    for one in consensus:
        for task in one.tasks:
            found.setdefault(task.task, {})[one.control] = task.answer
    return tuple(Submission(task, None, found[task]) for task in sorted(found))


def with_answer(one: Submission, control: str, answer: Answer) -> Submission:
    """The same with another answer to one control."""
    changed: Mapping[str, Answer] = {**one.answers, control: answer}
    return Submission(one.task, one.annotator, changed)
