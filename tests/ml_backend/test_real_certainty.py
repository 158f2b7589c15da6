"""On real texts: as sure as it is right, sets that hold the right label, and errors that are told at least as well."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from label_config.answers import Choices
from ml_backend.calibration import expected_calibration_error
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.records import Task, TrainingRow
from ml_backend.training import learn

from .scenes import only, serving
from .test_real_data import interface, texts


# Measured over five draws (python -m benchmarks calibration): calibration error .037 and .024, coverage .91 and .89.
@pytest.mark.parametrize("name", ["al_agnews", "al_sst2"])
def test_new_texts_are_what_was_promised(shared_data: Path, tmp_path: Path, name: str) -> None:
    examples = texts(shared_data / name)
    rows = [
        TrainingRow(place, "c", data, Choices((label,)), 1.0, "consensus", False, place + 1)
        for place, (data, label) in enumerate(examples[:200])
    ]
    outside = serving(tmp_path, choose_seconds=0)
    xml = interface(sorted({label for _, label in examples}))
    model = only(learn(xml, LabelSet().merged(rows, 1), outside.fetch, outside.settings))
    asked = examples[200:2200]
    tasks = [Task(10**6 + place, data) for place, (data, _) in enumerate(asked)]
    said, _ = model.think(tasks, Material([task.data for task in tasks], outside.fetch), "fused")
    wrong = np.array([one.answer != Choices((label,)) for one, (_, label) in zip(said, asked, strict=True)])
    held = [label in (one.possible or ()) for one, (_, label) in zip(said, asked, strict=True)]
    assert np.mean(held) > 0.9 - 3 * np.sqrt(0.09 / 200)  # the threshold is one order statistic of 200 answers
    assert np.mean([len(one.possible or ()) for one in said]) < 2
    sure = np.array([one.confidence or 0.0 for one in said])
    assert expected_calibration_error(sure, 1.0 - wrong) < 0.08
    areas = {name: roc_auc_score(wrong, [one.signals[name] for one in said]) for name in said[0].signals}
    assert areas["fused"] > max(areas.values()) - 0.01
    assert areas["fused"] > 0.6
