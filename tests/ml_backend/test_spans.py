"""Spans of texts: learned, told over HTTP where they stand, as sure as they are right."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from label_config.answers import Answer, Choices, Region, Regions, Span
from label_config.parse import parse
from label_config.results import read_answers
from ml_backend.errors import NotLearnable
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners.span_model import LONGEST_TEXT, SpanModel, marks_of
from ml_backend.learners.spans import _judged
from ml_backend.lessons.comparing import right_of
from ml_backend.predict import score
from ml_backend.records import Task, TrainingRow
from ml_backend.registry import Model
from ml_backend.settings import Settings
from ml_backend.spans import tagger
from ml_backend.spans.tagger import Tagger, Told
from ml_backend.spans.tags import Mark
from ml_backend.spans.tokens import tokens
from ml_backend.training import learn
from ml_backend.uncertainty import SIGNALS

from ..thorough import up_to
from .scenes import PROJECT, learned, serving
from .stage import Here

XML = """<View><Labels name="names" toName="text"><Label value="person"/><Label value="place"/><Label value="thing"/>
</Labels><Text name="text" value="$text"/></View>"""
FIRST = "Ada Emil Zoë 李 Noor Juan Mira Olga".split()
LAST = "Bauer Silva Okafor Nguyen Rossi Novák Haddad Weiß".split()
PLACES = "Oslo Lima Kyoto São Paulo|Turin|New Delhi|Quito|Graz|Oslo|Lima".replace(" São", "|São").split("|")
SENTENCES = [
    "{p} lives in {l} .",
    "In {l} , {p} met {p} .",
    "{p} left {l} for {l} 👩‍👩‍👧 .",
    "nobody came today .",
    "🇩🇪 {l} is cold\r\nsaid {p} .",
]


def example(rng: np.random.Generator) -> tuple[str, list[Mark]]:
    """A sentence, and what is marked in it."""
    text, marks = "", []
    for piece in str(rng.choice(SENTENCES)).replace("{", "\0{").replace("}", "}\0").split("\0"):
        start = len(text)
        if piece == "{p}":
            text += f"{rng.choice(FIRST)} {rng.choice(LAST)}"
            marks.append(Mark(start, len(text), "person"))
        elif piece == "{l}":
            text += str(rng.choice(PLACES))
            marks.append(Mark(start, len(text), "place"))
        else:
            text += piece
    return text, marks


def answer(marks: Sequence[Mark]) -> Regions:
    return Regions(tuple(Region(Span(mark.start, mark.end), (mark.label,)) for mark in marks))


def row(task: int, text: Any, said: Answer, *, weight: float = 1.0, holdout: bool = False) -> TrainingRow:
    return TrainingRow(task, "names", {"text": text}, said, weight, "consensus", holdout, task)


def rows(count: int, *, seed: int = 0, first: int = 1, holdout: bool = False) -> list[TrainingRow]:
    rng = np.random.default_rng(seed)
    examples = [example(rng) for _ in range(count)]
    return [row(first + at, text, answer(marks), holdout=holdout) for at, (text, marks) in enumerate(examples)]


def taught(found: Sequence[TrainingRow], xml: str = XML) -> SpanModel:
    """What is learned from the rows."""
    model = learn(xml, LabelSet().merged(found, 1), _no_fetch, Settings())
    return _only(model)


def _only(model: Model) -> SpanModel:
    (only,) = model.controls
    assert isinstance(only, SpanModel)
    return only


def _no_fetch(_: str) -> bytes:
    raise AssertionError("nothing is fetched")


@cache
def model() -> SpanModel:
    return taught(rows(120))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Here:
    outside = serving(tmp_path_factory.mktemp("spans"))
    assert learned(outside, rows(150), XML) is not None
    return Here(serving(outside.settings.data))  # read anew from the disk


def test_spans_are_suggested_where_they_stand(there: Here) -> None:
    text = "👩‍👩‍👧🇩🇪 e\u0301t\u0301 In São Paulo , Zoë Novák met 李 Weiß .\r\n"
    (prediction,) = there.predict({"id": 900, "data": {"text": text}}, xml=XML)
    said = read_answers(parse(XML), prediction["result"], {"text": text})["names"]
    assert [(text[mark.start : mark.end], mark.label) for mark in marks_of(said)] == [
        ("São Paulo", "place"),
        ("Zoë Novák", "person"),
        ("李 Weiß", "person"),
    ]
    assert all(0.5 < region["score"] < 1 for region in prediction["result"])
    assert len({region["score"] for region in prediction["result"]}) > 1
    assert len({region["id"] for region in prediction["result"]}) == 3
    signals = prediction["result"][0]["meta"]["tiebreak"]
    assert signals.pop("set_size") >= 3
    assert set(signals) == set(SIGNALS)
    assert all(0 <= value <= 1 for value in signals.values())


def test_lines_of_score_have_a_confidence_for_each_region(there: Here) -> None:
    known, new, nothing = there.score(
        {"id": 1, "data": {"text": rows(1)[0].data["text"]}},
        {"id": 901, "data": {"text": "Ada Rossi lives in Graz ."}},
        {"id": 902, "data": {"text": ""}},
        xml=XML,
    )
    (number,) = there.score({"id": 903, "data": {"text": 7}}, xml=XML)
    assert len(new["parts"]) == len(new["answer"]["Regions"][0]) == 2
    assert 0 < new["confidence"] <= min(new["parts"]) + 0.1
    assert {"start": 0, "end": 9, "label": "person"} in new["set"]
    assert {"start": 19, "end": 23, "label": "place"} in new["set"]
    assert nothing["set"] == []
    assert known["out_of_sample"] and known["answer"] is not None
    assert nothing["answer"] == {"Regions": [[]]} and nothing["confidence"] > 0.5
    assert number["answer"] is None and number["confidence"] is None


def test_the_state_tells_how_well_spans_are_found(there: Here) -> None:
    found = there.state()["metrics"]["found"]
    assert found["f1"] == pytest.approx(2 / (1 / found["precision"] + 1 / found["recall"]), abs=1e-5)
    assert set(found) == {"precision", "recall", "f1", "ece", "spans", "given"}


def test_an_interface_that_asks_something_else_gets_nothing(there: Here) -> None:
    task = {"id": 904, "data": {"text": "Ada Rossi lives in Graz ."}}
    for changed in (
        XML.replace('"place"', '"spot"'),
        XML.replace("$text", "$other"),
        XML.replace("<Labels", '<Labels choice="multiple"'),
    ):
        assert there.predict(task, xml=changed)[0]["result"] == []


def test_training_tasks_are_judged_by_a_model_that_has_not_seen_them() -> None:
    # One sentence says what no other says; whoever has learned it would be sure of it.
    odd = row(1, "blorp is here .", answer([Mark(0, 5, "thing")]))
    found = taught([odd, *rows(60, first=2)])
    asked = [Task(1, odd.data), Task(10**6, {"text": "blorp is here"})]
    own, other = found.think(asked, _material(asked), "margin")[0]
    assert own.answer == Regions(())
    assert other.answer == answer([Mark(0, 5, "thing")])


def _material(tasks: Sequence[Task]) -> Material:
    return Material([task.data for task in tasks], _no_fetch)


texts = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *FIRST,
                *LAST,
                *PLACES,
                " ",
                " in ",
                "\r\n",
                "👩‍👩‍👧",
                "🇩🇪",
                "e\u0301",
                "\u200b",
                "\u202e",
                "שלום",
                "नमस्ते",
                "น้ำ",
            ]
        ),
        st.text(max_size=3),
        st.text(st.characters(categories=["Cs", "Cc", "Co"]), max_size=2),
    ),
    max_size=12,
).map("".join)


@settings(max_examples=up_to(150), deadline=None)
@given(st.lists(texts, max_size=3))
def test_spans_are_slices_at_token_borders(shown: list[str]) -> None:
    for text, told in zip(shown, model().tagger.tell(shown), strict=True):
        found = tokens(text)
        end = 0
        for mark, sure in zip(told.marks, told.confidences, strict=True):
            assert end <= mark.start < mark.end <= len(text)
            assert mark.start in found.starts and mark.end in found.ends
            assert 0 <= sure <= 1
            end = mark.end
        assert 0 <= told.confidence <= 1
        assert all(0 <= value <= 1 for value in (told.margin, told.entropy, told.disagreement))


@settings(max_examples=up_to(60), deadline=None)
@given(st.lists(texts, max_size=3))
def test_likely_spans_are_at_least_so_probable_and_those_that_are_told_are_among_them(shown: list[str]) -> None:
    whole = model().tagger.spans
    for told in model().tagger.tell(shown, 0, 0.05):
        likely = dict(told.likely)
        assert len(likely) == len(told.likely) and all(0.05 <= sure <= 1 for sure in likely.values())
        for mark, sure in zip(told.marks, told.confidences, strict=True):
            stated = likely.get(mark, 0.0)
            assert stated == 0 or whole(np.array([stated]))[0] == pytest.approx(sure, abs=1e-6)
            assert stated > 0 or sure < whole(np.array([0.05]))[0] + 1e-6


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=3), inside, max_size=3),
    max_leaves=5,
)


@settings(max_examples=up_to(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(anything, texts), min_size=1, max_size=3))
def test_whatever_a_task_holds_each_gets_a_result(there: Here, values: list[Any]) -> None:
    tasks = [{"id": 7000 + at, "data": {"text": value}} for at, value in enumerate(values)]
    for value, prediction in zip(values, there.predict(*tasks, xml=XML), strict=True):
        assert 0 <= prediction["score"] <= 1
        assert isinstance(value, str) or prediction["result"] == []
        read_answers(parse(XML), prediction["result"], {"text": value})


def test_confidence_is_as_high_as_spans_are_right() -> None:
    # Whether "Mars" is a place is a coin that falls so 70 times in 100: nobody can be surer than that.
    def world(count: int, seed: int) -> list[tuple[str, list[Mark]]]:
        rng = np.random.default_rng(seed)
        found = []
        for _ in range(count):
            text, marks = example(rng)
            extra = [Mark(len(text) + 1, len(text) + 5, "place")] if rng.random() < 0.7 else []
            found.append((f"{text} Mars", marks + extra))
        return found

    known, new = world(300, 1), world(1000, 2)
    fitted, _ = _fit(known)
    told = fitted.tell([text for text, _ in new])
    pairs = [
        (mark, sure, mark in marks)
        for one, (_, marks) in zip(told, new, strict=True)
        for mark, sure in zip(one.marks, one.confidences, strict=True)
    ]
    mars = [
        (sure, right)
        for (mark, sure, right), text in zip(
            pairs, [t for one, (t, _) in zip(told, new, strict=True) for _ in one.marks], strict=True
        )
        if text[mark.start : mark.end] == "Mars"
    ]
    assert len(mars) > 900
    assert np.mean([sure for sure, _ in mars]) == pytest.approx(0.7, abs=0.06)
    whole = np.mean([one.confidence for one in told])
    right = np.mean([set(one.marks) == set(marks) for one, (_, marks) in zip(told, new, strict=True)])
    assert whole == pytest.approx(right, abs=0.06)
    assert np.mean([sure for _, sure, _ in pairs]) == pytest.approx(np.mean([ok for *_, ok in pairs]), abs=0.03)


def _fit(
    known: Sequence[tuple[str, Sequence[Mark]]], weights: NDArray[np.float64] | None = None
) -> tuple[Tagger, list[Told]]:
    count = len(known)
    labels = list(dict.fromkeys(mark.label for _, marks in known for mark in marks))
    return tagger.fit(
        [text for text, _ in known],
        [marks for _, marks in known],
        np.ones(count) if weights is None else weights,
        np.arange(count) % 5,
        labels,
        np.random.default_rng(0),
        count=5,
    )


MARKED = {"alba": 0.9, "bruma": 0.4, "cirro": 0.15, "duna": 0.02}
"""How often each word is marked: nothing else tells whether it is."""


def chances(count: int, seed: int) -> list[tuple[str, list[Mark]]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        words = rng.choice(list(MARKED), 6).tolist()
        starts = np.cumsum([0, *(len(word) + 3 for word in words)]).tolist()
        drawn = [(at, word) for at, word in zip(starts, words, strict=False) if rng.random() < MARKED[word]]
        found.append((" , ".join(words), [Mark(at, at + len(word), "thing") for at, word in drawn]))
    return found


def test_of_the_spans_of_new_texts_the_promised_share_is_in_the_set() -> None:
    held, sizes = [], []
    for seed in range(8):
        found = taught([row(at, text, answer(marks)) for at, (text, marks) in enumerate(chances(60, seed), 1)])
        new = chances(150, 100 + seed)
        tasks = [Task(10**6 + at, {"text": text}) for at, (text, _) in enumerate(new)]
        said, _ = found.think(tasks, _material(tasks), "fused")
        sets = [{Mark(**one) for one in opinion.possible or () if not isinstance(one, str)} for opinion in said]
        held.append(
            np.mean(
                [np.mean([mark in own for mark in marks]) for own, (_, marks) in zip(sets, new, strict=True) if marks]
            )
        )
        sizes.append(np.mean([len(own) for own in sets]))
        for opinion, own in zip(said, sets, strict=True):
            assert own >= set(marks_of(opinion.answer))
    assert np.mean(held) >= 0.9 - 3 * np.std(held) / np.sqrt(len(held))
    # What is suggested are the 0.61 of all spans that are "alba"; with each "bruma" it is 0.88, with each "cirro" 0.99.
    assert np.mean(held) < 0.95
    assert 3 < np.mean(sizes) < 4.5


def test_spans_are_as_likely_as_they_are_marked() -> None:
    fitted, _ = _fit(chances(500, 1))
    text = " , ".join(MARKED)
    (told,) = fitted.tell([text], 0, 0.001)
    stated = {text[mark.start : mark.end]: sure for mark, sure in told.likely}
    assert {word: stated[word] for word in MARKED} == pytest.approx(MARKED, abs=0.1)


def test_labels_that_overlap_are_found_each_by_itself() -> None:
    rng = np.random.default_rng(0)
    known = []
    for _ in range(80):
        first, last = rng.choice(FIRST), rng.choice(LAST)
        text = f"here is {first} {last} ."
        known.append((text, [Mark(8, len(text) - 2, "person"), Mark(9 + len(first), len(text) - 2, "family")]))
    fitted, _ = _fit(known)
    assert fitted.scheme.apart
    (told,) = fitted.tell(["here is Ada Silva ."])
    assert told.marks == (Mark(8, 17, "person"), Mark(12, 17, "family"))


def test_several_labels_of_one_span_are_one_region() -> None:
    xml = XML.replace("<Labels", '<Labels choice="multiple"')
    both = [
        row(
            one.task,
            one.data["text"],
            Regions(
                tuple(
                    Region(two.shape, ("person", "thing") if two.labels == ("person",) else two.labels)
                    for two in one.answer.regions
                )
            ),
        )
        for one in rows(80)
        if isinstance(one.answer, Regions)
    ]
    found = taught(both, xml)
    task = Task(999, {"text": "Ada Rossi lives in Graz ."})
    (opinion,), _ = found.think([task], _material([task]), "margin")
    assert opinion.answer == Regions((Region(Span(0, 9), ("person", "thing")), Region(Span(19, 23), ("place",))))
    assert len(opinion.parts) == 2


def test_doubtful_answers_count_less() -> None:
    rng = np.random.default_rng(3)
    right = [example(rng) for _ in range(60)]
    wrong = [(text, [Mark(mark.start, mark.end, "thing") for mark in marks]) for text, marks in right]
    fitted, _ = _fit(right + wrong, np.repeat([0.95, 0.05], 60))
    told = fitted.tell([text for text, _ in right])
    assert {mark.label for one in told for mark in one.marks} == {"person", "place"}


def test_the_holdout_teaches_nothing_and_measures() -> None:
    plain = taught(rows(60))
    held = taught([*rows(60), *rows(40, seed=5, first=1000, holdout=True)])
    arrays, others = plain.tagger.saved()[1], held.tagger.saved()[1]
    assert all(np.array_equal(arrays[name], others[name]) for name in arrays)
    assert plain.quality is not None and plain.quality.source == "cross-validation"
    assert held.quality is not None and (held.quality.source, held.quality.n) == ("holdout", 40)
    assert (held.quality.found["f1"] or 0) > 0.8


def test_figures_are_those_counted_by_hand() -> None:
    def told(marks: Sequence[Mark], sure: Sequence[float], whole: float) -> Told:
        return Told(tuple(marks), tuple(sure), whole, 0, 0, 0)

    a, b, c = Mark(0, 1, "x"), Mark(2, 3, "x"), Mark(2, 3, "y")
    quality = _judged(
        [told([a, b], [0.9, 0.5], 0.6), told([], [], 0.8), told([a], [1.0], 0.9)], [[a, c], [], [a, b]], "holdout"
    )
    found = quality.found
    assert found["precision"] == pytest.approx(2 / 3, abs=1e-6)
    assert found["recall"] == 0.5
    assert found["f1"] == pytest.approx(2 * 2 / (3 + 4), abs=1e-6)
    assert found["ece"] == pytest.approx((0.1 + 0.5) / 3, abs=1e-6)
    assert quality.accuracy == pytest.approx(1 / 3, abs=1e-6)
    assert quality.n == 3
    assert quality.brier == pytest.approx((0.36 + 0.04 + 0.81) / 3, abs=1e-6)


def test_equal_labels_give_equal_models() -> None:
    one, other = (taught(rows(40)).tagger.saved() for _ in "ab")
    assert one[0] == other[0]
    assert all(np.array_equal(one[1][name], other[1][name]) for name in one[1])


@pytest.mark.parametrize(
    ("found", "xml", "reason"),
    [
        (rows(9), XML, "9 labeled texts, 10 are needed"),
        ([row(at, "nothing here", Regions(())) for at in range(1, 20)], XML, "no span is marked in any of 19 texts"),
        ([row(at, "  \n", answer([Mark(0, 1, "thing")])) for at in range(1, 20)], XML, "the texts have no words"),
        (rows(20), XML.replace("<Text", '<Text valueType="url"'), "that stands in the task's data as it is"),
        (rows(20), XML.replace("<Text", "<HyperText"), "spans are learned of one <Text>"),
        ([row(at, "Ada", Choices(("person",))) for at in range(1, 20)], XML, "0 labeled texts"),
        ([row(at, ["Ada"], answer([Mark(0, 3, "person")])) for at in range(1, 20)], XML, "0 labeled texts"),
        ([row(at, "Ada", answer([Mark(0, 3, "nobody")])) for at in range(1, 20)], XML, "0 labeled texts"),
    ],
)
def test_what_cannot_be_learned_is_said(found: list[TrainingRow], xml: str, reason: str) -> None:
    with pytest.raises(NotLearnable, match=reason):
        taught(found, xml)


def test_one_label_and_odd_texts_are_learned() -> None:
    odd = ["", " ", "\ud83d", "\x00", "x" * 5000, "a\u0301" * 300, "Ada " * 2000]
    xml = XML.replace('<Label value="place"/><Label value="thing"/>', "")
    known = [row(at, text, Regions(())) for at, text in enumerate(odd, 1)]
    known += [row(100 + at, f"see Ada {at}", answer([Mark(4, 7, "person")])) for at in range(20)]
    found = taught(known, xml)
    (told,) = found.tagger.tell(["see Ada 77"])
    assert told.marks == (Mark(4, 7, "person"),)


def test_a_text_that_is_too_long_gets_no_half_of_an_answer(there: Here) -> None:
    long = "Ada Rossi lives in Graz . " * (LONGEST_TEXT // 26 + 1)
    some = long[: LONGEST_TEXT // 4]
    lines = there.score({"id": 905, "data": {"text": long}}, {"id": 906, "data": {"text": some}}, xml=XML)
    assert lines[0]["answer"] is None
    assert len(lines[1]["parts"]) == pytest.approx(2 * len(some) / 26, abs=3)


def test_the_time_that_is_over_ends_reading() -> None:
    tasks = [Task(at, {"text": "Ada Rossi"}) for at in range(3)]
    late = Material([task.data for task in tasks], _no_fetch, until=1.0, clock=lambda: 2.0)
    opinions, features = model().think(tasks, late, "margin")
    assert [one.answer for one in opinions] == [None] * 3
    assert features is None


def test_windows_of_long_texts_say_what_short_texts_say() -> None:
    line = "Ada Rossi lives in Graz .\n"
    (told,) = model().tagger.tell([line * 400])
    assert [mark[:2] for mark in told.marks] == [
        (26 * at + start, 26 * at + end) for at in range(400) for start, end in ((0, 9), (19, 23))
    ]


def test_versions_are_compared_by_their_spans_in_any_order() -> None:
    one, other = Region(Span(0, 3), ("person",)), Region(Span(4, 7), ("place",))
    same = right_of(model())
    assert same(Regions((one, other)), Regions((other, one)))
    assert not same(Regions((one,)), Regions((one, other)))


def test_a_text_is_worth_how_likely_something_in_it_is_wrong() -> None:
    tasks = [Task(5000 + at, {"text": example(np.random.default_rng(at))[0]}) for at in range(20)]
    by_default, _ = model().think(tasks, _material(tasks), "margin")
    by_entropy, _ = model().think(tasks, _material(tasks), "entropy")
    for one, other in zip(by_default, by_entropy, strict=True):
        assert one.confidence is not None
        assert one.utility == pytest.approx(1 - one.confidence, abs=1e-5)
        assert other.utility == other.signals["entropy"]
    assert len(model().known_utilities("margin")) == 120


def test_rounds_and_lines_go_through_the_whole_backend(there: Here) -> None:
    tasks = [Task(2000 + at, {"text": example(np.random.default_rng(at))[0]}) for at in range(40)]
    lines = list(score(there.outside, PROJECT, parse(XML), tasks))
    assert sorted(line["place"] for line in lines) == list(range(40))
