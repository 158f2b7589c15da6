"""Which kinds of finding are the same evidence, and what is done about each."""

from collections.abc import Iterable, Mapping

from ..records import Finding

PEOPLE = "people"
"""The family of what people's answers say."""

DISPUTES = frozenset({"low_agreement", "tie"})
"""Kinds that say that people's answers differ."""

FAMILIES: Mapping[str, str] = {
    "low_agreement": "people",
    "tie": "people",
    "low_confidence": "people",
    "model_conflict": "model",
    "label_error": "model",
    "near_duplicate_conflict": "duplicates",
    "rule_violation": "rules",
    "gold_failed": "annotator",
    "annotator_drift": "annotator",
    "outlier": "content",
}
"""Kind -> what it is evidence from. What comes from one source counts once, by its strongest."""

ACTIONS: Mapping[str, str] = {
    "relabel": "one more annotator answers, without seeing the other answers",
    "adjudicate": "somebody decides between the answers in a review project",
    "check": "somebody checks the answer in a review project",
    "group": "one ruling for a group of near-identical tasks",
    "coach": "the lead looks at this annotator's recent work with them",
    "audit": "a random look at an accepted label, which measures how many of them are right",
}
"""What is to be done about an entry of the queue -> in words."""


def family_of(kind: str) -> str:
    """A kind that is not in FAMILIES is evidence of its own."""
    return FAMILIES.get(kind, kind)


def source_of(one: Finding) -> str:
    """The family of a finding. One about an outvoted answer repeats what the others said, whatever its kind.

    >>> [source_of(Finding(1, "c", "label_error", 0.9, "", doubt=doubt)) for doubt in (None, 0.1)]
    ['model', 'people']
    """
    return family_of(one.kind) if one.doubt is None else PEOPLE


def doubt_of(one: Finding) -> float:
    """How probably the present answer is wrong by this finding: its severity, but for one about an outvoted answer.

    That one answer is wrong which the consensus has outvoted says nothing against the consensus.
    """
    return one.severity if one.doubt is None else one.doubt


def action_of(kinds: Iterable[str], main: str, annotations: int | None, enough: int) -> str:
    """What is to be done where these ``kinds`` were found and the family ``main`` weighs most.

    Where people's answers differ, one more annotator answers until there are ``enough``; null ``annotations`` (nobody
    counted them) are taken for enough. A consensus that is not certain although nobody differs is only checked.

    >>> action_of(["tie"], "people", 2, 3), action_of(["tie"], "people", 3, 3), action_of(["tie"], "annotator", 3, 3)
    ('relabel', 'adjudicate', 'coach')
    """
    if main == "people":
        few = annotations is not None and annotations < enough
        if few:
            return "relabel"
        return "adjudicate" if DISPUTES.intersection(kinds) else "check"
    return {"duplicates": "group", "annotator": "coach"}.get(main, "check")
