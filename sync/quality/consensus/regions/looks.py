"""Who looked where and marked what: the votes on the clusters of regions, as flat arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...records import BoolArray, CodedAnswers, FloatArray, IntArray
from .clusters import Clusters, Marked

MISSED, RIGHT, WRONG, INVENTED, PASSED = range(5)
"""What a look comes to, given a state: a region missed, named right, named wrong; nothing taken for one, or passed."""


@dataclass(frozen=True, eq=False)
class Looks:
    """The looks of annotators at states.

    A state says of a cluster that it is nothing (label -1), or a region with one of the labels it was given:
    ``cluster`` and ``label`` have the shape (states,), clusters ascending, -1 first. ``state``, ``annotator`` and
    ``given``, shape (looks,), say who looked at which state's cluster and gave which label, -1 for none. ``known``,
    shape (states,), is 1 for what a ruling says, 0 for what it rules out, NaN without one. ``teaches``, shape
    (states,), is true for those that are learned from.
    """

    cluster: IntArray
    label: IntArray
    state: IntArray
    annotator: IntArray
    given: IntArray
    known: FloatArray
    teaches: BoolArray
    annotators: int
    labels: int

    @property
    def clusters(self) -> int:
        """How many clusters there are."""
        return int(self.cluster[-1]) + 1 if len(self.cluster) else 0

    def every(self, step: int) -> "Looks":
        """The looks at every so many clusters."""
        kept = self.cluster % step == 0
        number = np.cumsum(kept) - 1
        looks = kept[self.state]
        return Looks(
            cluster=self.cluster[kept],
            label=self.label[kept],
            state=number[self.state[looks]],
            annotator=self.annotator[looks],
            given=self.given[looks],
            known=self.known[kept],
            teaches=self.teaches[kept],
            annotators=self.annotators,
            labels=self.labels,
        )

    @cached_property
    def outcome(self) -> IntArray:
        """What each look comes to: MISSED ... PASSED."""
        label, given = self.label[self.state], self.given
        at_region = np.where(given < 0, MISSED, np.where(given == label, RIGHT, WRONG))
        outcome: IntArray = np.where(label < 0, np.where(given < 0, PASSED, INVENTED), at_region)
        return outcome

    @cached_property
    def cell(self) -> IntArray:
        """Where each look is counted in a table of the shape (outcomes, annotators, labels), laid out flat.

        What is invented counts for the label given, what is passed for label 0.
        """
        label = np.maximum(np.where(self.outcome == INVENTED, self.given, self.label[self.state]), 0)
        cell: IntArray = (self.outcome * self.annotators + self.annotator) * self.labels + label
        return cell

    @cached_property
    def silent_cell(self) -> IntArray:
        """The same if nothing had been marked."""
        label = self.label[self.state]
        outcome = np.where(label < 0, PASSED, MISSED)
        cell: IntArray = (outcome * self.annotators + self.annotator) * self.labels + np.maximum(label, 0)
        return cell

    @cached_property
    def wrong(self) -> tuple[IntArray, IntArray, IntArray]:
        """The looks with a wrong label, the kind of each, and the kinds: right label * labels + the one given."""
        at = np.flatnonzero(self.outcome == WRONG)
        kinds, kind = np.unique(self.label[self.state[at]] * self.labels + self.given[at], return_inverse=True)
        return at, kind, kinds

    def by_state(self, values: FloatArray) -> FloatArray:
        """Values of looks added up, state by state."""
        return np.bincount(self.state, values, minlength=len(self.label)).astype(np.float64)

    def by_cell(self, cell: IntArray, values: FloatArray) -> FloatArray:
        """Values of looks added up, cell by cell: shape (outcomes, annotators, labels)."""
        size = 5 * self.annotators * self.labels
        return np.bincount(cell, values, minlength=size).reshape(5, self.annotators, self.labels).astype(np.float64)


def looks_at(coded: CodedAnswers, found: Marked, clusters: Clusters, teachers: int) -> Looks:
    """The looks of everybody who answered a task at all of its clusters.

    Clusters teach that ``teachers`` annotators or more looked at, or of which a ruling knows.
    """
    labels, annotators = max(1, len(found.label_sets)), max(1, len(coded.annotators))
    count = len(clusters.task)
    keys = np.concatenate([clusters.of * (labels + 1) + found.label + 1, np.arange(count) * (labels + 1)])
    cluster, label = np.divmod(np.unique(keys), labels + 1)
    label -= 1
    order = np.lexsort((coded.annotator, coded.task))
    answered = np.bincount(coded.task, minlength=len(coded.tasks))
    starts = np.cumsum(answered) - answered
    task = clusters.task[cluster]
    size = answered[task]
    state = np.repeat(np.arange(len(cluster)), size)
    within = np.arange(len(state)) - np.repeat(np.cumsum(size) - size, size)
    annotator = coded.annotator[order][starts[task][state] + within]
    known = _known(coded, found, clusters, cluster, label)
    return Looks(
        cluster=cluster,
        label=label,
        state=state,
        annotator=annotator,
        given=_given(found, clusters, cluster[state], annotator, annotators),
        known=known,
        teaches=(size >= teachers) | ~np.isnan(known),
        annotators=annotators,
        labels=labels,
    )


def _given(found: Marked, clusters: Clusters, cluster: IntArray, annotator: IntArray, annotators: int) -> IntArray:
    """The label that an annotator gave in a cluster, -1 for none."""
    people = np.flatnonzero(found.annotator >= 0)
    keys = clusters.of[people] * annotators + found.annotator[people]
    order = np.argsort(keys, kind="stable")
    keys, labels = keys[order], found.label[people][order]
    if not len(keys):
        return np.full(len(cluster), -1, dtype=np.int64)
    wanted = cluster * annotators + annotator
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, labels[place], -1)


def _known(coded: CodedAnswers, found: Marked, clusters: Clusters, cluster: IntArray, label: IntArray) -> FloatArray:
    """What rulings say of each state."""
    ruled = np.zeros(len(coded.tasks) + 1, dtype=np.bool_)
    ruled[list(coded.fixed)] = True
    truth = np.full(len(clusters.task), -1, dtype=np.int64)
    by_ruling = found.annotator < 0
    truth[clusters.of[by_ruling]] = found.label[by_ruling]
    return np.where(ruled[clusters.task[cluster]], (truth[cluster] == label).astype(np.float64), np.nan)
