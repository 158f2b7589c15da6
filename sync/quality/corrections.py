"""Proposed corrections: verified before anybody sees them, and grouped so that a lead can apply many at once."""

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from label_config.answers import Answer, Choices, Number, Taxonomy
from label_config.words import in_words

from .conflicts import NearIdentical
from .findings.case import Case
from .findings.conflicts import Contrary, Member, placed
from .records import Finding, Refused
from .rules import violations
from .submissions import Submission, with_answer

NAMED = (Choices, Number, Taxonomy)
"""Answers of which the same ones recur, so that a change from one to another is a group."""
LEVELS: Mapping[str, float] = {"sure": 0.8, "probable": 0.5, "possible": 0.0}
"""How probable it is that the present answer is wrong -> from which severity on; the first that fits counts."""


def verified(found: Sequence[Finding], case: Case) -> list[Finding]:
    """The findings on one control, in their order; a correction that does not stand up is ``refused``.

    It is so where it would break a rule (one about this control, or one that the answers keep as they are), where it
    contradicts a ruling on a near-identical task, or where near-identical tasks speak against it that weigh more than
    those for it, one of them with ``Thresholds.certain``. Answers that name places are compared only between tasks that
    are equal to the letter.
    """
    objections = _Objections(case)
    return [_checked(one, objections) for one in found]


def _checked(one: Finding, objections: "_Objections") -> Finding:
    if one.correction is None or (reason := objections.to(one)) is None:
        return one
    return replace(one, correction=None, refused=Refused(one.correction, reason))


class _Objections:
    """What speaks against a correction; what all of them need is looked up once."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._said = {(one.task, one.annotator): one for one in case.submissions}
        self._group = {task: group for group in case.neighbours for task in group.tasks}
        self._known = {one.task: one for one in case.consensus.tasks}
        self._ruled = case.ruled()
        self._contrary = Contrary(case)

    def to(self, one: Finding) -> str | None:
        """The first objection to the correction of a finding, null where there is none."""
        if one.correction is None:
            return None
        return next(iter([*self._rules(one, one.correction), *self._neighbours(one, one.correction)]), None)

    def _rules(self, one: Finding, correction: Answer) -> Iterator[str]:
        control = self._case.consensus.control
        before = self._said.get((one.task, one.annotator)) or Submission(one.task, one.annotator, {})
        rules = self._case.rules
        broken = {found.rule.name for found in violations(rules, [before], self._case.data)}
        for found in violations(rules, [with_answer(before, control, correction)], self._case.data):
            if found.rule.control == control or found.rule.name not in broken:
                yield f"It would break the rule {found.rule.name!r}: {found.fact.words}."

    def _neighbours(self, one: Finding, correction: Answer) -> Iterator[str]:
        others = [*self._others(one.task)]
        if not others:
            return
        apart = self._contrary.between([(correction, other.one.answer) for other in others])
        against = [other for other, differs in zip(others, apart.tolist(), strict=True) if differs]
        ruled = [other for other in against if other.ruled]
        if ruled:
            other, answer = self._case.name_of(ruled[0].one.task), in_words(ruled[0].one.answer)
            yield f"Task {other}, which shows nearly the same, was ruled to be {answer}."
            return
        agreeing = [other for other in others if other not in against]
        heavier = math.fsum(other.weight for other in against) > math.fsum(other.weight for other in agreeing)
        sure = max(against, key=lambda other: (other.one.confidence, -other.one.task), default=None)
        if heavier and sure is not None and sure.one.confidence >= self._case.thresholds.certain:
            yield (
                f"{len(against)} of {len(others)} near-identical tasks are answered otherwise; task "
                f"{self._case.name_of(sure.one.task)} is {in_words(sure.one.answer)} with "
                f"{100 * sure.one.confidence:.0f} % certainty."
            )

    def _others(self, task: int) -> Iterator[Member]:
        """The answered tasks that are near-identical to one."""
        group: NearIdentical | None = self._group.get(task)
        if group is None:
            return
        own = group.raw[group.tasks.index(task)]
        letters = placed(self._case.evidence.control)
        for other, similarity, raw in zip(group.tasks, group.similarity, group.raw, strict=True):
            known, ruled = self._known.get(other), other in self._ruled
            if other != task and known is not None and (known.annotations or ruled) and (raw == own or not letters):
                yield Member(known, similarity, raw, ruled)


@dataclass(frozen=True, slots=True)
class CorrectionGroup:
    """Corrections that a lead can judge and apply as one.

    ``id`` is a hash of what they have in common, so that it is the same in the next run, whatever tasks came or went.
    ``before`` and ``after`` are the answers in words, "" where every task has its own. ``level`` is a key of
    ``LEVELS``. ``findings`` are in the order of their tasks.
    """

    id: str
    control: str
    kind: str
    before: str
    after: str
    level: str
    findings: tuple[Finding, ...]


def correction_groups(
    found: Sequence[Finding], before: Mapping[tuple[int, str], Answer]
) -> tuple[CorrectionGroup, ...]:
    """The findings that propose a correction, by control, kind, change of answer and level; the largest group first.

    ``before`` maps (task, control) to the present answer: who was outvoted has the right answer proposed already, and
    nothing is left to apply. Changes of regions and of what was typed are one group a
    control and kind, since hardly two of them are alike.

    >>> cat, dog = Choices(("cat",)), Choices(("dog",))
    >>> found = [Finding(task, "pet", "label_error", 0.9, "", correction=dog) for task in (2, 1)]
    >>> group, = correction_groups(found, {(1, "pet"): cat, (2, "pet"): cat})
    >>> group.before, group.after, group.level, [one.task for one in group.findings]
    ('cat', 'dog', 'sure', [1, 2])
    """
    grouped: dict[tuple[str, str, str, str, str], list[Finding]] = {}
    for one in found:
        if one.correction is not None and one.correction != before.get((one.task, one.control)):
            old, new = _change(before.get((one.task, one.control)), one.correction)
            grouped.setdefault((one.control, one.kind, old, new, _level(one.severity)), []).append(one)
    made = [
        CorrectionGroup(_id(key), *key, tuple(sorted(some, key=lambda one: (one.task, one.annotator or 0))))
        for key, some in grouped.items()
    ]
    return tuple(
        sorted(made, key=lambda one: (-len(one.findings), one.control, one.kind, one.before, one.after, one.id))
    )


def _change(old: Answer | None, new: Answer) -> tuple[str, str]:
    if not isinstance(new, NAMED):
        return "", ""
    return in_words(old) if isinstance(old, NAMED) else "", in_words(new)


def _level(severity: float) -> str:
    return next(name for name, least in LEVELS.items() if severity >= least)


def _id(key: Sequence[str]) -> str:
    """Twelve hexadecimal digits; the parts are told apart by a character that no name has."""
    return hashlib.sha256("\0".join(key).encode()).hexdigest()[:12]
