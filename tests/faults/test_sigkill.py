"""A real process of ``tiebreak run`` killed with SIGKILL around each of its calls and at each of its commits."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

import pytest

from ..conftest import ROOT, RunningLabelStudio
from .checks import Scene, what_is_wrong
from .proxy import Proxy, before
from .sample import SECONDS, sample
from .scenes import first_run, later_run
from .survived import Record, tell

pytestmark = [pytest.mark.label_studio, pytest.mark.faults, pytest.mark.timeout(SECONDS)]
PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
NEVER = 1_000_000
TRIES = 3
"""How far a run comes in one step depends on the time it has: the last of its steps are not in each run."""
RUNS = {"first": first_run, "later": later_run}
How = Literal["before", "after", "commit"]
"""``before`` the call reaches Label Studio, ``after`` it acted and before the answer is heard, at a ``commit``."""
KILLS = sample([(run, how) for run in RUNS for how in get_args(How)], "SIGKILL", 1)


class Killing:
    """A scene behind a proxy; what is killed is a process of its own."""

    def __init__(self, scene: Scene, proxy: Proxy) -> None:
        self.scene, self.proxy = scene, proxy

    def begin(self, *program: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*program, "run", str(self.scene.stage.project)],
            cwd=self.scene.stage.folder,
            env=self.scene.stage.environment() | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *program: str) -> tuple[int, str]:
        """The exit code of a run, and what it complained of."""
        process = self.begin(*program)
        _, said = process.communicate(timeout=120)
        return process.returncode, said

    def kill(self, how: How, place: int) -> list[str] | None:
        """What is wrong after a run was killed there and the next one has ended; null where none came that far."""
        for _ in range(TRIES):
            self.scene.stage.put_back()
            self.proxy.let_pass()
            code = self.run(*dying(place))[0] if how == "commit" else self._kill_at_call(how, place)
            self.proxy.let_pass()
            if code != 0:
                break
        else:
            return None
        wrong = [] if code == -9 else [f"it was not killed: exit code {code}"]
        # A process that is gone holds nothing: this one goes on at once, with nothing of it.
        self.scene.stage.run()
        return wrong + what_is_wrong(self.scene)

    def _kill_at_call(self, how: How, place: int) -> int:
        process = self.begin(PROGRAM)

        def kill(number: int, name: str) -> None:
            if number == place:
                process.kill()
                process.wait()
                if how == "before":
                    raise ConnectionAbortedError(name)

        setattr(self.proxy, how, kill)
        process.communicate(timeout=120)
        return process.returncode

    def places(self, how: How) -> Sequence[int]:
        """Everywhere that an undisturbed run can be killed."""
        self.scene.stage.put_back()
        self.proxy.let_pass()
        code, said = self.run(*dying(NEVER))
        assert code == 0, said
        commits = re.fullmatch(r"(\d+) commits\n", said)
        assert commits, said
        return range(int(commits[1]) if how == "commit" else len(self.proxy.names))


def dying(place: int) -> tuple[str, ...]:
    return (sys.executable, "-m", "tests.faults.dying", str(place))


@pytest.fixture(scope="module")
def proxy(label_studio: RunningLabelStudio) -> Iterator[Proxy]:
    with before(label_studio.url) as opened:
        yield opened


@pytest.fixture(scope="module")
def killing(
    label_studio: RunningLabelStudio,
    tmp_path_factory: pytest.TempPathFactory,
    proxy: Proxy,
    request: pytest.FixtureRequest,
) -> Iterator[Killing]:
    with RUNS[request.param](label_studio, tmp_path_factory.mktemp("killing"), proxy.url) as made:
        yield Killing(made, proxy)


@pytest.mark.parametrize(("killing", "how"), KILLS, indirect=["killing"])
def test_a_run_that_was_killed_is_finished_by_the_next(killing: Killing, how: How, record_property: Record) -> None:
    places = killing.places(how)
    chosen = sample(places, f"SIGKILL {how}", 1, times=1)
    found = {place: killing.kill(how, place) for place in chosen}
    tried = {place: wrong for place, wrong in found.items() if wrong is not None}
    failures = [
        f"killed, {how} {place} of {len(places)}: {'; '.join(wrong)}" for place, wrong in tried.items() if wrong
    ]
    tell(record_property, len(tried), len(tried) - len(failures))
    assert not failures, "\n".join(failures)
    assert len(tried) + 1 >= 0.9 * len(chosen), "runs of the same work have about as many steps"
