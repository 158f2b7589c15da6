"""``tiebreak serve`` makes the next round as soon as there is a model that no round has shown."""

from pathlib import Path

import pytest

from sync.backend import Backend
from sync.opening import Services
from sync.round_scoring import project_key
from sync.runner import scheduler
from sync.store import projects, summaries
from sync.store.engine import open_store

from ..conftest import RunningLabelStudio, clock
from ..faults.stage import SECRET, stage
from .scenes import result, scene

pytestmark = pytest.mark.label_studio


def test_a_model_that_was_learned_while_a_run_was_at_work_is_listened_to(
    label_studio: RunningLabelStudio, tmp_path: Path
) -> None:
    made = scene(label_studio, [["good"], []])
    with stage(label_studio, tmp_path, made.project, round_seconds=0) as ready:
        store, backend = open_store(ready.url), Backend(ready.backend.url, SECRET)
        planned = scheduler(Services(store, label_studio.as_("admin"), backend, ready.settings(), clock))
        # The small backend learns at once: when the run ends it is idle again, with another model.
        asked = planned.run(made.project)
        with store.read() as connection:
            source = projects.source(connection, made.project)
            assert asked == project_key(source)
            assert {"model", "drift"} <= set(summaries.stamps(connection, source.key)), (
                "what the page of the model shows"
            )
        assert planned.run(made.project) is None, "nothing is new: the scheduler does not go round in circles"
        label_studio.as_("annotator").create_annotation(made.tasks[1], result("bad"))
        assert planned.run(made.project) == asked
        backend.close()
        store.close()
