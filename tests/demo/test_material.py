"""Reading somebody's own dataset: what is wrong with it is said before anything starts."""

from pathlib import Path

import pytest

from sync.demo.material import exported
from sync.errors import TiebreakError

CHOICES = '<View><Text name="t" value="$text"/><Choices name="c" toName="t"><Choice value="a"/></Choices></View>'


@pytest.mark.parametrize(
    ("config", "export", "said"),
    [
        ("<View", "[]", "label_config.xml: the labeling interface is not XML"),
        (
            '<View><Text name="t" value="$text"/><Rating name="r" toName="t"/></View>',
            "[]",
            "needs Choices, and there are: r (Rating)",
        ),
        (CHOICES, '[{"data": {"t', "the file is cut or is not JSON"),
        (CHOICES, '{"tasks": []}', "not a list of tasks"),
        (CHOICES, '[{"id": 1}]', "no `data`"),
        (CHOICES, "[]", "there is no task in it"),
    ],
)
def test_a_dataset_that_cannot_be_read_is_named(tmp_path: Path, config: str, export: str, said: str) -> None:
    (tmp_path / "label_config.xml").write_text(config, encoding="utf-8")
    (tmp_path / "export.json").write_text(export, encoding="utf-8")
    with pytest.raises(TiebreakError) as refused:
        exported(tmp_path)
    assert said in str(refused.value)


def test_answers_are_counted(tmp_path: Path) -> None:
    result = '[{"from_name": "c", "to_name": "t", "type": "choices", "id": "r", "value": {"choices": ["a"]}}]'
    task = '{"id": 1, "data": {"text": "x"}, "annotations": [{"completed_by": 1, "result": ' + result + "}]}"
    (tmp_path / "label_config.xml").write_text(CHOICES, encoding="utf-8")
    (tmp_path / "export.json").write_text(f"[{task}, {task}]", encoding="utf-8")
    assert exported(tmp_path).answers == 2
