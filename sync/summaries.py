"""The numbers behind the pages, computed when something changed and kept: a page reads one row (docs/progress.md)."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection

from label_config.model import Control, LabelConfig
from label_config.parse import parse

from .agreement.asked import Asked, methods_of
from .control_report import windows
from .evidence.stored import late_answers
from .quality import progress
from .quality.coded_answers import encode_columns
from .quality.evidence import ControlEvidence, Method
from .quality.progress import DAY, Completion, Days, Forecast, Trend, Waiting, Window, Work
from .quality.records import FloatArray
from .settings import Settings
from .store import changes, packed, projects, summaries
from .store.columns import Columns, Excluded
from .store.engine import Store
from .store.summaries import Reviews, Tasks

PROGRESS, DAYS, AGREEMENT = KINDS = ("progress", "days", "agreement")
VERSION = 3
"""Of what is computed: another one makes all summaries anew."""
PERIODS = 12
"""Labels are rarer than answers: they are followed over so many periods at most, each of some windows of the report."""
CHOSEN = {"hourly_cost", "review_days", "distances", "seed", "bootstrap", "confidence"}
"""Settings that the numbers depend on."""
SERIES = 365
"""Days that are kept one by one."""
BY_PERSON = 90
"""The same of single people."""
COEFFICIENTS = ("krippendorff_alpha", "percent_agreement")


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the summaries of a project are computed from; ``answers`` are as assessments read them.

    ``agreement`` is the summary of that kind as it is kept, where it would be the same today.
    """

    config: LabelConfig
    report: Mapping[str, Any]
    tasks: Tasks
    answers: Columns
    late: Columns
    excluded: Excluded
    reviews: Reviews
    review_seconds: FloatArray
    queued: tuple[Any, Any]
    accepted: int
    agreement: Mapping[str, Any] | None = None


def summarise(store: Store, project: int, settings: Settings, clock: Callable[[], int]) -> bool:
    """Bring the summaries of a project (the store's key) up to date; whether any were out of it.

    Nothing is done before the first assessment. While only what changed is judged, agreement stays as it was when that
    began; in the assessment it does so, too.
    """
    now = clock()
    with store.read() as connection:
        if not _outdated(connection, project, settings, now) or not summaries.is_assessed(connection, project):
            return False
    with store.begin() as connection:
        summaries.note_queue(connection, project, now)
    with store.read() as connection:
        outdated = _outdated(connection, project, settings, now)
        kept = None if AGREEMENT in outdated else summaries.of(connection, project, AGREEMENT)
        facts = _gather(connection, project, None if kept is None else kept.body)
    bodies = bodies_of(facts, settings, now)
    with store.begin() as connection:
        for kind, stamp in outdated.items():
            summaries.write(connection, project, {kind: bodies[kind]}, stamp, now)
    return True


def _outdated(connection: Connection, project: int, settings: Settings, now: int) -> dict[str, str]:
    """The kinds that would be others today -> their stamps: equal where all that is computed would be the same.

    On another day (UTC) it is not, but for agreement, which follows from what everything was judged by.
    """
    chosen = settings.model_dump(mode="json", include=CHOSEN)
    seen = summaries.depends_on(connection, project)
    today = [VERSION, seen, chosen, now // DAY]
    agreement = [VERSION, summaries.judged_whole(connection, project) or seen, chosen]
    parts = {PROGRESS: today, DAYS: today, AGREEMENT: agreement}
    stamps = {kind: hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest() for kind, one in parts.items()}
    known = summaries.stamps(connection, project)
    return {kind: stamp for kind, stamp in stamps.items() if known.get(kind) != stamp}


def _gather(connection: Connection, project: int, agreement: Mapping[str, Any] | None) -> Facts:
    config = parse(projects.label_config(connection, project))
    block = packed.block(connection, project, changes.seen(connection))
    answers, excluded = block.columns(), block.excluded
    report = summaries.report(connection, project)
    assert report is not None
    return Facts(
        config,
        report,
        summaries.tasks_of(connection, project),
        answers,
        answers.with_rows(late_answers(connection, project, config, answers)),
        excluded,
        summaries.reviews_of(connection, project),
        summaries.review_seconds(connection, project),
        summaries.queued_since(connection, project),
        summaries.accepted(connection, project),
        agreement,
    )


def bodies_of(facts: Facts, settings: Settings, now: int) -> dict[str, dict[str, Any]]:
    """Kind -> the numbers of it, as docs/progress.md defines them."""
    work = work_of(facts.tasks, facts.answers)
    done = progress.completion(work)
    found = progress.days(work, done, now // DAY)
    agreement = _agreements(facts, settings) if facts.agreement is None else facts.agreement["controls"]
    return {
        PROGRESS: {
            "progress": _progress(work, done),
            "pace": _pace(found),
            "forecast": _forecast(found, int(done.missing.sum()), settings.seed),
            "lead_times": _lead_times(work, done, facts.reviews),
            "waiting": _waiting(facts, settings, now),
            "cost": asdict(progress.cost(work.lead_time, facts.review_seconds, facts.accepted, settings.hourly_cost)),
            "controls": {
                name: _headline(report, agreement[name], settings.seed)
                for name, report in facts.report["controls"].items()
                if name in agreement
            },
            "left_out": _left_out(facts, work),
        },
        DAYS: _days(found),
        AGREEMENT: {"controls": agreement},
    }


def _agreements(facts: Facts, settings: Settings) -> dict[str, dict[str, Any]]:
    methods = methods_of(_asked(facts.config, settings), facts.config.controls)
    return {
        name: _agreement(one, methods[name], settings.seed) | _labels(facts, one, methods[name], settings)
        for name, one in _evidence(facts).items()
    }


def work_of(tasks: Tasks, answers: Columns) -> Work:
    """An answer to several controls is one; it came when the last of it changed."""
    place = np.searchsorted(tasks.key, answers.task)
    there = place < len(tasks.key)
    there[there] = tasks.key[place[there]] == answers.task[there]
    rows = np.flatnonzero(there)
    # Rows stand in the order of tasks, annotators and controls, so those of an answer are neighbours.
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = (np.diff(answers.task[rows]) != 0) | (np.diff(answers.annotator[rows]) != 0)
    rows = rows[first]
    return Work(
        tasks.created_at,
        tasks.wanted,
        place[rows],
        answers.annotator[rows],
        answers.updated_at[rows],
        answers.lead_time[rows],
    )


def _evidence(facts: Facts) -> dict[str, ControlEvidence]:
    return {control.name: _evidence_on(control, facts.late.of(control.name)) for control in facts.config.controls}


def _evidence_on(control: Control, said: Columns) -> ControlEvidence:
    answers = [answer for _, answer in said.answers]
    return ControlEvidence(control, encode_columns(control, said.task, said.annotator, said.said, answers))


def _asked(config: LabelConfig, settings: Settings) -> Asked:
    names = {control.name for control in config.controls}
    return Asked(distances={name: chosen for name, chosen in settings.distances.items() if name in names})


def _agreement(evidence: ControlEvidence, method: Method, seed: int) -> dict[str, Any]:
    pairs = progress.confused(evidence.coded)
    return {
        "distribution": asdict(progress.distribution(evidence, method, np.random.default_rng(seed))),
        "confused": None if pairs is None else [asdict(one) for one in pairs],
        "reason": progress.NO_LABELS if pairs is None else None,
    }


def _labels(facts: Facts, evidence: ControlEvidence, method: Method, settings: Settings) -> dict[str, Any]:
    """Each label over time, with the bounds of its periods."""
    said = facts.late.of(evidence.control.name)
    window, bounds = windows(said.task, said.updated_at)
    each = -(-len(bounds) // PERIODS)
    period = {task: int(number) // each for task, number in window.items()}
    method = replace(method, bootstrap=settings.bootstrap, confidence=settings.confidence)
    found = progress.labels_over_time(evidence, method, period, np.random.default_rng(settings.seed))
    return {
        "labels": [
            {
                "from": bounds[one.period * each][0],
                "to": bounds[min(len(bounds), (one.period + 1) * each) - 1][1],
                **{name: value for name, value in asdict(one).items() if name != "period"},
            }
            for one in found
        ]
    }


def _progress(work: Work, done: Completion) -> dict[str, int]:
    missing = int(done.missing.sum())
    complete = int(np.count_nonzero(done.missing == 0))
    return {
        "tasks": len(work.wanted),
        "complete": complete,
        "tasks_left": len(work.wanted) - complete,
        "answers": len(work.at),
        "answers_wanted": int(work.wanted.sum()),
        "answers_left": missing,
    }


def _pace(found: Days) -> dict[str, Any]:
    """Today, as far as it has come, and the 6 or 27 days before."""
    spans = {}
    for length in (7, 28):
        part = slice(max(0, len(found.answers) - length), None)
        people = {person: int(counts[part].sum()) for person, counts in found.people.items()}
        spans[str(length)] = {
            "answers": int(found.answers[part].sum()),
            "completed": int(found.completed[part].sum()),
            "people": {str(person): count for person, count in people.items() if count},
        }
    return spans


def _forecast(found: Days, remaining: int, seed: int) -> dict[str, Any]:
    said: Forecast = progress.forecast(found.first, found.counting, remaining, np.random.default_rng(seed))
    times = {name: None if (day := getattr(said, name)) is None else day * DAY for name in ("day", "low", "high")}
    return asdict(said) | times


def _lead_times(work: Work, done: Completion, reviews: Reviews) -> dict[str, Any]:
    return {
        "tasks": asdict(progress.lead_times(work.created_at, done.at)),
        "reviews": asdict(progress.lead_times(reviews.began, reviews.ruled)),
    }


def _waiting(facts: Facts, settings: Settings, now: int) -> dict[str, Any]:
    limits = {int(band[1:]): days for band, days in settings.review_days.items()}
    open_ones = facts.reviews.ruled == progress.NEVER
    under_review = progress.waiting(facts.reviews.band[open_ones], facts.reviews.began[open_ones], limits, now)
    return {"reviews": _as_dicts(under_review), "queue": _as_dicts(progress.waiting(*facts.queued, {}, now))}


def _as_dicts(found: Sequence[Waiting]) -> list[dict[str, Any]]:
    return [asdict(one) for one in found]


def _headline(report: Mapping[str, Any], agreement: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """What the first sentence about a control needs: its agreement, since when it is another one, what is confused."""
    first = next(iter(agreement["confused"] or ()), None)
    pair = None if first is None else {name: first[name] for name in ("labels", "tasks", "of")}
    trends = {name: asdict(_trend(report["trend"], name, seed)) for name in COEFFICIENTS}
    return {**{name: report[name] for name in COEFFICIENTS}, "trend": trends, "most_confused": pair}


def _trend(windows: Sequence[Mapping[str, Any]], coefficient: str, seed: int) -> Trend:
    found = [
        Window(one["from"], one[coefficient]["value"], one["tasks"])
        for one in windows
        if one[coefficient]["value"] is not None
    ]
    return progress.trend(found, np.random.default_rng(seed))


def _left_out(facts: Facts, work: Work) -> dict[str, int]:
    """What does not count as an answer: as the report has it, and annotations that say nothing on any control."""
    excluded = facts.excluded
    return {
        "cancelled": excluded.cancelled,
        "ground_truth": excluded.ground_truth,
        "duplicates": excluded.duplicates,
        "anonymous": excluded.anonymous,
        "rejected": len(excluded.rejected),
        "empty": max(0, facts.report["progress"]["annotations"] - len(work.at)),
    }


def _days(found: Days) -> dict[str, Any]:
    """The last year day by day, the last quarter of each person."""
    kept = slice(max(0, len(found.answers) - SERIES), None)
    recent = slice(max(0, len(found.answers) - BY_PERSON), None)
    names = ("answers", "counting", "completed", "created", "tasks_left", "answers_left")
    people = {str(person): counts[recent].tolist() for person, counts in found.people.items() if counts[recent].any()}
    return {
        "from": (found.first + (kept.start or 0)) * DAY,
        **{name: getattr(found, name)[kept].tolist() for name in names},
        "people_from": (found.first + (recent.start or 0)) * DAY,
        "people": people,
    }
