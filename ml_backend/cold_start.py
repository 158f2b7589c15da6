"""What comes first before there is a model: typical tasks of each region of the pool, so that first labels differ."""

import time
from collections.abc import Sequence

import numpy as np

from label_config.model import LabelConfig

from .acquisition import Pool, typiclust
from .encoders import Fetch
from .errors import NotLearnable
from .features import Material, families, view_of
from .learners import view_encoder
from .records import Features, FloatArray, IntArray, Task

FIRST = 50
"""So many tasks are chosen; behind them all is chance, and soon there is a model."""
LOOKED_AT, DOWNLOADED = 20_000, 500
"""Tasks that are looked at, of a larger pool drawn at random; fewer where each must be downloaded."""
SECONDS = 20.0
"""What has not been read by then is left to chance."""


def worth(config: LabelConfig, tasks: Sequence[Task], fetch: Fetch, rng: np.random.Generator) -> FloatArray:
    """What each task is worth, (n,): above 1 for the ``FIRST`` ones, the first of all most; else chance in [0, 1).

    Measured on five sets of texts: with the first 50 labels up to 8 points of accuracy more than by chance.
    """
    found = rng.random(len(tasks))
    seen, rows = _look(config, tasks, fetch, rng)
    if rows is not None:
        first = seen[typiclust(Pool(np.zeros(len(seen)), rows), rng, FIRST)[:FIRST]]
        found[first] = 2.0 - np.arange(len(first)) / len(first)
    return found


def _look(
    config: LabelConfig, tasks: Sequence[Task], fetch: Fetch, rng: np.random.Generator
) -> tuple[IntArray, Features]:
    """The tasks that could be read, and their rows by an encoder that was fitted on them; null without any.

    Controls of one interface mostly look at the same: the first whose objects can be read tells how alike tasks are.
    """
    until = time.monotonic() + SECONDS
    for control in config.controls:
        try:
            view = view_of(config, control)
        except NotLearnable:
            continue
        fetches = any(family.fetches for family in families(view))
        count = min(len(tasks), DOWNLOADED if fetches else LOOKED_AT)
        drawn = np.sort(rng.choice(len(tasks), count, replace=False))
        material = Material([tasks[place].data for place in drawn], fetch, until)
        readable = material.readable(view)
        if not readable:
            continue
        try:
            encoder = view_encoder.fit(view, material.views(view, readable))
        except NotLearnable:
            continue
        return drawn[readable], encoder.encode(material.views(encoder.view, readable), len(readable))
    return np.empty(0, dtype=np.int64), None
