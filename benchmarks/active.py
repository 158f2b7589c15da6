"""Learning from few labels: the default model beside TF-IDF and logistic regression, and what choosing labels saves."""

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from label_config.answers import Choices
from label_config.parse import parse
from ml_backend.backtest.curves import Difference, areas, difference, summaries
from ml_backend.backtest.data import labeled
from ml_backend.backtest.replay import Plan
from ml_backend.backtest.running import backtest
from ml_backend.calibration import expected_calibration_error
from ml_backend.features import Material
from ml_backend.labels import LabelSet
from ml_backend.learners.control_model import ControlModel
from ml_backend.records import FloatArray, TrainingRow
from ml_backend.settings import Settings
from ml_backend.training import learn

from .others import cpu
from .real_data import text_sets

SETS = ("al_trec6", "al_sms", "al_agnews", "al_sst2", "al_clinc150", "al_tweet_irony")
LABELS = 200
GROWTH = 0.1
"""Batches grow with the labels beyond 200, so that a run takes half of the models."""

Row = Mapping[str, str]


def run(*, quick: bool) -> None:
    """Print accuracy, calibration and speed at 200 labels, then labels needed and areas under macro-F1."""
    sets = text_sets(SETS[1:2] if quick else SETS)
    if not sets:
        return
    print(f"   {LABELS} random labels      ours  TF-IDF + logistic   ECE   texts/s ours   theirs")
    found = [_at_few_labels(*one, 1 if quick else 5) for one in sets.items()]
    ours, theirs = np.mean(found, axis=0)
    print(f"   {'mean':20s} {100 * ours:6.1f} {100 * theirs:18.1f}   ({100 * (ours - theirs):+.1f} points; wanted: +5)")
    choosing(list(sets.values()), 2 if quick else 20, Plan(budget=60 if quick else 1000))


def choosing(places: Sequence[Path], seeds: int, plan: Plan, processes: int | None = None) -> None:
    """Print, a set each, labels needed for what random has in the end and areas under macro-F1; then their means."""
    plan = replace(plan, growth=GROWTH)
    print(f"   chosen labels for what {plan.budget:,} random ones give   area under macro-F1 minus random's, points")
    found = [_chosen(place, seeds, plan, processes) for place in places]
    needed = np.mean([labels for labels, _ in found]) / plan.budget
    apart = difference(np.mean([areas for _, areas in found], axis=0))
    print(
        f"   {'mean':20s} {needed:8.0%} of {plan.budget:,} (wanted: at most 50%)   {_interval(apart)} (wanted: above 0)"
    )


def _at_few_labels(name: str, place: Path, seeds: int) -> tuple[float, float]:
    """Accuracy of both on the test part, the mean over draws of the labels."""
    with place.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    pool = [row for row in table if row["split"] == "train"]
    test = [row for row in table if row["split"] != "train"]
    xml = interface(sorted({row["label"] for row in table}))
    draws = [np.random.default_rng(seed).permutation(len(pool))[:LABELS] for seed in range(seeds)]
    found = [_one_draw(xml, [pool[place] for place in draw], test) for draw in draws]
    ours, theirs, error, rate, their_rate = np.mean(found, axis=0)
    print(
        f"   {name:20s} {100 * ours:6.1f} {100 * theirs:18.1f} {error:8.3f} {rate:12,.0f} {their_rate:9,.0f}",
        flush=True,
    )
    return float(ours), float(theirs)


def _one_draw(xml: str, taught: Sequence[Row], test: Sequence[Row]) -> tuple[float, float, float, float, float]:
    """Accuracy of both, our calibration error, and how many texts a second each judges."""
    texts, truth = [row["text"] for row in test], np.array([row["label"] for row in test])
    model = learn(xml, label_set(taught), lambda _: b"", Settings()).controls[0]
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


def interface(labels: Sequence[str]) -> str:
    choices = "".join(f'<Choice value="{label}"/>' for label in labels)
    xml = f'<View><Text name="text" value="$text"/><Choices name="c" toName="text">{choices}</Choices></View>'
    parse(xml)
    return xml


def label_set(taught: Sequence[Row]) -> LabelSet:
    found: list[Any] = [
        TrainingRow(place, "c", {"text": row["text"]}, Choices((row["label"],)), 1.0, "consensus", False, place + 1)
        for place, row in enumerate(taught)
    ]
    return LabelSet().merged(found, len(found))


def _chosen(place: Path, seeds: int, plan: Plan, processes: int | None) -> tuple[float, FloatArray]:
    """Labels that the default strategy needs, and the differences of the areas under macro-F1, in points: (seeds,).

    Where it does not reach what random has it counts as if it needed all labels.
    """
    name = place.parent.name
    data = labeled(place, "text", "label", None, "tfidf+wordllama")
    began = time.monotonic()
    done = backtest(data, ("default", "random"), seeds, plan, processes=processes)
    one = summaries(done.curves)["default"]
    assert one.against_random is not None
    told = "not reached" if one.labels_needed is None else f"{one.labels_needed:,}"
    wide = _interval(one.against_random)
    print(f"   {name:20s} {told:>12s}   {wide}   ({time.monotonic() - began:.0f} s)", flush=True)
    apart = areas(done.curves["default"], "macro_f1") - areas(done.curves["random"], "macro_f1")
    return float(one.labels_needed or plan.budget), np.asarray(100 * apart)


def _interval(one: Difference) -> str:
    return f"{one.mean:+.2f}" if one.low is None else f"{one.mean:+.2f} ({one.low:+.2f} to {one.high:+.2f})"
