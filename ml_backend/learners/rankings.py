"""Learning to put the items of lists in order: a ranker out of fold and on all, calibrated, measured."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from label_config.model import Control, Family, LabelConfig

from ..certainty import of_parts
from ..certainty.of_parts import JudgedParts
from ..encoders import Fetch
from ..errors import NotLearnable
from ..features import View, digest
from ..quality import DIGITS, Quality
from ..ranking import items as item_encoders
from ..ranking import ranker
from ..ranking.items import Items
from ..ranking.plackett_luce import kendall
from ..ranking.ranker import Buckets, Told
from ..records import FloatArray, TrainingRow
from ..settings import Settings
from ..uncertainty import novelty
from .control_model import nearest
from .rank_model import RankModel, buckets_of, meanings, names_of, ranking_of, read, shown_list, strangeness
from .recalled import LEAST_WEIGHT, Recalled, quality_of, spread_evenly, spread_over_folds
from .whole_tasks import HOLDOUT_ENOUGH, REFERENCE

MANY = 20
"""Items from which on two wrong orders are never the same."""


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A row whose list can be read, and its answer as places in it."""

    row: TrainingRow
    items: Items
    answer: Buckets


def suits(control: Control) -> bool:
    """A Ranker, with buckets or without."""
    return control.family == Family.RANKING and not control.per_region


def learn(
    config: LabelConfig,
    control: Control,
    rows: Sequence[TrainingRow],
    fetch: Fetch,  # noqa: ARG001 - lists stand in the tasks
    settings: Settings,
) -> RankModel:
    """Read, rank out of fold, calibrate, learn on all, measure: see Learner."""
    view = shown_list(config, control)
    if view is None:
        raise NotLearnable(f"control {control.name!r}: orders are learned of one <List> that stands in the task's data")
    ranked = _ranked(control, view, rows)
    teaching = [one for one in ranked if not one.row.holdout]
    _check(control, teaching, settings.least_labels)
    lists, answers = [one.items for one in teaching], [one.answer for one in teaching]
    digests = [digest(view, one.row.data) for one in teaching]
    folds = spread_over_folds(digests)
    weights = np.maximum([one.row.weight for one in teaching], LEAST_WEIGHT)
    try:
        encoder = item_encoders.fit(lists)
    except NotLearnable as error:
        raise NotLearnable(f"control {control.name!r}: {error}") from error
    sizes, plain = [len(one.ids) for one in lists], not control.labels
    learned, told = ranker.fit(
        encoder.encode(lists), sizes, answers, weights, folds, plain=plain, threads=settings.threads
    )
    features = meanings(lists)
    inside = spread_evenly(len(lists), REFERENCE)
    distances = nearest(features, features[inside], own=inside)
    novel = novelty(distances, distances)
    certainty = of_parts.learned(_judged_parts(told, answers, weights, novel, plain=plain), settings.coverage)
    known = Recalled(
        {one.row.task: place for place, one in enumerate(teaching)},
        digests,
        folds,
        certainty.signals(told, novel),
        distances,
    )
    names = names_of(control)
    model = RankModel(control.name, view, names, encoder, learned, features[inside], known, None, certainty)
    quality = _measured(model, told, teaching, [one for one in ranked if one.row.holdout])
    return dataclasses.replace(model, quality=quality)


def _ranked(control: Control, view: View, rows: Sequence[TrainingRow]) -> list[_Ranked]:
    """The rows whose answers put the items of their lists in order; of a plain ranker all of them."""
    found = []
    for row in rows:
        items = read(view, row.data)
        answer = buckets_of(row.answer, names_of(control), items) if items else None
        if items is not None and answer is not None and (control.labels or len(answer[0]) == len(items.ids)):
            found.append(_Ranked(row, items, answer))
    return found


def _check(control: Control, teaching: Sequence[_Ranked], enough: int) -> None:
    """Raises NotLearnable where there is too little to learn from."""
    if len(teaching) < enough:
        raise NotLearnable(f"control {control.name!r}: {len(teaching)} ranked lists, {enough} are needed")
    if all(len(one.items.ids) < 2 for one in teaching):
        raise NotLearnable(f"control {control.name!r}: no list has two items")


def _judged_parts(
    told: Sequence[Told], answers: Sequence[Buckets], weights: FloatArray, novel: FloatArray, *, plain: bool
) -> JudgedParts:
    """A list is right where all of its items are; two wrong answers may be the same one of all orders."""
    pairs = list(zip(told, answers, strict=True))
    right = np.array([one.buckets == own for one, own in pairs], dtype=np.float64)
    chance = float(np.mean([1 / max(1, math.factorial(min(len(one.shares), MANY)) - 1) for one in told]))
    strange = [strangeness(one, own, plain=plain) for one, own in pairs]
    return JudgedParts(told, right, weights, novel, chance, list(zip(*strange, strict=True)))


def _measured(
    model: RankModel, told: Sequence[Told], teaching: Sequence[_Ranked], holdout: Sequence[_Ranked]
) -> Quality:
    """How good it is on the holdout where that is large enough, else out of fold."""
    if len(holdout) < HOLDOUT_ENOUGH:
        return _judged(model, told, teaching, "cross-validation")
    lists = [one.items for one in holdout]
    sizes = [len(one.ids) for one in lists]
    said = model.ranker.tell(model.encoder.encode(lists), sizes, np.zeros(len(lists), dtype=np.int64))
    return _judged(model, said, holdout, "holdout")


def _judged(model: RankModel, told: Sequence[Told], ranked: Sequence[_Ranked], source: str) -> Quality:
    """A list is right where all of its items are in the right place.

    What was ``found``: the mean of Kendall's tau over ``lists`` of two items or more, null without any; with buckets
    the share of items that are in the right one.
    """
    pairs = list(zip(told, ranked, strict=True))
    right = np.array([said.buckets == one.answer for said, one in pairs], dtype=np.float64)
    taus = [tau for said, one in pairs if (tau := _tau(model, said, one)) is not None]
    found = {"tau": round(float(np.mean(taus)), DIGITS) if taus else None, "lists": len(taus)}
    if model.ranker.sorters:
        hits = [hit for said, one in pairs for hit in _hits(said, one)]
        found["buckets"] = round(float(np.mean(hits)), DIGITS)
    return dataclasses.replace(quality_of(np.array([said.confidence for said in told]), right, source), found=found)


def _tau(model: RankModel, said: Told, one: _Ranked) -> float | None:
    """Kendall's tau of all items in the order of the buckets."""
    order = [item for _, own in ranking_of(said, model.names, one.items).buckets for item in own]
    return kendall(order, [one.items.ids[place] for own in one.answer for place in own])


def _hits(said: Told, one: _Ranked) -> list[bool]:
    """Of each item whether it is in the right bucket."""
    places = [
        {item: number for number, own in enumerate(buckets) for item in own} for buckets in (said.buckets, one.answer)
    ]
    return [places[0].get(item) == places[1].get(item) for item in range(len(one.items.ids))]
