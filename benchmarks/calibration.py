"""How sure the model says it is: calibration, predicted errors and conformal sets, beside scikit-learn's own."""

import csv
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from ml_backend.calibration import expected_calibration_error, softmax_at
from ml_backend.certainty import Certainty
from ml_backend.certainty.confidence import Outcomes, fit_steps, with_confidence
from ml_backend.features import Material
from ml_backend.learners.control_model import ControlModel
from ml_backend.records import Features, FloatArray, IntArray
from ml_backend.settings import Settings
from ml_backend.training import learn

from .active import LABELS, SETS, Row, interface, label_set
from .real_data import text_sets

KINDS = ("raw", "temperature", "isotonic", "ours", "theirs: sigmoid", "theirs: isotonic")
SIGNALS = ("least_confidence", "margin", "entropy", "disagreement", "novelty", "fused")
HELD = ("covered", "size", "undefined")


def run(*, quick: bool) -> None:
    """Print, for each set at 200 random labels, what new texts say of the usual model's confidence."""
    sets = text_sets(SETS[1:2] if quick else SETS)
    if not sets:
        return
    errors, areas, held = zip(*(_one_set(place, 1 if quick else 5) for place in sets.values()), strict=True)
    print(f"   calibration error at {LABELS} labels, mean (standard deviation) over draws; wanted of ours: under 0.05")
    _table(list(sets), KINDS, errors)
    print("   area under the ROC of finding wrong answers; wanted of fused: not below the best of the others")
    _table(list(sets), SIGNALS, areas)
    print(f"   conformal sets: share that hold the right label (wanted: {Settings().coverage:g}), size; share without")
    _table(list(sets), HELD, held)


def _table(sets: Sequence[str], names: Sequence[str], figures: Sequence[FloatArray]) -> None:
    """A line a set; ``figures`` are (draws, names) each."""
    print("   " + " " * 15 + "".join(f"{name:>18s}" for name in names))
    for name, drawn in zip(sets, figures, strict=True):
        cells = [f"{mean:.3f} ({apart:.3f})" for mean, apart in zip(drawn.mean(0), drawn.std(0), strict=True)]
        print(f"   {name:15s}" + "".join(f"{cell:>18s}" for cell in cells), flush=True)


def _one_set(place: Path, draws: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The figures of each draw of labels, (draws, figures): calibration errors, areas, what conformal sets hold."""
    with place.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    pool = [row for row in table if row["split"] == "train"]
    test = [row for row in table if row["split"] != "train"]
    xml = interface(sorted({row["label"] for row in table}))
    found = []
    for seed in range(draws):
        drawn = np.random.default_rng(seed).permutation(len(pool))[:LABELS].tolist()
        found.append(_one_draw(xml, [pool[place] for place in drawn], test))
    return np.array([one[0] for one in found]), np.array([one[1] for one in found]), np.array([one[2] for one in found])


def _one_draw(xml: str, taught: Sequence[Row], test: Sequence[Row]) -> tuple[list[float], list[float], list[float]]:
    (model,) = learn(xml, label_set(taught), lambda _: b"", Settings(choose_seconds=0)).controls
    assert isinstance(model, ControlModel)
    features, truth = _rows(model, test), _places(model, test)
    scores = model.question.scores(model.head.logits(features))
    ours = model.probabilities(features)
    each = {
        "raw": softmax_at(scores, 1.0),
        "temperature": Certainty(model.certainty.temperatures).probabilities(model.question, scores),
        "isotonic": _isotonic(model, _places(model, taught), ours),
        "ours": ours,
        **{f"theirs: {kind}": _theirs(model, taught, features, kind) for kind in ("sigmoid", "isotonic")},
    }
    wrong = ours.argmax(axis=1) != truth
    signals = model.signals(features, ours)
    return (
        [_error(each[name], truth) for name in KINDS],
        [float(roc_auc_score(wrong, signals[name])) for name in SIGNALS],
        _held(model, ours, truth),
    )


def _rows(model: ControlModel, rows: Sequence[Row]) -> Features:
    material = Material([{"text": row["text"]} for row in rows], lambda _: b"")
    return model.encoder.encode(material.views(model.view, range(len(rows))), len(rows))


def _places(model: ControlModel, rows: Sequence[Row]) -> IntArray:
    """Where each row's label stands among the outcomes, -1 for one that was never seen."""
    place: Mapping[str, int] = {name: number for number, name in enumerate(model.question.outcomes)}
    return np.array([place.get(row["label"], -1) for row in rows])


def _error(probabilities: FloatArray, truth: IntArray) -> float:
    right = (probabilities.argmax(axis=1) == truth).astype(float)
    return expected_calibration_error(probabilities.max(axis=1), right)


def _isotonic(model: ControlModel, taught: IntArray, ours: FloatArray) -> FloatArray:
    """Steps fitted out of fold on top of ours, whatever was chosen: a map that rises before them changes nothing."""
    known = model.known.probabilities
    matches = (known.argmax(axis=1) == taught).astype(float)
    steps = fit_steps(Outcomes(known.max(axis=1), matches, np.ones(len(taught)), 1 / max(known.shape[1] - 1, 1)))
    return with_confidence(ours, steps(ours.max(axis=1)))


def _theirs(model: ControlModel, taught: Sequence[Row], features: Features, kind: str) -> FloatArray:
    """CalibratedClassifierCV around the same regression on the same rows.

    It wants each label as often as there are folds: 5 where all labels stand there 5 times, else 2, and a label that
    stands there once is left out.
    """
    truth = _places(model, taught)
    often = np.bincount(truth)
    folds = 5 if often.min() >= 5 else 2
    kept = np.isin(truth, np.flatnonzero(often >= folds))
    found = np.zeros((features.shape[0], len(often)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = CalibratedClassifierCV(LogisticRegression(C=100, max_iter=2000), method=kind, cv=folds)
        theirs.fit(_rows(model, taught)[kept], truth[kept])
    found[:, theirs.classes_] = theirs.predict_proba(features)
    return found


def _held(model: ControlModel, ours: FloatArray, truth: IntArray) -> list[float]:
    """How many sets hold the right label, how large they are, and for how many texts there is none."""
    names = model.question.outcomes
    named = model.certainty.named(model.question, ours)
    told = [(names[at] if at >= 0 else "", held) for at, held in zip(truth.tolist(), named, strict=True) if held]
    if not told:
        return [float("nan"), float("nan"), 1.0]
    covered = float(np.mean([label in held for label, held in told]))
    return [covered, float(np.mean([len(held) for _, held in told])), 1 - len(told) / len(named)]
