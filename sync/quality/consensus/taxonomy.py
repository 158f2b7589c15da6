"""Paths through a tree: a node holds only where its ancestors do."""

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer, Taxonomy

from ..evidence import ControlEvidence
from ..records import BoolArray, CodedAnswers, FloatArray, TaskConsensus
from .classes import CLASSES, TIE, Algorithm
from .inference import Inference, Inferred
from .label_set_model import label_set_model
from .label_sets import label_by_label, least_certain, people, right, set_votes

Path = tuple[str, ...]
SEPARATOR = " / "


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """The nodes of all answers with what lies above them, in sorted order, so that a parent comes before its children.

    ``has`` (answers, nodes) is true for the nodes that an answer chose or implies. ``parent`` holds the place of a
    node's parent, -1 for a root.
    """

    nodes: tuple[Path, ...]
    parent: tuple[int, ...]
    has: BoolArray

    def names(self) -> tuple[str, ...]:
        """What the nodes are called in a posterior: "animal / cat"."""
        return tuple(SEPARATOR.join(node) for node in self.nodes)


def tree_of(answers: Sequence[Answer]) -> Tree:
    """The tree of the answers; raises TypeError for answers that are no paths.

    >>> tree = tree_of([Taxonomy((("animal", "cat"),)), Taxonomy((("plant",),))])
    >>> tree.names(), tree.parent, tree.has.tolist()
    (('animal', 'animal / cat', 'plant'), (-1, 0, -1), [[True, True, False], [False, False, True]])
    """
    above = [{path[:depth] for path in _paths(answer) for depth in range(1, len(path) + 1)} for answer in answers]
    nodes = sorted(set().union(*above))
    place = {node: number for number, node in enumerate(nodes)}
    has = np.zeros((len(answers), len(nodes)), dtype=np.bool_)
    for row, own in enumerate(above):
        has[row, [place[node] for node in own]] = True
    return Tree(tuple(nodes), tuple(place.get(node[:-1], -1) for node in nodes), has)


def _paths(answer: Answer) -> tuple[Path, ...]:
    if not isinstance(answer, Taxonomy):
        raise TypeError(f"{type(answer).__name__} is no choice of paths")
    return answer.paths


def independent(algorithm: Algorithm, evidence: ControlEvidence) -> Inferred:
    """Each node apart, as a choice between chosen and not chosen; no node is more probable than the one above it.

    That assumes that nodes are independent, but for that. The answer has the nodes that are more probable than not,
    as deep as people agree; the confidence is that of the least certain node; nodes as probable as not are a tie and
    not chosen.
    """
    coded = evidence.coded
    if not coded.answers or not coded.tasks:
        return Inferred((), ())
    tree = tree_of(coded.answers)
    chosen, says, share = label_by_label(algorithm, evidence, tree.has, tree.names())
    for node, parent in enumerate(tree.parent):
        if parent >= 0:
            chosen[:, node] = np.minimum(chosen[:, node], chosen[:, parent])
    quality = share * says[:, 1] + (1 - share) * (1 - says[:, 0])
    sure = np.maximum(chosen, 1 - chosen).min(axis=1, initial=1.0)
    tie = np.asarray((np.abs(chosen - 0.5) <= TIE).any(axis=1))
    tasks = _tasks(coded, tree, chosen > 0.5 + TIE, chosen, sure, tie)
    return Inferred(tasks, people(evidence, _mean(quality), says, tree.names()))


def dependent(evidence: ControlEvidence) -> Inferred:
    """The most probable set of nodes of those that somebody gave or most agree on (see ``label_set_model``).

    All of them hold with each node what lies above it, so every answer is a part of the tree, and the posterior of a
    node is at most that of its parent. Nodes that exclude each other do so because no set has both.
    """
    coded = evidence.coded
    if not coded.answers or not coded.tasks:
        return Inferred((), ())
    tree = tree_of(coded.answers)
    votes = set_votes(evidence, tree.has)
    found = label_set_model(votes)
    sure = least_certain(votes, found)
    tasks = _tasks(coded, tree, votes.sets[found.best], found.chosen, sure, found.tie)
    return Inferred(tasks, people(evidence, right(found), found.says, tree.names()))


def _mean(quality: FloatArray) -> FloatArray:
    return np.asarray(quality.mean(axis=1)) if quality.shape[1] else np.ones(len(quality))


def _tasks(
    coded: CodedAnswers, tree: Tree, there: BoolArray, chosen: FloatArray, sure: FloatArray, tie: BoolArray
) -> tuple[TaskConsensus, ...]:
    names = tree.names()
    given = _given(coded)
    found = []
    for place, task in enumerate(coded.tasks):
        known = place in coded.fixed
        answer = coded.answers[coded.fixed[place]] if known else _answer(tree, there[place], given[place])
        posterior = {name: p for name, p in zip(names, chosen[place].tolist(), strict=True) if p > 1e-6}
        confidence = 1.0 if known else float(sure[place])
        annotations = sum(given[place].values())
        found.append(TaskConsensus(task, answer, confidence, posterior, annotations, bool(tie[place]) and not known))
    return tuple(found)


def _given(coded: CodedAnswers) -> list[Counter[Answer]]:
    """How often each answer was given to each task."""
    found: list[Counter[Answer]] = [Counter() for _ in coded.tasks]
    for task, answer in zip(coded.task.tolist(), coded.answer.tolist(), strict=True):
        found[task][coded.answers[answer]] += 1
    return found


def _answer(tree: Tree, there: BoolArray, given: Counter[Answer]) -> Taxonomy:
    """The nodes that are there as paths: the deepest, and those above that most of who imply them named as well."""
    nodes = {tree.nodes[place] for place in np.flatnonzero(there).tolist()}
    inner = {node[:-1] for node in nodes}
    paths = [node for node in nodes if node not in inner or _named(node, given)]
    return Taxonomy(tuple(sorted(paths)))


def _named(node: Path, given: Counter[Answer]) -> bool:
    implied = named = 0
    for answer, times in given.items():
        paths = _paths(answer)
        implied += times * any(path[: len(node)] == node for path in paths)
        named += times * (node in paths)
    return 2 * named > implied


METHODS: Mapping[str, Inference] = {
    "path-sets": dependent,
    **{name: functools.partial(independent, one) for name, one in CLASSES.items()},
}
