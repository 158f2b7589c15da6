"""What the queue has to know of a task beside its findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from label_config.answers import Answer, Choices, Regions, Taxonomy

from ..evidence import ControlEvidence
from ..records import ControlConsensus

Key = tuple[int, str]
"""A task and the name of a control."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one task and control.

    ``annotations`` counts the answers, ``labels`` are those of the probable answer (empty where it has none), ``age``
    is in days since the last answer, null where that is unknown. Near-identical tasks have one ``cluster``, null for a
    task that has none like it. ``accepted`` says that the probable answer stands as it is unless somebody looks: no
    ruling and no ground truth confirms it.
    """

    annotations: int
    labels: tuple[str, ...] = ()
    age: float | None = None
    cluster: int | None = None
    accepted: bool = True


Facts = Mapping[Key, Fact]


def facts_of(
    evidence: ControlEvidence,
    consensus: ControlConsensus,
    ages: Mapping[int, float] | None = None,
    groups: Iterable[Iterable[int]] = (),
) -> dict[Key, Fact]:
    """The facts on one control; ``ages`` maps tasks to days, ``groups`` are the near-identical tasks.

    >>> from label_config.model import Control
    >>> from ..coded_answers import encode
    >>> control = Control("tone", "Choices", ("text",), ("good", "bad"))
    >>> coded = encode(control, [(7, 1, Choices(("good",)))], {8: Choices(("bad",))})
    >>> from ..consensus import infer
    >>> said = ControlEvidence(control, coded)
    >>> facts_of(said, infer(said, "majority"), {7: 2.5})[7, "tone"]
    Fact(annotations=1, labels=('good',), age=2.5, cluster=None, accepted=True)
    """
    coded = evidence.coded
    ruled = {coded.tasks[place] for place in coded.fixed}
    cluster = {task: number for number, group in enumerate(groups) for task in group}
    days = ages or {}
    return {
        (one.task, consensus.control): Fact(
            one.annotations,
            labels_of(one.answer),
            days.get(one.task),
            cluster.get(one.task),
            accepted=one.task not in ruled and one.annotations > 0,
        )
        for one in consensus.tasks
    }


def labels_of(answer: Answer) -> tuple[str, ...]:
    """The labels that an answer gives: those chosen, the last ones of the paths, those of its regions; else none.

    >>> labels_of(Taxonomy((("animal", "cat"),)))
    ('cat',)
    """
    if isinstance(answer, Choices):
        return answer.labels
    if isinstance(answer, Taxonomy):
        return tuple(dict.fromkeys(path[-1] for path in answer.paths if path))
    if isinstance(answer, Regions):
        return tuple(dict.fromkeys(label for region in answer.regions for label in region.labels))
    return ()
