"""Near-identical tasks: by hand, by brute force and by simulation; and what it means that their answers differ."""

import itertools
import random
import string
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from label_config.answers import Answer, Choices, Number, Regions, Text
from label_config.model import Control, Family
from sync.quality.coded_answers import encode
from sync.quality.conflicts import NearIdentical, near_identical
from sync.quality.conflicts.shingles import jaccard
from sync.quality.consensus import infer
from sync.quality.distance import default_distance, distance
from sync.quality.distance.comparison import every_pair
from sync.quality.evidence import ControlEvidence
from sync.quality.findings import Case
from sync.quality.findings.conflicts import SCALES, near_duplicate_conflict
from sync.quality.records import Finding

from ..thorough import up_to
from .generated import CASES

TEXT = "The parcel that I ordered last week has still not arrived at my door."


def texts(*values: str) -> dict[int, dict[str, str]]:
    return {task: {"text": value} for task, value in enumerate(values, 1)}


def groups(*values: str) -> list[tuple[int, ...]]:
    return [one.tasks for one in near_identical(texts(*values), ["text"])]


@pytest.mark.parametrize(
    "other",
    [
        TEXT,
        TEXT.upper(),
        f"  {TEXT.replace(' ', chr(0xA0))}\n",
        TEXT.replace("week", "weak"),
        TEXT + " Please help!",
        TEXT.replace("arrived", "arived").replace("ordered", "oredered"),
    ],
)
def test_case_blanks_typos_and_a_word_more_leave_a_text_what_it_is(other: str) -> None:
    assert groups(TEXT, "Something else that has nothing to do with it.", other) == [(1, 3)]


@pytest.mark.parametrize(
    "pair",
    [
        (
            "我今天早上收到了您寄来的包裹，非常感谢您的帮助和支持。",
            "我今天早上收到了您寄来的包裹，非常感谢您的帮助和支持！",
        ),
        (
            "🎉🎉 Herzlichen Glückwunsch zum Geburtstag, lieber Jörg! 🎂",
            "🎉🎉 Herzlichen Glu\u0308ckwunsch zum Geburtstag, lieber JÖRG! 🎂",
        ),
        ("الطقس جميل اليوم وسوف نذهب إلى البحر مع الأصدقاء", "الطقس جميل اليوم وسوف نذهب إلى البحر مع الأصدقاء!"),
        ("ﬁle №１２ is missing", "file No12 is missing"),
    ],
)
def test_every_script_is_compared_by_its_characters(pair: tuple[str, str]) -> None:
    assert groups(*pair, "x") == [(1, 2)]


def test_texts_too_short_to_be_nearly_alike_are_so_only_when_equal() -> None:
    assert groups("ten chars!", "ten chars?", "Ten  Chars!", "no", "No", "na") == [(1, 3), (4, 5)]


@pytest.mark.parametrize(
    "text",
    ["text {}", "A short review of film number {}, as somebody might write it, in two lines.", "At 8:{} on page {}"],
)
def test_texts_with_other_numbers_are_other_tasks(text: str) -> None:
    values = [text.format(number, number) for number in range(10_000)]
    assert groups(*values) == []
    assert groups(*values, values[7].upper()) == [(8, 10_001)]


def test_tasks_that_show_nothing_are_like_no_other() -> None:
    assert groups("", "", "  ", "\n") == []
    assert near_identical({1: {}, 2: {"text": None}, 3: {"other": TEXT}, 4: {"other": TEXT}}, ["text"]) == ()
    assert near_identical({}, ["text"]) == ()


def test_a_long_text_is_compared_in_whole() -> None:
    chance = random.Random(1)
    words = ["".join(chance.choices(string.ascii_lowercase, k=6)) for _ in range(15_000)]
    long = " ".join(words)
    changed = " ".join([*words[:700], "changed", *words[701:]])
    half = " ".join([*words[:7500], *reversed(words[:7500])])
    assert len(long) > 100_000
    assert groups(long, changed, half) == [(1, 2)]


@pytest.mark.parametrize(
    "kind", ["https://host/{}.png", "s3://bucket/{}.png", "/data/upload/1/{}.png", "data:image/png;base64,{}"]
)
def test_addresses_and_images_in_place_are_compared_to_the_letter(kind: str) -> None:
    one, other = (kind.format("iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACN" + end) for end in "aA")
    data = {1: {"image": one}, 2: {"image": other}, 3: {"image": one}}
    assert [group.tasks for group in near_identical(data, ["image"])] == [(1, 3)]


def test_every_field_must_be_alike() -> None:
    """A long text in common does not hide that the question or the image is another one."""
    shown = [
        {"text": TEXT, "question": "Is it a complaint?", "page": 1},
        {"text": TEXT + " ", "question": "is it a complaint?", "page": 1},
        {"text": TEXT, "question": "Is somebody happy?", "page": 1},
        {"text": TEXT, "question": "Is it a complaint?", "page": 2},
        {"text": TEXT, "page": 1},
    ]
    data = dict(enumerate(shown))
    assert [group.tasks for group in near_identical(data, ["text", "question", "page"])] == [(0, 1)]
    assert [group.tasks for group in near_identical(data, ["text"])] == [(0, 1, 2, 3, 4)]


def test_conversations_and_tables_are_compared_as_they_are_written() -> None:
    talk = [{"role": "user", "text": TEXT}, {"text": "We are sorry.", "role": "assistant"}]
    other = [{"text": TEXT.lower(), "role": "user"}, {"role": "assistant", "text": "We are sorry."}]
    data = {1: {"chat": talk}, 2: {"chat": other}, 3: {"chat": talk[1:]}}
    assert [group.tasks for group in near_identical(data, ["chat"])] == [(1, 2)]


def test_what_is_equal_to_the_letter_is_told_from_what_is_nearly_so() -> None:
    (group,) = near_identical(texts(TEXT, TEXT.upper(), TEXT, TEXT + " Really."), ["text"])
    assert group.tasks == (1, 2, 3, 4)
    assert group.raw == (0, 1, 0, 2)
    assert group.similarity[0] == group.similarity[1] == group.similarity[2] == 1.0
    assert 0.8 <= group.similarity[3] < 1


def test_likeness_does_not_chain() -> None:
    """Each text has two words more: neighbours are alike, the first and the last are not."""
    words = [f"word{one}{other}" for one in "abcdef" for other in "abcdefghij"]
    chain = [" ".join(words[:size]) for size in range(20, 60, 2)]
    assert groups(chain[0], chain[-1]) == []
    found = near_identical(texts(*chain), ["text"])
    assert len(found) >= 3
    for group in found:
        members = [[chain[task - 1]] for task in group.tasks]
        left, right = np.triu_indices(len(members), 1)
        assert jaccard(members, left, right).min() >= 0.6


def sets(text: str) -> set[str]:
    return {text[at : at + 4] for at in range(len(text) - 3)} or {text}


@settings(max_examples=up_to(30))
@given(st.lists(st.text("ab ", min_size=1, max_size=24).map(lambda text: text.strip() or "a"), min_size=2, max_size=12))
def test_similarity_is_that_of_the_sets_of_four_characters(values: list[str]) -> None:
    left, right = np.triu_indices(len(values), 1)
    expected = [
        len(sets(values[one]) & sets(values[other])) / len(sets(values[one]) | sets(values[other]))
        for one, other in zip(left, right, strict=True)
    ]
    assert jaccard([[value] for value in values], left, right) == pytest.approx(expected)


def alike(one: str, other: str) -> float:
    return len(sets(one) & sets(other)) / len(sets(one) | sets(other))


@settings(max_examples=up_to(15))
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.sampled_from("xyz")), min_size=1, max_size=14))
def test_pairs_are_those_of_brute_force(changes: list[tuple[int, int, str]]) -> None:
    """Of a few stems with a letter changed: everything alike is with something that it is like, and nothing else."""
    stems = [f"this is the stem with number {word} of all those there are" for word in ("one", "two", "six")]
    values = [(stem := stems[which % 3])[:at] + letter + stem[at + 1 :] for which, at, letter in changes]
    found = near_identical(texts(*values), ["text"])
    group_of = {task: group for group in found for task in group.tasks}
    clean = [" ".join(value.split()) for value in values]
    for task, value in enumerate(clean, 1):
        near = [other for other, text in enumerate(clean, 1) if other != task and alike(value, text) >= 0.8]
        if not near:
            assert task not in group_of
        elif task not in group_of:
            assert all(other in group_of for other in near)
    for group in found:
        assert max(min(alike(clean[one - 1], clean[other - 1]) for other in group.tasks) for one in group.tasks) >= 0.8
    assert len(group_of) == sum(len(group.tasks) for group in found)


@settings(max_examples=up_to(8))
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_tasks_means_nothing(chance: random.Random) -> None:
    data = texts(TEXT, TEXT.upper(), TEXT + " Oh.", "Another text, of which there is one.", TEXT[9:], TEXT)
    shuffled = list(data)
    chance.shuffle(shuffled)
    assert near_identical({task: data[task] for task in shuffled}, ["text"]) == near_identical(data, ["text"])


def sentence(chance: random.Random) -> str:
    return " ".join("".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 9))) for _ in range(14))


def altered(text: str, way: int, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return (text[:at] + "#" + text[at + 1 :], text.title() + " ", f"{text} {chance.choice('abc') * 5}")[way]


def test_planted_duplicates_are_found_among_thousands_and_nothing_else() -> None:
    """2,000 random sentences and 300 of them again with a typo, in other case, or with a word more."""
    chance = random.Random(3)
    values = [sentence(chance) for _ in range(2000)]
    data = texts(*values, *(altered(values[at], at % 3, chance) for at in range(300)))
    found = {one.tasks for one in near_identical(data, ["text"])}
    planted = {(at + 1, at + 2001) for at in range(300)}
    assert len(found & planted) >= 0.98 * len(planted)
    assert found <= planted


def test_of_thousands_that_are_alike_none_is_left_alone() -> None:
    found = near_identical(
        texts(*(f"{TEXT} {''.join(end)}" for end in itertools.product("abcdefghijkl", repeat=3))), ["text"]
    )
    assert len(found) <= 60
    assert sum(len(group.tasks) for group in found) >= 1718


def test_vectors_join_what_has_no_text_in_common() -> None:
    data = {task: {"image": f"https://host/{task}.png"} for task in range(5)}
    rows = np.array([[1.0, 0, 0], [0, 1, 0], [0.999, 0.01, 0], [0, 0, 0], [np.nan, 0, 0]])
    (group,) = near_identical(data, ["image"], dict(enumerate(rows)))
    assert group.tasks == (0, 2)
    assert group.similarity[1] == pytest.approx(rows[0] @ rows[2] / np.linalg.norm(rows[2]))
    assert near_identical(data, ["image"], {7: rows[0]}) == ()


def test_many_vectors_are_joined_as_few_are() -> None:
    rng = np.random.default_rng(5)
    rows = rng.standard_normal((5200, 24))
    near = rows[:200] + 0.1 * rng.standard_normal((200, 24))
    every = np.concatenate([rows, near])
    data = {task: {"image": f"https://host/{task}.png"} for task in range(len(every))}
    found = {one.tasks for one in near_identical(data, ["image"], dict(enumerate(every)))}
    length = np.linalg.norm(every, axis=1)
    cosine = np.einsum("ij,ij->i", rows[:200], near) / length[:200] / length[5200:]
    expected = {(at, at + 5200) for at in range(200) if cosine[at] >= 0.97}
    assert len(expected) > 150
    assert len(found ^ expected) <= 2


def test_a_threshold_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"in \(0, 1\], not 0 and 0.97"):
        near_identical(texts("a"), ["text"], similarity=0)


# Findings


def group_of(*tasks: int, similarity: Sequence[float] = (), raw: Sequence[int] = ()) -> NearIdentical:
    return NearIdentical(tasks, tuple(similarity) or (1.0,) * len(tasks), tuple(raw) or (0,) * len(tasks))


def conflicts(
    control: Control,
    rows: Sequence[tuple[int, int, Answer]],
    *neighbours: NearIdentical,
    fixed: dict[int, Answer] | None = None,
) -> list[Finding]:
    said = ControlEvidence(control, encode(control, rows, fixed))
    return near_duplicate_conflict(Case(said, infer(said), {}, neighbours=neighbours))


CHOICE = Control("tone", "Choices", ("t",), ("a", "b", "c"))
A, B = Choices(("a",)), Choices(("b",))


def test_the_less_certain_of_two_is_the_more_suspect_and_is_offered_the_other_answer() -> None:
    rows = [(1, person, A) for person in range(6)] + [(2, 1, B), (3, 1, A), (3, 2, A)]
    found = {one.task: one for one in conflicts(CHOICE, rows, group_of(1, 2))}
    assert found.keys() == {1, 2}
    assert found[2].severity > 0.5 > found[1].severity
    assert found[1].severity + found[2].severity == pytest.approx(1)
    assert (found[2].correction, found[1].correction) == (A, None)
    assert (found[1].related, found[2].related) == ((2,), (1,))
    assert found[2].reason.startswith("Task 1, which shows nearly the same, is answered differently: a (")
    assert conflicts(CHOICE, rows, group_of(1, 3)) == []
    assert conflicts(CHOICE, rows) == []


def test_even_sides_are_as_suspect_as_each_other_and_nothing_is_proposed() -> None:
    found = conflicts(CHOICE, [(1, 1, A), (2, 1, B)], group_of(1, 2, similarity=(1.0, 0.8)))
    assert [one.severity for one in found] == pytest.approx([0.5, 0.4])
    assert [one.correction for one in found] == [None, None]


def test_a_ruling_decides_for_the_group_and_has_no_finding() -> None:
    rows = [(task, person, A) for task in (1, 2) for person in (1, 2)]
    found = conflicts(CHOICE, rows, group_of(1, 2, 3), fixed={3: B})
    assert [(one.task, one.correction) for one in found] == [(1, B), (2, B)]
    assert all(one.severity > 0.99 for one in found)


def test_regions_are_proposed_only_where_the_text_is_the_same_to_the_letter() -> None:
    case = CASES["spans"]
    answers = [Regions(()), next(iter(_examples("spans", 1)))]
    rows = [(1, person, answers[1]) for person in range(6)] + [(2, 1, answers[0])]
    for raw, proposed in ((0, 0), answers[1]), ((0, 1), None):
        found = {one.task: one for one in conflicts(case.control, rows, group_of(1, 2, raw=raw))}
        assert found[2].correction == proposed


def _examples(name: str, count: int) -> list[Answer]:
    """Answers to a control that are far from each other, drawn from the generated ones."""
    case = CASES[name]
    found: list[Answer] = []
    apart = distance(case.control, default_distance(case.control))

    @settings(max_examples=30, database=None, derandomize=True)
    @given(case.answers)
    def draw(answer: Answer) -> None:
        if len(found) < count and answer != case.empty:
            every = [*found, answer]
            far = apart(every_pair(case.control, every)).reshape(len(every), -1) + np.eye(len(every))
            if far.min() > (0.4 / len(every) if case.control.family in SCALES else 0.4):
                found.append(answer)

    draw()
    return found


@pytest.mark.parametrize("name", CASES)
def test_planted_conflicts_are_found_in_every_family(name: str) -> None:
    """60 tasks that two people answer alike, 10 of them near-identical pairs; half of the pairs differ."""
    control = CASES[name].control
    answers = _examples(name, 4)
    assert len(answers) >= 2
    last = len(answers)
    given_to = {task: task % last for task in range(60)}
    given_to |= {30 + at: at % last for at in range(5)} | {35 + at: (5 + at + 1) % last for at in range(5)}
    rows = [(task, person, answers[which]) for task, which in given_to.items() for person in (1, 2)]
    found = conflicts(control, rows, *(group_of(at, 30 + at) for at in range(10)))
    assert [one.task for one in sorted(found, key=lambda one: one.task)] == [*range(5, 10), *range(35, 40)]
    for one in found:
        assert 0 < one.severity <= 1
        assert one.numbers


def test_who_writes_freely_contradicts_nobody_by_other_words() -> None:
    """People word one and the same thing differently, so that other words in near-identical tasks mean nothing."""
    control = Control("t", "TextArea", ("x",), family=Family.TEXT)
    chance = random.Random(2)
    rows = [(task, person, Text((sentence(chance),))) for task in range(20) for person in (1, 2)]
    assert conflicts(control, rows, group_of(1, 2), group_of(3, 4)) == []


def test_a_number_that_people_are_unsure_of_contradicts_nobody() -> None:
    """One of three is far off, which moves the mean, but the interval is as wide as that; what is sure contradicts."""
    control = Control("n", "Number", ("x",), family=Family.NUMBER, low=0.0, high=10.0)
    rows = [(task, person, Number(3.0)) for task in range(30) for person in (1, 2, 3)]
    rows = [
        (task, person, Number(10.0) if (task, person) == (1, 2) or task == 5 else said) for task, person, said in rows
    ]
    assert conflicts(control, rows, group_of(1, 2)) == []
    assert [one.task for one in conflicts(control, rows, group_of(5, 6))] == [5, 6]
