"""Drift: statistics against known ones, false alarms where nothing changed, power where something did, and who did."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from label_config.answers import Answer, Choices, Number, Region, Regions, Span
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.drift import (
    NAMES,
    STATISTICS,
    Compared,
    Drift,
    agreement_drift,
    answered_at,
    compared,
    concept_drift,
    corrected,
    label_drift,
    picture_statistics,
    significant,
    task_labels,
    text_drift,
    vector_drift,
)
from sync.quality.drift.two_samples import indicators, kernel_features, shift
from sync.quality.drift.verdict import judge
from sync.quality.drift.windows import looks
from sync.quality.evidence import ControlEvidence
from sync.quality.records import ControlConsensus, Opinion, TaskConsensus

Maker = Callable[[np.random.Generator, bool], list[Drift]]
TIMES = {task: 1000 + task for task in range(240)}
"""Six windows of 40 tasks."""
DRAWS = 299
WORDS = [f"word{place}" for place in range(60)]


# Many looks


def test_holm_against_a_worked_example() -> None:
    """Holm (1979): ordered p-values times 4, 3, 2, 1, and never falling."""
    p = [0.01, 0.04, 0.03, 0.005]
    found = corrected(replace(blank(), p=one) for one in p)
    assert [one.p_adjusted for one in found] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert len(significant(found)) == 2


@given(st.lists(st.none() | st.floats(0, 1), max_size=8))
def test_a_correction_keeps_the_order_and_never_makes_anything_more_significant(p: list[float | None]) -> None:
    found = corrected(replace(blank(), p=one) for one in p)
    assert [one.p for one in found] == p
    for one in found:
        assert (one.p_adjusted is None) == (one.p is None)
        assert one.p is None or (one.p_adjusted is not None and one.p <= one.p_adjusted <= 1)


def blank() -> Drift:
    return Drift("label_drift", "c", "", 0, 0, 1, 1, "")


# Windows and the test of two samples


def test_each_window_is_compared_with_all_before_it() -> None:
    found = list(looks(np.array([0, *range(100, 220)]), windows=3))
    assert [(one.at, one.until, int(one.before.sum()), int(one.after.sum())) for one in found] == [
        (140, 180, 40, 40),
        (180, 220, 80, 40),
    ]
    assert not any(one.before[0] or one.after[0] for one in found), "an unknown time is on no side"


def test_tasks_of_one_instant_stay_together() -> None:
    assert list(looks(np.full(100, 7))) == []
    (found,) = looks(np.array([5] * 70 + [9] * 50))
    assert (found.at, int(found.before.sum()), int(found.after.sum())) == (9, 70, 50)
    assert list(looks(np.arange(1, 39))) == [], "too few"


def test_the_statistic_of_single_labels_is_pearsons_chi_square() -> None:
    table = np.array([[30, 20, 10], [18, 30, 12]])
    codes = np.repeat([0, 1, 2, 0, 1, 2], table.ravel())
    after = np.repeat([False, True], table.sum(axis=1))
    has = indicators(codes, np.arange(len(codes)), len(codes), 3)
    found = shift(has / np.sqrt(has.mean(axis=0)), after, np.random.default_rng(1), draws=4999)
    expected = stats.chi2_contingency(table, correction=False)
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, abs=0.02)


def test_few_tasks_are_tested_exactly() -> None:
    """Fisher's exact test of 5 of 5 against 0 of 5: two tables of 252 are as far apart."""
    has = np.repeat([[1.0], [0.0]], 5, axis=0)
    found = shift(has, np.repeat([False, True], 5), np.random.default_rng(2), draws=19_999)
    assert found.p == pytest.approx(2 / 252, abs=0.003)
    assert found.share == pytest.approx(1.0)


def test_kernel_features_give_about_the_gaussian_kernel() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((40, 3))
    features = kernel_features(vectors, rng, size=20_000)
    scaled = vectors / vectors.std(axis=0)
    far = np.linalg.norm(scaled[:, None] - scaled[None], axis=2)
    width = np.median(far[np.triu_indices(40, 1)])
    assert np.abs(features @ features.T - np.exp(-(far**2) / (2 * width**2))).max() < 0.05


# What is drifted, and what is not


def labels(rng: np.random.Generator, moved: bool) -> list[Drift]:
    """The share of "a" goes from .4 to .85 for the last 40 tasks."""
    share = np.where((np.arange(240) >= 200) & moved, 0.85, 0.4)
    given_ = {task: ("a",) if rng.random() < share[task] else (rng.choice(["b", "c"]),) for task in range(240)}
    return label_drift("c", given_, TIMES, rng, DRAWS)


def label_sets(rng: np.random.Generator, moved: bool) -> list[Drift]:
    share = np.where((np.arange(240) >= 200) & moved, 0.85, 0.4)
    given_ = {task: ("a",) * int(rng.random() < share[task]) + ("b",) * int(rng.random() < 0.3) for task in range(240)}
    return label_drift("c", given_, TIMES, rng, DRAWS)


def texts(rng: np.random.Generator, moved: bool) -> list[Drift]:
    """A topic of ten words that a text in three was about is in all of the last 40."""
    said = {}
    for task in range(240):
        about = rng.random() < (1.0 if moved and task >= 200 else 0.33)
        some = rng.choice(WORDS[:10] if about else WORDS[10:], size=8)
        said[task] = " ".join(some)
    return text_drift("text", said, TIMES, rng, DRAWS)


def vectors(rng: np.random.Generator, moved: bool) -> list[Drift]:
    """The last 40 have the same mean and three times the spread: no test of means sees it."""
    rows = rng.standard_normal((240, 6))
    rows[200:] *= 3 if moved else 1
    return vector_drift("image", dict(enumerate(rows)), TIMES, rng, DRAWS)


def pictures(rng: np.random.Generator, moved: bool) -> list[Drift]:
    """The last 40 were taken in dimmer light: noise around a level that differs between pictures anyway."""
    levels = rng.normal(130, 30, 240) - np.where(np.arange(240) >= 200, 45 if moved else 0, 0)
    taken = np.clip(rng.normal(levels[:, None, None, None], 20, (240, 6, 6, 3)), 0, 255).astype(np.uint8)
    statistics = {task: picture_statistics(one) for task, one in enumerate(taken)}
    return vector_drift("image", statistics, TIMES, rng, DRAWS, names=STATISTICS)


def agreement(rng: np.random.Generator, moved: bool) -> list[Drift]:
    level = np.where((np.arange(240) >= 150) & moved, 0.55, 0.85)
    return agreement_drift("c", dict(enumerate((rng.random(240) < level).astype(float))), TIMES, rng, DRAWS)


every_maker = pytest.mark.parametrize("maker", [labels, label_sets, texts, vectors, pictures, agreement])


@every_maker
def test_what_moved_is_found_when_it_moved(maker: Maker) -> None:
    hits = 0
    for seed in range(10):
        found = significant(corrected(maker(np.random.default_rng(seed), True)))
        hits += any(one.at >= 1100 for one in found)
        assert all(one.effect is not None and one.effect != 0 for one in found)
    assert hits >= 9


@every_maker
def test_what_did_not_move_seldom_cries_wolf(maker: Maker) -> None:
    """At most 5 % of data sets, whatever the number of windows: more than 4 of 20 happen once in 390 times."""
    wolves = sum(bool(significant(corrected(maker(np.random.default_rng(seed), False)))) for seed in range(20))
    assert wolves <= 4


@every_maker
def test_the_same_generator_gives_the_same_drift(maker: Maker) -> None:
    one, other = (maker(np.random.default_rng(4), True) for _ in range(2))
    assert one == other
    assert all(each.name in NAMES and any(letter.isdigit() or letter == ":" for letter in each.words) for each in one)


def test_a_drift_says_what_moved() -> None:
    given_ = {task: ("a",) if task < 200 or task % 4 == 0 else ("b",) for task in range(240)}
    last = label_drift("tone", given_, TIMES, np.random.default_rng(5))[-1]
    assert (last.name, last.control, last.at, last.until, last.before, last.after) == (
        "label_drift",
        "tone",
        1200,
        1240,
        200,
        40,
    )
    assert last.words == "The share of tasks with the label a went from 100 % to 25 %."
    said = {task: "the old thing" if task < 200 else "the new thing" for task in range(240)}
    found = text_drift("text", said, TIMES, np.random.default_rng(5))[-1]
    assert found.words == "More texts than before have: new; fewer have: old."
    assert found.effect == pytest.approx(1.0)


def test_the_number_that_moved_most_is_named() -> None:
    rows = {task: np.array([5.0, 0.2 if task < 200 else 0.8, task % 2]) for task in range(240)}
    last = vector_drift("image", rows, TIMES, np.random.default_rng(5), names=("width", "brightness", "odd"))[-1]
    assert last.words.endswith(" Most moved: brightness, from 0.20 to 0.80 in the mean.")
    assert (last.name, last.what) == ("input_drift", "image")


def test_a_picture_in_numbers_by_hand() -> None:
    """Four rows of eight columns: the left half red, the right half black; and what has no edge is as sharp as dust."""
    red = np.zeros((4, 8, 3), dtype=np.uint8)
    red[:, :4, 0] = 255
    found = dict(zip(STATISTICS, picture_statistics(red).tolist(), strict=True))
    assert (found["width"], found["height"]) == (3, 2)
    assert (found["red"], found["green"], found["blue"]) == (0.5, 0, 0)
    assert (found["brightness"], found["contrast"]) == (pytest.approx(0.1495), pytest.approx(0.1495))
    # The Laplacian is -0.299 at the last red column, 0.299 at the first black one and 0 at four others.
    assert found["sharpness"] == pytest.approx(np.log10(0.299**2 / 3))
    assert picture_statistics(np.full((4, 4), 9, dtype=np.uint8))[-1] == picture_statistics(red[:1, :1])[-1] < -4


def test_pictures_are_measured_alike_whatever_their_depth_and_size() -> None:
    grey = np.random.default_rng(3).integers(0, 256, (600, 40)).astype(np.uint8)
    deep = grey.astype(np.uint16) * 257
    assert picture_statistics(deep) == pytest.approx(picture_statistics(grey), abs=1e-9)
    assert picture_statistics(grey.repeat(2, axis=0))[2:7] == pytest.approx(picture_statistics(grey)[2:7], abs=0.01)
    blurred = ((grey[1:].astype(np.float64) + grey[:-1]) / 2).astype(np.uint8)
    assert picture_statistics(blurred)[-1] < picture_statistics(grey)[-1] - 0.3
    with pytest.raises(ValueError, match="a picture without pixels"):
        picture_statistics(np.zeros((0, 4), dtype=np.uint8))


def test_nothing_to_compare_is_no_test() -> None:
    rng = np.random.default_rng(0)
    assert label_drift("c", {}, {}, rng) == []
    assert text_drift("t", {1: "a"}, {1: 5}, rng) == []
    assert vector_drift("v", {1: np.array([np.nan])}, {1: 5}, rng) == []
    same = label_drift("c", dict.fromkeys(range(100), ("a",)), {task: task + 1 for task in range(100)}, rng)
    assert {one.p for one in same} == {1.0}
    none = label_drift("c", dict.fromkeys(range(100), ()), {task: task + 1 for task in range(100)}, rng)
    assert {one.p for one in none} <= {1.0}
    assert text_drift("t", dict.fromkeys(range(100), ""), {task: task + 1 for task in range(100)}, rng)[0].p == 1.0


def test_agreement_that_cannot_be_tested_says_why() -> None:
    rng = np.random.default_rng(0)
    (few,) = agreement_drift("c", {1: 0.5}, {1: 9}, rng)
    assert (few.p, few.words) == (None, "Only 1 tasks have a time and two answers; 20 are needed.")
    (same,) = agreement_drift("c", dict.fromkeys(range(30), 1.0), TIMES, rng, DRAWS)
    assert (same.p, same.statistic) == (None, None)


def test_a_change_is_placed_where_it_is() -> None:
    values = {task: 1.0 if task < 100 else 0.0 for task in range(240)}
    trend, change = agreement_drift("c", values, TIMES, np.random.default_rng(1), draws=199)
    assert (change.at, change.before, change.after, change.effect) == (1100, 100, 140, -1.0)
    assert change.p == pytest.approx(1 / 200)
    assert trend.statistic == pytest.approx(stats.kendalltau(range(240), list(values.values())).statistic)


# Who changed


def world(
    rng: np.random.Generator, drift: str = "", tasks: int = 200, people: int = 5, share: float = 0.7
) -> tuple[Compared, int]:
    """Three answer each task, 9 of 10 right; the model is right on 8 of 10.

    From the middle on everybody ("concept"), or person 2 alone ("annotator"), answers 1 for ``share`` of what was 0
    before. A task in seven is hard: all who answer it are right only half as often.
    """
    truth = rng.integers(3, size=2 * tasks)
    model = np.where(rng.random(2 * tasks) < 0.8, truth, rng.integers(3, size=2 * tasks))
    hard = rng.random(2 * tasks) < 0.15
    task = np.repeat(np.arange(2 * tasks), 3)
    person = np.argsort(rng.random((2 * tasks, people)), axis=1)[:, :3].ravel()
    follows = (task >= tasks) & ((drift == "concept") | ((drift == "annotator") & (person == 2)))
    means = np.where(follows & (truth[task] == 0) & (rng.random(len(task)) < share), 1, truth[task])
    right = rng.random(len(task)) < np.where(hard[task], 0.5, 0.9)
    said = np.where(right, means, rng.integers(3, size=len(task)))
    like = (said == model[task]).astype(np.float64)
    return Compared(
        task, person, 1000 + task, [str(k) for k in model[task]], [str(k) for k in said], like
    ), 1000 + tasks


def found_in(drift: str, seed: int, **size: float) -> tuple[Drift, ...]:
    rows, since = world(np.random.default_rng(seed), drift, **size)  # type: ignore[arg-type]
    return significant(corrected(concept_drift("c", rows, since)))


def test_a_stable_concept_seldom_cries_wolf() -> None:
    """Hard tasks make the answers to one task alike, still: more than 7 of 60 happen once in 80 times."""
    assert sum(bool(found_in("", seed, tasks=60)) for seed in range(60)) <= 7


def strongest(found: tuple[Drift, ...]) -> Drift:
    return min(found, key=lambda one: one.p_adjusted or 0.0)


def test_concept_drift_is_told_from_annotator_drift() -> None:
    """In 9 of 10 data sets, those where nothing is found counting as wrong."""
    right = 0
    for seed in range(20):
        concept, person = found_in("concept", seed), found_in("annotator", seed, tasks=400, share=0.9)
        right += bool(concept) and strongest(concept).name == "concept_drift"
        right += bool(person) and strongest(person).name == "annotator_drift" and strongest(person).annotators == (2,)
    assert right >= 36


def test_the_label_that_drifted_is_named_with_what_it_is_answered_now() -> None:
    found = {one.what: one for one in found_in("concept", 1)}
    assert "0" in found
    assert not found.keys() & {"2"}
    assert found["0"].effect is not None and found["0"].effect < -0.3
    assert "most more often they answer 1 (" in found["0"].words
    assert "The 5 annotators changed alike." in found["0"].words


def test_a_slice_is_tested_for_itself() -> None:
    """Only texts in one language are answered otherwise."""
    rows, since = world(np.random.default_rng(2), tasks=300)
    language = ["de" if task % 2 else "en" for task in rows.task.tolist()]
    moved = (rows.task % 2 == 1) & (rows.at >= since) & (np.random.default_rng(0).random(len(rows.task)) < 0.5)
    sliced = replace(rows, like=np.where(moved, 0.0, rows.like), slices={"language": language})
    found = {one.what for one in significant(corrected(concept_drift("c", sliced, since)))}
    assert "language = de" in found
    assert "language = en" not in found


def test_other_people_and_other_kinds_of_tasks_are_no_drift() -> None:
    """Afterwards come tasks that the model finds hard, and people who are less careful: nobody changed."""
    wolves = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        task = np.arange(600)
        later = task >= 300
        kind = np.where(rng.random(600) < np.where(later, 0.8, 0.2), 0, 1)
        person = np.where(rng.random(600) < np.where(later, 0.8, 0.2), 0, 1)
        like = (rng.random(600) < 0.9 - 0.3 * kind - 0.25 * person).astype(np.float64)
        names = [str(one) for one in kind]
        wolves += bool(
            significant(corrected(concept_drift("c", Compared(task, person, task + 1, names, names, like), 301)))
        )
    assert wolves <= 4


def test_one_annotator_alone_cannot_be_told_from_everybody() -> None:
    rows, since = world(np.random.default_rng(0), "concept")
    alone = rows.annotator == 1
    kept = Compared(
        rows.task[alone],
        rows.annotator[alone],
        rows.at[alone],
        [kind for kind, one in zip(rows.kind, alone, strict=True) if one],
        [said for said, one in zip(rows.said, alone, strict=True) if one],
        rows.like[alone],
    )
    found = concept_drift("c", kept, since)
    assert {one.name for one in found} == {"answer_drift"}
    assert "nobody can tell who changed" in found[0].words


def test_nobody_on_both_sides_and_too_few_tasks_are_said() -> None:
    task = np.arange(40)
    person = (task >= 20).astype(np.int64)
    names = ["a"] * 40
    (apart,) = concept_drift("c", Compared(task, person, task + 1, names, names, (task % 2).astype(np.float64)), 21)
    assert (apart.p, apart.words.split(",")[0]) == (None, "Nobody answered the same kind of task before and after")
    (few,) = concept_drift("c", Compared(task, person, task + 1, names, names, (task % 2).astype(np.float64)), 38)
    assert (few.p, few.words) == (None, "Of 37 tasks before and 3 after, 10 each are needed.")


def test_two_explanations_by_hand() -> None:
    errors = np.full(6, 0.05)
    assert judge(np.arange(6), np.full(6, -0.3), errors).name == "concept_drift"
    one = judge(np.arange(6) + 10, np.array([0, 0, -0.5, 0, 0.01, 0]), errors)
    assert (one.name, one.annotators) == ("annotator_drift", (12,))
    two = judge(np.arange(6), np.array([0.5, 0, -0.5, 0, 0.01, 0]), errors)
    assert (two.name, two.annotators) == ("annotator_drift", (0, 2))
    assert one.probability is not None and one.probability > 0.99
    assert judge(np.arange(1), errors[:1], errors[:1]).probability is None


# What is observed

TONE = Control("tone", "Choices", ("t",), ("a", "b"))
A, B = Choices(("a",)), Choices(("b",))


def test_answers_stand_beside_what_the_model_thinks_of_their_task() -> None:
    rows = [(3, 1, A), (3, 2, B), (5, 1, A), (7, 2, B)]
    opinions = {3: Opinion(A), 7: Opinion(A)}
    evidence = ControlEvidence(TONE, encode(TONE, rows), opinions=opinions, given_at=np.array([10, 20, 30, 0]))
    found = compared(evidence, slices={"lang": {3: "de"}})
    assert (found.task.tolist(), found.annotator.tolist(), found.at.tolist()) == ([3, 3, 7], [1, 2, 2], [10, 20, 0])
    assert (found.kind, found.said, found.like.tolist()) == (["a"] * 3, ["a", "b", "b"], [1.0, 0.0, 0.0])
    assert found.slices == {"lang": ["de", "de", ""]}
    assert answered_at(evidence) == {3: 20, 5: 30}
    assert answered_at(ControlEvidence(TONE, encode(TONE, rows))) == {}
    assert compared(evidence, {}).task.tolist() == []


def test_labels_of_a_task_are_those_of_its_probable_answer() -> None:
    spans = Regions((Region(Span(0, 1), ("x",)), Region(Span(2, 3), ("x", "y"))))
    tasks: list[tuple[int, Answer, int]] = [(1, A, 2), (2, spans, 1), (3, Number(2.0), 1), (4, A, 0)]
    known = tuple(TaskConsensus(task, answer, 0.9, None, n) for task, answer, n in tasks)
    found = task_labels(ControlConsensus("c", "", "", known, ()))
    assert found == {1: ("a",), 2: ("x", "y"), 3: ("2",)}


def test_people_who_answer_by_degrees_are_compared_by_degrees() -> None:
    stars = Control("s", "Rating", ("t",), family=Family.RATING, low=1.0, high=5.0)
    evidence = ControlEvidence(stars, encode(stars, [(1, 1, Number(5.0)), (2, 1, Number(2.0))]))
    like = compared(evidence, {1: Opinion(Number(5.0)), 2: Opinion(Number(5.0))}).like
    assert like[0] == 1.0
    assert 0 <= like[1] < 1
