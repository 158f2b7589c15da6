"""Whether what was gathered fits: the labeling interface, the predictions; and in words what does not."""

from collections.abc import Iterator

from label_config.model import LabelConfig

from ..errors import ExportError
from .gathering import Gathered

NAMED = 5
"""So many tasks are named."""


def refuse_misfit(source: str, config: LabelConfig, gathered: Gathered) -> None:
    """Raises ExportError where not one annotation could be read with this labeling interface."""
    rejected = gathered.left_out.rejected
    if not rejected or gathered.annotations or gathered.left_out.ground_truth:
        return
    many = (
        "its only annotation does not fit" if len(rejected) == 1 else f"none of its {len(rejected):,} annotations fits"
    )
    known = [control.name for control in config.controls]
    first = f"The first was refused because: {rejected[0].reason}"
    if set(gathered.named) <= set(known):
        raise ExportError(f"{source}: {many} the labeling interface. {first}")
    raise ExportError(
        f"{source}: {many} the labeling interface. Controls that they name: {', '.join(gathered.named)}; controls of "
        f"the interface: {', '.join(known)}. Is it the interface of this project? {first}"
    )


def worth_knowing(gathered: Gathered) -> Iterator[str]:
    """What was left out because of what it is, and what contradicts itself."""
    yield from what_was_rejected(gathered)
    yield from contradictions(gathered)


def contradictions(gathered: Gathered) -> Iterator[str]:
    """Tasks of which two different things are said to be known for certain."""
    for name, tasks in gathered.contradicted.items():
        shown = ", ".join(map(str, tasks[:NAMED])) + (f" and {len(tasks) - NAMED:,} more" if len(tasks) > NAMED else "")
        many = "on 1 task" if len(tasks) == 1 else f"on {len(tasks):,} tasks"
        yield (
            f"{name}: ground truths or rulings contradict each other {many} ({shown}): a ruling counts, else the "
            "latest ground truth."
        )


def what_was_rejected(gathered: Gathered) -> Iterator[str]:
    """How many annotations could not be used, and why the first of them."""
    rejected = gathered.left_out.rejected
    if rejected:
        first = rejected[0]
        named = "" if first.annotation is None else f" ({first.annotation})"
        many = "1 annotation" if len(rejected) == 1 else f"{len(rejected):,} annotations"
        yield f"{many} could not be used; the first{named} because: {first.reason}"


def strangers(gathered: Gathered) -> Iterator[str]:
    """Answers of models to tasks that nobody here answered: a file of another project looks like this."""
    for name, evidence in gathered.evidence.items():
        for version, answers in evidence.predictions.items():
            unknown = len(answers.keys() - set(evidence.coded.tasks))
            if unknown:
                yield (
                    f"{unknown:,} of the {len(answers):,} answers of {version!r} to {name!r} are to tasks that nobody "
                    "here answered."
                )
