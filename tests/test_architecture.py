"""The architecture holds; and the rules that say so find what breaks it."""

import ast
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from .architecture import PURE, Module, modules, violations

ROOT = Path(__file__).resolve().parent.parent


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@dataclass(frozen=True)
class Looked:
    """The modules that were looked at, without their trees, which are large; and what they break."""

    modules: list[Module]
    broken: list[str]


@pytest.fixture(scope="module")
def ours() -> Looked:
    """Every file of ours, read once, one after the other."""
    found = Looked([], [])
    for module in modules(ROOT):
        found.broken.extend(violations([module]))
        found.modules.append(replace(module, tree=ast.Module([], [])))
    return found


def test_the_architecture_holds(ours: Looked) -> None:
    assert ours.broken == []


def test_every_part_that_the_rules_speak_of_was_looked_at(ours: Looked) -> None:
    names = {module.name for module in ours.modules}
    assert {*PURE, "sync", "sync.labelstudio.client", "tests.test_architecture", "label_config.templates"} <= names
    assert len(names) > 100


@pytest.mark.parametrize(
    ("path", "text", "broken"),
    [
        ("label_config/a.py", "from sync.quality import records", "imports sync.quality.records"),
        ("label_config/a.py", "import ml_backend.wire", "imports ml_backend.wire"),
        ("sync/quality/a.py", "from ..store import tables", "imports sync.store.tables"),
        ("sync/quality/deep/a.py", "from ...store import tables", "imports sync.store.tables"),
        ("sync/quality/deep/__init__.py", "from ... import push", "imports sync.push"),
        ("sync/quality/a.py", "def f():\n    import sync", "imports sync"),
        ("sync/a.py", "from ml_backend.wire import x", "imports ml_backend.wire.x"),
        ("sync/a.py", "import tests.conftest", "imports tests.conftest"),
        ("ml_backend/a.py", "from sync import settings", "imports sync.settings"),
        ("ml_backend/a.py", "import sync.store.tables as t", "imports sync.store.tables"),
        ("sync/a.py", "import httpx", "imports httpx, which only sync.labelstudio may"),
        (
            "ml_backend/a.py",
            "import label_studio_sdk.client",
            "imports label_studio_sdk, which only sync.labelstudio may",
        ),
        (
            "ml_backend/a.py",
            "from label_studio_ml import x",
            "imports label_studio_ml, which only ml_backend.upstream may",
        ),
        ("label_config/a.py", "import os.path", "is pure and imports os.path"),
        ("label_config/a.py", "from pathlib import Path", "is pure and imports pathlib.Path"),
        ("label_config/a.py", "from importlib.resources import files", "is pure and imports importlib.resources.files"),
        ("sync/quality/a.py", "from time import time", "is pure and imports time.time"),
        ("label_config/a.py", "from io import BytesIO, StringIO", "is pure and imports io.StringIO"),
        ("label_config/a.py", "import io", "is pure and imports io"),
        ("sync/quality/a.py", "import random", "is pure and imports random"),
        ("sync/quality/a.py", "import requests", "is pure and imports requests"),
        ("sync/quality/a.py", "x = open('y')", "is pure and calls open"),
        ("sync/quality/a.py", "x = p.read_text()", "is pure and uses p.read_text"),
        ("ml_backend/uncertainty.py", "x = np.random.default_rng(0)", "is pure and uses np.random.default_rng"),
        ("ml_backend/calibration.py", "from numpy.random import rand", "is pure and imports numpy.random.rand"),
        ("ml_backend/acquisition.py", "x = datetime.now(UTC)", "is pure and uses datetime.now"),
        ("ml_backend/acquisition.py", "import os", "is pure and imports os"),
        ("sync/a.py", "import pickle", "imports pickle"),
        ("ml_backend/a.py", "import joblib", "imports joblib"),
        ("ml_backend/a.py", "x = np.load('a', allow_pickle=True)", "allows pickles to be loaded"),
        ("ml_backend/a.py", "x = torch.load('a')", "calls torch.load, which pickles"),
        ("tests/a.py", "from unittest import mock", "imports unittest.mock"),
        ("tests/a.py", "from unittest.mock import patch", "imports unittest.mock.patch"),
        ("tests/a.py", "def test(mocker): ...", "takes mocker"),
        ("sync/utils.py", "", "a file named utils says nothing"),
        ("sync/a.py", "class QueueManager: ...", "class QueueManager: Manager says nothing"),
        ("sync/__init__.py", "x = 1", "must be empty: importing sync.quality would pull the service in"),
    ],
)
def test_what_breaks_it_is_found(tmp_path: Path, path: str, text: str, broken: str) -> None:
    write(tmp_path, {path: text})
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert violations(modules(tmp_path)) == [f"{name}: {broken}"]


def test_what_keeps_it_is_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "label_config/parse.py": "from .model import x\nimport json, re, datetime\nfrom io import BytesIO",
            "label_config/templates/__init__.py": "from importlib.resources import files\nx = files('a').read_text()",
            "sync/quality/deep/a.py": "from ..records import x\nfrom label_config.model import y\nimport numpy as np\n"
            "def f(rng: np.random.Generator): return rng.random()",
            "sync/labelstudio/client.py": "import httpx, label_studio_sdk\nfrom .. import errors",
            "sync/push.py": "from .quality import records\nfrom time import time\nx = open('y')",
            "ml_backend/upstream.py": "import label_studio_ml",
            "ml_backend/predict.py": "from sync.quality.records import x\nx = np.load('a', allow_pickle=False)",
            "tests/a.py": "import httpx, sync, ml_backend\ndef test(monkeypatch): ...",
            "sync/__init__.py": "",
        },
    )
    assert violations(modules(tmp_path)) == []


def roots_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after a statement."""
    return {name.partition(".")[0] for name in loaded_after(statement)}


def loaded_after(statement: str) -> set[str]:
    """All modules that a fresh interpreter has loaded after a statement."""
    show = "import json, sys; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{statement}\n{show}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(ran.stdout))


SERVICE = {"sqlalchemy", "flask", "requests", "httpx", "label_studio_sdk", "typer", "pydantic", "torch", "sklearn"}


def test_the_science_can_be_used_without_the_service(ours: Looked) -> None:
    science = [module.name for module in ours.modules if module.within("sync.quality")]
    loaded = loaded_after("import " + ", ".join(science))
    assert loaded & (SERVICE | {"ml_backend"}) == set()
    assert "scipy.stats" not in loaded, "every command would wait half a second for it"


def test_reading_interfaces_and_results_needs_no_more_than_numpy_and_pillow(ours: Looked) -> None:
    config = [module.name for module in ours.modules if module.within("label_config")]
    assert roots_after("import " + ", ".join(config)) & (SERVICE | {"scipy", "sync", "ml_backend"}) == set()


def test_the_fresh_interpreter_shows_what_it_loads() -> None:
    assert roots_after("import sync.store.engine") >= {"sqlalchemy", "sync"}
