"""Encoders that users bring: they teach and answer like ours, are asked once an input, and fail in plain words."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend import cli
from ml_backend.disk_cache import DiskCache
from ml_backend.encoders import brought, family_of
from ml_backend.encoders.kept import keep_in, kept_bytes, kept_rows
from ml_backend.errors import EncoderError, MediaError, RegistryError, SettingsError
from ml_backend.predict import score
from ml_backend.records import Task, TrainingRow
from ml_backend.settings import Settings
from ml_backend.study import remember_interface

from .scenes import PROJECT, SENTIMENT, WORDS, feed_server, learned, sentiment_rows, serving
from .stage import GOOD, Here
from .test_encoders import encoded, picture

MINE = f"""
WORDS = {WORDS!r}
asked = []
def vectors(texts):
    asked.append(len(texts))
    return [[sum(word in text for word in words) for words in WORDS.values()] + [len(text) / 100] for text in texts]
def broken(texts):
    raise RuntimeError("no more paper")
def leaving(texts):
    raise SystemExit("no more ink")
def short(texts):
    return [[1.0]]
def flat(texts):
    return [1.0 for _ in texts]
def endless(texts):
    return [[float("nan")] for _ in texts]
def same(texts):
    return [[1.0, 2.0] for _ in texts]
def sizes(contents):
    return [[len(content), 1.0] for content in contents]
sizes.fetches = True
number = 7
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module of the user's own."""
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "mine_to_encode.py").write_text(MINE)
    monkeypatch.syspath_prepend(str(tmp_path / "module"))
    import mine_to_encode  # type: ignore[import-not-found]

    yield mine_to_encode
    keep_in(None)
    del sys.modules["mine_to_encode"]
    brought.brought.cache_clear()
    family_of.__globals__["_brought"].cache_clear()


def label_of(row: TrainingRow) -> str:
    assert isinstance(row.answer, Choices)
    return row.answer.labels[0]


def pool(count: int) -> list[Task]:
    return [Task(10_000 + row.task, row.data) for row in sentiment_rows(count, seed=5)]


def test_a_function_of_your_own_teaches_and_answers(mine: Any, tmp_path: Path) -> None:
    outside = serving(tmp_path, encoder="mine_to_encode:vectors")
    model = learned(outside, sentiment_rows(80))
    assert model is not None
    quality = model.controls[0].quality
    assert quality is not None and quality.accuracy > 0.9
    rows, tasks = sentiment_rows(40, seed=5), pool(40)
    lines = list(score(outside, PROJECT, parse(SENTIMENT), tasks))
    right = [line["answer"] == [label_of(row)] for line, row in zip(lines, rows, strict=True)]
    assert np.mean(right) > 0.9


def test_a_second_round_encodes_nothing_again_not_even_in_another_process(mine: Any, tmp_path: Path) -> None:
    outside = serving(tmp_path, encoder="mine_to_encode:vectors")
    learned(outside, sentiment_rows(60))
    tasks = pool(32)
    first = list(score(outside, PROJECT, parse(SENTIMENT), tasks[:30]))
    mine.asked.clear()
    serving(tmp_path, encoder="mine_to_encode:vectors")  # as another process would
    assert list(score(outside, PROJECT, parse(SENTIMENT), tasks[:30])) == first
    assert mine.asked == []
    list(score(outside, PROJECT, parse(SENTIMENT), tasks))
    assert sum(mine.asked) == 2


def test_without_room_nothing_is_kept(mine: Any, tmp_path: Path) -> None:
    outside = serving(tmp_path, encoder="mine_to_encode:vectors", cache_bytes=0)
    learned(outside, sentiment_rows(60))
    mine.asked.clear()
    assert [list(score(outside, PROJECT, parse(SENTIMENT), pool(30))) for _ in range(2)]
    assert sum(mine.asked) == 60


class Doubling:
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def __call__(self, inputs: Sequence[Any]) -> Any:
        self.asked += inputs
        return np.array([[len(one), 2 * len(one)] for one in inputs], dtype=np.float32)


def test_each_content_is_computed_once_and_what_was_damaged_anew(tmp_path: Path) -> None:
    keep_in(DiskCache(tmp_path, 10**6))
    try:
        compute = Doubling()
        wanted = [[1, 2], [3, 6], [1, 2]]
        assert kept_rows("double 1", ["a", "bcd", "a"], compute).tolist() == wanted
        assert kept_rows("double 1", ["a", "bcd", "a"], compute).tolist() == wanted
        assert compute.asked == ["a", "bcd"]
        for place in tmp_path.rglob("*"):
            if place.is_file():
                place.write_bytes(place.read_bytes()[:-4])
        assert kept_rows("double 1", ["a", "bcd", "a"], compute).tolist() == wanted
        assert compute.asked == ["a", "bcd"] * 2
        kept_rows("double 2", ["a"], compute)
        assert compute.asked[4:] == ["a"]
        assert [kept_bytes("x", b"1", lambda: b"made"), kept_bytes("x", b"1", lambda: b"again")] == [b"made"] * 2
    finally:
        keep_in(None)


def test_an_encoder_that_has_changed_its_width_is_asked_for_all() -> None:
    rows = kept_rows("x", [], Doubling())
    assert rows.shape[0] == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("magic", "no encoder is named 'magic'; there are: tfidf\\+wordllama"),
        ("no_such_module:f", "no_such_module cannot be imported .*PYTHONPATH"),
        ("mine_to_encode:nothing", "there is no nothing in mine_to_encode"),
        ("mine_to_encode:number", "number is no function but int"),
    ],
)
def test_what_cannot_be_brought_says_why(mine: Any, tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(EncoderError, match=told):
        family_of(name)
    with pytest.raises((EncoderError, SettingsError) if ":" in name else Exception):
        serving(tmp_path, encoder=name)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("broken", "failed on 2 inputs: RuntimeError.'no more paper'"),
        ("leaving", "failed on 2 inputs: SystemExit.'no more ink'"),
        ("short", r"gave an array of shape \(1, 1\) for 2 inputs; a row of numbers for each is needed: \(2, d\)"),
        ("flat", r"gave an array of shape \(2,\)"),
        ("endless", "gave numbers that are not finite"),
    ],
)
def test_a_function_that_gives_no_rows_says_so(mine: Any, function: str, told: str) -> None:
    with pytest.raises(EncoderError, match=f"encoder 'mine_to_encode:{function}' {told}"):
        family_of(f"mine_to_encode:{function}").describe(["a", "b"])


def test_what_it_does_not_learn_from_is_told_in_the_state(mine: Any, tmp_path: Path) -> None:
    for function, told in (("broken", "no more paper"), ("same", "gives every labeled task the same row")):
        outside = serving(tmp_path / function, encoder=f"mine_to_encode:{function}")
        assert learned(outside, sentiment_rows(40)) is None
        outcome = json.loads((outside.registry.folder(PROJECT) / "outcome.json").read_text())
        assert told in outcome["error"]


def test_a_function_that_fails_later_costs_no_answer(
    mine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outside = serving(tmp_path, encoder="mine_to_encode:vectors")
    learned(outside, sentiment_rows(60))
    monkeypatch.setitem(mine.__dict__, "WORDS", None)
    lines = list(score(outside, PROJECT, parse(SENTIMENT), pool(5)))
    assert [line["answer"] for line in lines] == [None] * 5
    assert "control 'sentiment' abstains: encoder 'mine_to_encode:vectors' failed" in caplog.text


def test_a_function_that_ends_the_process_costs_no_answer(
    mine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = serving(tmp_path, encoder="mine_to_encode:vectors", cache_bytes=0)
    learned(outside, sentiment_rows(60))
    monkeypatch.setitem(mine.__dict__, "len", mine.leaving)
    (told,) = Here(outside).predict(GOOD)
    assert (told["result"], told["reasons"][0]["code"]) == ([], "failed")


def test_a_module_that_ends_the_process_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ends_at_once.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(EncoderError, match=r"ends_at_once cannot be imported \(SystemExit\(3"):
        family_of("ends_at_once:f")


def test_a_model_whose_encoder_has_changed_is_refused_and_learned_anew(
    mine: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with feed_server(sentiment_rows(60)) as feed:
        outside = serving(tmp_path, encoder="mine_to_encode:vectors", sync_url=feed.url)
        remember_interface(outside.registry.folder(PROJECT), SENTIMENT)
        outside.minds.study(PROJECT)
        assert outside.registry.live(PROJECT)[1] is None
        monkeypatch.setattr(mine.vectors, "version", "2", raising=False)
        brought.brought.cache_clear()
        family_of.__globals__["_brought"].cache_clear()
        fresh = serving(tmp_path, encoder="mine_to_encode:vectors", sync_url=feed.url)
        found, problem = fresh.registry.live(PROJECT)
        assert found is None and problem is not None and "has changed since this model was learned" in problem
        fresh.minds.study(PROJECT)  # as the server does when it starts
        found, problem = fresh.registry.live(PROJECT)
        assert found is not None and (found.version, problem) == ("tiebreak-2", None)


def test_a_model_whose_encoder_is_gone_is_named(mine: Any, tmp_path: Path) -> None:
    outside = serving(tmp_path, encoder="mine_to_encode:vectors")
    model = learned(outside, sentiment_rows(60))
    assert model is not None
    del mine.vectors
    brought.brought.cache_clear()
    family_of.__globals__["_brought"].cache_clear()
    fresh = serving(tmp_path)
    with pytest.raises(RegistryError, match=r"model.json: .*there is no vectors in mine_to_encode"):
        fresh.registry.load(PROJECT, model.version)
    found, problem = fresh.registry.live(PROJECT)
    assert found is None and problem is not None


def test_a_function_that_asks_for_it_gets_what_the_addresses_name(mine: Any) -> None:
    family = family_of("mine_to_encode:sizes")
    assert (family.tags, family.fetches) == (("Image",), True)
    assert family.read("http://a", lambda address: b"four") == b"four"
    with pytest.raises(MediaError, match="expected an address"):
        family.read(None, lambda address: b"")
    assert family.describe([b"four", b"x"]).tolist() == [[4, 1], [1, 1]]
    with pytest.raises(MediaError, match="expected something"):
        family_of("mine_to_encode:vectors").read(None, lambda address: b"")


@pytest.mark.parametrize("name", ["sentence-transformers:all-MiniLM-L6-v2", "torchvision:resnet18"])
def test_a_package_that_is_not_installed_is_named(name: str) -> None:
    package = name.partition(":")[0]
    try:
        __import__(package.replace("-", "_"))
    except ImportError:
        with pytest.raises(EncoderError, match=f"needs the package {package}: pip install {package}"):
            family_of(name)
    else:
        assert family_of(name).tags


def test_the_last_layer_of_a_network_tells_what_it_saw() -> None:
    import torch

    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    batch = torch.arange(12.0).reshape(2, 2, 3)
    with torch.inference_mode():
        assert torch.equal(brought.penultimate(network, batch), network[:3](batch))


def test_a_network_without_a_linear_layer_is_refused() -> None:
    import torch

    with pytest.raises(ValueError, match="has no linear layer"):
        brought.penultimate(torch.nn.Flatten(), torch.zeros(1, 2, 3))


def test_images_are_read_no_larger_than_needed() -> None:
    big = picture(0).resize((1024, 512))
    assert brought.read_image("x", lambda _: encoded(big)).shape == (256, 512, 3)
    assert brought.read_image("x", lambda _: encoded(picture(0))).shape == (64, 64, 3)


def test_a_backtest_takes_it(mine: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "set.csv"
    rows = [f"{row.data['text']},{label_of(row)}" for row in sentiment_rows(120)]
    place.write_text("text,label\n" + "\n".join(rows))
    given = ["backtest", str(place), "--text", "text", "--label", "label", "--encoder", "mine_to_encode:vectors"]
    with pytest.raises(SystemExit) as ended:
        cli.app([*given, *"--strategy random --budget 40 --seeds 1 --processes 1 --json".split()])
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)["full_accuracy"] > 0.9


def test_the_setting_takes_names() -> None:
    for name in ("auto", "tfidf", "sentence-transformers:a/b", "torchvision:resnet18", "a.b:c"):
        assert Settings(encoder=name).encoder == name
    for name in ("", "magic", ":", "a:", ":b", "a: b"):
        with pytest.raises(ValueError, match="must be one of auto, tfidf"):
            Settings(encoder=name)
