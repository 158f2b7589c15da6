"""Requests as JSON -> typed values. What is no such request is refused with the field's name; nothing is guessed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from json import JSONDecodeError
from typing import Any, TypeVar

from label_config.errors import InterfaceError
from label_config.model import LabelConfig
from label_config.parse import parse

from .decoding import PIECE, Stream, decoded
from .errors import BadRequest
from .records import Task
from .registry import check_project
from .rounds import model_of

T = TypeVar("T")
LET_GO = 1_000
SHORT = 100_000
"""Characters of an interface that is kept once it was read."""


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """``config`` null: the interface cannot be read, ``problem`` says why; a task of null cannot be read.

    ``answered``: controls that the annotator has answered already; ``context``: all of an interactive request's.
    """

    project: str
    config: LabelConfig | None
    tasks: list[Task | None]
    answered: frozenset[str] = frozenset()
    context: Mapping[str, Any] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """A pool to score, by ``model`` (null: the live one).

    ``round`` names the round that it is for, null for an opinion without consequences.
    """

    project: str
    config: LabelConfig
    tasks: list[Task]
    model: str | None
    round: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """What Label Studio tells: ``project`` is its id, ``created`` the second of its creation where it is known."""

    action: str
    project: int | None
    created: int | None


def body_of(stream: Stream) -> Mapping[str, Any]:
    """The JSON object of a request. Raises BadRequest for anything else, once all of it was read."""
    try:
        found = decoded(stream)
    except (ValueError, RecursionError) as error:
        while stream.read(PIECE):
            pass
        raise BadRequest(f"the body is not JSON: {_what_is_wrong(error)}") from error
    if not isinstance(found, dict):
        raise BadRequest(f"the body is not a JSON object but {type(found).__name__}")
    return found


def _what_is_wrong(error: ValueError | RecursionError) -> str:
    """In words."""
    if isinstance(error, JSONDecodeError):
        return error.msg
    if isinstance(error, UnicodeDecodeError):
        return f"its bytes are no text in {error.encoding}"
    if isinstance(error, RecursionError):
        return "too many objects and lists stand inside one another"
    return "a number has too many digits"


def predict_request(body: Mapping[str, Any]) -> PredictRequest:
    """Of ``POST /predict``; the body's own tasks are let go of."""
    tasks = _list(body, "tasks")
    xml = _text(body, "label_config")
    config, problem = None, ""
    try:
        config = _parsed(xml) if len(xml) <= SHORT else parse(xml)
    except InterfaceError as error:
        problem = str(error)
    params = body.get("params")
    context = params.get("context") if isinstance(params, dict) else None
    context = context if isinstance(context, dict) else None
    return PredictRequest(
        check_project(body.get("project")),
        config,
        _emptied(tasks, lambda _, task: _lenient_task(task)),
        _answered(context or {}),
        context,
        problem,
    )


@lru_cache(maxsize=32)
def _parsed(xml: str) -> LabelConfig:
    """Label Studio sends the same interface with each request."""
    return parse(xml)


def score_request(body: Mapping[str, Any]) -> ScoreRequest:
    """Of ``POST /score``; the body's own tasks are let go of."""
    project = check_project(body.get("project"))
    config = config_of(body)
    tasks = _emptied(_list(body, "tasks"), _task)
    seen: set[int] = set()
    for place, task in enumerate(tasks):
        if task.id in seen:
            raise BadRequest(f"tasks[{place}].id: {task.id} stands there twice")
        seen.add(task.id)
    model, name = body.get("model"), body.get("round")
    if name is not None:
        behind = model_of(name, "round")
        model = behind if model is None else model
        if model != behind:
            raise BadRequest(f"round: {name!r} is no round of the model {str(model)[:60]!r}")
    if model is not None and model_of(model, "model") != model:
        raise BadRequest(f"model: {model!r} is no version of a model; expected tiebreak-N")
    return ScoreRequest(project, config, tasks, model, name)


def config_of(body: Mapping[str, Any]) -> LabelConfig:
    """The interface of a request of ours; raises BadRequest that says what is wrong with it."""
    try:
        return parse(_text(body, "label_config"))
    except InterfaceError as error:
        raise BadRequest(f"label_config: {error}") from error


def event(body: Mapping[str, Any]) -> Event:
    """Of ``POST /webhook``: what cannot be read is an event without a project, since nobody waits for an answer."""
    project = body.get("project")
    about = project if isinstance(project, dict) else {}
    number = about.get("id", project)
    known = isinstance(number, int) and not isinstance(number, bool)
    return Event(str(body.get("action"))[:60], number if known else None, _second(about.get("created_at")))


def _second(text: object) -> int | None:
    try:
        return int(datetime.fromisoformat(text).timestamp()) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None


def let_go(tasks: list[Any]) -> None:
    """Empty a list of tasks a part at a time: to free very many at once is a step in which no thread has a turn."""
    while tasks:
        del tasks[-LET_GO:]


def _emptied(raw: list[Any], made: Callable[[int, object], T]) -> list[T]:
    """What is made of each place, and each; of the list itself nothing is left."""
    found = []
    for place, one in enumerate(raw):
        found.append(made(place, one))
        raw[place] = None
    return found


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    found = body.get(name)
    if not isinstance(found, list):
        raise BadRequest(f"{name}: not a list but {type(found).__name__}")
    return found


def _text(body: Mapping[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str):
        raise BadRequest(f"{name}: not a text but {type(found).__name__}")
    return found


def _task(place: int, raw: object) -> Task:
    task = _lenient_task(raw)
    if task is None or task.id < 0:
        raise BadRequest(f'tasks[{place}]: not a task; expected {{"id": NUMBER, "data": {{...}}, "holdout", "blind"}}')
    return task


def _lenient_task(raw: object) -> Task | None:
    """A task, with id -1 where it has none (one that is not stored yet); null for what is no task."""
    if not isinstance(raw, dict) or not isinstance(raw.get("data"), dict):
        return None
    number = raw.get("id")
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        number = -1
    return Task(number, raw["data"], bool(raw.get("holdout")), bool(raw.get("blind")))


def _answered(context: Mapping[str, Any]) -> frozenset[str]:
    result = context.get("result")
    regions = result if isinstance(result, list) else []
    return frozenset(str(one.get("from_name")) for one in regions if isinstance(one, dict))
