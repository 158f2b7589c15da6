"""What a project's own labels prove: models learn from parts of them, and ``proof`` concludes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from label_config.answers import Answer
from label_config.model import Control, LabelConfig
from label_config.parse import parse

from .. import labels as label_sets
from .. import rounds
from ..encoders import Fetch
from ..errors import NotLearnable, UnknownProject
from ..features import Material, View, families, stacked, view_of
from ..files import read_json, write_json
from ..learners import view_encoder
from ..models import HEADS
from ..models.options import Options
from ..questions import QUESTIONS, question_of
from ..records import FloatArray, IntArray, TrainingRow
from ..settings import Settings
from ..study import interface_of
from .proof import Proof, proof

FILE = "proof.json"
MOST = 1000
"""Answers of the random share that are looked at, drawn at random: more make it slow, the interval hardly narrower."""


def prove(folder: Path, settings: Settings, fetch: Fetch) -> dict[str, Proof]:
    """Control -> what its labels prove; kept beside the versions, so that it can be shown without learning again.

    Without a round no strategy has chosen any task: then that is said instead. Raises UnknownProject where the
    project's interface or labels are not known, RegistryError for broken files.
    """
    label_config = interface_of(folder)
    labels = label_sets.load(folder)
    if label_config is None or not labels.rows:
        raise UnknownProject(f"project {folder.name}: nothing was learned for it in {folder.parent}")
    config = parse(label_config)
    chosen = rounds.any_prepared(folder)
    with threadpool_limits(settings.threads):
        found = {
            control.name: _of_control(config, control, rows, settings, fetch) if chosen else _by_nobody(rows)
            for control in config.controls
            for rows in [labels.of(control.name)]
        }
    write_json(
        folder / FILE, {"cursor": labels.cursor, "controls": {name: one.as_json() for name, one in found.items()}}
    )
    return found


def kept(folder: Path) -> dict[str, Any] | None:
    """The last proof as JSON: ``controls``, and the ``cursor`` of the labels that it is of; null before the first."""
    found: dict[str, Any] | None = read_json(folder / FILE)
    return found


def _by_nobody(rows: Sequence[TrainingRow]) -> Proof:
    held = sum(row.holdout for row in rows)
    return Proof(
        f"no round was ever prepared for this project, so no strategy chose its {len(rows):,} labeled tasks: there is "
        "no saving to prove",
        0,
        held,
    )


def _of_control(
    config: LabelConfig, control: Control, rows: Sequence[TrainingRow], settings: Settings, fetch: Fetch
) -> Proof:
    try:
        known = _known(config, control, rows, settings, fetch)
    except NotLearnable as error:
        return Proof(str(error), 0, 0)
    chosen = np.flatnonzero([not row.holdout for row in known.rows])
    control_group = np.flatnonzero([row.holdout for row in known.rows])
    rng = np.random.default_rng(0)
    drawn = np.sort(rng.permutation(control_group)[:MOST])
    return proof(chosen, drawn, known.right([known.usual] * len(drawn), drawn), known.judge, rng)


@dataclass(frozen=True, slots=True)
class _Known:
    """The rows of a control that can be read and that it takes, in the order in which they were labeled."""

    control: Control
    asks: str
    view: View
    rows: Sequence[TrainingRow]
    answers: Sequence[Answer]
    material: Material
    threads: int

    def judge(self, taught: IntArray, asked: IntArray) -> FloatArray:
        """Whether a model of the ``taught`` rows, learned as the product learns, is right on the ``asked`` ones.

        Where there is nothing to learn the most frequent answer is given to all.
        """
        inside = np.sort(taught).tolist()
        answers = [self.answers[row] for row in inside]
        try:
            said = self._said(inside, answers, asked.tolist())
        except NotLearnable:
            said = [Counter(answers).most_common(1)[0][0]] * len(asked)
        return self.right(said, asked)

    @property
    def usual(self) -> Answer:
        """The most frequent answer."""
        return Counter(self.answers).most_common(1)[0][0]

    def right(self, said: Sequence[Answer], asked: IntArray) -> FloatArray:
        """Whether what was ``said`` of the ``asked`` rows is right: 1 or 0, (n,)."""
        question = QUESTIONS[self.asks].made(self.control, self.answers)
        truth = [self.answers[row] for row in asked]
        return np.array([question.right(one, other) for one, other in zip(said, truth, strict=True)], dtype=np.float64)

    def _said(self, inside: list[int], answers: Sequence[Answer], asked: list[int]) -> list[Answer]:
        if len(set(answers)) < 2:
            raise NotLearnable("every answer is the same")
        question = QUESTIONS[self.asks].made(self.control, answers)
        encoder = view_encoder.fit(self.view, self.material.views(self.view, inside))
        rows = [encoder.encode(self.material.views(encoder.view, inside), len(inside))]
        targets = [question.targets(answers)]
        if encoder.view.compared:  # seen the other way round, the other one is the better one
            rows, targets = [rows[0], -rows[0]], [targets[0], targets[0][:, ::-1]]
        weights = np.tile([max(self.rows[row].weight, 1e-6) for row in inside], len(rows))
        kinds = {family.head for family in families(encoder.view)}
        usual = question.head or (kinds.pop() if len(kinds) == 1 else "logistic")
        (head,) = HEADS[usual].fit(
            stacked(rows), np.vstack(targets), weights[None, :], Options(question.apart, threads=self.threads)
        )
        order = np.argsort(asked)
        seen = encoder.encode(self.material.views(encoder.view, sorted(asked)), len(asked))
        ones = np.ones(len(question.outcomes) if question.several else 1)
        probabilities = question.probabilities(question.scores(head.logits(seen)), ones)
        return [question.answer(probabilities[place])[0] for place in np.argsort(order)]


def _known(
    config: LabelConfig, control: Control, rows: Sequence[TrainingRow], settings: Settings, fetch: Fetch
) -> _Known:
    """Raises NotLearnable where the control is none that is learned here, or none of its answers can be read."""
    asks = question_of(control)
    if asks is None:
        raise NotLearnable(f"control {control.name!r}: <{control.tag}> is proven nothing about")
    view = view_of(config, control, settings.encoder)
    takes = QUESTIONS[asks].taken(control)
    usable = sorted(
        (row for row in rows if row.answer is not None and takes(row.answer)), key=lambda row: row.updated_at
    )
    material = Material([row.data for row in usable], fetch)
    readable = material.readable(view)
    if len(readable) < len(usable):
        usable = [usable[place] for place in readable]
        material = Material([row.data for row in usable], fetch)
    answers = [row.answer for row in usable if row.answer is not None]
    if len(set(answers)) < 2:
        raise NotLearnable(f"control {control.name!r}: {len(answers)} answers, all of them the same")
    return _Known(control, asks, view, usable, answers, material, settings.threads)
