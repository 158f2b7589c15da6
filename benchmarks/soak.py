"""A thousand cycles of the loop in one process, most of them with nothing new: memory and open files stay flat."""

import gc
import random
import time
from pathlib import Path

from label_config.answers import Choices
from label_config.results import write_answer
from sync.labelstudio.client import LabelStudio
from sync.opening import Services, clock
from sync.pipeline import run as run_loop
from sync.settings import Settings
from sync.store.engine import open_store

from .crowd import Studio, answered, studio
from .round_stage import CONTROL

TASKS = 30
WARM = 0.1
"""The first share of the cycles fills caches."""
CHANGED = 0.1
"""Share of cycles before which somebody answers."""


def run(*, quick: bool) -> None:
    """Print memory and open files after the first tenth of the cycles and at their end."""
    cycles = 20 if quick else 1_000
    with studio() as here:
        project = answered(here, TASKS, noise=0.3)
        first, last, seconds = soak(here, project, cycles)
    print(f"   {cycles:,} cycles in {seconds:.0f} s: {seconds / cycles * 1000:.0f} ms each")
    print(
        f"   memory {first[0]:.1f} -> {last[0]:.1f} MB ({last[0] - first[0]:+.1f})   open files {first[1]} -> {last[1]}"
    )


def soak(here: Studio, project: int, cycles: int) -> tuple[tuple[float, int], tuple[float, int], float]:
    """Memory (MB) and open files when warm and at the end; seconds in all."""
    rng = random.Random(1)
    settings = Settings(bootstrap=100, store=f"sqlite:///{here.folder / 'soak.sqlite3'}")
    store = open_store(settings.store)
    annotator = next(one for one in here.server.people if one.role == "annotator")
    tasks = [task.id for task in here.admin.tasks_after(project, 0, TASKS)]
    start = time.monotonic()
    first = (0.0, 0)
    with LabelStudio.connect(here.server.url, annotator.token) as person:
        for cycle in range(cycles):
            if rng.random() < CHANGED:
                label = rng.choice(CONTROL.labels)
                person.create_annotation(rng.choice(tasks), write_answer(CONTROL, Choices((label,)), region_id="r"))
            run_loop(Services(store, here.admin, None, settings, clock), project)
            if cycle == int(cycles * WARM):
                first = held()
    last = held()
    store.close()
    return first, last, time.monotonic() - start


def held() -> tuple[float, int]:
    """Memory of this process in MB, and how many files it has open."""
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="ascii")
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(resident.split()[1]) / 1024, len(list(Path("/proc/self/fd").iterdir()))
