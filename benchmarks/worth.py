"""Whether the two answers of ``tiebreak-ml proof`` hold on real texts: when to stop, and how many labels were saved."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import isotonic_regression
from threadpoolctl import threadpool_limits

from ml_backend.backtest.data import labeled
from ml_backend.backtest.replay import Labeled, Plan, full_accuracy, replay
from ml_backend.encoders import ENCODERS
from ml_backend.models import HEADS
from ml_backend.models.options import Options
from ml_backend.records import Features, FloatArray, IntArray
from ml_backend.worth.proof import labels_for, proof, sizes
from ml_backend.worth.stopping import STOP_SET, Look, Stopping, stopping

from .real_data import text_sets

SETS = ("al_trec6", "al_sms", "al_agnews", "al_sst2", "al_tweet_irony")
RANDOM, CHOSEN, DRAWS = 100, 500, 10
PLAN = Plan(growth=0.1)


def run(*, quick: bool) -> None:
    """Print what was left to gain when the signal to stop came, and how often the proof's interval held the truth."""
    places = text_sets(SETS[1:2] if quick else SETS)
    if not places:
        return
    sets = {name: labeled(place, "text", "label", None, "tfidf+wordllama") for name, place in places.items()}
    with threadpool_limits(1):
        print("   set                  stops at   accuracy then   of all labels   left, points   bound   moved")
        left = [
            found for name, data in sets.items() if (found := _stopped(name, data, 500 if quick else 5000)) is not None
        ]
        if left:
            print(f"   {'mean':47s} {np.mean(left):23.1f}   (wanted: at most 1)")
        held = [_proven(data, 1 if quick else 4) for data in sets.values()]
    for which, counts in zip(("chosen", "random"), zip(*held, strict=True), strict=True):
        total = np.sum(counts, axis=0)
        print(f"   {which} labels: the interval holds what was saved in {total[0]} of {total[1]} projects")


def _said(data: Labeled, taught: IntArray, asked: Features) -> IntArray:
    """The class that a model of the rows gives each of those asked."""
    family = ENCODERS[data.encoder]
    encoder = family.fit(data.described[taught])
    classes = data.classes[taught]
    targets = np.eye(len(data.labels))[classes]
    (head,) = HEADS[family.head].fit(
        encoder.encode(data.described[taught]), targets, np.ones((1, len(taught))), Options()
    )
    return np.asarray(head.logits(encoder.encode(asked)).argmax(axis=1))


def _stopped(name: str, data: Labeled, budget: int) -> float | None:
    """How many points of accuracy were left to gain when the signal came; null where it did not come."""
    order = np.random.default_rng(1).permutation(len(data.classes))
    watched, others = np.split(order, [min(STOP_SET, len(order) // 10)])
    rest = replace(data, described=data.described[others], classes=data.classes[others])
    curve = replay(rest, "default", 0, replace(PLAN, budget=budget))
    looks: list[Look] = []
    found = Stopping(None, "")
    for labels in curve.labels:
        said = _said(rest, np.array(curve.chosen[:labels]), data.described[watched])
        looks.append(Look("", labels, dict(enumerate(map(str, said.tolist())))))
        found = stopping(looks)
        if found.unlikely_to_help:
            break
    else:
        print(f"   {name:20s} not before {curve.labels[-1]:,} labels", flush=True)
        return None
    whole, accuracy = full_accuracy(data), curve.accuracy[len(looks) - 1]
    before = next(one for one in range(len(looks)) if curve.labels[one] >= found.steps[-4].labels)
    moved = abs(accuracy - curve.accuracy[before])
    print(
        f"   {name:20s} {labels:8,} {accuracy:15.1%} {whole:15.1%} {100 * (whole - accuracy):14.1f} "
        f"{100 * (found.accuracy_bound or 0):7.1f} {100 * moved:7.1f}",
        flush=True,
    )
    return 100 * (whole - accuracy)


def _proven(data: Labeled, seeds: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """How often the interval held what was saved, of how many: with chosen labels, and with random ones."""
    at = sizes(RANDOM // 2, 6)
    truth = np.mean(
        [_curve(data, np.random.default_rng(900 + draw).permutation(len(data.classes)), at) for draw in range(DRAWS)],
        axis=0,
    )
    held = [
        [_holds(data, seed, strategy, float(truth[-1])) for seed in range(seeds)] for strategy in ("default", "random")
    ]
    return (sum(held[0]), seeds), (sum(held[1]), seeds)


def _curve(data: Labeled, order: IntArray, at: Sequence[int] | IntArray) -> FloatArray:
    return np.array([np.mean(_said(data, order[:labels], data.test) == data.test_classes) for labels in at])


def _holds(data: Labeled, seed: int, strategy: str, level: float) -> bool:
    """Whether the proof of one simulated project holds the labels that were saved, measured on thousands of others."""
    order = np.random.default_rng(500 + seed).permutation(len(data.classes))
    control, others = order[:RANDOM], np.sort(order[RANDOM:])
    rest = replace(data, described=data.described[others], classes=data.classes[others])
    plan = replace(PLAN, budget=CHOSEN, random_share=0.0)
    chosen = others[np.array(replay(rest, strategy, seed, plan).chosen)]

    def judge(taught: IntArray, asked: IntArray) -> FloatArray:
        return np.asarray(_said(data, taught, data.described[asked]) == data.classes[asked], dtype=np.float64)

    nobody = np.zeros(len(control))  # the interval is looked at, also where models know little
    found = proof(chosen, control, nobody, judge, np.random.default_rng(seed)).saved
    at = sizes(CHOSEN, 14)
    true = RANDOM // 2 - labels_for(level, at, isotonic_regression(_curve(data, chosen, at)).x)
    assert found is not None
    return (found.low is None or found.low <= true) and (found.high is None or true <= found.high)
