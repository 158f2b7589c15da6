"""The quick way from what was read to logits and novelty: by blocks of columns, no row of all columns in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..encoders import ENCODERS, Encoder
from ..features import View
from ..likeness import Ready, ready
from ..models import Head
from ..models.logistic import Linear, side_by_side
from ..records import Features, FloatArray

MOST_SPREAD = 2**23
"""Numbers of a reference that are kept with their zeros, 32 MB: the product is the quicker one while rows are few."""


@dataclass(frozen=True, slots=True, eq=False)
class Quick:
    """All ``heads`` of a model as one, ``count`` of them; ``near`` are the reference's columns, block by block."""

    encoder: Encoder
    heads: Linear
    count: int
    near: Sequence[Ready | FloatArray]

    def __call__(self, inputs: Sequence[Any]) -> tuple[list[FloatArray], FloatArray]:
        """The logits of each head, (n, k) each, and how like each row its nearest of the reference is, (n,)."""
        logits: list[FloatArray] = []
        nearest: list[FloatArray] = []
        for blocks in self.encoder.blocks(inputs):
            logits.append(self.heads.logits_of(blocks))
            first, *others = [_alike(*one) for one in zip(blocks, self.near, strict=True)]
            for other in others:
                first += other
            nearest.append(first.max(axis=1).astype(np.float64))
        return np.split(np.concatenate(logits), self.count, axis=1), np.concatenate(nearest)


def quick(view: View, encoders: Sequence[Encoder], heads: Sequence[Head], reference: Features) -> Quick | None:
    """Null where there is no such way: it is one of a single text, that stands in the task, to linear heads."""
    linear = [head for head in heads if isinstance(head, Linear)]
    part = view.parts[0]
    text = part.encoder in ENCODERS and "Text" in ENCODERS[part.encoder].tags and not part.linked
    if len(view.parts) > 1 or not text or len(linear) < len(heads) or not reference.shape[0]:
        return None
    near: list[Ready | FloatArray] = []
    start = 0
    for block in next(iter(encoders[0].blocks([""]))):
        columns = reference[:, start : start + block.shape[1]]
        spread = not sparse.issparse(block) or columns.shape[0] * columns.shape[1] <= MOST_SPREAD
        near.append(_dense(columns.T) if spread else ready(columns))
        start += block.shape[1]
    return Quick(encoders[0], side_by_side(linear), len(linear), near)


def _alike(block: Features, near: Ready | FloatArray) -> FloatArray:
    return near.likeness(block) if isinstance(near, Ready) else np.asarray(block @ near)


def _dense(rows: Features) -> FloatArray:
    return np.ascontiguousarray(rows.toarray() if sparse.issparse(rows) else rows)
