"""Whether a new version may take the place of the live one: the test, its numbers, what becomes of a refused one."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from label_config.answers import Choices
from ml_backend.lessons.publishing import ALPHA, Decision, decide, difference_of, in_words, sign_test
from ml_backend.predict import Serving
from ml_backend.records import TrainingRow
from ml_backend.study import Outcome, outcome_of

from .scenes import PROJECT, SENTIMENT, learned, sentence, sentiment_rows, serving

COUNTS = st.integers(0, 300)


def of_counts(both: int, new: int, old: int, neither: int, *, force: bool = False) -> Decision:
    """A decision over tasks with one answer each."""
    news = [True] * (both + new) + [False] * (old + neither)
    olds = [True] * both + [False] * new + [True] * old + [False] * neither
    return decide("tiebreak-1", range(len(news)), np.array(news, bool), np.array(olds, bool), force=force)


@given(worse=COUNTS, better=COUNTS)
def test_the_sign_test_is_the_exact_binomial_test(worse: int, better: int) -> None:
    exact = 1.0 if worse + better == 0 else binomtest(worse, worse + better, 0.5, alternative="greater").pvalue
    assert sign_test(worse, better) == pytest.approx(exact, rel=1e-9)


@given(both=COUNTS, new=COUNTS, old=COUNTS, neither=COUNTS)
def test_it_is_published_unless_mcnemars_exact_test_calls_it_worse(both: int, new: int, old: int, neither: int) -> None:
    found = of_counts(both, new, old, neither)
    count = both + new + old + neither
    assert (found.holdout, found.tasks) == (count, count)
    if count == 0:
        assert found.published
        assert found.p is found.difference is found.low is found.high is None
        assert "nothing was compared" in found.reason
        return
    exact = 1.0 if new + old == 0 else binomtest(old, new + old, 0.5, alternative="greater").pvalue
    assert found.published == (exact >= ALPHA)
    assert (found.both_right, found.only_new, found.only_old) == (both, new, old) == (both, found.better, found.worse)
    assert found.p == pytest.approx(exact, abs=1e-6)
    assert found.difference == pytest.approx((new - old) / count, abs=1e-6)
    assert found.low is not None
    assert found.high is not None
    assert found.difference is not None
    assert -1 <= found.low <= found.difference <= found.high <= 1


@pytest.mark.parametrize(("old", "new", "published"), [(4, 0, True), (5, 0, False), (8, 1, False), (7, 2, True)])
def test_the_bound_by_hand(old: int, new: int, published: bool) -> None:
    # Of n fair coins at least `old` heads: 1/16, 1/32; (9 + 1)/512 = 0.0195; (36 + 9 + 1)/512 = 0.0898.
    assert of_counts(90, new, old, 0).published is published


def test_force_publishes_what_is_worse_and_says_so() -> None:
    refused, forced = of_counts(90, 0, 10, 0), of_counts(90, 0, 10, 0, force=True)
    assert (refused.published, refused.forced, forced.published, forced.forced) == (False, False, True, True)
    assert "worse beyond chance" in refused.reason
    assert forced.reason.endswith("because it was asked for")
    assert of_counts(90, 5, 5, 0, force=True).forced is False


def test_answers_of_one_task_are_counted_as_one() -> None:
    # One task with six controls that all went wrong is one coin, not six.
    together = decide("tiebreak-1", [7] * 6, np.zeros(6, bool), np.ones(6, bool))
    assert (together.published, together.tasks, together.holdout, together.only_old, together.worse) == (
        True,
        1,
        6,
        6,
        1,
    )
    apart = decide("tiebreak-1", range(6), np.zeros(6, bool), np.ones(6, bool))
    assert apart.published is False


def test_an_equally_good_version_is_refused_no_more_often_than_said() -> None:
    rng = np.random.default_rng(1)
    refused = sum(not of_counts(0, 0, 0, 0).published for _ in range(1))
    for _ in range(2000):
        new, old = rng.random((2, 100)) < 0.8
        refused += not decide("tiebreak-1", range(100), new, old).published
    assert refused / 2000 < ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / 2000)


@pytest.mark.parametrize(("better", "worse"), [(0.1, 0.1), (0.02, 0.1), (0.3, 0.05)])
def test_the_interval_holds_the_true_difference_as_often_as_said(better: float, worse: float) -> None:
    rng = np.random.default_rng(2)
    runs = rng.choice([1.0, -1.0, 0.0], (2000, 60), p=[better, worse, 1 - better - worse])
    inside = sum(low <= better - worse <= high for _, low, high in map(difference_of, runs))
    assert inside / 2000 > 0.94


def test_a_decision_in_one_line() -> None:
    assert in_words(of_counts(90, 0, 10, 0).as_json()) == (
        "worse beyond chance (better than tiebreak-1 on 0 tasks, worse on 10, p = 0.000977); accuracy -10.0% "
        "(-16.2% to -3.4%, 95 %) on 100 answers that taught neither"
    )


def test_answers_that_taught_the_live_version_are_said_to_be_judged_out_of_fold(tmp_path: Path) -> None:
    one, rows = serving(tmp_path), half_held_out()
    assert learned(one, [dataclasses.replace(row, holdout=False) for row in rows if row.task > 20]) is not None
    assert learned(one, rows) is not None
    decision = outcome_of(one.registry.folder(PROJECT)).decision
    assert decision is not None
    assert (decision["holdout"], decision["out_of_fold"]) == (60, 50)
    assert in_words(decision).endswith(
        "on 60 answers, 50 of which had taught one of the two and were judged out of fold, by models without them"
    )
    before = {name: value for name, value in decision.items() if name != "out_of_fold"}  # as older versions told it
    assert in_words(before).endswith("on 60 answers that taught neither")


def mislabeled(rows: Sequence[TrainingRow], share: float) -> list[TrainingRow]:
    """The same, but of what teaches a share says something else."""
    other = {"good": "bad", "bad": "unsure", "unsure": "good"}
    rng = np.random.default_rng(0)
    return [
        dataclasses.replace(row, answer=Choices((other[said(row)],)))
        if not row.holdout and rng.random() < share
        else row
        for row in rows
    ]


def said(row: TrainingRow) -> str:
    assert isinstance(row.answer, Choices)
    return row.answer.labels[0]


@pytest.fixture
def outside(tmp_path: Path) -> Serving:
    """A project whose live version is good, and whose random share is large."""
    found = serving(tmp_path)
    assert learned(found, half_held_out()) is not None
    return found


def half_held_out() -> list[TrainingRow]:
    rows = sentiment_rows(120)
    return [dataclasses.replace(row, holdout=row.task % 2 == 0) for row in rows]


def test_a_version_that_unlearned_is_refused_and_the_live_one_stays(outside: Serving) -> None:
    assert learned(outside, mislabeled(half_held_out(), 0.9)) is None
    assert outside.registry.versions(PROJECT) == ["tiebreak-1"]
    outcome = outcome_of(outside.registry.folder(PROJECT))
    assert outcome.error is None
    assert outcome.decision is not None
    assert outcome.decision["published"] is False
    assert outcome.decision["holdout"] == 60
    assert outcome.decision["only_old"] > 30


def test_the_decision_stands_beside_the_version(outside: Serving) -> None:
    first = outside.registry.decision(PROJECT, "tiebreak-1")
    assert first is not None
    assert first["reason"] == "nothing was compared: no version was live"
    assert learned(outside, half_held_out()) is not None
    second = outside.registry.decision(PROJECT, "tiebreak-2")
    assert second is not None
    assert (second["live"], second["holdout"], second["p"], second["difference"]) == ("tiebreak-1", 60, 1.0, 0.0)
    assert second == outcome_of(outside.registry.folder(PROJECT)).decision


def test_a_live_version_that_no_longer_fits_the_interface_stands_in_nobodys_way(outside: Serving) -> None:
    xml = SENTIMENT.replace('value="good"', 'value="fine"')
    rng = np.random.default_rng(3)
    rows = [
        dataclasses.replace(row, data={"text": sentence(["good"], rng)}, answer=Choices(("fine",)))
        if said(row) == "good"
        else row
        for row in half_held_out()
    ]
    model = learned(outside, rows, xml)
    assert model is not None
    decision = outside.registry.decision(PROJECT, model.version)
    assert decision is not None
    assert decision["only_new"] > decision["only_old"]  # it abstains where it would say what is gone


@pytest.mark.parametrize("content", ["{", '{"cursor": 0, "unheard": 1}', "[]", '{"decision": {}}', '{"decision": 7}'])
def test_a_broken_outcome_is_warned_of_with_its_path_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    (tmp_path / "outcome.json").write_text(content, encoding="utf-8")
    assert outcome_of(tmp_path) == Outcome()
    assert caplog.text.count("outcome.json") == 1
    assert "; it will be learned anew" in caplog.text
