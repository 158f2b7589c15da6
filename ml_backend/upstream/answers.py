"""What a class of label-studio-ml predicts, read as answers to the interface's controls. Pure.

What fits the interface goes on to Label Studio as the class wrote it: its shapes, image sizes, ids and texts.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeAlias

import numpy as np

from label_config.answers import Answer, Choices, Regions
from label_config.errors import ResultError
from label_config.model import Control, Family, LabelConfig
from label_config.results import read_answers
from label_config.suggestions import PREFIX

from ..certainty.confidence import ConfidenceMap, Same
from ..records import Opinion

Json: TypeAlias = Mapping[str, Any]
DIGITS = 6
UNKNOWN = 0.5
"""How doubtful an answer is that comes without a score."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a class says to one control of one task: its ``answer``, the ``regions`` that say it, as it wrote them.

    ``scores`` are those of the regions in [0, 1], each null where it has none; ``whole`` is that of the prediction.
    """

    answer: Answer
    regions: tuple[Json, ...]
    scores: tuple[float | None, ...]
    whole: float | None

    @property
    def each(self) -> list[float | None]:
        """The score of each region: its own, else the prediction's."""
        return [self.whole if one is None else one for one in self.scores]

    @property
    def score(self) -> float | None:
        """Of the answer: the least of its regions' own scores where all have one, else the prediction's."""
        known = [one for one in self.scores if one is not None]
        return min(known) if known and len(known) == len(self.scores) else self.whole


def said_of(config: LabelConfig, prediction: Any) -> dict[str, Said]:
    """What one prediction says to each control; of several for one task the first counts.

    Regions that do not fit the interface are left out, all else stays; nothing is said to a control that has none left.
    """
    if isinstance(prediction, list):
        prediction = prediction[0] if prediction else None
    if not isinstance(prediction, Mapping):
        return {}
    answers, result = fitting(config, prediction.get("result"))
    whole = share(prediction.get("score"))
    found = {}
    for name, answer in answers.items():
        own = [region for region in result if _says(config.control(name), region)]
        found[name] = Said(answer, tuple(own), tuple(share(region.get("score")) for region in own), whole)
    return found


def misfit(config: LabelConfig, prediction: Any, said: Mapping[str, Said]) -> str | None:
    """What of a prediction fits no interface or not this one, of which ``said`` is what does; null where all does."""
    if isinstance(prediction, list):
        prediction = prediction[0] if prediction else None
    if prediction is None:
        return None
    if not isinstance(prediction, Mapping):
        return f"a prediction is no dictionary but {type(prediction).__name__}"
    result = prediction.get("result")
    if not isinstance(result, list):
        return f"the result of a prediction is no list but {type(result).__name__}"
    kept = sum(len(one.regions) for one in said.values())
    return (
        None if kept >= len(result) else f"regions that do not fit the interface are left out: {_why(config, result)}"
    )


def _why(config: LabelConfig, result: Sequence[Any]) -> str:
    """What is wrong with the first region that does not fit, else with all of them together."""
    try:
        for region in result:
            if not isinstance(region, Mapping):
                return f"a region is no dictionary but {type(region).__name__}"
            if not _links(region):
                read_answers(config, [region])
        read_answers(config, result)
    except ResultError as error:
        return str(error)
    return "they belong to no control"


def fitting(config: LabelConfig, result: object) -> tuple[dict[str, Answer], list[Json]]:
    """The answers in a result and its regions, without those that do not fit the interface."""
    regions = result if isinstance(result, list) else []
    for kept in (regions, [one for one in regions if _fits(config, one)]):
        try:
            return dict(read_answers(config, kept)), kept
        except ResultError:
            continue
    drawn = [one for one in kept if not _links(one)]  # a relation whose end was left out
    try:
        return dict(read_answers(config, drawn)), drawn
    except ResultError:
        return {}, []


def _fits(config: LabelConfig, region: object) -> bool:
    """Whether a region fits by itself; what links two others is seen with them."""
    if not isinstance(region, Mapping):
        return False
    try:
        if not _links(region):
            read_answers(config, [region])
    except ResultError:
        return False
    return True


def _links(region: Json) -> bool:
    return region.get("type") == "relation" and "from_name" not in region


def _says(control: Control, region: Json) -> bool:
    if control.family == Family.RELATIONS:
        return _links(region)
    name = str(region.get("from_name"))
    if control.index_flag is None:
        return name == control.name
    before, _, after = control.name.partition(control.index_flag)
    return re.fullmatch(f"{re.escape(before)}[0-9]+{re.escape(after)}", name) is not None


def opinion_of(said: Said, control: Control, mapped: ConfidenceMap | None = None) -> Opinion:
    """One answer as an opinion: its confidence is the score as ``mapped`` (null: as it is), its regions' as well.

    The doubt is 1 - confidence, one half where there is no score.
    """
    by = mapped or Same()
    parts = [_mapped(by, one) for one in said.each]
    scores = [one for one in parts if one is not None]
    several = isinstance(said.answer, Regions)
    confidence = min(scores) if several and len(scores) == len(parts) > 0 else _mapped(by, said.score)
    doubt = UNKNOWN if confidence is None else round(1 - confidence, DIGITS)
    labels = said.answer.labels if isinstance(said.answer, Choices) and confidence is not None else ()
    return Opinion(
        said.answer,
        dict.fromkeys(labels, confidence or 0.0),
        confidence,
        {"margin": doubt},
        utility=doubt,
        parts=tuple(scores) if len(scores) == len(parts) > 1 else (),
        regions=tuple(_shown(control, said.regions, parts, doubt)),
    )


def _shown(control: Control, regions: Sequence[Json], parts: Sequence[float | None], doubt: float) -> list[Json]:
    """The regions as the class wrote them, with an id, their confidence and the signal of doubt."""
    names = (f"{PREFIX}{control.name}" + (f"-{place}" if place else "") for place in count())
    found = []
    for region, name, part in zip(regions, names, parts, strict=False):
        if _links(region):
            found.append(region)
            continue
        meta = region.get("meta")
        told = {**(meta if isinstance(meta, Mapping) else {}), "tiebreak": {"margin": doubt}}
        own = region.get("id") if isinstance(region.get("id"), str) else name
        scored = {} if part is None else {"score": part}
        found.append({**region, "id": own, **scored, "meta": told})
    return found


def _mapped(by: ConfidenceMap, score: float | None) -> float | None:
    if score is None:
        return None
    return round(float(by(np.array([score]))[0]), DIGITS)


def share(value: object) -> float | None:
    """A number in [0, 1], null for anything else.

    >>> share(0.5), share(7), share("0.9"), share(True), share(10**400), share(float("nan"))
    (0.5, None, None, None, None, None)
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return None
