"""Does the loop run, is it behind, and what is to be mended? Runs, processes, jobs, and what the doctor found."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for

from ...progress_report.in_words import duration
from ...store import examined, runners
from ...store.lease import held, last_beat
from ...store.lease import in_words as holder_in_words
from ...store.run_log import Ran
from .. import queries, running, wording
from ..figures import Figure
from ..page import Asked, Page
from ..queries import Project
from ..running import NOBODY, STATES, Job, Sync
from ..tables.table import Column, Link, Row, Table

HOUR = 3.6e9
"""Microseconds."""
NO_RUN = "No run has ended yet."
RESULTS = FAILED, TOLD, DID, QUIET = "Failed", "Has something to say", "Did something", "Nothing new"
SYNCS = (
    Column("project", "Project", "link", search=True),
    Column("state", "State", choices=STATES),
    Column("last", "Last run", "time", define="last_run"),
    Column("lag", "Ago", "number", define="lag"),
    Column("known", "Known until", "time", define="known_until"),
    Column("next", "Next run", "time", define="next_run"),
    Column("failures", "Failures", "number", define="failed_in_a_row"),
    Column("hint", "Last hint", "time", define="last_hint"),
    Column("said", "It said", search=True, apart=True),
    Column("runner", "By", apart=True),
)
STEPS = (
    Column("step", "Step", search=True),
    Column("project", "Project", search=True),
    Column("times", "Times", "number", define="step_times"),
    Column("failures", "Failed", "number", define="step_failures"),
    Column("mean", "Mean, s", "number", define="step_mean"),
    Column("seconds", "In all, s", "number", define="step_seconds"),
)
LOG = (
    Column("ended", "Ended", "time", define="log_ended"),
    Column("project", "Project", search=True),
    Column("result", "Result", choices=RESULTS),
    Column("times", "Runs", "number", define="log_runs"),
    Column("seconds", "Took, s", "number", define="log_seconds"),
    Column("did", "What it did", search=True, sort=False),
)
FINDINGS = (
    Column("state", "State", choices=("To mend", "Well")),
    Column("check", "Checked", search=True),
    Column("message", "Found", search=True),
    Column("remedy", "What mends it"),
)
PROCESSES = (
    Column("process", "Process"),
    Column("kind", "Kind"),
    Column("state", "State", choices=("Alive", "Rests", "Gone")),
    Column("at", "At"),
    Column("since", "Since", "time"),
    Column("seen", "Last seen", "time"),
    Column("because", "It rests because"),
)


def read(asked: Asked) -> Mapping[str, Any]:
    """The headline, the tiles, what is under way; of the machines only for who may see all projects."""
    found, everything = asked.once(_syncs), asked.may("viewer")
    return {
        "lead": _lead(found, asked.once(_alive)),
        "longest": _longest(found, asked.now),
        "figures": _figures(asked),
        "syncs": found,
        "failed": [one for one in found if one.state == "Failed"],
        "jobs": asked.once(_jobs),
        "everything": everything,
        "examined": asked.once(_examined),
        "wrong": len(asked.once(_wrong)),
        "webhook": _webhook(asked, found),
        "held": _held(asked) if everything else [],
    }


def _shown(asked: Asked) -> Sequence[Project]:
    return [one for one in queries.source_projects(asked.connection) if asked.person.may("viewer", one.key)]


def _syncs(asked: Asked) -> Sequence[Sync]:
    return running.syncs(asked.connection, asked.once(_shown), asked.now)


def _processes(asked: Asked) -> Sequence[runners.Runner]:
    return runners.known(asked.connection, asked.now)


def _alive(asked: Asked) -> int:
    return sum(one.alive for one in asked.once(_processes))


def _jobs(asked: Asked) -> Sequence[Job]:
    """Counting a round reads its tasks: it is counted again when the round says something new."""
    found = []
    for project, one in running.rounds_under_way(asked.connection, asked.once(_shown)):
        told = last_beat(asked.connection, f"project:{project.label_studio_id}:round")
        count = _counted(asked, project, one)
        found.append(asked.kept.get(("round", project.key), (one.key, told), count))
    return [*found, *running.review_jobs(asked.connection, asked.once(_shown))]


def _counted(asked: Asked, project: Project, one: Any) -> Any:
    return lambda: running.round_job(asked.connection, project, one)


def _examined(asked: Asked) -> examined.Examination | None:
    """What the doctor found, of what who asks may see: findings about no project are for who may see all."""
    found = examined.newest(asked.connection)
    if found is None or asked.may("viewer"):
        return found
    mine = {one.label_studio_id for one in asked.once(_shown)}
    return examined.Examination(found.at, tuple(one for one in found.findings if one.project in mine))


def _wrong(asked: Asked) -> Sequence[examined.Finding]:
    found = asked.once(_examined)
    return [one for one in found.findings if not one.ok] if found else []


def _lead(found: Sequence[Sync], alive: int) -> str:
    """One sentence: whether anybody looks after the projects, and how these are."""
    if not found:
        return ""
    who = f"{wording.counted(alive, 'process', 'processes')} {'looks' if alive == 1 else 'look'} after the projects"
    if not alive:
        who = NOBODY
    counts = {state: sum(one.state == state for one in found) for state in STATES}
    bad = [
        f"{counts[state]:,} {word}"
        for state, word in (("Failed", "failed"), ("Overdue", "overdue"), ("Never run", "never run"))
        if counts[state]
    ]
    how = f"of {wording.counted(len(found), 'project')} {', '.join(bad)}" if bad else "all runs went well"
    return f"{who}; {how}."


def _longest(found: Sequence[Sync], now: int) -> str:
    """Which project was run longest ago."""
    ran = [(one.last, one.project.title or "Untitled") for one in found if one.last is not None]
    if not ran:
        return ""
    last, title = min(ran)
    return f"The longest without a run is {title}: {duration((now - last) / HOUR)}."


def _figures(asked: Asked) -> Sequence[Figure]:
    found, doctor = asked.once(_syncs), asked.once(_examined)
    counts = {state: sum(one.state == state for one in found) for state in STATES}
    figures = [
        Figure("failing", counts["Failed"], n=len(found), of="project", tasks="?state=Failed#table-runs"),
        Figure("overdue_runs", counts["Overdue"], n=len(found), of="project", tasks="?state=Overdue#table-runs"),
        Figure(
            "found_wrong",
            len(asked.once(_wrong)) if doctor else None,
            n=len(doctor.findings) if doctor else None,
            of="check",
            reason="the doctor has not looked yet",
            tasks="#table-doctor",
        ),
    ]
    if asked.may("viewer"):
        known = asked.once(_processes)
        figures.insert(0, Figure("runners", asked.once(_alive), n=len(known), of="runner", tasks="#table-processes"))
    return figures


def _webhook(asked: Asked, found: Sequence[Sync]) -> str:
    """How Label Studio's webhooks do, in a sentence."""
    seconds = asked.settings.sync_seconds
    often = f"{seconds:g} seconds" if seconds < 2 * 60 else duration(seconds / 3600)
    if not asked.settings.public_url:
        return f"No webhook: public_url is not set, so that changes are seen every {often}."
    if not asked.settings.secret.get_secret_value():
        return "Webhooks are refused: set a secret in the settings."
    told = max((one.hint for one in found if one.hint is not None), default=None)
    if told is None:
        return f"No hint has come yet: until then changes are seen every {often}. “tiebreak doctor” says what is wrong."
    return f"The last hint came {duration((asked.now - told) / HOUR)} ago."


def _held(asked: Asked) -> Sequence[tuple[str, str, int]]:
    """What is held, by whom, and until when."""
    return [(name, holder_in_words(who), until) for name, (who, until) in held(asked.connection, asked.now).items()]


def tables(asked: Asked) -> Sequence[Table]:
    """The runs, what the doctor found, the steps; and the processes for who may see all projects."""
    doctor, shown = asked.once(_examined), asked.once(_shown)
    log = [_logged(project, one) for project, one in running.log(asked.connection, shown)]
    steps = [_step(project, one) for project, one in running.steps(asked.connection, shown)]
    found = [
        Table(
            "runs", "Runs", SYNCS, [_sync(asked, one) for one in asked.once(_syncs)], empty="No project is known yet."
        ),
        Table(
            "doctor",
            "What the doctor found",
            FINDINGS,
            [_finding(one) for one in sorted(doctor.findings, key=lambda one: one.ok)] if doctor else [],
            empty="Run “tiebreak doctor”: it checks Label Studio, the webhooks, the ML backend and the order of tasks.",
            size=25,
        ),
        Table(
            "log",
            "Log of runs",
            LOG,
            log,
            empty=NO_RUN,
            note="The last 25 of each project; runs in a row that found nothing new are one.",
            size=15,
        ),
        Table("steps", "Steps of runs", STEPS, steps, empty=NO_RUN, note="Since each step was first counted.", size=25),
    ]
    if asked.may("viewer"):
        rows = [_process(one) for one in asked.once(_processes)]
        found.append(Table("processes", "Processes", PROCESSES, rows, empty=f"{NOBODY}.", note="Of the last hour."))
    return found


def _sync(asked: Asked, one: Sync) -> Row:
    where = url_for("dashboard.project", label_studio_id=one.project.label_studio_id)
    return {
        "project": Link(one.project.title or "Untitled", where),
        "state": one.state,
        "last": one.last,
        "lag": None if one.last is None else max(0, (asked.now - one.last) // 1_000_000),
        "known": one.known_until,
        "next": one.next_at,
        "failures": one.failures,
        "hint": one.hint,
        "said": one.message,
        "runner": one.runner,
        "ago": "–" if one.last is None else duration((asked.now - one.last) / HOUR),
    }


def _finding(one: examined.Finding) -> Row:
    state = "Well" if one.ok else "To mend"
    return {"state": state, "check": one.check, "message": one.message, "remedy": one.remedy}


def _logged(project: Project, one: Ran) -> Row:
    did = [f"{step.name.replace('_', ' ')}: {step.said}" for step in one.steps if step.said]
    broke = [f"{step.name.replace('_', ' ')} failed" for step in one.steps if step.failed]
    result = FAILED if not one.ok else TOLD if one.said else QUIET if one.is_quiet else DID
    return {
        "ended": one.ended,
        "project": project.title or "Untitled",
        "result": result,
        "times": one.times,
        "seconds": round(sum(step.seconds for step in one.steps), 1),
        "did": "; ".join((*did, *broke, *one.said.splitlines())),
        "lines": (*did, *broke, *one.said.splitlines()),
        "steps": one.steps,
        "began": one.began,
    }


def _step(project: Project, one: Any) -> Row:
    return {
        "step": one.name.replace("_", " "),
        "project": project.title or "Untitled",
        "times": one.times,
        "failures": one.failures,
        "mean": round(one.seconds / one.times, 3) if one.times else None,
        "seconds": round(one.seconds, 1),
    }


def _process(one: runners.Runner) -> Row:
    return {
        "process": holder_in_words(one.name),
        "kind": one.kind,
        "state": "Gone" if not one.alive else "Rests" if one.rests_until else "Alive",
        "at": "" if one.at is None else f"project {one.at}",
        "since": one.started_at,
        "seen": one.seen_at,
        "because": one.rests_because or "",
    }


PAGE = Page("operations", "Operations", "/operations", read, tables, needs="anybody")
