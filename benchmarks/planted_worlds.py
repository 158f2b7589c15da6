"""Worlds in which the truth is known, one a control family: right answers, the same from somebody else, wrong ones.

Here are those whose answers mark nothing; the others are in ``planted_regions``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from label_config.answers import Answer, Chat, Choices, Message, Moment, Number, Ranking, Taxonomy, Text
from label_config.model import Control, Family

Rng = np.random.Generator
LABELS = ("billing", "delivery", "quality", "praise")
ONE_STEP = 0.05
"""How often somebody gives a star more or less, or changes two neighbours of an order."""
DAY = 86_400.0

WORDS = np.array(
    [
        f"{start}{middle}{end}"
        for start in ("b", "ch", "d", "fl", "g", "k", "m", "pr", "s", "t", "w")
        for middle in ("a", "e", "i", "o", "u", "ea", "oo")
        for end in ("ll", "nd", "r", "st", "lk", "ming", "ter", "lon")
    ]
)


@dataclass(frozen=True, slots=True)
class World:
    """A control and its answers.

    ``truth`` draws a right answer, ``again`` what somebody who is right gives instead, ``wrong`` one that is not right.
    """

    control: Control
    truth: Callable[[Rng], Answer]
    again: Callable[[Rng, Answer], Answer]
    wrong: Callable[[Rng, Answer], Answer]


def words(rng: Rng, count: int) -> str:
    """So many words of a language that nobody speaks."""
    return " ".join(rng.choice(WORDS, size=count).tolist())


def control_of(tag: str, family: Family, labels: tuple[str, ...] = LABELS, **more: Any) -> Control:
    """A control that asks about a text."""
    return Control("answer", tag, ("text",), labels, family=family, **more)


def same(_: Rng, answer: Answer) -> Answer:
    """What everybody who is right says alike."""
    return answer


def _another(draw: Callable[[Rng], Answer]) -> Callable[[Rng, Answer], Answer]:
    """Drawn until it is another."""

    def wrong(rng: Rng, answer: Answer) -> Answer:
        while (found := draw(rng)) == answer:
            pass
        return found

    return wrong


def _one_of(labels: tuple[str, ...]) -> Callable[[Rng], Answer]:
    return lambda rng: Choices((str(rng.choice(labels)),))


def _some(rng: Rng) -> Answer:
    chosen = rng.random(len(LABELS)) < 0.4
    chosen[rng.integers(len(LABELS))] = True
    return Choices(tuple(label for label, taken in zip(LABELS, chosen.tolist(), strict=True) if taken))


PATHS = tuple((root, f"{root} {leaf}") for root in ("animal", "plant", "thing") for leaf in ("small", "large", "old"))


def _path(rng: Rng) -> Answer:
    return Taxonomy((PATHS[rng.integers(len(PATHS))],))


def _stars(rng: Rng) -> Answer:
    return Number(float(rng.integers(1, 6)))


def _star_beside(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Number)
    step = float(rng.choice([-1, 1])) if rng.random() < ONE_STEP else 0.0
    return Number(min(max(answer.value + step, 1.0), 5.0))


def _star_far(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Number)
    return Number(float(rng.choice([star for star in range(1, 6) if abs(star - answer.value) >= 2])))


def _number_near(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Number)
    return Number(round(answer.value + float(rng.normal(0, 1)), 1))


def _number_far(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Number)
    return Number(round(answer.value + float(rng.choice([-1, 1]) * rng.uniform(15, 60)), 1))


def _moment(seconds: float) -> Moment:
    return Moment(f"{seconds:.0f}", float(round(seconds)))


def _moment_near(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Moment)
    return _moment(answer.seconds + float(rng.normal(0, 3600)))


def _moment_far(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Moment)
    return _moment(answer.seconds + float(rng.choice([-1, 1]) * rng.uniform(15, 200)) * DAY)


def _retold(rng: Rng, text: str) -> str:
    """A letter left out, a word left out or another one, the end in another way, or to the letter."""
    parts = text.split()
    at, how = int(rng.integers(len(parts))), int(rng.integers(5))
    if how == 0:
        parts[at] = parts[at][1:]
    elif how == 1:
        del parts[at]
    elif how == 2:
        parts[at] = str(rng.choice(WORDS))
    elif how == 3:
        parts[-1] += "."
    return " ".join(parts)


def _text(rng: Rng) -> Answer:
    return Text((words(rng, int(rng.integers(8, 16))),))


def _text_again(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Text)
    return Text((_retold(rng, answer.lines[0]),))


def _chat(rng: Rng) -> Answer:
    return Chat((Message("assistant", words(rng, int(rng.integers(8, 16)))),))


def _chat_again(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Chat)
    return Chat((Message("assistant", _retold(rng, answer.messages[0].text)),))


def _order(rng: Rng) -> Answer:
    return Ranking((("rank", tuple(rng.permutation([*LABELS, "other"]).tolist())),))


def _order_again(rng: Rng, answer: Answer) -> Answer:
    assert isinstance(answer, Ranking)
    ((bucket, given),) = answer.buckets
    order = list(given)
    if rng.random() < ONE_STEP:
        at = int(rng.integers(len(order) - 1))
        order[at], order[at + 1] = order[at + 1], order[at]
    return Ranking(((bucket, tuple(order)),))


def _order_far(rng: Rng, answer: Answer) -> Answer:
    """At least four of the ten pairs the other way round."""
    assert isinstance(answer, Ranking)
    place = {item: at for at, item in enumerate(answer.buckets[0][1])}
    while True:
        found = _order(rng)
        assert isinstance(found, Ranking)
        order = [place[item] for item in found.buckets[0][1]]
        if sum(order[two] < order[one] for one in range(5) for two in range(one + 1, 5)) >= 4:
            return found


ANSWERS: Mapping[str, World] = {
    "choices, single": World(control_of("Choices", Family.CHOICES), _one_of(LABELS), same, _another(_one_of(LABELS))),
    "choices, multiple": World(control_of("Choices", Family.CHOICES, multiple=True), _some, same, _another(_some)),
    "pairwise": World(
        control_of("Pairwise", Family.CHOICES, ("left", "right")),
        _one_of(("left", "right")),
        same,
        _another(_one_of(("left", "right"))),
    ),
    "taxonomy": World(control_of("Taxonomy", Family.TAXONOMY, ()), _path, same, _another(_path)),
    "rating": World(control_of("Rating", Family.RATING, (), low=1.0, high=5.0), _stars, _star_beside, _star_far),
    "number": World(
        control_of("Number", Family.NUMBER, ()),
        lambda rng: Number(round(float(rng.uniform(100, 200)), 1)),
        _number_near,
        _number_far,
    ),
    "moment": World(
        control_of("DateTime", Family.MOMENT, ()),
        lambda rng: _moment(1.7e9 + float(rng.uniform(0, 365)) * DAY),
        _moment_near,
        _moment_far,
    ),
    "text": World(control_of("TextArea", Family.TEXT, ()), _text, _text_again, _another(_text)),
    "ranking": World(control_of("Ranker", Family.RANKING, ()), _order, _order_again, _order_far),
    "chat": World(control_of("Chat", Family.CHAT, ()), _chat, _chat_again, _another(_chat)),
}
"""Name -> world."""
