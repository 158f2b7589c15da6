"""One label against the rest: each answer has it or not. The cost is that of the answers, however many labels."""

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from label_config.answers import Answer, Choices, Number, Part, PerRegion, Regions, Taxonomy
from label_config.model import Family

from ..intervals import NO_RESAMPLES, estimate
from ..measured import LabelAgreement
from ..records import Estimate, FloatArray
from .case import Case
from .cuts import CUT_RESAMPLES
from .resampling import FEW_TASKS, Quantity, Rng, estimates
from .spread import Spread
from .table import Table, one_minus
from .undefined import NO_LABEL, NO_PAIRS


def label_agreements(case: Case, rng: Rng) -> dict[str, LabelAgreement]:
    """Label -> its agreement, in the interface's order, then as they occur; empty for answers without labels.

    Of choices, taxonomies (every node of a path) and ratings (every star), an answer has the label or not. Of regions,
    those with the label are compared, as if there were no others; of choices per region, where the label was given and
    where not. Labels of the interface that nobody gave are there too.
    """
    control = case.control
    if control.family == Family.REGIONS or (control.per_region and control.family == Family.CHOICES):
        return _regions_of(case, rng)
    if control.family in (Family.CHOICES, Family.TAXONOMY, Family.RATING) and not control.per_region:
        return _given_or_not(case, rng)
    return {}


def labels_of(answer: Answer) -> tuple[str, ...]:
    """What an answer says, each label once; the node of a taxonomy is its path, joined by " / ".

    >>> labels_of(Taxonomy((("animal", "dog"), ("animal", "cat"))))
    ('animal', 'animal / dog', 'animal / cat')
    """
    if isinstance(answer, Choices):
        return answer.labels
    if isinstance(answer, Taxonomy):
        nodes = (" / ".join(path[:depth]) for path in answer.paths for depth in range(1, len(path) + 1))
        return tuple(dict.fromkeys(nodes))
    if isinstance(answer, Number):
        return (f"{answer.value:g}",)
    if isinstance(answer, Regions):
        return tuple(dict.fromkeys(label for region in answer.regions for label in region.labels))
    if isinstance(answer, PerRegion):
        said = (part.answer for part in answer.parts if isinstance(part.answer, Choices))
        return tuple(dict.fromkeys(label for choice in said for label in choice.labels))
    return ()


def _alone(answer: Answer, label: str) -> Answer:
    """What of the answer has the label: its regions, or where it was given."""
    if isinstance(answer, PerRegion):
        given = (isinstance(part.answer, Choices) and label in part.answer.labels for part in answer.parts)
        parts = (
            Part(part.region, Choices((label,)) if has else None) for part, has in zip(answer.parts, given, strict=True)
        )
        return PerRegion(tuple(parts))
    regions = answer.regions if isinstance(answer, Regions) else ()
    return Regions(tuple(region for region in regions if label in region.labels))


def _names(case: Case) -> dict[str, int]:
    """Label -> its place: the interface's, then what else the answers say."""
    listed = () if case.control.family == Family.TAXONOMY else case.control.labels
    said = (label for answer in case.evidence.coded.answers for label in labels_of(answer))
    return {label: place for place, label in enumerate(dict.fromkeys([*listed, *said]))}


def _has(case: Case, names: Mapping[str, int]) -> sparse.csr_array:
    """(answers, labels): 1 where the answer has the label."""
    cells = [
        (row, names[label])
        for row, answer in enumerate(case.evidence.coded.answers)
        for label in dict.fromkeys(labels_of(answer))
    ]
    rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
    shape = (len(case.evidence.coded.answers), len(names))
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def _given_or_not(case: Case, rng: Rng) -> dict[str, LabelAgreement]:
    """Two kinds of answers, with and without: what differs in a task of m answers, c with it, is 2 c (m - c) pairs."""
    names, coded, geometry = _names(case), case.evidence.coded, case.geometry
    has = _has(case, names)
    annotations = has.T @ np.bincount(coded.answer, minlength=len(coded.answers))
    if isinstance(geometry, Table):
        paired, size = geometry.groups.paired_groups, geometry.size
        given = sparse.csr_array(geometry.counts)[:paired] @ has
    else:
        paired, size = geometry.groups.paired, geometry.size
        at = np.flatnonzero(geometry.place < paired)
        rows = sparse.csr_array((np.ones(len(at)), (geometry.place[at], geometry.answer[at])), (paired, has.shape[0]))
        given = rows @ has
    values = _Binary(given, size[:paired])
    percents, alphas = _estimated(values, case, rng)
    return {
        name: LabelAgreement(int(annotations[place]), percents[place], alphas[place]) for name, place in names.items()
    }


class _Binary:
    """How often each label was given in a task of each group, (groups, labels), as percent agreement and alpha."""

    def __init__(self, given: sparse.csr_array, size: FloatArray) -> None:
        whole = sparse.diags_array(size) @ given
        self.size = size
        self.given = sparse.csr_array(given)
        self.apart = sparse.csr_array(2 * (whole - given.multiply(given)))
        self.observed = sparse.csr_array(sparse.diags_array(1.0 / (size - 1)) @ self.apart)

    def of(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Both of every label: (resamples, labels) each."""
        pairs, n = weights @ (self.size * (self.size - 1)), weights @ self.size
        ones = weights @ self.given
        observed = (weights @ self.observed) * (n - 1)[:, None]
        expected = 2 * ones * (n[:, None] - ones)
        alpha = one_minus(observed.ravel(), expected.ravel()).reshape(ones.shape)
        return 1.0 - (weights @ self.apart) / pairs[:, None], alpha


def _estimated(values: _Binary, case: Case, rng: Rng) -> tuple[list[Estimate], list[Estimate]]:
    groups, n, labels = case.geometry.groups, case.geometry.groups.paired, values.given.shape[1]
    if n == 0:
        return [Estimate(None, reason=NO_PAIRS)] * labels, [Estimate(None, reason=NO_PAIRS)] * labels
    cut, times = len(values.size), min(case.method.bootstrap, CUT_RESAMPLES)
    draws = [values.of(weights[:, :cut]) for weights in groups.resamples(rng, times)] if n >= 2 and times else []
    without = FEW_TASKS if n < 2 else NO_RESAMPLES

    def each(which: int) -> list[Estimate]:
        value = values.of(groups.here[:, :cut])[which][0]
        drawn = np.concatenate([draw[which] for draw in draws]) if draws else None
        return [
            estimate(
                float(value[label]),
                None if drawn is None else drawn[:, label],
                n,
                case.method.confidence,
                undefined=NO_LABEL,
                without=without,
            )
            for label in range(labels)
        ]

    return each(0), each(1)


def _regions_of(case: Case, rng: Rng) -> dict[str, LabelAgreement]:
    """What has each label alone, all labels on the same resamples; an answer without any is an empty one."""
    coded, geometry, names = case.evidence.coded, case.geometry, _names(case)
    parts: dict[str, dict[int, Answer]] = {name: {} for name in names}
    for place, answer in enumerate(coded.answers):
        for label in labels_of(answer):
            parts[label][place] = _alone(answer, label)
    if isinstance(geometry, Table) or not geometry.groups.paired:
        none = Estimate(None, reason=NO_PAIRS)
        return {name: LabelAgreement(_rows(case, part), none, none) for name, part in parts.items()}
    quantities = {}
    for name, part in parts.items():
        seen = _only(geometry, part, case)
        quantities[f"percent {name}"] = Quantity(geometry.groups, seen.percent, geometry.groups.paired, NO_LABEL)
        quantities[f"alpha {name}"] = Quantity(geometry.groups, seen.alpha, geometry.groups.paired, NO_LABEL)
    found = estimates(quantities, rng, min(case.method.bootstrap, CUT_RESAMPLES), case.method.confidence)
    return {
        name: LabelAgreement(_rows(case, part), found[f"percent {name}"], found[f"alpha {name}"])
        for name, part in parts.items()
    }


def _only(geometry: Spread, part: Mapping[int, Answer], case: Case) -> Spread:
    """The tasks with those answers in their places, and empty ones in all others."""
    new = np.full(len(case.evidence.coded.answers), -1)
    new[list(part)] = np.arange(len(part))
    answer = new[geometry.answer]
    return geometry.seen_as(answer, answer < 0, case.ruler.instead(tuple(part.values())))


def _rows(case: Case, part: Mapping[int, Answer]) -> int:
    """How many annotations gave one of those answers."""
    answers = np.bincount(case.evidence.coded.answer, minlength=len(case.evidence.coded.answers))
    return int(answers[list(part)].sum())
