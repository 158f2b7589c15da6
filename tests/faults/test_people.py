"""Whatever people do in Label Studio between two syncs: what always holds, holds."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from ..conftest import RunningLabelStudio
from .people import People
from .sample import ALL, SECONDS, SEED, TIMES

EXAMPLES, STEPS = (60, 30) if ALL else (max(2, TIMES), 10)


@pytest.mark.label_studio
@pytest.mark.faults
@pytest.mark.timeout(SECONDS)
def test_after_each_sync_everything_holds(label_studio: RunningLabelStudio, tmp_path: Path) -> None:
    numbers = itertools.count(1)

    def folder() -> Path:
        made = tmp_path / str(next(numbers))
        made.mkdir()
        return made

    class Here(People):
        def __init__(self) -> None:
            super().__init__(label_studio, folder)

    machine = Here if ALL else seed(int(SEED))(Here)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.shrink) if ALL else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
