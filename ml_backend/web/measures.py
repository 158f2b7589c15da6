"""What the server counts, for Prometheus: over all of its processes."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from ..unreadable import COUNTER
from .shared_counts import SHARED

T = TypeVar("T", bound=Mapping[str, Any])


class Measures:
    """``projects`` counts the projects with a model when somebody asks."""

    def __init__(self, projects: Callable[[], int]) -> None:
        own = CollectorRegistry()
        self.seconds = Histogram("tiebreak_ml_predict_seconds", "Time of one /predict", registry=own)
        self._predicted = Counter("tiebreak_ml_predictions", "Tasks predicted", ["answer"], registry=own)
        self.events = Counter("tiebreak_ml_events", "Events of Label Studio", registry=own)
        own.register(COUNTER)
        self._shown = own
        if SHARED in os.environ:
            self._shown = CollectorRegistry()
            MultiProcessCollector(self._shown)  # type: ignore[no-untyped-call] # its registration is its effect
        self._shown.register(_Projects(projects))

    def counted(self, results: Iterable[T]) -> Iterator[T]:
        """Predictions as they are, counted once all of them are made."""
        given = abstained = 0
        for one in results:
            given, abstained = (given + 1, abstained) if one["result"] else (given, abstained + 1)
            yield one
        self._predicted.labels("given").inc(given)
        self._predicted.labels("abstained").inc(abstained)

    def text(self) -> bytes:
        """All of it in Prometheus' own format."""
        return generate_latest(self._shown)


class _Projects(Collector):
    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("tiebreak_ml_projects", "Projects with a model", self._count())
