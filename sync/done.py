"""What a step of a run did, in words: for the log of runs."""

from collections.abc import Iterator
from functools import singledispatch

from .assess import Assessment
from .dashboard.wording import counted
from .overlap import OverlapReport
from .pull import PullReport
from .push import PushReport
from .refresh import RefreshReport
from .resolve_report import ResolveReport
from .versions.putting_back import PutBack


@singledispatch
def in_words(_: object) -> str:
    """What a step did by what it gave back; empty for nothing that anybody would ask about.

    >>> in_words(PullReport(1, tasks=0, annotations=1, versions=3, rejected=0, deleted=2))
    '1 new annotation, 3 versions of annotations, 2 tasks deleted'
    >>> in_words(PullReport(1, 0, 0, 0, 0, 0)), in_words(True), in_words(None)
    ('', '', '')
    """
    return ""


@in_words.register
def _(done: PullReport) -> str:
    return _listed(
        (done.tasks, "new task", "new tasks"),
        (done.annotations, "new annotation", "new annotations"),
        (done.versions, "version of annotations", "versions of annotations"),
        (done.rejected, "annotation unreadable", "annotations unreadable"),
        (done.deleted, "task deleted", "tasks deleted"),
    )


@in_words.register
def _(done: ResolveReport) -> str:
    return _listed(
        (done.rulings, "ruling", "rulings"),
        (done.ground_truths, "ground truth written", "ground truths written"),
        (done.votes, "late answer", "late answers"),
        (len(done.unreadable), "review unreadable", "reviews unreadable"),
    )


@in_words.register
def _(done: PutBack) -> str:
    return _listed((done.ground_truths, "restored label written", "restored labels written"))


@in_words.register
def _(done: Assessment) -> str:
    if not done.changed:
        return ""
    queue = done.report.get("queue") or {}
    return f"assessed anew, {counted(queue.get('total') or 0, 'answer')} to decide"


@in_words.register
def _(done: RefreshReport) -> str:
    return f"{counted(done.scored, 'task')} scored as {done.version}" if done.changed else ""


@in_words.register
def _(done: OverlapReport) -> str:
    return _listed(
        (done.raised, "task is to have one more answer", "tasks are to have one more answer"),
        (done.lowered, "task needs no more answers", "tasks need no more answers"),
    )


@in_words.register
def _(done: PushReport) -> str:
    return _listed(
        (done.pushed, "review pushed", "reviews pushed"),
        (done.renewed, "review renewed", "reviews renewed"),
        (done.withdrawn, "review withdrawn", "reviews withdrawn"),
        (done.reopened, "review opened again", "reviews opened again"),
        (done.removed, "duplicate removed", "duplicates removed"),
    )


@in_words.register
def _(done: tuple) -> str:  # type: ignore[type-arg]  # singledispatch needs the bare class
    return ", ".join(text for text in map(in_words, done) if text)


def _listed(*counts: tuple[int, str, str]) -> str:
    """Those that are not 0.

    >>> _listed((1, "ruling", "rulings"), (0, "vote", "votes"), (2000, "task", "tasks"))
    '1 ruling, 2,000 tasks'
    """
    return ", ".join(_each(counts))


def _each(counts: tuple[tuple[int, str, str], ...]) -> Iterator[str]:
    for number, one, several in counts:
        if number:
            yield f"{number:,} {one if number == 1 else several}"
