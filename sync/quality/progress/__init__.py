"""How a project gets on: pace, what is left and until when, trends, what is confused, what a label costs.

Everything is computed from arrays; docs/progress.md defines each number.
"""

from .confused import NO_LABELS, Confused, confused
from .cost import Cost, cost
from .days import Days, days
from .distribution import Distribution, distribution, task_agreements
from .forecast import Forecast, forecast
from .labels_over_time import LabelPeriod, labels_over_time
from .lead_times import LeadTimes, lead_times
from .trend import Trend, Window, trend
from .waiting import Waiting, waiting
from .work import DAY, NEVER, Completion, Work, completion

__all__ = [
    "DAY",
    "NEVER",
    "NO_LABELS",
    "Completion",
    "Confused",
    "Cost",
    "Days",
    "Distribution",
    "Forecast",
    "LabelPeriod",
    "LeadTimes",
    "Trend",
    "Waiting",
    "Window",
    "Work",
    "completion",
    "confused",
    "cost",
    "days",
    "distribution",
    "forecast",
    "labels_over_time",
    "lead_times",
    "task_agreements",
    "trend",
    "waiting",
]
