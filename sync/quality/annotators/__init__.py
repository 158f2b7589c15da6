"""What is known of each annotator: reliability, bias, speed, changes over time, signals of spam, and what to thank for.

Nobody is blocked by any of it.
"""

from .improvement import Improvement, most_improved
from .profile import SIGNALS, AnnotatorProfile, Bias, ChangePoint, SpamSignal, Speed
from .profiles import profiles
from .recognition import Rate, Recognition, recognitions
from .reference import reference
from .speed import too_fast
from .standings import Pace, SpeedAccuracy, Standing, leaderboard, speed_against_accuracy
from .streaks import Streak

__all__ = [
    "SIGNALS",
    "AnnotatorProfile",
    "Bias",
    "ChangePoint",
    "Improvement",
    "Pace",
    "Rate",
    "Recognition",
    "SpamSignal",
    "Speed",
    "SpeedAccuracy",
    "Standing",
    "Streak",
    "leaderboard",
    "most_improved",
    "profiles",
    "recognitions",
    "reference",
    "speed_against_accuracy",
    "too_fast",
]
