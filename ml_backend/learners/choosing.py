"""Other encoders and heads beside the usual ones: tried while there is time, kept where they are clearly better."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..encoders import ENCODERS, family_of
from ..errors import NotLearnable
from ..features import Material, View
from ..models.options import OutOfTime
from ..records import FloatArray
from ..settings import Settings
from . import view_encoder
from .calibrating import Judged, could_know, fit_temperatures, trusted
from .choice import Choice, choose
from .fitting import Fitted, Sheet, fit, name_of, usual_head

LEAST_LABELS = 200
"""With fewer nothing would be clear."""

IMPOSSIBLE = 1e-6
"""What an outcome that was never seen is taken to be worth in the log loss."""

NETWORKS_READ = ("wordllama",)
"""Encoders of texts whose rows are short enough for networks."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An encoder's view and a head."""

    view: View
    head: str

    @property
    def name(self) -> str:
        """As ``Fitted.name``."""
        return name_of(self.view, self.head)


def best(
    usual: Fitted,
    sheet: Sheet,
    material: Material,
    readable: Sequence[int],
    settings: Settings,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Fitted, Choice | None]:
    """What learns this control best, and how that was found; the usual one and null where nothing was compared.

    All candidates judge the same answers out of fold. One that ``choose_seconds`` do not suffice for is left out.
    """
    others = list(_candidates(usual, sheet, settings))
    if len(sheet.rows) < LEAST_LABELS or not settings.choose_seconds or not others:
        return usual, None
    until = clock() + settings.choose_seconds
    fitted, losses, left_out = {usual.name: usual}, {usual.name: losses_of(usual, sheet)}, []
    for other in others:
        try:
            if clock() > until:
                raise OutOfTime
            encoder = view_encoder.fit(other.view, material.views(other.view, readable))
            one = fit(sheet, encoder, material, readable, settings, other.head, until)
        except OutOfTime:
            left_out.append(other.name)
        except NotLearnable:
            continue
        else:
            fitted[one.name], losses[one.name] = one, losses_of(one, sheet)
    choice = choose(losses, tuple(left_out))
    return fitted[choice.chosen], choice


def losses_of(fitted: Fitted, sheet: Sheet) -> FloatArray:
    """-log of the probability that was given to each answer out of fold, at the best temperature, (n,)."""
    question, scores = sheet.question, fitted.scores(sheet)
    nothing = np.zeros(len(sheet.rows))
    judged = Judged(question, scores, sheet.answers, sheet.truth, sheet.weights, fitted.folds, nothing)
    seen = could_know(judged)
    shares = question.probabilities(scores, fit_temperatures(judged, seen, trusted(judged, seen)))
    told = np.where(sheet.truth > 0, shares, 1 - shares if question.several else 1.0)
    return np.asarray(-np.log(np.maximum(told, IMPOSSIBLE)).sum(axis=1))


def _candidates(usual: Fitted, sheet: Sheet, settings: Settings) -> Iterator[_Candidate]:
    """The quickest first. An encoder that was asked for stays, and so does a head that the question needs."""
    view = usual.encoder.view
    first = view.parts[0].encoder
    if settings.encoder == "auto" and not view.compared and len({part.encoder for part in view.parts}) == 1:
        for name in ENCODERS:
            if name != first and family_of(name).tags == family_of(first).tags:
                other = replace(view, parts=tuple(replace(part, encoder=name) for part in view.parts))
                yield _Candidate(other, usual_head(sheet, other))
                if name in NETWORKS_READ and sheet.question.head is None:
                    yield _Candidate(other, "ensemble")
