"""The pages on consensus, queue, policy, rules, annotators and drift say what the code says, and their examples run."""

import dataclasses
import doctest
import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from label_config.answers import Choices
from label_config.model import Control, Family
from label_config.parse import parse
from label_config.results import write_answer
from sync.consensus.as_csv import COLUMNS
from sync.quality.annotators import SIGNALS
from sync.quality.consensus import CONSENSUS, PER_REGION, SEVERAL, every_method
from sync.quality.corrections import correction_groups
from sync.quality.drift import NAMES, Drift
from sync.quality.findings import KINDS
from sync.quality.findings.case import Thresholds
from sync.quality.priority import ACTIONS, Policy
from sync.quality.priority.policy import WEIGHTS
from sync.quality.priority.policy_keys import READERS
from sync.quality.records import Finding
from sync.quality.rules import CHECKS
from sync.quality.rules import parse as parse_rules
from sync.queue_report.as_json import group_as_json
from sync.settings import read

from ..conftest import ROOT
from .example import WORDS, XML, export, exported, run_here
from .keys import documented, keys
from .pages import Block, blocks, page
from .printed import assert_said, expected

PAGES = [f"docs/{name}.md" for name in ("consensus", "queue", "annotators", "drift")]
EXAMPLES = [block for name in PAGES for block in blocks(ROOT / name) if block.language == "console"]
FILES = "export.json --label-config interface.xml"
Json = dict[str, Any]


def names_in(name: str, heading: str) -> list[str]:
    """What the first cells of the table under a heading name, in their order."""
    level, title = heading.split(" ", 1)
    text = page(name).partition(f"\n{level} {title}\n")[2]
    section = re.split(rf"\n#{{1,{len(level)}}} ", text)[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return [found for cell in cells for found in re.findall(r"`([^`]+)`", cell)]


def rows_in(name: str, heading: str) -> dict[str, list[str]]:
    """The first cell of each row under a heading -> the others."""
    level, title = heading.split(" ", 1)
    section = re.split(rf"\n#{{1,{len(level)}}} ", page(name).partition(f"\n{level} {title}\n")[2])[0]
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE)
    return {key: rest.split(" | ") for key, rest in rows}


SECTIONS: Mapping[Family, str] = {
    Family.CHOICES: "One label of several",
    Family.TAXONOMY: "Taxonomy",
    Family.RATING: "Rating",
    Family.NUMBER: "Number",
    Family.MOMENT: "DateTime",
    Family.TEXT: "TextArea",
    Family.RANKING: "Ranker",
    Family.REGIONS: "Regions",
    Family.RELATIONS: "Relations",
    Family.CHAT: "Chat",
}


@pytest.mark.parametrize("family", Family)
def test_the_table_of_a_family_has_its_methods_and_the_default_first(family: Family) -> None:
    named = names_in("docs/consensus.md", f"### {SECTIONS[family]}")
    assert sorted(named) == sorted(CONSENSUS[family])
    assert named[0] == next(iter(CONSENSUS[family]))


def test_the_methods_of_several_labels_are_named_and_those_of_each_region() -> None:
    assert names_in("docs/consensus.md", "### Several labels together") == list(SEVERAL)
    (alone,) = re.findall(r"about each region \(`perRegion`\) has `([\w-]+)` alone", page("docs/consensus.md"))
    assert [alone] == list(PER_REGION)


def test_every_method_has_a_row_that_says_what_it_does() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|([^|]*)\|([^|]*)\|[^|]*\|$", page("docs/consensus.md"), re.MULTILINE)
    said = {name for cell, use, does in rows if use.strip() and does.strip() for name in re.findall(r"`([^`]+)`", cell)}
    assert set(every_method()) <= said


def test_the_columns_of_the_table() -> None:
    assert names_in("docs/consensus.md", "## The table") == list(COLUMNS)


def test_every_kind_of_finding_and_every_action() -> None:
    assert sorted(names_in("docs/queue.md", "## What is found")) == sorted(KINDS)
    said = {action: cells[-1] for action, cells in rows_in("docs/queue.md", "## What is to be done").items()}
    assert said == ACTIONS


def test_every_key_of_the_policy_with_its_default() -> None:
    rows = rows_in("docs/policy.md", "## Keys")
    assert list(rows) == list(READERS)
    for one in dataclasses.fields(Policy):
        if isinstance(one.default, int | float):
            assert rows[one.name][0] == f"{one.default:g}", one.name
        elif one.default is None:
            assert rows[one.name][0] == "no limit", one.name


def test_weights_and_thresholds_with_their_defaults() -> None:
    weights = {kind: float(cells[0]) for kind, cells in rows_in("docs/policy.md", "## Weights").items()}
    assert weights == WEIGHTS
    said = {key: float(cells[0]) for key, cells in rows_in("docs/policy.md", "## Thresholds").items()}
    assert said == {one.name: one.default for one in dataclasses.fields(Thresholds)}


def test_bands_where_the_queue_names_them() -> None:
    assert f"P1 from {Policy().p1_from:g}, P2 from {Policy().p2_from:g}" in page("docs/queue.md")


def test_every_check_of_rules() -> None:
    assert names_in("docs/rules.md", "## Checks")[:1] == ["matches"]
    assert list(rows_in("docs/rules.md", "## Checks")) == list(CHECKS)


def test_the_rules_that_are_shown_can_be_read_and_show_every_check() -> None:
    interface = """<View><Text name="t" value="$t"/><Labels name="ner" toName="t"><Label value="PER"/></Labels>
    <TextArea name="summary" toName="t"/><TextArea name="code" toName="t"/><TextArea name="why" toName="t"/>
    <Number name="age" toName="t"/>
    <Choices name="form" toName="t" choice="multiple"><Choice value="round"/><Choice value="square"/></Choices>
    <Choices name="topic" toName="t"><Choice value="spam"/><Choice value="news"/></Choices>
    <Choices name="mood" toName="t"><Choice value="good"/><Choice value="bad"/></Choices></View>"""
    (block,) = [one for one in blocks(ROOT / "docs/rules.md") if one.language == "toml"]
    written = read(block.text, Path("tiebreak.toml")).rules
    rules = parse_rules(written, parse(interface))
    assert {one["check"] for one in written} == set(CHECKS)
    assert [rule.name for rule in rules] == [one["name"] for one in written]


def test_every_signal_of_an_annotator_and_every_drift() -> None:
    assert names_in("docs/annotators.md", "## Signals")[: len(SIGNALS)] == list(SIGNALS)
    assert list(rows_in("docs/annotators.md", "## Signals")) == list(SIGNALS)
    assert list(rows_in("docs/drift.md", "## What is tested")) == list(NAMES)


def test_the_examples_in_python_run() -> None:
    result = doctest.testfile(str(ROOT / "docs/queue.md"), module_relative=False)
    assert result.attempted == 3
    assert result.failed == 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the reader of these pages has: an export of 40 answered film reviews, and the interface."""
    made = tmp_path_factory.mktemp("judgement")
    (made / "interface.xml").write_text(XML, encoding="utf-8")
    (made / "export.json").write_text(json.dumps(exported(export((1, 2, 3)))), encoding="utf-8")
    return made


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_what_is_shown_is_what_is_printed(block: Block, folder: Path) -> None:
    for command, wanted in expected(block):
        printed, code = run_here(command, folder)
        assert_said("\n".join(line.rstrip() for line in printed.splitlines()).strip(), wanted)
        assert code == 0


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with everything that can be found: of five people the last one clicks "bad" from half of it on.

    The last two tasks are equal and answered differently, one annotation has a label that there is none of, and a rule
    speaks against some of the corrections.
    """
    made, rng, control = tmp_path_factory.mktemp("careless"), random.Random(5), parse(XML).controls[0]
    tasks: list[Json] = []
    for place in range(120):
        truth = list(WORDS)[place % 3]
        text = f"{rng.choice(WORDS[truth])}, {rng.choice(WORDS['none'])}, {place} people in the hall"
        said = [truth if rng.random() < 0.9 else rng.choice(list(WORDS)) for _ in range(4)]
        said.append(truth if place < 60 else "bad")
        tasks.append({"data": {"text": text}, "annotations": [_given(control, *one) for one in enumerate(said, 1)]})
    for label in ("good", "bad"):
        equal = [_given(control, person, label) for person in (1, 2, 3)]
        tasks.append({"data": {"text": "the same long sentence about the same film"}, "annotations": equal})
    odd = _given(control, 6, "good")
    odd["result"][0]["value"] = {"choices": ["splendid"]}
    tasks[0]["annotations"].append(odd)
    (made / "interface.xml").write_text(XML, encoding="utf-8")
    (made / "export.json").write_text(json.dumps(exported(tasks)), encoding="utf-8")
    rule = '[[rules]]\nname = "never"\ncheck = "matches_not"\ncontrol = "mood"\npattern = "none"\n'
    (made / "tiebreak.toml").write_text(rule, encoding="utf-8")
    return made


def _given(control: Control, person: int, label: str) -> Json:
    fast = {"lead_time": 0.1} if person == 5 and label == "bad" else {}
    return {"completed_by": person, "result": write_answer(control, Choices((label,)), region_id="r"), **fast}


def document(command: str, folder: Path) -> Json:
    printed, code = run_here(f"tiebreak {command} {FILES} --json", folder, both=False)
    assert code == 0
    found: Json = json.loads(printed)
    return found


@pytest.mark.parametrize(
    ("command", "name"),
    [("consensus", "consensus"), ("queue --rankings", "queue"), ("annotators", "annotators")],
)
def test_every_key_of_the_json_is_documented_and_no_other(command: str, name: str, careless: Path) -> None:
    said = documented(f"docs/{name}.md", "The JSON")
    # Who was outvoted has the present answer proposed: here no group is left to apply.
    assert keys(document(command, careless)) == {key for key in said if not key.startswith("corrections[]")}


def test_every_key_of_a_group_of_corrections_is_documented() -> None:
    finding = Finding(1, "mood", "label_error", 0.9, "", correction=Choices(("bad",)))
    (group,) = correction_groups([finding], {(1, "mood"): Choices(("good",))})
    said = documented("docs/queue.md", "The JSON")
    written = {"corrections": [group_as_json(group)]}
    assert keys(written) == {key for key in said if key.startswith("corrections[]")}


def test_every_key_of_drifts_json_is_documented_and_no_other(careless: Path) -> None:
    listed = {f"drifts[].{one.name}" for one in dataclasses.fields(Drift)}
    listed = {f"{key}[]" if key.endswith(".annotators") else key for key in listed}
    said = documented("docs/drift.md", "The JSON")
    assert {key for key in said if key.startswith("drifts")} == listed
    assert keys(document("drift", careless)) <= said
