"""What Label Studio sends, as typed values. Times are microseconds since 1970, UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]

BASIC = "BASIC_AUTH"
"""How Label Studio calls that it sends an ML backend a name and a password."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RemoteUser:
    """Somebody who can log in."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class RemoteProject:
    """A project and the settings that decide what ``next`` serves.

    ``tasks`` is how many it has, ``instructions`` what people read before they label (HTML): null in lists of projects.
    """

    id: int
    title: str
    description: str
    created_at: int
    label_config: str
    model_version: str
    sampling: str
    maximum_annotations: int
    show_collab_predictions: bool
    tasks: int | None = None
    instructions: str | None = None


@dataclass(frozen=True, slots=True)
class RemoteAnnotation:
    """One annotation as it is now. ``result`` is whatever Label Studio stored: nothing was validated there."""

    id: int
    created_at: int
    updated_at: int
    completed_by: int | None
    updated_by: int | None
    was_cancelled: bool
    ground_truth: bool
    lead_time: float | None
    result: object


@dataclass(frozen=True, slots=True)
class RemoteTask:
    """A task with its annotations. ``predictions`` are filled by ``next`` alone."""

    id: int
    created_at: int
    updated_at: int
    data: Json
    meta: Json
    overlap: int
    is_labeled: bool
    annotations: tuple[RemoteAnnotation, ...]
    predictions: tuple["RemotePrediction", ...] = ()


@dataclass(frozen=True, slots=True)
class TaskStamp:
    """What a sweep compares: which tasks and annotations there still are."""

    id: int
    created_at: int
    updated_at: int
    annotations: frozenset[int]


@dataclass(frozen=True, slots=True)
class RemotePrediction:
    """A stored prediction."""

    id: int
    task: int
    score: float | None
    model_version: str
    result: object


@dataclass(frozen=True, slots=True)
class RemoteBackend:
    """An ML backend connected to a project. ``state`` CO = connected.

    ``model_version`` is what it answered to the last ``/setup`` that Label Studio sent. ``user`` is the name
    that Label Studio gives it, empty for none; the password is never told.
    """

    id: int
    url: str
    title: str
    state: str
    error: str | None
    model_version: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class RemoteWebhook:
    """A webhook; ``project`` null = of every project."""

    id: int
    url: str
    project: int | None
    is_active: bool
    actions: tuple[str, ...]
    headers: Mapping[str, str]


def microseconds(text: str) -> int:
    """Label Studio's time as microseconds since 1970; raises ValueError for anything else.

    >>> microseconds("1970-01-01T00:00:01.000002Z")
    1000002
    """
    passed = datetime.fromisoformat(text) - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def timestamp(time: int) -> str:
    """The time as Label Studio's filters take it: the fraction is required, without it they answer 500.

    >>> timestamp(1000000)
    '1970-01-01T00:00:01.000000Z'
    """
    moment = datetime.fromtimestamp(time // 1_000_000, UTC).replace(microsecond=time % 1_000_000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def release(raw: Json) -> str:
    """The server's version, from ``/api/version``."""
    return str(raw.get("release") or "")


def user(raw: Json) -> RemoteUser:
    """From ``/api/users``."""
    name = f"{raw.get('first_name') or ''} {raw.get('last_name') or ''}".strip()
    return RemoteUser(int(raw["id"]), name or str(raw.get("email") or raw["id"]), str(raw.get("email") or ""))


def project(raw: Json) -> RemoteProject:
    """From ``/api/projects``."""
    return RemoteProject(
        id=int(raw["id"]),
        title=str(raw.get("title") or ""),
        description=str(raw.get("description") or ""),
        created_at=microseconds(raw["created_at"]),
        label_config=str(raw.get("label_config") or ""),
        model_version=str(raw.get("model_version") or ""),
        sampling=str(raw.get("sampling") or ""),
        maximum_annotations=int(raw.get("maximum_annotations") or 1),
        show_collab_predictions=bool(raw.get("show_collab_predictions")),
        tasks=None if raw.get("task_number") is None else int(raw["task_number"]),
        instructions=str(raw["expert_instruction"] or "") if "expert_instruction" in raw else None,
    )


def annotation(raw: Json) -> RemoteAnnotation:
    """From any of the places that hold annotations: ``completed_by`` is a number here and an object there."""
    return RemoteAnnotation(
        id=int(raw["id"]),
        created_at=microseconds(raw["created_at"]),
        updated_at=microseconds(raw["updated_at"]),
        completed_by=_id(raw.get("completed_by")),
        updated_by=_id(raw.get("updated_by")),
        was_cancelled=bool(raw.get("was_cancelled")),
        ground_truth=bool(raw.get("ground_truth")),
        lead_time=raw.get("lead_time"),
        result=raw.get("result"),
    )


def _id(value: object) -> int | None:
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, int) else None


def task_as_sent(raw: Json) -> Json:
    """A task of a list, unread but for its id."""
    int(raw["id"])
    return raw


def total(raw: Json) -> int:
    """Of a list of tasks: how many there are, on this page or others."""
    return int(raw["total"])


def task(raw: Json) -> RemoteTask:
    """From the task list, an export file, ``next`` or a single task."""
    return RemoteTask(
        id=int(raw["id"]),
        created_at=microseconds(raw["created_at"]),
        updated_at=microseconds(raw["updated_at"]),
        data=_object(raw.get("data")),
        meta=_object(raw.get("meta")),
        overlap=int(raw.get("overlap") or 1),
        is_labeled=bool(raw.get("is_labeled")),
        annotations=tuple(annotation(one) for one in raw.get("annotations") or ()),
        predictions=tuple(prediction(one) for one in raw.get("predictions") or () if isinstance(one, Mapping)),
    )


def _object(value: object) -> Json:
    if value is None or isinstance(value, Mapping):
        return value or {}
    raise TypeError(f"an object is expected, not {type(value).__name__}")


def task_ids(raw: Json) -> list[int]:
    """From ``/api/projects/ID/import``."""
    return [int(one) for one in raw["task_ids"]]


def new_id(raw: Json) -> int:
    """The id of what was made."""
    return int(raw["id"])


def versions(raw: Json) -> dict[str, int]:
    """From ``/api/projects/ID/model-versions``: version -> predictions."""
    return {str(name): int(count) for name, count in raw.items()}


def tab_title(raw: Json) -> str:
    """From ``/api/dm/views``: the title of a Data Manager tab."""
    return str((raw.get("data") or {}).get("title") or "")


def stamp(raw: Json) -> TaskStamp:
    """From the task list reduced to ids."""
    ids = str(raw.get("annotations_ids") or "")
    return TaskStamp(
        int(raw["id"]),
        microseconds(raw["created_at"]),
        microseconds(raw["updated_at"]),
        frozenset(int(part) for part in ids.split(",") if part.strip()),
    )


def prediction(raw: Json) -> RemotePrediction:
    """From ``/api/predictions`` or a task."""
    score = raw.get("score")
    return RemotePrediction(
        id=int(raw["id"]),
        task=int(raw.get("task") or 0),
        score=None if score is None else float(score),
        model_version=str(raw.get("model_version") or ""),
        result=raw.get("result"),
    )


def backend(raw: Json) -> RemoteBackend:
    """From ``/api/ml``."""
    return RemoteBackend(
        id=int(raw["id"]),
        url=str(raw.get("url") or "").rstrip("/"),
        title=str(raw.get("title") or ""),
        state=str(raw.get("state") or ""),
        error=raw.get("error_message"),
        model_version=str(raw.get("model_version") or ""),
        user=str(raw.get("basic_auth_user") or "") if raw.get("auth_method") == BASIC else "",
    )


def webhook(raw: Json) -> RemoteWebhook:
    """From ``/api/webhooks``."""
    return RemoteWebhook(
        id=int(raw["id"]),
        url=str(raw.get("url") or ""),
        project=raw.get("project"),
        is_active=bool(raw.get("is_active")),
        actions=("*",) if raw.get("send_for_all_actions") else tuple(raw.get("actions") or ()),
        headers=raw.get("headers") or {},
    )
