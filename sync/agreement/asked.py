"""What a report is asked for, and from it: the controls, and how agreement on each of them is computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from label_config.model import Control, LabelConfig

from ..errors import SettingsError
from ..quality.agreement import COEFFICIENTS, WEIGHTS
from ..quality.distance import distance
from ..quality.evidence import Method
from .own_distance import load_distance


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that one may choose about a report.

    ``controls`` are names (empty: all). ``distances`` maps a control to the name of its distance or to
    ``module:function``; the key "" is for every control whose kind has a distance of that name. ``control_weights``
    weigh controls in the overall agreement, ``label_weights`` labels in that of their control; what is not named
    weighs 1. ``by`` are fields of the tasks' data. The rest is as in ``Method``.
    """

    controls: tuple[str, ...] = ()
    distances: Mapping[str, str] = field(default_factory=dict)
    coefficients: tuple[str, ...] = ()
    weights: str | None = None
    by: tuple[str, ...] = ()
    bootstrap: int = 1000
    seed: int = 0
    confidence: float = 0.95
    ground_truth: bool = False
    control_weights: Mapping[str, float] = field(default_factory=dict)
    label_weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def methods_of(asked: Asked, controls: Sequence[Control]) -> dict[str, Method]:
    """How agreement is computed, by control; raises SettingsError that lists the valid names."""
    _refuse_unknown("coefficient", asked.coefficients, COEFFICIENTS)
    _refuse_unknown("weighting", (asked.weights,) if asked.weights else (), WEIGHTS)
    everywhere = asked.distances.get("")
    if everywhere and ":" not in everywhere:
        _refuse_useless(everywhere, controls)
    return {control.name: _method(asked, control, everywhere) for control in controls}


def _method(asked: Asked, control: Control, everywhere: str | None) -> Method:
    name = asked.distances.get(control.name)
    if name is None and everywhere and (":" in everywhere or _has(control, everywhere)):
        name = everywhere
    own = name is not None and ":" in name
    if name is not None and not own:
        _checked(control, name)
    return Method(
        distance=load_distance(name) if own and name else name,
        distance_name=name if own and name else "",
        # The overall agreement is made of it.
        coefficients=tuple(dict.fromkeys(("percent_agreement", *asked.coefficients))) if asked.coefficients else (),
        weights=asked.weights,
        bootstrap=asked.bootstrap,
        seed=asked.seed,
        confidence=asked.confidence,
    )


def _refuse_unknown(kind: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            raise SettingsError(f"no {kind} is named {name!r}; there are: {', '.join(known)}")


def _has(control: Control, name: str) -> bool:
    try:
        distance(control, name)
    except ValueError:
        return False
    return True


def _checked(control: Control, name: str) -> None:
    try:
        distance(control, name)
    except ValueError as error:
        raise SettingsError(f"{error}; or module:function for one of your own") from error


def _refuse_useless(name: str, controls: Sequence[Control]) -> None:
    """A distance that suits none of the controls is a mistake; one that suits some is meant for those."""
    if controls and not any(_has(control, name) for control in controls):
        _checked(controls[0], name)


def with_settings(given: Mapping[str, str], known: Mapping[str, str], config: LabelConfig) -> dict[str, str]:
    """The distances of the command line, and those of the settings for the controls that it does not speak of."""
    everywhere = given.get("")
    kept = {
        control.name: known[control.name]
        for control in config.controls
        if control.name in known and not (everywhere is not None and (":" in everywhere or _has(control, everywhere)))
    }
    return kept | dict(given)


def by_control(texts: Sequence[str], config: LabelConfig) -> dict[str, str]:
    """``CONTROL=NAME`` or ``NAME`` -> control -> name; what names no control is for all of them: key "".

    >>> from label_config.parse import parse
    >>> config = parse('<View><Text name="t" value="$t"/><Rating name="c" toName="t"/></View>')
    >>> by_control(["c=ordinal", "interval"], config)
    {'c': 'ordinal', '': 'interval'}
    """
    found = {}
    for text in texts:
        control, sign, name = text.rpartition("=")
        found[config.control(control).name if sign else ""] = name
    return found


def control_weights(texts: Sequence[str], config: LabelConfig) -> dict[str, float]:
    """``CONTROL=W`` -> control -> weight; raises SettingsError and InterfaceError for what is none."""
    found = {}
    for text in texts:
        name, weight = _weight(text, "CONTROL=W")
        found[config.control(name).name] = weight
    return found


def label_weights(texts: Sequence[str], config: LabelConfig) -> dict[str, dict[str, float]]:
    """``CONTROL:LABEL=W`` -> control -> label -> weight; raises SettingsError for what is none."""
    found: dict[str, dict[str, float]] = {}
    for text in texts:
        name, weight = _weight(text, "CONTROL:LABEL=W")
        fitting = [control for control in config.controls if name.startswith(f"{control.name}:")]
        if not fitting:
            config.control(name.partition(":")[0])
            raise SettingsError(f"{text!r}: write CONTROL:LABEL=W")
        control = max(fitting, key=lambda one: len(one.name))
        found.setdefault(control.name, {})[name.removeprefix(f"{control.name}:")] = weight
    return found


def refuse_unknown_labels(
    weights: Mapping[str, Mapping[str, float]], controls: Sequence[Control], where: str = ""
) -> None:
    """Raises SettingsError for a label that its control does not have; labels from task data may be any."""
    for control in controls:
        for label in weights.get(control.name, ()):
            if control.labels and not control.dynamic and label not in control.labels:
                raise SettingsError(
                    f"{where}control {control.name!r} has no label {label!r}; there are: {', '.join(control.labels)}"
                )


def _weight(text: str, form: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        weight = float(number)
    except ValueError:
        weight = -1.0
    if not name or not isfinite(weight) or weight < 0:
        raise SettingsError(f"{text!r}: write {form}, with a number from 0 on")
    return name, weight
