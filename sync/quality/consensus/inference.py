"""What infers the answers to one control: a function of the evidence, one a method."""

from collections.abc import Callable
from dataclasses import dataclass

from ..evidence import ControlEvidence
from ..records import AnnotatorQuality, TaskConsensus


@dataclass(frozen=True, slots=True)
class Inferred:
    """The tasks with an answer in ascending order, and everybody who answered, in ascending order."""

    tasks: tuple[TaskConsensus, ...]
    annotators: tuple[AnnotatorQuality, ...]


Inference = Callable[[ControlEvidence], Inferred]
Choice = Callable[[ControlEvidence], tuple[str, str]]
"""Chooses a method from the evidence: its name, and why in words."""
