"""Draws every page in light and dark at three widths: ``python -m tests.dashboard.screenshots FOLDER``.

With ``--small``, the tops of the pages as the documentation shows them: light, dark and narrow, in few colours.
"""

import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from PIL import Image
from sqlalchemy import update

from label_config.guidelines import Entry
from sync.people.deciding import new_link
from sync.store import decisions, examined, guideline_versions, helpful, plans, run_log, runners
from sync.store.lease import beat, model_beat
from sync.store.tables import annotation_versions
from sync.versions.creating import create

from ..browser import find_chromium, started
from .looking import SCHEMES, WIDTHS, Scheme, paths, picture, served
from .stage import HOUR, START, TOLD, Stage, application, crowd, stage, texts

NAMES = ("Amara Okafor", "Jonas Weber", "Sofia Rossi", "Mei Tanaka", "Luca Moretti", "Priya Nair")
SKILL = (0.95, 0.92, 0.6, 0.88, 0.9, 0.85)
NOW = START + 980 * HOUR
SAID = (
    ("neutral", "guideline gap", "Praise and complaint in one."),
    ("negative", "annotator error", "The lift is what the guest came for."),
    ("neutral", "ambiguous task", "“Fine, I suppose” is neither."),
    ("positive", "annotator error", "The word “not” was read over."),
    ("negative", "guideline gap", "An apology does not undo the wrong bill."),
    ("neutral", "edge case", "Says where they slept, not how."),
    ("positive", "guideline gap", "“Would not stay elsewhere” is praise."),
)
GLOSSARY = (
    Entry("mixed", "Mixed", "Praise and complaint in one: neutral.", ("Great view, broken lift",), control="sentiment"),
    Entry("irony", "Irony", "Label what is meant, not what is said.", ("Lovely, rain again",), control="sentiment"),
)
FINDINGS = (
    examined.Finding("reachable", True, "Label Studio 1.23.2 answers", "", None),
    examined.Finding("webhook", True, "sends every change", "", 7),
    examined.Finding("secret", False, "none is set", "in the settings: secret = ...", None),
)
SECONDS = (("pull", 1.2, "12 new annotations"), ("resolve", 0.1, "1 ruling"), ("assess", 0.8, ""), ("push", 0.4, ""))
STEPS = tuple(run_log.Step(name, seconds, failed=False, said=said) for name, seconds, said in SECONDS)
BROKE = (run_log.Step("pull", 60.0, failed=True, said=""),)
RAN = (
    (
        7,
        run_log.Ran(
            NOW - 3 * HOUR, NOW - 2 * HOUR, ok=True, said="", steps=tuple(replace(one, said="") for one in STEPS)
        ),
    ),
    (7, run_log.Ran(NOW - HOUR, NOW - HOUR, ok=True, said="", steps=STEPS)),
    (9, run_log.Ran(NOW - HOUR, NOW, ok=False, said="Label Studio gave no answer within 60 s", steps=BROKE)),
)
DOCUMENTED: tuple[tuple[str, int, Scheme], ...] = (
    ("light", 1280, "light"),
    ("dark", 1280, "dark"),
    ("narrow", 360, "light"),
)
HEIGHT, COLOURS = 1400, 192


def example(folder: Path) -> Stage:
    """Three projects in the middle of their work: six people, a model, reviews, rulings, guidelines, versions."""
    skill = dict(enumerate(SKILL, 1))
    one = stage(folder).people(dict(enumerate(NAMES, 1))).create(texts(400), overlap=3)
    one.answer(crowd(318, skill))
    _at_their_own_pace(one)
    one.assess().score().assess().push(30)
    create(one.store, one.key, one.settings, lambda: START + 800 * HOUR, tag="first-batch", note="Before the rulings")
    one.rule(
        [
            {"label": label, "reviewer": 1 + place % 2, "cause": cause, "rationale": why}
            for place, (label, cause, why) in enumerate(SAID)
        ]
    )
    one.assess().summarise(START + 940 * HOUR).summarise(NOW).beat()
    create(one.store, one.key, one.settings, lambda: NOW, note="After the first rulings")
    others = list(_others(one, skill))
    with one.store.begin() as connection:
        told = json.loads(json.dumps(TOLD).replace('"mood"', json.dumps(one.control)))
        beat(connection, model_beat(one.number), START + 901 * HOUR, True, json.dumps(told))
        guideline_versions.add(
            connection, one.key, GLOSSARY[:1], "What is mixed.", now=START + 700 * HOUR, actor="login:0"
        )
        guideline_versions.add(connection, one.key, GLOSSARY, "Irony, too.", now=START + 970 * HOUR, actor="login:0")
        decisions.decide(connection, one.key, 3, "coach", "Confuses neutral and negative", now=NOW, actor="login:0")
        helpful.mark(connection, 1, now=NOW, actor="login:0")
        examined.keep(connection, FINDINGS, NOW - 2 * HOUR)
        runners.appear(connection, "office:4711:a1", "serve", NOW)
        plans.begin(connection, [one.number, *others], NOW, 60_000_000, afresh=True)
        for project, ran in RAN:
            run_log.note(connection, project, ran)
    return one


def _at_their_own_pace(one: Stage) -> None:
    """Everybody takes their own time for an answer, as people do."""
    rng, lead_time = random.Random(4), annotation_versions.c.lead_time
    with one.store.begin() as connection:
        for person in range(1, len(NAMES) + 1):
            seconds = round(3 + 2.5 * rng.random() + person / 2, 1)
            change = update(annotation_versions).where(annotation_versions.c.annotator == person)
            connection.execute(change.values({lead_time: seconds}))


def _others(one: Stage, skill: dict[int, float]) -> Iterator[int]:
    """Two more projects: one that goes well, one whose last run failed."""
    for number, title, right in ((8, "Support tickets", 0.97), (9, "Product photos", 0.7)):
        other = Stage(one.store, number=number, title=title, versions=one.versions).create(texts(120), overlap=2)
        other.answer(crowd(90, dict.fromkeys(skill, right), each=2, seed=number))
        other.assess().push(4).summarise(NOW)
        failed = number == 9
        other.beat(ok=not failed, message="Label Studio gave no answer within 60 s" if failed else "")
        yield number


def _name(path: str) -> str:
    plain = path.split("?")[0] if "/mine/" in path else path
    named = {"/": "overview", "/projects/7": "project", "/projects/7/task": "find-a-task"}
    found = named.get(plain) or re.sub(r"\W+", "-", plain.removeprefix("/projects/7").strip("/"))
    return "my-work" if plain.startswith("/mine/") else re.sub(r"^task-.*", "task", found)


def _small(file: Path) -> None:
    """Cut at the bottom, in few colours."""
    with Image.open(file) as whole:
        top = whole.convert("RGB").crop((0, 0, whole.width, min(HEIGHT, whole.height)))
    top.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def main(folder: Path, *, small: bool) -> None:
    """All pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    every = [(f"{width}-{scheme}", width, scheme) for width in WIDTHS for scheme in SCHEMES]
    with tempfile.TemporaryDirectory() as kept:
        one = example(Path(kept))
        with one.store.begin() as connection:
            mine = "/mine/" + new_link(connection, one.key, 4, 90, now=NOW, actor="login:0")
        with served(application(one)) as address, started(find_chromium()) as browser:
            for path in [*(one for one in paths() if not small or not one.endswith("/task")), mine, "/login"]:
                for ending, width, scheme in DOCUMENTED if small else every:
                    file = folder / f"{_name(path)}-{ending}.png"
                    picture(browser, address + path, file, width, scheme)
                    if small:
                        _small(file)
        one.store.close()


if __name__ == "__main__":
    main(Path(next(one for one in sys.argv[1:] if one != "--small")), small="--small" in sys.argv)
