"""Killed anywhere, the next run finishes what was begun, and nothing is there twice.

A run is a row of events: requests to Label Studio and to the ML backend, and commits of the store. It is stopped at
one of them, run again without harm, and both worlds must be what an undisturbed run makes of them.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from sync.errors import TiebreakError
from sync.store.audit_check import verify
from sync.store.engine import open_store

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import result, review_projects, ruling, scene
from .fuse import Fuse, How, Killed
from .stage import Stage, stage

CHOSEN = os.environ.get("TIEBREAK_FAULTS", "0")
"""``all``, or the seed of the sample."""
ALL = CHOSEN == "all"
FIRST: Mapping[How, int] = {"before": 2, "after": 1, "unheard": 0, "late": 1}
LATER: Mapping[How, int] = {"before": 1, "after": 1, "unheard": 1, "late": 0}
"""How many events a sample takes."""
READS = ("GET", "backend GET", "commit")
MADE_ONCE = ("POST /api/projects/", "POST /api/dm/views/", "POST /api/webhooks/")
HISTORY = ("local.tasks", "local.rounds")
"""What was there for a while and was removed stays in the store's history."""
pytestmark = [pytest.mark.label_studio, pytest.mark.faults, pytest.mark.timeout(3600 if ALL else 180)]

SPLIT = ["good", "bad", "none"]
PAIR = ["bad", "good"]
SAME = ["good", "good", "good"]


@dataclass(frozen=True)
class Scene:
    """A stage before a run, what the run does where nothing disturbs it, and both worlds after it."""

    stage: Stage
    events: Sequence[str]
    expected: Mapping[str, Any]


def prepared(ready: Stage) -> Scene:
    ready.keep()
    fuse = Fuse()
    ready.run(fuse)
    return Scene(ready, fuse.events, ready.worlds())


@pytest.fixture(scope="module")
def first(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Nothing was ever run: everything is pulled, learned, scored, made and pushed."""
    made = scene(label_studio, [SPLIT, SAME, [], ["good"]])
    with stage(label_studio, tmp_path_factory.mktemp("first"), made.project) as ready:
        yield prepared(ready)


@pytest.fixture(scope="module")
def later(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Since the last run: a ruling, an edit, a deletion, a skip, new answers, another band, a task more urgent.

    And people who agree meanwhile, so that a review is withdrawn.
    """
    admin = label_studio.as_("admin")
    made = scene(label_studio, [SPLIT, PAIR, SAME, [], ["good"], [], PAIR])
    with stage(label_studio, tmp_path_factory.mktemp("later"), made.project) as ready:
        ready.run()
        reviewer = label_studio.as_("reviewer")
        task = reviewer.next_task(review_projects(admin, made.project)[0].id)
        assert task is not None
        reviewer.create_annotation(task.id, ruling("bad"))
        label_studio.as_("annotator", 2).create_annotation(made.tasks[1], result("none"))
        admin.update_annotation(admin.task(made.tasks[2]).annotations[0].id, result=result("bad"))
        label_studio.as_("annotator").create_annotation(made.tasks[3], result("bad"))
        label_studio.as_("annotator", 1).create_annotation(made.tasks[4], [], was_cancelled=True)
        admin.delete_task(made.tasks[5])
        agreed = next(one for one in admin.task(made.tasks[6]).annotations if one.result == result("bad"))
        admin.update_annotation(agreed.id, result=result("good"))
        yield prepared(ready)


def places(events: Sequence[str], how: How, sample: int) -> list[int]:
    """Where to stop. Reads change nothing, so stopping after one is stopping before what follows.

    A review project, its tab or its webhook that is made late is there twice: `tiebreak doctor` finds that.
    """
    made = MADE_ONCE if how == "late" else ()
    writes = [place for place, name in enumerate(events) if not name.startswith(READS) and name not in made]
    found = list(range(len(events))) if how == "before" else writes
    return found if ALL else sorted(random.Random(f"{CHOSEN}{how}").sample(found, sample))


def check(scene: Scene, how: How, stops: Sequence[int]) -> None:
    ready = scene.stage
    failures = []
    for place in stops:
        ready.put_back()
        fuse = Fuse(place, how)
        try:
            ready.run(fuse)
        except (Killed, TiebreakError):
            pass
        else:
            # The ML backend may be down, and an annotation has an id of ours: the run goes on.
            assert scene.events[place].startswith("backend") or "/annotations" in scene.events[place]
        ready.bury()
        ready.run()
        if how == "late":
            fuse.land()
            ready.run()
            ready.run()
        wrong = difference(ready.worlds(), scene.expected, _history(how, scene.events[place]))
        if wrong:
            failures += [f"{how} event {place} of {len(scene.events)}, {scene.events[place]}:", *wrong]
        failures += broken_chain(ready.url)
    assert not failures, "\n".join(failures)


def broken_chain(url: str) -> list[str]:
    """What is wrong with the audit chain."""
    store = open_store(url)
    found = verify(store)
    store.close()
    return [f"audit event {fault.event}: {fault.what}" for fault in found.faults]


def _history(how: How, event: str) -> Sequence[str]:
    """What need not be the same. Where the ML backend was lost, a queue without its opinion was pushed first."""
    return HISTORY if how == "late" else ("local.rounds",) if event.startswith("backend") else ()


def difference(found: Mapping[str, Any], expected: Mapping[str, Any], ignored: Sequence[str]) -> list[str]:
    return [
        f"{sign} {world}.{table}: {row}"
        for world in expected
        for table in expected[world]
        if f"{world}.{table}" not in ignored
        for sign, some, others in (
            ("too much", found[world][table], expected[world][table]),
            ("missing ", expected[world][table], found[world][table]),
        )
        for row in (Counter(some) - Counter(others)).elements()
    ]


@pytest.mark.parametrize("how", [how for how, sample in FIRST.items() if sample or ALL])
def test_a_first_run_that_was_stopped_is_finished_by_the_next(how: How, first: Scene) -> None:
    check(first, how, places(first.events, how, FIRST[how]))


@pytest.mark.parametrize("how", [how for how, sample in LATER.items() if sample or ALL])
def test_a_later_run_that_was_stopped_is_finished_by_the_next(how: How, later: Scene) -> None:
    check(later, how, places(later.events, how, LATER[how]))


@pytest.mark.parametrize("how", ["before", "after", "unheard"])
def test_a_review_that_was_about_to_be_withdrawn_is_hidden_by_the_next_run(how: How, later: Scene) -> None:
    """Stopped at the request that hides it, and, unless that is heard, at the commit that says so."""
    hides = hiding(later.events)
    check(later, how, [*hides, *(place + 1 for place in hides if how == "before")])


def hiding(events: Sequence[str]) -> list[int]:
    """Where the review task is hidden: no task is changed before."""
    return [place for place, name in enumerate(events) if name.startswith("PATCH /api/tasks/")][:1]


def test_an_undisturbed_run_does_what_these_tests_are_about(first: Scene, later: Scene) -> None:
    for events in (first.events, later.events):
        assert any(name.endswith("/import") for name in events)
        assert any(name.endswith("/import/predictions") for name in events)
        assert "backend POST /train" in events
    assert any(name.startswith("POST /api/tasks/") for name in later.events)
    assert hiding(later.events)
    assert any("'withdrawn'" in row for row in later.expected["local"]["reviews"])
    assert any(name.startswith("DELETE /api/projects/") for name in later.events)
