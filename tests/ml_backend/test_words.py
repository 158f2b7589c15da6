"""How texts become words, terms and pieces: the same as other libraries find, however they are read."""

import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer

from ml_backend.encoders import ENCODERS, hashing, terms, terms_and_meaning, text, wordllama
from ml_backend.encoders.lexicon import Lexicon, Lists

LETTERS = st.sampled_from("aAbcdé1_.,!'-ßİ😀 \n\t\u00a0\u3000字中ไท")
TEXTS = st.lists(st.text(LETTERS, max_size=30), min_size=1, max_size=6)
BOTH = ENCODERS["tfidf+wordllama"]
SENTENCES = [
    "The ship's captain, Ms. O'Neil, saw the ship.",
    "the ship saw THE captain",
    "x",
    "",
    "A co-operative re-tied the rope; the rope held - for 12.5 hours!",
]


def spelled(words: Sequence[str]) -> Lists:
    """The code points of each word."""
    return Lists(np.array([ord(one) for word in words for one in word]), hashing.offsets(hashing.lengths_of(words)))


def words_of(texts: list[str], lexicon: Lexicon) -> list[list[str]]:
    """The words of each text, as a lexicon reads them."""
    found: list[list[str]] = []
    for page in lexicon.pages(texts):
        (part,) = page.parts
        each = part.take(page.words)
        words = ["".join(map(chr, each.values[a:b])) for a, b in zip(each.starts, each.starts[1:], strict=False)]
        found += [words[a:b] for a, b in zip(page.starts, page.starts[1:], strict=False)]
    return found


def polynomial(word: str) -> int:
    """The hash as its definition says, in whole numbers of Python."""
    value: int = sum((ord(one) + 1) * hashing.BASE**place for place, one in enumerate(word)) % 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


@given(st.lists(st.text(max_size=12), max_size=8))
def test_a_hash_is_that_of_its_definition_wherever_the_word_stands(words: list[str]) -> None:
    words = [word for word in words if not any(0xD800 <= ord(one) < 0xE000 for one in word)]
    assert hashing.hashes(words).tolist() == [polynomial(word) for word in words]


@given(TEXTS)
def test_words_are_what_white_space_divides(texts: list[str]) -> None:
    found = words_of(texts, Lexicon(spelled))
    assert [[word.strip() for word in words if word.strip()] for words in found] == [one.split() for one in texts]


@given(TEXTS)
def test_of_white_space_nothing_but_one_character_between_words_is_lost(texts: list[str]) -> None:
    for one, words in zip(texts, words_of(texts, Lexicon(spelled)), strict=True):
        assert len(one) - len(" ".join(words)) <= 1
        assert [a if not a.isspace() else " " for a in " ".join(words)] == [
            a if not a.isspace() else " " for a in one[: len(" ".join(words))]
        ]


@given(st.lists(TEXTS, max_size=5), st.integers(0, 8))
def test_a_lexicon_that_forgets_reads_the_same_and_stays_small(batches: list[list[str]], most: int) -> None:
    small = Lexicon(spelled, most_words=most, most_values=10 * most)
    for texts in batches:
        before = small.held()
        assert words_of(texts, small) == words_of(texts, Lexicon(spelled))
        assert small.held() <= max(before, most) + len(
            {word for one in texts for word in words_of([one], Lexicon(spelled))[0]}
        )


def test_many_words_are_told_apart() -> None:
    texts = [" ".join(f"w{number}" for number in range(start, start + 997)) for start in range(0, 60_000, 500)]
    assert words_of(texts, Lexicon(spelled)) == [one.split() for one in texts]


def test_a_failure_leaves_nothing_half_done() -> None:
    def failing(words: Sequence[str]) -> Lists:
        if "bad" in words:
            raise ValueError("bad")
        return spelled(words)

    lexicon = Lexicon(spelled, failing)
    with pytest.raises(ValueError, match="bad"):
        lexicon.page(["a bad day"])
    page = lexicon.page(["a good day"])
    assert [part.take(page.words).values.tolist() for part in page.parts] == [[ord(one) for one in "agoodday"]] * 2


@pytest.mark.parametrize(
    "said", ["", " ", "\n\n", "\ud800 x", "\x00\x01", "a" * 20_000, "字" * 20_000, "\u2581 <s> </s>"]
)
def test_any_text_has_a_row(said: str) -> None:
    encoder = BOTH.fit(BOTH.describe(SENTENCES))
    assert encoder.encode(BOTH.describe([said])).shape == (1, encoder.encode(BOTH.describe(SENTENCES)).shape[1])


def test_several_threads_read_one_lexicon() -> None:
    texts = [[f"{place} w{place % 7} v{number}" for number in range(50)] for place in range(40)]
    shared = Lexicon(spelled, most_words=300)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: words_of(one, shared), texts))
    assert found == [[one.split() for one in batch] for batch in texts]


def counts_by_others(texts: list[str]) -> list[Counter[int]]:
    """How often terms occur, by scikit-learn: for each text how many terms occur once, twice, ..."""
    found = [
        CountVectorizer(analyzer="word", ngram_range=(1, 2), token_pattern=r"\w+").fit_transform(texts),
        CountVectorizer(analyzer="char_wb", ngram_range=(3, 3)).fit_transform(texts),
    ]
    return [Counter(count for part in found for count in part[row].data.tolist()) for row in range(len(texts))]


def test_terms_are_counted_as_scikit_learn_counts_them() -> None:
    found = text.describe(SENTENCES)
    weighed = np.where(found.indices < terms.COLUMNS, text.WORDS, 1.0)
    counts = np.exp(found.data / weighed - 1).round().astype(int)
    each = [Counter(counts[a:b].tolist()) for a, b in zip(found.indptr, found.indptr[1:], strict=False)]
    assert each == counts_by_others(SENTENCES)


def test_equal_terms_share_a_column_and_others_do_not() -> None:
    one, other, far = (text.describe([said])[0].toarray()[0] for said in ("the ship", "THE  ship", "a tide"))
    assert (one == other).all()
    assert not (one * far).any()


def test_pairs_of_words_reach_over_what_is_no_word_and_not_over_texts() -> None:
    def words(texts: list[str]) -> set[int]:
        return set(text.describe(texts)[:, : terms.COLUMNS].indices.tolist())

    assert words(["ship - tide"]) == words(["ship tide"]) == words(["ship... tide"])
    assert words(["ship", "tide"]) < words(["ship tide"])
    assert len(words(["ship-tide"])) == 3


def test_scripts_without_spaces_are_told_apart_by_pairs_of_characters() -> None:
    rows = BOTH.fit(BOTH.describe(["東京都に住む", "大阪府に住む"])).encode(text_described(["東京", "大阪"]))
    told = rows[:, : -wordllama.WIDTH]
    assert told[0].nnz and told[1].nnz and not (told[0].multiply(told[1])).nnz


def text_described(texts: list[str]) -> sparse.csr_matrix:
    return BOTH.describe(texts)


@given(st.text(st.sampled_from("abcdehinorstuvwy.,!?'é0123456789 "), max_size=60))
def test_the_pieces_of_a_text_are_those_of_its_words(said: str) -> None:
    said = re.sub(" $", "", said)
    tokenizer, weights = wordllama._words()
    ids = tokenizer.encode(said, add_special_tokens=False).ids
    assert wordllama.pieces([said]).values.tolist() == ids
    (page,) = Lexicon(wordllama.pieces).pages([said])
    assert page.parts[0].take(page.words).values.tolist() == (ids if said else [])
    if said and weights[ids].sum(axis=0).any():
        mean = weights[ids].mean(axis=0)
        assert wordllama.describe([said])[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


@pytest.mark.parametrize("name", ["tfidf+wordllama", "tfidf", "wordllama"])
@given(texts=TEXTS)
def test_the_quick_way_to_rows_gives_the_rows(name: str, texts: list[str]) -> None:
    family = ENCODERS[name]
    encoder = family.fit(family.describe(SENTENCES))
    wanted = sparse.csr_matrix(encoder.encode(family.describe(texts))).toarray()
    found = np.vstack([np.hstack([sparse.csr_matrix(one).toarray() for one in part]) for part in encoder.blocks(texts)])
    assert found == pytest.approx(wanted, abs=1e-5)
    lengths = np.linalg.norm(found, axis=1)
    assert ((np.abs(lengths - 1) < 1e-4) | (lengths == 0)).all()


def test_many_texts_at_once_are_counted_as_each_by_itself() -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(SENTENCES, 5)) for _ in range(120)]
    assert sum(len(one.split()) for one in texts) > terms.FEW_WORDS > len(texts[0].split())
    encoder = BOTH.fit(BOTH.describe(SENTENCES[:2]))
    each = [BOTH.describe([one]) for one in texts]
    assert abs(BOTH.describe(texts) - sparse.vstack(each)).max() < 1e-5
    (together,), alone = list(encoder.blocks(texts)), [next(iter(encoder.blocks([one]))) for one in texts]
    for place, block in enumerate(together):
        rows = sparse.vstack([sparse.csr_matrix(one[place]) for one in alone])
        assert abs(sparse.csr_matrix(block) - rows).max() < 1e-5


def test_more_text_than_a_page_holds_is_read_page_by_page() -> None:
    texts = [("tide " * 30_000).strip(), "ship", "", ("tide " * 90_000).strip(), "ship"]
    assert len(list(terms_and_meaning._lexicon().pages(texts))) == 2
    rows = BOTH.describe(texts)
    assert rows.shape[0] == 5
    assert (rows[1] != rows[4]).nnz == 0
