"""What models answered, from a JSONL file: Label Studio's exports hold the ids of predictions only."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from label_config.answers import Answer
from label_config.errors import LabelConfigError
from label_config.model import LabelConfig

from ..errors import TiebreakError
from .plain_answers import read_plain


class PredictionsError(TiebreakError):
    """A file of predictions that cannot be read: names file and line."""


def read_predictions(place: Path, config: LabelConfig) -> dict[str, dict[str, dict[int, Answer]]]:
    """Control -> version -> task -> answer, from lines ``{"task", "control", "version", "answer", "probabilities"}``.

    ``probabilities`` may be absent; so may ``answer`` where they are there: then it is the most probable label. Of two
    lines on one task, control and version the later counts. Raises PredictionsError that names file and line.
    """
    found: dict[str, dict[str, dict[int, Answer]]] = {}
    for number, line in _lines(place):
        try:
            raw = json.loads(line)
            task, control, version, answer = _read(raw, config)
        except (ValueError, RecursionError) as error:
            raise PredictionsError(f"{place}, line {number}: {_problem(error)}") from error
        found.setdefault(control, {}).setdefault(version, {})[task] = answer
    return found


def _lines(place: Path) -> Iterator[tuple[int, str]]:
    try:
        with place.open(encoding="utf-8-sig") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise PredictionsError(f"{place}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PredictionsError(f"{place}: not UTF-8 at byte {error.start}: is it JSONL?") from error


def _problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at column {error.colno}; each line is one object"
    return str(error) if isinstance(error, LabelConfigError | _Bad) else f"not JSON ({type(error).__name__})"


class _Bad(ValueError):
    """A line that says something else than it should."""


def _read(raw: object, config: LabelConfig) -> tuple[int, str, str, Answer]:
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
    answer = raw["answer"] if "answer" in raw else _most_probable(_probabilities(raw))
    _probabilities(raw)
    return task, control.name, str(version), read_plain(config, control, answer)


def _probabilities(raw: Mapping[str, Any]) -> dict[str, float]:
    given = raw.get("probabilities")
    if given is None:
        return {}
    good = isinstance(given, dict) and all(
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1 for value in given.values()
    )
    if not good:
        raise _Bad("probabilities is not an object of numbers between 0 and 1 by label")
    return dict(given)


def _most_probable(probabilities: Mapping[str, float]) -> str:
    if not probabilities:
        raise _Bad("neither answer nor probabilities is there")
    return max(probabilities, key=lambda label: probabilities[label])
