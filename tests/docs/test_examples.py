"""The examples of docs/ run: what they print here, with a real Label Studio and both services, is what stands there."""

import dataclasses
import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from sqlalchemy import update

from sync.assess import Assessment, assess
from sync.pipeline import RunReport
from sync.quality.records import Estimate
from sync.store.columns import Outdated
from sync.store.tables import annotation_versions

from ..conftest import ROOT, RunningLabelStudio
from ..dashboard.stage import crowd, stage, texts
from .example import Example
from .keys import documented, keys
from .pages import blocks, commands
from .printed import assert_said, expected

CLI = ROOT / "docs/cli.md"
EXAMPLES = [block for block in blocks(CLI) if block.language == "console"]
SAID = [block.text.strip() for block in blocks(CLI) if not block.language]
SERVED = {line.split(":")[0]: line for line in SAID if "http://" in line}
"""Service -> what it says when it listens."""


@pytest.fixture(scope="module")
def example(label_studio: RunningLabelStudio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    """The project of the examples."""
    made = Example(label_studio, tmp_path_factory.mktemp("docs"))
    yield made
    made.stop()


def fill_in(example: Example) -> str:
    """What the reader of docs/cli.md has done after the first command; the shared secret."""
    place = example.folder / "tiebreak.toml"
    text = place.read_text(encoding="utf-8")
    for name, url in (("backend_url", example.backend), ("public_url", example.web)):
        text = re.sub(rf"^# {name} = .*$", f'{name} = "{url}"', text, flags=re.MULTILINE)
    place.write_text(text, encoding="utf-8")
    found = re.search(r'^secret = "(.+)"$', text, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.label_studio
def test_the_examples_of_the_commands(example: Example) -> None:
    first, *others = EXAMPLES
    for command, wanted in expected(first):
        assert_said(example.run(command), wanted)
    secret = fill_in(example)
    variables = {"TIEBREAK_ML_SECRET": secret, "TIEBREAK_ML_SYNC_URL": example.web}
    assert_said(example.serve("tiebreak-ml serve", example.backend, "/health", **variables), SERVED["tiebreak-ml"])
    # Only the web side here: its scheduler would run the loop between the commands of the page.
    looking_on = {"TIEBREAK_PROJECTS": ""}
    assert_said(
        example.serve("tiebreak serve", example.web, "/healthz", **looking_on),
        SERVED["tiebreak"].replace("(projects: 1)", "(projects: ...)"),
    )
    taught = False
    for block in others:
        for command, wanted in expected(block):
            assert_said(example.run(command), wanted)
        if not taught and any(command == "tiebreak run" for command in commands(block)):
            example.until_learned(secret)
            taught = True


def test_the_examples_of_the_methods() -> None:
    result = doctest.testfile(str(ROOT / "docs/methods.md"), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0


def test_every_key_of_the_report_is_documented_and_no_other(tmp_path: Path) -> None:
    one = stage(tmp_path).people({1: "Ann", 2: "Bob", 3: "Cy"}).create(texts(30), overlap=3)
    one.answer(crowd(20, {1: 0.9, 2: 0.8, 3: 0.6}))
    one.answer([(25, 1, "positive")], rejected="the label 'splendid' is not in the labeling interface")
    with one.store.begin() as connection:
        connection.execute(update(annotation_versions).where(annotation_versions.c.annotator == 3).values(updated_by=1))
    report = assess(one.store, one.key, one.settings, lambda: 0).report
    # What an interface of before said is read elsewhere: here is only one.
    outdated = {f"excluded.outdated[].{field.name}" for field in dataclasses.fields(Outdated)}
    assert keys(report) | outdated == documented("docs/report.md", "The report of a project")


def test_every_key_of_an_estimate_is_documented() -> None:
    assert documented("docs/report.md", "Estimates") == {field.name for field in dataclasses.fields(Estimate)}


def fields(kind: Any, at: str = "") -> Iterator[str]:
    """The keys that a report of a run has, by its types."""
    for name, hint in get_type_hints(kind).items():
        inner = next((one for one in (hint, *get_args(hint)) if dataclasses.is_dataclass(one)), None)
        key = f"{at}.{name}" if at else name
        if inner is not None and get_origin(hint) is not tuple:
            if type(None) in get_args(hint):
                yield key
            yield from fields(inner, key)
        else:
            yield key


def test_every_key_of_a_run_is_documented_and_no_other() -> None:
    assert {field.name for field in dataclasses.fields(Assessment)} == {"report", "changed"}
    assert set(fields(RunReport)) == documented("docs/report.md", "What a run did")
