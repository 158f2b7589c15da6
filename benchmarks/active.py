"""Learning from few labels: the default model beside TF-IDF and logistic regression, and what choosing labels saves."""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend.backtest.curves import difference, summaries
from ml_backend.backtest.data import labeled
from ml_backend.backtest.replay import Plan
from ml_backend.backtest.running import backtest
from ml_backend.calibration import expected_calibration_error
from ml_backend.control_model import ControlModel
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.records import FloatArray, TrainingRow
from ml_backend.settings import Settings
from ml_backend.training import learn

from .others import cpu

SETS = ("al_trec6", "al_sms", "al_agnews", "al_sst2", "al_clinc150", "al_tweet_irony")
LABELS = 200

Row = Mapping[str, str]


def run(*, quick: bool) -> None:
    """Print accuracy, calibration and speed at 200 labels, then labels needed and areas under macro-F1."""
    folder = Path(os.environ.get("TIEBREAK_SHARED_DATA") or "../shared/data")
    sets = [name for name in (SETS[1:2] if quick else SETS) if (folder / name).is_dir()]
    if not sets:
        print(f"   LEFT OUT: no set of texts in {folder}")
        return
    print(f"   {LABELS} random labels      ours  TF-IDF + logistic   ECE   texts/s ours   theirs")
    found = [_at_few_labels(name, folder / name / "text.csv", 1 if quick else 5) for name in sets]
    ours, theirs = np.mean(found, axis=0)
    print(f"   {'mean':20s} {100 * ours:6.1f} {100 * theirs:18.1f}   ({100 * (ours - theirs):+.1f} points; wanted: +5)")
    plan = Plan(budget=60) if quick else Plan()
    areas = [_chosen(name, folder / name / "text.csv", 2 if quick else 20, plan) for name in sets]
    if not quick:
        print(f"   mean over the sets: {difference(np.mean(areas, axis=0))}")


def _at_few_labels(name: str, place: Path, seeds: int) -> tuple[float, float]:
    """Accuracy of both on the test part, the mean over draws of the labels."""
    with place.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    pool = [row for row in table if row["split"] == "train"]
    test = [row for row in table if row["split"] != "train"]
    interface = _interface(sorted({row["label"] for row in table}))
    draws = [np.random.default_rng(seed).permutation(len(pool))[:LABELS] for seed in range(seeds)]
    found = [_one_draw(interface, [pool[place] for place in draw], test) for draw in draws]
    ours, theirs, error, rate, their_rate = np.mean(found, axis=0)
    print(
        f"   {name:20s} {100 * ours:6.1f} {100 * theirs:18.1f} {error:8.3f} {rate:12,.0f} {their_rate:9,.0f}",
        flush=True,
    )
    return float(ours), float(theirs)


def _one_draw(interface: str, taught: Sequence[Row], test: Sequence[Row]) -> tuple[float, float, float, float, float]:
    """Accuracy of both, our calibration error, and how many texts a second each judges."""
    texts, truth = [row["text"] for row in test], np.array([row["label"] for row in test])
    model = learn(interface, _labels(taught), lambda _: b"", Settings()).controls[0]
    assert isinstance(model, ControlModel)
    seconds, probabilities = cpu(lambda: _probabilities(model, texts))
    right = np.array(model.question.outcomes)[probabilities.argmax(axis=1)] == truth
    error = expected_calibration_error(probabilities.max(axis=1), right.astype(float))
    plain = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000))
    plain.fit([row["text"] for row in taught], [row["label"] for row in taught])
    their_seconds, said = cpu(lambda: plain.predict(texts))
    return (
        float(right.mean()),
        float((said == truth).mean()),
        error,
        len(texts) / seconds,
        len(texts) / their_seconds,
    )


def _probabilities(model: ControlModel, texts: Sequence[str]) -> FloatArray:
    material = Material([{"text": text} for text in texts], lambda _: b"")
    return model.probabilities(model.encoder.encode(material.views(model.view, range(len(texts))), len(texts)))


def _interface(labels: Sequence[str]) -> str:
    choices = "".join(f'<Choice value="{label}"/>' for label in labels)
    xml = f'<View><Text name="text" value="$text"/><Choices name="c" toName="text">{choices}</Choices></View>'
    parse(xml)
    return xml


def _labels(taught: Sequence[Row]) -> LabelSet:
    found: list[Any] = [
        TrainingRow(place, "c", {"text": row["text"]}, Choices((row["label"],)), 1.0, "consensus", False, place + 1)
        for place, row in enumerate(taught)
    ]
    return LabelSet().merged(found, len(found))


def _chosen(name: str, place: Path, seeds: int, plan: Plan) -> FloatArray:
    """The difference of the areas under macro-F1 of the default strategy and of chance, in points: (seeds,)."""
    done = backtest(labeled(place, "text", "label", None, "tfidf+wordllama"), ("default", "random"), seeds, plan)
    known = summaries(done.curves)
    apart, needed = known["default"].against_random, known["default"].labels_needed
    assert apart is not None
    print(
        f"   {name}: default needs {needed or 'more than ' + str(plan.budget)} labels for what random has with "
        f"{plan.budget}; macro-F1 area {apart.mean:+.2f} points ({apart.low:+.2f} to {apart.high:+.2f})",
        flush=True,
    )
    areas = [np.mean([run.macro_f1 for run in done.curves[one]], axis=1) for one in ("default", "random")]
    return np.asarray(100 * (areas[0] - areas[1]))
