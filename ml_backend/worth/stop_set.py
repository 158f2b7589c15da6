"""What each version said of the stop set, kept beside the versions: some thousand answers a version, no text."""

import hashlib
import heapq
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from label_config.canonical import answer_as_json

from ..errors import RegistryError
from ..files import read_json, write_json
from ..records import Task, Thought
from .stopping import STOP_SET, Look, Stopping, spaced, stopping

FOLDER = "stop_set"

log = logging.getLogger(__name__)


def stop_set(tasks: Sequence[int]) -> list[int]:
    """Which tasks of the random share are watched: at most ``STOP_SET``, drawn by their ids alone.

    So of two pools that are nearly the same nearly the same tasks are drawn, and nothing has to be remembered.

    >>> stop_set([3, 1, 2]) == [1, 2, 3], len(stop_set(range(9000)))
    (True, 2000)
    """
    return sorted(heapq.nsmallest(STOP_SET, tasks, key=_draw))


def _draw(task: int) -> bytes:
    return hashlib.sha256(str(task).encode()).digest()


def answers_of(tasks: Sequence[Task], thoughts: Mapping[str, Thought]) -> dict[str, dict[int, str]]:
    """Control -> task -> answer of the stop set of a pool, as ``remember`` keeps it; where a model abstains nothing."""
    watched = set(stop_set([task.id for task in tasks if task.holdout]))
    return {
        control: {
            task.id: json.dumps(answer_as_json(opinion.answer), sort_keys=True, ensure_ascii=False)
            for task, opinion in zip(tasks, thought.opinions, strict=True)
            if task.id in watched and opinion.answer is not None
        }
        for control, thought in thoughts.items()
    }


def remember(folder: Path, version: str, labels: int, said: Mapping[str, Mapping[int, str]]) -> None:
    """Keep what a version says of the stop set: control -> task -> answer. ``folder`` is the project's.

    Versions that later ones make superfluous are forgotten, so that about fifty are kept at a million labels.
    """
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    write_json(place / f"{version}.json", {"version": version, "labels": labels, "said": said})
    looks = {version: labels for version, labels, _ in _stored(folder)}
    kept = {look.version for look in spaced([Look(*one, {}) for one in looks.items()])}
    for old in looks.keys() - kept - {version}:
        (place / f"{old}.json").unlink(missing_ok=True)


def recalled(folder: Path) -> dict[str, list[Look]]:
    """What is kept, a list a control; empty before the first scoring round."""
    found: dict[str, list[Look]] = {}
    for version, labels, controls in _stored(folder):
        for control, said in controls.items():
            found.setdefault(control, []).append(Look(version, labels, said))
    return found


def signals(folder: Path) -> dict[str, Stopping]:
    """Whether labeling more is unlikely to help, a control each; see ``stopping``."""
    return {control: stopping(looks) for control, looks in recalled(folder).items()}


def _stored(folder: Path) -> list[tuple[str, int, dict[str, dict[int, str]]]]:
    """What can be read of it; a broken file says nothing, and the log says so."""
    found = []
    for place in sorted((folder / FOLDER).glob("*.json")):
        try:
            one = read_json(place)
            said = {
                str(control): {int(task): str(answer) for task, answer in answers.items()}
                for control, answers in one["said"].items()
            }
            found.append((str(one["version"]), int(one["labels"]), said))
        except (RegistryError, KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("%s: not what a version said (%s); it is left out of the stopping signal", place, error)
    return found
