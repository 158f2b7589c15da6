"""Tables of people: their numbers, whom they agree with, what to talk about, and what to thank for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..people.own import OwnRulings
from ..quality.annotators import SIGNALS
from ..store.decisions import Decision
from .people import Called, Crowd, Person, estimate
from .report import ControlReport
from .tables.table import Column, Link, Row, Table
from .wording import counted, percent

BIASED = 0.05
"""A bias is worth a talk whose probability without any is below this."""
STATES = ("paused", "changed", "signal", "–")

PEOPLE = (
    Column("person", "Annotator", "link", search=True),
    Column("answers", "Answers", "number", define="answers"),
    Column("reliability", "Reliability", "share", define="right_share", interval=True),
    Column("agreement", "With the others", "share", define="with_others", interval=True),
    Column("gold", "On known truths", "share", define="gold_share", interval=True),
    Column("myself", "With themselves", "share", define="with_self", interval=True),
    Column("state", "State", choices=STATES),
)
PAIRS = (
    Column("first", "Annotator", search=True),
    Column("second", "With", search=True),
    Column("tasks", "Tasks in common", "number", define="tasks_in_common"),
    Column("kappa", "Kappa", "coefficient", define="kappa", interval=True),
    Column("agreement", "Agreement", "share", define="agreement", interval=True),
)
TALK = (
    Column("person", "Annotator", "link", search=True),
    Column("kind", "What", choices=("change", "bias", "signal")),
    Column("said", "It says", search=True, sort=False),
    Column("seen", "Seen", sort=False),
    Column("usual", "Usual or before", sort=False),
    Column("since", "Since", "time"),
    Column("n", "Answers", "number", define="seen_answers"),
    Column("p", "Chance", "share", define="p_value"),
)
THANKS = (
    Column("person", "Annotator", "link", search=True),
    Column("longest", "Longest run", "number", define="streak"),
    Column("current", "Run now", "number", define="streak_now"),
    Column("n", "Can be confirmed", "number", define="confirmable"),
    Column("improvement", "Improvement", "coefficient", define="improvement", interval=True),
    Column("acceptance", "Accepted", "share", define="acceptance", interval=True),
    Column("first", "At first pass", "share", define="first_pass", interval=True),
)
BOARD = (
    Column("person", "Annotator", "link", search=True),
    Column("place", "Place", "number", define="place"),
    Column("reliability", "Reliability", "share", define="right_share", interval=True),
)
CONFUSION = (
    Column("probable", "Probable label"),
    Column("given", "They gave"),
    Column("answers", "Answers", "number", define="confusion_expected"),
    Column("share", "Share", "share", define="confusion_share"),
)
BIASES = (
    Column("what", "Of what", search=True),
    Column("given", "Given", "number", define="bias_given"),
    Column("expected", "Expected", "number", define="bias_expected"),
    Column("difference", "Difference", "coefficient", define="bias_difference", interval=True),
    Column("p", "Chance", "share", define="p_value"),
)
DECISIONS = (
    Column("at", "When", "time"),
    Column("person", "Annotator", "link", search=True),
    Column("decision", "Decision", choices=("pause", "coach", "resume")),
    Column("why", "Why", search=True, sort=False),
    Column("numbers", "Numbers of then", sort=False),
    Column("by", "By"),
)
RULINGS = (
    Column("task", "Task", "link", search=True),
    Column("control", "Control"),
    Column("given", "Answered", search=True),
    Column("ruled", "Ruled", search=True),
    Column("same", "The same?", choices=("the same", "another")),
    Column("cause", "Cause"),
    Column("why", "Why", search=True, sort=False),
    Column("at", "When", "time"),
)
AGREEMENT, TIME = "agreement", "lead_time"


def people_table(crowd: Crowd, links: Mapping[int, Link], paused: Mapping[int, int]) -> Table:
    """Everybody's numbers, the least reliable first."""
    rows = [
        {
            "person": links[one.id],
            "answers": one.profile["annotations"],
            "reliability": one.estimate("reliability"),
            "agreement": one.estimate("agreement"),
            "gold": one.estimate("gold"),
            "myself": one.estimate("self_agreement"),
            "state": state(one, paused),
        }
        for one in crowd.people
    ]
    note = "Reliability is drawn to everybody's where somebody gave few answers; the other shares are as counted."
    return Table("people", "Annotators", PEOPLE, rows, empty="Nobody has answered yet.", note=note, size=25)


def state(one: Person, paused: Mapping[int, int]) -> str:
    """What a lead should know first of somebody: one of STATES."""
    if one.id in paused:
        return "paused"
    return "changed" if one.profile["changes"] else "signal" if one.profile["spam"] else "–"


def pairs_table(control: ControlReport, called: Called) -> Table:
    """Every pair with tasks in common, those that agree least first."""
    pairs = sorted(
        (one for one in control.pairs if one.tasks),
        key=lambda one: (one.kappa.value is None, one.kappa.value or one.percent.value or 0.0),
    )
    rows = [
        {
            "first": called.name(one.annotators[0]),
            "second": called.name(one.annotators[1]),
            "people": one.annotators,
            "tasks": one.tasks,
            "kappa": one.kappa,
            "agreement": one.percent,
        }
        for one in pairs
    ]
    empty = "No two people answered the same task: set the project's annotations per task to 2 or more."
    return Table("pairs", "Pairs, those that agree least first", PAIRS, rows, empty=empty, size=20)


def talk_table(crowd: Crowd, called: Called, links: Mapping[int, Link]) -> Table:
    """Changes, biases and signals of everybody, the surest first."""
    rows = [{"person": links[one.id], **row} for one in crowd.people for row in talk_of(one, called)]
    rows.sort(key=lambda row: row["p"])
    note = "A signal proves nothing, and a bias is often a guideline that two people read differently."
    empty = "Nothing: nobody's work changed, and nobody answers otherwise than the others beyond chance."
    return Table("talk", "What to talk about", TALK, rows, empty=empty, note=note, size=20)


def talk_of(one: Person, called: Called) -> Iterator[dict[str, Any]]:
    """What to talk about with somebody."""
    for change in one.profile["changes"]:
        form = _form(change["series"], change["measure"])
        number = change["n_before"] + change["n_after"]
        said = f"{_series(change)} changed"
        yield _row("change", said, form(change["after"]), form(change["before"]), number, change["p"], change["at"])
    for bias in one.profile["bias"]:
        if bias["p"] < BIASED:
            form = _form("", bias["measure"])
            word = "more" if bias["given"] > bias["expected"] else "less"
            number = bias["difference"]["n"]
            said = f"gives {what_of(bias)} {word} than the others do"
            yield _row("bias", said, form(bias["given"]), form(bias["expected"]), number, bias["p"])
    for signal in one.profile["spam"]:
        other = "" if signal["other"] is None else f" ({called.name(signal['other'])})"
        form = _plain if signal["kind"] == "constant" else percent
        said = SIGNALS[signal["kind"]].partition(":")[0] + other
        yield _row("signal", said, form(signal["value"]), form(signal["expected"]), signal["n"], signal["p"])


def _row(kind: str, said: str, seen: str, usual: str, n: int, p: float, since: int | None = None) -> dict[str, Any]:
    return {"kind": kind, "said": said, "seen": seen, "usual": usual, "n": n, "p": p, "since": since}


def _series(change: Mapping[str, Any]) -> str:
    if change["series"] == AGREEMENT:
        return "agreement with the others"
    return "the time of an answer" if change["series"] == TIME else f"how often they give {what_of(change)}"


def what_of(one: Mapping[str, Any]) -> str:
    """What a bias or a change is about."""
    label = f"“{one['label']}”" if one["label"] else ""
    if one["measure"] in ("share", "given", "left"):
        return label or "any label"
    return f"{one['measure']}{' of ' + label if label else ''}"


def _form(series: str, measure: str) -> Any:
    if series == TIME:
        return _seconds
    return percent if series == AGREEMENT or measure in ("share", "given", "left") else _plain


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _plain(value: float) -> str:
    return f"{value:,.2f}".removesuffix(".00")


def thanks_table(crowd: Crowd, links: Mapping[int, Link]) -> Table:
    """What to thank people for, by name: it is no ranking."""
    rows = [
        {
            "person": links[one.id],
            "longest": one.thanks["streak"]["longest"],
            "current": one.thanks["streak"]["current"],
            "n": one.thanks["streak"]["n"],
            "improvement": one.improvement,
            "acceptance": one.rate("acceptance"),
            "first": one.rate("first_pass"),
        }
        for one in sorted(crowd.people, key=lambda one: links[one.id].text.casefold())
    ]
    note = "By name, not by merit. Shares of people with few answers are drawn to everybody's; runs are exact counts."
    return Table("thanks", "Careful work", THANKS, rows, empty="Nobody has answered yet.", note=note, size=25)


def board_table(crowd: Crowd, links: Mapping[int, Link]) -> Table | None:
    """The leaderboard, where the settings ask for one."""
    if crowd.leaderboard is None:
        return None
    rows = [
        {"person": links[one["annotator"]], "place": one["place"], "reliability": estimate(one["reliability"])}
        for one in crowd.leaderboard
    ]
    note = "By reliability alone, never by speed or number. Who cannot be told apart shares a place."
    return Table("leaderboard", "Leaderboard", BOARD, rows, note=note, size=25)


def confusion_table(one: Person) -> Table:
    """How often each label was given where another, or the same, is probable."""
    rows = []
    for probable, given in one.profile["confusion"].items():
        total = sum(given.values())
        rows += [
            {"probable": probable, "given": label, "answers": amount, "share": amount / total if total else None}
            for label, amount in given.items()
        ]
    note = "Expected numbers, since the probable label is not certain."
    empty = "Answers to this control are no single labels, or nobody else answered the same tasks."
    return Table("confusion", "Given beside probable labels", CONFUSION, rows, empty=empty, note=note)


def biases_table(one: Person) -> Table:
    """How their answers differ from what is expected, the surest first."""
    rows = [
        {
            "what": what_of(bias),
            "given": bias["given"],
            "expected": bias["expected"],
            "difference": estimate(bias["difference"]),
            "p": bias["p"],
        }
        for bias in sorted(one.profile["bias"], key=lambda bias: bias["p"])
    ]
    note = "Shares of labels in [0, 1]; of other answers their value, length or number."
    return Table("biases", "What is given more, or less", BIASES, rows, empty="Nothing can be compared.", note=note)


def rulings_table(found: OwnRulings, title: str, empty: str, place: Callable[[int], str]) -> Table:
    """What was ruled on somebody's answers; ``place`` is where Label Studio shows a task."""
    rows: list[Row] = [
        {
            "task": Link(str(one.task), place(one.task)),
            "control": one.control,
            "given": one.mine,
            "ruled": one.ruled,
            "same": "the same" if one.same else "another",
            "cause": one.cause,
            "why": one.rationale,
            "at": one.ruled_at,
        }
        for one in found.rulings
    ]
    more = f"The newest {len(rows):,} of {found.ruled:,}. " if found.ruled > len(rows) else ""
    note = f"{more}The answer as it is now beside the newest ruling that counts, on tasks that are still there."
    return Table("rulings", title, RULINGS, rows, empty=empty, note=note, size=20)


def decisions_table(
    found: Sequence[Decision], called: Called, links: Mapping[int, Link], by: Mapping[str, str]
) -> Table:
    """What leads decided, the newest first; where names are hidden the reasons, which may hold some, are too."""
    rows: list[Row] = [
        {
            "at": one.decided_at,
            "person": links.get(one.person) or Link(called.name(one.person), ""),
            "decision": one.action,
            "why": "(hidden)" if called.hidden else "(erased)" if one.reason is None else one.reason,
            "numbers": numbers_in_words(one.evidence),
            "by": "a lead" if called.hidden else by[one.decided_by],
        }
        for one in found
    ]
    return Table(
        "decisions", "What leads decided", DECISIONS, rows, empty="Nothing was decided about anybody.", size=20
    )


def numbers_in_words(evidence: Mapping[str, Any]) -> str:
    """The numbers of the moment of a decision.

    >>> numbers_in_words({"controls": {"mood": {"quality": None, "annotations": 40}}})
    'mood: quality –, 40 answers'
    """
    said = [
        f"{name}: quality {percent(one.get('quality'))}, {counted(one.get('annotations', 0), 'answer')}"
        for name, one in evidence.get("controls", {}).items()
        if one
    ]
    return "; ".join(said) or "not assessed then"
