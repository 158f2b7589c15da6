"""The flow: answers -> sorted out -> judged -> the queue, with what has to be said beside it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from label_config.model import LabelConfig

from ..evidence.fitting import refuse_misfit, strangers, worth_knowing
from ..evidence.gathering import Gathered, Wanted, gather
from ..evidence.predictions import Predicted
from ..evidence.source import Source, controls_of
from ..evidence.stored import decided_of
from ..judging import Verdict, judge
from ..judging_settings import how
from ..settings import Settings
from ..store.review_rounds import A_DAY, overdue


@dataclass(frozen=True, slots=True)
class Asked:
    """What one may choose: control names (empty: all), and whether ground truth counts as answers of who gave it."""

    controls: tuple[str, ...] = ()
    ground_truth: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown.

    ``notes`` are sentences on what a reader must know beside the queue, ``hints`` on what would show more.
    """

    config: LabelConfig
    gathered: Gathered
    verdict: Verdict
    notes: tuple[str, ...]
    hints: tuple[str, ...] = ()


def report_on(source: Source, asked: Asked, predicted: Predicted, settings: Settings, today: float | None) -> Report:
    """Judge every control that is asked for and rank what was found, by the policy of the settings.

    ``today`` is in days since 1970, null for the day of the last answer. Raises InterfaceError for a control that does
    not exist, ExportError where no annotation fits the labeling interface.
    """
    controls = controls_of(source.config, asked.controls)
    fixed, opinions = source.known()
    wanted = Wanted(
        controls, ground_truth=asked.ground_truth, people=True, data=True, trust=settings.trust(), fixed=fixed
    )
    gathered = gather(source.config, source.tasks, wanted, predicted.opinions or opinions)
    refuse_misfit(source.name, source.config, gathered)
    source.tell("everything")
    manner = how(settings, source.config, controls, today)
    if source.stored is not None and source.connection is not None:
        manner = replace(manner, decided=decided_of(source.connection, source.stored.key))
    verdict = judge(source.config, gathered.evidence, gathered.data, manner)
    notes = (
        *worth_knowing(gathered),
        *strangers(gathered),
        *predicted.notes(),
        *_foreign(source.config, verdict),
        *_overdue(source, settings, today),
    )
    return Report(source.config, gathered, verdict, notes, tuple(_hints(gathered)))


def _foreign(config: LabelConfig, verdict: Verdict) -> Iterator[str]:
    """Controls that the policy knows and the interface does not: they may be another project's, or mistyped."""
    here = [control.name for control in config.controls]
    unknown = [name for name in verdict.queue.policy.importance if name not in here]
    if unknown:
        yield f"policy: importance speaks of {', '.join(unknown)}; controls here: {', '.join(here)}."


def _overdue(source: Source, settings: Settings, today: float | None) -> Iterator[str]:
    """Which reviews of a project of the store wait longer than they may."""
    if source.stored is not None and source.connection is not None and today is not None:
        now = int(today * A_DAY)
        for one in overdue(source.connection, source.stored.key, settings.review_days, now):
            yield f"{one}."


def _hints(gathered: Gathered) -> Iterator[str]:
    if not any(one.opinions for one in gathered.evidence.values()):
        yield (
            "No model's answers are here: findings against a model are missing. --predictions FILE.jsonl gives them."
        )
