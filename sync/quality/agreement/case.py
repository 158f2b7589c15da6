"""One control with everything that its coefficients are computed from, each part made when it is first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from label_config.answers import (
    Answer,
    Chat,
    Choices,
    Moment,
    Number,
    PerRegion,
    Regions,
    Relations,
    Taxonomy,
    Text,
)
from label_config.model import Control, Family

from ..coded_answers import APART
from ..evidence import ControlEvidence, Method
from ..records import FloatArray, IntArray
from .complex import MOST_OTHERS, Distances, distances
from .persons import Persons, persons
from .resampling import Rng
from .ruler import Ruler, ruler
from .spread import Spread, spread
from .table import Table, table
from .undefined import NO_CATEGORIES, NO_PAIRS, TOO_MANY, Undefined
from .weighting import weights_of

FEW = 2000
"""Up to this many different answers of few kinds (choices, ratings, numbers) are told apart in one table."""
FEW_OTHERS = 500
"""The same for answers whose distances take longer."""
SINGLE_VALUED = frozenset({Family.CHOICES, Family.RATING, Family.NUMBER, Family.MOMENT})
CATEGORIES = frozenset({Family.CHOICES, Family.RATING, Family.TAXONOMY})
"""Families whose answers are of a few kinds, so that chance agreement by kind means something."""
ORDERED = frozenset({"ordinal", "interval", "ratio", "absolute"})
"""Distances that put the answers in an order."""

SAMPLING = ("pairs", "distances", "alpha_u", "gamma", "sigma", "ks")
EMPTY: tuple[Answer, ...] = (Choices(()), Taxonomy(()), Text(()), Regions(()), Relations(()), Chat(()))

Geometry = Table | Spread


@dataclass(frozen=True, eq=False)
class Case:
    """``evidence`` and ``method`` with the generator that drives all sampling."""

    evidence: ControlEvidence
    method: Method
    rng: Rng

    @property
    def control(self) -> Control:
        """The control that all of it is about."""
        return self.evidence.control

    @cached_property
    def seeded(self) -> Mapping[str, Rng]:
        """A generator for each part that samples, so that none depends on which others are asked for."""
        return dict(zip(SAMPLING, self.rng.spawn(len(SAMPLING)), strict=True))

    @cached_property
    def size(self) -> IntArray:
        """Answers to each task of the coded answers."""
        return np.bincount(self.evidence.coded.task, minlength=len(self.evidence.coded.tasks))

    @cached_property
    def ruler(self) -> Ruler:
        """The distance, with how often each answer was given on tasks with two or more."""
        coded = self.evidence.coded
        paired = coded.answer[self.size[coded.task] >= 2]
        counts = np.bincount(paired, minlength=len(coded.answers)).astype(np.float64)
        return ruler(self.control, coded.answers, counts, self.method)

    @cached_property
    def few(self) -> bool:
        """True where the answers are few enough for a table of all their distances."""
        control, kinds = self.control, len(self.evidence.coded.answers)
        if control.per_region or control.family in APART:
            return False
        return kinds <= (FEW if control.family in SINGLE_VALUED else FEW_OTHERS)

    @cached_property
    def geometry(self) -> Geometry:
        """The answers as a table or, where many are different, as pairs."""
        coded = self.evidence.coded
        if self.few:
            return table(coded.task, coded.answer, len(coded.tasks), self.ruler.matrix(), self._order())
        sure = np.array([not callable(self.method.distance) and is_empty(one) for one in coded.answers], dtype=np.bool_)
        return spread(coded.task, coded.answer, len(coded.tasks), sure[coded.answer], self.ruler, self.seeded["pairs"])

    @property
    def table(self) -> Table:
        """The answers as categories; raises Undefined where they are none, or nobody agrees or disagrees on any."""
        if self.control.per_region or self.control.family not in CATEGORIES:
            raise Undefined(NO_CATEGORIES)
        if not isinstance(self.geometry, Table):
            raise Undefined(TOO_MANY)
        if not self.geometry.groups.paired:
            raise Undefined(NO_PAIRS)
        return self.geometry

    def _order(self) -> IntArray | None:
        """The rank of each answer where the distance is Krippendorff's ordinal metric; null for any other."""
        values, listed = self.values(), len(self.evidence.coded.answers) == len(self.control.labels)
        if self.ruler.name != "ordinal" or values is None:
            return None
        if self.control.family == Family.CHOICES and listed:  # the interface's order, whatever the labels say
            return np.arange(len(values))
        return np.unique(values, return_inverse=True)[1].astype(np.int64)

    def values(self) -> FloatArray | None:
        """The value of each answer: a number, a time, or the place of a single label; null where answers have none.

        Labels that are all numbers have their own values, other labels their places from 1 on.
        """
        answers = self.evidence.coded.answers
        if self.control.per_region:
            return None
        if all(isinstance(one, Number | Moment) for one in answers):
            return np.array([_number(one) for one in answers], dtype=np.float64)
        if all(isinstance(one, Choices) and len(one.labels) == 1 for one in answers) and not self.control.multiple:
            return _places([one.labels[0] for one in answers if isinstance(one, Choices)])
        return None

    @cached_property
    def persons(self) -> Persons:
        """The answers by who gave them."""
        return persons(self.evidence.coded)

    @property
    def people(self) -> Persons:
        """The same of answers that are categories; raises Undefined as ``table`` does."""
        self.table  # noqa: B018 - it raises
        return self.persons

    @cached_property
    def distances(self) -> Distances:
        """Observed and expected distances of the answers one by one, for sigma and KS."""
        others = self.ruler.affordable(MOST_OTHERS)
        return distances(self.evidence.coded, self.ruler.between, self.seeded["distances"], others)

    @cached_property
    def weights(self) -> FloatArray:
        """The weights of partial agreement of kappas and of AC2: (answers, answers).

        Those that the method names; else none for the nominal distance, linear ones where the distance or the family
        puts answers in an order, and 1 - distance for any other. Raises Undefined where the named ones need an order
        that the answers do not have.
        """
        name = self.method.weights or self._usual_weights()
        if name is None:
            found: FloatArray = 1.0 - self.ruler.matrix()
            return found
        return self.weighted(name)

    def _usual_weights(self) -> str | None:
        if self.ruler.name == "nominal":
            return "identity"
        ordered = self.ruler.name in ORDERED and self.values() is not None
        return "linear" if ordered else None

    def weighted(self, name: str) -> FloatArray:
        """The weights of that name for these answers, in the order of their values."""
        values = self.values()
        if name == "identity":
            return np.eye(len(self.evidence.coded.answers))
        if values is None:
            raise Undefined(f"{name} weights need answers that are in an order")
        ranked, place = np.unique(values, return_inverse=True)
        if name == "ratio" and np.any(ranked < 0):
            raise Undefined("ratio weights need values of 0 or more")
        return weights_of(name, ranked)[np.ix_(place, place)]


def _number(answer: Answer) -> float:
    if isinstance(answer, Number):
        return answer.value
    return answer.seconds if isinstance(answer, Moment) else float("nan")


def _places(labels: list[str]) -> FloatArray:
    try:
        values = [float(label) for label in labels]
    except ValueError:
        values = [np.inf]
    places = np.arange(1, len(labels) + 1).astype(np.float64)
    return np.array(values) if np.all(np.isfinite(values)) else places


def is_empty(answer: Answer) -> bool:
    """True for an answer that found, chose or wrote nothing: of any region, where it is about regions."""
    if isinstance(answer, PerRegion):
        return all(part.answer is None for part in answer.parts)
    return answer in EMPTY
