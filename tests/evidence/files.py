"""Small export files, written as Label Studio writes them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MOOD = """<View><Text name="text" value="$text"/><Choices name="mood" toName="text" choice="single">
<Choice value="yes"/><Choice value="no"/></Choices></View>"""


def chosen(*labels: str, control: str = "mood") -> list[dict[str, Any]]:
    """The result of an annotation that chose these labels."""
    region = {"id": "r", "from_name": control, "to_name": "text", "type": "choices"}
    return [{**region, "value": {"choices": list(labels)}}]


def given(number: int, person: object, result: object, **more: Any) -> dict[str, Any]:
    """One annotation."""
    return {
        "id": number,
        "completed_by": person,
        "result": result,
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-03-02T10:00:00.000000Z",
        "updated_at": "2026-03-02T10:00:00.000000Z",
        **more,
    }


def task(number: int, annotations: Sequence[Mapping[str, Any]], **data: Any) -> dict[str, Any]:
    """One task."""
    return {"id": number, "data": {"text": f"text {number}", **data}, "annotations": list(annotations)}


def moods(answers: Mapping[int, Mapping[int, str]]) -> list[dict[str, Any]]:
    """Tasks with a mood each: task -> annotator -> label."""
    return [
        task(number, [given(100 * number + person, person, chosen(label)) for person, label in said.items()])
        for number, said in answers.items()
    ]


FOUR = moods({1: {1: "yes", 2: "yes"}, 2: {1: "no", 2: "no"}, 3: {1: "yes", 2: "no"}, 4: {1: "yes"}})
"""Two people agree on two of the three tasks that both answered: agreement 2/3, alpha 1 - 5 * 2 / (2 * 3 * 3) = 4/9."""


def write(folder: Path, tasks: object, xml: str = MOOD, command: str = "agreement") -> tuple[str, ...]:
    """Write an export and its interface; the command with the arguments that name them."""
    (folder / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    (folder / "config.xml").write_text(xml, encoding="utf-8")
    return command, "export.json", "--label-config", "config.xml"
