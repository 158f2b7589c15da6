"""Whether what was gathered fits: the labeling interface, the predictions; and in words what does not."""

from collections.abc import Iterator

from label_config.model import LabelConfig

from ..errors import ExportError
from .gathering import Gathered


def refuse_misfit(source: str, config: LabelConfig, gathered: Gathered) -> None:
    """Raises ExportError where not one annotation could be read with this labeling interface."""
    rejected = gathered.left_out.rejected
    if not rejected or gathered.annotations or gathered.left_out.ground_truth:
        return
    there = ", ".join(gathered.named) or "none"
    raise ExportError(
        f"{source}: none of its {len(rejected)} annotations fits the labeling interface. Controls that they name: "
        f"{there}; controls of the interface: {', '.join(control.name for control in config.controls)}. Is it the "
        f"interface of this project? The first was refused because: {rejected[0].reason}"
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
