"""What the ML backend last said of a project's model, as the page shows it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from ..quality.annotators.means import beta_interval
from ..quality.records import Estimate
from ..store.lease import model_beat
from ..store.model_facts import ModelCheck
from ..store.tables import heartbeats
from .figures import Figure

SHOWN = 12
"""Notes that are shown, at most."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the model is on ``n`` answers: shares in [0, 1]; ``low`` and ``high`` are 95 % bounds, null unknown.

    ``source`` is where the answers come from: the holdout, or cross-validation.
    """

    accuracy: float
    low: float | None
    high: float | None
    ece: float | None
    n: int
    source: str


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence is in [``low``, ``high``): how many, how sure, how many of them right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the last version that was learned was published, and why; what it was compared with, on how many tasks.

    ``difference`` is its accuracy minus that of ``live``, with its 95 % interval; null where nothing was compared.
    """

    published: bool
    reason: str
    live: str | None
    tasks: int
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a learning curve: after so many labels this share is right, with its 95 % interval, null unknown."""

    labels: int
    accuracy: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What choosing has saved, measured on ``random`` answers of the random share: its learning curve and the other.

    ``saved`` labels at the accuracy ``level``; a value of null says why. ``majority`` is the accuracy of the most
    frequent answer alone.
    """

    saved: Estimate
    chosen: int
    random: int
    level: float | None
    majority: float | None
    by_chance: Sequence[Point]
    by_choice: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Worth:
    """What labels of a control are worth, in the backend's words; ``stop``: more are unlikely to help, null unknown.

    ``proof`` is null before the first.
    """

    control: str
    saved: str
    more: str
    stop: bool | None
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class ModelState:
    """Where the backend stood ``at`` a moment; ``said`` are sentences for people: what it decided, what is wrong.

    ``versions`` are the models that are kept, the oldest first; ``decisions`` say of them why each was published.
    """

    at: int
    version: str | None
    state: str
    trained_labels: int
    quality: Quality | None
    said: Sequence[str]
    problems: Sequence[str]
    versions: Sequence[str] = ()
    bins: Sequence[Bin] = ()
    decision: Decision | None = None
    worth: Sequence[Worth] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict)


def model_state(connection: Connection, label_studio_id: int) -> ModelState | None:
    """Null before the backend was ever asked, and where what was kept cannot be read."""
    return model_states(connection, [label_studio_id]).get(label_studio_id)


def model_states(connection: Connection, numbers: Sequence[int]) -> Mapping[int, ModelState]:
    """Project (Label Studio's id) -> its model; those are left out of which nothing is known, or nothing readable."""
    named = {model_beat(one): one for one in numbers}
    found = {}
    for row in connection.execute(select(heartbeats).where(heartbeats.c.name.in_(named))):
        with suppress(ValueError, TypeError, AttributeError, KeyError):
            found[named[row.name]] = _read(row.at, json.loads(row.message))
    return found


def _read(at: int, told: Mapping[str, Any]) -> ModelState:
    error = told.get("error")
    notes = [f"{control}: {note}" for control, said in (told.get("notes") or {}).items() for note in said]
    problems = [str(error)] if error else []
    problems += notes[:SHOWN]
    if len(notes) > SHOWN:
        problems.append(f"and {len(notes) - SHOWN} more")
    return ModelState(
        at,
        None if told.get("model") is None else str(told["model"]),
        str(told.get("state") or "idle"),
        int(told.get("trained_labels") or 0),
        _quality(told.get("metrics") or {}),
        list(_said(told)),
        problems,
        [str(one) for one in told.get("versions") or ()],
        [_bin(one) for one in (told.get("metrics") or {}).get("bins") or ()],
        _decision(told.get("decision")),
        list(_worth(told.get("worth") or {})),
        {
            str(version): decision
            for version, found in (told.get("decisions") or {}).items()
            if (decision := _decision(found)) is not None
        },
    )


def _quality(metrics: Mapping[str, Any]) -> Quality | None:
    accuracy = _number(metrics.get("accuracy"))
    if accuracy is None:
        return None
    source = {"holdout": "the random share"}.get(str(metrics.get("source")), str(metrics.get("source") or ""))
    low, high, ece = (_number(metrics.get(name)) for name in ("low", "high", "ece"))
    return Quality(accuracy, low, high, ece, int(metrics.get("n") or 0), source)


def _bin(one: Mapping[str, Any]) -> Bin:
    low, high, confidence, accuracy = (float(one[name]) for name in ("low", "high", "confidence", "accuracy"))
    return Bin(low, high, int(one["n"]), confidence, accuracy)


def _decision(found: object) -> Decision | None:
    if not isinstance(found, Mapping) or not found.get("reason"):
        return None
    live = found.get("live")
    difference, low, high = (_number(found.get(name)) for name in ("difference", "low", "high"))
    published, tasks = bool(found.get("published")), int(found.get("tasks") or 0)
    return Decision(published, str(found["reason"]), None if live is None else str(live), tasks, difference, low, high)


def _worth(worth: Mapping[str, Any]) -> Iterator[Worth]:
    saved, more, proofs = (worth.get(name) or {} for name in ("labels_saved", "more_labels", "proofs"))
    for control in sorted({*saved, *more}):
        one = more.get(control) or {}
        stop, words = one.get("unlikely_to_help"), str(saved.get(control) or "")
        yield Worth(
            control,
            words,
            str(one.get("words") or ""),
            None if stop is None else bool(stop),
            _proof(proofs.get(control), words),
        )


def _proof(found: object, words: str) -> Proof | None:
    if not isinstance(found, Mapping):
        return None
    random, saved = int(found.get("random") or 0), found.get("saved") or {}
    value, low, high = (_number(saved.get(name)) for name in ("value", "low", "high"))
    return Proof(
        Estimate(value, low, high, random, words if value is None else None),
        int(found.get("chosen") or 0),
        random,
        _number(found.get("level")),
        _number(found.get("majority")),
        list(_curve(found.get("random_curve") or {})),
        list(_curve(found.get("chosen_curve") or {})),
    )


def _curve(found: Mapping[str, Any]) -> Iterator[Point]:
    """Proofs of before told no interval."""
    labels, accuracy = found.get("labels") or (), found.get("accuracy") or ()
    nothing = [None] * len(labels)
    for number, value, low, high in zip(
        labels, accuracy, found.get("low") or nothing, found.get("high") or nothing, strict=True
    ):
        yield Point(int(number), float(value), _number(low), _number(high))


def _said(told: Mapping[str, Any]) -> Iterator[str]:
    """Sentences of the backend's own on the last decision, on more labels, and on labels saved."""
    decision = told.get("decision")
    if isinstance(decision, Mapping) and decision.get("reason"):
        what = "published" if decision.get("published") else "not published"
        yield f"The last version was {what}: {decision['reason']}."
    worth = told.get("worth") or {}
    for control, words in (worth.get("labels_saved") or {}).items():
        yield f"{control}: {words}"
    for control, one in (worth.get("more_labels") or {}).items():
        unknown = "whether more labels help is not known yet: " if one.get("unlikely_to_help") is None else ""
        yield f"{control}: {unknown}{one['words']}"


def _number(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known else None  # type: ignore[arg-type]


def equality(check: ModelCheck | None, tasks: str) -> Figure:
    """How often the model says what the consensus says; ``tasks`` is where those are on which it does not."""
    if check is None:
        return Figure("model_right", None, "share", reason="nothing was compared yet", label="Equals the consensus")
    low, high = beta_interval(np.array([check.accuracy]), np.array([float(check.n)]))
    return Figure(
        *("model_right", check.accuracy, "share", float(low[0]), float(high[0]), check.n, "answer"),
        left_out="answers that the model has learned from, and those that it abstained on",
        tasks=tasks,
        label="Equals the consensus",
    )
