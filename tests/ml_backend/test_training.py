import dataclasses
from pathlib import Path

import numpy as np
import pytest

from label_config.answers import Choices
from label_config.errors import InterfaceError
from ml_backend import labels as label_sets
from ml_backend.errors import FeedError, NotLearnable
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners.control_model import ControlModel
from ml_backend.quality import pooled
from ml_backend.records import Features, TrainingRow
from ml_backend.registry import Model
from ml_backend.study import interface_of, outcome_of, remember_interface, study
from ml_backend.training import learn

from .scenes import (
    PROJECT,
    SENTIMENT,
    TOPICS,
    feed_line,
    feed_server,
    label_of,
    learned,
    only,
    sentiment_rows,
    serving,
    topic_rows,
)


def rows_of(control: ControlModel, texts: list[str]) -> Features:
    """What the control's encoder makes of texts."""
    material = Material([{"text": text} for text in texts], lambda _: b"")
    return control.encoder.encode(material.views(control.view, range(len(texts))), len(texts))


def model_of(tmp_path: Path, rows: list[TrainingRow], xml: str = SENTIMENT, **given: int) -> Model:
    outside = serving(tmp_path, **given)
    return learn(xml, LabelSet().merged(rows, 1), outside.fetch, outside.settings)


def test_it_learns_and_measures_itself_out_of_fold(tmp_path: Path) -> None:
    control = only(model_of(tmp_path, sentiment_rows(100)))
    assert control.question.outcomes == ("good", "bad", "unsure")
    assert control.quality is not None
    assert control.quality.source == "cross-validation"
    assert control.quality.n == 90  # the holdout is not among them
    assert control.quality.accuracy > 0.9
    assert control.quality.ece < 0.2


def test_a_holdout_that_is_large_enough_measures_and_never_teaches(tmp_path: Path) -> None:
    rows = sentiment_rows(400)
    control = only(model_of(tmp_path, rows))
    assert control.quality is not None
    assert (control.quality.source, control.quality.n) == ("holdout", 40)
    assert not set(control.known.tasks) & {row.task for row in rows if row.holdout}
    # Wrong labels in the holdout change what is measured, not what is learned.
    wrong = {"good": "bad", "bad": "unsure", "unsure": "good"}
    lied = [dataclasses.replace(row, answer=Choices((wrong[label_of(row)],))) if row.holdout else row for row in rows]
    other = only(model_of(tmp_path, lied))
    assert other.quality is not None
    assert other.quality.accuracy < 0.1
    assert (other.known.probabilities == control.known.probabilities).all()


def test_out_of_fold_probabilities_expose_a_wrong_label(tmp_path: Path) -> None:
    rows = sentiment_rows(100)
    first = rows[0]
    rows[0] = dataclasses.replace(first, answer=Choices(("bad" if label_of(first) != "bad" else "good",)))
    control = only(model_of(tmp_path, rows))
    told = control.known.probabilities[control.known.tasks[first.task]]
    assert label_of(first) == control.question.outcomes[int(told.argmax())]


def test_the_same_text_twice_does_not_leak_across_folds(tmp_path: Path) -> None:
    # Each text stands there twice with a label drawn at random: what was memorised would look right.
    rng = np.random.default_rng(0)
    rows = []
    for place in range(60):
        label = str(rng.choice(["good", "bad"]))
        data = {"text": f"text number {place} {rng.integers(10**9)}"}
        rows += [
            TrainingRow(2 * place + n, "sentiment", data, Choices((label,)), 1.0, "consensus", False, 1) for n in (0, 1)
        ]
    control = only(model_of(tmp_path, rows))
    assert control.quality is not None
    assert control.quality.accuracy < 0.7


def test_rows_that_weigh_little_teach_little(tmp_path: Path) -> None:
    rows = sentiment_rows(100)
    swapped = {"good": "bad", "bad": "good", "unsure": "unsure"}
    lies = [
        dataclasses.replace(row, task=1000 + row.task, answer=Choices((swapped[label_of(row)],)), weight=0.01)
        for row in rows
    ]
    control = only(model_of(tmp_path, rows + lies))
    probabilities = control.probabilities(rows_of(control, [row.data["text"] for row in rows]))
    said = [control.question.outcomes[place] for place in probabilities.argmax(axis=1)]
    assert np.mean([label == label_of(row) for label, row in zip(said, rows, strict=True)]) > 0.95


def test_a_new_task_is_judged_as_surely_as_out_of_fold_promises(tmp_path: Path) -> None:
    # Words that only one task has are many here: an encoder that has seen them would make its own rows look shorter.
    rng = np.random.default_rng(0)

    def padded(rows: list[TrainingRow]) -> list[TrainingRow]:
        return [
            dataclasses.replace(
                row, data={"text": f"{row.data['text']} {' '.join(map(str, rng.integers(10**9, size=9)))}"}
            )
            for row in rows
        ]

    outside = serving(tmp_path)
    control = only(learn(SENTIMENT, LabelSet().merged(padded(sentiment_rows(120)), 1), outside.fetch, outside.settings))
    new = rows_of(control, [row.data["text"] for row in padded(sentiment_rows(300, seed=7))])
    promised = control.known.probabilities.max(axis=1).mean()
    assert control.probabilities(new).max(axis=1).mean() == pytest.approx(promised, abs=0.03)


def test_multiple_choice_is_learned_label_by_label(tmp_path: Path) -> None:
    control = only(model_of(tmp_path, topic_rows(200), TOPICS))
    assert control.question.several
    assert control.quality is not None
    assert control.quality.accuracy > 0.6  # all three labels right at once
    features = rows_of(control, ["wave bread tide", "the of and"])
    both, none = (
        opinion.answer
        for opinion in control.opinions(
            control.probabilities(features), control.signals(features, control.probabilities(features)), "fused"
        )
    )
    assert both == Choices(("sea", "food"))
    assert none == Choices(())


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "0 labels, 10 are needed"),
        (sentiment_rows(9), "9 labels, 10 are needed"),
        (
            [dataclasses.replace(row, answer=Choices(("good",))) for row in sentiment_rows(40)],
            "every answer is the same",
        ),
        ([dataclasses.replace(row, data={"text": "a"}) for row in sentiment_rows(40)], "show the same"),
        ([dataclasses.replace(row, data={"other": "a"}) for row in sentiment_rows(40)], "only 0 of 36 labeled tasks"),
        ([dataclasses.replace(row, data={"text": ""}) for row in sentiment_rows(40)], "texts are all empty"),
        ([dataclasses.replace(row, answer=Choices(("gone",))) for row in sentiment_rows(40)], "0 labels"),
        ([dataclasses.replace(row, answer=Choices(())) for row in sentiment_rows(40)], "0 labels"),
        ([dataclasses.replace(row, holdout=True) for row in sentiment_rows(40)], "0 labels"),
    ],
)
def test_too_little_to_learn_from_says_what_is_missing(tmp_path: Path, rows: list[TrainingRow], reason: str) -> None:
    with pytest.raises(NotLearnable, match=f"control 'sentiment': .*{reason}"):
        model_of(tmp_path, rows)


def test_a_label_that_stands_there_once_does_not_spoil_the_others(tmp_path: Path) -> None:
    rows = [row for row in sentiment_rows(120) if label_of(row) != "unsure"]
    rows.append(
        TrainingRow(999, "sentiment", {"text": "quite another thing"}, Choices(("unsure",)), 1.0, "ruling", False, 1)
    )
    before = only(model_of(tmp_path, rows[:-1]))
    control = only(model_of(tmp_path, rows))
    assert control.question.outcomes == ("good", "bad", "unsure")
    assert control.certainty.temperatures[0] == pytest.approx(before.certainty.temperatures[0], rel=0.2)
    assert control.known.probabilities.max(axis=1).mean() > 0.75


def test_what_is_not_about_text_or_images_is_refused(tmp_path: Path) -> None:
    sound = SENTIMENT.replace("<Text", "<Audio").replace("$text", "$sound")
    with pytest.raises(NotLearnable, match=r"there are models for: Text, HyperText, .*Image"):
        model_of(tmp_path, sentiment_rows(40), sound)


def test_one_control_that_cannot_be_learned_does_not_stop_the_other(tmp_path: Path) -> None:
    both = TOPICS.replace("</View>", SENTIMENT[SENTIMENT.index("<Choices") :])
    model = model_of(tmp_path, [*topic_rows(3), *sentiment_rows(60)], both)
    assert [control.control for control in model.controls] == ["sentiment"]


def test_no_qualities_have_no_mean() -> None:
    assert pooled([]) is None


def test_a_lesson_fetches_only_news_and_learns_only_from_news(tmp_path: Path) -> None:
    rows = sentiment_rows(60)
    with feed_server(rows[:40]) as feed:
        outside = serving(tmp_path, sync_url=feed.url)
        folder = outside.registry.folder(PROJECT)
        remember_interface(folder, SENTIMENT)

        def lesson() -> str | None:
            model = study(PROJECT, outside.registry, outside.settings, outside.fetch)
            return model.version if model else None

        assert lesson() == "tiebreak-1"
        assert lesson() is None  # nothing new
        feed.rows += [feed_line(row) for row in rows[40:]]
        assert lesson() == "tiebreak-2"
        remember_interface(folder, SENTIMENT.replace("unsure", "undecided"))
        assert lesson() == "tiebreak-3"
        assert feed.asked == [0, 40, 40, 60]
        assert outcome_of(folder).cursor == 60
        (folder / label_sets.FILE).unlink()
        assert lesson() is None  # the same labels again teach nothing new
        assert feed.asked[4:] == [0]
        (folder / label_sets.FILE).write_text("broken")
        assert lesson() is None
        assert len(label_sets.load(folder).rows) == 60


def test_a_withdrawn_answer_is_forgotten(tmp_path: Path) -> None:
    rows = sentiment_rows(40)
    with feed_server(rows) as feed:
        outside = serving(tmp_path, sync_url=feed.url)
        remember_interface(outside.registry.folder(PROJECT), SENTIMENT)
        study(PROJECT, outside.registry, outside.settings, outside.fetch)
        feed.rows.append(feed_line(rows[0], answer=None, updated_at=100))
        second = study(PROJECT, outside.registry, outside.settings, outside.fetch)
    assert second is not None
    assert rows[0].task not in only(second).known.tasks


def test_a_feed_that_breaks_off_changes_nothing(tmp_path: Path) -> None:
    with feed_server(sentiment_rows(40)) as feed:
        outside = serving(tmp_path, sync_url=feed.url)
        folder = outside.registry.folder(PROJECT)
        remember_interface(folder, SENTIMENT)
        feed.cut = True
        with pytest.raises(FeedError):
            study(PROJECT, outside.registry, outside.settings, outside.fetch)
        assert sorted(place.name for place in folder.iterdir()) == ["project.json"]


def test_too_few_labels_are_an_outcome_and_not_asked_again(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    assert learned(outside, sentiment_rows(5)) is None
    outcome = outcome_of(outside.registry.folder(PROJECT))
    assert outcome.error is not None
    assert "5 labels, 10 are needed" in outcome.error
    assert outcome.cursor == 5


def test_an_interface_that_cannot_be_read_is_an_outcome_too(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    assert learned(outside, sentiment_rows(50), "<View>") is None
    assert "not XML" in str(outcome_of(outside.registry.folder(PROJECT)).error)
    with pytest.raises(InterfaceError):
        model_of(tmp_path, [], "<View>")


def test_an_interface_that_was_kept_and_is_broken_is_replaced(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "project.json").write_text("{")
    remember_interface(tmp_path, SENTIMENT)
    assert interface_of(tmp_path) == SENTIMENT
    assert "it is written anew" in caplog.text


def test_a_project_that_nobody_named_an_interface_for_is_left_alone(tmp_path: Path) -> None:
    outside = serving(tmp_path)
    assert study(PROJECT, outside.registry, outside.settings, outside.fetch) is None
    assert list(tmp_path.iterdir()) == []
