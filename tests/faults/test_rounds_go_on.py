"""A round that was killed goes on: what was scored is not scored again, what was sent is not sent again."""

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import scene
from .fuse import Fuse, How, Killed, nth
from .stage import Stage, stage

pytestmark = [pytest.mark.label_studio, pytest.mark.faults, pytest.mark.timeout(180)]

TASKS, PART = 7, 2  # a tenth is less
SENT = "POST /api/projects/{}/import/predictions"
SCORED = "backend POST /score"


@pytest.fixture(scope="module")
def ready(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = scene(label_studio, [["good"], *[[]] * TASKS])
    folder = tmp_path_factory.mktemp("rounds")
    with stage(label_studio, folder, made.project, round_part=PART, quiet_seconds=3600) as opened:
        opened.keep()
        yield opened


@pytest.fixture(scope="module")
def events(ready: Stage) -> Sequence[str]:
    """What an undisturbed run does."""
    ready.put_back()
    fuse = Fuse()
    ready.run(fuse)
    return fuse.events


def killed_at(ready: Stage, events: Sequence[str], place: int, how: How, since: str = "") -> Counter[str]:
    """What the killed run and the one after it did together; there is one prediction a task, under one version.

    One run sweeps and another does not: the event is found by its name and number, counted from the first ``since`` on.
    """
    ready.put_back()
    counted = events[events.index(since) if since else 0 : place]
    first, second = Fuse(0, how, nth(events[place], counted.count(events[place]), since)), Fuse()
    with pytest.raises(Killed):
        ready.run(first)
    ready.bury()
    ready.run(second)
    admin = ready.studio.as_("admin")
    assert list(admin.model_versions(ready.project).values()) == [TASKS]
    predictions = admin.predictions(project=ready.project)
    assert sorted(one.score or 0 for one in predictions) == [place / TASKS for place in range(TASKS)]
    assert {one.model_version for one in predictions} == {admin.project(ready.project).model_version}
    return Counter([*first.events, *second.events])


def test_an_undisturbed_round_goes_in_parts(ready: Stage, events: Sequence[str]) -> None:
    assert events.count(SENT.format(ready.project)) == -(-TASKS // PART)
    assert events.count(SCORED) == 2, "the servable tasks, and the answered one"


def places(events: Sequence[str], name: str) -> list[int]:
    return [place for place, one in enumerate(events) if one == name]


@pytest.mark.parametrize(("how", "part"), [("before", 0), ("after", 1), ("before", 3), ("after", 3)])
def test_parts_that_were_sent_are_not_sent_again(ready: Stage, events: Sequence[str], how: How, part: int) -> None:
    sent = SENT.format(ready.project)
    done = killed_at(ready, events, places(events, sent)[part], how)
    assert done[sent] == -(-TASKS // PART) + (how == "before"), "a part that was never sent counts as asked for, too"
    assert done[SCORED] == 2


def test_between_two_commits_of_a_round_nothing_is_lost(ready: Stage, events: Sequence[str]) -> None:
    sent = SENT.format(ready.project)
    first, last = places(events, sent)[0], places(events, sent)[-1]
    for place in range(first, last + 6):
        if events[place] == "commit":
            done = killed_at(ready, events, place, "before", since=sent)
            assert done[SCORED] == 2
            assert done[sent] == -(-TASKS // PART)


def test_a_round_that_was_killed_while_the_backend_answered_is_scored_again(
    ready: Stage, events: Sequence[str]
) -> None:
    assert killed_at(ready, events, places(events, SCORED)[0] + 1, "before")[SCORED] == 3


def test_the_last_steps_are_made_good_without_sending_anything(ready: Stage, events: Sequence[str]) -> None:
    sent = SENT.format(ready.project)
    for name in (f"PATCH /api/projects/{ready.project}/", "backend POST /round", SCORED):
        done = killed_at(ready, events, places(events, name)[-1], "after")
        assert done[sent] == -(-TASKS // PART), name


def test_what_was_deleted_meanwhile_is_known_when_a_round_goes_on(ready: Stage, events: Sequence[str]) -> None:
    ready.put_back()
    admin = ready.studio.as_("admin")
    with pytest.raises(Killed):
        ready.run(Fuse(0, "before", nth(SENT.format(ready.project), 0)))
    ready.bury()
    tasks = [task.id for task in admin.tasks_after(ready.project, 0, 100)]
    admin.delete_task(tasks[-1])
    ready.run()
    found = {one.task: one for one in admin.predictions(project=ready.project)}
    assert sorted(found) == tasks[1:-1]
    assert sorted(one.score or 0 for one in found.values()) == [place / TASKS for place in range(TASKS - 1)]
