"""Whom to help, and whom to thank? The annotators of one control; decisions about them with reasons."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from ...errors import SettingsError
from ...people.deciding import decide
from ...people.own import OwnRulings, own_rulings
from ...quality.records import Estimate
from ...store import decisions, helpful
from ...store.decisions import COACH, PAUSE, RESUME, Decision
from .. import people_tables, queries, wording
from ..actors import names_of
from ..behind import behind
from ..charts import Chart
from ..figures import Figure, Form, estimated
from ..framing import address, label_studio
from ..link_actions import LINK_ACTIONS, USUAL, links_of, links_table, person_asked
from ..matrix import Matrix, matrix_of, shade
from ..page import PROJECT, Action, Asked, Done, Page, Refused
from ..people import HIDDEN, Called, Crowd, Person, called, crowds
from ..people_charts import reliability_chart, speed_chart
from ..report import ControlReport
from ..tables.table import Link, Table
from ..whom_to_help import sentence

DECISIONS = 200
"""Decisions that are listed, the newest."""
LABELS = 12
"""A confusion matrix is drawn of so many labels at most; the table beside it has all."""
RULINGS = 100
"""Rulings on somebody's answers that are listed, the newest."""
HELPFUL = 3


@dataclass(frozen=True, slots=True)
class View:
    """What the page is about: one control, its people, and the one who was chosen."""

    control: ControlReport | None
    crowd: Crowd | None
    called: Called
    chosen: Person | None
    paused: Mapping[int, int]
    decided: Sequence[Decision]
    links: Mapping[int, Link]


def view(asked: Asked) -> View:
    """The control that the address names, else the weakest one."""
    controls = asked.report.controls if asked.report else ()
    wanted = next((one for one in controls if one.name == asked.args.get("control")), None)
    control = wanted or (asked.report.weakest if asked.report else None)
    crowd = None if control is None else asked.once(crowds).get(control.name)
    decided = decisions.decisions_of(asked.connection, asked.project.key)
    ids = {one.person for one in decided}
    ids |= {one.id for one in crowd.people} if crowd else set()
    ids |= {person for pair in control.pairs for person in pair.annotators} if control else set()
    known = called(asked, ids)
    chosen = crowd.of(known.find(asked.args.get("person", ""))) if crowd else None
    links = {one: Link(known.name(one), _address(asked, person=known.key(one)) + "#person") for one in ids}
    paused = decisions.paused(asked.connection, asked.project.key)
    return View(control, crowd, known, chosen, paused, decided, links)


def _address(asked: Asked, **changed: str) -> str:
    """The page with what is chosen on it, and what changes."""
    kept = {name: asked.args.get(name, "") for name in KEEPS} | changed
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"/projects/{asked.project.label_studio_id}/annotators" + (f"?{query}" if query else "")


def read(asked: Asked) -> Mapping[str, Any]:
    """The headline, the tiles, the matrix, and the chosen one."""
    now = asked.once(view)
    chosen, crowd, matrix = now.chosen, now.crowd, _matrix(asked, now)
    controls = [
        (one.name, _address(asked, control=one.name, person=""), one is now.control)
        for one in (asked.report.controls if asked.report else ())
    ]
    reasons = helpful.most_helpful(asked.connection, asked.project.key, HELPFUL)
    switched = Called({}, now.called.order, not now.called.hidden)
    return {
        "view": now,
        "lead": sentence(crowd, now.called),
        "figures": _figures(asked, now),
        "controls": controls if len(controls) > 1 else [],
        "switch": _address(
            asked, names="" if now.called.hidden else HIDDEN, person=switched.key(chosen.id) if chosen else ""
        ),
        "everybody": _address(asked, person=""),
        "matrix": matrix,
        "of_pairs": Figure("kappa" if matrix and matrix.kappas else "agreement", None),
        "numbers": _numbers(chosen, now, _answers_of(asked, now, chosen.id)) if chosen else (),
        "answers_of": lambda *people: _answers_of(asked, now, *people),
        "confusion": _confusion(chosen) if chosen else None,
        "talk": list(people_tables.talk_of(chosen, now.called)) if chosen else (),
        "improved": now.links[crowd.most_improved] if crowd and crowd.most_improved is not None else None,
        "improvement": _improvement(crowd),
        "link": asked.once(links_of).get(chosen.id) if chosen else None,
        "days": USUAL,
        "helpful": reasons,
        "reviewers": queries.names(asked.connection, {one.reviewer for one in reasons if one.reviewer is not None}),
    }


def _matrix(asked: Asked, now: View) -> Matrix | None:
    control = now.control
    return None if control is None else asked.keep(f"annotators of {control.name}", lambda: matrix_of(control))


def _answers_of(asked: Asked, now: View, *people: int) -> str:
    """Where the tasks are that somebody answered, or both of two; empty where names are hidden: answers tell them."""
    if now.control is None or now.called.hidden:
        return ""
    of = dict(zip(("first", "second"), people, strict=False))
    define = "answers" if len(people) == 1 else "tasks_in_common"
    here = url_for("dashboard.task", label_studio_id=asked.project.label_studio_id)
    return behind(here, define, control=now.control.name, **of)


def _figures(asked: Asked, now: View) -> Sequence[Figure]:
    control, crowd, leads = now.control, now.crowd, asked.may("lead")
    if control is None or crowd is None or asked.report is None:
        return ()
    out = asked.report.excluded.total
    n = len(crowd.people)
    changed = sum(bool(one.profile["changes"]) for one in crowd.people)
    signalled = sum(bool(one.profile["spam"]) for one in crowd.people)
    return (
        Figure("annotators", n, n=control.annotations, of="answer", tasks="#table-people"),
        estimated(
            "alpha",
            control.alpha,
            "coefficient",
            left_out=wording.counted(out, "annotation") if out else "",
            tasks="#table-pairs",
        ),
        Figure("changed_people", changed, n=n, of="annotator", tasks="#table-talk"),
        Figure("signalled", signalled, n=n, of="annotator", tasks="#table-talk"),
        Figure(
            "paused_people",
            len(now.paused),
            n=n,
            of="annotator",
            tasks="#table-decisions" if leads else "#table-people",
        ),
        _estimated("speed_accuracy", crowd.correlation, "coefficient", "#table-speed", "annotator"),
    )


def _numbers(one: Person, now: View, answers: str) -> Sequence[Figure]:
    """Everything about somebody, each with what it was counted from; ``answers`` is where their tasks are."""
    median, fast = one.speed("median"), one.speed("too_fast")
    streak, improvement = one.thanks["streak"], one.improvement
    own = {"of": "answer", "n": streak["n"], "reason": streak["reason"] or ""}
    found = (
        Figure("answers", one.profile["annotations"], n=now.control.annotations if now.control else None, of="answer"),
        _share("right_share", one.estimate("reliability")),
        _share("with_others", one.estimate("agreement")),
        _share("gold_share", one.estimate("gold")),
        _share("with_self", one.rate("self_agreement")),
        _share("acceptance", one.rate("acceptance")),
        _share("first_pass", one.rate("first_pass")),
        _estimated("lead_seconds", median, "number"),
        _share("too_fast", fast),
        Figure("streak", streak["longest"], **own),
        Figure("streak_now", streak["current"], **own),
        _estimated("improvement", improvement, "coefficient"),
    )
    return [replace(figure, tasks=answers) for figure in found]


def _share(define: str, one: Estimate) -> Figure:
    return _estimated(define, one, "share")


def _estimated(define: str, one: Estimate, form: Form, tasks: str = "", of: str = "answer") -> Figure:
    return replace(estimated(define, one, form, tasks=tasks), of=of)


def _confusion(one: Person) -> Mapping[str, Any] | None:
    """The matrix of few labels: rows of (probable label, cells of (given, share, shade, expected number))."""
    table: Mapping[str, Mapping[str, float]] = one.profile["confusion"]
    labels = list(dict.fromkeys([*table, *(label for given in table.values() for label in given)]))
    if not labels or len(labels) > LABELS:
        return None
    rows = []
    for probable in labels:
        given = table.get(probable, {})
        total = sum(given.values())
        cells = [(given.get(label, 0.0) / total if total else None, given.get(label, 0.0)) for label in labels]
        rows.append((probable, [(share, shade(share), number) for share, number in cells]))
    return {"labels": labels, "rows": rows}


def _improvement(crowd: Crowd | None) -> Any:
    found = crowd.of(crowd.most_improved) if crowd else None
    return None if found is None else found.improvement


def _pairs(asked: Asked, control: ControlReport, called: Called) -> Table:
    """Kept, since of 100 people there are 4,950 pairs."""
    stamp = (called.hidden, tuple(called.names.items()), tuple(called.order.items()))
    return asked.keep(f"pairs of {control.name}", lambda: people_tables.pairs_table(control, called), stamp=stamp)


def tables(asked: Asked) -> Sequence[Table]:
    """People, pairs, what to talk about, what to thank for; of the chosen one confusion and biases; for leads more."""
    now = asked.once(view)
    found = []
    if now.crowd is not None:
        board = people_tables.board_table(now.crowd, now.links)
        found += [
            people_tables.people_table(now.crowd, now.links, now.paused),
            people_tables.talk_table(now.crowd, now.called, now.links),
            people_tables.thanks_table(now.crowd, now.links),
            *([board] if board else []),
        ]
    if now.control is not None:
        found.append(_pairs(asked, now.control, now.called))
    if now.chosen is not None:
        outside, number = label_studio(asked.settings), asked.project.label_studio_id
        found += [
            people_tables.confusion_table(now.chosen),
            people_tables.biases_table(now.chosen),
            people_tables.rulings_table(
                _rulings(asked, now.chosen.id),
                f"Rulings on answers of {now.called.name(now.chosen.id)}",
                "None yet: no task of theirs was ruled.",
                lambda task: address(outside, queries.Place(number, task)),
            ),
        ]
    return [*found, *_for_leads(asked, now)] if asked.may("lead") else found


def _for_leads(asked: Asked, now: View) -> Sequence[Table]:
    """What was decided about people, and why: nothing for whoever may only look."""
    newest = now.decided[:DECISIONS]
    by = names_of(asked.connection, {one.decided_by for one in newest})
    decided = people_tables.decisions_table(newest, now.called, now.links, by)
    return [decided, links_table(asked, now.called, now.links)]


def _rulings(asked: Asked, person: int) -> OwnRulings:
    key = asked.project.key
    return asked.keep(f"rulings of {person}", lambda: own_rulings(asked.connection, key, person, RULINGS))


def charts(asked: Asked) -> Sequence[Chart]:
    """How reliable, and speed beside accuracy; each where there are numbers."""
    now = asked.once(view)
    if now.crowd is None:
        return []
    everybody = people_tables.people_table(now.crowd, now.links, now.paused).rows
    assert not callable(everybody)
    drawn = (
        reliability_chart(everybody),
        speed_chart(now.crowd, [now.called.name(one.id) for one in now.crowd.people]),
    )
    return [chart for chart in drawn if chart is not None]


def _decide(action: str) -> Callable[[Asked, Mapping[str, str]], Done | None]:
    """What a form does: see ``people.deciding``, which records it."""

    def act(asked: Asked, form: Mapping[str, str]) -> Done | None:
        person = person_asked(asked, form)
        if not form.get("reason", "").strip():
            raise Refused("Say why, in words that you would say to the person.")
        try:
            decide(
                asked.connection,
                asked.project.key,
                person,
                action,
                form["reason"],
                now=asked.now,
                actor=asked.person.actor,
            )
        except SettingsError as error:
            raise Refused(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        return None

    return act


SAID = {
    PAUSE: "Paused: what they answer from now on is sent for review. Label Studio blocks nobody; tell them why.",
    COACH: "Noted that you talk with them, with the numbers of now.",
    RESUME: "Resumed: nothing more is sent for review; reviews that were begun stay.",
}
KEEPS = ("control", "person", "names")

PAGE = Page(
    "annotators",
    "Annotators",
    f"{PROJECT}/annotators",
    read,
    tables,
    charts,
    actions={name: Action(_decide(name), f"person {name}", said) for name, said in SAID.items()} | LINK_ACTIONS,
    keeps=KEEPS,
)
