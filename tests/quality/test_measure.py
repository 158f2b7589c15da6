"""Everything that is measured of a control, for every family: against the definitions, and on odd data."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Number, Part, PerRegion, Region, Text, Whole
from label_config.model import Control, Family
from sync.quality.agreement import COEFFICIENTS, alpha_of_codes, measure
from sync.quality.agreement.case import Case as Inspected
from sync.quality.agreement.spread import Spread
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.measured import Measured
from sync.quality.records import Estimate

from ..thorough import up_to
from .answers import ABC, ordered_pairs, single, table
from .generated import CASES, Case
from .within import every

Rows = list[tuple[int, int, Answer]]
Everything = tuple[Case, ControlEvidence]


def measured(evidence: ControlEvidence, **method: Any) -> Measured:
    return measure(evidence, Method(**{"bootstrap": 20, **method}), np.random.default_rng(0))


@st.composite
def evidences(draw: st.DrawFn, names: tuple[str, ...] = tuple(CASES)) -> ControlEvidence:
    """Up to 7 tasks and 4 people, with repeats, truths, a model and a cut."""
    case = CASES[draw(st.sampled_from(names))]
    cells = st.tuples(st.integers(0, 6), st.integers(0, 3), case.answers)
    rows = draw(st.lists(cells, max_size=20, unique_by=lambda row: row[:2]))
    known = st.dictionaries(st.integers(0, 8), case.answers, max_size=4)
    return ControlEvidence(
        case.control,
        encode(case.control, rows),
        repeats=tuple(draw(st.lists(cells, max_size=3))),
        truths=draw(known),
        predictions={"v1": draw(known)},
        cuts={"day": draw(st.dictionaries(st.integers(0, 8), st.sampled_from(["mon", "tue"])))},
    )


@settings(max_examples=up_to(100))
@given(evidences())
def test_every_number_is_in_range_or_says_why_there_is_none(evidence: ControlEvidence) -> None:
    found = measured(evidence, coefficients=tuple(COEFFICIENTS))
    for one in every(Estimate, found):
        if one.value is None:
            assert one.reason
            assert one.low is one.high is None
            continue
        assert -1 <= one.value <= 1
        assert (one.low is None) == (one.high is None)
        assert one.reason if one.low is None else -1 <= one.low <= one.high <= 1  # type: ignore[operator]
    for agreed in [*(task.agreement for task in found.per_task), *(one.self_agreement for one in found.per_annotator)]:
        assert agreed is None or 0 <= agreed <= 1
    assert not math.isnan(sum(task.agreement or 0 for task in found.per_task))


def inspected(evidence: ControlEvidence) -> Inspected:
    return Inspected(evidence, Method(bootstrap=0), np.random.default_rng(0))


def far(case: Inspected, left: int, right: int) -> float:
    return float(case.ruler.between(np.array([left]), np.array([right]))[0])


PLAIN = ("multiple choice", "taxonomy", "text", "spans", "upright boxes", "choice per region")


@settings(max_examples=up_to(40))
@given(evidences(PLAIN))
def test_percent_and_alpha_are_their_definitions(evidence: ControlEvidence) -> None:
    """Pair by pair: in a table, and where each answer stands for itself."""
    case, coded = inspected(evidence), evidence.coded
    units = [
        [a for t, a in zip(coded.task, coded.answer, strict=True) if t == task] for task in range(len(coded.tasks))
    ]
    units = [unit for unit in units if len(unit) > 1]
    within = [[far(case, a, b) for a, b in ordered_pairs(unit)] for unit in units]
    everything = [answer for unit in units for answer in unit]
    expected = sum(far(case, a, b) for a, b in ordered_pairs(everything))
    found = measured(evidence, bootstrap=0, coefficients=("percent_agreement", "krippendorff_alpha")).coefficients
    percent, alpha = found["percent_agreement"].value, found["krippendorff_alpha"].value
    if not units:
        assert percent is alpha is None
        return
    pairs = sum(len(unit) for unit in within)
    assert percent == pytest.approx(1 - sum(map(sum, within)) / pairs)
    observed = sum(sum(unit) / (len(answers) - 1) for unit, answers in zip(within, units, strict=True))
    wanted = 1 - observed * (len(everything) - 1) / expected if expected > 1e-9 else None
    assert alpha == (None if wanted is None else pytest.approx(max(wanted, -1), abs=1e-9))


@settings(max_examples=up_to(60))
@given(evidences(("single choice", "text", "spans")))
def test_each_person_truth_and_model_is_compared_pair_by_pair(evidence: ControlEvidence) -> None:
    case, coded = inspected(evidence), evidence.coded
    rows = list(zip(coded.task.tolist(), coded.annotator.tolist(), coded.answer.tolist(), strict=True))
    found = measured(evidence)
    for person, one in enumerate(found.per_annotator):
        near = [1 - far(case, a, b) for t, p, a in rows for u, q, b in rows if t == u and p == person and q != p]
        assert one.agreement.value == (pytest.approx(np.mean(near)) if near else None)
    for others, against in ((evidence.truths, found.ground_truth), (evidence.predictions["v1"], found.models["v1"])):
        told = [(case.ruler.among([others[coded.tasks[t]]]), a) for t, _, a in rows if coded.tasks[t] in others]
        near = [1 - ruler.between(np.array([a]), np.array([len(coded.answers)]))[0] for ruler, a in told]
        if against is None:
            assert not others
            continue
        assert against.annotations == len(near)
        assert against.agreement == (pytest.approx(np.mean(near)) if near else None)


def test_a_sample_of_pairs_comes_close_to_all_pairs() -> None:
    """600 texts in 300 tasks have 179,700 pairs, of which 40,000 are compared."""
    rng = np.random.default_rng(3)
    control = CASES["text"].control
    words = [f"{one} {two}" for one in "abcdefghij" for two in ("red", "blue", "green", "yellow")]
    rows: Rows = [
        (task, person, Text((f"{words[rng.integers(40)]} {task // 2}",))) for task in range(300) for person in range(2)
    ]
    evidence = ControlEvidence(control, encode(control, rows))
    sampled = inspected(evidence).geometry
    assert isinstance(sampled, Spread)
    exact = sampled.seen_as(sampled.answer, sampled.empty, sampled.ruler, sample=1_000_000)
    one = np.ones((1, 300))
    assert sampled.alpha(one)[0] == pytest.approx(exact.alpha(one)[0], abs=0.01)
    weights = rng.multinomial(300, np.full(300, 1 / 300), size=20).astype(float)
    assert sampled.alpha(weights) == pytest.approx(exact.alpha(weights), abs=0.03)


def test_a_cut_is_the_agreement_on_its_tasks_and_a_label_one_against_the_rest() -> None:
    rows = table("aabbcc  abbbca  aabcca")
    coded = single(rows)
    control = Control("c", "Choices", ("t",), ABC)
    days = {task: "mon" if task < 3 else "tue" for task in range(6)}
    found = measured(ControlEvidence(control, coded, cuts={"day": days}))
    for day, cut in found.cuts["day"].items():
        part = single([row for row in rows if days[row[0]] == day])
        assert cut.tasks == 3
        assert cut.krippendorff_alpha.value == pytest.approx(alpha_of_codes(part.task, part.answer).value)
    for label, one in found.labels.items():
        has = (coded.answer == ABC.index(label)).astype(int)
        assert one.annotations == has.sum()
        assert one.krippendorff_alpha.value == pytest.approx(alpha_of_codes(coded.task, has).value)


def test_somebody_who_answers_again_agrees_with_themselves_or_not() -> None:
    rows = table("aab")
    again = tuple((task, 0, Choices((label,))) for task, label in ((0, "a"), (1, "b"), (1, "b")))
    found = measured(ControlEvidence(Control("c", "Choices", ("t",), ABC), single(rows), repeats=again))
    assert found.per_annotator[0].self_agreement == pytest.approx(2 / 4)  # aa; of a, b, b the two b


@pytest.mark.parametrize("wrong", [{"coefficients": ("cohen",)}, {"weights": "cubic"}, {"distance": "far"}])
def test_names_that_do_not_exist_are_refused_with_those_that_do(wrong: dict[str, Any]) -> None:
    evidence = ControlEvidence(Control("c", "Choices", ("t",), ABC), single(table("ab aa")))
    with pytest.raises(ValueError, match="there are: "):
        measured(evidence, **wrong)


def test_each_label_of_a_choice_per_region_and_each_star_stand_against_the_rest() -> None:
    def told(*labels: str) -> PerRegion:
        return PerRegion(tuple(Part(Region(Whole(), (), str(n)), Choices((one,))) for n, one in enumerate(labels)))

    item = Control("c", "Choices", ("t",), ("a", "b"), per_region=True)
    rows = [(1, 1, told("a", "b")), (1, 2, told("a", "a")), (2, 1, told("b", "b")), (2, 2, told("b", "b"))]
    found = measured(ControlEvidence(item, encode(item, rows)), bootstrap=0).labels
    # Of "a": one of two regions in task 1, nothing in task 2. Of "b": one said, the other not; then both of both.
    assert [found[name].percent_agreement.value for name in "ab"] == [pytest.approx(0.75), pytest.approx(0.5)]
    assert [found[name].annotations for name in "ab"] == [2, 3]
    stars = Control("s", "Rating", ("t",), family=Family.RATING, low=1.0, high=3.0)
    answered = [(1, 1, Number(1.0)), (1, 2, Number(1.0)), (2, 1, Number(2.0)), (2, 2, Number(1.0))]
    rated = measured(ControlEvidence(stars, encode(stars, answered)), bootstrap=0).labels
    assert {name: one.percent_agreement.value for name, one in rated.items()} == {"1": 0.5, "2": 0.5, "3": 1.0}
    assert rated["3"].krippendorff_alpha.value is None
