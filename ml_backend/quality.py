"""How good a model is: accuracy with its interval, and how honest its probabilities are. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .certainty import reliability
from .certainty.reliability import Bin, wilson

DIGITS = 6


@dataclass(frozen=True, slots=True)
class Quality:
    """Accuracy, expected calibration error, Brier score and log loss over ``n`` labels.

    ``source`` is "holdout" (tasks never trained on) or "cross-validation" (out of fold). ``bins`` are the reliability
    diagram. ``log_loss``, in nats, is null and ``bins`` are empty where a version was written before they were told.
    ``found`` are further figures of what a control's answers consist of, such as the F1 of spans; a null is undefined.
    """

    accuracy: float
    ece: float
    brier: float
    n: int
    source: str
    log_loss: float | None = None
    bins: tuple[Bin, ...] = ()
    found: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def interval(self) -> tuple[float, float]:
        """What the true accuracy lies in with 95 % confidence (Wilson)."""
        low, high = wilson(self.accuracy, self.n)
        return round(low, DIGITS), round(high, DIGITS)

    def as_json(self) -> dict[str, Any]:
        """By name, as it is told and stored."""
        low, high = self.interval
        return {
            "accuracy": self.accuracy,
            "low": low,
            "high": high,
            "ece": self.ece,
            "brier": self.brier,
            "log_loss": self.log_loss,
            "n": self.n,
            "source": self.source,
            "bins": reliability.as_json(self.bins),
            **({"found": dict(self.found)} if self.found else {}),
        }


def from_json(raw: Mapping[str, Any]) -> Quality:
    """What ``as_json`` gave, now or in an earlier version.

    Raises KeyError, TypeError, ValueError or AttributeError for anything else.

    >>> from_json({"accuracy": 0.8, "ece": 0.05, "brier": 0.3, "n": 10, "source": "holdout"}).interval
    (0.490162, 0.943318)
    """
    loss = raw.get("log_loss")
    return Quality(
        float(raw["accuracy"]),
        float(raw["ece"]),
        float(raw["brier"]),
        int(raw["n"]),
        str(raw["source"]),
        None if loss is None else float(loss),
        reliability.from_json(raw.get("bins", ())),
        {str(name): None if value is None else float(value) for name, value in raw.get("found", {}).items()},
    )


def pooled(parts: Sequence[Quality]) -> Quality | None:
    """The quality over several controls, each weighted by its labels; null without any. Of one it is that one's.

    >>> pooled([Quality(1.0, 0.0, 0.0, 30, "holdout"), Quality(0.5, 0.2, 0.4, 10, "holdout")]).accuracy
    0.875
    """
    total = sum(part.n for part in parts)
    if not total:
        return None
    if len(parts) == 1:
        return parts[0]
    accuracy, ece, brier = (
        round(sum(getattr(part, name) * part.n for part in parts) / total, DIGITS)
        for name in ("accuracy", "ece", "brier")
    )
    losses = [part.log_loss * part.n for part in parts if part.log_loss is not None]
    return Quality(
        accuracy,
        ece,
        brier,
        total,
        " and ".join(sorted({part.source for part in parts})),
        round(sum(losses) / total, DIGITS) if len(losses) == len(parts) else None,
        reliability.joined([part.bins for part in parts]) if all(part.bins for part in parts) else (),
    )
