"""A project of many answered texts in a Label Studio of its own, for the benchmarks that talk to one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from label_config.templates import template
from sync.demo.embedded import EmbeddedLabelStudio
from sync.labelstudio.client import LabelStudio

WORDS = "the service was quick room dirty staff friendly food cold view great again never price high bed soft".split()
AT_ONCE = 500


@dataclass(frozen=True)
class Studio:
    """A running Label Studio, its admin's client, and a folder that goes away afterwards."""

    server: EmbeddedLabelStudio
    admin: LabelStudio
    folder: Path


@contextmanager
def studio() -> Iterator[Studio]:
    """A Label Studio from the cached template."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with (
            EmbeddedLabelStudio(folder / "label-studio") as server,
            LabelStudio.connect(server.url, server.admin.token) as admin,
        ):
            yield Studio(server, admin, folder)


def answered(here: Studio, tasks: int, *, noise: float, seed: int = 1) -> int:
    """A project of ``tasks`` texts with three answers each; each answer is wrong with probability ``noise``."""
    xml = template("text-classification")
    control = parse(xml).controls[0]
    people = [one.id for one in here.server.people if one.role == "annotator"]
    rng = np.random.default_rng(seed)
    project = here.admin.create_project("Benchmark", xml, maximum_annotations=1).id
    bodies = []
    for _ in range(tasks):
        truth = int(rng.integers(len(control.labels)))
        given = [int(rng.integers(len(control.labels))) if rng.random() < noise else truth for _ in people]
        bodies.append(
            {
                "data": {"text": " ".join(rng.choice(WORDS, size=40))},
                "annotations": [
                    {
                        "completed_by": person,
                        "ground_truth": False,
                        "result": write_answer(control, Choices((control.labels[label],)), region_id="r"),
                    }
                    for person, label in zip(people, given, strict=True)
                ],
            }
        )
    for start in range(0, tasks, AT_ONCE):
        here.admin.import_tasks(project, bodies[start : start + AT_ONCE])
    return project
