"""Rules that users write about answers: read once, then checked on every annotation and on the consensus.

RuleError(ValueError)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from label_config.model import LabelConfig

from ..submissions import Submission
from .checks import CHECKS, Check, Fact
from .keys import Keys, RuleError

__all__ = ["CHECKS", "Rule", "RuleError", "Violation", "parse", "violations"]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What must hold of an annotation's answer to ``control``.

    ``name`` is unique, ``message`` says to people what is wanted, ``severity`` in [0, 1] how probably an answer that
    breaks the rule is wrong. ``check`` gives the fact that breaks it, null where it holds.
    """

    name: str
    control: str
    message: str
    severity: float
    check: Check


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a submission breaks, and the fact that breaks it."""

    rule: Rule
    submission: Submission
    fact: Fact


def parse(written: Sequence[Mapping[str, Any]], config: LabelConfig) -> tuple[Rule, ...]:
    """Rules as they stand in TOML (``[[rules]]``) -> rules about an interface; an error says what, where, what to do.

    Each has ``name``, ``check`` (a key of ``CHECKS``), ``control`` and the keys of its check; ``message`` and
    ``severity`` (0.8) may be left out. Raises RuleError.

    >>> from label_config.parse import parse as read
    >>> config = read('<View><Text name="t" value="$t"/><TextArea name="why" toName="t"/></View>')
    >>> rule, = parse([{"name": "say why", "check": "length", "control": "why", "of": "words", "min": 3}], config)
    >>> rule.severity
    0.8
    >>> parse([{"name": "say why", "check": "lenght", "control": "why"}], config)
    Traceback (most recent call last):
    sync.quality.rules.keys.RuleError: rule 1 ('say why'): no check is named 'lenght'; there are: matches, ...
    """
    rules: list[Rule] = []
    for place, one in enumerate(written, 1):
        rule = _rule(Keys(one, place), config)
        if any(rule.name == other.name for other in rules):
            raise RuleError(f"rule {place}: {rule.name!r} is the name of an earlier rule too; give each its own")
        rules.append(rule)
    return tuple(rules)


def _rule(keys: Keys, config: LabelConfig) -> Rule:
    name = keys.text("name")
    keys.name = name
    if not keys.has("check"):
        raise keys.error(f"check is missing; give one of: {', '.join(CHECKS)}")
    kind = keys.text("check")
    if kind not in CHECKS:
        raise keys.error(f"no check is named {kind!r}; there are: {', '.join(CHECKS)}")
    control = keys.control("control", config)
    message = keys.text("message", "")
    severity = keys.number("severity", 0.8)
    if not 0 < severity <= 1:
        raise keys.error(f"severity is {severity}; give a number above 0, and 1 at most")
    check = CHECKS[kind](keys, control, config)
    keys.done()
    return Rule(name, control.name, message, severity, check)


def violations(
    rules: Sequence[Rule], said: Iterable[Submission], data: Mapping[int, Mapping[str, Any]]
) -> Iterator[Violation]:
    """What breaks which rule, submission by submission. ``data`` maps tasks to what they show."""
    for one in said:
        shown = data.get(one.task, {})
        for rule in rules:
            fact = rule.check(one, shown)
            if fact is not None:
                yield Violation(rule, one, fact)
