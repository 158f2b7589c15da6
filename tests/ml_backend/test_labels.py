import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from label_config.answers import Choices
from ml_backend import labels
from ml_backend.errors import FeedError, RegistryError
from ml_backend.feed import Feed
from ml_backend.labels import LabelSet, row_from
from ml_backend.records import TrainingRow

from .scenes import SECRET, feed_line, feed_server, sentiment_rows

ROW = TrainingRow(7, "c", {"text": "a\u2028b\x85c"}, Choices(("yes",)), 0.75, "consensus", True, 5)


def withdrawn(row: TrainingRow, at: int) -> TrainingRow:
    return dataclasses.replace(row, answer=None, updated_at=at)


def test_a_newer_row_replaces_and_a_withdrawal_removes() -> None:
    first = LabelSet().merged([ROW], 5)
    changed = first.merged([dataclasses.replace(ROW, answer=Choices(("no",)), updated_at=6)], 6)
    assert [row.answer for row in changed.of("c")] == [Choices(("no",))]
    assert changed.cursor == 6
    assert changed.merged([withdrawn(ROW, 7)], 7).rows == {}


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["yes", "no", None])), max_size=12), st.integers(0, 12))
def test_news_in_two_parts_give_what_all_at_once_gives(changes: list[tuple[int, str | None]], cut: int) -> None:
    rows = [
        TrainingRow(task, "c", {}, None if label is None else Choices((label,)), 1.0, "consensus", False, at)
        for at, (task, label) in enumerate(changes, 1)
    ]
    whole = LabelSet().merged(rows, len(rows))
    assert LabelSet().merged(rows[:cut], cut).merged(rows[cut:], len(rows)).rows == whole.rows


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    strange = dataclasses.replace(ROW, task=8, data={"text": "half a character: \ud800"})
    kept = LabelSet().merged([ROW, strange, *sentiment_rows(5, first=100)], 9)
    labels.save(tmp_path, kept)
    assert labels.load(tmp_path) == kept
    assert labels.cursor_of(tmp_path) == 9
    assert labels.load(tmp_path / "nothing here") == LabelSet()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.rsplit("\n", 2)[0] + "\n",
        lambda text: "",
        lambda text: "[]\n",
        lambda text: text.replace('"format": 2', '"format": 99'),
        lambda text: text.replace('"weight": 0.9', '"weight": 7'),
    ],
)
def test_a_label_set_that_is_not_whole_is_refused_by_name(tmp_path: Path, spoil: "object") -> None:
    labels.save(tmp_path, LabelSet().merged(sentiment_rows(5), 9))
    place = tmp_path / labels.FILE
    assert callable(spoil)
    place.write_text(spoil(place.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(RegistryError, match=str(place)):
        labels.load(tmp_path)


def test_the_feed_is_read_with_the_secret_from_the_cursor_on() -> None:
    with feed_server([ROW, *sentiment_rows(3, first=100)]) as server:
        rows, cursor = Feed(server.url, SECRET).news(4, 2)
    assert [row.task for row in rows] == [7, 102]
    assert rows[0] == ROW  # also where its text contains what other readers take for an end of line
    assert cursor == 5
    assert server.asked == [2]
    assert server.secrets == [f"Bearer {SECRET}"]


def test_nothing_new_keeps_the_cursor() -> None:
    with feed_server([ROW]) as server:
        assert Feed(server.url, SECRET).news(4, 5) == ([], 5)


def test_a_feed_that_is_cut_is_refused_whole() -> None:
    with feed_server(sentiment_rows(3)) as server:
        server.cut = True
        with pytest.raises(FeedError, match="cut after line 3") as caught:
            Feed(server.url, SECRET).news(4, 0)
    assert caught.value.transient


@pytest.mark.parametrize(("status", "transient"), [(401, False), (404, True), (500, True), (503, True)])
def test_a_refusal_says_whether_to_try_again(status: int, transient: bool) -> None:
    with feed_server() as server:
        server.status = status
        with pytest.raises(FeedError) as caught:
            Feed(server.url, SECRET).news(4, 0)
    assert caught.value.transient is transient
    assert caught.value.url.endswith("/api/v1/projects/4/training")
    assert SECRET not in str(caught.value)


def test_nobody_there_is_transient() -> None:
    with feed_server() as server:
        url = server.url
    with pytest.raises(FeedError, match="is `tiebreak serve` running") as caught:
        Feed(url, SECRET).news(4, 0)
    assert caught.value.transient


@pytest.mark.parametrize(
    "changed", [{"answer": "yes"}, {"answer": [1]}, {"data": []}, {"weight": 2}, {"weight": "x"}, {"task": None}]
)
def test_a_line_that_is_no_row_is_refused_with_its_number(changed: dict[str, object]) -> None:
    line = feed_line(ROW, **changed)
    with pytest.raises((ValueError, TypeError)):
        row_from(line)
    with feed_server([ROW]) as server:
        server.rows.append(line)
        with pytest.raises(FeedError, match="line 2"):
            Feed(server.url, SECRET).news(4, 0)


def test_a_line_without_a_field_is_refused() -> None:
    line = feed_line(ROW)
    del line["holdout"]
    with pytest.raises(KeyError):
        row_from(line)
    assert row_from(json.loads(json.dumps(feed_line(ROW)))) == ROW
