"""People as pages show them: their kept numbers, and what they are called, which a reader may have hidden."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from ..people.kept import PEOPLE
from ..quality.records import Estimate
from ..store import summaries
from ..store.tables import summaries as stored
from . import queries
from .page import Asked

HIDDEN = "hidden"
"""What ``?names=`` says where names are not to be seen."""


@dataclass(frozen=True, slots=True)
class Person:
    """One annotator on one control, as docs/annotators.md defines the numbers."""

    id: int
    profile: Mapping[str, Any]
    thanks: Mapping[str, Any]

    def estimate(self, name: str) -> Estimate:
        """A number of the profile: "reliability", "gold", "agreement" or "self_agreement"."""
        return estimate(self.profile[name])

    def speed(self, name: str) -> Estimate:
        """Of speed: "median", "ratio" or "too_fast"."""
        return estimate(self.profile["speed"][name])

    def rate(self, name: str) -> Estimate:
        """A share to thank for, drawn to everybody's: "acceptance", "first_pass" or "self_agreement"."""
        return estimate(self.thanks[name]["drawn"])

    @property
    def improvement(self) -> Estimate:
        """How much better the second half of their work is."""
        return estimate(self.thanks["improvement"]["change"])


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody on one control; ``people`` are the least reliable first."""

    made_at: int
    people: Sequence[Person]
    most_improved: int | None
    correlation: Estimate
    leaderboard: Sequence[Mapping[str, Any]] | None

    def of(self, person: int | None) -> Person | None:
        """Somebody; null for who is not among them."""
        return next((one for one in self.people if one.id == person), None)


@dataclass(frozen=True, slots=True)
class Called:
    """What people are called on a page. ``order`` maps each to a number that tells nothing: their name where hidden."""

    names: Mapping[int, str]
    order: Mapping[int, int]
    hidden: bool

    def name(self, person: int) -> str:
        """What stands on the page."""
        if self.hidden:
            return f"Person {self.order[person]}" if person in self.order else "Somebody"
        return self.names.get(person) or f"Annotator {person}"

    def key(self, person: int) -> str:
        """What stands in addresses."""
        return f"p{self.order.get(person, 0)}" if self.hidden else str(person)

    def find(self, key: str) -> int | None:
        """Who that is; null for nobody here."""
        return next((one for one in self.order if self.key(one) == key), None)


def estimate(raw: Mapping[str, Any]) -> Estimate:
    """As it is kept -> the value."""
    return Estimate(raw["value"], raw["low"], raw["high"], raw["n"], raw["reason"])


def crowds(asked: Asked) -> Mapping[str, Crowd]:
    """Control -> everybody, as the last run left it; empty before the first."""
    kind = (stored.c.project == asked.project.key) & (stored.c.kind == PEOPLE)
    made_at = asked.connection.execute(select(stored.c.made_at).where(kind)).scalar()
    return asked.keep("crowds", lambda: _crowds(asked), stamp=made_at)


def _crowds(asked: Asked) -> Mapping[str, Crowd]:
    kept = summaries.of(asked.connection, asked.project.key, PEOPLE)
    return {} if kept is None else {name: _crowd(kept.made_at, one) for name, one in kept.body["controls"].items()}


def _crowd(made_at: int, raw: Mapping[str, Any]) -> Crowd:
    thanks = {one["annotator"]: one for one in raw["recognition"]}
    people = [Person(one["annotator"], one, thanks[one["annotator"]]) for one in raw["people"]]
    correlation = estimate(raw["speed"]["correlation"])
    return Crowd(made_at, sorted(people, key=_standing), raw["most_improved"], correlation, raw["leaderboard"])


def _standing(one: Person) -> tuple[bool, float, int]:
    """The least reliable first; of whom nothing is known last."""
    value = one.estimate("reliability").value
    return value is None, value or 0.0, one.id


def called(asked: Asked, people: Iterable[int]) -> Called:
    """What these people are called, as the address says."""
    ids = sorted(set(people), key=lambda one: hashlib.sha256(f"{asked.project.key} {one}".encode()).digest())
    hidden = asked.args.get("names") == HIDDEN
    names = {} if hidden else queries.names(asked.connection, ids)
    return Called(names, {one: place for place, one in enumerate(ids, 1)}, hidden)
