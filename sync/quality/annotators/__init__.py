"""What is known of each annotator: reliability, bias, speed, changes over time, signals of spam; nobody is blocked."""

from .profile import SIGNALS, AnnotatorProfile, Bias, ChangePoint, SpamSignal, Speed
from .profiles import profiles

__all__ = ["SIGNALS", "AnnotatorProfile", "Bias", "ChangePoint", "SpamSignal", "Speed", "profiles"]
