"""What was measured of one control: the vocabulary of the agreement report."""

from collections.abc import Mapping
from dataclasses import dataclass

from label_config.model import Control

from .records import Estimate, PairAgreement


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One label against the rest: ``annotations`` answers have it."""

    annotations: int
    percent_agreement: Estimate
    krippendorff_alpha: Estimate


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """How one annotator agrees with the others on common tasks, and with themselves on tasks answered again.

    ``self_agreement`` in [0, 1] is null for somebody who answered no task twice.
    """

    annotator: int
    annotations: int
    agreement: Estimate
    self_agreement: float | None


@dataclass(frozen=True, slots=True)
class Matching:
    """How the regions of two annotators match, pooled over all pairs of answers to one task.

    The answer of the annotator with the lower id is the reference: ``missing`` regions of it have no counterpart,
    ``extra`` ones of the other neither. ``precision`` and ``recall`` are at IoU 0.5 with equal labels, ``f1_50`` is
    their F1, ``f1_50_95`` its mean over IoU 0.50, 0.55, ... 0.95, ``mean_iou`` the mean IoU of matched regions; all in
    [0, 1], null where nobody marked anything. ``label`` counts matches with other labels, ``low_overlap`` those with
    equal labels below IoU 0.5.
    """

    precision: float | None
    recall: float | None
    f1_50: float | None
    f1_50_95: float | None
    mean_iou: float | None
    missing: int
    extra: int
    label: int
    low_overlap: int


@dataclass(frozen=True, slots=True)
class Against:
    """How people agree with somebody who is not one of them: the ground truth, a model's version.

    ``annotations`` answers could be compared; ``agreement`` in [0, 1] is the mean of 1 - distance, null without any.
    """

    annotations: int
    agreement: float | None


@dataclass(frozen=True, slots=True)
class CutAgreement:
    """The agreement on the tasks of one cut."""

    tasks: int
    percent_agreement: Estimate
    krippendorff_alpha: Estimate


@dataclass(frozen=True, slots=True)
class TaskAgreement:
    """One task: the mean over its pairs of answers of 1 - distance, in [0, 1]; null where only one answered."""

    task: int
    annotations: int
    agreement: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The agreement on one control.

    ``tasks`` were answered by anybody, ``single`` of them by one person alone. ``coefficients`` maps names of
    ``COEFFICIENTS`` to estimates in [-1, 1]; percent agreement is one of them.
    """

    control: Control
    distance: str
    tasks: int
    annotators: int
    annotations: int
    single: int
    coefficients: Mapping[str, Estimate]
    labels: Mapping[str, LabelAgreement]
    pairs: tuple[PairAgreement, ...]
    per_annotator: tuple[AnnotatorAgreement, ...]
    matching: Matching | None
    ground_truth: Against | None
    models: Mapping[str, Against]
    cuts: Mapping[str, Mapping[str, CutAgreement]]
    per_task: tuple[TaskAgreement, ...]
