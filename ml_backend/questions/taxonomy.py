"""Paths of a tree: Taxonomy, and Choices within Choices.

A head learns of every node on a path, from the root on, whether an answer passes it. A path that was answered twice
only is then found by what its branch has in common.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from label_config.answers import Answer, Taxonomy
from label_config.model import Control, Family

from ..calibration import sigmoid_at, softmax_at
from ..records import FloatArray

Path = tuple[str, ...]
MOST_NODES = 1_000
"""Nodes that are learned at most, the most frequent ones."""


def suits(control: Control) -> bool:
    """A tree, also one whose nodes come from the tasks or from elsewhere: the paths are those that were answered."""
    return control.family == Family.TAXONOMY and not control.per_region


def taken(control: Control) -> Callable[[Answer], bool]:
    """Whether the control has all of an answer's paths."""
    there = None if control.dynamic else frozenset(control.labels)

    def takes(answer: Answer) -> bool:
        if not isinstance(answer, Taxonomy) or not answer.paths:
            return False
        return there is None or there.issuperset("/".join(path) for path in answer.paths)

    return takes


def made(control: Control, answers: Sequence[Answer]) -> "Paths":  # noqa: ARG001 - the signature of QUESTIONS
    """The paths that were answered, the most frequent first where there are too many."""
    counted: dict[Path, int] = {}
    for answer in answers:
        for path in _paths(answer):
            counted[path] = counted.get(path, 0) + 1
    kept: list[Path] = []
    nodes: set[Path] = set()
    for path in sorted(counted, key=lambda one: (-counted[one], one)):
        more = nodes | {path[:depth] for depth in range(1, len(path) + 1)}
        if len(more) <= MOST_NODES:
            nodes = more
            kept.append(path)
    return Paths(tuple(sorted(kept)), any(len(_paths(answer)) > 1 for answer in answers))


def restore(saved: Mapping[str, Any]) -> "Paths":
    """See QuestionFamily."""
    return Paths(tuple(tuple(map(str, path)) for path in saved["paths"]), bool(saved["several"]))


def _paths(answer: Answer) -> tuple[Path, ...]:
    return answer.paths if isinstance(answer, Taxonomy) else ()


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths that may be answered, in sorted order; ``several`` where answers named more than one together."""

    paths: tuple[Path, ...]
    several: bool
    head = None
    margin_tells = True
    tolerance = None
    apart = True

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Paths as the interface's labels are written: nodes joined by "/"."""
        return tuple("/".join(path) for path in self.paths)

    def told(self, answer: Answer) -> tuple[str, ...]:
        """The answer's paths."""
        return tuple("/".join(path) for path in _paths(answer))

    def targets(self, answers: Sequence[Answer]) -> FloatArray:
        """1 where an answer passes a node."""
        nodes = self._nodes()
        found = np.zeros((len(answers), len(nodes)))
        for row, answer in zip(found, answers, strict=True):
            for path in _paths(answer):
                row[[nodes[path[:depth]] for depth in range(1, len(path) + 1) if path[:depth] in nodes]] = 1
        return found

    def scores(self, logits: FloatArray) -> FloatArray:
        """A path's is the sum of its nodes' logits: the branch and the leaf both have their say."""
        nodes = self._nodes()
        if self.several:
            return logits[:, [nodes[path] for path in self.paths]]
        passes = np.zeros((len(nodes), len(self.paths)))
        for place, path in enumerate(self.paths):
            passes[[nodes[path[:depth]] for depth in range(1, len(path) + 1)], place] = 1
        return np.asarray(logits @ passes)

    def probabilities(self, scores: FloatArray, temperatures: FloatArray) -> FloatArray:
        """Over all paths, or of each by itself."""
        return sigmoid_at(scores, temperatures) if self.several else softmax_at(scores, float(temperatures[0]))

    def answer(self, row: FloatArray) -> tuple[Answer, float]:
        """The most probable path; of several those that are more probable than not, the most probable at least."""
        best = int(np.argmax(row))
        if not self.several:
            return Taxonomy((self.paths[best],)), float(row[best])
        chosen = [place for place, value in enumerate(row) if value >= 0.5] or [best]
        odds = np.maximum(row, 1 - row)
        odds[best] = row[best]
        return Taxonomy(tuple(self.paths[place] for place in chosen)), float(odds.prod())

    def right(self, said: Answer, truth: Answer) -> bool:
        """The same paths."""
        return set(_paths(said)) == set(_paths(truth))

    def still_fits(self, control: Control) -> bool:
        """Some of the paths are still there."""
        takes = taken(control)
        return suits(control) and any(takes(Taxonomy((path,))) for path in self.paths)

    def saved(self) -> dict[str, Any]:
        """The paths."""
        return {"paths": [list(path) for path in self.paths], "several": self.several}

    def _nodes(self) -> dict[Path, int]:
        """The column of each node on a path."""
        there = dict.fromkeys(path[:depth] for path in self.paths for depth in range(1, len(path) + 1))
        return {node: place for place, node in enumerate(there)}
