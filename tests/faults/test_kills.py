"""Killed anywhere, the next run finishes what was begun, and nothing is there twice.

A run is a row of events: requests to Label Studio and to the ML backend, and commits of the store. It is stopped at
one of them, run again without harm, and both worlds must be what an undisturbed run makes of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest

from sync.errors import TiebreakError

from ..conftest import RunningLabelStudio
from .checks import Scene, what_is_wrong
from .fuse import Fuse, How, Killed
from .sample import ALL, SECONDS, sample
from .scenes import first_run, later_run
from .survived import Record, tell

FIRST: Mapping[How, int] = {"before": 2, "after": 1, "unheard": 0, "late": 1}
LATER: Mapping[How, int] = {"before": 1, "after": 1, "unheard": 1, "late": 0}
"""How many events a sample takes."""
READS = ("GET", "backend GET", "commit")
MADE_ONCE = ("POST /api/projects/", "POST /api/dm/views/", "POST /api/webhooks/")
STOPS_AT: Mapping[How, Callable[[str], bool]] = {
    "before": lambda _: True,
    "after": lambda name: not name.startswith(READS),
    "unheard": lambda name: not name.startswith(READS),
    "late": lambda name: not name.startswith(READS) and name not in MADE_ONCE,
}
"""One run sweeps and the next does not, so that what stands at a place may be another event than in the first run."""
HISTORY = ("local.tasks", "local.rounds", "local.round_tasks")
"""What was there for a while and was removed stays in the store's history; what arrives late makes another round."""
pytestmark = [pytest.mark.label_studio, pytest.mark.faults, pytest.mark.timeout(SECONDS)]


@pytest.fixture(scope="module")
def first(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with first_run(label_studio, tmp_path_factory.mktemp("first")) as made:
        yield made


@pytest.fixture(scope="module")
def later(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with later_run(label_studio, tmp_path_factory.mktemp("later")) as made:
        yield made


def places(events: Sequence[str], how: How, count: int) -> list[int]:
    """Where to stop. Reads change nothing, so stopping after one is stopping before what follows.

    A review project, its tab or its webhook that is made late is there twice: `tiebreak doctor` finds that.
    """
    stops_at = STOPS_AT[how]
    return sample([place for place, name in enumerate(events) if stops_at(name)], how, count)


def check(scene: Scene, how: How, stops: Sequence[int], record: Record) -> None:
    ready = scene.stage
    failures = []
    survived = 0
    for place in stops:
        ready.put_back()
        fuse = Fuse(place, how, STOPS_AT[how])
        try:
            ready.run(fuse)
        except (Killed, TiebreakError):
            pass
        else:
            # The ML backend may be down, and an annotation has an id of ours: the run goes on.
            assert fuse.blew is None or fuse.blew.startswith("backend") or "/annotations" in fuse.blew
        ready.bury()
        ready.run()
        if how == "late":
            fuse.land()
            ready.run()
            ready.run()
        wrong = what_is_wrong(scene, _history(how, fuse.blew or ""))
        survived += not wrong
        if wrong:
            failures += [f"{how} event {place} of {len(scene.events)}, {fuse.blew}:", *wrong]
    tell(record, len(stops), survived)
    assert not failures, "\n".join(failures)


def _history(how: How, event: str) -> Sequence[str]:
    """What need not be the same. Where the ML backend was lost, a queue without its opinion was pushed first."""
    without_opinion = ("local.rounds", "audit.review renewed") if event.startswith("backend") else ()
    return (*without_opinion, *HISTORY) if how == "late" else without_opinion


@pytest.mark.parametrize("how", [how for how, count in FIRST.items() if count or ALL])
def test_a_first_run_that_was_stopped_is_finished_by_the_next(how: How, first: Scene, record_property: Record) -> None:
    check(first, how, places(first.events, how, FIRST[how]), record_property)


@pytest.mark.parametrize("how", [how for how, count in LATER.items() if count or ALL])
def test_a_later_run_that_was_stopped_is_finished_by_the_next(how: How, later: Scene, record_property: Record) -> None:
    check(later, how, places(later.events, how, LATER[how]), record_property)


@pytest.mark.parametrize("how", ["before", "after", "unheard"])
def test_a_review_that_was_about_to_be_withdrawn_is_hidden_by_the_next_run(
    how: How, later: Scene, record_property: Record
) -> None:
    """Stopped at the request that hides it, and, unless that is heard, at the commit that says so."""
    hides = hiding(later.events)
    check(later, how, [*hides, *(place + 1 for place in hides if how == "before")], record_property)


@pytest.mark.parametrize("how", ["before", "after", "unheard"])
def test_labels_that_are_put_back_are_gone_on_with_where_a_run_stopped(
    how: How, later: Scene, record_property: Record
) -> None:
    """Stopped at the second of two, when one is written, and, unless that is heard, at the commit that says so."""
    writes = [place for place, name in enumerate(later.events) if name.startswith("POST /api/tasks/")][1:2]
    check(later, how, [*writes, *(place + 1 for place in writes if how == "before")], record_property)


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
    written = [row for row in later.expected["audit"]["ground truth"] if "annotation" in row]
    assert len(written) == 3, "a ruling and two labels that were put back"
    assert any("'withdrawn'" in row for row in later.expected["local"]["reviews"])
    assert any(name.startswith("DELETE /api/projects/") for name in later.events)
