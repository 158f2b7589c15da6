"""The report of an assessment (``assessments.report``, written by ``sync.assess``) as typed values for the pages.

Reports are kept for good, so one that an older release wrote may lack a key: what is missing reads as absent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..quality.records import Estimate

UNKNOWN = Estimate(None, reason="the assessment did not say")


@dataclass(frozen=True, slots=True)
class Pair:
    """How two annotators (Label Studio's ids) agree on the ``tasks`` that both answered."""

    annotators: tuple[int, int]
    tasks: int
    percent: Estimate
    kappa: Estimate


@dataclass(frozen=True, slots=True)
class Window:
    """The agreement on the tasks whose last answer came from ``start`` until ``end`` (microseconds)."""

    start: int
    end: int
    tasks: int
    percent: Estimate
    alpha: Estimate


@dataclass(frozen=True, slots=True)
class Reliability:
    """One annotator on one control, shares in [0, 1].

    ``quality`` is the estimated share of right answers, null where no consensus is made; ``agreement`` is that with the
    others.
    """

    annotator: int
    quality: float | None
    annotations: int
    agreement: float | None


@dataclass(frozen=True, slots=True)
class ConsensusFacts:
    """How the probable answers were inferred; ``mean_confidence`` is null without answers."""

    method: str
    reason: str
    tasks: int
    ties: int
    mean_confidence: float | None


@dataclass(frozen=True, slots=True)
class ControlReport:
    """One control of the labeling interface; ``single`` counts tasks with one answer, which say nothing here."""

    name: str
    kind: str
    tasks: int
    annotators: int
    annotations: int
    single: int
    percent: Estimate
    alpha: Estimate
    pairs: tuple[Pair, ...]
    trend: tuple[Window, ...]
    consensus: ConsensusFacts
    reliability: tuple[Reliability, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """Tasks, those with an answer, those with every answer wanted, and the answers."""

    tasks: int = 0
    answered: int = 0
    complete: int = 0
    annotations: int = 0

    @property
    def partly(self) -> int:
        """Tasks that have an answer and want another."""
        return self.answered - self.complete

    @property
    def to_do(self) -> int:
        """Tasks that want an answer."""
        return max(0, self.tasks - self.complete)


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """How many entries the queue has, by band (1 first) and by kind of finding."""

    total: int
    bands: Mapping[int, int]
    reasons: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Excluded:
    """The annotations that judge nothing, counted; ``rejected`` holds (Label Studio's id, reason).

    ``outdated`` holds (answers, reason): of annotations that count, what the interface cannot say any more.
    """

    cancelled: int
    ground_truth: int
    duplicates: int
    anonymous: int
    rejected: tuple[tuple[int, str], ...]
    outdated: tuple[tuple[int, str], ...] = ()

    @property
    def total(self) -> int:
        """All of them."""
        return self.cancelled + self.ground_truth + self.duplicates + self.anonymous + len(self.rejected)


@dataclass(frozen=True, slots=True)
class Partial:
    """So many tasks were judged anew since everything was judged, at ``full_at``."""

    tasks: int
    full_at: int


@dataclass(frozen=True, slots=True)
class Report:
    """One assessment."""

    made_at: int
    controls: tuple[ControlReport, ...]
    excluded: Excluded
    progress: Progress
    queue: QueueFacts
    by_others: int = 0
    """Answers that count and that somebody else than their author wrote last."""
    partial: Partial | None = None

    @property
    def weakest(self) -> ControlReport | None:
        """The control with the lowest alpha; the first one where none has an alpha; null without controls."""
        known = [control for control in self.controls if control.alpha.value is not None]
        ranked = sorted(known, key=lambda control: control.alpha.value or 0.0)
        return ranked[0] if ranked else next(iter(self.controls), None)


def read_report(raw: Mapping[str, Any], made_at: int) -> Report:
    """The report as stored -> typed values."""
    queue = raw.get("queue") or {}
    progress = raw.get("progress") or {}
    return Report(
        made_at,
        tuple(_control(name, one) for name, one in (raw.get("controls") or {}).items()),
        _excluded(raw.get("excluded") or {}),
        Progress(*(int(progress.get(key) or 0) for key in ("tasks", "answered", "complete", "annotations"))),
        QueueFacts(
            int(queue.get("total") or 0),
            {band: int((queue.get("bands") or {}).get(str(band)) or 0) for band in (1, 2, 3)},
            sorted((queue.get("reasons") or {}).items(), key=lambda pair: (-pair[1], pair[0])),
        ),
        len(raw.get("by_others") or ()),
        Partial(partial["tasks"], partial["full_at"]) if (partial := raw.get("partial")) else None,
    )


def _control(name: str, raw: Mapping[str, Any]) -> ControlReport:
    consensus = raw.get("consensus") or {}
    return ControlReport(
        name,
        str(raw.get("type", "")),
        int(raw.get("tasks") or 0),
        int(raw.get("annotators") or 0),
        int(raw.get("annotations") or 0),
        int(raw.get("single") or 0),
        _estimate(raw.get("percent_agreement")),
        _estimate(raw.get("krippendorff_alpha")),
        tuple(_pair(one) for one in raw.get("pairs") or ()),
        tuple(_window(one) for one in raw.get("trend") or ()),
        ConsensusFacts(
            str(consensus.get("method") or ""),
            str(consensus.get("reason", "")),
            int(consensus.get("tasks") or 0),
            int(consensus.get("ties") or 0),
            consensus.get("mean_confidence"),
        ),
        tuple(
            Reliability(one["annotator"], one["quality"], one["annotations"], one.get("agreement"))
            for one in raw.get("reliability") or ()
        ),
    )


def _estimate(raw: Mapping[str, Any] | None) -> Estimate:
    if raw is None:
        return UNKNOWN
    return Estimate(raw.get("value"), raw.get("low"), raw.get("high"), int(raw.get("n") or 0), raw.get("reason"))


def _pair(raw: Mapping[str, Any]) -> Pair:
    first, second = raw["annotators"]
    return Pair(
        (first, second), raw["tasks"], _estimate(raw.get("percent_agreement")), _estimate(raw.get("cohen_kappa"))
    )


def _window(raw: Mapping[str, Any]) -> Window:
    percent, alpha = _estimate(raw.get("percent_agreement")), _estimate(raw.get("krippendorff_alpha"))
    return Window(raw["from"], raw["to"], raw["tasks"], percent, alpha)


def _excluded(raw: Mapping[str, Any]) -> Excluded:
    return Excluded(
        int(raw.get("cancelled") or 0),
        int(raw.get("ground_truth") or 0),
        int(raw.get("duplicates") or 0),
        int(raw.get("anonymous") or 0),
        tuple((int(one["annotation"]), str(one["reason"])) for one in raw.get("rejected") or ()),
        tuple((int(one["answers"]), str(one["reason"])) for one in raw.get("outdated") or ()),
    )
