"""The pages over a real crowd's answers: every number of people and of agreement is that of the commands."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from typer.testing import CliRunner

from sync.cli import app
from sync.dashboard.wording import coefficient
from sync.store.tables import annotation_versions, projects

from .stage import Stage, browser, stage, unmarked

HERE = "/projects/7"
LABELS = ("1", "2", "3")
"""Which sense of a word is meant (Snow et al. 2008): 177 sentences, ten of 34 workers each."""


@dataclass(frozen=True)
class Crowd:
    """The project in a store, who answered what (task, worker, label), and the file of settings for the commands."""

    stage: Stage
    given: Sequence[tuple[str, str, str]]
    names: Mapping[int, str]
    file: Path

    def said(self, command: str) -> Mapping[str, Any]:
        """What a command says of the control."""
        asked = [command, "--project", "7", "--json", "--config", str(self.file)]
        done = CliRunner().invoke(app, asked)
        assert done.exit_code == 0, done.output
        return dict(json.loads(done.stdout))

    def rows(self, path: str) -> list[dict[str, Any]]:
        reply = browser(self.stage).get(HERE + path)
        assert reply.status_code == 200, path
        return list(reply.get_json()["rows"])


@pytest.fixture(scope="module")
def crowd(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder, source = tmp_path_factory.mktemp("crowd"), shared_data / "snow_wsd" / "crowd.csv"
    if not source.is_file():
        pytest.skip(f"real crowd data is missing: {source} is no file (set TIEBREAK_SHARED_DATA)")
    with source.open(encoding="utf-8", newline="") as file:
        given = [(row["task"], row["worker"], row["label"]) for row in csv.DictReader(file)]
    place = {task: number for number, task in enumerate(dict.fromkeys(task for task, _, _ in given))}
    person = {name: number for number, name in enumerate(sorted({worker for _, worker, _ in given}), 1)}
    one = stage(folder, control="sense").people({number: name for name, number in person.items()})
    one.create([{"text": task} for task in place], overlap=10)
    choices = "".join(f'<Choice value="{label}"/>' for label in LABELS)
    interface = f'<View><Text name="t" value="$text"/><Choices name="sense" toName="t">{choices}</Choices></View>'
    with one.store.begin() as connection:
        connection.execute(projects.update().where(projects.c.id == one.key).values(label_config=interface))
    one.answer([(place[task], person[worker], label) for task, worker, label in given])
    as_sent(one, [label for _, _, label in given])
    one.assess().summarise()
    settings = folder / "tiebreak.toml"
    settings.write_text(f'store = "{one.store.name}"\nbootstrap = 100\n')
    yield Crowd(one, given, {number: name for name, number in person.items()}, settings)
    one.store.close()


def as_sent(one: Stage, labels: Sequence[str]) -> None:
    """Keep the answers also as Label Studio sends them, which is what the commands read."""
    said = {"id": "r", "from_name": "sense", "to_name": "t", "type": "choices"}
    with one.store.begin() as connection:
        keys = connection.execute(select(annotation_versions.c.id).order_by(annotation_versions.c.id)).scalars()
        sent = [
            {"key": key, "said": [{**said, "value": {"choices": [label]}}]}
            for key, label in zip(keys, labels, strict=True)
        ]
        change = update(annotation_versions).where(annotation_versions.c.id == bindparam("key"))
        connection.execute(change.values(result=bindparam("said")), sent)


def test_people_are_as_the_command_says_and_as_counted_by_hand(crowd: Crowd) -> None:
    said = {crowd.names[one["annotator"]]: one for one in crowd.said("annotators")["controls"]["sense"]}
    shown = {row["person"]: row for row in crowd.rows("/annotators.json")}
    by_hand = Counter(worker for _, worker, _ in crowd.given)
    assert {name: row["answers"] for name, row in shown.items()} == dict(by_hand)
    assert set(said) == set(by_hand)
    for name, row in shown.items():
        for key in ("reliability", "agreement"):
            assert [row[key], row[f"{key}_low"], row[f"{key}_high"]] == [
                said[name][key][part] for part in ("value", "low", "high")
            ], (name, key)


def test_agreement_is_as_the_command_says(crowd: Crowd) -> None:
    said = crowd.said("agreement")["controls"]["sense"]
    alpha = said["coefficients"]["krippendorff_alpha"]
    (control,) = crowd.rows("/tables/controls.json")
    assert control["answers"] == said["annotations"] == len(crowd.given) == 1770
    assert control["alpha"] == pytest.approx(alpha["value"], abs=1e-12)
    page = " ".join(unmarked(browser(crowd.stage).get(HERE).text).split())
    assert f"alpha {coefficient(alpha['value'])}" in page


def test_pairs_are_as_the_command_says(crowd: Crowd) -> None:
    said = {
        frozenset(crowd.names[person] for person in one["annotators"]): (one["tasks"], one["cohen_kappa"])
        for one in crowd.said("agreement")["controls"]["sense"]["pairs"]
    }
    shown = {frozenset((row["first"], row["second"])): row for row in crowd.rows("/annotators/tables/pairs.json")}
    answered: dict[str, set[str]] = {}
    for task, worker, _ in crowd.given:
        answered.setdefault(worker, set()).add(task)
    assert shown
    for pair, row in shown.items():
        first, second = pair
        assert row["tasks"] == said[pair][0] == len(answered[first] & answered[second])
        assert row["kappa"] == pytest.approx(said[pair][1], abs=1e-12)
