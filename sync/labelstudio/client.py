"""Everything that Tiebreak asks of Label Studio's API, in its own words."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TypeVar

from ..errors import NotFound, Rejected, ServerFault
from ..stopping import Stop
from . import wire
from .transport import Transport
from .walking import walk
from .wire import (
    RemoteBackend,
    RemotePrediction,
    RemoteProject,
    RemoteTask,
    RemoteUser,
    RemoteWebhook,
    TaskStamp,
)

# The filter of fields reaches into the annotations, so theirs are named here too.
TASK_FIELDS = (
    "id,created_at,updated_at,data,meta,overlap,is_labeled,annotations,"
    "completed_by,updated_by,was_cancelled,ground_truth,lead_time,result"
)
STAMP_FIELDS = "id,created_at,updated_at,annotations_ids"
PROJECT_FIELDS = (
    "id,title,description,created_at,label_config,model_version,sampling,maximum_annotations,show_collab_predictions"
)
Read = TypeVar("Read")
Changed = TypeVar("Changed", RemoteTask, TaskStamp)

STAMPS_AT_ONCE = 2000
IMPORT_AT_ONCE = 1000


class LabelStudio:
    """One Label Studio as one of its users sees it. Raises LabelStudioError, mapped in transport.py.

    ``at_once`` predictions go in one request.
    """

    def __init__(self, transport: Transport, *, at_once: int = IMPORT_AT_ONCE) -> None:
        self._transport = transport
        self._at_once = at_once
        self.url = transport.url

    @classmethod
    def connect(cls, url: str, token: str, *, timeout: float = 60.0, told: Stop | None = None) -> "LabelStudio":
        """The server at ``url`` with a token of either kind; ``told`` to stop, it asks for nothing more."""
        told = told or Stop()
        return cls(Transport(url, token, timeout=timeout, sleep=told.sleep, before=told.check))

    def pause_by(self, pause: Callable[[], float]) -> None:
        """Where it is paced, it is left alone after each request for ``pause()`` times as long as that took."""
        self._transport.pace.pause = pause

    def paced(self) -> AbstractContextManager[None]:
        """Until the end of the block, people who work there come first (see Pace)."""
        return self._transport.pace.kept()

    def gives_way(self) -> bool:
        """Whether it is paced, and people are at work: what can wait had better."""
        return self._transport.pace.on

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def resting(self) -> tuple[float, str]:
        """For how many seconds the server is left in peace, and what it failed with; 0 while it may be asked."""
        return self._transport.resting()

    def now(self) -> int | None:
        """The server's own time (microseconds), to a second, as of its last answer; null where that did not say it."""
        return self._transport.now()

    def __enter__(self) -> "LabelStudio":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def version(self) -> str:
        """The server's release."""
        return self._one(wire.release, self._transport.get("api/version"))

    def whoami(self) -> RemoteUser:
        """Whose token it is."""
        return self._one(wire.user, self._transport.get("api/current-user/whoami"))

    def users(self) -> list[RemoteUser]:
        """Everybody in the organization."""
        return self._all(wire.user, self._transport.get("api/users"))

    # Projects

    def project(self, project: int) -> RemoteProject:
        """A project by id; raises NotFound."""
        return self._one(wire.project, self._transport.get(f"api/projects/{project}/"))

    def projects(self, only: Sequence[int] = ()) -> Iterator[RemoteProject]:
        """Every project that the user sees; ``only`` those of these ids, where they are there."""
        chosen = {"ids": ",".join(map(str, only))} if only else {}
        page = 1
        while True:
            found = self._transport.get("api/projects/", page=page, page_size=100, include=PROJECT_FIELDS, **chosen)
            yield from self._all(wire.project, found.get("results") if isinstance(found, dict) else found)
            if not found.get("next"):
                return
            page += 1

    def create_project(self, title: str, label_config: str, **fields: Any) -> RemoteProject:
        """A new project."""
        body = {"title": title, "label_config": label_config, **fields}
        return self._one(wire.project, self._transport.send("POST", "api/projects/", body=body))

    def update_project(self, project: int, **fields: Any) -> RemoteProject:
        """Change settings of a project. A ``model_version`` that no prediction has is refused (Rejected).

        It waits for no turn, also where requests are paced: only with it does what was imported before it count.
        """
        self._transport.pace.hurry()
        return self._one(wire.project, self._transport.send("PATCH", f"api/projects/{project}/", body=fields))

    def delete_project(self, project: int) -> None:
        """Delete a project with everything in it."""
        self._transport.send("DELETE", f"api/projects/{project}/")

    def tabs(self, project: int) -> list[str]:
        """The titles of the project's Data Manager tabs."""
        return self._all(wire.tab_title, self._transport.get("api/dm/views/", project=project))

    def create_tab(self, project: int, title: str, *, ordering: Sequence[str], hidden: Sequence[str]) -> None:
        """A Data Manager tab; columns are named in the API's words ("tasks:id", "tasks:data.text")."""
        data = {
            "title": title,
            "type": "list",
            "target": "tasks",
            "ordering": list(ordering),
            "hiddenColumns": {"explore": list(hidden), "labeling": list(hidden)},
            "filters": {"conjunction": "and", "items": []},
        }
        self._transport.send("POST", "api/dm/views/", body={"project": project, "data": data})

    # Tasks

    def task(self, task: int) -> RemoteTask:
        """One task with its annotations; raises NotFound."""
        return self._one(wire.task, self._transport.get(f"api/tasks/{task}/"))

    def tasks_after(self, project: int, task: int, limit: int) -> list[RemoteTask]:
        """The next tasks by id: a keyset that no edit can disturb."""
        return self._all(wire.task, self._behind(project, task, limit)[0])

    def walk(self, project: int, after: int) -> Iterator[list[RemoteTask]]:
        """All tasks behind the id ``after`` in pages, by id; the next page is fetched while one is worked on."""
        for page in walk(partial(self._behind, project), after):
            yield self._all(wire.task, page)

    def _behind(self, project: int, task: int, limit: int) -> tuple[list[Any], bool]:
        item = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": task}
        return self._list(wire.task_as_sent, project, [item], "tasks:id", limit, TASK_FIELDS)

    def _since(
        self, read: Callable[[wire.Json], Changed], project: int, since: int, limit: int, fields: str
    ) -> Iterator[list[Changed]]:
        while True:
            value = wire.timestamp(since)
            item = {
                "filter": "filter:tasks:updated_at",
                "operator": "greater_or_equal",
                "type": "Datetime",
                "value": value,
            }
            page, more = self._list(read, project, [item], "tasks:updated_at", limit, fields)
            if page:
                yield page
            if not more:
                return
            if page[-1].updated_at > since:
                since = page[-1].updated_at
            elif len(page) == limit:
                limit *= 2
            else:  # the server sends no larger pages: the rest of that instant is for a sweep to find
                since += 1

    def tasks_updated_since(self, project: int, since: int, limit: int = 200) -> Iterator[list[RemoteTask]]:
        """Pages of the tasks changed at ``since`` (microseconds) or later, the oldest change first.

        A task on the border of two pages comes twice. Paging by number would lose rows while people work, so each
        page asks from the last instant on; a page full of one instant (a bulk action) is asked again, larger.
        """
        return self._since(wire.task, project, since, limit, TASK_FIELDS)

    def stamps_since(self, project: int, since: int) -> Iterator[list[TaskStamp]]:
        """As ``tasks_updated_since``, but only what a sweep needs."""
        return self._since(wire.stamp, project, since, STAMPS_AT_ONCE, STAMP_FIELDS)

    def newest_change(self, project: int) -> int:
        """When the task changed last that changed last (microseconds); 0 for an empty project."""
        found, _ = self._list(wire.stamp, project, [], "-tasks:updated_at", 1, STAMP_FIELDS)
        return found[0].updated_at if found else 0

    def task_stamps(self, project: int) -> Iterator[tuple[list[TaskStamp], int | None]]:
        """Ids and times of every task and the ids of its annotations: what a sweep needs, at many times the speed.

        In pages by id, each with the id up to which it has all that are behind the page before; null: it is the last.
        """
        last = 0
        while True:
            item = {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}
            page, more = self._list(wire.stamp, project, [item], "tasks:id", STAMPS_AT_ONCE, STAMP_FIELDS)
            if not more:
                yield page, None
                return
            last = page[-1].id
            yield page, last

    def _list(
        self,
        read: Callable[[wire.Json], Read],
        project: int,
        items: Sequence[Mapping[str, Any]],
        order: str,
        limit: int,
        fields: str,
    ) -> tuple[list[Read], bool]:
        """The first tasks of such, and whether there are more: a server may send fewer than ``limit`` in a page."""
        query: dict[str, Any] = {"ordering": [order]}
        if items:
            query["filters"] = {"conjunction": "and", "items": list(items)}
        found = self._transport.get(
            "api/tasks",
            project=project,
            page=1,
            page_size=limit,
            fields="all",
            include=fields,
            query=json.dumps(query),
        )
        page = self._all(read, found.get("tasks") if isinstance(found, dict) else found)
        return page, bool(page) and self._one(wire.total, found) > len(page)

    def import_tasks(self, project: int, bodies: Sequence[Mapping[str, Any]]) -> list[int]:
        """Add tasks in one request; their ids in the same order. There is no idempotency: a repeat is a duplicate."""
        found = self._transport.send(
            "POST", f"api/projects/{project}/import", params={"return_task_ids": "true"}, body=list(bodies)
        )
        ids = self._one(wire.task_ids, found)
        if len(ids) != len(bodies):
            raise ServerFault(f"import into project {project}: {len(bodies)} tasks were sent, {len(ids)} ids came back")
        return ids

    def update_task(self, task: int, **fields: Any) -> None:
        """Change a task. ``data`` and ``meta`` replace the old ones whole."""
        self._transport.send("PATCH", f"api/tasks/{task}/", body=fields)

    def next_task(self, project: int) -> RemoteTask | None:
        """The task that this user is served now, which locks it; null when there is none.

        Asked again, Label Studio serves the same one until it is answered.
        """
        try:
            return self._one(wire.task, self._transport.get(f"api/projects/{project}/next"))
        except NotFound:
            return None

    # Predictions

    def import_predictions(
        self, project: int, rows: Sequence[Mapping[str, Any]], *, at_once: int | None = None
    ) -> None:
        """Add predictions (task, result, score, model_version) in bulk, ``at_once`` in a request; older ones stay.

        Each request counts the predictions of every task of the project anew, so that a few large ones are cheaper.
        """
        size = at_once or self._at_once
        for start in range(0, len(rows), size):
            part = list(rows[start : start + size])
            self._transport.send("POST", f"api/projects/{project}/import/predictions", body=part)

    def predictions(self, *, project: int | None = None, task: int | None = None) -> list[RemotePrediction]:
        """The stored predictions of a project or a task."""
        chosen = {"project": project} if task is None else {"task": task}
        return self._all(wire.prediction, self._transport.get("api/predictions/", **chosen))

    def model_versions(self, project: int) -> dict[str, int]:
        """Every model version that stored predictions have, with how many have it.

        Label Studio lists the project's own version also where no prediction has it: that one is left out.
        """
        found = self._one(wire.versions, self._transport.get(f"api/projects/{project}/model-versions/"))
        return {name: count for name, count in found.items() if count > 0}

    def delete_model_version(self, project: int, version: str) -> None:
        """Delete the predictions of one version, and no others."""
        body = {"model_version": version}
        self._transport.send("DELETE", f"api/projects/{project}/model-versions/", body=body)

    # Annotations

    def create_annotation(
        self,
        task: int,
        result: Sequence[Mapping[str, Any]],
        *,
        unique_id: str | None = None,
        completed_by: int | None = None,
        ground_truth: bool = False,
        lead_time: float | None = None,
        was_cancelled: bool = False,
    ) -> int | None:
        """Add an annotation; its id. Null: one with this ``unique_id`` is already there.

        With a ``unique_id`` transient failures are retried: Label Studio stores it once.
        """
        body: dict[str, Any] = {"result": list(result), "ground_truth": ground_truth, "was_cancelled": was_cancelled}
        optional = {"unique_id": unique_id, "completed_by": completed_by, "lead_time": lead_time}
        body |= {name: value for name, value in optional.items() if value is not None}
        try:
            path, once = f"api/tasks/{task}/annotations/", unique_id is not None
            return self._one(wire.new_id, self._transport.send("POST", path, body=body, repeatable=once))
        except Rejected as error:
            if error.status == 409 and unique_id is not None:
                return None
            raise

    def update_annotation(self, annotation: int, **fields: Any) -> None:
        """Change an annotation."""
        self._transport.send("PATCH", f"api/annotations/{annotation}/", body=fields)

    def delete_annotation(self, annotation: int) -> None:
        """Delete an annotation."""
        self._transport.send("DELETE", f"api/annotations/{annotation}/")

    def delete_task(self, task: int) -> None:
        """Delete a task with its annotations."""
        self._transport.send("DELETE", f"api/tasks/{task}/")

    # ML backends and webhooks

    def backends(self, project: int) -> list[RemoteBackend]:
        """The ML backends of a project; Label Studio asks each for its health meanwhile."""
        return self._all(wire.backend, self._transport.get("api/ml/", project=project))

    def connect_backend(
        self, project: int, url: str, title: str, *, login: tuple[str, str] | None = None, known: int | None = None
    ) -> RemoteBackend:
        """Connect an ML backend, with a ``login`` (name, password) where it asks for one; or change a ``known`` one.

        Label Studio sets ``project.model_version`` to ``title``: put the real one back.
        """
        body: dict[str, Any] = {"project": project, "url": url, "title": title, "is_interactive": False}
        if login is not None:
            body |= {"auth_method": wire.BASIC, "basic_auth_user": login[0], "basic_auth_pass": login[1]}
        method, path = ("POST", "api/ml/") if known is None else ("PATCH", f"api/ml/{known}")
        return self._one(wire.backend, self._transport.send(method, path, body=body))

    def webhooks(self, project: int | None = None) -> list[RemoteWebhook]:
        """The webhooks of a project, or all."""
        chosen = {} if project is None else {"project": project}
        return self._all(wire.webhook, self._transport.get("api/webhooks/", **chosen))

    def create_webhook(
        self, url: str, *, project: int, headers: Mapping[str, str], actions: Sequence[str]
    ) -> RemoteWebhook:
        """Have events of a project sent to ``url``."""
        body = {
            "url": url,
            "project": project,
            "headers": dict(headers),
            "actions": list(actions),
            "send_payload": True,
            "send_for_all_actions": False,
            "is_active": True,
        }
        return self._one(wire.webhook, self._transport.send("POST", "api/webhooks/", body=body))

    def update_webhook(self, webhook: int, **fields: Any) -> None:
        """Change a webhook."""
        self._transport.send("PATCH", f"api/webhooks/{webhook}/", body=fields)

    def delete_webhook(self, webhook: int) -> None:
        """Remove a webhook."""
        self._transport.send("DELETE", f"api/webhooks/{webhook}/")

    # Answers as typed values

    def _one(self, read: Callable[[wire.Json], Read], raw: Any) -> Read:
        try:
            return read(raw)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._strange(read.__name__, error) from error

    def _all(self, read: Callable[[wire.Json], Read], raw: Any) -> list[Read]:
        if not isinstance(raw, list):
            raise self._strange(f"list of {read.__name__}", TypeError(type(raw).__name__))
        return [self._one(read, one) for one in raw]

    def _strange(self, wanted: str, error: Exception) -> ServerFault:
        return ServerFault(
            f"Label Studio {self.url}: what came is no {wanted.replace('_', ' ')} ({type(error).__name__}: {error}). "
            "Does label_studio_url point at Label Studio itself, and is its version supported (1.23)?",
            url=self.url,
        )
