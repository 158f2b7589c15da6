"""A million texts scored by the default model, beside TF-IDF and logistic regression: speed, accuracy, memory.

Ours is measured as a user gets it: all signals, and the lines of the answer to ``/score`` as text. Beside it stand the
probabilities alone, which is all that the others tell. The order of a pool takes some seconds, whatever its size.
"""

import csv
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from label_config.parse import parse
from ml_backend.learners.control_model import ControlModel
from ml_backend.lines import Scored
from ml_backend.models.logistic import Linear
from ml_backend.records import FloatArray, Task
from ml_backend.registry import Model
from ml_backend.settings import Settings
from ml_backend.thinking import LearnedMind
from ml_backend.training import learn

from .active import LABELS, SETS, interface, label_set
from .real_data import text_sets

TEXTS = 1_000_000
AT_ONCE = 10_000

Score = Callable[[Sequence[str]], object]


def run(*, quick: bool) -> None:
    """Print, for each set, accuracy at 200 labels and texts a second of both; then the ratio and the memory."""
    sets = text_sets(SETS[1:2] if quick else SETS)
    if not sets:
        return
    each = (20_000 if quick else TEXTS) // len(sets)
    print(f"   {LABELS} labels, cpu time     accuracy ours  theirs   texts/s ours  theirs  ratio   probabilities alone")
    found = [_one(*one, each) for one in sets.items()]
    ours, theirs = np.sum([seconds for _, seconds in found], axis=0)
    accuracy = 100 * np.mean([right for right, _ in found], axis=0)
    total = len(sets) * each
    print(
        f"   {total:,} texts: {total / ours:,.0f} texts/s, theirs {total / theirs:,.0f}: {theirs / ours:.2f} of their "
        f"speed (wanted: 0.5); accuracy {accuracy[0]:.1f}, theirs {accuracy[1]:.1f} (wanted: +5)"
    )


def _one(name: str, place: Path, count: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Accuracy on the test part and cpu seconds for ``count`` texts, ours and theirs."""
    with place.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    pool = [row for row in table if row["split"] == "train"]
    test = [row for row in table if row["split"] != "train"]
    taught = [pool[place] for place in np.random.default_rng(0).permutation(len(pool))[:LABELS]]
    model = learn(interface(sorted({row["label"] for row in table})), label_set(taught), lambda _: b"", Settings())
    control = model.controls[0]
    assert isinstance(control, ControlModel)
    plain = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    plain.fit([row["text"] for row in taught], [row["label"] for row in taught])
    texts, truth = [row["text"] for row in test], np.array([row["label"] for row in test])
    said = np.array(control.question.outcomes)[probabilities(control, texts).argmax(axis=1)]
    right = float((said == truth).mean()), float((plain.predict(texts) == truth).mean())
    everything = [row["text"] for row in table]
    ours, grown = _scored(lambda part: lines(model, part), everything, count)
    inner, _ = _scored(lambda part: probabilities(control, part), everything, count)
    theirs, _ = _scored(plain.predict_proba, everything, count)
    print(
        f"   {name:20s} {100 * right[0]:18.1f} {100 * right[1]:7.1f} {count / ours:14,.0f} {count / theirs:7,.0f} "
        f"{theirs / ours:6.2f} {count / inner:14,.0f} {theirs / inner:5.2f}   memory +{grown:.0f} MB from 1/10 on",
        flush=True,
    )
    return right, (ours, theirs)


def lines(model: Model, texts: Sequence[str]) -> int:
    """The characters of what ``/score`` tells of the texts, in no order."""
    mind = LearnedMind(model, lambda _: b"", "margin")
    tasks = [Task(10**6 + place, {"text": text}) for place, text in enumerate(texts)]
    thoughts = mind.think(parse(model.label_config), tasks, None)
    return sum(map(len, Scored(tasks, thoughts, np.arange(len(tasks)), "tiebreak-1").text()))


def probabilities(control: ControlModel, texts: Sequence[str]) -> FloatArray:
    """What the model says of each text, (n, m): the same as by ``think``, and nothing beside it."""
    (encoder,) = control.encoder.encoders
    assert isinstance(control.head, Linear)
    logits = [control.head.logits_of(blocks) for blocks in encoder.blocks(texts)]
    return control.certainty.probabilities(control.question, control.question.scores(np.concatenate(logits)))


def _scored(score: Score, texts: Sequence[str], count: int) -> tuple[float, float]:
    """Cpu seconds for ``count`` texts, the given ones over and over; and by how many MB the peak grew after a tenth."""
    seconds, done, peak = 0.0, 0, 0.0
    for part in _parts(texts, count):
        start = time.process_time()
        score(part)
        seconds += time.process_time() - start
        done += len(part)
        if done <= max(count // 10, len(part)):
            peak = _peak()
    return seconds, _peak() - peak


def _parts(texts: Sequence[str], count: int) -> Iterator[list[str]]:
    stream = islice(cycle(texts), count)
    while part := list(islice(stream, AT_ONCE)):
        yield part


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
