"""Which method fits what was marked, and why."""

import numpy as np

from label_config.answers import Regions, Shape, Span

from ...distance.overlaps import ROUNDING, overlaps
from ...distance.packed_regions import pack
from ...evidence import ControlEvidence
from ...records import CodedAnswers
from .clusters import ALIKE, pairs_within

LOOKED_AT = 2000
"""So many tasks are looked at, evenly among all."""


def choose(evidence: ControlEvidence) -> tuple[str, str]:
    """Matched regions, but for spans of text that are mostly cut differently by different annotators.

    Where annotators agree on where a span is, it is one thing to vote on: that it is there, and its label. A sequence
    model counts the same decision once for each piece that a span is cut into. But where most spans of two annotators
    that overlap are not alike, few can be matched, and what is left to vote on are the pieces of text.
    """
    coded = evidence.coded
    if not _spans_only(coded):
        return "matched-regions", f"regions of a {evidence.control.tag} are matched and voted on one by one"
    alike, overlapping = _alike(coded)
    if not overlapping:
        return "matched-regions", "no two annotators' spans overlap: each span is voted on by itself"
    share = alike / overlapping
    of = f"of two annotators' spans that overlap, {share:.0%} are alike (at least half of what they cover is shared)"
    if share >= 0.5:
        return "matched-regions", f"{of}: they can be voted on as wholes"
    return "token-dawid-skene", f"{of}: too few to vote on wholes, so each piece of text is voted on"


def fitting(evidence: ControlEvidence, method: str) -> tuple[str, str]:
    """The method that was asked for by name, or what takes its place where the regions do not suit it; and why."""
    if method == "token-dawid-skene" and any(not isinstance(shape, Span) for shape in _shapes(evidence.coded)):
        return "matched-regions", "token-dawid-skene is for spans of text: other regions are voted on one by one"
    return method, "asked for by name"


def _spans_only(coded: CodedAnswers) -> bool:
    marked = _shapes(coded)
    return bool(marked) and all(isinstance(shape, Span) for shape in marked)


def _shapes(coded: CodedAnswers) -> list[Shape]:
    return [one.shape for answer in coded.answers if isinstance(answer, Regions) for one in answer.regions]


def _alike(coded: CodedAnswers) -> tuple[int, int]:
    """How many spans of two annotators are alike, and how many overlap."""
    rows = np.flatnonzero(coded.task % max(1, -(-len(coded.tasks) // LOOKED_AT)) == 0)
    answers = [coded.answers[place] for place in coded.answer[rows].tolist()]
    packed = pack([answer for answer in answers if isinstance(answer, Regions)])
    one, other = pairs_within(coded.task[rows])
    found = [block.similarity for block in overlaps(packed, one, other, labels=False)]
    return sum(int((part >= ALIKE - ROUNDING).sum()) for part in found), sum(len(part) for part in found)
