"""Published worked examples and the values of other libraries on them: ``iaa_oracles`` of the shared data."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from label_config.answers import Answer, Choices, Number
from label_config.model import Control, Family
from sync.quality.agreement import WEIGHTS, measure
from sync.quality.coded_answers import encode
from sync.quality.evidence import ControlEvidence, Method, OwnDistance

from .answers import table

Rows = list[tuple[int, int, str]]

NAMES = {
    "randolph_kappa": "brennan_prediger",
    "bennett_S": "brennan_prediger",
    "avg_observed_agreement": "percent_agreement",
}
"""What the statistics are called elsewhere."""


def by_person(lines: list[list[str]]) -> Rows:
    """A line a task, a column an annotator."""
    return [
        (int(line[0]), person, f"{float(value):g}") for line in lines for person, value in enumerate(line[1:]) if value
    ]


def by_count(lines: list[list[str]]) -> Rows:
    """A line a task, a column a category: how many chose it. Who they were does not matter."""
    rows = []
    for line in lines:
        given = [str(label) for label, count in enumerate(line[1:]) for _ in range(int(count))]
        rows += [(int(line[0]), person, label) for person, label in enumerate(given)]
    return rows


def by_pair(lines: list[list[str]]) -> Rows:
    """A line what the first annotator said, a column what the second did: on how many tasks."""
    cells = [(i, j, int(count)) for i, line in enumerate(lines) for j, count in enumerate(line[1:])]
    pairs = [(str(i), str(j)) for i, j, count in cells for _ in range(count)]
    return [(task, person, label) for task, pair in enumerate(pairs) for person, label in enumerate(pair)]


def by_row(lines: list[list[str]]) -> Rows:
    """A line an answer: annotator, task, label."""
    people, tasks = (
        {name: place for place, name in enumerate(dict.fromkeys(column))}
        for column in (
            [line[0] for line in lines],
            [line[1] for line in lines],
        )
    )
    return [(tasks[line[1]], people[line[0]], line[2]) for line in lines]


SHAPES: dict[str, Callable[[list[list[str]]], Rows]] = {
    "cac.raw4raters.csv": by_person,
    "krippendorff_2011_C.csv": by_person,
    "krippendorff_3x15.csv": by_person,
    "shrout_fleiss_1979.csv": by_person,
    "fleiss_wikipedia_counts.csv": by_count,
    "cohen_wikipedia_2x2.csv": by_pair,
    "cont3x3abstractors.csv": by_pair,
    "dress.csv": by_row,
    "artstein_poesio_example.txt": by_row,
}


def rows_of(path: Path) -> Rows:
    text = path.read_text().splitlines()
    lines = list(csv.reader(text[1:])) if path.suffix == ".csv" else [line.split() for line in text]
    return SHAPES[path.name](lines)


def weighted(name: str, labels: list[str]) -> OwnDistance:
    """1 - Gwet's weights as a distance of one's own."""
    weights = WEIGHTS[name](np.array([float(label) for label in labels]))
    place = {Choices((label,)): number for number, label in enumerate(labels)}

    def distance(one: Answer, other: Answer) -> float:
        return float(1.0 - weights[place[one], place[other]])  # type: ignore[index]

    return distance


def value_of(rows: Rows, name: str, *, weights: str | None, level: str | None) -> float | None:
    labels = sorted({label for _, _, label in rows})
    if name.startswith("icc"):
        control = Control("c", "Number", ("t",), family=Family.NUMBER)
        coded = encode(control, [(task, person, Number(float(label))) for task, person, label in rows])
    else:
        control = Control("c", "Choices", ("t",), tuple(labels))
        coded = encode(control, [(task, person, Choices((label,))) for task, person, label in rows])
    distance: Any = level
    if name == "krippendorff_alpha" and weights not in (None, "identity"):
        distance = weighted(str(weights), labels)
    method = Method(distance=distance, coefficients=(name,), weights=weights, bootstrap=0)
    return measure(ControlEvidence(control, coded), method, np.random.default_rng(0)).coefficients[name].value


def test_every_value_of_the_oracles(shared_data: Path) -> None:
    folder = shared_data / "iaa_oracles"
    wanted = [one for one in json.loads((folder / "expected.json").read_text()) if one["matrix"] in SHAPES]
    assert len(wanted) == 47  # all but the two of gamma
    wrong = []
    for one in wanted:
        name = NAMES.get(one["statistic"], one["statistic"].lower())
        rows = rows_of(folder / one["matrix"])
        found = value_of(rows, name, weights=one.get("weights"), level=one.get("level"))
        if found != pytest.approx(one["value"], abs=one["tolerance"]):
            wrong.append((one["matrix"], one["statistic"], one.get("weights"), one["value"], found))
    assert wrong == []


RAW_4_RATERS = table("123321412...  1233224125..  .33323422513  12332441251.")
"""Gwet's 4 raters, 12 units (2014), in which one unit has one answer."""

OTHER_WEIGHTS = {
    "radical": (0.78992, 0.81981, 0.78834, 0.81263),
    "ratio": (0.82134, 0.85737, 0.81197, 0.84024),
    "circular": (0.80720, 0.83020, 0.80535, 0.82355),
    "bipolar": (0.85307, 0.90037, 0.84487, 0.88815),
}
"""By irrCAC 0.4.4: Fleiss' kappa, AC2, Conger's kappa, Brennan and Prediger's."""


@pytest.mark.parametrize("weights", OTHER_WEIGHTS)
def test_the_other_weights_are_those_of_another_library(weights: str) -> None:
    names = ("fleiss_kappa", "gwet_ac2", "conger_kappa", "brennan_prediger")
    found = [value_of(RAW_4_RATERS, name, weights=weights, level=None) for name in names]
    assert found == pytest.approx(OTHER_WEIGHTS[weights], abs=6e-6)


FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
).split()
"""30 patients, 6 psychiatrists, 5 diagnoses: how many chose each (Fleiss 1971, table 1)."""


def test_fleiss_1971() -> None:
    """ "Measuring nominal scale agreement among many raters": shares .144 .144 .167 .306 .239, kappa .430."""
    rows = by_count([[str(task), *line] for task, line in enumerate(FLEISS_1971)])
    shares = [sum(int(line[label]) for line in FLEISS_1971) / 180 for label in range(5)]
    assert shares == pytest.approx([0.144, 0.144, 0.167, 0.306, 0.239], abs=5e-4)
    assert value_of(rows, "fleiss_kappa", weights=None, level=None) == pytest.approx(0.430, abs=5e-4)
