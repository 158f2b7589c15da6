"""Percent agreement and Krippendorff's alpha: published values, brute force, invariances, undefined cases."""

import csv
import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from label_config.answers import Choices
from sync.quality.agreement import (
    NO_PAIRS,
    ONE_LABEL,
    krippendorff_alpha,
    matrix,
    percent_agreement,
    tabled,
)
from sync.quality.intervals import MOSTLY_UNDEFINED, estimate
from sync.quality.records import CodedAnswers, Estimate

from .answers import ABC, ROWS, SETS, Row, crowd, measured, multiple, ordered_pairs, pairs_by_task, single, table

KRIPPENDORFF_2011 = table("123321412...  1233224125.3  .3332342251.  12332441251.")


def alpha_of(coded: CodedAnswers) -> float | None:
    return krippendorff_alpha(coded, np.random.default_rng(0), bootstrap=0).value


def percent_of(coded: CodedAnswers) -> float | None:
    return percent_agreement(coded, np.random.default_rng(0), bootstrap=0).value


def brute_force_alpha(coded: CodedAnswers) -> float | None:
    """Krippendorff's definition, pair by pair."""
    apart = matrix(coded)
    units = [values for values in pairs_by_task(coded) if len(values) > 1]
    everything = [value for values in units for value in values]
    n = len(everything)
    observed = sum(sum(apart[pair] for pair in ordered_pairs(values)) / (len(values) - 1) for values in units) / max(
        n, 1
    )
    expected = sum(apart[pair] for pair in ordered_pairs(everything)) / max(n * (n - 1), 1)
    return None if expected == 0 else float(1 - observed / expected)


def test_the_published_example_gives_the_published_alpha() -> None:
    """Krippendorff (2011), "Computing Krippendorff's alpha-reliability", data C: nominal .743."""
    assert alpha_of(single(KRIPPENDORFF_2011, "12345")) == pytest.approx(0.743, abs=5e-4)


def test_percent_agreement_counts_the_pairs_that_agree() -> None:
    """Task 0: 1 pair of 3 agrees; task 1: 1 of 1; task 2 has one answer and does not count."""
    assert percent_of(single(table("aab  aa.  b.."))) == pytest.approx(2 / 4)


@pytest.mark.parametrize("name", ["krippendorff_2011_C.csv", "krippendorff_3x15.csv", "dress.csv"])
def test_published_worked_examples(shared_data: Path, name: str) -> None:
    folder = shared_data / "iaa_oracles"
    with (folder / name).open(newline="") as file:
        lines = list(csv.DictReader(file))
    if name == "dress.csv":
        tasks = {line["task"]: place for place, line in enumerate(lines)}
        rows = [(tasks[line["task"]], int(line["worker"][-1]), line["label"]) for line in lines]
    else:
        rows = [
            (int(line["unit"]), person, value)
            for line in lines
            for person, value in enumerate(list(line.values())[1:])
            if value
        ]
    (wanted,) = (
        one
        for one in json.loads((folder / "expected.json").read_text())
        if one["matrix"] == name
        and one["statistic"] == "krippendorff_alpha"
        and one.get("level", "nominal") == "nominal"
    )
    labels = sorted({label for _, _, label in rows})
    assert alpha_of(single(rows, labels)) == pytest.approx(wanted["value"], abs=wanted["tolerance"])


REAL = {
    "bluebirds": 0.1255,
    "snow_rte": 0.2415,
    "snow_temp": 0.2234,
    "snow_wsd": 0.9372,
    "labelme": 0.6774,
    "sp": 0.4276,
    "sp_amt": 0.7377,
    "web": 0.2104,
    "adult2": 0.3136,
    "d_possent": 0.1493,
    "d_product": 0.1575,
    "fej2013": 0.6958,
    "fact_eval": 0.7039,
    "s_face": 0.4949,
    "cifar10n_5k": 0.6672,
    "ukp_convarg": 0.3403,
    "lewidi_hsbrexit": 0.3475,
    "lewidi_armis": 0.5242,
    "medrel": 0.1999,
}
"""Nominal alpha over all rows of a set, recomputed by another library (medrel: over whole label sets)."""


@pytest.mark.parametrize("name", REAL)
def test_alpha_on_real_crowds(shared_data: Path, name: str) -> None:
    assert alpha_of(crowd(shared_data / name)[0]) == pytest.approx(REAL[name], abs=6e-5)


@given(ROWS)
def test_nominal_alpha_is_its_definition(rows: list[Row]) -> None:
    assert alpha_of(single(rows)) == pytest.approx(brute_force_alpha(single(rows)), abs=1e-12)


@given(SETS)
def test_jaccard_alpha_is_its_definition(rows: list[Row]) -> None:
    assert alpha_of(multiple(rows)) == pytest.approx(brute_force_alpha(multiple(rows)), abs=1e-12)


@given(ROWS, st.randoms(use_true_random=False), st.permutations(ABC))
def test_order_of_rows_names_and_labels_mean_nothing(rows: list[Row], chance: random.Random, other: list[str]) -> None:
    coded = single(rows)
    shuffled, renamed = rows.copy(), [(task, 100 - person, label) for task, person, label in rows]
    chance.shuffle(shuffled)
    relabelled = [(task, person, dict(zip(ABC, other, strict=True))[label]) for task, person, label in rows]
    assert estimates(single(shuffled)) == estimates(single(renamed)) == estimates(coded)
    assert alpha_of(single(relabelled)) == pytest.approx(alpha_of(coded), abs=1e-12)
    assert percent_of(single(relabelled)) == pytest.approx(percent_of(coded), abs=1e-12)


def estimates(coded: CodedAnswers) -> tuple[Estimate, Estimate]:
    return (
        percent_agreement(coded, np.random.default_rng(1), bootstrap=20),
        krippendorff_alpha(coded, np.random.default_rng(1), bootstrap=20),
    )


@pytest.mark.parametrize(
    ("picture", "percent", "alpha"),
    [
        ("", Estimate(None, reason=NO_PAIRS), Estimate(None, reason=NO_PAIRS)),
        ("abca", Estimate(None, reason=NO_PAIRS), Estimate(None, reason=NO_PAIRS)),
        ("ab.. ..ca", Estimate(None, reason=NO_PAIRS), Estimate(None, reason=NO_PAIRS)),
        ("aaaa aaaa", Estimate(1.0, 1.0, 1.0, 4), Estimate(None, n=4, reason=ONE_LABEL)),
    ],
)
def test_what_is_undefined_is_null_with_its_reason(picture: str, percent: Estimate, alpha: Estimate) -> None:
    assert estimates(single(table(picture))) == (percent, alpha)


def test_an_interval_that_cannot_be_had_says_why_beside_the_value() -> None:
    percent, alpha = estimates(single(table("a b")))
    assert (percent.value, percent.low, percent.n) == (0.0, None, 1)
    assert "fewer than 2 tasks" in str(percent.reason)
    assert (alpha.value, alpha.low, alpha.n) == (0.0, None, 1)
    assert "no resamples" in str(krippendorff_alpha(single(table("ab ab")), np.random.default_rng(0), 0).reason)


def test_resamples_that_are_undefined_are_left_out_of_the_interval_and_most_of_them_leave_none() -> None:
    nan = float("nan")
    found = estimate(0.5, np.array([0.1, nan, 0.9]), 3, 0.95, undefined="")
    assert found.low == pytest.approx(0.12)
    assert found.high == pytest.approx(0.88)
    assert estimate(0.5, np.array([0.1, nan]), 3, 0.95, undefined="") == Estimate(0.5, n=3, reason=MOSTLY_UNDEFINED)
    assert estimate(nan, np.array([0.1]), 3, 0.95, undefined="why") == Estimate(None, n=3, reason="why")


@given(ROWS)
def test_a_control_report_counts_what_it_was_computed_from(rows: list[Row]) -> None:
    coded = single(rows, fixed={50: "a"})
    found = measured(coded, bootstrap=10)
    by_task = {task: [label for one, _, label in rows if one == task] for task, _, _ in rows}
    assert (found.tasks, found.annotations) == (len(by_task), len(rows))
    assert found.single == sum(len(labels) == 1 for labels in by_task.values())
    assert {one.task: one.annotations for one in found.per_task} == {task: len(of) for task, of in by_task.items()}
    for one in found.per_task:
        pairs = ordered_pairs([ABC.index(label) for label in by_task[one.task]])
        agreed = sum(this == that for this, that in pairs) / len(pairs) if pairs else None
        assert one.agreement == pytest.approx(agreed)


@given(ROWS, st.integers(0, 3))
def test_a_cut_is_the_agreement_on_its_tasks(rows: list[Row], seed: int) -> None:
    coded = single(rows)
    values = np.random.default_rng(seed).integers(-1, 3, size=len(coded.tasks)).tolist()
    value = {task: str(one) for task, one in zip(coded.tasks, values, strict=True) if one >= 0}
    found = measured(coded, cuts={"window": value}).cuts["window"]
    assert list(found) == sorted(set(value.values()))
    for name, cut in found.items():
        part = single([row for row in rows if value.get(row[0]) == name])
        assert cut.tasks == len(part.tasks)
        assert cut.percent_agreement.value == pytest.approx(percent_of(part))
        assert cut.krippendorff_alpha.value == pytest.approx(alpha_of(part), abs=1e-12)


def test_tasks_share_a_profile_exactly_where_they_got_the_same_answers() -> None:
    """100,000 tasks, up to 9 answers of 300 kinds, many of them alike but for one."""
    rng = np.random.default_rng(5)
    tasks, sizes = 100_000, rng.integers(0, 10, size=100_000)
    task = np.repeat(np.arange(tasks), sizes)
    answer = np.where(rng.random(len(task)) < 0.7, rng.integers(3, size=len(task)), rng.integers(300, size=len(task)))
    names = tuple(Choices((str(kind),)) for kind in range(300))
    coded = CodedAnswers(task, np.arange(len(task)), answer, tuple(range(tasks)), (), names, ())
    found = tabled(coded)
    by_task = pairs_by_task(coded)
    seen: dict[tuple[int, ...], int] = {}
    for place, profile in zip(found.groups.tasks.tolist(), found.groups.place.tolist(), strict=True):
        assert seen.setdefault(tuple(sorted(by_task[place])), profile) == profile
    assert len(seen) == len(set(seen.values())) == len(found.groups.times)
    for answers, profile in list(seen.items())[::1000]:
        counts = sparse.csr_array(found.counts)[[profile]].toarray().ravel()
        assert counts.tolist() == np.bincount(answers, minlength=300).tolist()
