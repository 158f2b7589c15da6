"""Every interface that ships with Label Studio: two people answer at random, and agreement on each control is said."""

import json
from pathlib import Path

import numpy as np
import pytest

from label_config.parse import parse
from sync.agreement.as_json import as_json, dumped
from sync.agreement.asked import Asked
from sync.agreement.page import page
from sync.agreement.report import report_on
from sync.evidence.predictions import Predicted
from sync.labelstudio.export_file import stream_export

from ..evidence.files import given, task, write
from ..label_config.test_controls import shipped
from .annotators import result_of

INTERFACES = shipped()
LONG = "a text that no span leaves " * 100


@pytest.mark.parametrize(("name", "xml"), INTERFACES or [("", "")], ids=[name for name, _ in INTERFACES] or ["none"])
def test_agreement_on_every_control_is_defined_or_says_why_not(name: str, xml: str, tmp_path: Path) -> None:
    if not INTERFACES:
        pytest.skip("no Label Studio here: its interfaces cannot be read (set TIEBREAK_LABEL_STUDIO)")
    config, rng = parse(xml), np.random.default_rng(len(name))
    tasks = [
        task(number, [given(10 * number + person, person, result_of(config, rng)) for person in (1, 2)], text=LONG)
        for number in range(1, 5)
    ]
    twice = result_of(config, rng)
    tasks.append(task(5, [given(51, 1, twice), given(52, 2, twice)], text=LONG))
    write(tmp_path, tasks, xml)
    report = report_on(
        name, config, stream_export(tmp_path / "export.json"), Asked(bootstrap=20), Predicted(), excerpts=True
    )
    found = json.loads(dumped(as_json(report)))
    assert found["excluded"]["rejected"] == []
    for control, one in found["controls"].items():
        assert one["annotations"] >= 8, f"{control}: {one['type']} was not answered"
        same = [detail["agreement"] for detail in one["tasks_detail"] if detail["task"] == 5]
        assert same in ([1], []), control
        for estimate in one["coefficients"].values():
            assert estimate["value"] is not None or estimate["reason"]
    assert "What was left out" in page(report)
