"""Predictions go in parts: a round that was killed between two of them leaves nothing behind."""

import httpx
import pytest

from sync.labelstudio.client import LabelStudio
from sync.labelstudio.transport import Transport
from sync.refresh import switch_version

from ..conftest import RunningLabelStudio
from ..end_to_end.scenes import scene
from .fuse import Fuse, Killed, Network

pytestmark = [pytest.mark.label_studio, pytest.mark.faults]


def test_a_round_killed_between_two_parts_is_replaced_by_the_next(label_studio: RunningLabelStudio) -> None:
    made = scene(label_studio, [[]] * 3)
    rows = [{"task": task, "score": place / 3, "result": []} for place, task in enumerate(made.tasks)]
    http = httpx.Client(transport=Network(Fuse(1, "before")), timeout=60)
    token = label_studio.person("admin").token
    transport = Transport(label_studio.url, token, http=http)
    with LabelStudio(transport, at_once=2) as dying, pytest.raises(Killed):
        switch_version(dying, made.project, "tiebreak-1.1", rows, ours="tiebreak-")
    admin = label_studio.as_("admin")
    assert admin.model_versions(made.project) == {"tiebreak-1.1": 2}
    switch_version(admin, made.project, "tiebreak-1.2", rows, ours="tiebreak-")
    assert admin.model_versions(made.project) == {"tiebreak-1.2": 3}
    assert admin.project(made.project).model_version == "tiebreak-1.2"
