"""The two images hold what their programs need and no more: tiebreak runs without torch."""

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterable

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .test_requirements import ROOT, imported, pins

HEAVY = ("torch", "wordllama", "tokenizers", "safetensors", "skops")
SYNC = {"psycopg", "psycopg-binary", "greenlet", "setuptools"}
ML = {"skops", "wordllama", "setuptools"}
"""What is named nowhere in an import: the database's driver, what the database library needs of it, the build."""

BLOCKED = f"""
import importlib, importlib.abc, pkgutil, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r} + ("ml_backend",):
            raise ImportError(name + " is not in the image of tiebreak")

sys.meta_path.insert(0, Blocked())
import sync
for one in pkgutil.walk_packages(sync.__path__, "sync."):
    if ".migrations" not in one.name and not one.name.endswith("__main__"):
        importlib.import_module(one.name)
print(len(sys.modules))
"""


def needed(names: Iterable[str]) -> set[str]:
    """These distributions and everything that they need here, extras among it."""
    seen: set[tuple[str, str]] = set()
    waiting = [(name, "") for name in names]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for text in importlib.metadata.requires(one[0]) or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": one[1]}):
                waiting += [(canonicalize_name(requirement.name), extra) for extra in ("", *requirement.extras)]
    return {name for name, _ in seen}


@pytest.mark.parametrize(
    ("file", "folders", "more"),
    [("sync", ("label_config/", "sync/"), SYNC), ("ml-backend", ("label_config/", "sync/quality/", "ml_backend/"), ML)],
)
def test_an_image_has_what_its_program_imports_and_what_that_needs(
    file: str, folders: tuple[str, ...], more: set[str]
) -> None:
    wanted = needed({name for place, name in imported() if place.startswith(folders)} - {"label-studio-ml"} | more)
    there, known = pins(file), pins("runtime")
    assert {name: known.get(name) for name in there} == there, "the versions are those of runtime.txt"
    assert wanted & set(known) == set(there)


def test_the_image_of_tiebreak_is_without_what_learns() -> None:
    assert not {*HEAVY, "huggingface-hub"} & set(pins("sync"))


def test_every_module_of_tiebreak_is_imported_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", BLOCKED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 500
