"""TF-IDF of words and of letter sequences: no download, thousands of texts a second, good from few labels on."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from ..errors import MediaError, NotLearnable
from ..records import Arrays

KINDS: Mapping[str, Mapping[str, Any]] = {
    "words": {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    "letters": {"analyzer": "char_wb", "ngram_range": (2, 4)},
}
LARGEST_VOCABULARY = 30_000
LONGEST_TEXT = 20_000
_TAG = re.compile(r"</?[a-zA-Z!][^>]*>")


def read(value: object, _fetch: Callable[[str], bytes]) -> str:
    """The text of a field, without HTML's tags; raises MediaError for what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise MediaError(f"expected a text, not {type(value).__name__}")
    text = str(value)[:LONGEST_TEXT]
    return html.unescape(_TAG.sub(" ", text)) if "<" in text else text


class TfIdf:
    """The vectorizers side by side, each row of length 1 at most (0 for a text without a known term)."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._parts = parts

    def encode(self, inputs: Sequence[str]) -> sparse.csr_matrix:
        """Sparse rows, (n, d), float32."""
        rows = sparse.hstack([part.transform(inputs) for part in self._parts.values()], format="csr")
        return rows * np.float32(1 / np.sqrt(len(self._parts)))

    def saved(self) -> tuple[dict[str, Any], Arrays]:
        """The vocabularies in the order of their columns, and the idf of each term."""
        terms = {name: sorted(part.vocabulary_, key=part.vocabulary_.get) for name, part in self._parts.items()}
        return {"terms": terms}, {name: part.idf_ for name, part in self._parts.items()}


def fit(inputs: Sequence[str]) -> TfIdf:
    """Learn the vocabulary of the texts. Raises NotLearnable where they have no letter."""
    parts = {}
    for name in KINDS:
        try:
            parts[name] = _vectorizer(name, max_features=LARGEST_VOCABULARY).fit(inputs)
        except ValueError:  # an empty vocabulary: the texts have no term of this kind
            continue
    if not parts:
        raise NotLearnable("the texts are all empty")
    return TfIdf(parts)


def restore(settings: Mapping[str, Any], arrays: Arrays) -> TfIdf:
    """What ``saved`` gave. Raises KeyError or ValueError for anything else."""
    parts = {}
    for name, terms in settings["terms"].items():
        parts[name] = _vectorizer(name, vocabulary={term: place for place, term in enumerate(terms)})
        parts[name].idf_ = arrays[name]
    return TfIdf(parts)


def _vectorizer(name: str, **options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer  # slow to import, and --help needs none of it

    return TfidfVectorizer(**KINDS[name], **options, sublinear_tf=True, dtype=np.float32)
