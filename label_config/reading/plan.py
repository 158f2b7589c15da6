"""A labeling interface prepared for reading many results: what is looked up for each is looked up once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..answers import Choices
from ..model import Control, DataObject, Family, LabelConfig
from .regions import Drawing, drawing, label_key, quick

_TYPES: Mapping[str, frozenset[str]] = {
    "MagicWand": frozenset({"magicwand", "brush"}),
    "Magicwand": frozenset({"magicwand", "brush"}),
    "Chat": frozenset({"chatmessage"}),
}
_KEPT = 64
"""Interfaces whose plans are kept."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One control, or one repetition of it (``index``), as results name it."""

    control: Control
    name: str
    types: frozenset[str]
    targets: frozenset[str]
    shown: Mapping[str, DataObject]
    """What a result may call its object -> the object."""
    label_key: str
    drawing: Drawing | None
    index: str = ""
    single: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """A label -> it alone, as a region has it; empty where labels are not all known."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What reading looks up."""

    asked: dict[str, Asked]
    objects: Mapping[str, DataObject]
    choices: Mapping[str, tuple[frozenset[str], Mapping[str, Choices]]]
    """Plain Choices: name -> targets, and a label -> the answer that chose it alone."""
    quick: Mapping[str, tuple[Asked, Drawing]]
    """Controls whose regions lie on one surface and are referred to by nothing: name -> how the shape is read."""
    repeated: tuple[tuple[re.Pattern[str], Control], ...]
    per_region: tuple[Control, ...]
    relations: Control | None
    several: bool
    """True where regions lie on several objects, so that each must say on which."""
    linked: bool
    """True where regions are looked up by their id."""

    def repetition(self, name: str) -> Asked | None:
        """The repetition of a control inside a Repeater that has this name."""
        for pattern, control in self.repeated:
            if found := pattern.fullmatch(name):
                return _asked(control, self.objects, found[1])
        return None


_plans: dict[int, tuple[LabelConfig, Plan]] = {}


def plan_of(config: LabelConfig) -> Plan:
    """The plan of an interface; the last few are kept, each with its interface, so that no other can have its id."""
    kept = _plans.get(id(config))
    if kept is not None and kept[0] is config:
        return kept[1]
    plan = _plan(config)
    if len(_plans) >= _KEPT:
        _plans.clear()
    _plans[id(config)] = (config, plan)
    return plan


def _plan(config: LabelConfig) -> Plan:
    plain = [one for one in config.controls if one.index_flag is None]
    objects = {shown.name: shown for shown in config.objects}
    asked = {one.name: _asked(one, objects) for one in plain}
    marking = [one for one in config.controls if one.family in (Family.REGIONS, Family.RELATIONS)]
    several = len({name for one in marking for name in one.to_names}) > 1
    linked = any(one.per_region or one.family == Family.RELATIONS for one in config.controls)
    return Plan(
        asked,
        objects,
        {one.name: _known(one) for one in plain if one.tag == "Choices" and one.decidable},
        {} if several or linked else _quick(asked),
        tuple((_pattern(one), one) for one in config.controls if one.index_flag is not None),
        tuple(one for one in config.controls if one.per_region),
        next((one for one in config.controls if one.family == Family.RELATIONS), None),
        several,
        linked,
    )


def _quick(asked: Mapping[str, Asked]) -> dict[str, tuple[Asked, Drawing]]:
    ways = {name: quick(one.control.tag, list(one.shown.values())) for name, one in asked.items()}
    return {name: (asked[name], way) for name, way in ways.items() if way is not None and asked[name].single}


def _known(control: Control) -> tuple[frozenset[str], Mapping[str, Choices]]:
    return frozenset(control.to_names), {label: Choices((label,)) for label in control.labels}


def _pattern(control: Control) -> re.Pattern[str]:
    before, _, after = control.name.partition(control.index_flag or "")
    return re.compile(re.escape(before) + r"(\d{1,9})" + re.escape(after))


def _asked(control: Control, objects: Mapping[str, DataObject], index: str = "") -> Asked:
    def put(name: str) -> str:
        return name.replace(control.index_flag, index) if control.index_flag is not None else name

    name = put(control.name)
    shown = {put(target): objects[target] for target in control.to_names if target in objects}
    targets = {put(target) for target in control.to_names}
    if control.tag == "Pairwise":
        targets |= {name, ",".join(map(put, control.to_names))}
    return Asked(
        control,
        name,
        _TYPES.get(control.tag, frozenset({control.tag.lower()})),
        frozenset(targets),
        shown,
        label_key(control.tag),
        drawing(control.tag),
        index,
        {} if control.dynamic else {label: (label,) for label in control.labels},
    )
