"""The demo run otherwise: stopped early, in a folder that is somebody's, on a real crowd, on what it cannot read."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.quality.consensus import every_method

from .running import PROGRAM, run_demo

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(400)]


@pytest.fixture
def staying(executable: Path, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A demo that stays up, ended whatever happens."""
    process = subprocess.Popen(
        [PROGRAM, "demo", "--data", str(tmp_path / "demo")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    yield process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


def test_ctrl_c_stops_everything_while_it_starts(staying: "subprocess.Popen[str]", tmp_path: Path) -> None:
    log = tmp_path / "demo" / "tiebreak-ml.log"
    end = time.monotonic() + 60
    while not log.exists() and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(2)
    staying.send_signal(signal.SIGINT)
    out, _ = staying.communicate(timeout=60)
    assert staying.returncode == 130
    assert "Traceback" not in out
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(tmp_path / "demo") not in running.replace(f"--data {tmp_path / 'demo'}", "")


def test_a_folder_with_other_files_is_not_touched(executable: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious", encoding="utf-8")
    done = run_demo(tmp_path, "--once")
    assert done.code == 1
    assert "holds other files: name another folder with --data" in done.err.replace("\n", " ")
    assert [place.name for place in tmp_path.iterdir()] == ["mine.txt"]


def of_some_people(place: Path, people: int) -> float:
    """Leave the answers of the first so many people in an export; Krippendorff's alpha of them, by hand.

    Everybody answered every task, yes or no: what differs within tasks over what would differ by chance.
    """
    tasks = json.loads(place.read_text(encoding="utf-8"))
    for task in tasks:
        task["annotations"] = [one for one in task["annotations"] if one["completed_by"] <= people]
        assert len(task["annotations"]) == people
    place.write_text(json.dumps(tasks), encoding="utf-8")
    yes: list[int] = [
        sum(one["result"][0]["value"]["choices"] == ["1"] for one in task["annotations"]) for task in tasks
    ]
    answers = people * len(tasks)
    observed = sum(2 * count * (people - count) for count in yes) / (answers * (people - 1))
    return 1 - observed * answers * (answers - 1) / (2 * sum(yes) * (answers - sum(yes)))


def test_real_crowd_data_by_dataset(executable: Path, shared_data: Path, tmp_path: Path) -> None:
    """Eight of the 39 people: the figures of all of them are in tests/quality."""
    made = tmp_path / "bluebirds"
    converter = shared_data.parent / "tools" / "to_label_studio.py"
    subprocess.run([sys.executable, str(converter), str(shared_data / "bluebirds"), str(made)], check=True)
    alpha = of_some_people(made / "export.json", 8)
    done = run_demo(tmp_path / "demo", "--once", "--json", "--dataset", str(made))
    assert done.code == 0, done.err
    report = done.report
    assert report["project"] == {"id": 1, "tasks": 108, "annotations": 864, "annotators": 8}
    (agreement,) = report["agreement"].values()
    assert agreement["krippendorff_alpha"]["value"] == pytest.approx(alpha, abs=5e-5)
    assert report["consensus"]["method"] in every_method()
    assert report["consensus"]["accuracy"] > 0.6
    assert report["review"]["order_exact"] is True


def test_a_dataset_that_cannot_be_read_starts_nothing(executable: Path, tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo", "--once", "--json", "--dataset", str(tmp_path))
    assert done.code == 1
    assert "label_config.xml: cannot be read: No such file or directory" in done.err.replace("\n", " ")
    assert "Traceback" not in done.err
    assert done.out == ""
    assert not (tmp_path / "demo" / "label-studio").exists()
