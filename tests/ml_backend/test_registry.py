import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ml_backend.errors import RegistryError, UnknownProject
from ml_backend.files import alone
from ml_backend.registry import Registry, check_project, number

from .scenes import PROJECT, learned, sentiment_rows, serving

STEPS = ["draft", "rename", "pointer", "done"]
KILLED = """
import os, signal, sys
from pathlib import Path
from ml_backend.registry import Registry
registry = Registry(Path(sys.argv[1]))
model = registry.load(sys.argv[2], "tiebreak-1")
def step(name):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
registry.publish(sys.argv[2], model, step)
"""

MANY = """
import sys
from pathlib import Path
from ml_backend.registry import Registry
registry = Registry(Path(sys.argv[1]))
model = registry.load(sys.argv[2], "tiebreak-1")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    print(registry.publish(sys.argv[2], model).version, flush=True)
    registry.prune(sys.argv[2], 1000, [])
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry whose project has one version. Copy it before changing anything."""
    folder = tmp_path_factory.mktemp("registry")
    assert learned(serving(folder), sentiment_rows(40)) is not None
    return folder


@pytest.fixture
def registry(original: Path, tmp_path: Path) -> Registry:
    subprocess.run(["cp", "-r", f"{original}/.", str(tmp_path)], check=True)
    return Registry(tmp_path)


def again(registry: Registry) -> Registry:
    """The same folder as another process would see it."""
    return Registry(registry.root)


def publish(registry: Registry) -> str:
    return registry.publish(PROJECT, registry.load(PROJECT, "tiebreak-1")).version


def test_versions_count_from_one_and_the_newest_is_live(registry: Registry) -> None:
    assert [publish(registry), publish(registry)] == ["tiebreak-2", "tiebreak-3"]
    assert again(registry).versions(PROJECT) == ["tiebreak-1", "tiebreak-2", "tiebreak-3"]
    assert again(registry).pointer(PROJECT) == "tiebreak-3"


def test_a_number_is_never_used_twice(registry: Registry) -> None:
    publish(registry)
    registry.roll_back(PROJECT, "tiebreak-1")
    subprocess.run(["rm", "-r", str(registry.folder(PROJECT) / "versions" / "tiebreak-2")], check=True)
    assert publish(again(registry)) == "tiebreak-3"


def test_halves_of_characters_are_kept(registry: Registry) -> None:
    odd = {"control \ud800": ["such as \udfff"]}
    model = dataclasses.replace(registry.load(PROJECT, "tiebreak-1"), notes=odd)
    assert again(registry).load(PROJECT, registry.publish(PROJECT, model).version).notes == odd


def test_the_models_of_many_projects_are_read_once(registry: Registry) -> None:
    projects = [PROJECT, *(f"{number}.1" for number in range(30))]
    for project in projects[1:]:
        subprocess.run(["cp", "-r", str(registry.folder(PROJECT)), str(registry.folder(project))], check=True)
    first = [registry.load(project, "tiebreak-1") for project in projects]
    assert all(registry.load(project, "tiebreak-1") is one for project, one in zip(projects, first, strict=True))


def test_a_roll_back_goes_one_version_back_or_to_the_named_one(registry: Registry) -> None:
    publish(registry)
    publish(registry)
    assert registry.roll_back(PROJECT) == "tiebreak-2"
    assert registry.roll_back(PROJECT, "tiebreak-3") == "tiebreak-3"
    assert registry.roll_back(PROJECT, "tiebreak-1") == "tiebreak-1"
    with pytest.raises(
        RegistryError, match="no version is earlier than the live one; there are: tiebreak-1, tiebreak-2"
    ):
        registry.roll_back(PROJECT)
    with pytest.raises(RegistryError, match=r"tiebreak-9 is not there"):
        registry.roll_back(PROJECT, "tiebreak-9")
    with pytest.raises(UnknownProject, match="there is no model"):
        registry.roll_back("5.5")


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_the_old_version_live_or_the_new_one(registry: Registry, step: str) -> None:
    command = [sys.executable, "-c", KILLED, str(registry.root), PROJECT, step]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    found = again(registry)
    live, problem = found.live(PROJECT)
    assert live is not None
    assert problem is None
    assert live.version == ("tiebreak-2" if step == "done" else "tiebreak-1")
    # The next publish goes through and sweeps up what the dead one left.
    number = 3 if step in ("pointer", "done") else 2
    assert publish(found) == f"tiebreak-{number}"
    found.prune(PROJECT, 5, [])
    assert not list(found.folder(PROJECT).glob("versions/.*"))


def test_processes_that_publish_at_once_never_share_a_number_nor_lose_a_version(registry: Registry) -> None:
    command = [sys.executable, "-c", MANY, str(registry.root), PROJECT, "8"]
    both = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(2)
    ]
    assert [one.stdout.readline() for one in both if one.stdout] == ["ready\n"] * 2
    for one in both:
        assert one.stdin is not None
        one.stdin.write("\n")
    given = [one.communicate(timeout=60)[0].split() for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(map(number, given[0] + given[1])) == list(range(2, 18))
    assert again(registry).versions(PROJECT) == [f"tiebreak-{n}" for n in range(1, 18)]
    assert again(registry).pointer(PROJECT) == "tiebreak-17"
    assert [again(registry).load(PROJECT, name).version for name in ("tiebreak-2", "tiebreak-17")] == [
        "tiebreak-2",
        "tiebreak-17",
    ]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.json", b""),
        ("model.json", b'{"format": 1}'),
        ("model.json", b'{"format": 99}'),
        ("model.json", b"[]"),
        ("model.json", b"\xff\xfe"),
        ("model.json", {"version": "tiebreak-1"}),
        ("model.json", {"cursor": float("inf")}),
        ("model.json", {"notes": "none"}),
        ("model.json", {"controls": ["none"]}),
        ("arrays.safetensors", b"not tensors"),
        ("arrays.safetensors", b""),
        ("arrays.safetensors", None),
        ("model.json", None),
    ],
)
def test_a_broken_file_is_named_and_the_version_before_it_serves(
    registry: Registry, file: str, content: bytes | dict[str, object] | None
) -> None:
    publish(registry)
    place = registry.folder(PROJECT) / "versions" / "tiebreak-2" / file
    before = place.read_bytes()
    place.unlink()
    if isinstance(content, dict):
        place.write_text(json.dumps({**json.loads(before), **content}))
    elif content is not None:
        place.write_bytes(content)
    found = again(registry)
    with pytest.raises(RegistryError, match="tiebreak-2/"):
        found.load(PROJECT, "tiebreak-2")
    live, problem = found.live(PROJECT)
    assert live is not None
    assert live.version == "tiebreak-1"
    assert problem is not None
    assert "tiebreak-2" in problem


def test_arrays_that_were_changed_behind_our_back_are_refused(registry: Registry) -> None:
    place = registry.folder(PROJECT) / "versions" / "tiebreak-1" / "arrays.safetensors"
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(content)
    with pytest.raises(RegistryError, match="checksum"):
        again(registry).load(PROJECT, "tiebreak-1")
    assert again(registry).live(PROJECT)[0] is None


@pytest.mark.parametrize(("key", "value"), [("quality", "good"), ("certainty", {"compared": 7})])
def test_what_stands_in_a_control_in_place_of_its_parts_is_refused(registry: Registry, key: str, value: object) -> None:
    place = registry.folder(PROJECT) / "versions" / "tiebreak-1" / "model.json"
    about = json.loads(place.read_text())
    control = about["controls"][0]
    control[key] = {**control[key], **value} if isinstance(value, dict) else value
    place.write_text(json.dumps(about))
    with pytest.raises(RegistryError, match="not a model of ours"):
        again(registry).load(PROJECT, "tiebreak-1")
    assert again(registry).live(PROJECT)[0] is None


def test_a_version_that_is_removed_meanwhile_does_not_become_live(registry: Registry) -> None:
    publish(registry)
    with ThreadPoolExecutor(1) as other, alone(registry.folder(PROJECT) / ".lock"):
        back = other.submit(registry.roll_back, PROJECT, "tiebreak-1")  # it waits for who prunes
        time.sleep(0.2)
        subprocess.run(["rm", "-r", str(registry.folder(PROJECT) / "versions" / "tiebreak-1")], check=True)
    with pytest.raises(RegistryError, match="tiebreak-1 is not there; there are: tiebreak-2"):
        back.result()
    assert registry.pointer(PROJECT) == "tiebreak-2"


def test_a_roll_back_mends_a_broken_pointer_and_a_number_that_is_none_costs_nothing(registry: Registry) -> None:
    publish(registry)
    place = registry.folder(PROJECT) / "current.json"
    place.write_text("{}", encoding="utf-8")
    with pytest.raises(RegistryError, match="`tiebreak-ml rollback` writes a new one"):
        registry.pointer(PROJECT)
    assert registry.roll_back(PROJECT) == "tiebreak-2"
    place.write_text('{"version": "tiebreak-1", "last": "many"}', encoding="utf-8")
    assert registry.pointer(PROJECT) == "tiebreak-1"
    assert publish(registry) == "tiebreak-3"


@pytest.mark.parametrize("content", ["", "{}", '{"version": "../../etc"}', '{"version": "tiebreak-0"}', "[]"])
def test_a_broken_pointer_is_named_and_the_newest_version_serves(registry: Registry, content: str) -> None:
    place = registry.folder(PROJECT) / "current.json"
    place.write_text(content, encoding="utf-8")
    with pytest.raises(RegistryError, match=str(place)):
        registry.pointer(PROJECT)
    live, problem = registry.live(PROJECT)
    assert live is not None
    assert live.version == "tiebreak-1"
    assert problem is not None
    assert registry.roll_back(PROJECT, "tiebreak-1") == "tiebreak-1"
    assert registry.live(PROJECT)[1] is None


def test_old_versions_go_but_never_the_live_one_or_one_that_is_shown(registry: Registry) -> None:
    for _ in range(5):
        publish(registry)
    registry.roll_back(PROJECT, "tiebreak-2")
    registry.prune(PROJECT, 2, ["tiebreak-3", None])
    assert registry.versions(PROJECT) == ["tiebreak-2", "tiebreak-3", "tiebreak-5", "tiebreak-6"]


@pytest.mark.parametrize("key", ["", "4", "4.", ".4", "../4.4", "4.4/..", "4.4\n", "٤.٤", "4.4.4", None, 4.4, "a.b"])
def test_only_a_project_key_becomes_a_folder(tmp_path: Path, key: object) -> None:
    with pytest.raises(UnknownProject, match="is no project key"):
        check_project(key)
    with pytest.raises(UnknownProject):
        Registry(tmp_path).folder(key)  # type: ignore[arg-type] # what a stranger may send


def test_other_files_beside_the_projects_are_left_alone(registry: Registry) -> None:
    (registry.root / "notes.txt").write_text("mine")
    (registry.root / "4.5").write_text("a file")
    assert registry.projects() == [PROJECT]


def test_nothing_on_disk_is_a_pickle(registry: Registry) -> None:
    files = sorted(place.name for place in registry.root.rglob("*") if place.is_file())
    assert files == [
        ".lock",
        "arrays.safetensors",
        "current.json",
        "decision.json",
        "model.json",
        "outcome.json",
        "project.json",
    ]
    for place in registry.root.rglob("*.json"):
        json.loads(place.read_text(encoding="utf-8"))


def test_a_folder_that_cannot_be_written_says_so(registry: Registry) -> None:
    if os.geteuid() == 0:
        blocked = registry.folder(PROJECT) / "versions" / f".tiebreak-2.{os.getpid()}.draft"
        blocked.write_text("in the way")
    else:
        (registry.folder(PROJECT) / "versions").chmod(0o500)
    with pytest.raises(RegistryError, match="cannot be written"):
        publish(registry)
    assert again(registry).pointer(PROJECT) == "tiebreak-1"
