"""How good is the model, is it honest about it, and is labeling more worth it? Its versions and its calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import altair as alt
from sqlalchemy import func, select

from ...quality.records import Estimate
from ...store import round_tasks, rounds
from ...store.model_facts import ModelCheck
from ...store.tables import projects
from ...store.tables import rounds as stored_rounds
from .. import queries, wording
from ..charts import Chart, Look, Rows, data
from ..figures import Figure
from ..model import ModelState, model_state
from ..page import PROJECT, Asked, Page
from ..tables.table import Column, Row, Table

ROUNDS = 400
"""Scoring rounds that are read, the newest."""
DRAWN = 40
"""Versions in the chart, the newest."""

VERSIONS = (
    Column("model", "Version", search=True),
    Column("since", "First scored", "time"),
    Column("rounds", "Rounds", "number", define="rounds"),
    Column("accuracy", "Accuracy", "share", define="model_accuracy", interval=True),
    Column("change", "Change", "coefficient", define="model_change"),
    Column("ece", "Calibration error", "coefficient", define="ece"),
    Column("n", "Measured on", "number", define="measured_on"),
    Column("source", "With"),
    Column("decisions", "Decided before it", "number", define="decided_before"),
)
BINS = (
    Column("low", "Confidence from", "share", define="bin_bounds"),
    Column("high", "To", "share", define="bin_bounds"),
    Column("n", "Answers", "number", define="measured_on"),
    Column("confidence", "Says", "share", define="own_confidence"),
    Column("accuracy", "Is right", "share", define="model_accuracy"),
)
WORTH = (
    Column("control", "Control", search=True),
    Column("saved", "Labels saved"),
    Column("more", "More labels"),
    Column("signal", "So"),
)
SOURCES = {"holdout": "the random share", "cross-validation": "cross-validation"}
SIGNALS = {True: "stop, or label what is hard", False: "go on", None: "not known yet"}


@dataclass(frozen=True, slots=True)
class Version:
    """A model as its scoring rounds tell of it: the newest figures, and how often it scored."""

    model: str
    since: int
    rounds: int
    metrics: Mapping[str, Any]

    @property
    def accuracy(self) -> Estimate:
        """Its share of right answers, as the backend measured it last."""
        value, low, high = (self.number(name) for name in ("accuracy", "low", "high"))
        number = int(self.number("n") or 0)
        return Estimate(None, n=number, reason="not measured") if value is None else Estimate(value, low, high, number)

    def number(self, name: str) -> float | None:
        """One of the figures; null where there is none."""
        found = self.metrics.get(name)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


@dataclass(frozen=True, slots=True)
class Sending:
    """A scoring round that is not over: how many predictions of how many are in Label Studio."""

    version: str
    sent: int
    total: int


def read(asked: Asked) -> Mapping[str, Any]:
    """The model, its figures, and what goes on."""
    state, check = asked.once(_state), asked.once(_check)
    return {
        "model": state,
        "newest": asked.once(_newest),
        "versions": asked.once(_versions),
        "lead": _lead(state),
        "figures": _figures(state, check),
        "check": check,
        "sending": _sending(asked),
        "key": _key(asked),
        "worth": state.worth if state else (),
    }


def tables(asked: Asked) -> Sequence[Table]:
    """The versions, and what labels are worth."""
    state = asked.once(_state)
    worth = [
        {"control": one.control, "saved": one.saved, "more": one.more, "signal": SIGNALS[one.stop]}
        for one in (state.worth if state else ())
    ]
    return [
        Table(
            "versions",
            "Versions of the model",
            VERSIONS,
            asked.once(_rows)[::-1],
            empty="No scoring round yet: “tiebreak run” begins one once a model was learned.",
            note=f"As measured when each version scored last; of the newest {ROUNDS} scoring rounds.",
        ),
        Table(
            "worth",
            "Is labeling more worth it?",
            WORTH,
            worth,
            empty="Not known yet: three models that are far enough apart are compared.",
            note="Labels saved are those of the last “tiebreak-ml proof”, against choosing tasks by chance.",
        ),
    ]


def charts(asked: Asked) -> Sequence[Chart]:
    """Accuracy by version, and the reliability diagram; each where there are numbers."""
    found = []
    rows = [row for row in asked.once(_rows) if row["accuracy"].value is not None][-DRAWN:]
    if len(rows) > 1:
        table = Table(
            "accuracy", "Accuracy of each version", (VERSIONS[0], VERSIONS[1], VERSIONS[3], VERSIONS[6]), rows
        )
        said = f"Accuracy of {wording.counted(len(rows), 'version')}; the numbers are in the table below."
        found.append(Chart(table, draw_accuracy, said, size="half"))
    state = asked.once(_state)
    if state and state.bins:
        bins = [
            {"low": one.low, "high": one.high, "n": one.n, "confidence": one.confidence, "accuracy": one.accuracy}
            for one in state.bins
        ]
        said = "How often answers are right beside how sure the model is of them; the numbers are in the table below."
        keys = (("line-alpha", "share that is right"), ("line-bound", "as sure as right"))
        found.append(
            Chart(
                Table("calibration", "Is it as sure as it is right?", BINS, bins),
                draw_calibration,
                said,
                size="half",
                keys=keys,
            )
        )
    return found


def _lead(state: ModelState | None) -> str:
    """One sentence on the model."""
    if state is None or state.version is None:
        return "No model has been learned yet."
    quality = state.quality
    if quality is None:
        return f"{state.version} answers; how good it is cannot be said yet."
    limits = "" if quality.low is None else f" [{wording.percent(quality.low)}, {wording.percent(quality.high)}]"
    stops = [one.control for one in state.worth if one.stop]
    more = f" Labeling more is unlikely to help on {', '.join(stops)}." if stops else ""
    return (
        f"{state.version} is right on {wording.percent(quality.accuracy)}{limits} of answers that it has not learned "
        f"from.{more}"
    )


def _figures(state: ModelState | None, check: ModelCheck | None) -> Sequence[Figure]:
    quality = state.quality if state else None
    accuracy = Figure("model_accuracy", None, "share", reason="not measured yet")
    error = Figure("ece", None, "coefficient", reason="not measured yet")
    if quality is not None:
        number, low, high = quality.n, quality.low, quality.high
        accuracy = Figure("model_accuracy", quality.accuracy, "share", low, high, number, "answer")
        if quality.ece is not None:
            error = Figure("ece", quality.ece, "coefficient", n=number, of="answer")
    equal = Figure("model_right", None, "share", reason="nothing was compared yet", label="Equals the consensus")
    if check is not None:
        left_out = "answers that the model has learned from, and those that it abstained on"
        equal = replace(equal, value=check.accuracy, n=check.n, of="answer", reason="", left_out=left_out)
    labels = state.trained_labels if state else None
    return accuracy, error, equal, Figure("trained_labels", labels, reason="nothing has been learned yet")


def _state(asked: Asked) -> ModelState | None:
    return model_state(asked.connection, asked.project.label_studio_id)


def _newest(asked: Asked) -> queries.LastRound | None:
    return queries.last_round(asked.connection, asked.project)


def _check(asked: Asked) -> ModelCheck | None:
    return queries.model_check(asked.connection, asked.project)


def _versions(asked: Asked) -> Sequence[Version]:
    """The models of the newest finished rounds, the oldest first."""
    query = (
        select(stored_rounds.c.model, stored_rounds.c.made_at, stored_rounds.c.metrics)
        .where(stored_rounds.c.project == asked.project.key, stored_rounds.c.state == "done")
        .order_by(stored_rounds.c.number.desc())
        .limit(ROUNDS)
    )
    found: dict[str, Version] = {}
    for row in reversed(asked.connection.execute(query).all()):
        before = found.get(row.model)
        since, number = (row.made_at, 1) if before is None else (before.since, before.rounds + 1)
        found[row.model] = Version(row.model, since, number, row.metrics or {})
    return list(found.values())


def _rows(asked: Asked) -> Sequence[Row]:
    """The versions as rows of their table, the oldest first."""
    versions = asked.once(_versions)
    decided = queries.decided_before(asked.connection, asked.project)
    rows: list[Row] = []
    before: Version | None = None
    for one in versions:
        earlier = None if before is None else before.accuracy.value
        now = one.accuracy.value
        came = decided.get(one.model)
        rows.append(
            {
                "model": one.model,
                "since": one.since,
                "rounds": one.rounds,
                "accuracy": one.accuracy,
                "change": None if now is None or earlier is None else now - earlier,
                "ece": one.number("ece"),
                "n": one.accuracy.n,
                "source": SOURCES.get(str(one.metrics.get("source")), str(one.metrics.get("source") or "")),
                "decisions": None if came is None else came.rulings + came.corrections,
            }
        )
        before = one
    return rows


def _sending(asked: Asked) -> Sending | None:
    """The round that is being sent; null where none is."""
    last = rounds.latest(asked.connection, asked.project.key)
    if last is None or last.state == "done":
        return None
    counts = round_tasks.counts(asked.connection, last)
    return Sending(last.version, counts[round_tasks.SENT], sum(counts.values()))


def _key(asked: Asked) -> str:
    """The project as `tiebreak-ml` names it."""
    query = select(func.coalesce(projects.c.created_at, 0)).where(projects.c.id == asked.project.key)
    return f"{asked.project.label_studio_id}.{asked.connection.execute(query).scalar_one() // 1_000_000}"


def draw_accuracy(rows: Rows, look: Look) -> alt.LayerChart:
    """A point for each version with its interval as a line."""
    theme = look.theme
    lowest = min(row[key] for row in rows for key in ("accuracy", "accuracy_low") if row[key] is not None)
    x = alt.X("model:N", sort=None, axis=alt.Axis(title=None, labelOverlap="greedy", labelAngle=0, grid=False))
    domain = [max(0.0, min(0.5, lowest - 0.05)), 1.0]
    axis = alt.Axis(title=None, format=".0%", tickCount=5, domain=False, ticks=False)
    base = alt.Chart(data(rows))
    scale = alt.Scale(domain=domain, nice=False)
    value = base.encode(x=x, y=alt.Y("accuracy:Q", scale=scale, axis=axis))
    interval = base.encode(x=x, y=alt.Y("accuracy_low:Q", scale=scale, axis=axis), y2="accuracy_high:Q")
    return alt.LayerChart(
        layer=[
            interval.mark_rule(color=theme.accent, opacity=0.45, strokeWidth=3),
            value.mark_line(color=theme.accent, strokeWidth=1.5, opacity=0.6),
            value.mark_point(color=theme.accent, filled=True, size=60, opacity=1),
        ]
    )


def draw_calibration(rows: Rows, look: Look) -> alt.LayerChart:
    """A reliability diagram: on the dashed line the model is as sure as it is right; larger points are more answers."""
    theme = look.theme
    scale = alt.Scale(domain=[0, 1], nice=False)
    axis = alt.Axis(format=".0%", tickCount=5, domain=False, ticks=False)
    x = alt.X("confidence:Q", scale=scale, axis=alt.Axis(title="says", format=".0%", tickCount=5, grid=False))
    y = alt.Y("accuracy:Q", scale=scale, axis=axis, title="is right")
    line = alt.Chart(data([{"confidence": 0.0, "accuracy": 0.0}, {"confidence": 1.0, "accuracy": 1.0}]))
    base = alt.Chart(data(rows)).encode(x=x, y=y)
    return alt.LayerChart(
        layer=[
            line.mark_line(color=theme.soft, strokeDash=[4, 4], opacity=0.7).encode(x=x, y=y),
            base.mark_line(color=theme.accent, strokeWidth=2),
            base.mark_point(color=theme.accent, filled=True, opacity=1).encode(
                size=alt.Size("n:Q", legend=None, scale=alt.Scale(range=[40, 220]))
            ),
        ]
    )


PAGE = Page("model", "Model", f"{PROJECT}/model", read, tables, charts)
