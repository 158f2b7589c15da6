"""Classes of label-studio-ml in files, behind our server; the package is a stand-in unless a test has the real one."""

import textwrap
from pathlib import Path
from typing import Any

from ml_backend.settings import Settings
from ml_backend.upstream import UpstreamMinds

from .scenes import SECRET, serving
from .stage import Here

STAND_IN = Path(__file__).parent / "stand_in"

KEYWORDS = """
from label_studio_ml.model import LabelStudioMLBase

class Keywords(LabelStudioMLBase):
    '''Calls everything with "happy" in it good.'''

    def predict(self, tasks, context=None):
        return [self.told(task["data"]["text"]) for task in tasks]

    def told(self, text):
        label = "good" if "happy" in text else "bad"
        region = {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        return {"result": [region], "score": 0.75}

    def fit(self, event, data):
        assert (event, data["project"]["id"]) == ("START_TRAINING", 4)
        self.set("model_version", "0.1.0")
"""


def model(folder: Path, code: str = "", name: str = "Theirs", file: str = "their_model.py") -> str:
    """A file with ``code``, the body of a class ``name`` that is based on Keywords; what to serve it by."""
    body = f"\nclass {name}(Keywords):\n{textwrap.indent(textwrap.dedent(code) or 'pass', '    ')}\n"
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(KEYWORDS + body, encoding="utf-8")
    return f"{folder / file}:{name}"


def predicting(folder: Path, response: str) -> str:
    """A class whose ``predict`` gives what an expression says."""
    return model(folder, f"def predict(self, tasks, context=None):\n    return {response}")


class Foreign(Here):
    """Our server with a class of theirs; it ends its process at the end of a ``with``."""

    def __init__(self, folder: Path, name: str, **given: Any) -> None:
        super().__init__(serving(folder / "data", model_class=name, **given))
        assert isinstance(self.outside.minds, UpstreamMinds)
        self.minds = self.outside.minds

    def __enter__(self) -> "Foreign":
        return self

    def __exit__(self, *_: object) -> None:
        self.minds.host.close()


def settings(folder: Path, name: str, **given: Any) -> Settings:
    """Settings that serve a class."""
    return Settings(data=folder / "data", secret=SECRET, model_class=name, **given)
