"""The keys of one rule, taken one by one: a wrong one, or one too many, is an error that says what to do."""

from collections.abc import Mapping
from typing import Any

from label_config.model import Control, Family, LabelConfig


class RuleError(ValueError):
    """A rule that cannot be read; the text names its place, the key and what may stand there."""


class Keys:
    """What a rule says. Every key that is asked for is known; what is left at the end is not."""

    def __init__(self, written: Mapping[str, Any], place: int) -> None:
        self._written = written
        self._known: list[str] = []
        self._place = place
        self.name = ""

    def error(self, what: str) -> RuleError:
        """An error about this rule."""
        name = f" ({self.name!r})" if self.name else ""
        return RuleError(f"rule {self._place}{name}: {what}")

    def has(self, key: str) -> bool:
        """True where the rule has the key, which is known from now on."""
        self._known.append(key)
        return key in self._written

    def text(self, key: str, default: str | None = None) -> str:
        """A text that is not empty."""
        if not self.has(key):
            if default is None:
                raise self.error(f"{key} is missing; give a text")
            return default
        value = self._written[key]
        if not isinstance(value, str) or not value:
            raise self.error(f"{key} is {value!r}; give a text that is not empty")
        return value

    def number(self, key: str, default: float) -> float:
        """A finite number."""
        if not self.has(key):
            return default
        value = self._written[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            raise self.error(f"{key} is {value!r}; give a number")
        return float(value)

    def bounds(self) -> tuple[float, float]:
        """``min`` and ``max``, of which at least one is there; what is missing bounds nothing."""
        low, high = self.number("min", float("-inf")), self.number("max", float("inf"))
        if low == float("-inf") and high == float("inf"):
            raise self.error("neither min nor max is given; give one of them, or both")
        if low > high:
            raise self.error(f"min is {low:g} and max {high:g}; no answer is both")
        return low, high

    def one_of(self, key: str, default: str, known: tuple[str, ...]) -> str:
        """One of the known words."""
        value = self.text(key, default)
        if value not in known:
            raise self.error(f"{key} is {value!r}; give one of: {', '.join(known)}")
        return value

    def control(self, key: str, config: LabelConfig) -> Control:
        """A control of the interface, by its name."""
        names = ", ".join(control.name for control in config.controls)
        if not self.has(key):
            raise self.error(f"{key} is missing; give the name of a control: {names}")
        name = self.text(key)
        for control in config.controls:
            if control.name == name:
                return control
        raise self.error(f"{key} is {name!r}, which the labeling interface does not have; it has: {names}")

    def labels(self, key: str, control: Control) -> tuple[str, ...]:
        """Labels of the control, one or more; of a taxonomy, nodes or paths with " / "."""
        self.has(key)
        value = self._written.get(key)
        if not isinstance(value, list | tuple) or not value or not all(isinstance(one, str) for one in value):
            raise self.error(f"{key} is {value!r}; give a list of labels")
        open_ended = control.dynamic or control.family == Family.TAXONOMY or not control.labels
        for label in value:
            if not open_ended and label not in control.labels:
                raise self.error(
                    f"{key} names {label!r}, which {control.name!r} does not have; it has: {', '.join(control.labels)}"
                )
        return tuple(value)

    def done(self) -> None:
        """Raises RuleError for keys that nothing asked for."""
        for key in self._written:
            if key not in self._known:
                known = ", ".join(dict.fromkeys(self._known))
                raise self.error(f"the key {key!r} means nothing to this check; it takes: {known}")
