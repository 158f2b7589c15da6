"""Everything that is measured of one control, from its evidence."""

from dataclasses import replace

import numpy as np

from label_config.model import Family

from ..distance.comparison import Comparison
from ..evidence import ControlEvidence, Method
from ..measured import Matching, Measured, TaskAgreement
from ..records import Estimate, PairAgreement
from ..region_matching import region_matching
from .annotators import annotator_agreements
from .case import CATEGORIES, Case
from .coefficients import coefficients, usual
from .cuts import against, cut_agreements
from .labels import label_agreements
from .pairwise import PAIR_RESAMPLES, apart_agreements, pair_agreements
from .resampling import Rng
from .table import Table
from .undefined import NO_KAPPA


def measure(evidence: ControlEvidence, method: Method, rng: Rng) -> Measured:
    """The agreement on one control; ``rng`` drives all resampling, the same one gives the same numbers.

    Raises ValueError for a distance, a coefficient or weights that do not exist, and lists those that do; and what a
    distance raises that does not suit the answers.
    """
    first, *others = rng.spawn(6)
    case, coded = Case(evidence, method, first), evidence.coded
    groups = case.geometry.groups
    return Measured(
        control=evidence.control,
        distance=case.ruler.name,
        tasks=len(groups.tasks),
        annotators=len(np.unique(coded.annotator)),
        annotations=len(coded.task),
        single=len(groups.tasks) - groups.paired,
        coefficients=coefficients(case, method.coefficients or usual(case), others[0]),
        labels=label_agreements(case, others[1]),
        pairs=_pairs(case, others[2]),
        per_annotator=annotator_agreements(case, others[3]),
        matching=_matching(case),
        ground_truth=against(case, evidence.truths) if evidence.truths else None,
        models={version: against(case, answers) for version, answers in evidence.predictions.items()},
        cuts=cut_agreements(case, others[4]),
        per_task=_tasks(case),
    )


def _pairs(case: Case, rng: Rng) -> tuple[PairAgreement, ...]:
    """Percent agreement by the distance; kappa by the weights of all other kappas."""
    coded, geometry, confidence = case.evidence.coded, case.geometry, case.method.confidence
    times = min(case.method.bootstrap, PAIR_RESAMPLES)
    if not isinstance(geometry, Table):
        return apart_agreements(coded, geometry.within, rng, times, confidence)
    pairs = pair_agreements(coded, geometry.distances, rng, times, confidence)
    if case.control.family not in CATEGORIES:
        return tuple(replace(pair, cohen_kappa=Estimate(None, n=pair.tasks, reason=NO_KAPPA)) for pair in pairs)
    if case.values() is None or np.array_equal(1.0 - case.weights, geometry.distances):
        return pairs
    weighted = pair_agreements(coded, 1.0 - case.weights, rng, times, confidence)
    return tuple(replace(one, cohen_kappa=two.cohen_kappa) for one, two in zip(pairs, weighted, strict=True))


def _matching(case: Case) -> Matching | None:
    """How regions match over the pairs of answers to one task, the lower id the reference; null for other answers."""
    coded, geometry = case.evidence.coded, case.geometry
    if case.control.per_region or case.control.family != Family.REGIONS or isinstance(geometry, Table):
        return None
    within = geometry.within
    swap = coded.annotator[within.left] > coded.annotator[within.right]
    left, right = (
        coded.answer[np.where(swap, one, other)]
        for one, other in ((within.right, within.left), (within.left, within.right))
    )
    return region_matching(Comparison(case.control, coded.answers, left, right, case.ruler.counts))


def _tasks(case: Case) -> tuple[TaskAgreement, ...]:
    coded, geometry = case.evidence.coded, case.geometry
    paired = geometry.groups.tasks[: geometry.groups.paired].tolist()
    known = dict(zip(paired, geometry.task_agreement().tolist(), strict=True))
    size = case.size.tolist()
    return tuple(
        TaskAgreement(coded.tasks[task], size[task], known.get(task)) for task in sorted(geometry.groups.tasks.tolist())
    )
