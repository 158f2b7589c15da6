"""The demo as somebody runs it: one command, a real Label Studio, real services, one JSON object."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sync.demo.embedded import find_executable
from sync.errors import DemoError
from sync.quality.consensus import every_method

from ..conftest import ROOT

pytestmark = [pytest.mark.label_studio, pytest.mark.timeout(400)]

PROGRAM = str(Path(sys.executable).with_name("tiebreak"))
CONVERTER = ROOT.parent / "shared" / "tools" / "to_label_studio.py"


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def run_demo(folder: Path, *arguments: str) -> Ran:
    command = [PROGRAM, "demo", "--data", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=390, stdin=subprocess.DEVNULL)
    return Ran(done.returncode, done.stdout, done.stderr, folder)


@pytest.fixture(scope="module")
def executable() -> Path:
    try:
        return find_executable()
    except DemoError as error:
        pytest.skip(f"no Label Studio to run the demo with: {error}")


@pytest.fixture(scope="module")
def ran(executable: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """``tiebreak demo --once --json``, run once for all that is asked of it here."""
    return run_demo(tmp_path_factory.mktemp("demo"), "--once", "--json")


def listens(url: str) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(url).port or 0)) == 0


def test_the_demo_does_all_that_it_says(ran: Ran) -> None:
    assert ran.code == 0, ran.err
    report = ran.report
    assert list(report) == ["label_studio", "project", "agreement", "consensus", "model", "review", "seconds"]
    assert report["label_studio"]["version"] == "1.23.2"
    assert report["project"] == {"id": 1, "tasks": 400, "annotations": 280, "annotators": 3}


def test_agreement_is_between_its_bounds_and_the_careless_one_lowers_it(ran: Ran) -> None:
    (digit,) = ran.report["agreement"].values()
    assert set(digit) == {"krippendorff_alpha", "percent_agreement"}
    for one in digit.values():
        assert one["low"] <= one["value"] <= one["high"]
    assert 0.4 < digit["krippendorff_alpha"]["value"] < digit["percent_agreement"]["value"] < 0.95


def test_consensus_and_model_are_measured_against_the_truth(ran: Ran) -> None:
    report = ran.report
    assert report["consensus"]["method"] in every_method()
    assert report["consensus"]["accuracy"] > 0.85
    assert report["model"]["accuracy"] > 0.8
    assert 0 <= report["model"]["ece"] < 0.2


def test_one_version_everywhere_and_the_exact_order(ran: Ran) -> None:
    report = ran.report
    assert report["model"]["version"].startswith("tiebreak-")
    assert report["model"]["versions_agree"] is True
    assert report["review"]["order_exact"] is True


def test_reviews_come_back_with_reasons_and_two_are_ruled(ran: Ran) -> None:
    review = ran.report["review"]
    assert [home["title"][:4] for home in review["projects"]] == sorted(
        home["title"][:4] for home in review["projects"]
    )
    assert review["projects"][0]["title"].startswith("[P1] ")
    assert review["reasons"]["low_agreement"] > 10
    assert (review["rulings"], review["ground_truths"]) == (2, 2)


def test_seconds_are_counted_by_part(ran: Ran) -> None:
    seconds = ran.report["seconds"]
    assert set(seconds) == {"label_studio", "annotate", "train", "refresh", "sync", "total"}
    assert sum(value for part, value in seconds.items() if part != "total") <= seconds["total"]


def test_everything_that_was_started_is_stopped(ran: Ran) -> None:
    assert not listens(ran.report["label_studio"]["url"])
    settings = (ran.folder / "tiebreak.toml").read_text(encoding="utf-8")
    urls = [line.split('"')[1] for line in settings.splitlines() if line.startswith(("backend_url", "public_url"))]
    assert len(urls) == 2
    assert not any(listens(url) for url in urls)


def test_simulated_annotators_are_named_as_simulated(ran: Ran) -> None:
    people = json.loads((ran.folder / "label-studio" / "tiebreak-accounts.json").read_text(encoding="utf-8"))
    assert all("(simulated)" in one["last_name"] for one in people if one["role"] == "annotator")


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
    subprocess.run([sys.executable, str(CONVERTER), str(shared_data / "bluebirds"), str(made)], check=True)
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
