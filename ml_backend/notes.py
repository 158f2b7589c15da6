"""What a person should know of what was learned: answers that taught nothing, labels that nobody gave. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from label_config.answers import Answer, Choices, Regions, Taxonomy
from label_config.errors import ResultError
from label_config.model import Control, Family
from label_config.results import write_answer
from label_config.words import in_words

from .records import TrainingRow

Notes = Mapping[str, Sequence[str]]
"""Control -> sentences."""
SHOWN = 5
"""Labels and reasons that are named, at most."""


def notes_of(
    control: Control, rows: Sequence[TrainingRow], trained_labels: int, unread: Mapping[str, int] = MappingProxyType({})
) -> list[str]:
    """On a control that was learned from ``trained_labels`` of its ``rows``; ``unread``: reason -> how many tasks."""
    taken, refused = _sorted_out(control, rows)
    found = _of_refused(refused, len(rows))
    teaching = sum(not row.holdout for row in taken)
    if trained_labels < teaching:
        count = teaching - trained_labels
        found.append(f"{count} of {teaching} labeled tasks taught nothing: they could not be read{why(unread)}")
    unused = [label for label in control.labels if label not in _given(taken)] if _offers_labels(control) else []
    if unused:
        more = f" and {len(unused) - SHOWN} more" if len(unused) > SHOWN else ""
        found.append(f"never suggested, since nobody has given them yet: {', '.join(unused[:SHOWN])}{more}")
    return found


def refusals(control: Control, rows: Sequence[TrainingRow]) -> list[str]:
    """What there is to say of answers that the control no longer takes; nothing where it takes all."""
    return _of_refused(_sorted_out(control, rows)[1], len(rows))


def _sorted_out(control: Control, rows: Sequence[TrainingRow]) -> tuple[list[TrainingRow], list[TrainingRow]]:
    """The rows whose answers the control takes, and the others."""
    verdicts: dict[Answer, bool] = {}
    taken: list[TrainingRow] = []
    refused: list[TrainingRow] = []
    for row in rows:
        if row.answer is None:
            continue
        if row.answer not in verdicts:
            verdicts[row.answer] = takes(control, row.answer)
        (taken if verdicts[row.answer] else refused).append(row)
    return taken, refused


def _of_refused(refused: Sequence[TrainingRow], count: int) -> list[str]:
    if not refused or refused[0].answer is None:
        return []
    example = in_words(refused[0].answer)[:80]
    return [
        f"{len(refused)} of {count} answers are left out: the labeling interface does not take them any more, "
        f"such as {example!r}"
    ]


def why(reasons: Mapping[str, int]) -> str:
    """The reasons of what could not be read, in words, to stand behind something.

    >>> why({"HTTP 404": 37, "no image": 1})
    ': HTTP 404 (37), no image (1)'
    """
    most = sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
    return ": " + ", ".join(f"{reason} ({count})" for reason, count in most) if most else ""


def takes(control: Control, answer: Answer) -> bool:
    """Whether the control can hold the answer as it is now."""
    try:
        write_answer(control, answer, region_id="r")
    except ResultError:
        return False
    return True


def _offers_labels(control: Control) -> bool:
    """Whether the control's labels are what its answers are made of."""
    return control.family in (Family.CHOICES, Family.REGIONS) and control.tag != "Pairwise" and not control.dynamic


def _given(rows: Sequence[TrainingRow]) -> set[str]:
    """The labels that occur in answers."""
    found: set[str] = set()
    for row in rows:
        match row.answer:
            case Choices(labels):
                found.update(labels)
            case Taxonomy(paths):
                found.update("/".join(path) for path in paths)
            case Regions(regions):
                found.update(label for region in regions for label in region.labels)
    return found
