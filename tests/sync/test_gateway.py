"""The gateway against the real Label Studio: tokens of both kinds, paging while people work, what it refuses."""

import sqlite3
from contextlib import closing

import httpx
import pytest

from label_config.answers import chosen
from label_config.parse import parse
from label_config.results import read_answers
from sync.errors import NotFound, Rejected, ServerFault, Unauthorized
from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.labelstudio.wire import RemoteTask

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import XML, result, scene

pytestmark = pytest.mark.label_studio


@pytest.fixture(scope="module")
def personal_token(label_studio: RunningLabelStudio) -> str:
    """A personal access token (a refresh token, JWT) of the reviewer."""
    reply = httpx.post(
        f"{label_studio.url}/api/token/",
        headers={"Authorization": f"Token {label_studio.person('reviewer').token}"},
        timeout=60,
    )
    assert reply.status_code == 201
    return str(reply.json()["token"])


def test_a_personal_access_token_reads_and_writes(label_studio: RunningLabelStudio, personal_token: str) -> None:
    made = scene(label_studio, [[]])
    with LabelStudio.connect(label_studio.url, personal_token) as client:
        assert client.whoami().email == "reviewer@example.com"
        assert client.create_annotation(made.tasks[0], result("good")) is not None
    (annotation,) = label_studio.as_("admin").task(made.tasks[0]).annotations
    assert annotation.completed_by == label_studio.person("reviewer").id


def test_an_access_token_that_is_refused_as_too_old_is_drawn_anew(
    label_studio: RunningLabelStudio, personal_token: str
) -> None:
    made = scene(label_studio, [[]])
    asked: list[str] = []
    real = httpx.HTTPTransport()

    def network(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if len(asked) == 3:  # draw, whoami, then the write: our clock is late
            return httpx.Response(401, json={"detail": "Token is invalid or expired"})
        return real.handle_request(request)

    http = httpx.Client(transport=httpx.MockTransport(network), timeout=60)
    with LabelStudio(Transport(label_studio.url, personal_token, http=http)) as client:
        client.whoami()
        client.create_annotation(made.tasks[0], result("good"))
    real.close()
    assert [path for path in asked if "token" in path] == ["/api/token/refresh/"] * 2
    assert len(label_studio.as_("admin").task(made.tasks[0]).annotations) == 1


def test_a_token_that_was_taken_back_is_refused(label_studio: RunningLabelStudio, personal_token: str) -> None:
    spoiled = personal_token[:-4] + ("AAAA" if not personal_token.endswith("AAAA") else "BBBB")
    with (
        LabelStudio.connect(label_studio.url, spoiled) as client,
        pytest.raises(Unauthorized, match="Is label_studio_token right and still valid") as refused,
    ):
        client.whoami()
    assert spoiled not in str(refused.value)


def all_since(client: LabelStudio, project: int, since: int, limit: int) -> list[list[RemoteTask]]:
    return list(client.tasks_updated_since(project, since, limit))


def set_times(label_studio: RunningLabelStudio, project: int, times: list[str]) -> None:
    """Give the project's tasks, by id, these times of change, as one bulk action does."""
    with closing(sqlite3.connect(label_studio.server.folder / "label_studio.sqlite3")) as database:
        ids = [row[0] for row in database.execute("SELECT id FROM task WHERE project_id = ? ORDER BY id", (project,))]
        rows = list(zip(times, ids, strict=True))
        database.executemany("UPDATE task SET updated_at = ? WHERE id = ?", rows)
        database.commit()


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_many_tasks_of_one_instant_are_all_found_whatever_the_page(
    limit: int, label_studio: RunningLabelStudio
) -> None:
    made = crowded(label_studio)
    pages = all_since(label_studio.as_("admin"), made, 0, limit)
    ids = [task.id for page in pages for task in page]
    assert sorted(set(ids)) == sorted(task.id for task in label_studio.as_("admin").tasks_after(made, 0, 100))
    times = [task.updated_at for page in pages for task in page]
    assert times == sorted(times)


_crowded: dict[str, int] = {}


def crowded(label_studio: RunningLabelStudio) -> int:
    """A project of 12 tasks that changed at four instants: 1, 6, 1 and 4 of them."""
    if label_studio.url not in _crowded:
        made = scene(label_studio, [[]] * 12)
        instants = ["08:00:00", *["08:00:00.000001"] * 6, "08:00:00.000002", *["09:00:00.500000"] * 4]
        set_times(label_studio, made.project, [f"2026-01-01 {instant}" for instant in instants])
        _crowded[label_studio.url] = made.project
    return _crowded[label_studio.url]


def test_a_page_begins_at_the_instant_asked_for(label_studio: RunningLabelStudio) -> None:
    client, project = label_studio.as_("admin"), crowded(label_studio)
    newest = client.newest_change(project)
    assert sum(map(len, all_since(client, project, newest, 100))) == 4
    assert all_since(client, project, newest + 1, 100) == []


def test_nothing_is_missed_while_people_work(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [[]] * 12)
    worker = label_studio.as_("annotator")
    seen: dict[int, int] = {}
    for number, page in enumerate(admin.tasks_updated_since(made.project, 0, limit=4)):
        seen |= {task.id: len(task.annotations) for task in page}
        if number < 3:  # a task of the page that was read, and one that was not: both move to the end
            for task in (made.tasks[4 * number], made.tasks[11 - number]):
                worker.create_annotation(task, result("good"))
    assert set(seen) == set(made.tasks)
    assert sum(seen.values()) == 6


def test_two_thousand_tasks_and_more_are_paged_through(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["good"] if place % 100 == 0 else [] for place in range(2100)])
    stamps = [one for page, _ in admin.task_stamps(made.project) for one in page]
    assert [stamp.id for stamp in stamps] == sorted(made.tasks)
    assert sum(len(stamp.annotations) for stamp in stamps) == 21
    assert [task.id for task in admin.tasks_after(made.project, made.tasks[-4], 10)] == made.tasks[-3:]


def test_lists_and_single_tasks_say_the_same(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [["good", "bad"]])
    label_studio.as_("annotator").create_annotation(made.tasks[0], [], was_cancelled=True, lead_time=3.0)
    listed = admin.tasks_after(made.project, 0, 10)[0]
    single = admin.task(made.tasks[0])
    assert sorted(listed.annotations, key=lambda one: one.id) == sorted(single.annotations, key=lambda one: one.id)
    assert (listed.data, listed.meta, listed.overlap) == (single.data, single.meta, single.overlap)
    (((stamp,), _),) = admin.task_stamps(made.project)
    assert stamp.annotations == {one.id for one in listed.annotations}


def test_the_annotations_of_a_deleted_user_are_still_read(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [[]])
    headers = {"Authorization": f"Token {label_studio.person('admin').token}"}
    with httpx.Client(base_url=label_studio.url, headers=headers, timeout=60) as raw:
        number = raw.post("/api/users/", json={"email": "gone@example.com", "username": "gone"}).json()["id"]
        admin.create_annotation(made.tasks[0], result("good"), completed_by=number)
        assert raw.delete(f"/api/users/{number}/").status_code == 204
    assert all(one.completed_by is None for one in admin.task(made.tasks[0]).annotations)
    with pytest.raises(Rejected, match="completed_by: Invalid pk"):
        admin.create_annotation(made.tasks[0], result("good"), completed_by=number)


def test_a_task_whose_data_somebody_made_a_list_of_is_refused_aloud(label_studio: RunningLabelStudio) -> None:
    made = scene(label_studio, [[], []])
    url, token = label_studio.url, label_studio.person("admin").token
    with LabelStudio(Transport(url, token, sleep=lambda _: None)) as client:
        with pytest.raises(ServerFault, match="object has no attribute 'keys'"):  # Label Studio fails, and stored it
            client.update_task(made.tasks[0], data=[1, 2])
        with pytest.raises(ServerFault, match=r"failed \(500\): list index out of range"):  # and so its list fails
            client.tasks_after(made.project, 0, 10)


def test_an_annotation_with_an_id_of_ours_is_stored_once(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [[]])
    key = "0f2a7c34-9d3e-5f0b-8a55-3d6c9b1e7f40"
    assert admin.create_annotation(made.tasks[0], result("good"), unique_id=key) is not None
    assert admin.create_annotation(made.tasks[0], result("bad"), unique_id=key) is None
    (one,) = admin.task(made.tasks[0]).annotations
    assert [chosen(answer) for answer in read_answers(parse(XML), one.result).values()] == [("good",)]


def test_a_version_without_predictions_is_none(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    made = scene(label_studio, [[]])
    with pytest.raises(Rejected, match="Model version doesn't exist"):
        admin.update_project(made.project, model_version="v1")
    admin.import_predictions(made.project, [{"task": made.tasks[0], "result": [], "score": 0.5, "model_version": "v1"}])
    admin.update_project(made.project, model_version="v1")
    assert admin.model_versions(made.project) == {"v1": 1}
    admin.delete_model_version(made.project, "v1")
    assert admin.model_versions(made.project) == {}


def test_what_is_not_there_is_not_found(label_studio: RunningLabelStudio) -> None:
    admin = label_studio.as_("admin")
    for ask in (admin.project, admin.task, admin.delete_task, admin.delete_project):
        with pytest.raises(NotFound):
            ask(999_999)
    with pytest.raises(NotFound):
        admin.import_tasks(999_999, [{"data": {"text": "x"}}])
