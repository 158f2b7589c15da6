"""An annotation, or the consensus, breaks a rule that the user wrote."""

from ..records import Finding
from ..rules import Violation, violations
from .case import Case

GOOD_CONSENSUS = 0.5
"""What a broken rule counts where the consensus keeps it: the answer is somebody's, and was outvoted."""


def rule_violation(case: Case) -> list[Finding]:
    """One finding a rule and submission that breaks it; the severity is the rule's, half where the consensus keeps it.

    A rule about several controls is found on the one that its ``control`` names. ``annotator`` is whose annotation it
    is, null for the consensus.
    """
    rules = [rule for rule in case.rules if rule.control == case.consensus.control]
    if not rules:
        return []
    ruled = case.ruled()
    said = [one for one in case.submissions if one.task not in ruled]
    found = list(violations(rules, said, case.data))
    concluded = {one.task for one in said if one.annotator is None}
    broken = {(one.submission.task, one.rule.name) for one in found if one.submission.annotator is None}
    return [
        _finding(one, kept=one.submission.task in concluded and (one.submission.task, one.rule.name) not in broken)
        for one in found
    ]


def _finding(one: Violation, *, kept: bool) -> Finding:
    who = "The probable answer" if one.submission.annotator is None else "One annotation"
    message = f" {one.rule.message.rstrip('.')}." if one.rule.message else ""
    return Finding(
        task=one.submission.task,
        control=one.rule.control,
        kind="rule_violation",
        severity=one.rule.severity * (GOOD_CONSENSUS if kept else 1.0),
        reason=f"{who} breaks the rule {one.rule.name!r}: {one.fact.words}.{message}",
        numbers={"severity": one.rule.severity, **one.fact.numbers},
        annotator=one.submission.annotator,
    )
