"""The versions of a project's model: how good each was, what was decided before it, and what that did to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from ..quality.records import Estimate
from ..store.model_facts import Decided
from ..store.tables import rounds
from . import queries
from .model import Decision, ModelState, model_state
from .page import Asked
from .tables.table import Column, Row

ROUNDS = 400
"""Scoring rounds that are read, the newest."""
SOURCES = {"holdout": "the random share", "cross-validation": "cross-validation"}

COLUMNS = (
    Column("model", "Version", search=True),
    Column("live", "Live", apart=True),
    Column("since", "First scored", "time"),
    Column("rounds", "Rounds", "number", define="rounds"),
    Column("accuracy", "Accuracy", "share", define="model_accuracy", interval=True),
    Column("change", "Change", "coefficient", define="model_change"),
    Column("paired", "On the same tasks", "coefficient", define="model_paired", interval=True),
    Column("ece", "Calibration error", "coefficient", define="ece"),
    Column("n", "Measured on", "number", define="measured_on"),
    Column("source", "With", apart=True),
    Column("decisions", "Decided before it", "number", define="decided_before"),
    Column("rulings", "Rulings", "number", define="rulings_count", apart=True),
    Column("corrections", "Corrections", "number", define="corrections_count", apart=True),
)
CHART = tuple(one for one in COLUMNS if one.key in ("model", "since", "accuracy", "n"))


@dataclass(frozen=True, slots=True)
class Version:
    """A model as its scoring rounds tell of it: the newest figures, and how often it scored."""

    model: str
    since: int
    rounds: int
    metrics: Mapping[str, Any]

    @property
    def accuracy(self) -> Estimate:
        """Its share of right answers, as the backend measured it last."""
        value, low, high = (self.number(name) for name in ("accuracy", "low", "high"))
        number = int(self.number("n") or 0)
        return Estimate(None, n=number, reason="not measured") if value is None else Estimate(value, low, high, number)

    def number(self, name: str) -> float | None:
        """One of the figures; null where there is none."""
        found = self.metrics.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


@dataclass(frozen=True, slots=True)
class Effect:
    """What the newest decisions that a model could learn did to it: ``model`` beside ``before``, the one before it.

    ``paired`` is the difference of their accuracies on the same tasks of the random share, which taught neither; where
    it is not known, its value is null with the reason. ``change`` is the difference of what each was measured at.
    """

    model: str
    before: str
    decided: Decided
    paired: Estimate
    change: float | None


def versions(asked: Asked) -> Sequence[Version]:
    """The models of the newest finished rounds, the oldest first."""
    query = (
        select(rounds.c.model, rounds.c.made_at, rounds.c.metrics)
        .where(rounds.c.project == asked.project.key, rounds.c.state == "done")
        .order_by(rounds.c.number.desc())
        .limit(ROUNDS)
    )
    found: dict[str, Version] = {}
    for row in reversed(asked.connection.execute(query).all()):
        before = found.get(row.model)
        since, number = (row.made_at, 1) if before is None else (before.since, before.rounds + 1)
        found[row.model] = Version(row.model, since, number, row.metrics or {})
    return list(found.values())


def rows(asked: Asked) -> Sequence[Row]:
    """The versions as rows of their table, the oldest first."""
    decided, state = asked.once(_decided), asked.once(_state)
    live = None if state is None else state.version
    found: list[Row] = []
    before: Version | None = None
    for one in asked.once(versions):
        came = decided.get(one.model)
        found.append(
            {
                "model": one.model,
                "live": "live" if one.model == live else "",
                "since": one.since,
                "rounds": one.rounds,
                "accuracy": one.accuracy,
                "change": _change(one, before),
                "paired": _paired(asked, one, before),
                "ece": one.number("ece"),
                "n": one.accuracy.n,
                "source": SOURCES.get(str(one.metrics.get("source")), str(one.metrics.get("source") or "")),
                "decisions": None if came is None else came.rulings + came.corrections,
                "rulings": None if came is None else came.rulings,
                "corrections": None if came is None else came.corrections,
            }
        )
        before = one
    return found


def effect(asked: Asked) -> Effect | None:
    """What the last decisions did; null before a model has a model before it and decisions between them."""
    known, decided = asked.once(versions), asked.once(_decided)
    for before, one in reversed(list(pairwise(known))):
        came = decided.get(one.model)
        if came is not None and came.rulings + came.corrections:
            return Effect(one.model, before.model, came, _paired(asked, one, before), _change(one, before))
    return None


def _decided(asked: Asked) -> Mapping[str, Decided]:
    return queries.decided_before(asked.connection, asked.project)


def _state(asked: Asked) -> ModelState | None:
    return model_state(asked.connection, asked.project.label_studio_id)


def _decisions(asked: Asked) -> Mapping[str, Decision]:
    state = asked.once(_state)
    return {} if state is None else state.decisions


def _change(one: Version, before: Version | None) -> float | None:
    now, earlier = one.accuracy.value, None if before is None else before.accuracy.value
    return None if now is None or earlier is None else now - earlier


def _paired(asked: Asked, one: Version, before: Version | None) -> Estimate:
    """What the backend decided by; versions that are not kept any more are not in what it says."""
    found = asked.once(_decisions).get(one.model)
    if found is None:
        return Estimate(None, reason="not told")
    if before is None or found.live != before.model or found.difference is None:
        return Estimate(None, reason="not compared")
    return Estimate(found.difference, found.low, found.high, found.tasks)
