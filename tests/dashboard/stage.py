"""A store filled as a real run fills it: rows of people's answers, then the real assessment of them."""

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, CursorResult, insert, select

from label_config.answers import Choices
from label_config.results import canonical
from sync.assess import assess
from sync.glossary.kept import keep_rulings
from sync.kept_model import keep_model
from sync.people.kept import keep_people
from sync.settings import Settings
from sync.store.engine import Store, open_store
from sync.store.lease import beat, model_beat
from sync.store.runners import appear
from sync.store.tables import (
    annotation_versions,
    annotations,
    annotators,
    answers,
    codes,
    consensus,
    projects,
    queue,
    reviews,
    rounds,
    rulings,
    scores,
    tasks,
)
from sync.summaries import summarise
from sync.web.app import create_app

from ..stores import new_store

START = 1_790_000_000_000_000
HOUR = 3_600_000_000
CONFIG = """<View><Text name="text" value="$text"/><Choices name="{control}" toName="text" choice="single">
<Choice value="positive"/><Choice value="neutral"/><Choice value="negative"/></Choices></View>"""
LABELS = ("positive", "neutral", "negative")
TEXTS = (
    "The room was quiet and the staff remembered our names.",
    "Breakfast ended before the posted time, again.",
    "It was fine, I suppose; we only slept there.",
    "Great view, but the lift did not work for three days.",
    "They charged us twice and apologised once.",
    "Would not stay anywhere else in this city.",
)

CHOSEN = ((10, 0.58, 0.47, 0.68), (40, 0.71, 0.62, 0.79), (160, 0.80, 0.72, 0.86), (320, 0.83, 0.76, 0.89))
RANDOM = ((10, 0.55, 0.44, 0.66), (40, 0.66, 0.57, 0.75), (120, 0.76, 0.68, 0.83))
BINS = ((0.4, 0.6, 5, 0.52, 0.4), (0.6, 0.8, 9, 0.71, 0.78), (0.8, 1.0, 17, 0.93, 0.94))


def _named(names: str, rows: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    return {name: list(column) for name, column in zip(names.split(), zip(*rows, strict=True), strict=True)}


TOLD = {
    "model": "tiebreak-3",
    "versions": ["tiebreak-2", "tiebreak-3"],
    "state": "idle",
    "trained_labels": 54,
    "error": None,
    "metrics": {"accuracy": 0.83, "low": 0.67, "high": 0.92, "ece": 0.041, "n": 31, "source": "holdout"}
    | {"bins": [dict(zip(("low", "high", "n", "confidence", "accuracy"), one, strict=True)) for one in BINS]},
    "decision": {"published": True, "reason": "right on 5 holdout answers where tiebreak-2 was not, wrong on 2"},
    "notes": {"mood": ["3 of 54 labeled tasks taught nothing: they could not be read"]},
    "worth": {
        "labels_saved": {"mood": "41 labels saved [12, 70] against choosing by chance"},
        "more_labels": {"mood": {"unlikely_to_help": True, "words": "labeling more is unlikely to help"}},
        "proofs": {
            "mood": {
                "chosen": 320,
                "random": 90,
                "level": 0.76,
                "majority": 0.44,
                "saved": {"value": 41.0, "low": 12.0, "high": 70.0},
                "chosen_curve": _named("labels accuracy low high", CHOSEN),
                "random_curve": _named("labels accuracy low high", RANDOM),
            }
        },
    },
}
"""What the ML backend says of its model."""


@dataclass
class Stage:
    """One source project in a store; ``key`` is the store's, ``number`` Label Studio's."""

    store: Store
    number: int = 7
    title: str = "Hotel reviews"
    control: str = "sentiment"
    settings: Settings = field(default_factory=lambda: Settings(bootstrap=100))
    key: int = 0
    task_keys: list[int] = field(default_factory=list)
    versions: int = 0

    def create(self, data: Sequence[Mapping[str, Any]], overlap: int = 2) -> "Stage":
        """The project and its tasks, nothing answered."""
        config = CONFIG.format(control=self.control)
        with self.store.begin() as connection:
            row = {"label_studio_id": self.number, "created_at": START, "title": self.title, "kind": "source"}
            made = connection.execute(insert(projects).values(label_config=config, **row))
            self.key = _key(made)
            rows = [
                {
                    "project": self.key,
                    "label_studio_id": 1000 * self.number + place,
                    "created_at": START,
                    "updated_at": START,
                    "data": dict(one),
                    "meta": {},
                    "overlap": overlap,
                }
                for place, one in enumerate(data)
            ]
            connection.execute(insert(tasks), rows)
            self.task_keys = list(
                connection.execute(select(tasks.c.id).where(tasks.c.project == self.key).order_by(tasks.c.id)).scalars()
            )
        return self

    def people(self, names: Mapping[int, str]) -> "Stage":
        """Annotators by Label Studio's user id."""
        with self.store.begin() as connection:
            rows = [{"id": one, "name": name, "email": f"user{one}@example.org"} for one, name in names.items()]
            connection.execute(insert(annotators), rows)
        return self

    def answer(self, given: Sequence[tuple[int, int, str]], **flags: Any) -> "Stage":
        """Answers as (place of the task, annotator, label), an hour apart each."""
        with self.store.begin() as connection:
            known = {row.answer: row.id for row in connection.execute(select(codes).where(codes.c.project == self.key))}
            for place, annotator, label in given:
                text = canonical(Choices((label,)))
                if text not in known:
                    made = connection.execute(insert(codes).values(project=self.key, control=self.control, answer=text))
                    known[text] = _key(made)
                version = self._version(connection, self.task_keys[place], annotator, flags)
                if not flags:
                    connection.execute(insert(answers).values(version=version, code=known[text]))
        return self

    def _version(self, connection: Connection, task: int, annotator: int, flags: Mapping[str, Any]) -> int:
        self.versions += 1
        at = START + self.versions * HOUR
        made = connection.execute(
            insert(annotations).values(task=task, label_studio_id=self.number * 100_000 + self.versions, created_at=at)
        )
        annotation = _key(made)
        row = {"was_cancelled": False, "ground_truth": False, "result": [], "hash": str(self.versions), **flags}
        done = connection.execute(
            insert(annotation_versions).values(
                annotation=annotation, updated_at=at, seen_at=at, annotator=annotator, lead_time=4.5, **row
            )
        )
        version = _key(done)
        connection.execute(annotations.update().where(annotations.c.id == annotation).values(current=version))
        return version

    def score(self, *, right: float = 0.9, seed: int = 1, version: str = "tiebreak-3.1") -> "Stage":
        """A finished round: the model names the probable answer with probability ``right``."""
        rng = random.Random(seed)
        with self.store.begin() as connection:
            model = version.rsplit(".", 1)[0]
            row = {"number": 1, "model": model, "version": version, "hash": "h", "state": "done"}
            row |= {"metrics": {"accuracy": 0.83, "ece": 0.041, "brier": None, "n": 31, "source": "holdout"}}
            connection.execute(insert(rounds).values(project=self.key, made_at=START + 900 * HOUR, **row))
            connection.execute(projects.update().where(projects.c.id == self.key).values(model_version=version))
            beat(connection, model_beat(self.number), START + 901 * HOUR, True, json.dumps(TOLD))
            probable = {
                one.task: one.answer
                for one in connection.execute(select(consensus).where(consensus.c.task.in_(self.task_keys)))
            }
            rows = [
                {
                    "task": task,
                    "control": self.control,
                    "version": version,
                    "answer": answer if rng.random() < right else ["neutral"],
                    "probabilities": {},
                    "confidence": right,
                    "signals": {},
                    "out_of_sample": True,
                    "place": None,
                }
                for task, answer in probable.items()
            ]
            connection.execute(insert(scores), rows)
        return self

    def push(self, limit: int = 12) -> "Stage":
        """The top of the queue as open reviews in one review project a band, as ``sync.push`` leaves it."""
        with self.store.begin() as connection:
            homes: dict[int, int] = {}
            query = select(queue).where(queue.c.project == self.key).order_by(queue.c.priority.desc(), queue.c.task)
            for place, entry in enumerate(connection.execute(query.limit(limit)).all()):
                if entry.band not in homes:
                    homes[entry.band] = self._home(connection, entry.band)
                row = {
                    "key": f"{self.number}-{place}",
                    "project": self.key,
                    "round": 1,
                    "data": {},
                    "state": "open",
                    "review_project": homes[entry.band],
                    "review_task": 5000 + place,
                    "intended_at": START + 950 * HOUR,
                }
                same = {
                    name: getattr(entry, name) for name in ("task", "control", "band", "priority", "action", "findings")
                }
                connection.execute(insert(reviews).values(**row, **same))
        return self

    def _home(self, connection: Connection, band: int) -> int:
        made = connection.execute(
            insert(projects).values(
                label_studio_id=self.number + 10 * band,
                created_at=START,
                title=f"[P{band}] Review: {self.title}",
                kind="review",
                source=self.key,
                band=band,
                label_config="<View/>",
            )
        )
        return _key(made)

    def rule(self, said: Sequence[Mapping[str, Any]]) -> "Stage":
        """Rulings on the first open reviews; each holds label, verdict, cause, rationale, reviewer."""
        with self.store.begin() as connection:
            query = (
                select(reviews).where(reviews.c.project == self.key, reviews.c.state == "open").order_by(reviews.c.id)
            )
            for review, one in zip(connection.execute(query).all(), said, strict=False):
                version = self._version(connection, review.task, one["reviewer"], {})
                connection.execute(
                    insert(rulings).values(
                        review=review.id,
                        annotation_version=version,
                        reviewer=one["reviewer"],
                        answers={self.control: canonical(Choices((one["label"],)))},
                        verdict=one.get("verdict"),
                        cause=one.get("cause"),
                        rationale=one.get("rationale"),
                        ruled_at=START + 960 * HOUR + version * HOUR // 60,
                        ground_truth=9000 + review.id,
                        superseded=False,
                    )
                )
                connection.execute(reviews.update().where(reviews.c.id == review.id).values(state="ruled"))
        return self

    def beat(self, *, ok: bool = True, message: str = "", at: int = START + 970 * HOUR) -> "Stage":
        """The last run of the loop."""
        with self.store.begin() as connection:
            beat(connection, f"project:{self.number}:run", at, ok, message)
        return self

    def attend(self) -> "Stage":
        """Some process of another machine looks after the projects."""
        with self.store.begin() as connection:
            appear(connection, "elsewhere:1:1", "runner", START + 980 * HOUR)
        return self

    def assess(self) -> "Stage":
        """What ``tiebreak run`` computes, for real."""
        assess(self.store, self.key, self.settings, lambda: START + 940 * HOUR)
        return self

    def summarise(self, now: int = START + 980 * HOUR) -> "Stage":
        """What pages show at once, as a run leaves it."""
        summarise(self.store, self.key, self.settings, lambda: now)
        keep_people(self.store, self.key, self.settings, lambda: now)
        keep_rulings(self.store, self.key, lambda: now)
        keep_model(self.store, self.key, lambda: now)
        return self


def _key(made: CursorResult[Any]) -> int:
    assert made.inserted_primary_key is not None
    return int(made.inserted_primary_key[0])


def stage(folder: Path, **values: Any) -> Stage:
    """A project on a new store."""
    return Stage(new_store(folder / "store.sqlite3"), **values)


def copies(one: Stage, folder: Path) -> Callable[[Path], Stage]:
    """Closes a stage of that folder; gives a function that puts it as it is into another one, for each test anew."""
    one.store.close()
    content = (folder / "store.sqlite3").read_bytes()

    def put(where: Path) -> Stage:
        (where / "store.sqlite3").write_bytes(content)
        return replace(one, store=open_store(f"sqlite:///{where / 'store.sqlite3'}"), task_keys=[*one.task_keys])

    return put


def unmarked(text: str) -> str:
    """A page as one line, without the marks of numbers and days within its sentences."""
    marks = r'<span class="numbers">(.*?)</span>|<time datetime="\d{4}-\d\d-\d\d">(.*?)</time>'
    plain = re.sub(marks, lambda one: one[1] or one[2], text.replace("\N{NO-BREAK SPACE}", " "))
    return " ".join(plain.split())


def texts(number: int) -> list[dict[str, Any]]:
    """The data of that many tasks."""
    return [{"text": f"{TEXTS[place % len(TEXTS)]} (visit {place})"} for place in range(number)]


def crowd(tasks_answered: int, skill: Mapping[int, float], each: int = 3, seed: int = 5) -> list[tuple[int, int, str]]:
    """Answers of people who are right with their own probability, ``each`` a task."""
    rng = random.Random(seed)
    given = []
    for place in range(tasks_answered):
        truth = rng.choice(LABELS)
        for person in rng.sample(sorted(skill), min(each, len(skill))):
            right = rng.random() < skill[person]
            given.append((place, person, truth if right else rng.choice([one for one in LABELS if one != truth])))
    return given


class Compiled(BytecodeCache):
    """Templates that were compiled once, whatever application asks for them."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def browser(one: Stage) -> FlaskClient:
    """A client of the whole application, as whoever sits at its machine."""
    return application(one).test_client()


def application(one: Stage) -> Flask:
    """The whole application; its templates are compiled once for all."""
    app = create_app(one.settings, one.store, lambda _: None, clock=lambda: START + 980 * HOUR)
    app.jinja_env.bytecode_cache = COMPILED
    return app
