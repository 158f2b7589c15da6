"""Classes of label-studio-ml behind our server: in a process of their own, whatever they do."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ml_backend.errors import BackendError, SettingsError
from ml_backend.registry import check_project
from ml_backend.study import remember_interface
from ml_backend.upstream import MOST_FAILURES, check
from ml_backend.upstream import host as upstream_host
from ml_backend.upstream.failures import FILE as FAILURE
from ml_backend.upstream.lesson import FILE
from ml_backend.upstream_process import Performer

from .foreign import STAND_IN, Foreign, model, predicting, settings
from .scenes import PROJECT, SENTIMENT, bearer, feed_server, sentiment_rows
from .stage import BAD, GOOD, answers
from .test_trainer import wait_for

HAPPY = {"sentiment": ("good",)}


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN))
    monkeypatch.delenv("MODEL_DIR", raising=False)


def test_its_predictions_come_with_our_version_and_a_place(tmp_path: Path) -> None:
    with Foreign(tmp_path, model(tmp_path)) as here:
        good, bad = here.predict(GOOD, BAD)
        assert (answers(good), answers(bad)) == (HAPPY, {"sentiment": ("bad",)})
        assert good["result"][0]["score"] == 0.75
        assert good["result"][0]["meta"]["tiebreak"] == {"margin": 0.25}
        assert good["model_version"] == "tiebreak-1" == here.setup()
        assert 0 <= good["score"] <= 1


def test_it_is_set_up_once_a_project_and_interface(tmp_path: Path) -> None:
    setups = tmp_path / "setups"
    code = f"""
    def setup(self):
        with open({str(setups)!r}, "a") as file:
            file.write(self.project_id + "\\n")
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        for _ in range(3):
            here.predict(GOOD)
        here.predict(GOOD, project="5.1")
        here.predict(GOOD, xml=SENTIMENT.replace("unsure", "mixed"))
        assert setups.read_text(encoding="utf-8").split() == ["4", "5", "4"]


def test_its_own_folder_can_be_imported_from(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "beside.py").write_text("WORD = 'awful'\n", encoding="utf-8")
    code = """
    def told(self, text):
        from beside import WORD
        return super().told(text.replace(WORD, "happy"))
    """
    with Foreign(tmp_path, model(tmp_path / "theirs", code)) as here:
        assert answers(here.predict(BAD)[0]) == HAPPY


def test_what_it_learns_is_a_new_version_and_survives_a_restart(tmp_path: Path) -> None:
    code = """
    def told(self, text):
        return super().told(text.replace("awful", "happy") if self.model_version != "0.0.1" else text)
    """
    name = model(tmp_path, code)
    with Foreign(tmp_path, name) as here:
        remember_interface(here.folder, SENTIMENT)
        assert [answers(one) for one in here.predict(GOOD, BAD)] == [HAPPY, {"sentiment": ("bad",)}]
        here.minds.study(PROJECT)
        assert here.state()["model"] == "tiebreak-2" == here.setup()
        assert here.state()["versions"] == ["tiebreak-2"]  # it keeps no older ones
        assert answers(here.predict(BAD)[0]) == HAPPY
        here.minds.study(PROJECT)  # it learns the same again
        assert here.state()["model"] == "tiebreak-2"
    with Foreign(tmp_path, name) as here:
        assert here.state()["model"] == "tiebreak-2"
        assert answers(here.predict(BAD)[0]) == HAPPY


def test_files_that_it_writes_are_what_it_has_learned_too(tmp_path: Path) -> None:
    code = """
    def fit(self, event, data):
        import os, pathlib
        (pathlib.Path(os.environ["MODEL_DIR"]) / "weights").write_text(str(data["annotation"]["project"]))

    def told(self, text):
        import os, pathlib
        learned = (pathlib.Path(os.environ["MODEL_DIR"]) / "weights").exists()
        return super().told("happy" if learned else text)
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        remember_interface(here.folder, SENTIMENT)
        assert answers(here.predict(BAD)[0]) == {"sentiment": ("bad",)}
        here.minds.study(PROJECT)
        assert (here.state()["model"], answers(here.predict(BAD)[0])) == ("tiebreak-2", HAPPY)
        assert (tmp_path / "data" / "upstream" / "weights").read_text(encoding="utf-8") == "4"


def test_it_takes_part_in_rounds(tmp_path: Path) -> None:
    with Foreign(tmp_path, model(tmp_path)) as here:
        tasks = [{**GOOD, "blind": True}, BAD]
        lines = here.score(*tasks, round="tiebreak-1.1")
        here.post("/round", project=PROJECT, version="tiebreak-1.1")
        told = here.predict(*tasks)
        assert [one["score"] for one in told] == [line["place"] / 2 for line in lines]
        assert [line["out_of_sample"] for line in lines] == [False, False]  # nobody knows what it has learned from
        assert (told[0]["result"], answers(told[1])) == ([], {"sentiment": ("bad",)})
        remember_interface(here.folder, SENTIMENT)
        here.minds.study(PROJECT)
        # What it is now is not what the round was made with: nothing is suggested until the next one.
        assert [one["result"] for one in here.predict(*tasks)] == [[], []]


REGION = '{"from_name": "sentiment", "to_name": "text", "type": "choices", "value": {"choices": ["good"]}}'
ONE = f'{{"result": [{REGION}], "score": 0.9}}'
DUMPED = "type('Dumped', (), {{'model_dump': lambda self: {}}})()"


@pytest.mark.parametrize(
    "response",
    [
        f"[{ONE}]",
        f"({ONE},)",
        f'{{"predictions": [{ONE}]}}',
        DUMPED.format(f'{{"predictions": [{ONE}]}}'),
        f'[[{ONE}, {{"result": []}}]]',
        f"[{DUMPED.format(ONE)}]",
        f"[{{**{ONE}, 'score': __import__('numpy').float32(0.9)}}]",
        f"[{{'result': [{REGION}, {{'from_name': 'nobody'}}, {REGION.replace('good', 'unknown')}], 'score': 0.9}}]",
    ],
)
def test_every_kind_of_response_is_understood(tmp_path: Path, response: str) -> None:
    with Foreign(tmp_path, predicting(tmp_path, response)) as here:
        (told,) = here.predict(GOOD)
        assert answers(told) == HAPPY
        assert told["result"][0]["score"] == pytest.approx(0.9)


def test_nonsense_is_an_abstention(tmp_path: Path) -> None:
    nonsense = [
        "None",
        "[]",
        f"[{ONE}, {ONE}]",
        "'text'",
        "7",
        "[None]",
        "[7]",
        "[{'result': 'x'}]",
        "[[]]",
        "[{'result': [{'from_name': 'nobody'}]}]",
        "[{'result': [object()]}]",
        "[float('nan')]",
        "exit(3)",
        "1 / 0",
    ]
    code = f"""
    def predict(self, tasks, context=None):
        return eval({nonsense!r}[tasks[0]["id"]])
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        for number in range(len(nonsense)):
            (told,) = here.predict({**GOOD, "id": number})
            assert told["result"] == [], nonsense[number]
            assert 0 <= told["score"] <= 1


@pytest.mark.parametrize(
    ("nonsense", "told"),
    [
        ("[7]", "a prediction is no dictionary but int"),
        ("[{'result': 'x'}]", "the result of a prediction is no list but str"),
        ("[{'result': [7]}]", "a region is no dictionary but int"),
        ("[{'result': [{'from_name': 'nobody'}]}]", "do not fit the interface are left out: "),
        ("[7, 7]", "2 predictions for 1 tasks"),
    ],
)
def test_nonsense_is_told_until_it_answers_well(tmp_path: Path, nonsense: str, told: str) -> None:
    code = f"""
    def predict(self, tasks, context=None):
        return {nonsense} if tasks[0]["id"] == 1 else super().predict(tasks)
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        assert here.predict({**GOOD, "id": 1})[0]["result"] == []
        assert told in here.state()["error"]
        here.predict(BAD)
        assert here.state()["error"] is None


def test_a_task_that_it_cannot_take_costs_no_other_its_answer(tmp_path: Path) -> None:
    code = """
    def predict(self, tasks, context=None):
        return [self.told(task["data"]["text"]) for task in tasks if task["data"]["text"] != "skipped"]
    """
    tasks = [{"id": n, "data": {"text": "skipped" if n == 17 else None if n == 30 else "happy"}} for n in range(40)]
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        told = here.predict(*tasks)
    assert [n for n, one in enumerate(told) if not one["result"]] == [17, 30]


def test_a_class_that_always_fails_is_not_asked_forever_and_it_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    calls = tmp_path / "calls"
    code = f"""
    def predict(self, tasks, context=None):
        with open({str(calls)!r}, "a") as file:
            file.write("x")
        raise RuntimeError("out of memory")
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        assert [one["result"] for one in here.predict(*[{**GOOD, "id": n} for n in range(100)])] == [[]] * 100
        (told,) = [record.getMessage() for record in caplog.records]
        why = "Theirs: RuntimeError: out of memory (their_model.py, line "
        assert why in told and "said once an hour" in told
        health = here.client.get("/health", headers=bearer()).get_json()
        assert (health["model_class"], why in health["problems"][PROJECT]) == ("Theirs", True)
        assert why in here.state()["error"]
    assert len(calls.read_text(encoding="utf-8")) == MOST_FAILURES


def test_a_class_that_hangs_leaves_every_task_answered_in_time(tmp_path: Path) -> None:
    code = """
    def predict(self, tasks, context=None):
        import time
        time.sleep(3 if tasks[0]["id"] == 1 else 0)
        return super().predict(tasks)
    """
    with Foreign(tmp_path, model(tmp_path, code), predict_seconds=1) as here:
        here.predict(GOOD)  # it is loaded by now
        start = time.monotonic()
        assert [one["result"] for one in here.predict({**GOOD, "id": 1}, BAD)] == [[], []]
        assert time.monotonic() - start < 2.9
        wait_for(lambda: answers(here.predict(GOOD)[0]) == HAPPY)  # it went on, and is the same process


def test_a_class_that_hangs_for_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_host, "STUCK", 0.3)
    code = """
    def predict(self, tasks, context=None):
        import time
        time.sleep(60 if tasks[0]["id"] == 1 else 0)
        return super().predict(tasks)
    """
    with Foreign(tmp_path, model(tmp_path, code), predict_seconds=1) as here:
        here.predict(GOOD)
        assert here.predict({**GOOD, "id": 1})[0]["result"] == []
        assert answers(here.predict(GOOD)[0]) == HAPPY


def test_of_many_projects_the_last_ones_stay_set_up(tmp_path: Path) -> None:
    setups: list[str] = []

    class Counted:
        def __init__(self, project_id: str, label_config: str) -> None:
            setups.append(project_id + label_config)

        model_version = "1"

    performer = Performer(Counted, tmp_path, most=2)
    for project in ("1.1", "2.1", "1.1", "3.1", "1.1", "2.1"):
        performer.version({"project": project, "label_config": "x"})
    assert setups == ["1x", "2x", "3x", "2x"]


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    code = """
    def predict(self, tasks, context=None):
        import os
        return os.abort() if tasks[0]["id"] == 1 else super().predict(tasks)
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        assert here.predict({**GOOD, "id": 1})[0]["result"] == []
        assert answers(here.predict(GOOD)[0]) == HAPPY
        process = here.minds.host._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert answers(here.predict(GOOD)[0]) == HAPPY


def test_it_ends_with_whoever_has_started_it(tmp_path: Path) -> None:
    code = """
    def predict(self, tasks, context=None):
        import time
        time.sleep(60)
    """
    with Foreign(tmp_path, model(tmp_path, code), predict_seconds=0.5) as here:
        here.predict(GOOD)
        process = here.minds.host._process
        assert process is not None and process.stdin is not None
        process.stdin.close()  # as when the parent is killed
        assert process.wait(10) == 0


def test_a_fit_that_fails_is_told_and_keeps_the_version(tmp_path: Path) -> None:
    code = """
    def fit(self, event, data):
        raise RuntimeError("no labels")
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        here.trainer.start()
        here.post("/train", project=PROJECT, label_config=SENTIMENT)
        wait_for(lambda: here.state()["error"] is not None)
        here.trainer.stop()
        state = here.state()
        assert state["model"] == "tiebreak-1"
        assert "fit failed" in state["error"]
        assert "RuntimeError: no labels" in state["error"]


def test_its_scores_are_calibrated_by_the_answers_of_the_feed(tmp_path: Path) -> None:
    """It says 0.75 to everything, and is right where "happy" tells: how often, the random share says."""
    rows = sentiment_rows(400)
    held = [row for row in rows if row.holdout]
    right = [("good" if "happy" in row.data["text"] else "bad") in row.answer.labels for row in held]  # type: ignore[union-attr]
    with feed_server(rows) as feed, Foreign(tmp_path, model(tmp_path), sync_url=feed.url) as here:
        remember_interface(here.folder, SENTIMENT)
        here.minds.study(PROJECT)
        state = here.state()
        assert state["model"] == "tiebreak-2"
        told = state["certainty"]["sentiment"]
        assert told["calibration"] == "logistic"
        assert (told["quality"]["source"], told["quality"]["n"]) == ("holdout", 40)
        assert state["metrics"]["accuracy"] == pytest.approx(sum(right) / 40)
        (one,) = here.predict(GOOD)
        share = 0.1 + 0.9 * sum(right) / 40  # a label is right with weight 0.9, else the other is
        assert one["result"][0]["score"] == pytest.approx(share, abs=0.15)
        assert abs(one["result"][0]["score"] - 0.75) > 0.05
        assert here.minds.study(PROJECT) is None  # nothing new: it is not asked again
        assert here.state()["model"] == "tiebreak-2"


def test_its_scores_are_calibrated_by_an_export(tmp_path: Path) -> None:
    def answered(number: int, label: str) -> dict[str, Any]:
        value = {"choices": [label]}
        region = {"from_name": "sentiment", "to_name": "text", "type": "choices", "value": value}
        annotation = {"id": number, "completed_by": 1, "result": [region]}
        return {"id": number, "data": {"text": "happy"}, "annotations": [annotation]}

    tasks = [answered(number, "good" if number % 4 else "bad") for number in range(1, 41)]
    (tmp_path / "export.json").write_text(json.dumps(tasks), encoding="utf-8")
    (tmp_path / "interface.xml").write_text(SENTIMENT, encoding="utf-8")
    program = str(Path(sys.executable).with_name("tiebreak-ml"))
    files = [str(tmp_path / "export.json"), "--label-config", str(tmp_path / "interface.xml")]
    command = [program, "train", *files, "--project", PROJECT, "--data", str(tmp_path / "data")]
    done = subprocess.run(
        command,
        env={**os.environ, "TIEBREAK_ML_MODEL_CLASS": model(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith(f"project {PROJECT}: tiebreak-2, of ")
    told = (
        "  sentiment: right 75% of 40 times (all answers, from which the class may have learned), calibration error 0"
    )
    assert done.stdout.splitlines()[1].startswith(told)


def test_without_a_feed_a_project_is_known_once_it_is_asked_about(tmp_path: Path) -> None:
    with Foreign(tmp_path, model(tmp_path)) as here:
        here.predict(GOOD)
        here.trainer.start()
        here.client.post("/webhook", json={"action": "START_TRAINING", "project": {"id": 4}})
        wait_for(lambda: here.setup() == "tiebreak-2")
        here.trainer.stop()


def test_a_disk_that_takes_nothing_costs_no_answer(tmp_path: Path) -> None:
    code = """
    def predict(self, tasks, context=None):
        (told,) = super().predict(tasks)
        return [{"result": [*told["result"], 7]}] if tasks[0]["id"] == 1 else [told]
    """
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        for name in (FAILURE, "project.json"):
            (here.folder / name / "in the way").mkdir(parents=True)
        assert [answers(here.predict({**GOOD, "id": number})[0]) for number in (1, 2)] == [{"sentiment": ("good",)}] * 2


def test_the_state_of_earlier_versions_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    with Foreign(tmp_path, model(tmp_path)) as here:
        here.folder.mkdir(parents=True)
        (here.folder / FILE).write_text('["0.0.1", "0.0.2"]', encoding="utf-8")
        assert here.state()["model"] == "tiebreak-2"
        for broken in ('{"number": 1}', '"x"', "[", '{"number": 1, "learned": 0, "theirs": "", "controls": {"c": {}}}'):
            (here.folder / FILE).write_text(broken, encoding="utf-8")
            assert (here.state()["model"], here.predict(GOOD)[0]["result"]) == (None, [])
            assert FILE in here.state()["error"]


def refused(folder: Path, name: str) -> str:
    with pytest.raises(BackendError) as told:
        check(settings(folder, name))
    return str(told.value)


def test_a_class_that_cannot_be_used_is_refused_by_name(tmp_path: Path) -> None:
    name = model(tmp_path)
    file = name.partition(":")[0]
    for wrong in ("", ":", "file.py", f"{file}:", "a:b c"):
        if wrong:
            assert "expected path/to/model.py:CLASS or MODULE:CLASS" in refused(tmp_path, wrong)
    assert "there is no file" in refused(tmp_path, f"{tmp_path / 'nowhere.py'}:Theirs")
    assert "such classes in it: Keywords, Theirs" in refused(tmp_path, f"{file}:Other")
    assert "is no subclass" in refused(tmp_path, "json:loads")
    assert "cannot be imported (ModuleNotFoundError: No module named 'no_such_module')" in refused(
        tmp_path, "no_such_module:Model"
    )
    (tmp_path / "torn.py").write_text("def", encoding="utf-8")
    assert "torn.py' cannot be imported (SyntaxError" in refused(tmp_path, f"{tmp_path / 'torn.py'}:Model")
    (tmp_path / "needs.py").write_text("import no_such_package", encoding="utf-8")
    assert "install what it needs" in refused(tmp_path, f"{tmp_path / 'needs.py'}:Model")
    (tmp_path / "json.py").write_text("", encoding="utf-8")
    assert "rename the file" in refused(tmp_path, f"{tmp_path / 'json.py'}:Model")
    check(settings(tmp_path, name))


def test_without_the_package_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty" / "label_studio_ml"
    empty.mkdir(parents=True)
    (empty / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(empty.parent))
    assert "pip install 'tiebreak[label-studio-ml]'" in refused(tmp_path, model(tmp_path))


def test_a_class_that_cannot_be_loaded_abstains_and_is_not_started_for_every_request(tmp_path: Path) -> None:
    with Foreign(tmp_path, model(tmp_path).replace("Theirs", "Other")) as here:
        for _ in range(20):
            start = time.monotonic()
            assert here.predict(GOOD)[0]["result"] == []
        assert time.monotonic() - start < 0.1
        with pytest.raises(SettingsError):
            here.minds.host.load(time.monotonic() + 1)


BOXES = """<View><Image name="image" value="$image"/><RectangleLabels name="box" toName="image">
<Label value="cat"/><Label value="dog"/></RectangleLabels></View>"""
SPANS = """<View><Text name="text" value="$text"/><Labels name="ner" toName="text">
<Label value="PER"/><Label value="LOC"/></Labels></View>"""


def box(label: str, score: float, **more: Any) -> dict[str, Any]:
    return {
        "id": f"b{score}",
        "from_name": "box",
        "to_name": "image",
        "type": "rectanglelabels",
        "original_width": 640,
        "original_height": 480,
        "image_rotation": 0,
        "score": score,
        "value": {"x": 10.5, "y": 20, "width": 30, "height": 40, "rotation": 0, "rectanglelabels": [label]},
        **more,
    }


def test_regions_pass_as_they_were_written_with_their_own_scores(tmp_path: Path) -> None:
    given = [box("cat", 0.9, meta={"text": ["why"]}), box("bird", 0.7), box("dog", 0.4, readonly=True)]
    response = f"[{{'result': {given!r}, 'score': 0.6}}]"
    with Foreign(tmp_path, predicting(tmp_path, response)) as here:
        (told,) = here.predict({"id": 1, "data": {"image": "data:,"}}, xml=BOXES)
    cat, dog = told["result"]
    assert {**cat, "meta": {"text": ["why"]}} == given[0]
    assert {key: dog[key] for key in given[2]} == given[2]
    assert cat["meta"]["tiebreak"] == {"margin": 0.6}  # a picture is as doubtful as its most doubtful region


def test_an_interactive_request_may_add_regions_to_those_that_there_are(tmp_path: Path) -> None:
    code = """
    def predict(self, tasks, context=None):
        word = context["result"][0]["value"]["text"]
        start = tasks[0]["data"]["text"].index(word)
        value = {"start": start, "end": start + len(word), "text": word, "labels": ["PER"]}
        return [{"result": [{"from_name": "ner", "to_name": "text", "type": "labels", "value": value}]}]
    """
    drawn = {"from_name": "ner", "value": {"text": "Ann"}}
    with Foreign(tmp_path, model(tmp_path, code)) as here:
        task = {"id": 1, "data": {"text": "To Ann"}}
        (told,) = here.predict(task, xml=SPANS, context={"result": [drawn]})
        assert [one["value"]["start"] for one in told["result"]] == [3]
        assert told["result"][0]["id"] == "tiebreak-ner"


def test_settings_for_label_studio_reach_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    code = """
    def told(self, text):
        import os
        return super().told("happy" if os.environ.get("LABEL_STUDIO_API_KEY") == "key" else "")
    """
    given = {"label_studio_url": "http://localhost:8080", "label_studio_token": "key"}
    with Foreign(tmp_path, model(tmp_path, code), **given) as here:
        assert answers(here.predict(BAD)[0]) == HAPPY


def test_projects_of_strangers_fill_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml_backend.upstream.MOST_PROJECTS", 3)
    with Foreign(tmp_path, model(tmp_path)) as here:
        for number in range(10):
            here.predict(GOOD, project=check_project(f"{number}.1"))
        assert len(here.outside.registry.projects()) == 3
        assert json.loads((tmp_path / "data" / "0.1" / "project.json").read_text(encoding="utf-8"))
