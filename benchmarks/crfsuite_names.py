"""sklearn-crfsuite on names in texts: a script that an environment of its own runs, for benchmarks/tagging.py.

python crfsuite_names.py TEXTS.npz prints one JSON list: for each number of texts that is learned from
{"spans": what is found in each text to test on, "f1": seqeval's, "seconds": cpu seconds of learning}.
"""

import json
import re
import sys
import time
from typing import Any

import numpy as np

REQUIREMENTS = ("sklearn-crfsuite==0.5.0", "seqeval==1.2.2")
TOKEN = re.compile(r"\w+|[^\w\s]")


def main(path: str) -> None:
    import sklearn_crfsuite  # type: ignore[import-not-found] # not installed here
    from seqeval.metrics import f1_score  # type: ignore[import-not-found] # not installed here

    with np.load(path, allow_pickle=False) as file:
        taught, asked, sizes = (json.loads(str(file[name])) for name in ("taught", "asked", "sizes"))
    (x, y), (new, truth) = _read(taught), _read(asked)
    found = []
    for size in sizes:
        start = time.process_time()
        model = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.05, c2=0.05, max_iterations=100)
        model.fit(x[:size], y[:size])
        seconds = time.process_time() - start
        tags = model.predict(new)
        spans = [_spans(text, own) for (text, _), own in zip(asked, tags, strict=True)]
        found.append({"spans": spans, "f1": float(f1_score(truth, tags)), "seconds": seconds})
    print(json.dumps(found))


def _read(examples: list[Any]) -> tuple[list[list[dict[str, Any]]], list[list[str]]]:
    """The usual signs of each token, and its tag."""
    rows, tags = [], []
    for text, spans in examples:
        places = [match.span() for match in TOKEN.finditer(text)]
        words = [text[start:end] for start, end in places]
        rows.append([_signs(words, at) for at in range(len(words))])
        own = ["O"] * len(places)
        for start, end, label in spans:
            inside = [at for at, (first, last) in enumerate(places) if first < end and last > start]
            for at in inside:
                own[at] = f"{'B' if at == inside[0] else 'I'}-{label}"
        tags.append(own)
    return rows, tags


def _signs(words: list[str], at: int) -> dict[str, Any]:
    word = words[at]
    found: dict[str, Any] = {"bias": 1, "word=" + word: 1, "small=" + word.lower(): 1, "shape=" + _shape(word): 1}
    found |= {"upper": word.isupper(), "title": word.istitle(), "digits": word.isdigit()}
    for size in (2, 3, 4):
        found[f"first{size}={word[:size].lower()}"] = found[f"last{size}={word[-size:].lower()}"] = 1
    for step in (-2, -1, 1, 2):
        if 0 <= at + step < len(words):
            near = words[at + step]
            found[f"{step}={near.lower()}"] = found[f"{step}:shape={_shape(near)}"] = 1
        else:
            found[f"{step}:none"] = 1
    return found


def _shape(word: str) -> str:
    signs = ("X" if sign.isupper() else "x" if sign.islower() else "d" if sign.isdigit() else sign for sign in word)
    return re.sub(r"(.)\1+", r"\1", "".join(signs))


def _spans(text: str, tags: list[str]) -> list[list[Any]]:
    found: list[list[Any]] = []
    for match, tag in zip(TOKEN.finditer(text), tags, strict=True):
        if tag.startswith("B-") or (tag.startswith("I-") and (not found or not found[-1][3])):
            found.append([match.start(), match.end(), tag[2:], True])
        elif tag.startswith("I-"):
            found[-1][1] = match.end()
        elif found:
            found[-1][3] = False
    return [span[:3] for span in found]


if __name__ == "__main__":
    main(sys.argv[1])
