"""What a rule can check: a function a kind, which reads the rule's keys and gives the check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from label_config.answers import Answer
from label_config.model import Control, Family, LabelConfig

from ..submissions import Submission
from .keys import Keys
from .patterns import LONGEST_TEXT, compiled
from .said import Texts, amount, labels, numbers, spans_of, written


@dataclass(frozen=True, slots=True)
class Fact:
    """What breaks a rule: in words that end a sentence, and in numbers."""

    words: str
    numbers: Mapping[str, float]


Check = Callable[[Submission, Mapping[str, Any]], Fact | None]
"""A submission and what its task shows -> the fact that breaks the rule, null where it holds."""

_SHOWN = 60


def _about(control: Control, judge: Callable[[Answer, Mapping[str, Any]], Fact | None]) -> Check:
    """A check of the answer to one control; who did not answer it breaks nothing."""

    def check(one: Submission, shown: Mapping[str, Any]) -> Fact | None:
        answer = one.answers.get(control.name)
        return None if answer is None else judge(answer, shown)

    return check


def _pattern(keys: Keys, control: Control, config: LabelConfig, *, wanted: bool) -> Check:
    """``pattern`` is searched in each text: of what was typed, of the labels, or of the spans (``of``)."""
    texts = _texts(keys, control, config)
    pattern = keys.text("pattern")
    try:
        regular = compiled(pattern)
    except ValueError as error:
        raise keys.error(f"pattern is {pattern!r}: {error}") from error

    def judge(answer: Answer, shown: Mapping[str, Any]) -> Fact | None:
        wrong = [text for text in texts(answer, shown) if bool(regular.search(text[:LONGEST_TEXT])) != wanted]
        if not wrong:
            return None
        first = wrong[0] if len(wrong[0]) <= _SHOWN else wrong[0][:_SHOWN] + "..."
        verb = "does not match" if wanted else "matches"
        return Fact(f"{first!r} {verb} {pattern}", {"texts": float(len(wrong))})

    return _about(control, judge)


def _texts(keys: Keys, control: Control, config: LabelConfig) -> Texts:
    typed = control.family in (Family.TEXT, Family.CHAT)
    of = keys.one_of("of", "text" if typed else "labels", ("text", "labels", "spans"))
    if of == "text" and not typed:
        raise keys.error(f"of is 'text', but {control.name!r} is a {control.tag}, where nothing is typed; try 'labels'")
    if of == "labels" and typed:
        raise keys.error(f"of is 'labels', but {control.name!r} is a {control.tag}, which has none; try 'text'")
    if of != "spans":
        return written if of == "text" else labels
    spans = spans_of(control, config) if control.family == Family.REGIONS else None
    if spans is None:
        raise keys.error(f"of is 'spans', but {control.name!r} does not mark spans of a Text; try 'labels'")
    return spans


def _matches(keys: Keys, control: Control, config: LabelConfig) -> Check:
    """Every text must match."""
    return _pattern(keys, control, config, wanted=True)


def _matches_not(keys: Keys, control: Control, config: LabelConfig) -> Check:
    """No text may match."""
    return _pattern(keys, control, config, wanted=False)


_COUNTED: Mapping[Family, tuple[str, ...]] = {
    Family.TEXT: ("characters", "words"),
    Family.CHAT: ("characters", "words", "regions"),
    Family.CHOICES: ("labels",),
    Family.TAXONOMY: ("labels",),
    Family.RANKING: ("labels",),
    Family.REGIONS: ("regions", "labels"),
    Family.RELATIONS: ("regions", "labels"),
}


def _length(keys: Keys, control: Control, _config: LabelConfig) -> Check:
    """``min`` and ``max`` of the characters, words, regions or different labels (``of``) in an answer."""
    known = _COUNTED.get(control.family, ())
    if not known:
        raise keys.error(
            f"{control.name!r} is a {control.tag}, which has no length; its numbers are checked by 'range'"
        )
    of = keys.one_of("of", known[0], known)
    low, high = keys.bounds()

    def judge(answer: Answer, _shown: Mapping[str, Any]) -> Fact | None:
        found = amount(answer, of)
        return None if low <= found <= high else _outside(f"{found} {of}", found, low, high)

    return _about(control, judge)


def _range(keys: Keys, control: Control, _config: LabelConfig) -> Check:
    """``min`` and ``max`` of a number."""
    if control.family not in (Family.NUMBER, Family.RATING):
        raise keys.error(f"{control.name!r} is a {control.tag}, no Number and no Rating; 'length' counts other answers")
    low, high = keys.bounds()

    def judge(answer: Answer, _shown: Mapping[str, Any]) -> Fact | None:
        wrong = [value for value in numbers(answer) if not low <= value <= high]
        return _outside(f"{wrong[0]:g}", wrong[0], low, high) if wrong else None

    return _about(control, judge)


def _outside(words: str, found: float, low: float, high: float) -> Fact:
    limit, bound = ("at least", low) if found < low else ("at most", high)
    return Fact(f"there are {words}, and {limit} {bound:g} wanted", {"found": float(found), "bound": bound})


def _together(keys: Keys, control: Control, config: LabelConfig) -> Check:
    """Two or more ``labels`` must not stand in one answer; or one of them not beside ``other_labels`` of another."""
    named = keys.labels("labels", control)
    if not keys.has("other_control"):
        if len(named) < 2:
            raise keys.error("labels has one label; name two that must not stand together, or an other_control")
        return _about(control, lambda answer, shown: _both(control, named, answer, shown))
    other = keys.control("other_control", config)
    beside = keys.labels("other_labels", other)

    def check(one: Submission, shown: Mapping[str, Any]) -> Fact | None:
        here, there = (_chosen(one, name, shown) for name in (control.name, other.name))
        first, second = (
            [label for label in wanted if label in said] for wanted, said in ((named, here), (beside, there))
        )
        if not (first and second):
            return None
        words = f"{control.name} is {first[0]!r} while {other.name} is {second[0]!r}"
        return Fact(words, {"labels": float(len(first) + len(second))})

    return check


def _both(control: Control, named: tuple[str, ...], answer: Answer, shown: Mapping[str, Any]) -> Fact | None:
    said = labels(answer, shown)
    found = [label for label in named if label in said]
    if len(found) < 2:
        return None
    return Fact(f"{found[0]!r} and {found[1]!r} stand together in {control.name}", {"labels": float(len(found))})


def _chosen(one: Submission, control: str, shown: Mapping[str, Any]) -> list[str]:
    answer = one.answers.get(control)
    return [] if answer is None else labels(answer, shown)


def _required(keys: Keys, control: Control, config: LabelConfig) -> Check:
    """The control must be answered; with ``other_control`` only where that is answered, or has ``other_labels``."""
    other = keys.control("other_control", config) if keys.has("other_control") else None
    beside = keys.labels("other_labels", other) if other and keys.has("other_labels") else ()

    def check(one: Submission, shown: Mapping[str, Any]) -> Fact | None:
        if _says_something(one, control.name):
            return None
        if other is None:
            return Fact(f"{control.name} was not answered", {"answers": 0.0})
        said = _chosen(one, other.name, shown)
        if not _says_something(one, other.name) or (beside and not any(label in said for label in beside)):
            return None
        which = next((repr(label) for label in beside if label in said), "answered")
        return Fact(f"{control.name} was not answered while {other.name} is {which}", {"answers": 0.0})

    return check


def _says_something(one: Submission, control: str) -> bool:
    answer = one.answers.get(control)
    if answer is None:
        return False
    parts = next((getattr(answer, name) for name in _PARTS if hasattr(answer, name)), None)
    return parts is None or any(part is not None and part != "" for part in parts)


_PARTS = ("labels", "paths", "lines", "regions", "parts", "links", "messages")
"""Where an answer that may be empty keeps what it says."""

CHECKS: Mapping[str, Callable[[Keys, Control, LabelConfig], Check]] = {
    "matches": _matches,
    "matches_not": _matches_not,
    "length": _length,
    "range": _range,
    "together": _together,
    "required": _required,
}
"""What a rule's ``check`` may be -> what reads the rest of the rule."""
