"""What is learned of each kind of control, on data whose truth is known."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from label_config.answers import Answer, Choices, Number, Taxonomy
from label_config.canonical import answer_from_json
from label_config.parse import parse
from ml_backend.errors import NotLearnable
from ml_backend.labels import LabelSet
from ml_backend.predict import score
from ml_backend.questions import QUESTIONS, question_of
from ml_backend.records import Task, TrainingRow
from ml_backend.registry import Registry
from ml_backend.training import learn

from .scenes import PROJECT, learned, serving

Example = tuple[dict[str, Any], Answer]
TEXT = '<Text name="text" value="$text"/>'


def shown(inside: str) -> str:
    return f"<View>{inside}</View>"


def rows_of(control: str, examples: Sequence[Example], weight: float = 1.0) -> list[TrainingRow]:
    return [
        TrainingRow(place + 1, control, data, answer, weight, "consensus", False, place + 1)
        for place, (data, answer) in enumerate(examples)
    ]


def asked(
    folder: Path, xml: str, control: str, taught: Sequence[Example], new: Sequence[Example]
) -> list[dict[str, Any]]:
    """What is thought of ``new`` after learning from ``taught``, read anew from the disk."""
    outside = serving(folder)
    assert learned(outside, rows_of(control, taught), xml) is not None
    again = serving(folder)
    assert isinstance(again.registry, Registry)
    tasks = [Task(10**6 + place, data) for place, (data, _) in enumerate(new)]
    lines = list(score(again, PROJECT, parse(xml), tasks))
    return [line for line in lines if line["control"] == control]


def right(lines: Sequence[dict[str, Any]], new: Sequence[Example]) -> float:
    return float(
        np.mean([answer_from_json(line["answer"]) == answer for line, (_, answer) in zip(lines, new, strict=True)])
    )


# --- Taxonomy ---------------------------------------------------------------------------------------------------------

KINDS: dict[tuple[str, ...], str] = {
    ("animal", "pet", "cat"): "purr whisker kitten",
    ("animal", "pet", "dog"): "bark fetch puppy",
    ("animal", "wild", "wolf"): "howl pack forest",
    ("thing", "tool", "hammer"): "nail steel handle",
    ("thing", "tool", "saw"): "teeth cut wood",
    ("thing", "toy", "ball"): "bounce round throw",
}
BRANCH = {"animal": "alive breathes eats", "thing": "made bought sold"}
TREE = shown(
    TEXT + '<Taxonomy name="kind" toName="text"><Choice value="animal"><Choice value="pet"><Choice value="cat"/>'
    '<Choice value="dog"/></Choice><Choice value="wild"><Choice value="wolf"/></Choice></Choice><Choice value="thing">'
    '<Choice value="tool"><Choice value="hammer"/><Choice value="saw"/></Choice><Choice value="toy">'
    '<Choice value="ball"/></Choice></Choice></Taxonomy>'
)


def described(path: tuple[str, ...], rng: np.random.Generator) -> dict[str, str]:
    words = [
        *rng.choice(KINDS[path].split(), 2),
        *rng.choice(BRANCH[path[0]].split(), 2),
        *rng.choice(list("abcdefgh"), 3),
    ]
    return {"text": " ".join(map(str, rng.permutation(words)))}


def paths(count: int, seed: int) -> list[Example]:
    rng = np.random.default_rng(seed)
    there = list(KINDS)
    return [
        (described(path, rng), Taxonomy((path,))) for path in (there[place] for place in rng.integers(6, size=count))
    ]


def test_a_taxonomy_is_learned_path_by_path(tmp_path: Path) -> None:
    new = paths(200, 1)
    lines = asked(tmp_path, TREE, "kind", paths(120, 0), new)
    assert right(lines, new) > 0.9
    assert sum(lines[0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert set(lines[0]["probabilities"]) == {"/".join(path) for path in KINDS}


def test_a_path_that_is_nearly_new_is_looked_for_in_its_branch(tmp_path: Path) -> None:
    # One wolf only: what animals have in common still tells that a wolf is no tool.
    taught = [one for one in paths(120, 0) if one[1] != Taxonomy((("animal", "wild", "wolf"),))]
    rng = np.random.default_rng(3)
    wolf = ("animal", "wild", "wolf")
    taught.append((described(wolf, rng), Taxonomy((wolf,))))
    new = [({"text": "breathes eats alive alive zzz"}, Taxonomy((wolf,)))]
    (line,) = asked(tmp_path, TREE, "kind", taught, new)
    animals = sum(share for path, share in line["probabilities"].items() if path.startswith("animal"))
    assert animals > 0.8


def test_several_paths_at_once_are_each_by_itself(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    there = list(KINDS)

    def both(count: int) -> list[Example]:
        found: list[Example] = []
        for _ in range(count):
            two = sorted(there[place] for place in rng.choice(6, 2, replace=False))
            said = " ".join(described(path, rng)["text"] for path in two)
            found.append(({"text": said}, Taxonomy(tuple(two))))
        return found

    new = both(100)
    lines = asked(tmp_path, TREE, "kind", both(300), new)
    assert right(lines, new) > 0.7


def test_a_taxonomy_of_a_million_classes_learns_those_that_were_used(tmp_path: Path) -> None:
    many = "".join(f'<Choice value="class {number}"/>' for number in range(20_000))
    xml = TREE.replace('<Choice value="thing">', many + '<Choice value="thing">')
    new = paths(50, 1)
    assert right(asked(tmp_path, xml, "kind", paths(120, 0), new), new) > 0.85


# --- Rating and Number ------------------------------------------------------------------------------------------------

STARS = shown(TEXT + '<Rating name="stars" toName="text" maxRating="5"/>')
PRICE = shown(TEXT + '<Number name="price" toName="text"/>')


def praised(count: int, seed: int) -> list[Example]:
    """As many good words as stars."""
    rng = np.random.default_rng(seed)
    found: list[Example] = []
    for _ in range(count):
        stars = int(rng.integers(1, 6))
        words = ["great"] * (stars - 1) + ["poor"] * (5 - stars) + list(rng.choice(list("abcdefgh"), 4))
        found.append(({"text": " ".join(map(str, rng.permutation(words)))}, Number(float(stars))))
    return found


def test_stars_are_learned_as_an_order(tmp_path: Path) -> None:
    new = praised(200, 1)
    lines = asked(tmp_path, STARS, "stars", praised(150, 0), new)
    said = np.array([line["answer"]["Number"][0] for line in lines])
    truth = np.array([answer.value for _, answer in new if isinstance(answer, Number)])
    assert set(said) <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert np.abs(said - truth).mean() < 0.1
    assert (np.abs(said - truth) <= 1).mean() > 0.95
    assert set(lines[0]["probabilities"]) == set("12345")


def priced(count: int, seed: int, noise: float = 3.0) -> list[Example]:
    """What each word adds to the price."""
    rng = np.random.default_rng(seed)
    worth = {f"word{place}": 4.0 * place for place in range(12)}
    found: list[Example] = []
    for _ in range(count):
        words = rng.choice(list(worth), 6, replace=False)
        price = sum(worth[str(word)] for word in words) + noise * rng.normal()
        found.append(({"text": " ".join(map(str, words))}, Number(round(float(price), 1))))
    return found


def test_a_number_is_learned_as_well_as_by_ridge_regression_with_honest_confidence(tmp_path: Path) -> None:
    taught, new = priced(300, 0), priced(300, 1)
    lines = asked(tmp_path, PRICE, "price", taught, new)
    said = np.array([line["answer"]["Number"][0] for line in lines])
    truth = np.array([answer.value for _, answer in new if isinstance(answer, Number)])
    ridge = make_pipeline(TfidfVectorizer(), Ridge(alpha=0.1))
    ridge.fit(
        [data["text"] for data, _ in taught], [answer.value for _, answer in taught if isinstance(answer, Number)]
    )
    theirs = ridge.predict([data["text"] for data, _ in new])
    assert np.abs(said - truth).mean() < 1.5 * np.abs(theirs - truth).mean()
    model = serving(tmp_path).registry.live(PROJECT)[0]
    assert model is not None
    tolerance = model.controls[0].question.tolerance  # type: ignore[attr-defined]
    near = np.abs(said - truth) <= tolerance
    assert near.mean() == pytest.approx(np.mean([line["confidence"] for line in lines]), abs=0.1)
    doubt = [line["signals"]["least_confidence"] for line in lines]
    assert doubt == pytest.approx([1 - line["confidence"] for line in lines], abs=2e-6)


ORDERED = QUESTIONS["ordered"]
NUMBER = parse(PRICE).controls[0]


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=80, max_size=200, unique=True),
    seed=st.integers(0, 1000),
)
def test_a_number_has_a_distribution(values: list[float], seed: int) -> None:
    answers = [Number(round(value, 3)) for value in values]
    question = ORDERED.made(NUMBER, answers)
    targets = question.targets(answers)
    logits = np.random.default_rng(seed).normal(size=(4, targets.shape[1]), scale=3)
    probabilities = question.probabilities(question.scores(logits), np.array([1.3]))
    assert probabilities.shape == (4, len(question.outcomes))
    assert (probabilities >= 0).all()
    assert probabilities.sum(axis=1) == pytest.approx(1)
    for row in probabilities:
        answer, confidence = question.answer(row)
        assert isinstance(answer, Number)
        assert abs(answer.value - np.mean(values)) <= 11 * np.std(values)
        assert 0 <= confidence <= 1
    assert set(question.told(answers[0])) <= set(question.outcomes)
    assert ORDERED.restore(question.saved()) == question


def test_how_sure_a_number_is_adds_up_over_its_distribution() -> None:
    answers = [Number(float(value)) for value in range(1000)]
    question = ORDERED.made(NUMBER, answers)
    even = np.full(len(question.outcomes), 1 / len(question.outcomes))
    answer, confidence = question.answer(even)
    # Evenly from a standard deviation below 0 to one above 999; a tenth of the middle 900 on either side is right.
    assert isinstance(answer, Number)
    assert answer.value == pytest.approx(499.5, abs=1)
    assert confidence == pytest.approx(180 / (999 + 2 * np.std(range(1000))), abs=0.01)


def test_a_number_stays_within_what_the_control_takes() -> None:
    control = parse(PRICE.replace('toName="text"/>', 'toName="text" min="0" max="20"/>')).controls[0]
    question = ORDERED.made(control, [Number(float(value)) for value in range(21)])
    row = np.eye(len(question.outcomes))[-1]
    assert question.answer(row)[0] == Number(20.0)


def test_numbers_that_span_magnitudes_are_learned_by_their_logarithms() -> None:
    values = np.exp(np.random.default_rng(0).normal(5, 2, size=200))
    question = ORDERED.made(NUMBER, [Number(float(value)) for value in values])
    targets = question.targets([Number(float(value)) for value in values])[:, 0]
    assert np.corrcoef(targets, np.log(values))[0, 1] == pytest.approx(1)
    assert all(bound > 0 for bound in question.saved()["bounds"])


# --- Pairwise ---------------------------------------------------------------------------------------------------------

PAIR = shown(
    '<Text name="first" value="$first"/><Text name="second" value="$second"/>'
    '<Text name="prompt" value="$prompt"/><Pairwise name="better" toName="first,second"/>'
)


def pairs(count: int, seed: int) -> list[Example]:
    """The one with more good words is better."""
    rng = np.random.default_rng(seed)
    found: list[Example] = []
    for _ in range(count):
        first, second = rng.choice(6, 2, replace=False)
        texts = [
            " ".join(
                map(str, rng.permutation(["good"] * good + ["bad"] * (5 - good) + list(rng.choice(list("abcdef"), 3))))
            )
            for good in (int(first), int(second))
        ]
        label = "left" if first > second else "right"
        found.append(({"first": texts[0], "second": texts[1], "prompt": "which?"}, Choices((label,))))
    return found


def test_which_of_two_is_better_is_learned_from_their_difference(tmp_path: Path) -> None:
    new = pairs(200, 1)
    taught = [one for one in pairs(200, 0) if one[1] == Choices(("left",))][:60] + pairs(60, 2)  # mostly left
    lines = asked(tmp_path, PAIR, "better", taught, new)
    assert right(lines, new) > 0.85
    turned: list[Example] = [
        ({**data, "first": data["second"], "second": data["first"]}, answer) for data, answer in new
    ]
    again = asked(tmp_path / "again", PAIR, "better", taught, turned)
    for line, other in zip(lines, again, strict=True):
        assert line["probabilities"]["left"] == pytest.approx(other["probabilities"]["right"], abs=0.02)


# --- Records, dialogues, several objects ------------------------------------------------------------------------------

RECORD = shown(
    '<Table name="record" value="$record"/><Choices name="verdict" toName="record"><Choice value="cheap"/>'
    '<Choice value="fair"/><Choice value="dear"/></Choices>'
)


def records(count: int, seed: int) -> list[Example]:
    """In the middle it is fair: no line through the numbers tells that."""
    rng = np.random.default_rng(seed)
    found: list[Example] = []
    for _ in range(count):
        price = float(rng.uniform(0, 90))
        label = "cheap" if price < 30 else "fair" if price < 60 else "dear"
        data = {
            "record": {
                "price": round(price, 2),
                "shop": str(rng.choice(["north", "south"])),
                "id": int(rng.integers(10**6)),
            }
        }
        found.append((data, Choices((label,))))
    return found


def test_numbers_in_a_record_are_told_by_where_they_lie(tmp_path: Path) -> None:
    new = records(200, 1)
    assert right(asked(tmp_path, RECORD, "verdict", records(200, 0), new), new) > 0.85


def test_a_dialogue_is_all_that_was_said(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    xml = shown(
        '<Paragraphs name="talk" value="$talk" layout="dialogue"/><Choices name="end" toName="talk">'
        '<Choice value="solved"/><Choice value="open"/></Choices>'
    )

    def talks(count: int) -> list[Example]:
        found: list[Example] = []
        for _ in range(count):
            label = str(rng.choice(["solved", "open"]))
            last = "thanks it works" if label == "solved" else "still broken sorry"
            talk = [{"author": "A", "text": " ".join(rng.choice(list("abcdefg"), 4))}, {"author": "B", "text": last}]
            found.append(({"talk": talk}, Choices((label,))))
        return found

    new = talks(50)
    assert right(asked(tmp_path, xml, "end", talks(60), new), new) == 1


OFFER = shown(
    '<Text name="text" value="$text"/><Table name="facts" value="$facts"/><Choices name="good" toName="text">'
    '<Choice value="yes"/><Choice value="no"/></Choices>'
)


def offers(count: int, seed: int) -> list[Example]:
    """Praise in the text and a low price: either alone tells half."""
    rng = np.random.default_rng(seed)
    found: list[Example] = []
    for _ in range(count):
        praise, price = bool(rng.integers(2)), float(rng.uniform(0, 100))
        words = ["lovely" if praise else "dull", *map(str, rng.choice(list("abcdefg"), 3))]
        label = "yes" if praise and price < 50 else "no"
        found.append(({"text": " ".join(words), "facts": {"price": price}}, Choices((label,))))
    return found


def test_what_nobody_asks_about_is_read_beside_the_rest(tmp_path: Path) -> None:
    new = offers(200, 1)
    both = right(asked(tmp_path / "both", OFFER, "good", offers(200, 0), new), new)
    alone = OFFER.replace('<Table name="facts" value="$facts"/>', "")
    text = right(asked(tmp_path / "text", alone, "good", offers(200, 0), new), new)
    assert both > 0.9 > text


def test_where_one_of_two_is_missing_the_other_is_read(tmp_path: Path) -> None:
    lines = asked(
        tmp_path, OFFER, "good", offers(200, 0), [({"text": "dull dull"}, Choices(("no",))), ({}, Choices(()))]
    )
    assert lines[0]["answer"] == ["no"]
    assert lines[1]["answer"] is None


def test_two_questions_about_one_text_are_learned_together(tmp_path: Path) -> None:
    xml = shown(
        TEXT + '<Rating name="stars" toName="text" maxRating="5"/><Choices name="many" toName="text">'
        '<Choice value="yes"/><Choice value="no"/></Choices>'
    )
    rows = rows_of("stars", praised(80, 0))
    rows += rows_of(
        "many", [(data, Choices(("yes" if "great great" in data["text"] else "no",))) for data, _ in praised(80, 0)]
    )
    outside = serving(tmp_path)
    model = learn(xml, LabelSet().merged(rows, 1), outside.fetch, outside.settings)
    assert [one.control for one in model.controls] == ["stars", "many"]


# --- What holds for every kind ----------------------------------------------------------------------------------------

MADE: dict[str, tuple[str, Sequence[Answer]]] = {
    "single": (RECORD, [Choices(("cheap",)), Choices(("dear",))]),
    "several": (
        RECORD.replace('toName="record"', 'toName="record" choice="multiple"'),
        [Choices(("cheap",)), Choices(("dear", "fair")), Choices(())],
    ),
    "taxonomy": (TREE, [Taxonomy((path,)) for path in KINDS]),
    "ordered": (STARS, [Number(1.0), Number(2.0), Number(5.0)]),
}


@pytest.mark.parametrize("name", list(QUESTIONS))
@given(seed=st.integers(0, 10_000))
def test_every_question_keeps_its_contract(name: str, seed: int) -> None:
    xml, answers = MADE[name]
    control = parse(xml).controls[0]
    assert question_of(control) == name
    family = QUESTIONS[name]
    assert all(family.taken(control)(answer) for answer in answers)
    question = family.made(control, answers)
    logits = np.random.default_rng(seed).normal(size=(5, question.targets(answers).shape[1]), scale=4)
    scores = question.scores(logits)
    temperatures = np.ones(len(question.outcomes) if question.several else 1)
    probabilities = question.probabilities(scores, temperatures)
    assert probabilities.shape == (5, len(question.outcomes))
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    if not question.several:
        assert probabilities.sum(axis=1) == pytest.approx(1)
    for row in probabilities:
        answer, confidence = question.answer(row)
        assert family.taken(control)(answer)
        assert 0 <= confidence <= 1
        assert set(question.told(answer)) <= set(question.outcomes)
        assert question.right(answer, answer)
    assert question.still_fits(control)
    assert family.restore(question.saved()) == question


@pytest.mark.parametrize(
    ("control", "reason"),
    [
        ('<TextArea name="c" toName="text"/>', "<TextArea> cannot be learned; there are models for: Choices"),
        ('<Choices name="c" toName="text" value="$options"/>', "takes its labels from the tasks"),
        ('<Number name="c" toName="text" perRegion="true"/>', "asked about each region"),
    ],
)
def test_what_cannot_be_learned_says_why(tmp_path: Path, control: str, reason: str) -> None:
    outside = serving(tmp_path)
    with pytest.raises(NotLearnable, match=reason):
        learn(shown(TEXT + control), LabelSet(), outside.fetch, outside.settings)


@pytest.mark.parametrize("make", [lambda: [Number(1.0)] * 30, lambda: [Number(float(place % 2)) for place in range(9)]])
def test_too_few_or_equal_numbers_are_refused(tmp_path: Path, make: Callable[[], list[Answer]]) -> None:
    examples: list[Example] = [({"text": f"word {place}"}, answer) for place, answer in enumerate(make())]
    outside = serving(tmp_path)
    with pytest.raises(NotLearnable):
        learn(PRICE, LabelSet().merged(rows_of("price", examples), 1), outside.fetch, outside.settings)
