"""What models answered, from a JSONL file: Label Studio's exports hold the ids of predictions only."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from label_config.answers import Answer, Choices
from label_config.errors import LabelConfigError
from label_config.model import Control, LabelConfig

from ..errors import TiebreakError
from ..quality.records import Opinion
from .jsonl import lines
from .plain_answers import read_plain

Opinions = Mapping[str, Mapping[str, Mapping[int, Opinion]]]
"""Control -> version of a model -> task -> what it thinks."""

ROUNDED = 0.02
"""Probabilities that miss a sum of 1 by no more than this were rounded."""
SAME = 1e-9
"""Two probabilities closer than this are the same."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """What models think, and which lines of the file say something odd: ``Oddity`` -> their numbers."""

    opinions: Opinions = field(default_factory=dict)
    odd: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def notes(self) -> Iterator[str]:
        """What a reader must know."""
        for oddity, numbers in self.odd.items():
            many = f"line {numbers[0]}" if len(numbers) == 1 else f"{len(numbers):,} lines (the first is {numbers[0]})"
            yield f"{many[0].upper()}{many[1:]} of the predictions: {oddity}."


SCALED = "the probabilities do not sum to 1, and were scaled"
NOTHING = "all probabilities are 0, which says nothing: they were set aside, and the answer alone counts"
CONTRADICTED = (
    "the answer is not the label that the probabilities say is the most probable; the answer counts as what the model "
    "says, the probabilities as how sure it is of each label"
)
"""What is odd about a line that is read nevertheless."""


class PredictionsError(TiebreakError):
    """A file of predictions that cannot be read: names file and line."""


def predicted_in(place: Path | None, config: LabelConfig) -> Predicted:
    """What models think as the file says, nothing without one."""
    return Predicted() if place is None else read_predictions(place, config)


def read_predictions(place: Path, config: LabelConfig) -> Predicted:
    """What models think, from lines ``{"task", "control", "version", "answer", "probabilities", "confidence"}``.

    ``probabilities`` and ``confidence`` may be absent; so may ``answer`` where the former are there: then it is the
    most probable label, of several labels those that are more probable than not. Of two lines on one task, control and
    version the later counts. Raises PredictionsError that names file and line.
    """
    found: dict[str, dict[str, dict[int, Opinion]]] = {}
    odd: dict[str, list[int]] = {}
    for number, line in lines(place, PredictionsError):
        try:
            task, control, opinion, oddities = _read(json.loads(line), config)
        except (ValueError, RecursionError) as error:
            raise PredictionsError(f"{place}, line {number}: {_problem(error)}") from error
        found.setdefault(control, {}).setdefault(opinion.version, {})[task] = opinion
        for oddity in oddities:
            odd.setdefault(oddity, []).append(number)
    return Predicted(found, odd)


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}; each line is one object"
    return str(error) if isinstance(error, LabelConfigError | _Bad) else f"not JSON ({type(error).__name__})"


class _Bad(ValueError):
    """A line that says something else than it should."""


def _read(raw: object, config: LabelConfig) -> tuple[int, str, Opinion, list[str]]:
    if not isinstance(raw, dict):
        raise _Bad("not an object with task, control, version and answer")
    task, version = raw.get("task"), raw.get("version")
    if not isinstance(task, int) or isinstance(task, bool):
        raise _Bad(f"task is {task!r:.80}, not the id of a task")
    if not isinstance(version, str | int | float) or isinstance(version, bool):
        raise _Bad(f"version is {version!r:.80}, not a model's version")
    if not isinstance(raw.get("control"), str):
        raise _Bad(f"control is {raw.get('control')!r:.80}, not the name of a control")
    control = config.control(raw["control"])
    given = _probabilities(raw, control)
    answer = read_plain(config, control, raw["answer"] if "answer" in raw else _most_probable(given, control))
    probabilities = given if control.multiple else _summing_to_one(given)
    confidence = _confidence(raw, answer, probabilities, several=control.multiple)
    oddities = [] if control.multiple or not given else list(_oddities(answer, given))
    return task, control.name, Opinion(answer, probabilities, confidence, str(version)), oddities


def _oddities(answer: Answer, given: Mapping[str, float]) -> Iterator[str]:
    """What is odd about the probabilities that were given for one label of several."""
    total = sum(given.values())
    if total == 0:
        yield NOTHING
        return
    if abs(total - 1) > ROUNDED:
        yield SCALED
    if isinstance(answer, Choices) and answer.labels:
        own = given.get(answer.labels[0], 0.0)
        if max(given.values()) > own + SAME:
            yield CONTRADICTED


def _probabilities(raw: Mapping[str, Any], control: Control) -> dict[str, float]:
    given = raw.get("probabilities")
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(_is_share(value) for value in given.values()):
        raise _Bad("probabilities is not an object of numbers between 0 and 1 by label")
    unknown = [label for label in given if label not in control.labels]
    if unknown and control.labels and not control.dynamic:
        raise _Bad(
            f"probabilities name the label {unknown[0]!r:.80}, which control {control.name!r} does not have; there "
            f"are: {', '.join(control.labels)}"
        )
    return {label: float(value) for label, value in given.items()}


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and 0 <= value <= 1


def _summing_to_one(given: Mapping[str, float]) -> dict[str, float]:
    """Scaled to sum to 1; none where all of them are 0: that says nothing."""
    total = sum(given.values())
    return {label: value / total for label, value in given.items()} if total > 0 else {}


def _most_probable(probabilities: Mapping[str, float], control: Control) -> object:
    """The most probable label; where several may be chosen, those that are more probable than not."""
    if not probabilities:
        raise _Bad("neither answer nor probabilities is there")
    if control.multiple:
        return [label for label, probability in probabilities.items() if probability > 0.5]
    if not any(probabilities.values()):
        raise _Bad("all probabilities are 0, which says nothing, and there is no answer: give one of them")
    return max(probabilities, key=lambda label: probabilities[label])


def _confidence(
    raw: Mapping[str, Any], answer: Answer, probabilities: Mapping[str, float], *, several: bool
) -> float | None:
    """As it was given, else the probability of the answer (of several labels: of the least certain one)."""
    given = raw.get("confidence")
    if given is not None:
        if not _is_share(given):
            raise _Bad(f"confidence is {given!r:.80}, not a number between 0 and 1")
        return float(given)
    if not probabilities:
        return None
    if several and isinstance(answer, Choices):
        return min(value if label in answer.labels else 1 - value for label, value in probabilities.items())
    label = answer.labels[0] if isinstance(answer, Choices) and answer.labels else ""
    return probabilities.get(label)
