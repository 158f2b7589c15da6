"""Everything that is measured of a control, for every family: against the definitions, and on odd data."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Answer
from sync.quality.agreement import COEFFICIENTS, measure
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method
from sync.quality.measured import Measured
from sync.quality.records import Estimate

from .generated import CASES, Case

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


def estimates_in(value: object) -> Iterator[Estimate]:
    if isinstance(value, Estimate):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from estimates_in(getattr(value, field.name))
    elif isinstance(value, dict):
        yield from (found for one in value.values() for found in estimates_in(one))
    elif isinstance(value, tuple | list):
        yield from (found for one in value for found in estimates_in(one))


@settings(max_examples=300)
@given(evidences())
def test_every_number_is_in_range_or_says_why_there_is_none(evidence: ControlEvidence) -> None:
    found = measured(evidence, coefficients=tuple(COEFFICIENTS))
    for one in estimates_in(found):
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
