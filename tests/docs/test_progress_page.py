"""docs/progress.md names every number of ``tiebreak progress --json``, and no other."""

import re
from pathlib import Path

from sync.progress_report.command import of_project
from sync.settings import Settings
from sync.summaries import summarise

from ..dashboard.stage import HOUR, START, crowd, stage, texts
from .keys import keys
from .pages import page


def test_the_page_names_every_number(tmp_path: Path) -> None:
    one = stage(tmp_path, settings=Settings(bootstrap=100)).create(texts(40)).people({1: "Ann", 2: "Bob", 3: "Cid"})
    one.answer(crowd(30, {1: 0.9, 2: 0.7, 3: 0.6})).assess()
    summarise(one.store, one.key, one.settings, lambda: START + 100 * HOUR)
    with one.store.read() as connection:
        found = of_project(connection, one.number)
    cells = re.findall(r"^\| (`[^|]*) \|", page("docs/progress.md"), re.MULTILINE)
    documented = [key for cell in cells for key in re.findall(r"`([^`]+)`", cell)]
    assert sorted(documented) == sorted(keys(found))
    one.store.close()
