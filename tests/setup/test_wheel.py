"""The distribution: built without a network, and everything that the code reads is in it."""

import shutil
import subprocess
import sys
import zipfile

import pytest

from .test_requirements import PACKAGES, ROOT, committed


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of what is committed, as it stands in the working tree."""
    place = tmp_path_factory.mktemp("wheel")
    for name in committed():
        (place / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / "source" / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "-w", str(place), "."],
        cwd=place / "source",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = place.glob("tiebreak-*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    ours = {name for name in committed() if name.startswith(tuple(f"{package}/" for package in PACKAGES))}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == ours


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    (place,) = [name.partition("/")[0] for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    scripts = wheel.read(f"{place}/entry_points.txt").decode()
    assert "tiebreak = sync.cli:main\n" in scripts
    assert "tiebreak-ml = ml_backend.cli:main\n" in scripts
    metadata = wheel.read(f"{place}/METADATA").decode()
    assert "License-Expression: Apache-2.0\n" in metadata
    assert "Provides-Extra: postgresql\n" in metadata
    assert f"{place}/licenses/LICENSE" in wheel.namelist()
