import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices
from label_config.parse import parse
from label_config.results import write_answer
from ml_backend import cli
from ml_backend.errors import BackendError
from ml_backend.exports.learning import consensus, is_held_out, learn_from_export

from .commands import run
from .scenes import SENTIMENT, label_of, sentiment_rows, serving

CONFIG = parse(SENTIMENT)


def annotation(label: str, **more: Any) -> dict[str, Any]:
    return {"result": write_answer(CONFIG.controls[0], Choices((label,)), region_id="r"), **more}


def task(number: int, *annotations: dict[str, Any], text: str = "a") -> dict[str, Any]:
    return {"id": number, "data": {"text": text}, "annotations": list(annotations)}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """An export of 60 tasks with two annotations each, and its interface."""
    rows = sentiment_rows(60)
    tasks = [task(row.task, *[annotation(label_of(row))] * 2, text=row.data["text"]) for row in rows]
    export, interface = tmp_path / "export.json", tmp_path / "label_config.xml"
    export.write_text(json.dumps(tasks), encoding="utf-8")
    interface.write_text(SENTIMENT, encoding="utf-8")
    return export, interface


def test_the_consensus_counts_as_far_as_it_is_sure() -> None:
    rows = list(
        consensus(
            CONFIG,
            [
                task(1, annotation("good"), annotation("good"), annotation("bad")),
                task(2, annotation("good"), annotation("bad")),
                task(3, annotation("good"), annotation("bad", was_cancelled=True)),
                task(4, annotation("good"), annotation("good"), annotation("bad", ground_truth=True)),
                task(5),
                task(6, {"result": [{"from_name": "unknown"}]}, annotation("unsure")),
            ],
        )
    )
    assert [(row.task, row.answer, row.source) for row in rows] == [
        (1, Choices(("good",)), "consensus"),
        (3, Choices(("good",)), "consensus"),
        (4, Choices(("bad",)), "ground_truth"),
        (6, Choices(("unsure",)), "consensus"),
    ]
    weight = {row.task: row.weight for row in rows}
    assert weight[1] < weight[3] <= 1
    assert weight[4] == 1


def test_a_model_is_learned_from_a_file_with_no_server(files: tuple[Path, Path], tmp_path: Path) -> None:
    export, interface = files
    data = str(tmp_path / "ml")
    arguments = ["train", str(export), "--label-config", str(interface), "--data", data]
    done = run(*arguments, "--project", "4.17", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["version"], found["trained_labels"]) == ("tiebreak-1", 60)
    assert found["controls"]["sentiment"]["accuracy"] > 0.85
    assert found["decision"]["reason"] == "nothing was compared: no version was live"
    again = learn_from_export(export, interface, "4.17", serving(tmp_path / "ml"))
    assert again.model is not None
    assert again.model.version == "tiebreak-2"
    listed = json.loads(run("versions", "--data", data, "--json").stdout)["4.17"]
    assert (listed["live"], listed["versions"]) == ("tiebreak-2", ["tiebreak-1", "tiebreak-2"])
    assert listed["decisions"] == {"tiebreak-1": found["decision"], "tiebreak-2": again.decision}
    assert listed["last"] == again.decision


def test_a_share_of_the_tasks_measures_and_what_is_worse_is_not_published_unless_asked_for(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    export, interface = files
    arguments = ["train", str(export), "--label-config", str(interface), "--data", str(tmp_path / "ml")]
    first = run(*arguments, "--holdout", "0.5")
    assert first.stdout.splitlines()[-1] == "  published: nothing was compared: no version was live"
    spoilt = json.loads(export.read_text(encoding="utf-8"))
    held = [one["id"] for one in spoilt if is_held_out(one["id"], 0.5)]
    assert 20 <= len(held) <= 40
    other = {"good": "bad", "bad": "unsure", "unsure": "good"}
    for one in spoilt:
        if one["id"] not in held:
            label = one["annotations"][0]["result"][0]["value"]["choices"][0]
            one["annotations"] = [annotation(other[label])]
    export.write_text(json.dumps(spoilt), encoding="utf-8")
    refused = run(*arguments, "--holdout", "0.5")
    assert refused.returncode == 0
    assert "a new version was learned and not published: worse beyond chance (better than tiebreak-1" in refused.stdout
    assert json.loads(run(*arguments, "--holdout", "0.5", "--json").stdout)["version"] is None
    forced = run(*arguments, "--holdout", "0.5", "--publish-worse")
    assert forced.stdout.startswith("project 0.0: tiebreak-2 learned from")
    assert "because it was asked for" in forced.stdout


@given(share=st.floats(0, 1))
def test_the_share_that_measures_is_as_large_as_asked_and_the_same_each_time(share: float) -> None:
    held = [is_held_out(task, share) for task in range(1000)]
    assert held == [is_held_out(task, share) for task in range(1000)]
    assert abs(sum(held) / 1000 - share) < 0.08


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda export, _: export.write_bytes(export.read_bytes()[:500]), "the file is cut or is not JSON"),
        (lambda export, _: export.write_text("{}"), "not a list of tasks"),
        (lambda export, _: export.write_text('[{"id": 1, "text": "a"}]'), "task 1 of the list: no `data`"),
        (lambda export, _: export.write_text('[{"data": {}, "annotations": 7}]'), "`annotations` is not a list"),
        (lambda export, _: export.write_bytes(b"\xff\xfe"), "not UTF-8 at byte 0"),
        (lambda export, _: export.write_text('[{"id": 7, "data": {}}, {"id": 7, "data": {}}]'), "the same id, 7"),
        (lambda export, _: export.write_text("[]"), "0 labels, 10 are needed"),
        (lambda export, _: export.unlink(), "No such file"),
        (lambda _, interface: interface.write_text("<View>"), "not XML"),
        (lambda _, interface: interface.write_bytes(b"\xff"), "codec can't decode"),
        (lambda _, interface: interface.unlink(), "No such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_and_leaves_no_model(
    files: tuple[Path, Path], tmp_path: Path, spoil: Any, told: str
) -> None:
    spoil(*files)
    with pytest.raises(BackendError, match=told) as caught:
        learn_from_export(*files, "4.17", serving(tmp_path / "ml"))
    assert str(tmp_path) in str(caught.value)
    assert not list((tmp_path / "ml").glob("*/versions"))


def test_what_goes_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    done = run("train", str(tmp_path / "none.json"), "--label-config", str(tmp_path / "none.xml"))
    assert done.returncode == 1
    assert done.stderr == f"tiebreak-ml: {tmp_path}/none.json: cannot be read: No such file or directory\n"


def test_a_folder_that_cannot_be_made_is_named(files: tuple[Path, Path]) -> None:
    export, interface = map(str, files)
    folder = "x" * 300
    done = run("train", export, "--label-config", interface, "--data", folder)
    assert (done.returncode, done.stderr) == (1, f"tiebreak-ml: {folder}: File name too long\n")


def test_a_roll_back_of_nothing_says_so(tmp_path: Path) -> None:
    done = run("rollback", "4.17", "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"tiebreak-ml: project 4.17: there is no model in {tmp_path}\n"
    assert "There is no model in" in run("versions", "--data", str(tmp_path)).stdout


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--port", "many"], ["train"]])
def test_a_mistyped_command_is_refused_without_a_traceback(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Usage: tiebreak-ml" in done.stderr


def test_every_command_says_what_it_does() -> None:
    told = run("--help").stdout
    for command in cli.app.registered_commands:
        assert command.callback is not None
        assert command.callback.__name__ in told
    assert os.linesep in told


def test_what_does_not_fit_the_interface_is_counted_with_an_example(tmp_path: Path) -> None:
    rows = sentiment_rows(40)
    tasks = [task(row.task, annotation(label_of(row)), text=row.data["text"]) for row in rows]
    for one in tasks[:5]:
        one["annotations"][0]["result"][0]["value"] = {"choices": ["gone"]}
    export, interface = tmp_path / "export.json", tmp_path / "label_config.xml"
    export.write_text(json.dumps(tasks), encoding="utf-8")
    interface.write_text(SENTIMENT.replace("</View>", '<Rating name="stars" toName="text"/></View>'), encoding="utf-8")
    told = run("train", str(export), "--label-config", str(interface), "--data", str(tmp_path / "models")).stdout
    assert "5 of 40 annotations are left out, since they do not fit the interface, such as: task " in told
    assert "'gone'" in told
    assert "stars: 0 labels, 10 are needed" in told


def test_nothing_that_fits_says_what_there_was(tmp_path: Path) -> None:
    tasks = [task(number, annotation("good")) for number in range(1, 20)]
    export, interface = tmp_path / "export.json", tmp_path / "label_config.xml"
    export.write_text(json.dumps(tasks), encoding="utf-8")
    interface.write_text(SENTIMENT.replace("good", "fine"), encoding="utf-8")
    with pytest.raises(BackendError, match="0 labels, 10 are needed; 19 of 19 annotations are left out"):
        learn_from_export(export, interface, "0.0", serving(tmp_path))
