"""Encoders and heads, learned from a sheet of answers: from all of it, and from all but each fold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from label_config.answers import Answer

from ..features import Material, View, families, stacked
from ..models import HEADS, Head
from ..models.options import Options
from ..questions import Question
from ..records import Features, FloatArray, IntArray, TrainingRow
from ..settings import Settings
from .recalled import FEW, FOLDS, LEAST_WEIGHT, MORE_FOLDS
from .view_encoder import ViewEncoder

QUICK = ("logistic", "ridge")
"""Heads of which there may be ``MORE_FOLDS``."""

MOST_TARGETS = 2_000_000
"""Answers times labels, as thousands of answers with a thousand labels: regressions would take many minutes."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one control learns from: n rows, what they show, their answers, targets (n, k) and weights (n,).

    ``truth`` (n, m) is 1 where an answer names an outcome.
    """

    rows: Sequence[TrainingRow]
    answers: Sequence[Answer]
    digests: Sequence[str]
    question: Question
    targets: FloatArray
    truth: FloatArray
    weights: FloatArray


@dataclass(frozen=True, slots=True)
class Fitted:
    """An encoder, what it makes of the sheet's rows (``parts``, of each thing that is looked at), and heads.

    ``full`` has learned from all rows, ``members`` from all but a fold's; ``folds`` (n,) says which one a row is in.
    """

    encoder: ViewEncoder
    parts: Sequence[Features]
    head_name: str
    full: Head
    members: tuple[Head, ...]
    folds: IntArray

    @property
    def name(self) -> str:
        """Its encoders and its head, in words."""
        return name_of(self.encoder.view, self.head_name)

    def strange(self) -> Features:
        """The rows as for encoders that have not seen the row's fold, (n, d)."""
        return self.encoder.without_own(self.parts, self.folds)

    def scores(self, sheet: Sheet) -> FloatArray:
        """What each fold's head says of its own fold, which it has not seen: the question's scores."""
        (found,) = self._out_of_fold(sheet, lambda head, rows: [head.logits(rows)])
        return found

    def inner_scores(self, sheet: Sheet) -> list[FloatArray]:
        """The same of each member of the folds' heads, where they are ensembles; nothing where they are not."""
        return self._out_of_fold(sheet, lambda head, rows: head.each(rows))

    def _out_of_fold(self, sheet: Sheet, ask: Callable[[Head, Features], Sequence[FloatArray]]) -> list[FloatArray]:
        """What is asked of each fold's head, of the rows of its fold: scores (n, s) of each answer that it gives."""
        strange = self.strange()
        found: list[FloatArray] = []
        for fold, member in enumerate(self.members):
            outside = np.flatnonzero(self.folds == fold)
            said = ask(member, strange[outside]) if len(outside) else []
            found = found or [np.zeros_like(sheet.targets) for _ in said]
            for whole, part in zip(found, said, strict=len(outside) > 0):
                whole[outside] = part
        return [sheet.question.scores(logits) for logits in found]


def name_of(view: View, head: str) -> str:
    """A head and what it reads, in words: "logistic on tfidf"."""
    return f"{head} on {' and '.join(dict.fromkeys(part.encoder for part in view.parts))}"


def usual_head(sheet: Sheet, view: View) -> str:
    """The head that the question needs, or that suits the encoders and ends in time."""
    kinds = {family.head for family in families(view)}
    name = sheet.question.head or (kinds.pop() if len(kinds) == 1 else "logistic")
    return "centroids" if name == "logistic" and sheet.targets.size > MOST_TARGETS else name


def fit(
    sheet: Sheet,
    encoder: ViewEncoder,
    material: Material,
    readable: Sequence[int],
    settings: Settings,
    head: str,
    until: float | None = None,
) -> Fitted:
    """Learn from all rows, and from all but each fold's. ``readable`` are the material's tasks that are the rows.

    Raises OutOfTime after ``until`` (monotonic seconds).
    """
    parts = encoder.parts(material.views(encoder.view, readable), len(readable))
    folds = spread(sheet, MORE_FOLDS if len(sheet.rows) <= FEW and head in QUICK else FOLDS)
    variants = _variants(encoder, material, readable)
    rows, targets = [encoder.joined(parts), *variants], [sheet.targets] * (1 + len(variants))
    if encoder.view.compared:
        # Seen the other way round, the other one is the better one.
        rows, targets = [rows[0], -rows[0]], [sheet.targets, sheet.targets[:, ::-1]]
    full, *members = HEADS[head].fit(
        stacked(rows),
        np.vstack(targets),
        np.tile(_weights(sheet, folds) / len(rows), len(rows)),
        Options(sheet.question.apart, threads=settings.threads, until=until),
    )
    return Fitted(encoder, parts, head, full, tuple(members), folds)


def fit_usual(
    sheet: Sheet, encoder: ViewEncoder, material: Material, readable: Sequence[int], settings: Settings
) -> Fitted:
    """By the head that is usual here."""
    return fit(sheet, encoder, material, readable, settings, usual_head(sheet, encoder.view))


def spread(sheet: Sheet, count: int) -> IntArray:
    """The fold of each row, (n,) of ``count``: outcomes spread evenly, tasks that look the same together."""
    groups, member_of = np.unique(sheet.digests, return_inverse=True)
    kind = np.zeros(len(groups), dtype=np.int64)
    if not sheet.question.several:
        kind[member_of] = sheet.truth.argmax(axis=1)
    order = np.random.default_rng(0).permutation(len(groups))
    order = order[np.argsort(kind[order], kind="stable")]
    fold = np.empty(len(groups), dtype=np.int64)
    fold[order] = np.arange(len(groups)) % count
    return fold[member_of]


def _variants(encoder: ViewEncoder, material: Material, readable: Sequence[int]) -> list[Features]:
    """Other rows that mean the same: only where there is one thing to look at."""
    if len(encoder.view.parts) > 1:
        return []
    (family,) = families(encoder.view)
    inputs = material.inputs(encoder.view.parts[0])
    kept = [inputs[place] for place in readable]
    return [encoder.encoders[0].encode(family.describe(others)) for others in family.variants(kept)]


def _weights(sheet: Sheet, folds: IntArray) -> FloatArray:
    """What each head learns from, (1 + folds, n): the first from all rows, the others from all but one fold."""
    weights = np.maximum(sheet.weights, LEAST_WEIGHT)
    return np.stack([weights, *(weights * (folds != fold) for fold in range(int(folds.max()) + 1))])
