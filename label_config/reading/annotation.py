"""One annotation's result: what plain Choices do not need of it, region by region."""

import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..answers import Answer, Chat, Link, Part, PerRegion, Region, Regions, Relations, Span, Whole
from ..errors import InterfaceError, ResultError
from ..model import Control, Family
from .marked import within_text
from .plan import Asked, Plan
from .quantities import quoted
from .regions import item, joined, labels, shapes, shapes_by_key, surface
from .values import VALUES, Value, known_labels, message, single, together

Json = Mapping[str, Any]
_DIRECTIONS = ("right", "left", "bi")
_VALUED = frozenset(VALUES)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A region that others refer to by its id, and the name of the object it is on."""

    region: Region
    about: str


@dataclass(frozen=True, slots=True)
class _Said:
    """What was answered about one region, and where it was."""

    asked: Asked
    answer: Value
    region: Json
    place: int


@dataclass(slots=True)
class Reading:
    """What has been read of one annotation; ``take`` adds a region, ``finish`` what refers to regions."""

    plan: Plan
    data: Json | None
    answers: dict[str, Answer] = field(default_factory=dict)
    drawn: dict[str, list[Region]] = field(default_factory=dict)
    by_id: dict[str, _Drawn] = field(default_factory=dict)
    said: dict[str, dict[str, _Said]] = field(default_factory=dict)
    links: list[tuple[Json, int]] = field(default_factory=list)

    def take(self, region: object, place: int) -> None:
        """Read one region; raises ResultError that names it and its control."""
        if not isinstance(region, dict):
            raise ResultError(f"region {place}: not an object but {type(region).__name__}")
        if region.get("type") == "relation" and "from_name" not in region:
            self.links.append((region, place))
            return
        asked = self._asked(region, place)
        try:
            self._read(asked, region, _value(asked, region), place)
        except ValueError as error:
            raise refused(region, place, str(error), asked.control) from error

    def finish(self) -> dict[str, Answer]:
        """The answers, with what is about regions, now that all of them are known."""
        if self.drawn or self.said or self.links:
            self._put_together()
        return self.answers

    def _put_together(self) -> None:
        for name, found in self.drawn.items():
            if self.data is not None and type(found[0].shape) is Span:
                self._within_text(name, found, self.data)
            self.answers[name] = Regions(tuple(found))
        for control in self.plan.per_region:
            if said := self.said.get(control.name):
                self.answers[control.name] = PerRegion(tuple(self._parts(control, said)))
        links = [self._link(region, place) for region, place in self.links]
        if links and self.plan.relations is not None:
            self.answers[self.plan.relations.name] = Relations(tuple(links))

    def _within_text(self, name: str, found: Sequence[Region], data: Json) -> None:
        """Refuse spans beyond the end of the one Text that the control is about."""
        asked = self.plan.asked.get(name)  # a repeated control has the names of its repetitions there
        shown = {one.name: one for one in asked.shown.values()} if asked else {}
        text = next(iter(shown.values())) if len(shown) == 1 else None
        if text is None or text.tag != "Text":
            return
        for region in found:
            try:
                if isinstance(region.shape, Span):
                    within_text(region.shape, text, data)
            except ValueError as error:
                raise ResultError(f"a region of control {name!r}: {error}") from error

    def _asked(self, region: Json, place: int) -> Asked:
        name = region.get("from_name")
        if not isinstance(name, str):
            raise refused(region, place, f"from_name is {reprlib.repr(name)}, not the name of a control")
        found = self.plan.asked.get(name) or self.plan.repetition(name)
        if found is None:
            names = ", ".join([*self.plan.asked, *(control.name for _, control in self.plan.repeated)])
            error = InterfaceError(f"no control is named {name!r:.80}; this labeling interface has: {names}")
            raise refused(region, place, f"from_name: {error}") from error
        return found

    def _read(self, asked: Asked, region: Json, value: Json, place: int) -> None:
        control = asked.control
        if control.family == Family.REGIONS:
            self._draw(asked, region, value)
        elif control.family == Family.CHAT:
            self._hear(asked, region, value)
        elif control.family in _VALUED:
            answer = VALUES[control.family](control, value)
            if control.per_region:
                self._say(asked, answer, region, place)
            else:
                before = self.answers.get(control.name)
                self.answers[control.name] = answer if before is None else together(control, before, answer)  # type: ignore[arg-type]
        else:
            raise ValueError("a result of relations has no from_name")

    def _draw(self, asked: Asked, region: Json, value: Json) -> None:
        said = value.get(asked.label_key)
        alone = said[0] if type(said) is list and len(said) == 1 else None
        known = asked.single.get(alone) if type(alone) is str else None
        if known is None:
            known = labels(asked.control, value, asked.label_key)
        if asked.drawing is not None and "pageIndex" not in value:
            regions = [Region(asked.drawing(value, region), known, self._where(asked, region, ""))]
        else:
            found = shapes(asked.control.tag, value, region, asked.shown.get(region["to_name"]), self.data)
            regions = [Region(shape, known, self._where(asked, region, part)) for shape, part in found]
        self.drawn.setdefault(asked.control.name, []).extend(regions)
        if self.plan.linked:
            self._remember(asked, region, regions[0])

    def _where(self, asked: Asked, region: Json, part: str) -> str:
        if self.plan.several or asked.index or part or "item_index" in region:
            about = asked.shown[region["to_name"]].name if self.plan.several else ""
            return surface(about, asked.index, item(region), part)
        return ""

    def _remember(self, asked: Asked, region: Json, found: Region) -> None:
        name = region.get("id")
        if not isinstance(name, str):
            return
        known = self.by_id.get(name)
        if known is not None:
            found = joined(known.region, found.labels)
        self.by_id[name] = _Drawn(found, asked.shown[region["to_name"]].name)

    def _hear(self, asked: Asked, region: Json, value: Json) -> None:
        said = message(value)
        before = self.answers.get(asked.control.name)
        self.answers[asked.control.name] = Chat((*(before.messages if isinstance(before, Chat) else ()), said))
        if self.plan.linked:
            self._remember(asked, region, Region(Whole(), (), f"{said.role}: {said.text}"))

    def _say(self, asked: Asked, answer: Value, region: Json, place: int) -> None:
        """An answer about one region, found by its id; about an item or a repetition, by which one it is."""
        name = f"id {region.get('id')}" if _about_regions(asked.control) else surface(asked.index, item(region))
        if _about_regions(asked.control) and not isinstance(region.get("id"), str):
            raise ValueError("it is about a region, and has no id that is a text")
        said = self.said.setdefault(asked.control.name, {})
        if (before := said.get(name)) is not None:
            answer = together(asked.control, before.answer, answer)
        said[name] = _Said(asked, answer, region, place)

    def _parts(self, control: Control, said: dict[str, _Said]) -> list[Part]:
        if not _about_regions(control):
            return [Part(Region(Whole(), (), where), one.answer) for where, one in said.items()]
        parts = []
        for name, known in self.by_id.items():
            one = said.pop(f"id {name}", None)
            if one is not None:
                parts.append(Part(known.region, one.answer))
            elif known.about in control.to_names and _shown_for(control, known.region):
                parts.append(Part(known.region, None))
        return parts + [Part(self._own_region(one), one.answer) for one in said.values()]

    def _own_region(self, said: _Said) -> Region:
        """The region that a per-region answer holds itself, where no other result has its id."""
        asked, region = said.asked, said.region
        try:
            found = shapes_by_key(region["value"], region, asked.shown.get(region["to_name"]), self.data)
            return Region(found[0][0], (), self._where(asked, region, found[0][1]))
        except ValueError as error:
            problem = f"no region has this id, and of itself: {error}"
            raise refused(region, said.place, problem, asked.control) from error

    def _link(self, region: Json, place: int) -> Link:
        control = self.plan.relations
        try:
            ends = [region.get(key) for key in ("from_id", "to_id")]
            if not all(isinstance(end, str) for end in ends):
                raise ValueError("a relation without from_id and to_id that are texts")
            found = _labels_of(region)
            direction = region.get("direction", "right")
            if direction not in _DIRECTIONS:
                raise ValueError(f"direction is {quoted(direction)}, not {', '.join(_DIRECTIONS)}")
            if control is None:
                return Link(_NOWHERE, _NOWHERE)
            known_labels(control, found)
            single(control, len(found))
            source, target = (self._end(str(end)) for end in ends)
        except ValueError as error:
            raise refused(region, place, str(error), control) from error
        return Link(source, target, direction, tuple(label for label in dict.fromkeys(found)))

    def _end(self, name: str) -> Region:
        known = self.by_id.get(name)
        if known is None:
            raise ValueError(f"the relation's end {name!r:.80} is no region of this result")
        return known.region


_NOWHERE = Region(Whole())


def refused(region: Json, place: int, problem: str, control: Control | None = None) -> ResultError:
    """The error that names region and control; short, whatever they are called."""
    of = "" if control is None else f" of control {control.name!r:.80}"
    return ResultError(f"region {reprlib.repr(region.get('id', place))}{of}: {problem}")


def _value(asked: Asked, region: Json) -> Json:
    kind, about, value = region.get("type"), region.get("to_name"), region.get("value")
    if not isinstance(kind, str) or kind not in asked.types:
        raise ValueError(f"type is {quoted(kind)}, not {' or '.join(map(repr, sorted(asked.types)))}")
    if not isinstance(about, str) or about not in asked.targets:
        raise ValueError(f"to_name is {quoted(about)}, not {', '.join(sorted(asked.targets))}")
    return value if isinstance(value, dict) else {}


def _labels_of(region: Json) -> Sequence[str]:
    found = region.get("labels")
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError("its labels are not a list of labels")
    return found


def _option(control: Control, attribute: str) -> str:
    return next((value for name, value in control.attributes.items() if name.lower() == attribute), "")


def _about_regions(control: Control) -> bool:
    return "true" in (_option(control, "perregion").lower(), _option(control, "labeling").lower())


def _shown_for(control: Control, region: Region) -> bool:
    """True where the interface asks the control about a region with these labels."""
    wanted = _option(control, "whenlabelvalue")
    return not wanted or bool(set(wanted.split(",")) & set(region.labels))
