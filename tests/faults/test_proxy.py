"""Each call of a run harmed on its way to the real Label Studio: the next run makes good what that did."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from sync.errors import LabelStudioError

from ..conftest import RunningLabelStudio
from .checks import Scene, what_is_wrong
from .proxy import FAULTS, PATIENCE, Proxy, before
from .sample import SECONDS, sample
from .scenes import first_run, later_run
from .survived import Record, tell

pytestmark = [pytest.mark.label_studio, pytest.mark.faults, pytest.mark.timeout(SECONDS)]
RUNS = {"first": first_run, "later": later_run}
HARM = sample([(run, fault) for run in RUNS for fault in FAULTS], "harm", 2)


@dataclass(frozen=True)
class Harmed:
    """A scene behind a proxy, and the calls that its undisturbed run makes."""

    scene: Scene
    proxy: Proxy
    calls: Sequence[str]


@pytest.fixture(scope="module")
def proxy(label_studio: RunningLabelStudio) -> Iterator[Proxy]:
    with before(label_studio.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def harmed(
    label_studio: RunningLabelStudio,
    tmp_path_factory: pytest.TempPathFactory,
    proxy: Proxy,
    request: pytest.FixtureRequest,
) -> Iterator[Harmed]:
    with RUNS[request.param](label_studio, tmp_path_factory.mktemp("harmed"), proxy.url) as made:
        yield Harmed(made, proxy, calls(made))


def calls(made: Scene) -> list[str]:
    return [name for name in made.events if name != "commit" and not name.startswith("backend")]


def harm(harmed: Harmed, fault: str, place: int) -> list[str]:
    """What is wrong after a harmed run and the next one."""
    scene, proxy = harmed.scene, harmed.proxy
    scene.stage.put_back()
    proxy.let_pass()
    proxy.faults = {place: FAULTS[fault]}
    wrong = []
    try:
        scene.stage.run(patience=PATIENCE if fault == "delayed" else 30)
    except LabelStudioError as error:
        if fault == "429":
            wrong.append(f"it was told when to ask again: {error}")
    if len(proxy.names) <= place:
        wrong.append("no such call was made")
    proxy.let_pass()
    scene.stage.run()
    return wrong + what_is_wrong(scene)


@pytest.mark.parametrize(("harmed", "fault"), HARM, indirect=["harmed"])
def test_a_run_whose_call_was_harmed_is_finished_by_the_next(
    harmed: Harmed, fault: str, record_property: Record
) -> None:
    places = sample(range(len(harmed.calls)), fault, 1, times=1)
    failures: list[str] = []
    survived = 0
    for place in places:
        wrong = harm(harmed, fault, place)
        survived += not wrong
        failures += [f"{fault}, call {place} of {len(harmed.calls)}, {harmed.calls[place]}:", *wrong] if wrong else []
    tell(record_property, len(places), survived)
    assert not failures, "\n".join(failures)
