"""``/metrics``, for Prometheus: counted where it happens, or read from the store when it is asked for."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..opening import clock
from ..settings import Band
from ..store import measures, plans, runners
from ..store.engine import Store

SECOND = 1e6


class OfTheStore(Collector):
    """What the store knows of the loop. It names projects by number, and no task and no person."""

    def __init__(self, store: Store, days: Mapping[Band, float]) -> None:
        """``days`` is how long a review of a band may wait."""
        self._store, self._days = store, days

    def describe(self) -> Iterator[Metric]:
        """Nothing: the store need not answer for the names to be known."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """One look into the store."""
        with self._store.read() as connection:
            runs, steps = measures.last_runs(connection), list(measures.steps(connection))
            known = list(measures.known(connection))
            queued = list(measures.queued(connection, self._days, clock()))
            planned, at_work = plans.known(connection), runners.known(connection, clock())
        at = _gauge("tiebreak_last_run_timestamp_seconds", "When a project was last synced", "name")
        good = _gauge("tiebreak_last_run_ok", "Whether the last sync of a project succeeded", "name")
        for row in runs:
            at.add_metric([row.name], row.at / SECOND)
            good.add_metric([row.name], row.ok)
        yield from (
            at,
            good,
            *_of_steps(steps),
            *_of_projects(known),
            *_of_bands(queued),
            *_of_plans(planned),
            *_of_runners(at_work),
        )


def _of_steps(steps: list[measures.Step]) -> Iterator[Metric]:
    times = _counter("tiebreak_steps", "Steps of runs that ended", "project", "step", "failed")
    seconds = _counter("tiebreak_step_seconds", "Time that the steps of runs took", "project", "step")
    for one in steps:
        times.add_metric([str(one.project), one.name, "false"], one.times - one.failures)
        times.add_metric([str(one.project), one.name, "true"], one.failures)
        seconds.add_metric([str(one.project), one.name], one.seconds)
    yield from (times, seconds)


def _of_projects(known: list[measures.Known]) -> Iterator[Metric]:
    newest = _gauge("tiebreak_newest_change_timestamp_seconds", "Up to when every change is in the store", "project")
    pushed = _counter("tiebreak_reviews_pushed", "Review tasks that were made in Label Studio", "project")
    ruled = _counter("tiebreak_rulings", "Rulings that were taken in", "project")
    for one in known:
        if one.newest_change is not None:
            newest.add_metric([str(one.project)], one.newest_change / SECOND)
        pushed.add_metric([str(one.project)], one.pushed)
        ruled.add_metric([str(one.project)], one.rulings)
    yield from (newest, pushed, ruled)


def _of_bands(queued: list[measures.Queued]) -> Iterator[Metric]:
    tasks = _gauge("tiebreak_queue_tasks", "Tasks in the queue", "project", "band")
    waiting = _gauge("tiebreak_open_reviews", "Review tasks that wait for a reviewer", "project", "band")
    oldest = _gauge("tiebreak_oldest_review_timestamp_seconds", "Since when one of them waits", "project", "band")
    overdue = _gauge("tiebreak_overdue_reviews", "Those that wait longer than they may", "project", "band")
    for one in queued:
        labels = [str(one.project), str(one.band)]
        tasks.add_metric(labels, one.tasks)
        waiting.add_metric(labels, one.reviews)
        overdue.add_metric(labels, one.overdue)
        if one.oldest is not None:
            oldest.add_metric(labels, one.oldest / SECOND)
    yield from (tasks, waiting, oldest, overdue)


def _of_plans(planned: list[plans.Plan]) -> Iterator[Metric]:
    due = _gauge("tiebreak_next_run_timestamp_seconds", "When a project is run next", "project")
    failed = _gauge("tiebreak_failures_in_a_row", "Runs of a project that failed since one succeeded", "project")
    for one in planned:
        due.add_metric([str(one.project)], one.next_at / SECOND)
        failed.add_metric([str(one.project)], one.failures)
    yield from (due, failed)


def _of_runners(known: list[runners.Runner]) -> Iterator[Metric]:
    there = _gauge("tiebreak_runners", "Processes that look after projects, in the last hour", "state")
    resting = _gauge("tiebreak_runners_resting", "How many of them leave Label Studio in peace after failures")
    for state, alive in (("alive", True), ("gone", False)):
        there.add_metric([state], sum(one.alive is alive for one in known))
    resting.add_metric([], sum(one.alive and one.rests_until is not None for one in known))
    yield from (there, resting)


def _gauge(name: str, said: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, labels=labels)


def _counter(name: str, said: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, said, labels=labels)
