"""What changed over time, as the report that is kept once a day found it: a sentence and a table."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ..drift_report.kept import DRIFT
from ..quality.drift import NAMES
from ..store import summaries
from . import wording
from .page import Asked
from .tables.table import Cell, Column, Link, Row, Table

LEVEL = 0.05
"""What is called a change: the p-value after the correction for all tests of the report is at most that."""
KINDS = {
    "input_drift": "Data",
    "label_drift": "Labels",
    "concept_drift": "Concept",
    "annotator_drift": "Concept",
    "answer_drift": "Concept",
    "agreement_trend": "Agreement",
    "agreement_change": "Agreement",
}
CHANGED, SAME, UNTESTED = "changed", "steady", "untested"
COLUMNS = (
    Column("of", "Of", choices=("Data", "Labels", "Concept", "Agreement")),
    Column("found", "Found", choices=(CHANGED, SAME, UNTESTED)),
    Column("where", "Where", "link", search=True),
    Column("since", "Since", "time"),
    Column("first", "First task", "link"),
    Column("said", "In words", search=True, sort=False),
    Column("p", "Chance", "coefficient", define="drift_p"),
    Column("effect", "Size", "coefficient", define="drift_effect"),
    Column("measure", "Size is", apart=True),
    Column("before", "Tasks before", "number", define="drift_before"),
    Column("after", "Tasks since", "number", define="drift_after"),
    Column("until", "Until", "time", apart=True),
)


def kept(asked: Asked) -> summaries.Summary | None:
    """The newest report; null before the first."""
    return summaries.of(asked.connection, asked.project.key, DRIFT)


def drift_table(asked: Asked) -> Table:
    """Every test, what changed first."""
    known = asked.once(kept)
    number = asked.project.label_studio_id
    tests = [] if known is None else known.body["tests"]
    rows = sorted((_row(asked, one) for one in tests), key=_order)
    empty = (
        "Not looked for yet: the next run does so, once a day."
        if known is None
        else f"Nothing could be tested: {known.body['reason'] or 'the project has no control'}"
    )
    whole = f"“tiebreak drift --project {number}” looks at all tasks, at fields of your choice, and at pictures."
    left_out = wording.counted(_left_out(known), "answered task")
    note = whole if not _left_out(known) else f"{left_out} were not drawn. {whole}"
    return Table("drift", "Does the world change?", COLUMNS, rows, empty=empty, note=note, size=8)


def sentence(asked: Asked) -> str:
    """How much changed, of how much that was tested; empty before the first report."""
    known = asked.once(kept)
    if known is None:
        return ""
    found = [_found(one) for one in known.body["tests"]]
    changes, tested = found.count(CHANGED), len(found) - found.count(UNTESTED)
    drawn = "" if not _left_out(known) else f", drawn from {known.body['answered']:,}"
    seen = f"{wording.counted(known.body['looked_at'], 'answered task')}{drawn}"
    return (
        f"{wording.counted(changes, 'change')} in {wording.counted(tested, 'test')} of {seen}. All tests of a day are "
        "corrected for each other; that it is looked at every day is not."
    )


def changes(asked: Asked) -> Sequence[str]:
    """What changed, a kind each: "labels", "data"."""
    known = asked.once(kept)
    found = {} if known is None else dict.fromkeys(_kind(one) for one in known.body["tests"] if _found(one) == CHANGED)
    return [one.lower() for one in found]


def _left_out(known: summaries.Summary | None) -> int:
    return 0 if known is None else int(known.body["answered"] - known.body["looked_at"])


def _kind(one: Mapping[str, Any]) -> str:
    return KINDS[one["name"]]


def _found(one: Mapping[str, Any]) -> str:
    if one["p_adjusted"] is None:
        return UNTESTED
    return CHANGED if one["p_adjusted"] <= LEVEL else SAME


def _order(row: Row) -> tuple[int, float, int]:
    return (CHANGED, SAME, UNTESTED).index(row["found"]), row["p"] if row["p"] is not None else 1.0, row["since"] or 0


def _row(asked: Asked, one: Mapping[str, Any]) -> Row:
    return {
        "of": _kind(one),
        "found": _found(one),
        "where": _where(asked, one),
        "since": one["at"] or None,
        "first": _task(asked, one["first_task"]) if one["p"] is not None else None,
        "said": one["words"] or NAMES[one["name"]],
        "p": one["p_adjusted"],
        "effect": one["effect"],
        "measure": one["effect_name"],
        "before": one["before"],
        "after": one["after"],
        "until": one["until"] or None,
    }


def _where(asked: Asked, one: Mapping[str, Any]) -> Cell:
    """The control, and the label, field or value; it leads to the people of the control."""
    name = ", ".join(text for text in (one["control"], one["what"]) if text)
    if not one["control"]:
        return Link(name, "")
    query = urlencode({"control": one["control"]})
    return Link(name, f"/projects/{asked.project.label_studio_id}/annotators?{query}")


def _task(asked: Asked, task: int | None) -> Cell:
    return None if task is None else Link(str(task), f"/projects/{asked.project.label_studio_id}/task?task={task}")
