"""scripts/setup.sh under the conditions of other people's machines."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from .workshop import Workshop, kill, workshop

EVERYTHING = ["requirements/dev.txt", ".", "requirements/label-studio.txt"]


@pytest.fixture
def place(tmp_path: Path) -> Workshop:
    return workshop(tmp_path)


def refused(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence of a setup that failed."""
    assert done.returncode == 1
    assert done.stdout == ""
    (sentence,) = [line for line in done.stderr.splitlines() if not line.startswith("setup: installing")]
    assert sentence.startswith("setup: ")
    return sentence


def until(condition: object, process: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end and process.poll() is None:  # type: ignore[operator]
        time.sleep(0.02)


def test_both_environments_are_made_and_nothing_is_done_twice(place: Workshop) -> None:
    place.python()
    assert place.run().returncode == 0
    assert place.installed() == EVERYTHING
    again = place.run()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert place.installed() == EVERYTHING


def test_one_environment_alone(place: Workshop) -> None:
    place.python()
    assert place.run("label-studio").returncode == 0
    assert place.installed() == EVERYTHING[2:]


def test_an_unknown_environment_is_refused(place: Workshop) -> None:
    assert "no environment named jupyter" in refused(place.run("jupyter"))


def test_no_python_at_all(place: Workshop) -> None:
    said = refused(place.run())
    assert "there is no python3" in said
    assert "PYTHON=" in said


def test_python_too_old(place: Workshop) -> None:
    place.python("python3", "3.9.2")
    assert "3.11, 3.12 or 3.13 is needed and was not found (python3 is 3.9.2)" in refused(place.run())


def test_python_too_new_gives_way_to_one_that_fits(place: Workshop) -> None:
    place.python("python3", "3.14.1")
    place.python("python3.12", "3.12.4")
    assert place.run().returncode == 0
    assert "3.12.4" in (place.folder / ".venv/bin/python").read_text()


def test_the_named_python_is_taken_and_no_other(place: Workshop) -> None:
    place.python("python3", "3.11.7")
    old = place.python("old", "3.10.1")
    assert f"PYTHON={old} is Python 3.10.1" in refused(place.run(PYTHON=str(old)))
    assert "PYTHON=nowhere does not run" in refused(place.run(PYTHON="nowhere"))
    assert place.run(PYTHON=str(place.python("mine", "3.13.0"))).returncode == 0
    assert "3.13.0" in (place.folder / ".venv/bin/python").read_text()


def test_another_named_python_makes_the_environment_anew(place: Workshop) -> None:
    place.python("python3", "3.11.7")
    place.run("tiebreak")
    place.run("tiebreak", PYTHON=str(place.python("mine", "3.12.0")))
    place.run("tiebreak")
    assert [line for line in place.calls() if line.startswith("venv")] == ["venv .venv"] * 2
    assert "3.12.0" in (place.folder / ".venv/bin/python").read_text()


def test_python_without_venv(place: Workshop) -> None:
    place.python(venv=False)
    assert "has no venv module: install it (Debian and Ubuntu: apt-get install python3-venv)" in refused(place.run())


def test_too_little_disk_is_said_before_anything_is_made(place: Workshop) -> None:
    place.python()
    place.tool("df", "echo header; echo /dev/disk 100 50 51200 50% /")
    assert ".venv needs 3 GB of free disk, and here are 50 MB" in refused(place.run())
    assert place.calls() == []


def test_a_disk_that_fills_up_is_named_and_not_pip(place: Workshop) -> None:
    place.python()
    place.pip("touch full; exit 1")
    place.tool("df", "echo header; [ -f full ] && echo / 1 1 0 100% / || echo / 1 1 99999999 1% /")
    place.tool("df", f"cd '{place.folder}'; " + (place.tools / "df").read_text())
    assert "the disk is full (0 MB left)" in refused(place.run())


def test_no_network_then_it_goes_on_where_it_stopped(place: Workshop) -> None:
    place.python()
    place.pip("exit 1")
    assert "pip could not install -r requirements/dev.txt into .venv" in refused(place.run())
    place.pip("")
    assert place.run().returncode == 0
    assert place.calls().count("venv .venv") == 1
    assert place.installed() == [EVERYTHING[0], *EVERYTHING]


def test_half_installed_packages_are_installed_again(place: Workshop) -> None:
    place.python()
    packages = place.folder / ".venv/lib/python3/site-packages"
    place.pip(
        f"cd '{packages}'; mkdir -p whole.dist-info half.dist-info '~gone';"
        "for file in RECORD INSTALLER; do echo x >whole.dist-info/$file; done; echo x >half.dist-info/METADATA; exit 1"
    )
    place.run()
    place.pip("")
    place.run()
    assert [found.name for found in packages.iterdir()] == ["whole.dist-info"]


def test_changed_requirements_are_installed_and_changed_tool_settings_are_not(place: Workshop) -> None:
    place.python()
    place.run()
    project = place.folder / "pyproject.toml"
    project.write_text(project.read_text().replace("line-length = 120", "line-length = 100"))
    place.run()
    assert place.installed() == EVERYTHING
    runtime = place.folder / "requirements/runtime.txt"
    runtime.write_text(runtime.read_text() + "another==1.0\n")
    place.run()
    assert place.installed() == [*EVERYTHING, *EVERYTHING[:2]]


def test_a_moved_folder_gets_environments_of_its_own(place: Workshop) -> None:
    place.python()
    place.run()
    moved = Workshop(place.folder.with_name("moved"), place.tools)
    place.folder.rename(moved.folder)
    moved.run()
    assert moved.installed() == EVERYTHING * 2
    assert str(moved.folder) in (moved.folder / ".venv/pyvenv.cfg").read_text()


def test_a_vanished_python_is_replaced(place: Workshop) -> None:
    place.python()
    place.run()
    (place.folder / ".venv/bin/python").unlink()
    assert place.run().returncode == 0
    assert place.installed() == [*EVERYTHING, *EVERYTHING[:2]]


def test_spaces_in_the_path(tmp_path: Path) -> None:
    place = workshop(tmp_path / "my project's place")
    place.python()
    assert place.run().returncode == 0
    place.run()
    assert place.installed() == EVERYTHING


def test_of_two_at_once_one_installs_and_the_other_waits(place: Workshop) -> None:
    place.python()
    place.pip("sleep 1")
    first = place.start("tiebreak")
    until(place.installed, first)
    second = place.start("tiebreak")
    said = second.communicate(timeout=60)[1]
    assert first.communicate(timeout=60)[1].startswith("setup: installing")
    assert (first.returncode, second.returncode) == (0, 0)
    assert said == "setup: another setup is at work in this folder; waiting for it\n"
    assert place.installed() == EVERYTHING[:2]


def test_a_killed_setup_leaves_no_lock(place: Workshop) -> None:
    place.python()
    place.pip("exec sleep 60")
    first = place.start("tiebreak")
    until(place.installed, first)
    kill(first)
    place.pip("")
    again = place.run("tiebreak")
    assert again.returncode == 0
    assert "waiting" not in again.stderr
    assert place.installed() == [EVERYTHING[0], *EVERYTHING[:2]]


def test_a_folder_that_cannot_be_written_is_named(place: Workshop) -> None:
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            pytest.skip("root can write everywhere, and setpriv (util-linux) is not here to be somebody else")
        prefix = (setpriv, "--reuid=65534", "--regid=65534", "--clear-groups")
        for folder in place.folder.parents:
            if folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o5 != 0o5:
                folder.chmod(folder.stat().st_mode | 0o5)
    place.python()
    place.folder.chmod(0o555)
    try:
        said = refused(place.run(prefix=prefix))
    finally:
        place.folder.chmod(0o755)
    assert f"the folder {place.folder} cannot be written" in said
