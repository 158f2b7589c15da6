"""What a project's labels prove: the product's own models, asked about its own answers."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from label_config.answers import Choices
from label_config.templates import template
from ml_backend import labels as label_sets
from ml_backend import rounds
from ml_backend.cli import app
from ml_backend.errors import UnknownProject
from ml_backend.labels import LabelSet
from ml_backend.records import TrainingRow
from ml_backend.settings import Settings
from ml_backend.study import remember_interface
from ml_backend.worth.in_words import worth_of_labels
from ml_backend.worth.proof import Proof
from ml_backend.worth.proving import FILE, kept, prove
from ml_backend.worth.stop_set import remember

from .scenes import PROJECT, SENTIMENT, TOPICS, learned, only, sentiment_rows, serving, topic_rows


def nowhere(_: str) -> bytes:
    raise AssertionError("nothing is to be downloaded")


def proven(
    folder: Path, rows: Sequence[TrainingRow], xml: str = SENTIMENT, shown: str | None = "tiebreak-1.1"
) -> dict[str, Proof]:
    if shown is not None:
        rounds.show(folder, shown)
    remember_interface(folder, xml)
    label_sets.save(folder, LabelSet().merged(rows, len(rows)))
    return prove(folder, Settings(), nowhere)


def with_share(rows: Sequence[TrainingRow], random: int) -> list[TrainingRow]:
    """The first ``random`` rows are the random share, and only these."""
    return [replace(row, holdout=place < random) for place, row in enumerate(rows)]


@pytest.mark.parametrize(("xml", "rows"), [(SENTIMENT, sentiment_rows(110)), (TOPICS, topic_rows(110))])
def test_the_models_are_those_that_the_product_learns(tmp_path: Path, xml: str, rows: Sequence[TrainingRow]) -> None:
    """All chosen labels together are right on the random share as often as the published model, which measured it."""
    rows = with_share(rows, 44)
    (found,) = proven(tmp_path / "project", rows, xml).values()
    model = learned(serving(tmp_path / "models"), rows, xml)
    assert model is not None
    quality = only(model).quality
    assert quality is not None and found.chosen_curve is not None
    assert (quality.source, quality.n) == ("holdout", 44)
    assert found.chosen_curve.accuracy[-1] == pytest.approx(quality.accuracy, abs=1e-4)
    assert (found.random, found.chosen, found.at_random) == (44, 66, 22)


def test_a_proof_is_kept_with_the_labels_that_it_is_of(tmp_path: Path) -> None:
    assert kept(tmp_path) is None
    rows = with_share(sentiment_rows(90), 10)
    found = proven(tmp_path, rows)["sentiment"]
    assert found.words == "the random share has 10 answers; 40 are needed"
    stored = kept(tmp_path)
    assert stored is not None
    assert stored["cursor"] == 90
    assert stored["controls"]["sentiment"]["words"] == found.words


def test_labels_that_no_strategy_chose_prove_nothing_about_choosing(tmp_path: Path) -> None:
    rows = with_share(sentiment_rows(110), 44)
    found = proven(tmp_path, rows, shown=None)["sentiment"]
    assert found == Proof(
        "no round was ever prepared for this project, so no strategy chose its 110 labeled tasks: there is no saving "
        "to prove",
        0,
        44,
    )
    assert worth_of_labels(tmp_path)["labels_saved"]["sentiment"] == found.words
    rounds.prepare(tmp_path, rounds.Round("tiebreak-1.1", "tiebreak-1", {}, np.zeros(0), frozenset()))
    assert proven(tmp_path, rows, shown=None)["sentiment"].chosen == 66


def test_where_most_answers_are_the_same_the_rest_must_be_known(tmp_path: Path) -> None:
    """Nine in ten are good, and the texts tell nothing of the others."""
    rng = np.random.default_rng(0)
    rows = [
        replace(row, answer=Choices(("bad" if rng.random() < 0.1 else "good",)))
        for row in with_share(sentiment_rows(110), 50)
    ]
    found = proven(tmp_path, rows)["sentiment"]
    held = [row for row in rows if row.holdout]
    assert found.majority == sum(row.answer == Choices(("good",)) for row in held) / 50
    assert found.saved is None
    assert "not clearly above" in found.words


def test_the_command_says_what_is_proven_and_whether_to_go_on(tmp_path: Path) -> None:
    proven(tmp_path / PROJECT, with_share(sentiment_rows(90), 10))
    for number, labels in enumerate((100, 130, 170, 220)):
        remember(
            tmp_path / PROJECT, f"tiebreak-{number}", labels, {"sentiment": dict.fromkeys(range(100, 300), "good")}
        )
    told = CliRunner().invoke(app, ["proof", PROJECT, "--data", str(tmp_path)]).output.splitlines()
    assert told == [
        "sentiment: the random share has 10 answers; 40 are needed",
        "sentiment: the models give the same answer to every task, which says nothing",
    ]
    found = json.loads(CliRunner().invoke(app, ["proof", PROJECT, "--data", str(tmp_path), "--json"]).output)
    assert found["labels_saved"]["sentiment"]["random"] == 10
    assert found["more_labels"]["sentiment"]["unlikely_to_help"] is None


def test_what_the_labels_are_worth_is_said_in_words(tmp_path: Path) -> None:
    nothing: dict[str, object] = {"labels_saved": {}, "proofs": {}, "proven_at": None, "more_labels": {}, "hard": []}
    assert worth_of_labels(tmp_path) == nothing
    proven(tmp_path, with_share(sentiment_rows(90), 10))
    remember(tmp_path, "tiebreak-1", 100, {"sentiment": {1: "good"}})
    told = worth_of_labels(tmp_path)
    proof = told.pop("proofs")["sentiment"]
    assert (proof["random"], proof["saved"], proof["random_curve"], "words" in proof) == (10, None, None, False)
    assert told.pop("proven_at") == label_sets.load(tmp_path).cursor
    assert told == {
        "labels_saved": {"sentiment": "the random share has 10 answers; 40 are needed"},
        "more_labels": {
            "sentiment": {
                "unlikely_to_help": None,
                "words": "0 models far enough apart were compared; 3 are needed",
            }
        },
        "hard": [],
    }
    (tmp_path / FILE).write_text("[]", encoding="utf-8")
    assert worth_of_labels(tmp_path) == {**nothing, "more_labels": told["more_labels"]}


def test_labels_in_another_order_of_tasks_are_taken_in_the_order_in_which_they_were_given(tmp_path: Path) -> None:
    """Late labels of the chosen ones are all wrong: early models are better than late ones."""
    rng = np.random.default_rng(0)
    rows = with_share(sentiment_rows(160), 45)
    spoiled = [
        row if row.holdout or place < 80 else replace(row, answer=Choices(("unsure",)))
        for place, row in enumerate(rows)
    ]
    numbers = rng.permutation(len(rows)) + 1
    shuffled = [replace(row, task=int(number)) for row, number in zip(spoiled, numbers, strict=True)]
    found = proven(tmp_path, shuffled)["sentiment"]
    assert found.chosen_curve is not None
    middle = found.chosen_curve.labels.index(next(n for n in found.chosen_curve.labels if n >= 30))
    assert found.chosen_curve.accuracy[middle] > found.chosen_curve.accuracy[-1]


def test_what_cannot_be_proven_has_its_reason(tmp_path: Path) -> None:
    same = [replace(row, answer=Choices(("good",))) for row in with_share(sentiment_rows(100), 45)]
    assert "all of them the same" in proven(tmp_path / "same", same)["sentiment"].words
    regions = template("image-boxes")
    (found,) = proven(tmp_path / "regions", sentiment_rows(5), regions).values()
    assert "is proven nothing about" in found.words


def test_a_project_that_nobody_taught_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(UnknownProject, match="nothing was learned for it"):
        prove(tmp_path / "4.4", Settings(), nowhere)
