"""The Label Studio format in the real Label Studio: what is imported there says what the version says."""

import json
from pathlib import Path

import pytest

from sync.exports.exported import Exported
from sync.exports.writing import export
from sync.pull import pull
from sync.store import label_versions
from sync.store.engine import Store
from sync.versions.creating import create
from sync.versions.gathering import content_of, gather

from ...conftest import RunningLabelStudio
from ...end_to_end.scenes import services
from .stage import labels
from .test_exports import ALL, CONFIG, content

pytestmark = pytest.mark.label_studio


def test_an_export_is_imported_as_ground_truth_with_the_same_labels(
    label_studio: RunningLabelStudio, store: Store, tmp_path: Path
) -> None:
    of, outside = content(), services(label_studio, store)
    export(Exported(7, 3, None, of, CONFIG, CONFIG.controls), tmp_path / "x.json", "label-studio")
    project = outside.gateway.create_project("Imported", ALL).id
    ids = outside.gateway.import_tasks(project, json.loads((tmp_path / "x.json").read_text(encoding="utf-8")))
    key = pull(store, outside.gateway, project, outside.clock).project
    with store.read() as connection:
        gathered = gather(connection, key, None)
    found = content_of(gathered, outside.settings)
    numbers = dict(zip(ids, (1, 2, 3), strict=True))
    said = {(numbers[task], control): answer for (task, control), answer in labels(found).items()}
    # Who finished an annotation has answered every control that marks: with nothing, where nothing is there.
    assert said == {**labels(of), (2, "entities"): {"Regions": [[]]}}
    assert {found.label(place).source for place in found.labelled()} == {"ground_truth"}
    assert {found.confidence(place) for place in found.labelled()} == {1.0}
    assert found.task(ids[0]).size == (200.0, 400.0)
    version = create(store, key, outside.settings, outside.clock).version
    with store.read() as connection:
        assert labels(label_versions.content(connection, key, version)) == labels(found)
